"""Pools that sessions share: their slots, and what options draw from them."""

from datetime import date, datetime

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.kernel.clock import day_bounds
from market.sessions.tables import PoolDraw as DrawTable
from market.sessions.tables import PoolSlot as SlotTable
from market.sessions.tables import SeatPool as PoolTable
from market.sessions.vacancies import free_units
from schema.catalogue.options import OPTION, PackageOption
from schema.enums import DrawPer, PoolKind, PoolPeriod
from schema.filters import moment_order, text_order
from schema.node import Node
from schema.pagination import Connection, field, listed
from schema.permissions import ruled
from schema.projection import Args, Build, Column, Projection, ToOne, column, looked_up, table_of
from schema.projection import Connection as Listed
from schema.projection.declare import Condition
from schema.sessions.scope import SEEN, of_organisation


@strawberry.type(
    description="One day, night or stretch of time of a pool on which a session draws, or has its own capacity."
)
@ruled(SEEN)
class PoolSlot:
    starts_at: datetime = field("When it begins: for days and nights at midnight in Shanghai.")
    capacity: int = field("How many units there are.")
    taken: int = field("Units held or confirmed. A hold that has ended may be in it yet.")
    free: int = field("Units left now. A hold that has ended counts no more.")
    is_own_capacity: bool = field("Whether its capacity was set for it alone, and does not follow the pool's.")
    pool: "SeatPool" = field("Of this pool.")


@strawberry.type(description="What an option's sessions take from a pool.")
@ruled(SEEN)
class PoolDraw:
    option: PackageOption = field("The option.")
    units: int = field("So many units.")
    per: DrawPer = field("For each of these.")


@strawberry.input(description="Which slots of a pool.")
class PoolSlotWhere:
    start: date | None = strawberry.field(name="from", default=UNSET, description="From this day, Shanghai's.")
    end: date | None = strawberry.field(name="to", default=UNSET, description="To this day, included.")


@strawberry.type(
    description="Something of an organisation that its sessions share, so much in each slot: a bus's seats, rooms, "
    "instructors. Sessions that overlap draw on the same slots."
)
@ruled(SEEN)
class SeatPool(Node):
    kind: PoolKind = field("What is shared.")
    name: str = field("Its name, one of a kind in the organisation.")
    organisation_id: strawberry.ID = field("Whose it is.")
    period: PoolPeriod = field("What its capacity is counted for.")
    slot_minutes: int = field("How long a slot is; a day for days and nights.")
    capacity: int = field("Units in each slot that has no capacity of its own.")
    slots: Connection[PoolSlot] = listed("Its slots in order of time.", Connection[PoolSlot], where=PoolSlotWhere)
    draws: Connection[PoolDraw] = listed("The options whose sessions draw on it.", Connection[PoolDraw])


# -- where they come from ----------------------------------------------------------------------------------------------

POOLS, SLOTS = table_of(PoolTable), table_of(SlotTable)


def _visible(t: sa.FromClause, build: Build) -> list[Condition]:
    return [of_organisation(t.c.organisation_id, build)]


def _of_pool(t: sa.FromClause, build: Build) -> list[Condition]:
    pool = POOLS.alias()
    owner = looked_up(pool.c.organisation_id, pool, where=[pool.c.id == t.c.pool_id])
    return [of_organisation(owner, build)]


def _slots_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    first, last = where.slot("from"), where.slot("to")
    conditions: list[Condition] = []
    if first is not None:
        conditions.append(t.c.starts_at >= build.bind(first, lambda day: day_bounds(day)[0], type_=t.c.starts_at.type))
    if last is not None:
        conditions.append(t.c.starts_at < build.bind(last, lambda day: day_bounds(day)[1], type_=t.c.starts_at.type))
    return conditions


POOL_SLOT: Projection = Projection(
    "PoolSlot",
    SLOTS,
    topic="sessions",
    visible=_of_pool,
    fields={
        "startsAt": column("starts_at"),
        "capacity": column("capacity"),
        "taken": column("taken"),
        "free": Column(lambda t, build, _args: free_units(t, build.now())),
        "isOwnCapacity": column("is_own_capacity"),
        "pool": ToOne(lambda: POOL, lambda t, pool: pool.c.id == t.c.pool_id),
    },
)
_OPTION_DRAW = Projection(
    "PoolDraw",
    table_of(DrawTable),
    topic="sessions",
    visible=_of_pool,
    fields={
        "option": ToOne(lambda: OPTION, lambda t, option: option.c.id == t.c.option_id),
        "units": column("units"),
        "per": column("per"),
    },
)
POOL: Projection = Projection(
    "SeatPool",
    POOLS,
    topic="sessions",
    visible=_visible,
    fields={
        "id": column("id"),
        "kind": column("kind"),
        "name": column("name"),
        "organisationId": column("organisation_id"),
        "period": column("period"),
        "slotMinutes": column("slot_minutes"),
        "capacity": column("capacity"),
        "slots": Listed(
            lambda: POOL_SLOT,
            {"START": moment_order("s", "starts_at")},
            "START",
            on=lambda t, slot, _build: slot.c.pool_id == t.c.id,
            where=_slots_where,
        ),
        "draws": Listed(
            lambda: _OPTION_DRAW,
            {"OPTION": text_order("o", "option_id", tie="option_id")},
            "OPTION",
            on=lambda t, draw, _build: draw.c.pool_id == t.c.id,
        ),
    },
)
POOL_ORDERS = {"NAME": text_order("n", "name")}
