"""Sessions of tour packages, and the availability calendar."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.sessions.rules import CalendarDay, status_of
from market.sessions.tables import TourSession as SessionTable
from schema.enums import AvailabilityStatus, SessionState
from schema.filters import moment_order
from schema.node import Node
from schema.pagination import field
from schema.permissions import PUBLIC, ruled
from schema.projection import (
    Args,
    Build,
    Column,
    Computed,
    Given,
    Order,
    Projection,
    column,
    quoted,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression

if TYPE_CHECKING:
    from schema.catalogue.options import PackageOption
    from schema.catalogue.tours import TourPackage


@strawberry.type(description="One start time of a tour package.")
@ruled(PUBLIC)
class TourSession(Node):
    starts_at: datetime = field("When it starts.")
    ends_at: datetime = field("When it ends.")
    local_date: date = field("The day in Shanghai.")
    cutoff_at: datetime = field("No booking is confirmed after this.")
    state: SessionState = field("What its operator says.")
    status: AvailabilityStatus = field("Whether it can be booked now, to the minute.")
    capacity: int = field("How many people fit.")
    vacancies: int = field("How many are left.")
    option: Annotated["PackageOption", strawberry.lazy("schema.catalogue.options")] = field(
        "The option that takes place."
    )
    tour_package: Annotated["TourPackage", strawberry.lazy("schema.catalogue.tours")] = field("Its package.")


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


def vacancies(t: sa.FromClause) -> Expression:
    """What is left of a session."""
    return t.c.capacity - t.c.taken


def to_come(t: sa.FromClause, build: Build) -> Condition:
    """Whether a session has not started."""
    return t.c.starts_at > build.now()


def _where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    first, last = where.slot("from"), where.slot("to")
    least, option = where.slot("vacancies"), where.slot("option")
    conditions: list[Condition] = []
    if first is None:
        conditions.append(to_come(t, build))
    else:
        conditions.append(t.c.local_date >= build.bind(first, type_=sa.Date()))
    if last is not None:
        conditions.append(t.c.local_date <= build.bind(last, type_=sa.Date()))
    if option is not None:
        conditions.append(t.c.option_id == build.bind(option))
    if least is not None:
        conditions.append(t.c.state == quoted("OPEN"))
        conditions.append(vacancies(t) >= build.bind(least, type_=sa.Integer()))
    return conditions


def _status(state: str, capacity: int, left: int, cutoff_at: str, *, now: str) -> str:
    return status_of(state, capacity=capacity, vacancies=left, is_past_cutoff=cutoff_at <= now).value


def _status_of(t: sa.FromClause, build: Build, _args: Args) -> list[Expression]:
    return [t.c.state, t.c.capacity, vacancies(t), build.engine.json_moment(t.c.cutoff_at)]


def utc_text(moment: datetime) -> str:
    """A moment as answers show it; such texts compare in time order."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


SESSION_FIELDS: dict[str, Any] = {
    "id": column("id"),
    "startsAt": column("starts_at"),
    "endsAt": column("ends_at"),
    "localDate": column("local_date"),
    "cutoffAt": column("cutoff_at"),
    "state": column("state"),
    "status": Computed(_status, _status_of, lambda _build, _args: {"now": Given(is_now=True, via=utc_text)}),
    "capacity": column("capacity"),
    "vacancies": Column(lambda t, _build, _args: vacancies(t)),
}
"""`option` and `tourPackage` are added where those are declared."""

SESSION = Projection("TourSession", SESSIONS, topic="sessions", fields=SESSION_FIELDS)
SESSION_ORDERS: dict[str, Order] = {"START": moment_order("s", "starts_at")}


def session_list() -> Listed:
    """The sessions of a package, in order of time."""
    return Listed(
        lambda: SESSION,
        SESSION_ORDERS,
        "START",
        on=lambda t, session, _build: session.c.package_id == t.c.id,
        where=_where,
        is_owned=True,
    )
