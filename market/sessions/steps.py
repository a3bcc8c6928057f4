"""Steps for whoever schedules one session after another, such as imports."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, select

from market.kernel.errors import Invalid
from market.kernel.ids import require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.sessions.access import managed_option
from market.sessions.capacity import set_capacity
from market.sessions.keep import keep_next
from market.sessions.make import add_sessions, check_capacity
from market.sessions.pools.links import link_to_pools
from market.sessions.rules import SessionState, illegal_move
from market.sessions.tables import TourSession


class SaveOutcome(StrEnum):
    """What saving a session came to."""

    CREATED = "CREATED"
    CHANGED = "CHANGED"
    UNCHANGED = "UNCHANGED"


@dataclass(frozen=True, slots=True)
class SavedSession:
    """A session that was saved, its producer (the principal for the audit trail), and what that came to."""

    session_id: str
    producer_id: str
    outcome: SaveOutcome


def save_session(
    session: Session, market: Market, actor: Actor, *, option_id: str, starts_at: datetime, capacity: int, now: datetime
) -> SavedSession:
    """Step: let an option have a session at this moment with so much room: make it, or change the capacity of the one
    there. A closed one stays closed.

    Refuses: NotSignedIn, Forbidden; InvalidId; NotFound; OptionRetired; NotSelling; Invalid for a capacity that is not 1
    to 10,000, or a start that is past or not on the minute; CapacityBelowTaken; IllegalTransition when that session was
    cancelled.
    Once: an option has one session at a time, so saving the same again changes nothing.
    Audit: left to the caller, which records its whole import.
    """
    require_id(option_id, "opt", field="option")
    managed = managed_option(session, actor, option_id, now=now)
    check_capacity(capacity)
    if starts_at <= now or starts_at.second or starts_at.microsecond:
        raise Invalid(
            field="startsAt",
            allowed="a session starts in the future, on the minute",
            allowed_zh="开始时间须在当前时间之后，且为整分钟",
        )
    made = add_sessions(session, market, managed.package, option_id, [starts_at], capacity=capacity)
    if made:
        link_to_pools(session, {option_id: made})
        keep_next(session, [managed.package.id], now)
        return SavedSession(made[0], managed.producer.id, SaveOutcome.CREATED)
    row = session.exec(
        select(TourSession)
        .where(TourSession.option_id == option_id, TourSession.starts_at == starts_at)
        .execution_options(populate_existing=True)
    ).one()
    if row.state is SessionState.CANCELLED:
        raise illegal_move(SessionState.CANCELLED, SessionState.OPEN)
    is_changed = set_capacity(session, actor, row, capacity, now=now)
    return SavedSession(row.id, managed.producer.id, SaveOutcome.CHANGED if is_changed else SaveOutcome.UNCHANGED)
