"""Connections: one page by keyset, its cursors, a bounded count and facets, in one expression."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from graphql import FieldNode, GraphQLField, GraphQLObjectType, get_named_type

from market.kernel.errors import Invalid, InvalidCursor
from market.kernel.pages import SEPARATOR, Page, cursor_parts, page_of
from schema.projection.arguments import Args, Slot
from schema.projection.columns import above, number, quoted
from schema.projection.declare import (
    Condition,
    Connection,
    Expression,
    Order,
)
from schema.projection.facets import compile_facets
from schema.projection.frame import COUNT_MAX, EACH
from schema.projection.selection import Fields

if TYPE_CHECKING:
    from schema.projection.compiler import Compiler
    from schema.projection.frame import Frame


@dataclass(slots=True)
class Rows:
    """A connection being compiled: its rows, before any page is cut out of them."""

    compiler: Compiler
    spec: Connection
    args: Args
    base: sa.FromClause
    is_nested: bool
    conditions: list[Condition]
    page: Page
    order: Order | None
    """None when the list is walked by tiers."""

    def select(self, *columns: Any) -> sa.Select[Any]:
        """From the list's rows, all its conditions applied."""
        conditions = list(self.conditions)
        if self.spec.found is not None:
            conditions += self.spec.found(self.base, self.compiler, self.args)
        return sa.select(*columns).select_from(self.base).where(*conditions).correlate_except(self.base)


def compile_connection(
    compiler: Compiler,
    spec: Connection,
    definition: GraphQLField,
    args: Args,
    nodes: list[FieldNode],
    frame: Frame,
) -> Expression:
    """The selected parts of a connection as one JSON object.

    Refuses with InvalidPage, InvalidCursor, or Invalid when the order needs an argument that is not there.
    """
    target = spec.target()
    base = compiler.rows(target)
    conditions = compiler.visible(target, base)
    if spec.on is not None and frame.row is not None:
        conditions.append(spec.on(frame.row, base, compiler))
    if spec.where is not None:
        conditions += spec.where(base, compiler, args)
    is_keyed = frame.is_keyed and spec.is_owned
    if not is_keyed:
        compiler.depend(target)
    page = _page(compiler, args)
    whole = Rows(compiler, spec, args, base, frame.row is not None, conditions, page, _order(spec, args))
    kind = get_named_type(definition.type)
    assert isinstance(kind, GraphQLObjectType)
    fields = compiler.selector.fields(kind, nodes)
    of_page = _asked_of_page(whole, kind, fields)
    names = {merged[0].name.value for merged in fields.values()}
    rows = _rows(whole, is_numbered=bool(of_page)) if of_page or names & {"edges", "nodes"} else None
    inner = replace(frame, is_keyed=is_keyed)
    pairs = [(key, _part(whole, kind, merged, rows, inner.at(key))) for key, merged in fields.items()]
    made = compiler.engine.json_object(pairs)
    return made if rows is None else compiler.engine.json_nested(above(rows, made).scalar_subquery())


def _asked_of_page(whole: Rows, kind: GraphQLObjectType, fields: Fields) -> set[str]:
    """What `pageInfo` is asked that only the rows can tell."""
    info = get_named_type(kind.fields["pageInfo"].type)
    assert isinstance(info, GraphQLObjectType)
    nodes = [node for merged in fields.values() if merged[0].name.value == "pageInfo" for node in merged]
    asked = {merged[0].name.value for merged in whole.compiler.selector.fields(info, nodes).values()}
    told = "hasNextPage" if whole.page.is_backward else "hasPreviousPage"
    return asked - {"__typename", told}


def _page(compiler: Compiler, args: Args) -> Page:
    def size(name: str) -> int | None:
        slot = args.slot(name)
        return None if slot is None else compiler.structure(slot, int)

    return page_of(first=size("first"), last=size("last"), has_after="after" in args, has_before="before" in args)


