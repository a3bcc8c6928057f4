"""Steps of a booking's life, for whoever sells. The seats themselves are held by checkout in one call for the whole
order, before; these keep bookings and tickets in step with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.bookings.codes import PURPOSE, digest_of, new_code
from market.bookings.errors import BookingLapsed, NotChangeable
from market.bookings.rules import MOVES, BookingState, CancelledBy, TicketState, UnitFacts, illegal_move, refund_percent
from market.bookings.tables import PARTICIPANT, Booking, Ticket
from market.kernel.database.prebuilt import Prebuilt
from market.kernel.errors import NotFound
from market.kernel.ids import new_id
from market.kernel.sealing import Sealer
from market.sessions.holds.steps import confirm_seats, release_seats

_BOOKINGS = SQLModel.metadata.tables[str(Booking.__tablename__)]
_TICKETS = SQLModel.metadata.tables[str(Ticket.__tablename__)]
_ADD_BOOKINGS = Prebuilt(sa.insert(_BOOKINGS))
_ADD_TICKETS = Prebuilt(sa.insert(_TICKETS))


@dataclass(frozen=True, slots=True)
class BookingDraft:
    """A booking to write down. `participants` are names by ticket, in the order of the units; fewer are allowed."""

    line_id: str
    account_id: str
    producer_id: str
    region_code: str
    package_id: str
    option_id: str
    session_id: str
    starts_at: datetime
    ends_at: datetime
    cutoff_at: datetime
    local_date: date
    units: tuple[tuple[UnitFacts, int], ...]
    seats: int
    amount_fen: int
    tiers: tuple[tuple[int, int], ...]
    participants: tuple[str, ...] = ()


def create_bookings(
    session: Session, sealer: Sealer, drafts: Sequence[BookingDraft], *, order_id: str, until: datetime, now: datetime
) -> dict[str, str]:
    """Step: write down an order's bookings, on hold, each with its tickets; booking ids by line id."""
    ids: dict[str, str] = {}
    bookings: list[dict[str, Any]] = []
    tickets: list[dict[str, Any]] = []
    for draft in drafts:
        ids[draft.line_id] = new_id("bkg")
        bookings.append(_booking_row(draft, ids[draft.line_id], order_id, until, now))
        tickets += _ticket_rows(draft, ids[draft.line_id], sealer)
    _ADD_BOOKINGS.run_each(session, bookings)
    _ADD_TICKETS.run_each(session, tickets)
    return ids


def extend_bookings(session: Session, *, order_id: str, until: datetime) -> None:
    """Step: an order's bookings are held until then."""
    session.execute(
        sa.update(_BOOKINGS)
        .where(_BOOKINGS.c.order_id == order_id, _BOOKINGS.c.state == BookingState.ON_HOLD)
        .values(expires_at=until)
    )


def confirm_bookings(session: Session, *, order_id: str, now: datetime) -> list[str]:
    """Step: an order's bookings are paid: their seats are theirs for good and their tickets let people in; their ids.

    The order holds the seats: after money that came late, checkout has held them anew before.
    Refuses: HoldExpired when the seats are not held. Once: what is confirmed stays so.
    Guards: one conditional update of each booking.
    """
    waiting = (BookingState.ON_HOLD, BookingState.EXPIRED, BookingState.CANCELLED)
    rows = session.exec(
        select(Booking.id, Booking.session_id)
        .where(Booking.order_id == order_id, col(Booking.state).in_(waiting))
        .order_by(col(Booking.id))
    ).all()
    if not rows:
        return []
    confirm_seats(session, [session_id for _booking_id, session_id in rows], holder=order_id, now=now)
    for booking_id, _session_id in rows:
        move_state(session, booking_id, BookingState.CONFIRMED, confirmed_at=now, expires_at=None, cancelled_at=None)
        move_tickets(session, booking_id, TicketState.VALID)
    return [booking_id for booking_id, _session_id in rows]


def expire_bookings(session: Session, *, order_id: str, now: datetime) -> list[str]:
    """Step: an order was not paid: its bookings lapse and their seats are given back; their ids. Once."""
    return _end_all(session, order_id, BookingState.EXPIRED, now)


def cancel_unpaid_bookings(session: Session, *, order_id: str, now: datetime) -> list[str]:
    """Step: an order was cancelled before it was paid: as `expire_bookings`, but CANCELLED."""
    return _end_all(session, order_id, BookingState.CANCELLED, now)


