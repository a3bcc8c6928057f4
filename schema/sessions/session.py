"""Sessions of tour packages, and the availability calendar."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from market.sessions import vacancies as counted
from market.sessions.rules import CalendarDay, status_of
from market.sessions.tables import SessionEvent as EventTable
from market.sessions.tables import SessionSlot as LinkTable
from market.sessions.tables import TourSession as SessionTable
from schema.enums import AvailabilityStatus, CloseReason, DrawPer, SessionEventKind, SessionState
from schema.filters import moment_order, number_order, text_order
from schema.node import Node
from schema.pagination import Connection, field, lazy, listed
from schema.permissions import PUBLIC, ruled
from schema.projection import (
    Args,
    Build,
    Column,
    Computed,
    Given,
    Order,
    Projection,
    ToOne,
    column,
    looked_up,
    quoted,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression
from schema.sessions.pools import POOL_SLOT, PoolSlot
from schema.sessions.scope import SEEN, mine, of_package

if TYPE_CHECKING:
    from schema.catalogue.options import PackageOption
    from schema.catalogue.tours import TourPackage
    from schema.sessions.series import SessionSeries


@strawberry.type(description="Who has seats in a session, in people.")
@ruled(SEEN)
class SessionSeats:
    confirmed: int = field("Theirs for good.")
    held: int = field("Held for a while, until the buyer pays or the hold ends. A hold that has ended counts no more.")
    pool_vacancies: int | None = field("How many people its pools still take, as kept; null when they set no limit.")


@strawberry.type(description="One thing that happened to a session. Never changed.")
@ruled(SEEN)
class SessionEvent:
    kind: SessionEventKind = field("What.")
    at: datetime = field("When.")
    actor: str = field("The account that did it, or SYSTEM.")
    reason: CloseReason | None = field("Why it was closed or cancelled, or why it had been.")
    before: int | None = field("The capacity before a change of it.")
    after: int | None = field("The capacity after a change of it.")


@strawberry.type(description="What a session takes from one slot of a pool.")
@ruled(SEEN)
class SessionDraw:
    slot: PoolSlot | None = field("The slot; null when its pool is not the viewer's to see.")
    units: int = field("So many units.")
    per: DrawPer = field("For each of these.")


@strawberry.type(description="One start time of a tour package.")
@ruled(PUBLIC)
class TourSession(Node):
    starts_at: datetime = field("When it starts.")
    ends_at: datetime = field("When it ends.")
    local_date: date = field("The day in Shanghai.")
    cutoff_at: datetime = field("No booking is confirmed after this.")
    state: SessionState = field("What its operator says.")
    closed_for: CloseReason | None = field("Why it was closed or cancelled; null while it is open.")
    status: AvailabilityStatus = field("Whether it can be booked now, to the minute.")
    capacity: int = field("How many people fit.")
    vacancies: int = field(
        "How many are left, to the minute: of its own, or of what it shares with other sessions (a bus, rooms, "
        "instructors) when that is less. What a hold that has ended gives back to the latter shows within a minute."
    )
    option: Annotated["PackageOption", strawberry.lazy("schema.catalogue.options")] = field(
        "The option that takes place."
    )
    tour_package: Annotated["TourPackage", strawberry.lazy("schema.catalogue.tours")] = field("Its package.")
    seats: SessionSeats | None = field("Who has seats in it; null for another's session.", rule=SEEN)
    series: Annotated["SessionSeries", strawberry.lazy("schema.sessions.series")] | None = field(
        "The series that made it; null for none, and for another's session.", rule=SEEN
    )
    draws: Connection[SessionDraw] = listed(
        "What it takes from pools; nothing for another's session.", Connection[SessionDraw], rule=SEEN
    )
    events: Connection[SessionEvent] = listed(
        "What happened to it, newest first; nothing for another's session.", Connection[SessionEvent], rule=SEEN
    )
    roster = listed(
        "Who comes, for the seller's people: paid bookings, unless other states are asked for. Others see their own.",
        Connection[lazy("bookings.types", "Booking")],  # type: ignore[misc]  # a type only at run time
        where=lazy("bookings.types", "BookingWhere"),
        rule=Permission.ORDER_READ,
    )


@strawberry.input(description="Which sessions of a package.")
class SessionWhere:
    start: date | None = strawberry.field(
        name="from", default=UNSET, description="From this day, Shanghai's; without it, those that have not started."
    )
    end: date | None = strawberry.field(name="to", default=UNSET, description="To this day, included.")
    vacancies: int | None = strawberry.field(default=UNSET, description="Open, with at least so many vacancies.")
    option: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this option.")


@strawberry.type(description="What a package offers on a day.")
@ruled(PUBLIC)
class AvailabilityDay:
    day: date = strawberry.field(name="date", description="The day, Shanghai's.")
    status: AvailabilityStatus = strawberry.field(
        description="Whether the whole party can be booked into one session; SOLD_OUT when none has room for it."
    )
    vacancies: int = strawberry.field(description="What is left in all bookable sessions.")
    capacity: int = strawberry.field(description="How many fit in them.")
    session_ids: list[strawberry.ID] = strawberry.field(description="The sessions with room for the whole party.")

    @classmethod
    def of(cls, day: CalendarDay) -> "AvailabilityDay":
        """From the calendar's own."""
        return cls(
            day=day.date,
            status=day.status,
            vacancies=day.vacancies,
            capacity=day.capacity,
            session_ids=[strawberry.ID(each) for each in day.session_ids],
        )


