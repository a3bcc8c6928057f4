"""Use cases: a pool that sessions share, and how much there is of it, always or on some days."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session

from market.kernel import audit
from market.kernel.clock import day_bounds
from market.kernel.errors import Invalid
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.ids import require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.sessions.errors import CapacityBelowTaken, PoolNameTaken
from market.sessions.holds.changes import keep_shared, lock_sharing
from market.sessions.holds.statements import KEEP_GIVEN
from market.sessions.keep import keep_next
from market.sessions.pools.access import managed_pool, organisation_managed
from market.sessions.pools.links import chunks, lock_slots, slots_at
from market.sessions.rules import PoolKind, PoolPeriod, check_period
from market.sessions.tables import SeatPool
from market.sessions.tables.core import POOL, SLOT

CAPACITY_MAX = 100_000
NAME_MAX = 80
DAYS_MAX = 31
"""Whose capacity is set at once."""
MINUTES_A_DAY = 24 * 60
_ADD = insert(POOL).on_conflict_do_nothing(index_elements=[POOL.c.organisation_id, POOL.c.name]).returning(POOL.c.id)


@dataclass(frozen=True, slots=True)
class PoolDraft:
    """A pool to set up. `slot_minutes` is the length of a TIME pool's slots."""

    organisation_id: str
    kind: PoolKind
    name: str
    period: PoolPeriod
    capacity: int
    slot_minutes: int = MINUTES_A_DAY


@dataclass(frozen=True, slots=True)
class PoolCapacity:
    """How much there is of a pool: from today on, or only in the slots of these days, which then have their own."""

    pool_id: str
    capacity: int
    first_day: date | None = None
    last_day: date | None = None


def create_pool(market: Market, actor: Actor, draft: PoolDraft, *, idempotency_key: str) -> str:
    """Set up a pool that an organisation's sessions can draw on; its id.

    Refuses: NotSignedIn, Forbidden; NotFound for an organisation that is not the actor's to manage; Invalid for a name
    that is empty or over 80 characters, a capacity that is not 0 to 100,000, or slots of another length; PoolNameTaken.
    Once: the same key gives the first answer.
    """
    reach(actor, Permission.SESSION_MANAGE)
    _check(draft)
    now = market.now()
    asked = IdempotencyKey.of(
        actor=actor.account_id or actor.kind, operation="pool.create", key=idempotency_key, asked=draft
    )
    with market.transaction() as session:

        def act() -> str:
            owner = organisation_managed(session, actor, draft.organisation_id, field="organisation", now=now)
            pool_id = market.new_id("pol")
            row = asdict(draft) | {"id": pool_id, "name": draft.name.strip(), "created_at": now}
            if session.execute(_ADD, row).first() is None:
                raise PoolNameTaken(name=row["name"])
            audit.record(
                session,
                actor,
                action="pool.create",
                subject=pool_id,
                principal=owner.id,
                after={"kind": draft.kind, "period": draft.period, "capacity": draft.capacity},
                now=now,
            )
            return pool_id

        return once(session, asked, act, now=now, dump=str, load=str)


def change_pool_capacity(market: Market, actor: Actor, change: PoolCapacity, *, idempotency_key: str) -> str:
    """Change how much there is of a pool, from today on or on some days only; its id. Days with a capacity of their own
    keep it when the pool's changes.

    Refuses: NotSignedIn, Forbidden; InvalidId; NotFound; Invalid for a capacity that is not 0 to 100,000, or days that
    are in the wrong order or more than 31; CapacityBelowTaken when more is held or confirmed in one of the slots.
    Once: the same key gives the first answer. Guards: the pool, its slots, and the sessions that draw on them are locked
    in id order; the CHECK of each slot.
    """
    reach(actor, Permission.SESSION_MANAGE)
    require_id(change.pool_id, "pol", field="pool")
    _check_capacity(change.capacity)
    _check_days(change)
    now = market.now()
    asked = IdempotencyKey.of(
        actor=actor.account_id or actor.kind, operation="pool.capacity", key=idempotency_key, asked=change
    )
    with market.transaction() as session:

        def act() -> str:
            pool, owner = managed_pool(session, actor, change.pool_id, now=now)
            before = pool.capacity
            slots = _slots_to_change(session, pool, change, now)
            _set_capacity(session, slots, change, now)
            audit.record(
                session,
                actor,
                action="pool.change_capacity",
                subject=pool.id,
                principal=owner.id,
                before={"capacity": before},
                after={"capacity": change.capacity, "from": change.first_day, "to": change.last_day},
                now=now,
            )
            return pool.id

        return once(session, asked, act, now=now, dump=str, load=str)


def _slots_to_change(session: Session, pool: SeatPool, change: PoolCapacity, now: datetime) -> list[int]:
    if change.first_day is None or change.last_day is None:
        pool.capacity = change.capacity
        session.flush()
        today = now - timedelta(minutes=pool.slot_minutes)
        query = sa.select(SLOT.c.id).where(SLOT.c.pool_id == pool.id, SLOT.c.starts_at > today, ~SLOT.c.is_own_capacity)
        return list(session.execute(query).scalars())
    moment, end = day_bounds(change.first_day)[0], day_bounds(change.last_day)[1]
    moments = []
    while moment < end:
        moments.append(moment)
        moment += timedelta(minutes=pool.slot_minutes)
    return list(slots_at(session, {(pool.id, moment): pool.capacity for moment in moments}).values())


def _set_capacity(session: Session, slot_ids: list[int], change: PoolCapacity, now: datetime) -> None:
    rows = lock_slots(session, slot_ids)
    taken = max([row.taken for row in rows], default=0)
    if taken > change.capacity:
        raise CapacityBelowTaken(taken=taken, wanted=change.capacity)
    values = {"capacity": change.capacity} | ({"is_own_capacity": True} if change.first_day is not None else {})
    for chunk in chunks(sorted(slot_ids)):
        session.execute(sa.update(SLOT).where(SLOT.c.id.in_(chunk)).values(**values))
    keep_next(session, keep_shared(session, lock_sharing(session, [], slot_ids), KEEP_GIVEN), now)


def _check(draft: PoolDraft) -> None:
    if not 1 <= len(draft.name.strip()) <= NAME_MAX:
        raise Invalid(
            field="name", allowed=f"a name of 1 to {NAME_MAX} characters", allowed_zh=f"名称为 1 到 {NAME_MAX} 个字符"
        )
    _check_capacity(draft.capacity)
    check_period(draft.period, draft.slot_minutes)


def _check_capacity(capacity: int) -> None:
    if not 0 <= capacity <= CAPACITY_MAX:
        raise Invalid(
            field="capacity", allowed=f"a capacity is 0 to {CAPACITY_MAX}", allowed_zh=f"容量为 0 到 {CAPACITY_MAX}"
        )


def _check_days(change: PoolCapacity) -> None:
    first, last = change.first_day, change.last_day
    if first is None and last is None:
        return
    if first is None or last is None or not 0 <= (last - first).days < DAYS_MAX:
        raise Invalid(
            field="lastDay",
            allowed=f"a first and a last day in order, at most {DAYS_MAX} days",
            allowed_zh=f"起止日期须按顺序填写，最多 {DAYS_MAX} 天",
        )
