"""The one statement of a sales report: whole months from the roll-up by month, the days around them from the roll-up by
day, and what is not folded yet from the journal. One statement is one snapshot, whatever is being sold meanwhile."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from market.catalogue.rules import ListingKind
from market.catalogue.tables import Category, Listing
from market.kernel.permissions import Actor, Permission, reach
from market.ledger.rules import TxnKind
from market.ledger.sales.tables import ENTRIES, FRESH, ROLL_UPS, RollUp
from market.orders.tables import CustomerOrder
from market.organisations.acting import acts_for
from market.organisations.tables import Organisation
from market.reports.sales.figures import NAMES
from market.reports.sales.rules import REGION_DIGITS, SalesDimension, SalesWhere, Span, cover
from market.reports.scope import sees_organisations, visible, within
from market.sessions.rules import SessionState
from market.sessions.tables import TourSession

_NOW, _BEFORE = 0, 1
_DAYS = {SalesDimension.DAY: "business_day", SalesDimension.WEEK: "week", SalesDimension.MONTH: "month"}
_COLUMNS = {
    SalesDimension.VILLAGE: "village_id",
    SalesDimension.COOPERATIVE: "settlement_party",
    SalesDimension.PRODUCER: "producer_id",
    SalesDimension.CATEGORY: "category_id",
    SalesDimension.LISTING: "listing_id",
    SalesDimension.KIND: "kind",
    SalesDimension.CHANNEL: "channel",
}
_COUNTED_BY = (
    (SalesDimension.LISTING, "listing_orders"),
    (SalesDimension.CATEGORY, "category_orders"),
    (SalesDimension.KIND, "kind_orders"),
)
_COUNTED = ("buyers", "taken", "capacity")
"""Figures that are counted elsewhere, and only when asked for."""
_SUMMED = tuple(name for name in NAMES if name != "orders" and name not in _COUNTED)


def _table(model: type[SQLModel]) -> sa.Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


_ORDERS, _SESSIONS, _LISTINGS, _CATEGORIES, _ORGANISATIONS = (
    _table(each) for each in (CustomerOrder, TourSession, Listing, Category, Organisation)
)
_ZERO = sa.literal_column("0", sa.BigInteger)
_AS_IT_COMES = sa.types.NullType()
"""A day as the driver has it: one of thousands is made a date once, by whoever reads them."""


@dataclass(frozen=True, slots=True)
class SalesQuery:
    """What is to be selected. `prefixes` are of `where.regions`; `producers` are those that the actor's organisations
    see, None when rows are not filtered by whose they are."""

    actor: Actor
    today: date
    span: Span
    before: Span | None
    groups: tuple[SalesDimension, ...]
    where: SalesWhere
    prefixes: tuple[str, ...] = ()
    with_buyers: bool = False
    with_occupancy: bool = False
    producers: tuple[str, ...] | None = None


def statement(query: SalesQuery, *, rows_max: int) -> tuple[sa.CompoundSelect[Any], int]:
    """The statement, and its limit, which is only reached when there are more than `rows_max` groups.

    Rows of (`side`, `is_total`, a key for each dimension, `all_orders`, the figures of `NAMES`): `side` 0 is now, 1
    the period before; rows of totals have no keys. A group is in several rows, which are to be added up: a month of
    which most is asked for is there whole, and its other days are taken off. `orders` counts each once in its group,
    `all_orders` once in all groups."""
    sides = [(_NOW, query.span), *([(_BEFORE, query.before)] if query.before is not None else [])]
    parts = [part for side, span in sides for part in _parts(query, side, span)]
    for side, span in sides:
        if query.with_buyers:
            parts.append(_buyers(query, side, span, is_total=False))
            parts.append(_buyers(query, side, span, is_total=True))
        if query.with_occupancy:
            parts.append(_occupancy(query, side, span))
    limit = (rows_max + 1) * len(parts)
    return sa.union_all(*parts).limit(limit), limit


def orders_by(groups: Iterable[SalesDimension], where: SalesWhere) -> str:
    """The column that counts each order once in what these dimensions and filters tell apart."""
    said = set(groups)
    said |= {SalesDimension.LISTING} if where.listings else set()
    said |= {SalesDimension.CATEGORY} if where.categories else set()
    said |= {SalesDimension.KIND} if where.kinds else set()
    return next((column for dimension, column in _COUNTED_BY if dimension in said), "orders")


def _parts(query: SalesQuery, side: int, span: Span) -> list[sa.Select[Any]]:
    """The parts that add up to a period, each already grouped."""
    roll_up = roll_up_for(query)
    said = cover(span, by_day=bool(set(query.groups) & {SalesDimension.DAY, SalesDimension.WEEK}))
    months, days = roll_up.month, roll_up.day
    parts = [_grouped(query, months, side, months.c.month.between(each.start, each.end)) for each in said.months]
    for spans, sign in ((said.days, 1), (said.less, -1)):
        parts += [
            _grouped(query, days, side, days.c.business_day.between(each.start, each.end), sign=sign) for each in spans
        ]
    parts.append(_grouped(query, FRESH, side, FRESH.c.business_day.between(span.start, span.end)))
    return parts


def roll_up_for(query: SalesQuery) -> RollUp:
    """The smallest that tells apart what is asked."""
    where = query.where
    needed = {_COLUMNS[each] for each in query.groups if each in _COLUMNS}
    needed |= {"settlement_party"} if where.cooperatives else set()
    needed |= {"producer_id"} if where.producers else set()
    needed |= {"category_id"} if where.categories else set()
    needed |= {"listing_id"} if where.listings else set()
    needed |= {"channel"} if where.channels else set()
    needed |= {"settlement_party", "producer_id"} if query.producers is not None else set()
    return next(each for each in ROLL_UPS if needed <= each.columns)


def _grouped(
    query: SalesQuery, rows: sa.FromClause, side: int, *when: sa.ColumnElement[bool], sign: int = 1
) -> sa.Select[Any]:
    """One part: the sums of the rows that count, by the keys."""
    c = rows.c
    keys = _keys(c, query.groups)
    is_row = isinstance(rows, sa.Table) and _is_row(rows, query.groups)
    add = partial(_figure, sign=sign, is_summed=not is_row, of_none=not keys)
    wanted = {"orders": orders_by(query.groups, query.where), **{name: name for name in _SUMMED}}
    figures = {name: add(c[column]) for name, column in wanted.items()}
    found = (
        _row(query, side, keys, figures={"all_orders": add(c[orders_by((), query.where)]), **figures})
        .select_from(rows)
        .where(*when, *_filters(query, c))
    )
    return found if is_row else found.group_by(*keys)


def _is_row(table: sa.Table, groups: Sequence[SalesDimension]) -> bool:
    """Whether each row of a roll-up is a group already."""
    said = {_DAYS.get(each) or _COLUMNS.get(each) for each in groups if each is not SalesDimension.COOPERATIVE}
    return {column.name for column in table.primary_key} <= said


def _figure(column: sa.ColumnElement[int], *, sign: int, is_summed: bool, of_none: bool) -> sa.ColumnElement[int]:
    figure = column
    if is_summed:  # PostgreSQL's sum of BIGINT is NUMERIC, slow in Python
        figure = sa.cast(sa.func.sum(column), sa.BigInteger)
    if of_none:  # without groups there is one row even of nothing
        figure = sa.func.coalesce(figure, _ZERO)
    return figure if sign > 0 else -figure


def _keys(columns: Any, groups: Sequence[SalesDimension]) -> list[sa.ColumnElement[Any]]:
    return [_key(columns, each).label(f"key{at}") for at, each in enumerate(groups)]


def _key(columns: Any, dimension: SalesDimension) -> sa.ColumnElement[Any]:
    if dimension in _DAYS:
        return sa.type_coerce(columns[_DAYS[dimension]], _AS_IT_COMES)
    if dimension in REGION_DIGITS:
        return sa.func.substr(columns.region_code, 1, REGION_DIGITS[dimension], type_=sa.String)
    if dimension is SalesDimension.COOPERATIVE:
        party = columns.settlement_party
        return sa.case((party.startswith("cop_", autoescape=True), party), else_=sa.null())
    found: sa.ColumnElement[Any] = columns[_COLUMNS[dimension]]
    return found


def _filters(query: SalesQuery, columns: Any) -> list[sa.ColumnElement[bool]]:
    where = query.where
    found = [_visible(query, columns)]
    if query.prefixes:
        found.append(sa.or_(*[within(columns.region_code, each) for each in query.prefixes]))
    if where.categories:
        beneath = sa.select(_CATEGORIES.c.id).where(_CATEGORIES.c.id.in_(where.categories))
        tree = beneath.cte("beneath", recursive=True)
        tree = tree.union(sa.select(_CATEGORIES.c.id).join(tree, _CATEGORIES.c.parent_id == tree.c.id))
        found.append(columns.category_id.in_(sa.select(tree.c.id)))
    for name, values in (
        ("village_id", where.villages),
        ("settlement_party", where.cooperatives),
        ("producer_id", where.producers),
        ("listing_id", where.listings),
        ("kind", where.kinds),
        ("channel", where.channels),
    ):
        if values:
            found.append(columns[name].in_(values))
    return found


def _visible(query: SalesQuery, columns: Any) -> sa.ColumnElement[bool]:
    """`scope.visible`, with producers that were looked up before: an index then finds their rows."""
    if query.producers is None:
        return visible(query.actor, columns, today=query.today)
    opened = reach(query.actor, Permission.REPORT_READ)
    ways = [columns.settlement_party.in_(sorted(opened.organisation_ids)), columns.producer_id.in_(query.producers)]
    ways += [within(columns.region_code, each) for each in sorted(opened.region_prefixes)]
    return sa.or_(*ways)


def producers_seen(query: SalesQuery) -> sa.Select[Any] | None:
    """The ids of the producers whose sales the actor's organisations see; None when theirs are not all that counts."""
    if not sees_organisations(query.actor):
        return None
    of = _ORGANISATIONS.c.id
    return sa.select(of).where(acts_for(query.actor, Permission.REPORT_READ, of, today=query.today)).order_by(of)


