"""The one statement of a sales report: sums of whole months from the sums by month, the days around them from the sums
by day, and what is not folded yet from the journal. One statement is one snapshot, whatever is being sold meanwhile."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from market.catalogue.rules import ListingKind
from market.catalogue.tables import Category, Listing
from market.kernel.permissions import Actor
from market.ledger.rules import TxnKind
from market.ledger.sales.tables import DAY, ENTRIES, FIGURES, MONTH, PLACE_DAY, PLACE_MONTH, UNFOLDED
from market.orders.tables import CustomerOrder
from market.organisations.tables import Organisation
from market.places.tables import Region, Village
from market.reports.sales.labels import labelled
from market.reports.sales.rules import REGION_DIGITS, SalesDimension, SalesWhere, Span, months_later
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
EXTRA = ("buyers", "taken", "capacity")
"""Figures that are counted elsewhere, and only when asked for."""


def _table(model: type[SQLModel]) -> sa.Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


_ORDERS, _SESSIONS, _LISTINGS, _CATEGORIES = (_table(each) for each in (CustomerOrder, TourSession, Listing, Category))
_REGIONS, _VILLAGES, _ORGANISATIONS = (_table(each) for each in (Region, Village, Organisation))


@dataclass(frozen=True, slots=True)
class SalesQuery:
    """What is to be selected. `prefixes` are of `where.regions`."""

    actor: Actor
    today: date
    span: Span
    before: Span | None
    groups: tuple[SalesDimension, ...]
    where: SalesWhere
    prefixes: tuple[str, ...] = ()
    with_buyers: bool = False
    with_occupancy: bool = False


def statement(query: SalesQuery, *, limit: int) -> sa.Select[Any]:
    """Rows of (`side`, `is_total`, a key and a label for each dimension, the figures): `side` 0 is now, 1 the period
    before; rows of totals have no keys. `figures.orders` counts for the row's dimensions."""
    sides = [(_NOW, query.span), *([(_BEFORE, query.before)] if query.before is not None else [])]
    keys = [f"key{at}" for at in range(len(query.groups))]
    rows = sa.union_all(*[part for side, span in sides for part in _facts(query, side, span)]).subquery("facts")
    sums = [sa.func.sum(rows.c[name]).label(name) for name in ("orders", *_SUMMED)]
    grouped = sa.select(
        rows.c.side,
        sa.literal(0).label("is_total"),
        *[rows.c[key] for key in keys],
        *sums,
        *[sa.literal(0, sa.BigInteger).label(name) for name in EXTRA],
    ).group_by(rows.c.side, *[rows.c[key] for key in keys])
    found: list[sa.Select[Any]] = [grouped]
    for side, span in sides:
        if query.with_buyers:
            found.append(_buyers(query, side, span, is_total=False))
            found.append(_buyers(query, side, span, is_total=True))
        if query.with_occupancy:
            found.append(_occupancy(query, side, span))
    if keys and orders_by(query.groups, query.where) != orders_by((), query.where):
        found.append(_total_orders(query, sides))
    return labelled(sa.union_all(*found).subquery("found"), query.groups).limit(limit)


_SUMMED = tuple(name for name in FIGURES if not name.endswith("orders"))


def orders_by(groups: Iterable[SalesDimension], where: SalesWhere) -> str:
    """The column that counts each order once in what these dimensions and filters tell apart."""
    said = set(groups)
    said |= {SalesDimension.LISTING} if where.listings else set()
    said |= {SalesDimension.CATEGORY} if where.categories else set()
    said |= {SalesDimension.KIND} if where.kinds else set()
    return next((column for dimension, column in _COUNTED_BY if dimension in said), "orders")


def _facts(query: SalesQuery, side: int, span: Span, *, is_plain: bool = False) -> list[sa.Select[Any]]:
    """The parts that make up a period: no day in two of them, none in neither."""
    months, days = _sums_for(query)
    parts: list[sa.Select[Any]] = []
    whole, around = _split(span) if months is not None else (None, [span])
    if whole is not None and months is not None:
        parts.append(_rows(query, months, side, months.c.month.between(whole.start, whole.end), is_plain=is_plain))
    parts += [
        _rows(query, days, side, days.c.business_day.between(each.start, each.end), is_plain=is_plain)
        for each in around
    ]
    waiting = ENTRIES.c.id.in_(sa.select(UNFOLDED.c.entry_id))
    fresh = ENTRIES.c.business_day.between(span.start, span.end)
    parts.append(_rows(query, ENTRIES, side, waiting, fresh, is_plain=is_plain))
    return parts


