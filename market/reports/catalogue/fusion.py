"""Reports of what agri-tourism brings: guests and their money, and whether visitors buy produce."""

from collections import defaultdict
from datetime import date, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from market.bookings.rules import BookingState
from market.bookings.tables import Booking
from market.catalogue.tables import Listing
from market.orders.rules import LineKind
from market.orders.tables import CustomerOrder, OrderLine, SellerOrder
from market.places.tables import Village
from market.reports.catalogue.base import among, code, count, day, mine, money, ratio, share, table, text, whose_listing
from market.reports.declare import EVERYBODY, OFFICE, ChartKind, ChartSpec, Found, Reading, Report

_BOOKING, _LISTING = table(Booking), table(Listing)
_PART, _LINE, _ORDER, _VILLAGE = table(SellerOrder), table(OrderLine), table(CustomerOrder), table(Village)
AFTER_DAYS = 90
"""How long after a visit what a visitor buys is counted as brought by it."""


# -- what visits bring -------------------------------------------------------------------------------------------------


def _visits(session: Session, reading: Reading) -> Found:
    """Guests received and what they paid, by village and month; and produce bought in the same orders."""
    earlier = _BOOKING.alias("earlier").c  # of several visits in an order, the first has its produce
    is_first = ~sa.exists().where(
        earlier.order_id == _BOOKING.c.order_id, earlier.id < _BOOKING.c.id, earlier.state == BookingState.REDEEMED
    )
    produce = (
        sa.select(sa.func.coalesce(sa.func.sum(_LINE.c.payable_fen - _LINE.c.refunded_fen), 0))
        .where(_LINE.c.order_id == _BOOKING.c.order_id, _LINE.c.kind == LineKind.PRODUCT, is_first)
        .scalar_subquery()
    )
    paid = (
        sa.select(_LINE.c.payable_fen - _LINE.c.refunded_fen).where(_LINE.c.id == _BOOKING.c.line_id).scalar_subquery()
    )
    statement = (
        sa.select(
            _VILLAGE.c.name,
            _LISTING.c.village_id,
            sa.extract("year", _BOOKING.c.local_date),
            sa.extract("month", _BOOKING.c.local_date),
            sa.func.count(),
            sa.func.sum(_BOOKING.c.seats),
            sa.func.sum(paid),
            sa.func.sum(produce),
        )
        .join_from(_BOOKING, _LISTING, _LISTING.c.id == _BOOKING.c.package_id)
        .join(_VILLAGE, _VILLAGE.c.id == _LISTING.c.village_id)
        .where(
            _BOOKING.c.local_date.between(reading.asked.start, reading.asked.end),
            _BOOKING.c.state == BookingState.REDEEMED,
            mine(reading, whose_listing()),
            *among(reading, region=_LISTING.c.region_code, village=_LISTING.c.village_id),
        )
        .group_by(sa.text("1, 2, 3, 4"))
        .order_by(sa.text("3, 4, 2"))
    )
    rows = [
        (date(int(row[2]), int(row[3]), 1), row[0], row[1], *(int(each or 0) for each in row[4:]))
        for row in session.execute(statement)
    ]
    return Found(_VISIT_COLUMNS, rows)


_VISIT_COLUMNS = (
    day("month", "月", "Month"),
    text("village", "村", "Village"),
    code("villageId", "村编码", "Village id"),
    count("bookings", "核销预订数", "Bookings redeemed"),
    count("guests", "接待人次", "Guests", "核销预订的人数", "People of bookings that were redeemed"),
    money("revenue", "农旅收入", "Tourism revenue", "核销预订的净额", "Net of bookings that were redeemed"),
    money(
        "produce", "随行农产品", "Produce on the trip", "同一订单中的农产品净额", "Net of produce in the same orders"
    ),
    money("perGuest", "人均农旅收入", "Revenue per guest", "", "", derive=ratio("revenue", "guests", scale=1)),
    money("producePerGuest", "人均农产品", "Produce per guest", "", "", derive=ratio("produce", "guests", scale=1)),
)


# -- whether visitors buy ----------------------------------------------------------------------------------------------

_COHORTS = {(True, False): "只买农产品", (False, True): "只参加农旅", (True, True): "两者都有"}


