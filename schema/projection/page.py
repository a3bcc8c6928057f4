"""The page of a connection: which rows, in which order, from which cursor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from market.kernel.errors import InvalidCursor
from market.kernel.pages import SEPARATOR, Page, cursor_parts, key_number
from schema.projection.arguments import Args, Slot
from schema.projection.columns import number, quoted
from schema.projection.declare import Condition, Connection, Expression, Order, Tiers

if TYPE_CHECKING:
    from schema.projection.compiler import Compiler


@dataclass(slots=True)
class Rows:
    """A connection being compiled: its rows, before any page is cut out of them."""

    compiler: Compiler
    spec: Connection
    args: Args
    base: sa.FromClause
    is_nested: bool
    filters: list[Condition]
    ways: list[Condition]
    """Alternatives of how rows belong to the row around; empty when there is but one."""
    page: Page
    order: Order | None
    """None when the list is walked by tiers."""

    def select(self, *columns: Any) -> sa.Select[Any]:
        """From the list's rows, all its conditions applied."""
        conditions = [*self.compiler.visible(self.spec.target(), self.base), *self.filters]
        if self.ways:
            conditions.append(sa.or_(*self.ways))
        if self.spec.found is not None:
            conditions += self.spec.found(self.base, self.compiler, self.args)
        return sa.select(*columns).select_from(self.base).where(*conditions).correlate_except(self.base)

    def each_way(self, *columns: Any) -> list[sa.Select[Any]]:
        """The same as selects that together are it, one for each way to belong."""
        if not self.ways:
            return [self.select(*columns)]
        visible = self.compiler.visible(self.spec.target(), self.base)
        made = sa.select(*columns).select_from(self.base).where(*visible, *self.filters)
        return [made.where(way).correlate_except(self.base) for way in self.ways]


def page_of_rows(whole: Rows, *, is_numbered: bool) -> sa.FromClause:
    """The page's rows in order, with `page_cursor`; numbered (`n`, one more than the page has) when that is needed."""
    target = whole.spec.target()
    is_wide = whole.order is None or target.is_wide
    is_numbered = is_numbered or whole.page.is_backward or is_wide
    limit = number(whole.page.size + is_numbered)
    cut = _tiered(whole, limit) if whole.order is None else _keyset(whole, whole.order, limit, is_wide=is_wide)
    if not is_numbered:
        return cut
    numbered = sa.select(*cut.c, sa.func.row_number().over().label("n")).subquery()
    order = numbered.c.n.desc() if whole.page.is_backward else numbered.c.n
    if not is_wide:
        return sa.select(*numbered.c).order_by(order).subquery() if whole.page.is_backward else numbered
    # Found by an index alone; only now are the page's rows fetched.
    full = whole.compiler.rows(target)
    key = full.c[whole.spec.tiers.rank if whole.order is None and whole.spec.tiers else "id"]
    found = sa.select(*full.c, numbered.c.page_cursor, numbered.c.n).select_from(
        numbered.join(full, key == numbered.c.key)
    )
    return found.where(*whole.compiler.visible(target, full)).order_by(order).subquery()


def cursor_of(whole: Rows) -> tuple[Slot | None, str]:
    """The cursor given, and the argument it came in."""
    name = "before" if whole.page.is_backward else "after"
    return whole.args.slot(name), name


def check_cursor(whole: Rows) -> None:
    """Refuse a wrong cursor even where no row is asked for."""
    slot, _name = cursor_of(whole)
    if slot is not None:
        for read in _cursor_readers(whole):
            whole.compiler.check((slot,), read)


def _cursor_readers(whole: Rows) -> tuple[Callable[[str], Any], Callable[[str], Any]]:
    """What reads the two parts of a cursor's key, or refuses with InvalidCursor."""
    _slot, name = cursor_of(whole)
    tag, parse = ("r", _tier_number) if whole.order is None else (whole.order.tag, whole.order.parse)
    tie = key_number if whole.order is None else str

    def part(place: int, of: Callable[[str], Any]) -> Callable[[str], Any]:
        def read(text: str) -> Any:
            found = cursor_parts(text, tag=tag, parts=2, field=name)[place]
            try:
                return of(found)
            except (ValueError, OverflowError):
                raise InvalidCursor(field=name) from None

        return read

    return part(0, parse), part(1, tie)


