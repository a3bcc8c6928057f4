"""Where bookings come from: the projections, with the scope in the statement."""

import json
from datetime import datetime

import sqlalchemy as sa

from market.bookings.rules import BookingState, change_until, next_states
from market.bookings.tables import Ticket
from market.kernel.ids import require_id
from market.kernel.permissions import Permission
from market.orders.tables import CustomerOrder
from market.people.tables import Account
from schema.bookings.sealed import BOOKINGS, code, participant, qr
from schema.catalogue.tours import TOUR_PACKAGE
from schema.filters import moment_order, order_number, text_order
from schema.node import money
from schema.people.me import ACCOUNT_FIELDS
from schema.projection import (
    Args,
    Build,
    ById,
    Column,
    Computed,
    Projection,
    ToMany,
    ToOne,
    among,
    column,
    exists,
    looked_up,
    quoted,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression, Field
from schema.projection.viewer import own
from schema.scope import acts_for
from schema.sessions import SESSION, SESSION_FIELDS, utc_text

TICKETS, _ACCOUNTS, _ORDERS = table_of(Ticket), table_of(Account), table_of(CustomerOrder)


def _in_reach(t: sa.FromClause, build: Build) -> list[Condition]:
    sellers = acts_for(build, Permission.ORDER_READ, t.c.producer_id, region=t.c.region_code)
    return [sa.or_(sellers, t.c.account_id == own(build))]


def _ticket_in_reach(t: sa.FromClause, build: Build) -> list[Condition]:
    booking = BOOKINGS.alias()
    found = sa.select(booking.c.id).where(booking.c.id == t.c.booking_id, *_in_reach(booking, build))
    return [sa.exists(found.correlate_except(booking))]


def _taken_by(t: sa.FromClause, _build: Build, _args: Args) -> Expression:
    account = _ACCOUNTS.alias()
    return looked_up(account.c.name, account, where=[account.c.id == t.c.redeemed_by])


def _change_until() -> Computed:
    """Until when a booking can be moved: its tiers are JSON as sold."""

    def values(t: sa.FromClause, build: Build, _args: Args) -> list[Expression]:
        moments = [build.engine.json_moment(each) for each in (t.c.starts_at, t.c.cutoff_at)]
        return [sa.cast(t.c.tiers, sa.Text), *moments]

    def act(tiers: str, starts_at: str, cutoff_at: str) -> str:
        kept = [(int(hours), int(percent)) for hours, percent in json.loads(tiers) or ()]
        starts, cutoff = (datetime.fromisoformat(each) for each in (starts_at, cutoff_at))
        return utc_text(change_until(kept, starts_at=starts, cutoff_at=cutoff))

    return Computed(act, values)


TICKET = Projection(
    "Ticket",
    TICKETS,
    visible=_ticket_in_reach,
    fields={
        "id": column("id"),
        "kind": column("kind"),
        "name": column("name"),
        "pax": column("pax"),
        "price": money("price_fen"),
        "participant": participant(),
        "code": code(),
        "qr": qr(),
        "state": column("state"),
        "redeemedAt": column("redeemed_at"),
        "gate": column("gate"),
        "redeemedBy": Column(_taken_by),
    },
)

BOOKING_FIELDS: dict[str, Field] = {
    "id": column("id"),
    "state": column("state"),
    "nextStates": Computed(
        lambda state: [each.value for each in next_states(BookingState(state))], lambda t, _build, _args: [t.c.state]
    ),
    "seats": column("seats"),
    "amount": money("amount_fen"),
    "startsAt": column("starts_at"),
    "endsAt": column("ends_at"),
    "localDate": column("local_date"),
    "expiresAt": column("expires_at"),
    "confirmedAt": column("confirmed_at"),
    "redeemedAt": column("redeemed_at"),
    "cancelledAt": column("cancelled_at"),
    "changeUntil": _change_until(),
    "session": ToOne(lambda: SESSION, lambda t, session: session.c.id == t.c.session_id),
    "tourPackage": ToOne(lambda: TOUR_PACKAGE, lambda t, package: package.c.id == t.c.package_id),
    "refundPercent": column("refund_percent"),
    "tickets": ToMany(
        lambda: TICKET,
        lambda t, ticket: ticket.c.booking_id == t.c.id,
        lambda ticket: [ticket.c.position],
    ),
}
"""`orderNumber`, `contact` and `contactPhone` are added where orders are declared."""

BOOKING = Projection("Booking", BOOKINGS, visible=_in_reach, fields=BOOKING_FIELDS)

# -- lists -------------------------------------------------------------------------------------------------------------


def _where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions = [among(t.c.state, where.get("states"))] if "states" in where else []
    session, first, last = where.slot("session"), where.slot("from"), where.slot("to")
    if session is not None:
        conditions.append(t.c.session_id == build.bind(session))
    if first is not None:
        conditions.append(t.c.local_date >= build.bind(first, type_=sa.Date()))
    if last is not None:
        conditions.append(t.c.local_date <= build.bind(last, type_=sa.Date()))
    for name, of_order, via in (("number", "number", order_number), ("phoneTail", "phone_tail", None)):
        slot = where.slot(name)
        if slot is not None:
            order = _ORDERS.alias()
            asked = order.c[of_order] == build.bind(slot, via)
            conditions.append(exists(order, where=[order.c.id == t.c.order_id, asked]))
    return conditions


def _on_roster(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    """Without states asked for, those who are expected or came."""
    if "states" in args.nested("where"):
        return _where(t, build, args)
    expected = t.c.state.in_([quoted("CONFIRMED"), quoted("REDEEMED"), quoted("NO_SHOW")])
    return [expected, *_where(t, build, args)]


def _tickets_of(t: sa.FromClause, ticket: sa.FromClause, _build: Build) -> Condition:
    booking = BOOKINGS.alias()
    return exists(booking, where=[booking.c.id == ticket.c.booking_id, booking.c.account_id == t.c.id])


def _tickets_where(t: sa.FromClause, _build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    return [among(t.c.state, where.get("states"))] if "states" in where else []


_BY_START = {"START": moment_order("s", "starts_at")}

BOOKING_QUERIES: dict[str, Field] = {
    "booking": ById(lambda: BOOKING, check=lambda text: require_id(text, "bkg")),
    "bookings": Listed(lambda: BOOKING, _BY_START, "START", where=_where),
}
ACCOUNT_FIELDS["bookings"] = Listed(
    lambda: BOOKING,
    _BY_START,
    "START",
    on=lambda t, booking, _build: booking.c.account_id == t.c.id,
    where=_where,
)
ACCOUNT_FIELDS["tickets"] = Listed(
    lambda: TICKET,
    {"NEWEST": text_order("n", "id", is_descending=True)},
    "NEWEST",
    on=_tickets_of,
    where=_tickets_where,
)
SESSION_FIELDS["roster"] = Listed(
    lambda: BOOKING,
    _BY_START,
    "START",
    on=lambda t, booking, _build: booking.c.session_id == t.c.id,
    where=_on_roster,
)
BOOKING_TARGETS: dict[str, Projection] = {"bkg": BOOKING, "tkt": TICKET}
