"""Reports of departures: who comes, and how full they are."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from market.bookings.rules import BookingState
from market.bookings.tables import Booking, Ticket
from market.catalogue.rules import UnitKind
from market.catalogue.tables import Listing
from market.kernel.clock import SHANGHAI
from market.orders.tables import CustomerOrder, OrderLine
from market.reports.catalogue.base import (
    among,
    code,
    count,
    day,
    mine,
    money,
    plainly,
    ratio,
    rows_of,
    share,
    table,
    text,
    whose_listing,
    words,
)
from market.reports.declare import EVERYBODY, ChartKind, ChartSpec, Found, ReaderKind, Reading, Report, Row
from market.sessions.rules import SessionState
from market.sessions.tables import TourSession

_BOOKING, _TICKET, _SESSION, _LISTING = table(Booking), table(Ticket), table(TourSession), table(Listing)
_LINE, _ORDER = table(OrderLine), table(CustomerOrder)
_CAME = (BookingState.CONFIRMED, BookingState.REDEEMED, BookingState.NO_SHOW)
_STATES = {
    BookingState.ON_HOLD: "待付款",
    BookingState.CONFIRMED: "已确认",
    BookingState.REDEEMED: "已核销",
    BookingState.NO_SHOW: "未到",
    BookingState.CANCELLED: "已取消",
    BookingState.EXPIRED: "已过期",
}


# -- who comes ---------------------------------------------------------------------------------------------------------


def _tickets(*kinds: UnitKind) -> Any:
    tickets = sa.select(sa.func.count()).where(_TICKET.c.booking_id == _BOOKING.c.id)
    others = [each for each in UnitKind if each not in {UnitKind.ADULT, UnitKind.CHILD}]
    return tickets.where(_TICKET.c.kind.in_(kinds or others)).scalar_subquery()


def _manifest(session: Session, reading: Reading) -> Found:
    """Everybody booked on departures in the range."""
    statement = (
        sa.select(
            _BOOKING.c.local_date,
            _BOOKING.c.starts_at,
            _LISTING.c.title,
            _BOOKING.c.session_id,
            _BOOKING.c.id,
            words(_BOOKING.c.state, _STATES),
            _BOOKING.c.seats,
            _tickets(UnitKind.ADULT),
            _tickets(UnitKind.CHILD),
            _tickets(),
            _BOOKING.c.amount_fen,
            _ORDER.c.phone_tail,
        )
        .join_from(_BOOKING, _LISTING, _LISTING.c.id == _BOOKING.c.package_id)
        .join(_ORDER, _ORDER.c.id == _BOOKING.c.order_id)
        .where(
            _BOOKING.c.local_date.between(reading.asked.start, reading.asked.end),
            _BOOKING.c.state.in_(_CAME),
            mine(reading, whose_listing()),
            *among(
                reading,
                region=_LISTING.c.region_code,
                producer=_LISTING.c.producer_id,
                listing=_BOOKING.c.package_id,
                session=_BOOKING.c.session_id,
            ),
        )
        .order_by(_BOOKING.c.starts_at, _BOOKING.c.session_id, _BOOKING.c.id)
    )

    def rows() -> Iterator[Row]:
        for day_of, starts, *row, tail in rows_of(session, statement):
            at: Any = starts
            masked = None if tail is None else f"*******{tail}"
            yield (day_of, at.astimezone(SHANGHAI).strftime("%H:%M"), *row, masked)

    return Found(_MANIFEST_COLUMNS, rows())


_MANIFEST_COLUMNS = (
    day("day", "日期", "Day"),
    text("time", "时间", "Time"),
    text("package", "套餐", "Package"),
    code("sessionId", "场次", "Session"),
    code("bookingId", "预订", "Booking"),
    text("state", "状态", "State"),
    count("seats", "人数", "Seats"),
    count("adults", "成人票", "Adults"),
    count("children", "儿童票", "Children"),
    count("others", "其他票", "Others"),
    money("amount", "金额", "Amount"),
    text("phone", "电话（脱敏）", "Phone, masked"),
)


# -- how full ----------------------------------------------------------------------------------------------------------


def _occupancy(reading: Reading) -> sa.Executable:
    def seats(*states: BookingState) -> Any:
        found = sa.select(sa.func.coalesce(sa.func.sum(_BOOKING.c.seats), 0)).where(
            _BOOKING.c.session_id == _SESSION.c.id, _BOOKING.c.state.in_(states)
        )
        return sa.func.sum(found.scalar_subquery())

    revenue = (
        sa.select(sa.func.coalesce(sa.func.sum(_LINE.c.payable_fen - _LINE.c.refunded_fen), 0))
        .join_from(_LINE, _BOOKING, _BOOKING.c.line_id == _LINE.c.id)
        .where(_BOOKING.c.session_id == _SESSION.c.id, _BOOKING.c.state.in_(_CAME))
        .scalar_subquery()
    )
    return (
        sa.select(
            _SESSION.c.local_date,
            _LISTING.c.title,
            _SESSION.c.package_id,
            sa.func.count(),
            sa.func.sum(_SESSION.c.capacity),
            sa.func.sum(_SESSION.c.taken),
            seats(BookingState.CONFIRMED),
            seats(BookingState.REDEEMED),
            seats(BookingState.NO_SHOW),
            seats(BookingState.CANCELLED),
            sa.func.sum(revenue),
        )
        .join_from(_SESSION, _LISTING, _LISTING.c.id == _SESSION.c.package_id)
        .where(
            _SESSION.c.local_date.between(reading.asked.start, reading.asked.end),
            _SESSION.c.state != SessionState.CANCELLED,
            mine(reading, whose_listing()),
            *among(
                reading,
                region=_LISTING.c.region_code,
                producer=_LISTING.c.producer_id,
                listing=_SESSION.c.package_id,
            ),
        )
        .group_by(_SESSION.c.local_date, _LISTING.c.title, _SESSION.c.package_id)
        .order_by(_SESSION.c.local_date, _SESSION.c.package_id)
    )


_OCCUPANCY_COLUMNS = (
    day("day", "日期", "Day"),
    text("package", "套餐", "Package"),
    code("packageId", "套餐编码", "Package id"),
    count("departures", "场次", "Departures"),
    count("capacity", "容量", "Capacity"),
    count("taken", "已占", "Taken", "已确认与支付中保留的席位", "Confirmed, and held while somebody pays"),
    count("confirmed", "待核销", "Confirmed"),
    count("redeemed", "已核销", "Redeemed"),
    count("noShow", "未到", "No-show"),
    count("cancelled", "已取消", "Cancelled"),
    money("revenue", "净收入", "Revenue", "预订实付 − 退款", "Paid for bookings less refunds"),
    share("occupancy", "上座率", "Occupancy", "已占 ÷ 容量", "Taken by capacity", ratio("taken", "capacity")),
    money(
        "perSeat",
        "人均收入",
        "Per seat",
        "净收入 ÷ 已占",
        "Revenue by seats taken",
        derive=ratio("revenue", "taken", scale=1),
    ),
)

VISITS = (
    Report(
        "visits.manifest",
        "场次名单",
        "Session manifest",
        "每场次的有效预订；电话脱敏。",
        "Everybody booked on departures in the range; phones masked.",
        _MANIFEST_COLUMNS[:6],
        _MANIFEST_COLUMNS[6:11],
        ("region", "producer", "listing", "session"),
        frozenset({ReaderKind.SELLER}),
        _manifest,
        days_max=31,
    ),
    Report(
        "visits.occupancy",
        "场次上座率",
        "Occupancy",
        "按出发日统计容量、已占、核销、未到、取消与收入。",
        "By the day of departure: capacity, taken, redeemed, no-shows, cancelled and revenue.",
        _OCCUPANCY_COLUMNS[:3],
        _OCCUPANCY_COLUMNS[3:],
        ("region", "producer", "listing"),
        EVERYBODY,
        plainly(_occupancy, _OCCUPANCY_COLUMNS),
        ChartSpec(ChartKind.LINE, "day", ("capacity", "taken")),
        days_max=400,
    ),
)
