"""Use cases: a buyer cancels a booking; an operator cancels a departure, and everybody's money goes back."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.aftersales.reckon import LineRefund, refund_pieces, refund_share
from market.aftersales.refunds import refund_lines, sold_lines
from market.bookings.rules import BookingState, CancelledBy, refund_percent
from market.bookings.steps import cancel_booking as cancel_step
from market.bookings.tables import Booking
from market.catalogue.tables import Listing
from market.kernel import audit, outbox
from market.kernel.clock import business_day
from market.kernel.errors import NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.orders.moves import add_refunded
from market.orders.rules import LineKind
from market.orders.tables import OrderLine
from market.organisations.acting import act_for
from market.payments.rules import RefundReason
from market.sessions.rules import SessionState
from market.sessions.tables import TourSession
from market.stock.holds import release_step

CHUNK = 50


@dataclass(frozen=True, slots=True)
class CancelPreview:
    """What comes back when a booking is cancelled now."""

    percent: int
    refund_fen: int


def preview_cancellation(market: Market, actor: Actor, *, booking_id: str) -> CancelPreview:
    """What a buyer would get back now. Refuses: NotSignedIn; NotFound, also for somebody else's."""
    with market.read() as session:
        booking = _own(session, actor, booking_id)
        line = session.exec(select(OrderLine).where(OrderLine.id == booking.line_id)).one()
        tiers = [(int(hours), int(percent)) for hours, percent in booking.tiers]
        percent = refund_percent(tiers, starts_at=booking.starts_at, now=market.now(), by=CancelledBy.BUYER)
        left = line.payable_fen - line.refunded_fen
        return CancelPreview(percent, left if percent == 100 else left * percent // 100)


def cancel_booking(market: Market, actor: Actor, *, booking_id: str, key: str) -> str:
    """A buyer cancels a booking: its seats and gifts are free again, and the share that the policy as sold says goes
    back; the booking's id.

    Refuses: NotSignedIn; NotFound, also for somebody else's; NotChangeable once it has begun or tickets were used;
    IllegalTransition; IdempotencyConflict. Once, by `key`.
    """
    reach(actor, Permission.ORDER_PLACE)
    mine = IdempotencyKey.of(
        actor=actor.account_id or "", operation="cancelBooking", key=key, asked={"booking": booking_id}
    )
    with market.transaction() as session:

        def act() -> str:
            _own(session, actor, booking_id)
            who = actor.account_id or actor.kind.value
            _cancel(session, market, booking_id, by=CancelledBy.BUYER, who=who)
            return booking_id

        return once(session, mine, act, now=market.now(), dump=str, load=str)


def cancel_departure(market: Market, actor: Actor, *, session_id: str, reason: str = "") -> None:
    """An operator cancels a session that people have booked (a typhoon): nobody can book it any more, and everybody gets
    everything back, by the worker, a few at a time (`refund_departures`).

    Refuses: NotSignedIn; Forbidden; NotFound, also for another's. Once: a cancelled one stays so.
    Guards: one conditional update of the session.
    """
    reach(actor, Permission.SESSION_MANAGE)
    now = market.now()
    with market.transaction() as session:
        tour = session.exec(select(TourSession).where(TourSession.id == session_id)).first()
        if tour is None:
            raise NotFound(field="session")
        producer_id = session.exec(select(Listing.producer_id).where(Listing.id == tour.package_id)).one()
        principal = act_for(
            session,
            actor,
            Permission.SESSION_MANAGE,
            producer_id=producer_id,
            today=business_day(now),
            field="session",
        )
        moved = session.execute(
            sa.update(TourSession)
            .where(col(TourSession.id) == session_id, col(TourSession.state) != SessionState.CANCELLED)
            .values(state=SessionState.CANCELLED)
        )
        if moved.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
            return
        outbox.publish(session, "session.departure_cancelled", aggregate=session_id, payload={}, now=now)
        audit.record(
            session,
            actor,
            action="session.cancel_departure",
            subject=session_id,
            principal=principal.id,
            before={"state": tour.state},
            after={"state": SessionState.CANCELLED, "reason": reason[:200]},
            now=now,
        )


def refund_departures(market: Market, *, limit: int = CHUNK) -> int:
    """The worker's: pay back bookings of cancelled sessions, each in a transaction of its own; says how many. Killed in
    the middle, it goes on where it was: what is paid back is CANCELLED."""
    with market.read() as session:
        due = session.exec(
            select(Booking.id)
            .join(TourSession, col(TourSession.id) == col(Booking.session_id))
            .where(TourSession.state == SessionState.CANCELLED, Booking.state == BookingState.CONFIRMED)
            .order_by(col(Booking.id))
            .limit(limit)
        ).all()
    for booking_id in due:
        with market.transaction() as session:
            state = session.exec(
                select(Booking.state).where(Booking.id == booking_id).with_for_update(key_share=True)
            ).first()
            if state == BookingState.CONFIRMED:  # another worker may have been here
                _cancel(session, market, booking_id, by=CancelledBy.OPERATOR, who="SYSTEM")
    return len(due)


def _own(session: Session, actor: Actor, booking_id: str) -> Booking:
    mine = reach(actor, Permission.ORDER_PLACE)
    booking = session.exec(select(Booking).where(Booking.id == booking_id)).first()
    if booking is None or not mine.covers(owner_id=booking.account_id):
        raise NotFound(field="booking")
    return booking


def _cancel(session: Session, market: Market, booking_id: str, *, by: CancelledBy, who: str) -> None:
    now = market.now()
    percent = cancel_step(session, booking_id, by=by, now=now)
    booking = session.exec(select(Booking).where(Booking.id == booking_id)).one()
    line = sold_lines(session, [booking.line_id])[booking.line_id]
    part_id = session.exec(select(OrderLine.seller_order_id).where(OrderLine.id == booking.line_id)).one()
    gifts = _take_gifts(session, booking)
    found: LineRefund = refund_pieces(line, 1) if percent == 100 else refund_share(line, percent)
    reason = RefundReason.OPERATOR_CANCELLED if by is CancelledBy.OPERATOR else RefundReason.CANCELLED
    refund_lines(session, part_id, [found], reason=reason, reference=booking_id, actor=who, now=now)
    if gifts:
        release_step(session, holder=booking.order_id, demands=gifts, now=now)
    outbox.publish(session, "booking.cancelled", aggregate=booking.order_id, payload={"booking": booking_id}, now=now)


def _take_gifts(session: Session, booking: Booking) -> dict[str, int]:
    """The pieces that come with a booking and were not handed over: now they will not be."""
    rows = session.exec(
        select(OrderLine)
        .where(OrderLine.order_id == booking.order_id, OrderLine.kind == LineKind.GIFT)
        .order_by(col(OrderLine.id))
        .with_for_update(key_share=True)
    ).all()
    found: dict[str, int] = {}
    for row in rows:
        left = row.quantity - row.fulfilled_quantity - row.refunded_quantity
        if row.snapshot.get("comesWith") == booking.line_id and row.variant_id is not None and left > 0:
            add_refunded(session, row.id, quantity=left, amount_fen=0)
            found[row.variant_id] = found.get(row.variant_id, 0) + left
    return found