def _row(
    query: SalesQuery,
    side: int,
    keys: Sequence[sa.ColumnElement[Any]] | None,
    figures: Mapping[str, sa.ColumnElement[int]],
    *,
    is_total: bool = False,
) -> sa.Select[Any]:
    """A row like the others, with only these figures."""
    if keys is None:
        none = [sa.cast(sa.null(), sa.Date if each in _DAYS else sa.String) for each in query.groups]
        keys = [each.label(f"key{at}") for at, each in enumerate(none)]
    return sa.select(
        sa.literal_column(str(side), sa.Integer).label("side"),
        sa.literal_column(str(int(is_total)), sa.Integer).label("is_total"),
        *keys,
        *[figures.get(name, _ZERO).label(name) for name in ("all_orders", *NAMES)],
    )


def _buyers(query: SalesQuery, side: int, span: Span, *, is_total: bool) -> sa.Select[Any]:
    """People who paid for something that counts, each once in a group: from the journal, order by order."""
    keys = [] if is_total else _keys(ENTRIES.c, query.groups)
    people = sa.func.count(sa.distinct(_ORDERS.c.account_id))
    found = _row(query, side, None if is_total else keys, {"buyers": people}, is_total=is_total)
    return (
        found.select_from(ENTRIES.join(_ORDERS, _ORDERS.c.id == ENTRIES.c.order_id))
        .where(
            ENTRIES.c.business_day.between(span.start, span.end),
            ENTRIES.c.txn_kind == TxnKind.SALE,
            *_filters(query, ENTRIES.c),
        )
        .group_by(*keys)
    )


