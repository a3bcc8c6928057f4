"""Step: a booking goes to another session of its option."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.bookings.errors import ChangeTooLate, NotChangeable, PriceHigher
from market.bookings.rules import BookingState, TicketState, UnitFacts, change_until, party_of
from market.bookings.tables import Booking, Ticket
from market.catalogue.tables import PackageOption, TourPackage, UnitType
from market.kernel.errors import NotFound
from market.sessions.holds.move import move_seats
from market.sessions.tables import TourSession

_BOOKINGS = SQLModel.metadata.tables[str(Booking.__tablename__)]
_TICKETS = SQLModel.metadata.tables[str(Ticket.__tablename__)]


@dataclass(frozen=True, slots=True)
class Moved:
    """A booking that was moved: from where, and what it cost before and costs now, in fen, before discounts."""

    from_session_id: str
    before_fen: int
    after_fen: int


def move_booking(session: Session, booking_id: str, *, to_session_id: str, now: datetime) -> Moved:
    """Step: move a confirmed booking, which the caller has locked, to another session of the same option: its seats and
    tickets at once, at what the same tickets cost now. Codes, and the cancellation policy, stay as sold.

    Refuses: NotFound for a session that is none of the option; NotChangeable unless it is confirmed and no ticket was
    used, for the session it is in, and when a ticket type or the option is not sold any more; ChangeTooLate (`change_until`);
    PriceHigher; SessionClosed, PastCutoff, SessionFull, AlreadyHeld for the other session.
    Guards: conditional updates of the booking and of both sessions' seats.
    """
    booking = session.exec(select(Booking).where(Booking.id == booking_id)).one()
    target = session.exec(
        select(TourSession).where(TourSession.id == to_session_id, TourSession.option_id == booking.option_id)
    ).first()
    if target is None:
        raise NotFound(field="session")
    tickets = session.exec(select(Ticket).where(Ticket.booking_id == booking_id)).all()
    if (
        booking.state != BookingState.CONFIRMED
        or target.id == booking.session_id
        or any(each.state != TicketState.VALID for each in tickets)
    ):
        raise NotChangeable
    tiers = [(int(hours), int(percent)) for hours, percent in booking.tiers]
    until = change_until(tiers, starts_at=booking.starts_at, cutoff_at=booking.cutoff_at)
    if now >= until:
        raise ChangeTooLate(until=until)
    units = _units_now(session, booking.option_id, tickets)
    amount = _amount(session, booking, tickets, units)
    if amount > booking.amount_fen:
        raise PriceHigher(difference_fen=amount - booking.amount_fen)
    moved = Moved(booking.session_id, booking.amount_fen, amount)
    _write(session, booking, target, amount, units)
    move_seats(session, from_id=moved.from_session_id, to_id=target.id, holder=booking.order_id, now=now)
    return moved


def _units_now(session: Session, option_id: str, tickets: Sequence[Ticket]) -> dict[str, UnitFacts]:
    """The ticket types as they are sold now, that these tickets are of."""
    rows = session.exec(
        select(UnitType)
        .join(PackageOption, col(PackageOption.id) == UnitType.option_id)
        .where(
            UnitType.option_id == option_id,
            col(UnitType.retired_at).is_(None),
            col(PackageOption.retired_at).is_(None),
        )
    ).all()
    used = {each.unit_type_id for each in tickets}
    found = {
        row.id: UnitFacts(row.id, row.kind, row.name, row.pax_count, row.price_fen) for row in rows if row.id in used
    }
    seats = {each.unit_type_id: each.pax for each in tickets}
    if found.keys() != used or any(found[unit].pax_count != pax for unit, pax in seats.items()):
        raise NotChangeable
    return found


def _amount(session: Session, booking: Booking, tickets: Sequence[Ticket], units: Mapping[str, UnitFacts]) -> int:
    package = session.exec(select(TourPackage).where(TourPackage.id == booking.package_id)).one()
    counts = Counter(each.unit_type_id for each in tickets)
    return party_of(counts, units.values(), package.pricing_per).amount_fen


def _write(
    session: Session, booking: Booking, target: TourSession, amount_fen: int, units: Mapping[str, UnitFacts]
) -> None:
    done = session.execute(
        sa.update(_BOOKINGS)
        .where(
            _BOOKINGS.c.id == booking.id,
            _BOOKINGS.c.state == BookingState.CONFIRMED,
            _BOOKINGS.c.session_id == booking.session_id,
        )
        .values(
            session_id=target.id,
            starts_at=target.starts_at,
            ends_at=target.ends_at,
            cutoff_at=target.cutoff_at,
            local_date=target.local_date,
            amount_fen=amount_fen,
        )
    )
    if done.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        raise NotChangeable
    for unit in units.values():
        session.execute(
            sa.update(_TICKETS)
            .where(_TICKETS.c.booking_id == booking.id, _TICKETS.c.unit_type_id == unit.id)
            .values(session_id=target.id, price_fen=unit.price_fen)
        )
