"""How pools are changed: each mutation is one use case."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from market.sessions.pools.draws import DrawDraft, OptionDraws, draw_from_pools
from market.sessions.pools.manage import (
    MINUTES_A_DAY,
    PoolCapacity,
    PoolDraft,
    change_pool_capacity,
    create_pool,
)
from schema.enums import DrawPer, PoolKind, PoolPeriod
from schema.mutations import IdempotencyKey, Info, changed, mutation
from schema.permissions import ruled
from schema.sessions.inputs import CapacityBelowTaken
from schema.sessions.pools import POOL, SeatPool

RULE = Permission.SESSION_MANAGE


@strawberry.input(description="A pool to set up.")
class CreatePoolInput:
    organisation_id: strawberry.ID = strawberry.field(description="Whose it is: a producer or a cooperative.")
    kind: PoolKind = strawberry.field(description="What is shared.")
    name: str = strawberry.field(description="Its name, 1 to 80 characters, one of a kind in the organisation.")
    period: PoolPeriod = strawberry.field(description="What its capacity is counted for.")
    capacity: int = strawberry.field(description="Units in each slot, 0 to 100,000.")
    slot_minutes: int | None = strawberry.field(
        default=UNSET, description="Of a TIME pool: 30, 60, 120, 180, 240, 360, 480 or 720. Left out for the others."
    )


@strawberry.input(description="How much there is of a pool.")
class ChangePoolCapacityInput:
    pool_id: strawberry.ID = strawberry.field(description="The pool.")
    capacity: int = strawberry.field(description="Units in each slot, 0 to 100,000.")
    start: date | None = strawberry.field(
        name="from", default=UNSET, description="Only from this day, Shanghai's; without it, from today on."
    )
    end: date | None = strawberry.field(
        name="to", default=UNSET, description="To this day, included; with `from`, at most 31 days."
    )


@strawberry.input(description="So many units of a pool, for each person or each booking.")
class PoolDrawInput:
    pool_id: strawberry.ID = strawberry.field(description="The pool.")
    units: int = strawberry.field(description="So many units, 1 to 1,000.")
    per: DrawPer = strawberry.field(description="For each of these.")


CreatePool = Annotated[CreatePoolInput, strawberry.argument(name="input", description="The pool.")]
ChangePoolCapacity = Annotated[ChangePoolCapacityInput, strawberry.argument(name="input", description="How much.")]


@strawberry.type(description="The pool was set up or changed.")
@ruled(RULE)
class PoolPayload:
    pool_id: strawberry.Private[str]
    pool: SeatPool | None = changed("The pool now.", SeatPool | None, lambda: POOL, lambda payload: payload.pool_id)


@strawberry.type(description="The option's sessions draw on these pools from now on.")
@ruled(RULE)
class DrawFromPoolsPayload:
    changed_count: int = strawberry.field(description="Sessions to come that draw so now: nobody had a seat in them.")
    left: list[strawberry.ID] = strawberry.field(
        description="Sessions that go on drawing as they did: somebody has seats in them."
    )


@strawberry.type(description="Changes of pools.")
class PoolMutations:
    @mutation("Set up a pool that an organisation's sessions can share.", rule=RULE)
    async def create_pool(self, info: Info, given: CreatePool, idempotency_key: IdempotencyKey) -> PoolPayload:
        draft = PoolDraft(
            str(given.organisation_id),
            given.kind,
            given.name,
            given.period,
            given.capacity,
            given.slot_minutes or MINUTES_A_DAY,
        )
        return PoolPayload(pool_id=await info.context.act(create_pool, draft, idempotency_key=idempotency_key))

    @mutation(
        "Change how much there is of a pool, from today on or on some days only; never below what is held and confirmed.",
        rule=RULE,
        errors=(CapacityBelowTaken,),
    )
    async def change_pool_capacity(
        self, info: Info, given: ChangePoolCapacity, idempotency_key: IdempotencyKey
    ) -> PoolPayload:
        change = PoolCapacity(str(given.pool_id), given.capacity, given.start or None, given.end or None)
        return PoolPayload(
            pool_id=await info.context.act(change_pool_capacity, change, idempotency_key=idempotency_key)
        )

    @mutation(
        "Say all that an option's sessions draw from pools. For sessions made from now on, and those to come in which "
        "nobody has a seat; the others are named.",
        rule=RULE,
    )
    async def draw_from_pools(
        self,
        info: Info,
        option_id: Annotated[strawberry.ID, strawberry.argument(description="The option.")],
        draws: Annotated[list[PoolDrawInput], strawberry.argument(description="At most 5, each of another pool.")],
        idempotency_key: IdempotencyKey,
    ) -> DrawFromPoolsPayload:
        wanted = OptionDraws(
            str(option_id), tuple(DrawDraft(str(each.pool_id), each.units, each.per) for each in draws)
        )
        done = await info.context.act(draw_from_pools, wanted, idempotency_key=idempotency_key)
        return DrawFromPoolsPayload(changed_count=done.changed, left=[strawberry.ID(each) for each in done.left])