def _order(spec: Connection, args: Args) -> Order | None:
    name = args.get("orderBy") or spec.default
    if name == spec.tiered:
        return None
    order = spec.orders[name]
    if order.needs is not None:
        given: Any = args
        for step in order.needs[0].split("."):
            given = given.nested(step) if step != order.needs[0].rsplit(".", 1)[-1] else given.get(step)
        if given is None:
            raise Invalid(
                field="orderBy",
                allowed=f"this order needs {order.needs[0]}",
                allowed_zh=f"这种排序需要给出 {order.needs[1]}",
            )
    return order


# -- the page ----------------------------------------------------------------------------------------------------------


def _rows(whole: Rows, *, is_numbered: bool) -> sa.FromClause:
    """The page's rows in order, with `cursor`; numbered (`n`, one more than the page has) when that is needed."""
    is_numbered = is_numbered or whole.page.is_backward
    limit = number(whole.page.size + is_numbered)
    cut = _tiered(whole, limit) if whole.order is None else _keyset(whole, whole.order, limit)
    if not is_numbered:
        return cut
    numbered = sa.select(*cut.c, sa.func.row_number().over().label("n")).subquery()
    if not whole.page.is_backward:
        return numbered
    return sa.select(*numbered.c).order_by(numbered.c.n.desc()).subquery()


def _cursor(whole: Rows) -> tuple[Slot | None, str]:
    name = "before" if whole.page.is_backward else "after"
    return whole.args.slot(name), name


def _keyset(whole: Rows, order: Order, limit: Expression) -> sa.FromClause:
    compiler = whole.compiler
    key = order.key(whole.base, compiler, whole.args)
    tie = whole.base.c[order.tie]
    text = order.text(key, compiler) if order.text else sa.cast(key, sa.Text)
    start = quoted(f"{order.tag}{SEPARATOR}")
    cursor = start.concat(text).concat(quoted(SEPARATOR)).concat(tie)
    is_descending = order.is_descending != whole.page.is_backward
    made = whole.select(whole.base, cursor.label("cursor"))
    slot, name = _cursor(whole)
    if slot is not None:

        def part(number: int) -> Any:
            def read(text: Any) -> Any:
                found = cursor_parts(text, tag=order.tag, parts=2, field=name)[number]
                try:
                    return order.parse(found) if number == 0 else found
                except (ValueError, OverflowError):
                    raise InvalidCursor(field=name) from None

            return read

        here = sa.tuple_(key, tie)
        there = sa.tuple_(compiler.bind(slot, part(0), type_=order.type_), compiler.bind(slot, part(1)))
        made = made.where(here < there if is_descending else here > there)
    keys = (key.desc(), tie.desc()) if is_descending else (key, tie)
    return made.order_by(*keys).limit(limit).subquery()


def _tiered(whole: Rows, limit: Expression) -> sa.FromClause:
    """Tier after tier, each in order of rank, until the page is full: the engine stops walking there."""
    compiler, is_backward = whole.compiler, whole.page.is_backward
    assert whole.spec.tiers is not None
    slot, name = _cursor(whole)
    arms = []
    for tier_number, made in enumerate(whole.spec.tiers(whole.base, compiler, whole.args)):
        rank = whole.base.c.search_rank
        cursor = quoted(f"r{SEPARATOR}{tier_number}{SEPARATOR}").concat(sa.cast(rank, sa.Text))
        arm = made.with_only_columns(whole.base, cursor.label("cursor")).where(*whole.conditions)
        if slot is not None:

            def part(position: int) -> Any:
                def read(text: Any) -> int:
                    try:
                        return int(cursor_parts(text, tag="r", parts=2, field=name)[position])
                    except ValueError:
                        raise InvalidCursor(field=name) from None

                return read

            tier = compiler.bind(slot, part(0), type_=sa.Integer())
            at = compiler.bind(slot, part(1), type_=sa.BigInteger())
            here = number(tier_number)
            if is_backward:
                arm = arm.where(sa.or_(tier > here, sa.and_(tier == here, rank > at)))
            else:
                arm = arm.where(sa.or_(tier < here, sa.and_(tier == here, rank < at)))
        arms.append(arm.limit(limit).subquery())
    if is_backward:
        arms.reverse()
    return sa.union_all(*[sa.select(*arm.c) for arm in arms]).limit(limit).subquery()


