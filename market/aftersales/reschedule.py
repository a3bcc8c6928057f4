"""Use case: a buyer moves a booking to another session of the same option.

Cheaper, the difference goes back, as much of it as the buyer paid. Dearer, it is refused with the difference named: an
order has one payment, and its totals, vouchers and commission are those it was paid with, so that a second payment for a
part of a line would need a bill, a time to pay and a refund order of its own; whoever wants the dearer session cancels
and books it.
"""

from sqlmodel import Session, select

from market.aftersales.reckon import refund_amount
from market.aftersales.refunds import refund_lines, sold_lines
from market.bookings.move import Moved, move_booking
from market.bookings.tables import Booking
from market.kernel import outbox
from market.kernel.errors import NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.orders.create import add_event
from market.orders.tables import OrderLine
from market.payments.rules import RefundReason


def reschedule_booking(market: Market, actor: Actor, *, booking_id: str, session_id: str, key: str) -> str:
    """A buyer moves a booking to another session; its id. Seats are exchanged, tickets and their codes go along, and
    what it costs less goes back.

    Refuses: NotSignedIn; NotFound for the booking, also somebody else's, and for a session that is none of its option;
    what `move_booking` refuses: NotChangeable, ChangeTooLate, PriceHigher, SessionClosed, PastCutoff, SessionFull,
    AlreadyHeld; IdempotencyConflict. Once, by `key`.
    Guards: the booking's row, then conditional updates. Later: `booking.rescheduled`.
    """
    mine = reach(actor, Permission.ORDER_PLACE)
    who = actor.account_id or actor.kind.value
    asked = {"booking": booking_id, "session": session_id}
    request = IdempotencyKey.of(actor=who, operation="rescheduleBooking", key=key, asked=asked)
    with market.transaction() as session:

        def act() -> str:
            booking = session.exec(
                select(Booking).where(Booking.id == booking_id).with_for_update(key_share=True)
            ).first()
            if booking is None or not mine.covers(owner_id=booking.account_id):
                raise NotFound(field="booking")
            moved = move_booking(session, booking_id, to_session_id=session_id, now=market.now())
            _settle(session, market, booking, moved, to_session_id=session_id, who=who)
            return booking_id

        return once(session, request, act, now=market.now(), dump=str, load=str)


def _settle(session: Session, market: Market, booking: Booking, moved: Moved, *, to_session_id: str, who: str) -> None:
    """Pay back what it costs less now, and put the move on record."""
    now = market.now()
    part_id = session.exec(select(OrderLine.seller_order_id).where(OrderLine.id == booking.line_id)).one()
    reference = market.new_id("rfd")
    if moved.after_fen < moved.before_fen:
        line = sold_lines(session, [booking.line_id])[booking.line_id]
        left = line.payable_fen - line.refunded_fen
        back = left * (moved.before_fen - moved.after_fen) // moved.before_fen
        refund_lines(
            session,
            part_id,
            [refund_amount(line, back)],
            reason=RefundReason.RESCHEDULE,
            reference=reference,
            actor=who,
            now=now,
        )
    add_event(
        session,
        booking.order_id,
        "booking.rescheduled",
        actor=who,
        now=now,
        seller_order_id=part_id,
        facts={"booking": booking.id, "from": moved.from_session_id, "to": to_session_id},
    )
    outbox.publish(session, "booking.rescheduled", aggregate=booking.order_id, payload={"booking": booking.id}, now=now)
