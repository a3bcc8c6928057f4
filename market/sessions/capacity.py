"""Use case: change how many people fit in a session."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from market.kernel import audit
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.ids import require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.sessions.access import managed_session
from market.sessions.errors import CapacityBelowTaken
from market.sessions.events import record_event
from market.sessions.holds.lapse import take_back
from market.sessions.keep import keep_next
from market.sessions.make import check_capacity
from market.sessions.rules import SessionEventKind, SessionState, illegal_move
from market.sessions.tables import TourSession
from market.sessions.tables.core import SESSION

_CHANGE = (
    sa.update(SESSION)
    .where(
        SESSION.c.id == sa.bindparam("session_id"),
        SESSION.c.state != SessionState.CANCELLED,
        SESSION.c.taken <= sa.bindparam("wanted", type_=sa.Integer),
    )
    .values(capacity=sa.bindparam("wanted", type_=sa.Integer))
)
_NOW = sa.select(SESSION.c.state, SESSION.c.taken).where(SESSION.c.id == sa.bindparam("session_id"))


@dataclass(frozen=True, slots=True)
class CapacityChange:
    """What a session's capacity shall be."""

    session_id: str
    capacity: int


def change_capacity(market: Market, actor: Actor, change: CapacityChange, *, idempotency_key: str) -> str:
    """Change how many people fit in a session; its id.

    Refuses: NotSignedIn, Forbidden; InvalidId; NotFound; Invalid for a capacity that is not 1 to 10,000;
    CapacityBelowTaken when more is held or confirmed, ended holds not counted; IllegalTransition for a cancelled session.
    Once: the same key gives the first answer. Guards: one update where no more is taken.
    """
    reach(actor, Permission.SESSION_MANAGE)
    require_id(change.session_id, "ses", field="session")
    check_capacity(change.capacity)
    now = market.now()
    asked = IdempotencyKey.of(
        actor=actor.account_id or actor.kind, operation="session.change_capacity", key=idempotency_key, asked=change
    )
    with market.transaction() as session:

        def act() -> str:
            row, producer = managed_session(session, actor, change.session_id, now=now)
            before = row.capacity
            if set_capacity(session, actor, row, change.capacity, now=now):
                audit.record(
                    session,
                    actor,
                    action="session.change_capacity",
                    subject=row.id,
                    principal=producer.id,
                    before={"capacity": before},
                    after={"capacity": change.capacity},
                    now=now,
                )
            return change.session_id

        return once(session, asked, act, now=now, dump=str, load=str)


def set_capacity(session: Session, actor: Actor, row: TourSession, capacity: int, *, now: datetime) -> bool:
    """Step: change a session's capacity, as `change_capacity` does, and whether it was another one."""
    if row.capacity == capacity:
        return False
    if capacity < row.taken and row.lapses_at is not None and row.lapses_at <= now:
        keep_next(session, take_back(session, [row.id], now) - {row.package_id}, now)
    values = {"session_id": row.id, "wanted": capacity}
    if session.execute(_CHANGE, values).rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        found = session.execute(_NOW, values).one()
        if found.state == SessionState.CANCELLED:
            raise illegal_move(SessionState.CANCELLED, SessionState.OPEN)
        raise CapacityBelowTaken(taken=found.taken, wanted=capacity)
    record_event(
        session, actor, [row.id], SessionEventKind.CAPACITY_CHANGED, now=now, before=row.capacity, after=capacity
    )
    keep_next(session, [row.package_id], now)
    return True
