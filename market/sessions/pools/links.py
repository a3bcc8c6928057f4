"""Steps: which slots sessions draw on, as their option's draws say."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session

from market.sessions.holds.statements import KEEP
from market.sessions.rules import DrawPer, PoolPeriod, slots_of
from market.sessions.tables.core import DRAW, LINK, POOL, SESSION, SLOT

# A pool's row is locked while slots of it are made, so that they have the capacity it has at the commit.
_DRAWS = (
    sa.select(
        POOL.c.id,
        POOL.c.period,
        POOL.c.slot_minutes,
        POOL.c.capacity,
        DRAW.c.option_id,
        DRAW.c.units,
        DRAW.c.per,
    )
    .join(DRAW, DRAW.c.pool_id == POOL.c.id)
    .where(DRAW.c.option_id.in_(sa.bindparam("options", expanding=True)))
    .order_by(POOL.c.id)
    .with_for_update(of=POOL, key_share=True)
)
_IDS: sa.BindParameter[str] = sa.bindparam("ids", expanding=True)
_TIMES = sa.select(SESSION.c.id, SESSION.c.starts_at, SESSION.c.ends_at).where(SESSION.c.id.in_(_IDS))
_ADD_SLOTS = insert(SLOT).on_conflict_do_nothing(index_elements=[SLOT.c.pool_id, SLOT.c.starts_at])
_FIND_SLOTS = sa.select(SLOT.c.id, SLOT.c.pool_id, SLOT.c.starts_at).where(
    sa.tuple_(SLOT.c.pool_id, SLOT.c.starts_at).in_(sa.bindparam("keys", expanding=True))
)
# NO KEY: a session that begins to draw on the slot points at it and need not wait.
LOCK_SLOTS = sa.select(SLOT).where(SLOT.c.id.in_(_IDS)).order_by(SLOT.c.id).with_for_update(key_share=True)
_ADD_LINKS = sa.insert(LINK)
_CHUNK = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Link:
    """That a session draws on a slot."""

    session_id: str
    slot_id: int
    units: int
    per: DrawPer


def link_to_pools(session: Session, made: Mapping[str, Sequence[str]]) -> None:
    """Step: let these sessions (by option), which are new, draw on the slots that their times touch. Once in a
    transaction, for all of them.

    Refuses with Invalid a session that touches more than 64 slots of a pool.
    Guards: pools, then slots are locked, each in id order, before the sessions' vacancies are counted, so that whoever
    takes units meanwhile either is counted or sees these sessions.
    """
    links = links_of(session, made)
    if links:
        lock_slots(session, {link.slot_id for link in links})
        add_links(session, links)
        keep(session, sorted({link.session_id for link in links}))


def links_of(session: Session, made: Mapping[str, Sequence[str]]) -> list[Link]:
    """Step: what these sessions (by option) draw on as their options' draws are now. Locks those pools; makes slots that
    are missing."""
    draws = session.execute(_DRAWS, {"options": sorted(made)}).all() if made else []
    options = {draw.option_id for draw in draws}
    times = {
        option_id: [row for chunk in chunks(made[option_id]) for row in session.execute(_TIMES, {"ids": chunk})]
        for option_id in options
    }
    touched = [
        (draw, row.id, moment)
        for draw in draws
        for row in times[draw.option_id]
        for moment in slots_of(PoolPeriod(draw.period), draw.slot_minutes, starts_at=row.starts_at, ends_at=row.ends_at)
    ]
    if not touched:
        return []
    slots = slots_at(session, {(draw.id, moment): draw.capacity for draw, _session_id, moment in touched})
    return [
        Link(session_id, slots[draw.id, moment], draw.units, DrawPer(draw.per)) for draw, session_id, moment in touched
    ]


def add_links(session: Session, links: Sequence[Link]) -> None:
    """Step: let sessions draw on slots. `keep` then says what that leaves them."""
    if links:
        session.execute(_ADD_LINKS, [asdict(link) for link in links])


def slots_at(session: Session, capacities: dict[tuple[str, datetime], int]) -> dict[tuple[str, datetime], int]:
    """Step: the ids of these slots (pool and beginning), made with this capacity where they are missing. The caller has
    locked the pools."""
    keys = sorted(capacities)
    new = [
        {"pool_id": pool_id, "starts_at": moment, "capacity": capacities[pool_id, moment], "taken": 0}
        | {"is_own_capacity": False}
        for pool_id, moment in keys
    ]
    session.execute(_ADD_SLOTS, new)
    return {
        (row.pool_id, row.starts_at): row.id
        for chunk in chunks(keys)
        for row in session.execute(_FIND_SLOTS, {"keys": chunk})
    }


def lock_slots(session: Session, slot_ids: Collection[int]) -> list[Any]:
    """Step: these slots, locked in id order."""
    return [row for chunk in chunks(sorted(slot_ids)) for row in session.execute(LOCK_SLOTS, {"ids": chunk})]


def keep(session: Session, session_ids: Sequence[str]) -> None:
    """Step: the kept columns of these sessions, which the caller has locked, from what they come from."""
    for chunk in chunks(session_ids):
        KEEP.run(session, {"ids": chunk})


def chunks(items: Sequence[T]) -> list[list[T]]:
    """The items, at most so many at a time as a statement may bind."""
    return [list(items[start : start + _CHUNK]) for start in range(0, len(items), _CHUNK)]
