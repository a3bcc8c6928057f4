"""What becomes of a paid order: sent, received, visited, claimed, reviewed, called off."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlmodel import col, select

from market.aftersales.bookings import cancel_booking, cancel_departure
from market.aftersales.claims.answer import Answer, AnswerKind, answer_claim
from market.aftersales.claims.open import ClaimDraft, open_claim
from market.aftersales.claims.rules import ClaimReason, ClaimWish
from market.bookings.check_in import CheckInDraft, check_in
from market.bookings.rules import BookingState
from market.bookings.tables import Booking, Ticket
from market.fulfilment.deliver import confirm_receipt
from market.fulfilment.rules import Carrier
from market.fulfilment.ship import ShipDraft, ship_order
from market.kernel.clock import shanghai
from market.kernel.errors import Conflict
from market.kernel.permissions import Actor
from market.orders.rules import DeliveryMethod, LineKind
from market.orders.tables import OrderLine, SellerOrder
from market.reviews.write import ReviewDraft, write_review
from market.sessions.tables import TourSession
from seeds.ground import SEEDER

if TYPE_CHECKING:
    from seeds.year.live import Year

CARRIERS = (Carrier.SF, Carrier.SF, Carrier.ZTO, Carrier.YTO, Carrier.CHINA_POST, Carrier.JD)
BY_CARRIER = {DeliveryMethod.EXPRESS, DeliveryMethod.COLD_CHAIN}
LATE, SAYS_SO, CLAIMS, REVIEWS = 0.06, 0.7, 0.03, 0.4
"""How many parcels are sent late; how many buyers say that theirs came, claim, review."""
CALLED_OFF, STAYS_AWAY = 0.05, 0.04
"""How many guests cancel, and how many do not come."""
PRAISE = ("很新鲜，还会再来买。", "包装用心，果子个大味甜。", "和村里吃到的一样。", "老人孩子都喜欢。", "发货很快。")
LUKEWARM = ("味道不错，路上压坏了一两个。", "还可以，比上次小一点。")
VISITED = ("孩子玩得很开心，讲解很细。", "采摘园干净，停车方便。", "风景好，农家菜也好吃。", "值得周末再来。")


def paid(year: "Year", buyer: Actor, order_id: str) -> None:
    """Plan what sellers and the buyer do now."""
    with year.market.read() as session:
        parts = session.exec(
            select(SellerOrder).where(SellerOrder.order_id == order_id).order_by(col(SellerOrder.id))
        ).all()
        goods = set(
            session.exec(
                select(OrderLine.seller_order_id).where(
                    OrderLine.order_id == order_id, OrderLine.kind == LineKind.PRODUCT
                )
            ).all()
        )
        visits = session.exec(
            select(Booking.id, TourSession.starts_at)
            .join(TourSession, col(TourSession.id) == col(Booking.session_id))
            .where(Booking.order_id == order_id)
        ).all()
    for part in parts:
        if part.id in goods:
            days = year.chance.uniform(3, 5) if year.chance.random() < LATE else year.chance.uniform(0.4, 1.6)
            year.after(lambda part=part: _send(year, buyer, part), days=days)  # type: ignore[misc]  # bound now
    for booking_id, starts_at in visits:
        _plan_visit(year, buyer, booking_id, starts_at)


def _send(year: "Year", buyer: Actor, part: SellerOrder) -> None:
    carrier = year.chance.choice(CARRIERS) if part.delivery_method in BY_CARRIER else None
    number = f"SF{year.chance.randrange(10**12):012}" if carrier is not None else None
    ship_order(year.market, SEEDER, ShipDraft(part.id, carrier=carrier, number=number), key=year.key())
    if year.chance.random() < SAYS_SO:
        year.after(lambda: _receive(year, buyer, part.id), days=year.chance.uniform(1.2, 4))


def _receive(year: "Year", buyer: Actor, part_id: str) -> None:
    confirm_receipt(year.market, buyer, seller_order_id=part_id)
    with year.market.read() as session:
        lines = session.exec(
            select(OrderLine)
            .where(OrderLine.seller_order_id == part_id, OrderLine.kind == LineKind.PRODUCT)
            .order_by(col(OrderLine.id))
        ).all()
    for line in lines:
        chance = year.chance.random()
        if chance < CLAIMS:
            year.after(lambda line=line: _claim(year, buyer, line), days=year.chance.uniform(0.1, 1.2))  # type: ignore[misc]  # bound now
        elif chance > 1 - REVIEWS:
            stars = year.chance.choices((5, 4, 3, 2), (70, 20, 7, 3))[0]
            words = year.chance.choice(PRAISE if stars >= 4 else LUKEWARM)
            year.after(
                lambda line=line, stars=stars, words=words: _review(year, buyer, line.id, stars, words),  # type: ignore[misc]
                days=year.chance.uniform(0.2, 5),
            )


def _claim(year: "Year", buyer: Actor, line: OrderLine) -> None:
    """A piece is missing, or is not what was shown; most sellers pay part of it."""
    reason = year.chance.choice((ClaimReason.MISSING, ClaimReason.NOT_AS_DESCRIBED))
    draft = ClaimDraft(
        line.id, reason, ClaimWish.REFUND, 1, text="与页面描述不符" if reason != "MISSING" else "少了一件"
    )
    try:
        claim_id = open_claim(year.market, buyer, draft, key=year.key())
    except Conflict:
        return  # too late for this one
    if year.chance.random() < 0.8:  # else silence, which means yes
        answer = Answer(claim_id, AnswerKind.REFUND)
        year.after(
            lambda: answer_claim(year.market, SEEDER, answer, key=year.key()), days=year.chance.uniform(0.1, 1.5)
        )


def _review(year: "Year", buyer: Actor, line_id: str, stars: int, words: str) -> None:
    try:
        write_review(year.market, buyer, line_id, ReviewDraft(stars, words), key=year.key())
    except Conflict:
        return  # paid back meanwhile, or called off


def _plan_visit(year: "Year", buyer: Actor, booking_id: str, starts_at: datetime) -> None:
    chance = year.chance.random()
    if chance < CALLED_OFF:
        year.at(
            max(year.now, starts_at - timedelta(days=year.chance.choice((1, 3, 6)))),
            lambda: _call_off(year, buyer, booking_id),
        )
    elif chance < 1 - STAYS_AWAY:
        year.at(starts_at - timedelta(minutes=10), lambda: _arrive(year, buyer, booking_id))


def _call_off(year: "Year", buyer: Actor, booking_id: str) -> None:
    try:
        cancel_booking(year.market, buyer, booking_id=booking_id, key=year.key())
    except Conflict:
        return  # the departure was cancelled before


def _arrive(year: "Year", buyer: Actor, booking_id: str) -> None:
    with year.market.read() as session:
        booking = session.exec(select(Booking).where(Booking.id == booking_id)).one()
        tickets = session.exec(select(Ticket.id).where(Ticket.booking_id == booking_id).order_by(col(Ticket.id))).all()
        line_id = session.exec(
            select(OrderLine.id).where(
                OrderLine.order_id == booking.order_id,
                OrderLine.session_id == booking.session_id,
                OrderLine.kind == LineKind.BOOKING,
            )
        ).one()
    if booking.state != BookingState.CONFIRMED:
        return
    check_in(year.market, SEEDER, CheckInDraft(ticket_ids=tuple(tickets), gate="村口"), key=year.key())
    if year.chance.random() < REVIEWS:
        stars = year.chance.choices((5, 4, 3), (75, 20, 5))[0]
        words = year.chance.choice(VISITED)
        year.after(lambda: _review(year, buyer, line_id, stars, words), days=year.chance.uniform(0.3, 4))


def typhoons(year: "Year", days: Sequence[date]) -> None:
    """Two days in summer on which nobody goes anywhere; those who booked are told the evening before."""
    summer = [day for day in days if day.month in {8, 9} and day.isoweekday() == 6]
    for day in summer[1:8:4]:
        year.at(shanghai(day - timedelta(days=1), time(18)), lambda day=day: _storm(year, day))  # type: ignore[misc]  # bound now


def _storm(year: "Year", day: date) -> None:
    with year.market.read() as session:
        off = session.exec(
            select(TourSession.id)
            .where(TourSession.local_date == day, TourSession.taken > 0)
            .order_by(col(TourSession.id))
        ).all()
    for session_id in off:
        cancel_departure(year.market, SEEDER, session_id=session_id, reason="台风")
