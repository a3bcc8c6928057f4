"""Series: the rules by which sessions recur."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from market.sessions.tables import SessionSeries as SeriesTable
from schema.catalogue.options import OPTION, PackageOption
from schema.enums import SeriesState
from schema.filters import text_order
from schema.node import Node
from schema.pagination import Connection, field, listed
from schema.permissions import ruled
from schema.projection import Column, Projection, ToOne, column, table_of
from schema.projection import Connection as Listed
from schema.projection.declare import Target
from schema.sessions.scope import SEEN, mine
from schema.sessions.session import (
    SESSION,
    SESSION_FIELDS,
    SESSION_ORDERS,
    SessionWhere,
    TourSession,
    session_where,
)

if TYPE_CHECKING:
    from schema.catalogue.tours import TourPackage


@strawberry.type(description="Sessions of an option on recurring days, at the same times, made 120 days ahead.")
@ruled(SEEN)
class SessionSeries(Node):
    state: SeriesState = field("Whether it still makes sessions.")
    rule: str = field("On which days, as an RFC 5545 recurrence: FREQ=WEEKLY;BYDAY=SA,SU;COUNT=20.")
    first_day: date = field("The day that the rule starts from, Shanghai's.")
    last_day: date = field("Its last day with sessions.")
    valid_to: date | None = field("The end that was asked for beside the rule's own.")
    times: list[str] = field('Start times of day in Shanghai, "09:30".')
    exceptions: list[date] = field("Days left out.")
    extra_days: list[date] = field("Further days.")
    capacity: int = field("How many people fit in each session.")
    made_through: date = field("Its sessions exist up to this day.")
    created_at: datetime = field("When it was made.")
    updated_at: datetime = field("When it was last changed.")
    option: PackageOption = field("Of this option.")
    tour_package: Annotated["TourPackage", strawberry.lazy("schema.catalogue.tours")] = field("Of this package.")
    sessions: Connection[TourSession] = listed(
        "Its sessions in order of time, in any state; those to come unless `where.from` says otherwise.",
        Connection[TourSession],
        where=SessionWhere,
    )


# -- where they come from ----------------------------------------------------------------------------------------------


def _listed(name: str) -> Column:
    """A list kept as JSON."""
    return Column(lambda t, build, _args: build.engine.json_nested(t.c[name]))


def _its_package() -> Target:
    """As a session's: declared where packages are."""
    found: ToOne = SESSION_FIELDS["tourPackage"]
    return found.target()


SERIES: Projection = Projection(
    "SessionSeries",
    table_of(SeriesTable),
    topic="sessions",
    visible=mine,
    fields={
        "id": column("id"),
        "state": column("state"),
        "rule": column("rule"),
        "firstDay": column("first_day"),
        "lastDay": column("last_day"),
        "validTo": column("valid_to"),
        "times": _listed("times"),
        "exceptions": _listed("exceptions"),
        "extraDays": _listed("extra_days"),
        "capacity": column("capacity"),
        "madeThrough": column("made_through"),
        "createdAt": column("created_at"),
        "updatedAt": column("updated_at"),
        "option": ToOne(lambda: OPTION, lambda t, option: option.c.id == t.c.option_id),
        "tourPackage": ToOne(_its_package, lambda t, package: package.c.id == t.c.package_id),
        "sessions": Listed(
            lambda: SESSION,
            SESSION_ORDERS,
            "START",
            on=lambda t, session, _build: session.c.series_id == t.c.id,
            where=session_where,
        ),
    },
)
SERIES_ORDERS = {"NEWEST": text_order("n", "id", is_descending=True)}
SESSION_FIELDS["series"] = ToOne(lambda: SERIES, lambda t, series: series.c.id == t.c.series_id)