def _occupancy(query: SalesQuery, side: int, span: Span) -> sa.Select[Any]:
    """Seats taken and there of departures in the period that were not cancelled, by their own day."""
    day, listing = _SESSIONS.c.local_date, _LISTINGS.c
    rows = (
        sa.select(
            day.label("business_day"),
            day.label("week"),
            day.label("month"),
            listing.region_code,
            listing.village_id,
            sa.func.coalesce(listing.cooperative_id, listing.producer_id).label("settlement_party"),
            listing.producer_id,
            listing.category_id,
            listing.id.label("listing_id"),
            sa.literal("BOOKING").label("kind"),
            _SESSIONS.c.taken,
            _SESSIONS.c.capacity,
        )
        .join_from(_SESSIONS, _LISTINGS, listing.id == _SESSIONS.c.package_id)
        .where(
            day.between(span.start, span.end),
            _SESSIONS.c.state != SessionState.CANCELLED,
            listing.kind == ListingKind.TOUR_PACKAGE,
        )
        .subquery("departures")
    )
    keys = _keys(rows.c, query.groups)
    taken, capacity = sa.func.sum(rows.c.taken), sa.func.sum(rows.c.capacity)
    found = _row(query, side, keys, {"taken": taken, "capacity": capacity})
    return found.select_from(rows).where(*_filters(query, rows.c)).group_by(*keys)
