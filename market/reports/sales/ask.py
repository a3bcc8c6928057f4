"""Use case: the sales report."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from market.kernel.clock import business_day
from market.kernel.errors import Invalid
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.ledger.sales.rules import month_of, week_of
from market.reports.declare import CompareWith
from market.reports.errors import TooManyGroups, TooManyOrders
from market.reports.sales.figures import NAMES, SalesFigures, total
from market.reports.sales.labels import Label, labels_of
from market.reports.sales.query import SalesQuery, producers_seen, statement
from market.reports.sales.rules import (
    BUYER_ORDERS_MAX,
    REGION_DIGITS,
    ROWS_MAX,
    TIMES,
    SalesDimension,
    SalesWhere,
    Span,
    check_groups,
    check_span,
    compared,
    moved,
)
from market.reports.scope import check_regions

Key = tuple[str | date | None, ...]
_SIDE, _IS_TOTAL, _KEYS = 0, 1, 2
"""Where a row of the statement has what."""
_BUYERS = 1 + NAMES.index("buyers")
"""After the keys."""
_NOTHING = SalesFigures()
_UNNAMED: Label = (None, None)


@dataclass(frozen=True, slots=True)
class SalesAsked:
    """The question. `with_buyers` and `with_occupancy` cost more: ask when they are shown."""

    start: date
    end: date
    group_by: tuple[SalesDimension, ...] = ()
    where: SalesWhere = field(default_factory=SalesWhere)
    compare_with: CompareWith | None = None
    with_buyers: bool = False
    with_occupancy: bool = False
    rows_max: int = ROWS_MAX
    orders_max: int = BUYER_ORDERS_MAX
    """Orders that are looked at to count people."""


@dataclass(slots=True)
class SalesRow:
    """A group: its keys (a day, a region's code, an id, a word), their names, its figures now and before."""

    key: Key
    labels: tuple[str | None, ...] = ()
    labels_en: tuple[str | None, ...] = ()
    now: SalesFigures = field(default_factory=SalesFigures)
    before: SalesFigures | None = None


@dataclass(frozen=True, slots=True)
class SalesAnswer:
    """Groups in order: by time first when that is asked for, then the most sold first."""

    asked: SalesAsked
    span: Span
    before_span: Span | None
    rows: list[SalesRow]
    total: SalesFigures
    total_before: SalesFigures | None
    as_of: datetime


def sales_report(market: Market, actor: Actor, asked: SalesAsked) -> SalesAnswer:
    """What was sold and given back in a period, grouped, and set against another period: of what the actor may see.

    Figures are the ledger's, to the fen, by the Shanghai day of the payment or of the refund; all of one moment, also
    while orders come in.
    Refuses: NotSignedIn; Forbidden; OutOfReach for a region of others; Invalid; ReportTooLong; TooManyGroups;
    TooManyOrders when buyers are to be counted over too many.
    """
    reach(actor, Permission.REPORT_READ)
    with market.read(patiently=True) as session:
        return answer(session, actor, asked, now=market.now())


def answer(session: Session, actor: Actor, asked: SalesAsked, *, now: datetime) -> SalesAnswer:
    """Step: as `sales_report`."""
    span, groups = check_span(asked.start, asked.end), check_groups(asked.group_by)
    if asked.with_occupancy and (SalesDimension.CHANNEL in groups or asked.where.channels):
        raise Invalid(
            field="groupBy",
            allowed="a departure's seats belong to no channel: leave out occupancy or CHANNEL",
            allowed_zh="场次不分渠道：请去掉上座率或 CHANNEL",
        )
    before = None if asked.compare_with is None else compared(span, asked.compare_with)
    query = SalesQuery(
        actor=actor,
        today=business_day(now),
        span=span,
        before=before,
        groups=groups,
        where=asked.where,
        prefixes=tuple(check_regions(actor, asked.where.regions)),
        with_buyers=asked.with_buyers,
        with_occupancy=asked.with_occupancy,
    )
    seen = producers_seen(query)
    if seen is not None:
        query = replace(query, producers=tuple(session.execute(seen).scalars()))
    if asked.with_buyers:
        _check_orders(session, query, asked.orders_max)
    selected, limit = statement(query, rows_max=asked.rows_max)
    found = session.execute(selected).all()
    rows = _gathered(query, found)
    if len(rows) > asked.rows_max or len(found) == limit:
        raise _too_many(groups, asked.rows_max)
    totals = _totals(query, rows, found)
    rows.sort(key=_order(groups))
    _name(session, rows, groups)
    return SalesAnswer(asked, span, before, rows, totals[0], None if before is None else totals[1], now)


def _check_orders(session: Session, query: SalesQuery, most: int) -> None:
    """Refuse to count people over more orders than can be looked at in time; the sums say how many there are."""
    plain = replace(query, groups=(), with_buyers=False, with_occupancy=False)
    orders = sum(row.orders for row in session.execute(statement(plain, rows_max=1)[0]))
    if orders > most:
        raise TooManyOrders(limit=most, orders=orders)


def _gathered(query: SalesQuery, found: Iterable[sa.Row[Any]]) -> list[SalesRow]:
    """The groups of both periods and of all parts and kinds of figures, added up side by side. A group whose days were
    all taken off again is none."""
    rows: dict[Key, SalesRow] = {}
    size, is_compared = len(query.groups), query.before is not None
    keys, figures = slice(_KEYS, _KEYS + size), slice(_KEYS + size + 1, None)
    buckets: list[tuple[int, SalesDimension, dict[tuple[Any, int], str | date]]]
    buckets = [(at, each, {}) for at, each in enumerate(query.groups) if each in TIMES or each in REGION_DIGITS]
    for each in found:
        if each[_IS_TOTAL]:
            continue
        key: Key = tuple(each[keys])
        if buckets:
            said = list(key)
            for at, dimension, known in buckets:
                asked = (said[at], each[_SIDE])
                if asked not in known:
                    known[asked] = _bucket(query, dimension, *asked)
                said[at] = known[asked]
            key = tuple(said)
        more = SalesFigures(*each[figures])
        row = rows.get(key)
        if row is None:
            row = rows[key] = SalesRow(key, before=SalesFigures() if is_compared else None)
            if not each[_SIDE]:
                row.now = more
                continue
        side = row.before if each[_SIDE] else row.now
        assert side is not None, "there are rows of the period before only when it was asked for"
        side.add(more)
    return [row for row in rows.values() if row.now.is_any or (row.before is not None and row.before.is_any)]


def _name(session: Session, rows: list[SalesRow], groups: tuple[SalesDimension, ...]) -> None:
    named = [labels_of(session, each, {row.key[at] for row in rows}) for at, each in enumerate(groups)]
    if not named:
        return
    for row in rows:
        labels = [names.get(key, _UNNAMED) for names, key in zip(named, row.key, strict=True)]
        row.labels, row.labels_en = zip(*labels, strict=True)


def _bucket(query: SalesQuery, dimension: SalesDimension, value: Any, side: int) -> str | date:
    if dimension in REGION_DIGITS:
        return str(value).ljust(12, "0")
    day: date = value if isinstance(value, date) else date.fromisoformat(value)
    if dimension is SalesDimension.WEEK:
        day = week_of(day)
    elif dimension is SalesDimension.MONTH:
        day = month_of(day)
    if side and query.before is not None:
        return moved(day, dimension, before=query.before, now=query.span)
    return day


def _order(groups: tuple[SalesDimension, ...]) -> Callable[[SalesRow], tuple[Any, ...]]:
    """What rows are sorted by."""
    time = next((at for at, each in enumerate(groups) if each in TIMES), None)
    if time is None:
        return lambda row: (-row.now.net_fen, [each or "" for each in row.key])
    return lambda row: (row.key[time], -row.now.net_fen, [each or "" for each in row.key])


def _totals(query: SalesQuery, rows: list[SalesRow], found: Iterable[sa.Row[Any]]) -> tuple[SalesFigures, SalesFigures]:
    """The sums of the groups; people, and orders, which may be in several groups, as they count over all of them."""
    sums = (total(row.now for row in rows), total(row.before or _NOTHING for row in rows))
    first = _KEYS + len(query.groups)
    orders, buyers = [0, 0], [0, 0]
    for each in found:
        orders[each[_SIDE]] += each[first]
        if each[_IS_TOTAL]:
            buyers[each[_SIDE]] = each[_BUYERS + first]
    for at, figures in enumerate(sums):
        figures.orders, figures.buyers = orders[at], buyers[at]
    return sums


_NARROWER = {
    SalesDimension.DAY: ("group by month in place of day, or ask for fewer days", "改按月分组，或缩短时间范围"),
    SalesDimension.LISTING: ("narrow to a producer or a category", "限定一个生产者或类目"),
    SalesDimension.PRODUCER: ("narrow to a county, a township or a cooperative", "限定区县、乡镇或合作社"),
    SalesDimension.VILLAGE: ("narrow to a county or a township, or group by one", "限定区县、乡镇，或改按乡镇分组"),
    SalesDimension.WEEK: ("group by month in place of week, or ask for fewer weeks", "改按月分组，或缩短时间范围"),
}


def _too_many(groups: tuple[SalesDimension, ...], limit: int) -> TooManyGroups:
    hints = [_NARROWER[each] for each in _NARROWER if each in groups] or [("group by less", "减少分组维度")]
    return TooManyGroups(
        limit=limit,
        groups=tuple(groups),
        narrow="; or ".join(each for each, _ in hints),
        narrow_zh="；或".join(each for _, each in hints),
    )
