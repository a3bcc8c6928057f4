"""What is sealed in orders, opened for whoever may see it."""

import json
from typing import Any

import sqlalchemy as sa

from market.bookings.codes import PURPOSE as TICKET_CODE
from market.bookings.tables import PARTICIPANT
from market.bookings.tables import Booking as BookingTable
from market.kernel.phones import masked
from market.kernel.sealing import Sealer
from market.orders.tables import CONTACT
from schema.projection import Args, Build, Computed, Given, looked_up, quoted, table_of
from schema.projection.declare import Expression
from schema.projection.viewer import own

BOOKINGS = table_of(BookingTable)


def contact(part: str, *, is_hidden: bool, of: Any = lambda t: t.c.contact_sealed) -> Computed:
    """A part of an order's contact: its name, phone (always masked) or street. `of` says where the contact is kept."""

    def act(sealed: str | None, sealer: Sealer) -> str | None:
        if sealed is None:
            return None
        found = str(json.loads(sealer.open(sealed, purpose=CONTACT)).get(part) or "") or None
        if found is None:
            return None
        if part == "phone":
            return masked(found)
        return f"{found[0]}{'*' * (len(found) - 1)}" if is_hidden else found

    return Computed(act, lambda t, _build, _args: [of(t)], _sealer)


def opened(name: str, purpose: str) -> Computed:
    """A sealed text of the row."""

    def act(sealed: str | None, sealer: Sealer) -> str | None:
        return None if sealed is None else sealer.open(sealed, purpose=purpose)

    return Computed(act, lambda t, _build, _args: [t.c[name]], _sealer)


def _sealer(build: Build, _args: Args) -> dict[str, Given]:
    sealer = build.fact("sealer")
    return {"sealer": Given(via=lambda _nothing: sealer)}


def code() -> Computed:
    """A ticket's code: for its buyer, while it lets somebody in."""

    def values(t: sa.FromClause, build: Build, _args: Args) -> list[Expression]:
        booking = BOOKINGS.alias()
        whose = looked_up(booking.c.account_id, booking, where=[booking.c.id == t.c.booking_id])
        return [sa.case((sa.and_(whose == own(build), t.c.state == quoted("VALID")), t.c.code_sealed))]

    def act(sealed: str | None, sealer: Sealer) -> str | None:
        return None if sealed is None else sealer.open(sealed, purpose=TICKET_CODE)

    return Computed(act, values, _sealer)


def participant() -> Computed:
    """Who comes with a ticket, for whoever bought it."""

    def values(t: sa.FromClause, build: Build, _args: Args) -> list[Expression]:
        booking = BOOKINGS.alias()
        whose = looked_up(booking.c.account_id, booking, where=[booking.c.id == t.c.booking_id])
        return [sa.case((whose == own(build), t.c.participant_sealed))]

    def act(sealed: str | None, sealer: Sealer) -> str | None:
        return None if sealed is None else sealer.open(sealed, purpose=PARTICIPANT)

    return Computed(act, values, _sealer)


def next_of(of: Any) -> Computed:
    """Where something in this state can go."""
    return Computed(of, lambda t, _build, _args: [t.c.state])


def from_snapshot(*names: str) -> Computed:
    """The first of these that a line's snapshot has."""

    def act(snapshot: Any) -> str | None:
        kept = json.loads(snapshot) if isinstance(snapshot, str) else snapshot
        return next((kept[name] for name in names if kept.get(name)), None)

    return Computed(act, lambda t, _build, _args: [sa.cast(t.c.snapshot, sa.Text)])