def cancel_booking(session: Session, booking_id: str, *, by: CancelledBy, now: datetime) -> int:
    """Step: cancel a confirmed booking; the share of its price that comes back, in percent, by the policy as sold.

    Of a party that was let in partly when the operator cancels, the tickets that were not used are cancelled, their share
    comes back, and the booking is REDEEMED: who was let in has had the visit.
    Refuses: NotFound; NotChangeable for its buyer when a ticket was redeemed or once it has begun; IllegalTransition.
    Guards: the booking's row; conditional updates; the seats are given back once.
    """
    booking = session.exec(select(Booking).where(Booking.id == booking_id).with_for_update(key_share=True)).first()
    if booking is None:
        raise NotFound(field="booking")
    if BookingState.CANCELLED not in MOVES[BookingState(booking.state)]:
        raise illegal_move(BookingState(booking.state), BookingState.CANCELLED)
    has_begun = by is CancelledBy.BUYER and now >= booking.starts_at
    used = _used_percent(session, booking_id)
    if has_begun or (used and by is CancelledBy.BUYER):
        raise NotChangeable
    tiers = [(int(hours), int(percent)) for hours, percent in booking.tiers]
    percent = refund_percent(tiers, starts_at=booking.starts_at, now=now, by=by) - used
    values: dict[str, Any] = {"cancelled_at": now, "cancelled_by": by, "refund_percent": percent}
    if used:
        move_state(session, booking_id, BookingState.REDEEMED, redeemed_at=now, **values)
    else:
        move_state(session, booking_id, BookingState.CANCELLED, **values)
    move_tickets(session, booking_id, TicketState.CANCELLED)
    release_seats(session, [booking.session_id], holder=booking.order_id, now=now)
    return percent


def _end_all(session: Session, order_id: str, to: BookingState, now: datetime) -> list[str]:
    rows = session.exec(
        select(Booking.id, Booking.session_id)
        .where(Booking.order_id == order_id, Booking.state == BookingState.ON_HOLD)
        .order_by(col(Booking.id))
    ).all()
    for booking_id, _session_id in rows:
        move_state(session, booking_id, to, cancelled_at=now, expires_at=None)
        move_tickets(session, booking_id, TicketState.CANCELLED)
    if rows:
        release_seats(session, [session_id for _booking_id, session_id in rows], holder=order_id, now=now)
    return [booking_id for booking_id, _session_id in rows]


def move_state(session: Session, booking_id: str, to: BookingState, **values: Any) -> None:
    """Step: move a booking, and set these columns. Refuses: BookingLapsed when it is in no state that leads there.

    Guards: one conditional update.
    """
    sources = [state for state in BookingState if to in MOVES[state]]
    moved = session.execute(
        sa.update(_BOOKINGS)
        .where(_BOOKINGS.c.id == booking_id, _BOOKINGS.c.state.in_(sources))
        .values(state=to, **values)
    )
    if moved.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        raise BookingLapsed


def move_tickets(session: Session, booking_id: str, to: TicketState) -> None:
    """Step: all tickets of a booking that were not used are in this state."""
    session.execute(
        sa.update(_TICKETS)
        .where(_TICKETS.c.booking_id == booking_id, _TICKETS.c.state != TicketState.REDEEMED)
        .values(state=to)
    )


def _used_percent(session: Session, booking_id: str) -> int:
    """What share of a booking's tickets was used, by their prices; cut off in the buyer's favour, but never 0."""
    rows = session.exec(select(Ticket.state, Ticket.price_fen).where(Ticket.booking_id == booking_id)).all()
    used = [price for state, price in rows if state == TicketState.REDEEMED]
    if not used:
        return 0
    whole = sum(price for _state, price in rows)
    return max(1, 100 * sum(used) // whole if whole else 100 * len(used) // len(rows))


def _booking_row(draft: BookingDraft, booking_id: str, order_id: str, until: datetime, now: datetime) -> dict[str, Any]:
    return {
        "id": booking_id,
        "order_id": order_id,
        "line_id": draft.line_id,
        "account_id": draft.account_id,
        "producer_id": draft.producer_id,
        "region_code": draft.region_code,
        "package_id": draft.package_id,
        "option_id": draft.option_id,
        "session_id": draft.session_id,
        "state": BookingState.ON_HOLD,
        "seats": draft.seats,
        "amount_fen": draft.amount_fen,
        "starts_at": draft.starts_at,
        "ends_at": draft.ends_at,
        "cutoff_at": draft.cutoff_at,
        "local_date": draft.local_date,
        "tiers": [list(tier) for tier in draft.tiers],
        "expires_at": until,
        "created_at": now,
    }


def _ticket_rows(draft: BookingDraft, booking_id: str, sealer: Sealer) -> list[dict[str, Any]]:
    units = [unit for unit, count in draft.units for _number in range(count)]
    rows: list[dict[str, Any]] = []
    for position, unit in enumerate(units, start=1):
        code = new_code()
        named = position <= len(draft.participants)
        rows.append(
            {
                "id": new_id("tkt"),
                "booking_id": booking_id,
                "session_id": draft.session_id,
                "position": position,
                "unit_type_id": unit.id,
                "kind": unit.kind,
                "name": unit.name,
                "pax": unit.pax_count,
                "price_fen": unit.price_fen,
                "participant_sealed": sealer.seal(draft.participants[position - 1], purpose=PARTICIPANT)
                if named
                else None,
                "code_digest": digest_of(sealer, code),
                "code_sealed": sealer.seal(code, purpose=PURPOSE),
                "state": TicketState.PENDING,
            }
        )
    return rows