def _tier_number(text: str) -> int:
    return key_number(text, bits=32)


def _keyset(whole: Rows, order: Order, limit: Expression, *, is_wide: bool) -> sa.FromClause:
    compiler = whole.compiler
    key = order.key(whole.base, compiler, whole.args)
    tie = whole.base.c[order.tie]
    text = order.text(key, compiler) if order.text else sa.cast(key, sa.Text)
    cursor = quoted(f"{order.tag}{SEPARATOR}").concat(text).concat(quoted(SEPARATOR)).concat(tie).label("page_cursor")
    is_descending = order.is_descending != whole.page.is_backward
    columns: list[Any] = [tie.label("key"), cursor] if is_wide else [*whole.base.c, cursor]
    sorting = [key.label("sorting")] if whole.ways else []
    arms = whole.each_way(*columns, *sorting)
    slot, _name = cursor_of(whole)
    if slot is not None:
        first, second = _cursor_readers(whole)
        here = sa.tuple_(key, tie)
        there = sa.tuple_(compiler.bind(slot, first, type_=order.type_), compiler.bind(slot, second))
        arms = [arm.where(here < there if is_descending else here > there) for arm in arms]
    keys = (key.desc(), tie.desc()) if is_descending else (key, tie)
    cut = [arm.order_by(*keys).limit(limit).subquery() for arm in arms]
    if len(cut) == 1:
        return cut[0]
    together = sa.union_all(*[sa.select(*each.c) for each in cut]).subquery()
    again = (together.c.sorting, together.c["key" if is_wide else order.tie])
    ordered = [each.desc() for each in again] if is_descending else again
    return sa.select(*together.c).order_by(*ordered).limit(limit).subquery()


def _tiered(whole: Rows, limit: Expression) -> sa.FromClause:
    """Tier after tier, each in order of rank, until the page is full: the engine stops walking there."""
    compiler, is_backward, tiers = whole.compiler, whole.page.is_backward, whole.spec.tiers
    assert tiers is not None
    rank = tiers.table.c.rowid
    arms = []
    for tier, matches in enumerate(tiers.matches(compiler, whole.args)):
        cursor = quoted(f"r{SEPARATOR}{tier}{SEPARATOR}").concat(sa.cast(rank, sa.Text)).label("page_cursor")
        arm = sa.select(rank.label("key"), cursor).where(matches, *_after_tier(whole, tiers, tier))
        if whole.filters:  # without any, the search table alone says which rows
            visible = compiler.visible(whole.spec.target(), whole.base)
            joined = tiers.table.join(whole.base, whole.base.c[tiers.rank] == rank)
            arm = arm.select_from(joined).where(*visible, *whole.filters)
        arms.append(arm.order_by(rank if is_backward else rank.desc()).limit(limit).subquery())
    if is_backward:
        arms.reverse()
    return sa.union_all(*[sa.select(*arm.c) for arm in arms]).limit(limit).subquery()


def _after_tier(whole: Rows, tiers: Tiers, tier: int) -> list[Condition]:
    """What of a tier lies beyond the cursor."""
    slot, _name = cursor_of(whole)
    if slot is None:
        return []
    first, second = _cursor_readers(whole)
    there = whole.compiler.bind(slot, first, type_=sa.Integer())
    at = whole.compiler.bind(slot, second, type_=sa.BigInteger())
    here, rank = number(tier), tiers.table.c.rowid
    if whole.page.is_backward:
        return [sa.or_(there > here, sa.and_(there == here, rank > at))]
    return [sa.or_(there < here, sa.and_(there == here, rank < at))]
