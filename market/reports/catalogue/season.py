"""The report of what is in season, and how far it is."""

from datetime import date, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from market.catalogue.rules import ListingState, WindowKind
from market.catalogue.tables import Listing, SeasonWindow
from market.ledger.sales.tables import ENTRIES
from market.organisations.tables import Organisation
from market.reports.catalogue.base import (
    among,
    code,
    count,
    day,
    mine,
    table,
    text,
    whose_listing,
)
from market.reports.declare import EVERYBODY, Found, Reading, Report, Row

_SELLER, _LISTING, _WINDOW = table(Organisation), table(Listing), table(SeasonWindow)


def _season(session: Session, reading: Reading) -> Found:
    """Products whose season to buy lies about today: what was sold in the range, and how long it lasts."""
    units = (
        sa.select(sa.func.coalesce(sa.func.sum(ENTRIES.c.units - ENTRIES.c.refunded_units), 0))
        .where(
            ENTRIES.c.listing_id == _LISTING.c.id,
            ENTRIES.c.business_day.between(reading.asked.start, reading.asked.end),
        )
        .scalar_subquery()
    )
    statement = (
        sa.select(
            _LISTING.c.title,
            _LISTING.c.id,
            _SELLER.c.name,
            _LISTING.c.producer_id,
            _WINDOW.c.start_day,
            _WINDOW.c.end_day,
            units,
        )
        .join_from(_WINDOW, _LISTING, _LISTING.c.id == _WINDOW.c.listing_id)
        .join(_SELLER, _SELLER.c.id == _LISTING.c.producer_id)
        .where(
            _WINDOW.c.kind == WindowKind.SALE,
            _LISTING.c.state == ListingState.LIVE,
            mine(reading, whose_listing()),
            *among(
                reading, region=_LISTING.c.region_code, producer=_LISTING.c.producer_id, category=_LISTING.c.category_id
            ),
        )
        .order_by(_LISTING.c.id, _WINDOW.c.position)
        .limit(20_000)
    )
    rows: list[Row] = []
    for *names, first, last, sold_units in session.execute(statement):
        started, ends = _window(first, last, reading.today)
        if started <= reading.today <= ends:
            whole = (ends - started).days + 1
            rows.append((*names, started, ends, int(sold_units), (ends - reading.today).days, whole))
    return Found(_SEASON_COLUMNS, sorted(rows, key=lambda row: (str(row[5]), str(row[1]))))


def _window(first: int, last: int, today: date) -> tuple[date, date]:
    """The window that holds today, or is next, as days. It may go over new year.

    >>> _window(1115, 131, date(2026, 1, 10))
    (datetime.date(2025, 11, 15), datetime.date(2026, 1, 31))
    """
    found = []
    for year in (today.year - 1, today.year, today.year + 1):
        start = _day(year, first)
        found.append((start, _day(year + int(last < first), last)))
    return next((each for each in found if each[1] >= today), found[-1])


def _day(year: int, month_day: int) -> date:
    month, at = divmod(month_day, 100)
    try:
        return date(year, month, at)
    except ValueError:  # 29 February
        return date(year, month + 1, 1) - timedelta(days=1)


_SEASON_COLUMNS = (
    text("listing", "商品", "Product"),
    code("listingId", "商品编码", "Product id"),
    text("producer", "生产者", "Producer"),
    code("producerId", "生产者编码", "Producer id"),
    day("from", "开始", "From"),
    day("to", "结束", "To"),
    count("units", "已售件数", "Units sold", "所选期间内售出减退回", "Sold in the range less given back"),
    count("daysLeft", "剩余天数", "Days left", "", "", is_summed=False),
    count("daysInAll", "产季天数", "Days in all", "", "", is_summed=False),
)

SEASON = (
    Report(
        "office.season",
        "产季进度",
        "Season progress",
        "当前处于销售季的商品：期间内已售件数与剩余天数。",
        "Products in season today: what was sold in the range, and how long their season lasts.",
        _SEASON_COLUMNS[:6],
        _SEASON_COLUMNS[6:],
        ("region", "producer", "category"),
        EVERYBODY,
        _season,
    ),
)
