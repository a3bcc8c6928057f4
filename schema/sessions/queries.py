"""What operators read: their sessions in any state, series and pools."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.kernel.errors import Invalid
from market.kernel.ids import prefix_of, require_id
from schema.catalogue.listing import LISTINGS
from schema.enums import SeriesState, SessionState
from schema.filters import within_region
from schema.pagination import Connection, listed, single
from schema.projection import Args, Build, ById, Projection, among
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Field
from schema.sessions.pools import POOL, POOL_ORDERS, SeatPool
from schema.sessions.scope import SEEN, mine, on_sale_or_mine
from schema.sessions.series import SERIES, SERIES_ORDERS, SessionSeries
from schema.sessions.session import SESSION, SESSION_ORDERS, TourSession, on_days

ONE_SESSION: Projection = replace(SESSION, visible=on_sale_or_mine)
"""A session as it is read by its own id."""
_MANAGED: Projection = replace(SESSION, visible=mine)

Id = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]


@strawberry.input(
    description="Which sessions to manage: of an organisation, package, option, series or region at least."
)
class ManagedSessionWhere:
    start: date | None = strawberry.field(
        name="from", default=UNSET, description="From this day, Shanghai's; without it, those that have not started."
    )
    end: date | None = strawberry.field(name="to", default=UNSET, description="To this day, included.")
    organisation: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Of this producer, or sold by this cooperative."
    )
    tour_package: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this package.")
    option: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this option.")
    series: strawberry.ID | None = strawberry.field(default=UNSET, description="Made by this series.")
    region: str | None = strawberry.field(
        default=UNSET, description="In this region's subtree, a 12-digit statistical code."
    )
    states: list[SessionState] | None = strawberry.field(default=UNSET, description="In any of these states.")
    is_taken: bool | None = strawberry.field(
        default=UNSET, description="In which somebody has a seat, held or confirmed; or nobody."
    )


@strawberry.input(description="Which series.")
class SessionSeriesWhere:
    tour_package: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this package.")
    option: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this option.")
    states: list[SeriesState] | None = strawberry.field(default=UNSET, description="In any of these states.")


@strawberry.input(description="Which pools.")
class SeatPoolWhere:
    organisation: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this organisation.")


@strawberry.type(description="Reads of sessions, series and pools for those who manage them.")
class SessionQueries:
    managed_sessions: Connection[TourSession] = listed(
        "The sessions that the caller may see as their operator, in any state and of packages in any state, in order of "
        "time.",
        Connection[TourSession],
        where=ManagedSessionWhere,
        rule=SEEN,
    )
    session_series: SessionSeries | None = single("A series by its id.", SessionSeries | None, id=Id)
    managed_series: Connection[SessionSeries] = listed(
        "The series that the caller may see, newest first.", Connection[SessionSeries], where=SessionSeriesWhere
    )
    seat_pool: SeatPool | None = single("A pool by its id.", SeatPool | None, id=Id)
    managed_pools: Connection[SeatPool] = listed(
        "The pools that the caller may see, by name.", Connection[SeatPool], where=SeatPoolWhere
    )


# -- where they come from ----------------------------------------------------------------------------------------------


WHOSE = ("organisation", "tourPackage", "option", "series", "region")
"""One of these must be said: without it every session there is would have to be looked at."""


def _sessions_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    build.plan_each_time()
    conditions = [*on_days(t, build, where), *_same(t, build, where, tourPackage="package_id", option="option_id")]
    conditions += _same(t, build, where, series="series_id")
    organisation, region = where.slot("organisation"), where.slot("region")
    if not any(where.slot(name) for name in WHOSE):
        raise Invalid(
            field="where",
            allowed="say whose: an organisation, tourPackage, option, series or region",
            allowed_zh="请指定组织、套餐、方案、系列或地区之一",
        )
    if organisation is not None:
        prefix = build.structure(organisation, lambda text: prefix_of(text, field="where.organisation"))
        listing = LISTINGS.alias()
        seller = listing.c.cooperative_id if prefix == "cop" else listing.c.producer_id
        conditions.append(t.c.package_id.in_(sa.select(listing.c.id).where(seller == build.bind(organisation))))
    if region is not None:
        listing = LISTINGS.alias()
        conditions.append(
            t.c.package_id.in_(sa.select(listing.c.id).where(within_region(listing.c.region_code, region, build)))
        )
    if "states" in where:
        conditions.append(among(t.c.state, where.get("states") or []))
    if where.get("isTaken") is not None:
        conditions.append(t.c.taken > 0 if where.get("isTaken") else t.c.taken == 0)
    return conditions


def _series_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions = _same(t, build, where, tourPackage="package_id", option="option_id")
    if "states" in where:
        conditions.append(among(t.c.state, where.get("states") or []))
    return conditions


def _pools_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    return _same(t, build, args.nested("where"), organisation="organisation_id")


def _same(t: sa.FromClause, build: Build, where: Args, **columns: str) -> list[Condition]:
    """Where a column is what the filter's part of this name says."""
    slots = {name: where.slot(name) for name in columns}
    return [t.c[columns[name]] == build.bind(slot) for name, slot in slots.items() if slot is not None]


def _by_id(target: Any, prefix: str) -> ById:
    return ById(target, check=lambda text: require_id(text, prefix))


SESSION_QUERIES: dict[str, Field] = {
    "managedSessions": Listed(lambda: _MANAGED, SESSION_ORDERS, "START", where=_sessions_where),
    "sessionSeries": _by_id(lambda: SERIES, "sre"),
    "managedSeries": Listed(lambda: SERIES, SERIES_ORDERS, "NEWEST", where=_series_where),
    "seatPool": _by_id(lambda: POOL, "pol"),
    "managedPools": Listed(lambda: POOL, POOL_ORDERS, "NAME", where=_pools_where),
}
