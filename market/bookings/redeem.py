"""Steps: tickets let people in, each once, at whichever gate it is seen first."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.bookings.gate import REFUSED_IN, CheckOutcome
from market.bookings.rules import BookingState, TicketState
from market.bookings.steps import move_state
from market.bookings.tables import Booking, Redemption, Ticket
from market.kernel import outbox
from market.kernel.ids import new_id
from market.sessions.rules import SessionState
from market.sessions.tables import TourSession

_TICKETS = SQLModel.metadata.tables[str(Ticket.__tablename__)]
_ADD = sa.insert(SQLModel.metadata.tables[str(Redemption.__tablename__)])
_TAKE = (
    sa.update(_TICKETS)
    .where(_TICKETS.c.id == sa.bindparam("ticket"), _TICKETS.c.state.in_((TicketState.VALID, TicketState.NO_SHOW)))
    .values(
        state=TicketState.REDEEMED,
        redeemed_at=sa.bindparam("at", type_=_TICKETS.c.redeemed_at.type),
        redeemed_by=sa.bindparam("by"),
        gate=sa.bindparam("at_gate"),
    )
)


@dataclass(frozen=True, slots=True)
class Scan:
    """A ticket seen at a gate."""

    ticket_id: str
    at: datetime
    gate: str | None = None
    manifest_id: str | None = None
    """The list that the gate worked by, offline."""


@dataclass(frozen=True, slots=True)
class Locked:
    """Tickets, their bookings and their sessions' states, as they stay until the transaction ends."""

    tickets: dict[str, Ticket]
    bookings: dict[str, Booking]
    states: dict[str, SessionState]


def lock_tickets(session: Session, ticket_ids: Collection[str]) -> Locked:
    """Step: these tickets, of those that there are. Bookings are locked first, in id order, then their sessions are kept
    from being cancelled: the order in which a cancelled booking takes them."""
    ids = sorted(set(ticket_ids))
    booking_ids = sorted(set(session.exec(select(Ticket.booking_id).where(col(Ticket.id).in_(ids))).all()))
    bookings = session.exec(
        select(Booking)
        .where(col(Booking.id).in_(booking_ids))
        .order_by(col(Booking.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    states = session.exec(
        select(TourSession.id, TourSession.state)
        .where(col(TourSession.id).in_(sorted({each.session_id for each in bookings})))
        .order_by(col(TourSession.id))
        .with_for_update(read=True)
    ).all()
    tickets = session.exec(
        select(Ticket).where(col(Ticket.id).in_(ids)).execution_options(populate_existing=True)
    ).all()
    return Locked(
        {each.id: each for each in tickets},
        {each.id: each for each in bookings},
        {session_id: SessionState(state) for session_id, state in states},
    )


def redeem(session: Session, locked: Locked, scans: Iterable[Scan], *, actor: str, now: datetime) -> list[CheckOutcome]:
    """Step: let in whoever these locked tickets let in; what came of each, in their order. A booking of which every
    ticket was used is REDEEMED.

    A ticket of a session that is cancelled lets nobody in: its booking is about to be paid back.
    Guards: one conditional update a ticket, and the unique index of redemptions beneath.
    Later: `booking.redeemed`.
    """
    outcomes: list[CheckOutcome] = []
    touched: set[str] = set()
    seen: set[str] = set()
    for scan in scans:
        ticket = locked.tickets[scan.ticket_id]
        booking = locked.bookings[ticket.booking_id]
        outcome = _outcome(ticket, locked.states[booking.session_id])
        if outcome is CheckOutcome.REDEEMED:
            repeated = scan.ticket_id in seen or not _take(session, scan, actor, now)
            outcome = CheckOutcome.ALREADY_REDEEMED if repeated else outcome
        if outcome is CheckOutcome.REDEEMED:
            seen.add(scan.ticket_id)
            touched.add(booking.id)
            add_redemption(session, scan, outcome, session_id=booking.session_id, actor=actor, now=now)
        outcomes.append(outcome)
    for booking_id in sorted(touched, key=lambda each: (locked.bookings[each].order_id, each)):
        _end_booking(session, locked.bookings[booking_id], now)
    return outcomes


def add_redemption(
    session: Session,
    scan: Scan,
    outcome: CheckOutcome,
    *,
    session_id: str,
    actor: str,
    now: datetime,
    is_known: bool = True,
) -> None:
    """Step: keep on record what came of a scan. `is_known` says whether there is a ticket of that id."""
    session.execute(
        _ADD,
        {
            "id": new_id("rdm"),
            "ticket_id": scan.ticket_id if is_known else None,
            "session_id": session_id,
            "manifest_id": scan.manifest_id,
            "outcome": outcome,
            "scanned_at": scan.at,
            "received_at": now,
            "actor": actor,
            "gate": scan.gate,
        },
    )


def _outcome(ticket: Ticket, state: SessionState) -> CheckOutcome:
    refused = REFUSED_IN.get(TicketState(ticket.state))
    if refused is not None:
        return refused
    return CheckOutcome.CANCELLED if state is SessionState.CANCELLED else CheckOutcome.REDEEMED


def _take(session: Session, scan: Scan, actor: str, now: datetime) -> bool:
    taken: Any = session.execute(
        _TAKE, {"ticket": scan.ticket_id, "at": min(scan.at, now), "by": actor, "at_gate": scan.gate}
    )
    return int(taken.rowcount) == 1


def _end_booking(session: Session, booking: Booking, now: datetime) -> None:
    waiting = session.exec(
        select(Ticket.id).where(Ticket.booking_id == booking.id, Ticket.state == TicketState.VALID).limit(1)
    ).first()
    if waiting is not None or booking.state == BookingState.REDEEMED:
        return
    move_state(session, booking.id, BookingState.REDEEMED, redeemed_at=now)
    outbox.publish(session, "booking.redeemed", aggregate=booking.order_id, payload={"booking": booking.id}, now=now)
