"""Guests who did not come: said by the worker once the gate has closed, or by the gate's people; and taken back."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from market.bookings.check_in import Checked, dump_checked, load_checked, record_check_in
from market.bookings.errors import GateClosed, NotChangeable
from market.bookings.gate import CORRECT_WITHIN, LATE, CheckOutcome, gate_hours
from market.bookings.redeem import Scan, lock_tickets, redeem
from market.bookings.rules import MOVES, BookingState, TicketState, illegal_move
from market.bookings.steps import move_state, move_tickets
from market.bookings.tables import Booking, Ticket
from market.kernel import audit, outbox
from market.kernel.clock import business_day
from market.kernel.errors import Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.acting import act_for
from market.sessions.rules import SessionState
from market.sessions.tables import TourSession

CHUNK = 50


def mark_no_shows(market: Market, *, limit: int = CHUNK) -> int:
    """The worker's: close bookings whose gate has closed, each in a transaction of its own; says how many. One of which
    nobody came is NO_SHOW; one of which some came is REDEEMED, and its other tickets are NO_SHOW. Killed in the middle,
    it goes on where it was: what is closed is not CONFIRMED any more.

    Bookings of cancelled sessions are left to whoever pays them back.
    """
    now = market.now()
    with market.read() as session:
        # A gate that closes later closes for later ends, so those that are due come first.
        rows = session.exec(
            select(Booking.id, Booking.starts_at, Booking.ends_at)
            .join(TourSession, col(TourSession.id) == col(Booking.session_id))
            .where(
                Booking.state == BookingState.CONFIRMED,
                Booking.ends_at <= now - LATE,
                TourSession.state != SessionState.CANCELLED,
            )
            .order_by(col(Booking.ends_at), col(Booking.id))
            .limit(limit)
        ).all()
    due = [booking_id for booking_id, starts_at, ends_at in rows if gate_hours(starts_at, ends_at)[1] <= now]
    for booking_id in due:
        with market.transaction() as session:
            _close(session, booking_id, now)
    return len(due)


def mark_no_show(market: Market, actor: Actor, *, booking_id: str, key: str) -> str:
    """The gate's people say that nobody of a booking came; its id. Whoever comes late is let in all the same.

    Refuses: NotSignedIn; Forbidden; NotFound, also for another organisation's; NotChangeable before it has begun when
    some came, or when the departure was cancelled; IllegalTransition; IdempotencyConflict. Once, by `key`.
    """
    reach(actor, Permission.ORDER_FULFIL)
    now = market.now()
    who = actor.account_id or actor.kind.value
    mine = IdempotencyKey.of(actor=who, operation="markNoShow", key=key, asked={"booking": booking_id})
    with market.transaction() as session:

        def act() -> str:
            booking, principal = _gated(session, actor, booking_id, now)
            if BookingState.NO_SHOW not in MOVES[BookingState(booking.state)]:
                raise illegal_move(BookingState(booking.state), BookingState.NO_SHOW)
            if now < booking.starts_at or _tickets(session, booking_id, TicketState.REDEEMED):
                raise NotChangeable
            if not _close(session, booking_id, now):
                raise NotChangeable
            audit.record(
                session,
                actor,
                action="booking.no_show",
                subject=booking_id,
                principal=principal,
                before={"state": booking.state},
                after={"state": BookingState.NO_SHOW},
                now=now,
            )
            return booking_id

        return once(session, mine, act, now=now, dump=str, load=str)


def undo_no_show(
    market: Market, actor: Actor, *, booking_id: str, ticket_ids: Sequence[str] = (), key: str
) -> list[Checked]:
    """Guests who were said not to have come did come: these tickets of a booking, or all when none is named, are
    REDEEMED; what came of each.

    Refuses: NotSignedIn; Forbidden; NotFound, also for another organisation's; Invalid for tickets of another booking or
    none that is a no-show; GateClosed more than seven days after the gate has closed; IdempotencyConflict. Once, by `key`.
    """
    reach(actor, Permission.ORDER_FULFIL)
    now = market.now()
    who = actor.account_id or actor.kind.value
    asked = {"booking": booking_id, "tickets": sorted(set(ticket_ids))}
    mine = IdempotencyKey.of(actor=who, operation="undoNoShow", key=key, asked=asked)
    with market.transaction() as session:

        def act() -> list[Checked]:
            booking, principal = _gated(session, actor, booking_id, now)
            opens, closes = gate_hours(booking.starts_at, booking.ends_at)
            if now >= closes + CORRECT_WITHIN:
                raise GateClosed(opens_at=opens, closes_at=closes + CORRECT_WITHIN)
            missing = _tickets(session, booking_id, TicketState.NO_SHOW)
            ids = sorted(set(ticket_ids)) or missing
            if not ids or not set(ids) <= set(missing):
                raise Invalid(
                    field="ticketIds",
                    allowed="tickets of this booking that are NO_SHOW",
                    allowed_zh="该预订中标记为未到场的票",
                )
            scans = [Scan(each, min(now, booking.ends_at)) for each in ids]
            outcomes = redeem(session, lock_tickets(session, ids), scans, actor=who, now=now)
            checked = [Checked(each, outcome) for each, outcome in zip(ids, outcomes, strict=True)]
            if CheckOutcome.REDEEMED in outcomes:
                record_check_in(session, actor, checked, session_id=booking.session_id, principal=principal, now=now)
            return checked

        return once(session, mine, act, now=now, dump=dump_checked, load=load_checked)


def _gated(session: Session, actor: Actor, booking_id: str, now: datetime) -> tuple[Booking, str]:
    """A booking, locked, and the organisation for which the actor takes its tickets."""
    booking = session.exec(select(Booking).where(Booking.id == booking_id).with_for_update(key_share=True)).first()
    if booking is None:
        raise NotFound(field="booking")
    principal = act_for(
        session,
        actor,
        Permission.ORDER_FULFIL,
        producer_id=booking.producer_id,
        today=business_day(now),
        field="booking",
    )
    return booking, principal.id


def _close(session: Session, booking_id: str, now: datetime) -> bool:
    """Say that whoever of a booking has not come will not; whether that was to be said. The session's row is asked under lock, so that a departure
    cancelled meanwhile is paid back instead."""
    booking = session.exec(select(Booking).where(Booking.id == booking_id).with_for_update(key_share=True)).one()
    state = session.exec(
        select(TourSession.state).where(TourSession.id == booking.session_id).with_for_update(read=True)
    ).one()
    if booking.state != BookingState.CONFIRMED or state == SessionState.CANCELLED:
        return False
    used = session.exec(
        select(Ticket.redeemed_at).where(Ticket.booking_id == booking_id, Ticket.state == TicketState.REDEEMED)
    ).all()
    move_tickets(session, booking_id, TicketState.NO_SHOW)
    if used:
        last = max(each for each in used if each is not None)
        move_state(session, booking_id, BookingState.REDEEMED, redeemed_at=last)
    else:
        move_state(session, booking_id, BookingState.NO_SHOW)
    topic = "booking.redeemed" if used else "booking.no_show"
    outbox.publish(session, topic, aggregate=booking.order_id, payload={"booking": booking_id}, now=now)
    return True


def _tickets(session: Session, booking_id: str, state: TicketState) -> list[str]:
    return list(
        session.exec(
            select(Ticket.id).where(Ticket.booking_id == booking_id, Ticket.state == state).order_by(col(Ticket.id))
        ).all()
    )