def _fusion(session: Session, reading: Reading) -> Found:
    """People by what they bought, and what visitors spent on produce within 90 days of a visit."""
    start, end = reading.asked.start, reading.asked.end
    bought = (
        sa.select(
            _ORDER.c.account_id,
            _LINE.c.kind,
            _ORDER.c.paid_day,
            _ORDER.c.id,
            _LINE.c.payable_fen - _LINE.c.refunded_fen,
        )
        .join_from(_LINE, _PART, _PART.c.id == _LINE.c.seller_order_id)
        .join(_ORDER, _ORDER.c.id == _LINE.c.order_id)
        .where(
            _ORDER.c.paid_day.between(start, end),
            _LINE.c.kind != LineKind.GIFT,
            mine(reading, _PART.c),
            *among(reading, region=_PART.c.region_code),
        )
    )
    visits: defaultdict[str, list[date]] = defaultdict(list)
    came = sa.select(_BOOKING.c.account_id, _BOOKING.c.local_date).where(
        _BOOKING.c.local_date.between(start - timedelta(days=AFTER_DAYS), end),
        _BOOKING.c.state == BookingState.REDEEMED,
    )
    for account, day_of in session.execute(came):
        visits[account].append(day_of)
    people: defaultdict[str, set[str]] = defaultdict(set)
    spent: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    orders: defaultdict[str, set[str]] = defaultdict(set)
    owner: dict[str, str] = {}
    for account, kind, paid_day, order_id, fen in session.execute(bought, execution_options={"yield_per": 1_000}):
        people[account].add(kind)
        orders[order_id].add(kind)
        owner[order_id] = account
        sums = spent[account]
        if kind == LineKind.BOOKING:
            sums[1] += fen
            continue
        sums[0] += fen
        if any(0 <= (paid_day - each).days <= AFTER_DAYS for each in visits.get(account, ())):
            sums[2] += fen
    rows: dict[str, list[int]] = {cohort: [0, 0, 0, 0, 0, 0] for cohort in _COHORTS.values()}
    for account, kinds in people.items():
        row = rows[_COHORTS[LineKind.PRODUCT in kinds, LineKind.BOOKING in kinds]]
        row[0] += 1
        for at, fen in enumerate(spent[account]):
            row[3 + at] += fen
    for order_id, kinds in orders.items():
        mine_are = people[owner[order_id]]
        row = rows[_COHORTS[LineKind.PRODUCT in mine_are, LineKind.BOOKING in mine_are]]
        row[1] += 1
        row[2] += int(len(kinds) > 1)
    return Found(_FUSION_COLUMNS, [(cohort, *row) for cohort, row in rows.items()])


_FUSION_COLUMNS = (
    text("cohort", "人群", "Cohort"),
    count("buyers", "人数", "Buyers", "期间内付款的账户", "People who paid in the range"),
    count("orders", "订单数", "Orders"),
    count("mixed", "同单含两类", "Mixed orders", "同一订单既有农产品又有农旅", "Orders with produce and a visit"),
    money("produce", "农产品净额", "Produce"),
    money("tourism", "农旅净额", "Tourism"),
    money(
        "after",
        "到访后 90 天农产品",
        "Produce after a visit",
        "核销后 90 天内购买的农产品净额",
        "Net of produce bought within 90 days of a redeemed visit",
    ),
    share(
        "mixedShare", "同单占比", "Mixed %", "同单含两类 ÷ 订单数", "Mixed orders by orders", ratio("mixed", "orders")
    ),
    money("perBuyer", "人均农产品", "Produce per buyer", "", "", derive=ratio("produce", "buyers", scale=1)),
)

FUSION = (
    Report(
        "visits.revenue",
        "接待人次与营业收入",
        "Visits and revenue",
        "按村与月统计核销人次、农旅收入与同单农产品。",
        "Guests received by village and month, what they paid, and produce bought with it.",
        _VISIT_COLUMNS[:3],
        _VISIT_COLUMNS[3:],
        ("region", "village"),
        EVERYBODY,
        _visits,
        ChartSpec(ChartKind.STACKED, "month", ("revenue", "produce")),
    ),
    Report(
        "visits.fusion",
        "农旅融合",
        "Fusion lift",
        "同时购买两类的人群，以及到访后 90 天内的农产品消费。",
        "People who buy both, and what visitors spend on produce within 90 days of a visit.",
        _FUSION_COLUMNS[:1],
        _FUSION_COLUMNS[1:],
        ("region",),
        OFFICE,
        _fusion,
        ChartSpec(ChartKind.BAR, "cohort", ("produce", "tourism", "after")),
        days_max=400,
    ),
)