# -- where they come from ----------------------------------------------------------------------------------------------

SESSIONS = table_of(SessionTable)


def vacancies(t: sa.FromClause, build: Build) -> Expression:
    """What is left of a session this minute."""
    return counted.vacancies_shown(t, build.now())


def has_room(t: sa.FromClause, build: Build, least: Expression) -> list[Condition]:
    """Whether a session is open and has at least so many vacancies this minute."""
    return [t.c.state == quoted("OPEN"), vacancies(t, build) >= least]


def to_come(t: sa.FromClause, build: Build) -> Condition:
    """Whether a session has not started."""
    return t.c.starts_at > build.now()


def on_days(t: sa.FromClause, build: Build, where: Args) -> list[Condition]:
    """The days of a filter (`from`, `to`); without a first, the sessions that have not started."""
    first, last = where.slot("from"), where.slot("to")
    conditions = [to_come(t, build) if first is None else t.c.local_date >= build.bind(first, type_=sa.Date())]
    if last is not None:
        conditions.append(t.c.local_date <= build.bind(last, type_=sa.Date()))
    return conditions


def session_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    """SessionWhere."""
    where = args.nested("where")
    least, option = where.slot("vacancies"), where.slot("option")
    conditions = on_days(t, build, where)
    if option is not None:
        conditions.append(t.c.option_id == build.bind(option))
    if least is not None:
        conditions += has_room(t, build, build.bind(least, type_=sa.Integer()))
    return conditions


def _status(state: str, capacity: int, left: int, cutoff_at: str, *, now: str) -> str:
    return status_of(state, capacity=capacity, vacancies=left, is_past_cutoff=cutoff_at <= now).value


def _status_of(t: sa.FromClause, build: Build, _args: Args) -> list[Expression]:
    return [t.c.state, t.c.capacity, vacancies(t, build), build.engine.json_moment(t.c.cutoff_at)]


def utc_text(moment: datetime) -> str:
    """A moment as answers show it; such texts compare in time order."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _of_session(t: sa.FromClause, build: Build) -> list[Condition]:
    session = SESSIONS.alias()
    return [of_package(looked_up(session.c.package_id, session, where=[session.c.id == t.c.session_id]), build)]


_SEATS = Projection(
    "SessionSeats",
    SESSIONS,
    topic="sessions",
    visible=mine,
    fields={
        "confirmed": Column(lambda t, _build, _args: counted.confirmed_seats(t)),
        "held": Column(lambda t, build, _args: counted.held_seats(t, build.now())),
        "poolVacancies": column("pool_vacancies"),
    },
)
_EVENT = Projection(
    "SessionEvent",
    table_of(EventTable),
    topic="sessions",
    visible=_of_session,
    fields={name: column(name) for name in ("kind", "at", "actor", "reason", "before", "after")},
)
_DRAW = Projection(
    "SessionDraw",
    table_of(LinkTable),
    topic="sessions",
    visible=_of_session,
    fields={
        "slot": ToOne(lambda: POOL_SLOT, lambda t, slot: slot.c.id == t.c.slot_id),
        "units": column("units"),
        "per": column("per"),
    },
)
SESSION_FIELDS: dict[str, Any] = {
    "id": column("id"),
    "startsAt": column("starts_at"),
    "endsAt": column("ends_at"),
    "localDate": column("local_date"),
    "cutoffAt": column("cutoff_at"),
    "state": column("state"),
    "closedFor": column("closed_for"),
    "status": Computed(_status, _status_of, lambda _build, _args: {"now": Given(is_now=True, via=utc_text)}),
    "capacity": column("capacity"),
    "vacancies": Column(lambda t, build, _args: vacancies(t, build)),
    "seats": ToOne(lambda: _SEATS, lambda t, seats: seats.c.id == t.c.id),
    "draws": Listed(
        lambda: _DRAW,
        {"SLOT": number_order("i", "slot_id", tie="slot_id")},
        "SLOT",
        on=lambda t, draw, _build: draw.c.session_id == t.c.id,
    ),
    "events": Listed(
        lambda: _EVENT,
        {"NEWEST": text_order("n", "id", is_descending=True)},
        "NEWEST",
        on=lambda t, event, _build: event.c.session_id == t.c.id,
    ),
}
"""`option` and `tourPackage` are added where those are declared, `series` too."""

SESSION = Projection("TourSession", SESSIONS, topic="sessions", fields=SESSION_FIELDS)
SESSION_ORDERS: dict[str, Order] = {"START": moment_order("s", "starts_at")}


def session_list() -> Listed:
    """The sessions of a package, in order of time."""
    return Listed(
        lambda: SESSION,
        SESSION_ORDERS,
        "START",
        on=lambda t, session, _build: session.c.package_id == t.c.id,
        where=session_where,
        is_owned=True,
    )