def _sums_for(query: SalesQuery) -> tuple[sa.Table | None, sa.Table]:
    """The smallest sums that tell apart what the question does: by month (None when days are asked for) and by day."""
    said, where = set(query.groups), query.where
    is_by_day = bool(said & {SalesDimension.DAY, SalesDimension.WEEK})
    if SalesDimension.LISTING in said or where.listings:
        return None, DAY
    fine = {SalesDimension.COOPERATIVE, SalesDimension.PRODUCER, SalesDimension.CATEGORY}
    is_fine = bool(said & fine or where.cooperatives or where.producers or where.categories)
    if is_fine or sees_organisations(query.actor):
        return (None if is_by_day else MONTH), DAY
    return (None if is_by_day else PLACE_MONTH), PLACE_DAY


def _split(span: Span) -> tuple[Span | None, list[Span]]:
    """The whole months within a span, and the days before and after them.

    >>> _split(Span(date(2026, 1, 31), date(2026, 3, 1)))[0]
    Span(start=datetime.date(2026, 2, 1), end=datetime.date(2026, 2, 28))
    """
    first = span.start if span.start.day == 1 else months_later(span.start.replace(day=1), 1)
    last = (span.end + timedelta(days=1)).replace(day=1) - timedelta(days=1)
    if last < first:
        return None, [span]
    around = []
    if span.start < first:
        around.append(Span(span.start, first - timedelta(days=1)))
    if last < span.end:
        around.append(Span(last + timedelta(days=1), span.end))
    return Span(first, last), around


def _rows(
    query: SalesQuery, table: sa.Table, side: int, *when: sa.ColumnElement[bool], is_plain: bool = False
) -> sa.Select[Any]:
    """One part: the rows of a table that count, as (side, keys, figures)."""
    groups = () if is_plain else query.groups
    counted = orders_by(groups, query.where)
    return sa.select(
        sa.literal(side).label("side"),
        *_keys(table.c, groups),
        table.c[counted].label("orders"),
        *([] if is_plain else [table.c[name] for name in _SUMMED]),
    ).where(*when, *_filters(query, table.c))


def _keys(columns: Any, groups: Sequence[SalesDimension]) -> list[sa.ColumnElement[Any]]:
    return [_key(columns, each).label(f"key{at}") for at, each in enumerate(groups)]


def _key(columns: Any, dimension: SalesDimension) -> sa.ColumnElement[Any]:
    if dimension in _DAYS:
        return sa.type_coerce(columns[_DAYS[dimension]], sa.Date)
    if dimension in REGION_DIGITS:
        return sa.func.substr(columns.region_code, 1, REGION_DIGITS[dimension], type_=sa.String)
    if dimension is SalesDimension.COOPERATIVE:
        party = columns.settlement_party
        return sa.case((party.startswith("cop_", autoescape=True), party), else_=sa.null())
    found: sa.ColumnElement[Any] = columns[_COLUMNS[dimension]]
    return found


def _filters(query: SalesQuery, columns: Any) -> list[sa.ColumnElement[bool]]:
    where = query.where
    found = [visible(query.actor, columns, today=query.today)]
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


def _total_orders(query: SalesQuery, sides: Sequence[tuple[int, Span]]) -> sa.Select[Any]:
    """Orders over all groups: one that is in several of them is counted once."""
    parts = [part for side, span in sides for part in _facts(query, side, span, is_plain=True)]
    rows = sa.union_all(*parts).subquery("plain")
    return _blank(query, rows.c.side, is_total=True, orders=sa.func.sum(rows.c.orders)).group_by(rows.c.side)


def _blank(
    query: SalesQuery, side: Any, keys: Sequence[Any] | None = None, *, is_total: bool, **figures: Any
) -> sa.Select[Any]:
    """A row like the others, with only these figures."""
    none = [sa.cast(sa.null(), sa.Date if each in _DAYS else sa.String) for each in query.groups]
    return sa.select(
        sa.cast(side, sa.Integer).label("side"),
        sa.literal(int(is_total)).label("is_total"),
        *[each.label(f"key{at}") for at, each in enumerate(none if keys is None else keys)],
        *[figures.get(name, sa.literal(0, sa.BigInteger)).label(name) for name in ("orders", *_SUMMED, *EXTRA)],
    )


def _buyers(query: SalesQuery, side: int, span: Span, *, is_total: bool) -> sa.Select[Any]:
    """People who paid for something that counts, each once in a group: from the journal, order by order."""
    keys = [] if is_total else [_key(ENTRIES.c, each) for each in query.groups]
    people = sa.func.count(sa.distinct(_ORDERS.c.account_id))
    found = _blank(query, sa.literal(side), None if is_total else keys, is_total=is_total, buyers=people)
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
    keys = [_key(rows.c, each) for each in query.groups]
    taken, capacity = sa.func.sum(rows.c.taken), sa.func.sum(rows.c.capacity)
    found = _blank(query, sa.literal(side), keys, is_total=False, taken=taken, capacity=capacity)
    return found.select_from(rows).where(*_filters(query, rows.c)).group_by(*keys)