# -- its parts ---------------------------------------------------------------------------------------------------------


def _part(
    whole: Rows, kind: GraphQLObjectType, merged: list[FieldNode], rows: sa.FromClause | None, frame: Frame
) -> Expression:
    compiler, name = whole.compiler, merged[0].name.value
    only = None if rows is None or "n" not in rows.c else rows.c.n <= number(whole.page.size)
    match name:
        case "edges":
            assert rows is not None
            edge = get_named_type(kind.fields["edges"].type)
            assert isinstance(edge, GraphQLObjectType)
            return compiler.engine.json_list(_edge(whole, edge, merged, rows, frame.at(EACH)), only=only)
        case "nodes":
            assert rows is not None
            node = compiler.object(whole.spec.target(), rows, merged, frame.at(EACH))
            return compiler.engine.json_list(node, only=only)
        case "pageInfo":
            return _page_info(whole, kind, merged, rows)
        case "totalCount":
            return _count(whole, COUNT_MAX)
        case "isTotalCountExact":
            return compiler.engine.json_boolean(_count(whole, COUNT_MAX + 1) <= number(COUNT_MAX))
        case "facets":
            return compile_facets(whole, kind, merged, frame)
        case _:
            return quoted(kind.name)  # __typename: start-up checks that there is nothing else


def _edge(
    whole: Rows, kind: GraphQLObjectType, nodes: list[FieldNode], rows: sa.FromClause, frame: Frame
) -> Expression:
    compiler = whole.compiler
    pairs: list[tuple[str, Expression]] = []
    for key, merged in compiler.selector.fields(kind, nodes).items():
        name = merged[0].name.value
        inner = frame.at(key)
        if name == "node":
            pairs.append((key, compiler.object(whole.spec.target(), rows, merged, inner)))
        elif name == "cursor":
            pairs.append((key, rows.c.cursor))
        elif name == "__typename":
            pairs.append((key, quoted(kind.name)))
        else:
            spec = whole.spec.edge[name]
            pairs.append((key, compiler.value(spec, kind.fields[name], merged, replace(inner, row=rows), whole.args)))
    return compiler.engine.json_object(pairs)


def _page_info(whole: Rows, kind: GraphQLObjectType, nodes: list[FieldNode], rows: sa.FromClause | None) -> Expression:
    engine, size = whole.compiler.engine, number(whole.page.size)
    info = get_named_type(kind.fields["pageInfo"].type)
    assert isinstance(info, GraphQLObjectType)
    was_given = sa.true() if _cursor(whole)[0] is not None else sa.false()
    told, counted = ("hasNextPage", "hasPreviousPage") if whole.page.is_backward else ("hasPreviousPage", "hasNextPage")
    values: dict[str, Expression] = {told: engine.json_boolean(was_given), "__typename": quoted(info.name)}
    if rows is not None and "n" in rows.c:
        # The first and last cursor by row number: numbers of one width, so that text order is number order.
        mark = sa.cast(number(1000) + rows.c.n, sa.Text).concat(rows.c.cursor)
        is_kept = rows.c.n <= size
        lowest = sa.func.substr(sa.func.min(mark).filter(is_kept), number(5))
        highest = sa.func.substr(sa.func.max(mark).filter(is_kept), number(5))
        start, end = (highest, lowest) if whole.page.is_backward else (lowest, highest)
        values |= {
            counted: engine.json_boolean(sa.func.count() > size),
            "startCursor": start,
            "endCursor": end,
        }
    fields = whole.compiler.selector.fields(info, nodes)
    return engine.json_object([(key, values[merged[0].name.value]) for key, merged in fields.items()])


def _count(whole: Rows, most: int) -> Expression:
    """How many rows the list has, counting no further than `most`."""
    some = whole.select(number(1).label("one")).limit(number(most)).subquery()
    return above(some, sa.func.count()).scalar_subquery()
