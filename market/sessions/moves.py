"""Use cases: close a session, open it again, cancel one that nobody has a seat in."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from market.kernel import audit
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.ids import require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.steps import require_selling
from market.sessions.access import managed_session, require_offered
from market.sessions.errors import SeatsTaken
from market.sessions.events import record_event
from market.sessions.holds.lapse import take_back
from market.sessions.keep import keep_next
from market.sessions.rules import CloseReason, SessionEventKind, SessionState, check_reason, illegal_move, sources
from market.sessions.tables import TourSession
from market.sessions.tables.core import SESSION

_ID = SESSION.c.id == sa.bindparam("session_id")
_NOW = sa.select(SESSION.c.state, SESSION.c.taken).where(_ID)
EVENT_OF = {
    SessionState.OPEN: SessionEventKind.REOPENED,
    SessionState.CLOSED: SessionEventKind.CLOSED,
    SessionState.CANCELLED: SessionEventKind.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class SessionMove:
    """Where a session shall go, and why."""

    session_id: str
    to_state: SessionState
    reason: CloseReason | None = None


def close_session(market: Market, actor: Actor, session_id: str, *, reason: CloseReason, idempotency_key: str) -> str:
    """Take no more bookings of a session; its id. Seats already held can still be confirmed.

    Refuses: NotSignedIn, Forbidden; InvalidId; NotFound; Invalid for the reason SERIES; IllegalTransition unless it is
    open.
    Once: the same key gives the first answer. Guards: one update of the state it was in.
    """
    return _move(market, actor, SessionMove(session_id, SessionState.CLOSED, reason), idempotency_key=idempotency_key)


def reopen_session(market: Market, actor: Actor, session_id: str, *, idempotency_key: str) -> str:
    """Take bookings of a closed session again; its id.

    Refuses: NotSignedIn, Forbidden; InvalidId; NotFound; IllegalTransition unless it is closed; NotSelling;
    OptionRetired.
    Once: the same key gives the first answer. Guards: one update of the state it was in.
    """
    return _move(market, actor, SessionMove(session_id, SessionState.OPEN), idempotency_key=idempotency_key)


def cancel_session(market: Market, actor: Actor, session_id: str, *, reason: CloseReason, idempotency_key: str) -> str:
    """Say that a session does not take place, for good, while nobody has a seat in it; its id.

    Refuses: NotSignedIn, Forbidden; InvalidId; NotFound; Invalid for the reason SERIES; SeatsTaken when seats are held or confirmed, ended holds not
    counted: that is the operator cancellation, which refunds; IllegalTransition when it is cancelled already.
    Once: the same key gives the first answer. Guards: one update of the state it was in, with nothing taken.
    """
    return _move(
        market, actor, SessionMove(session_id, SessionState.CANCELLED, reason), idempotency_key=idempotency_key
    )


def cancel_step(session: Session, actor: Actor, session_id: str, *, reason: CloseReason, now: datetime) -> bool:
    """Step: say that a session does not take place, whoever has seats in it, and whether that is new. For the operator
    cancellation, which has checked who may and gives the buyers their money back; their seats stay taken until then.

    Guards: one update of the state it was in.
    """
    moved = session.execute(
        sa.update(SESSION)
        .where(_ID, SESSION.c.state.in_(sources(SessionState.CANCELLED)))
        .values(state=SessionState.CANCELLED, closed_for=reason)
        .returning(SESSION.c.package_id),
        {"session_id": session_id},
    ).one_or_none()
    if moved is None:
        return False
    record_event(session, actor, [session_id], SessionEventKind.CANCELLED, now=now, reason=reason)
    keep_next(session, [moved.package_id], now)
    return True


def _move(market: Market, actor: Actor, move: SessionMove, *, idempotency_key: str) -> str:
    reach(actor, Permission.SESSION_MANAGE)
    require_id(move.session_id, "ses", field="session")
    check_reason(move.reason)
    now = market.now()
    asked = IdempotencyKey.of(
        actor=actor.account_id or actor.kind, operation="session.move", key=idempotency_key, asked=move
    )
    with market.transaction() as session:

        def act() -> str:
            row, producer = managed_session(session, actor, move.session_id, now=now)
            if move.to_state is SessionState.OPEN:
                require_selling(producer)
                require_offered(session, row.option_id)
            before = row.state
            turned = _change(session, row, move, now)
            record_event(session, actor, [row.id], EVENT_OF[move.to_state], now=now, reason=move.reason)
            keep_next(session, {row.package_id, *turned}, now)
            audit.record(
                session,
                actor,
                action=f"session.{EVENT_OF[move.to_state].lower()}",
                subject=row.id,
                principal=producer.id,
                before={"state": before},
                after={"state": move.to_state, "reason": move.reason},
                now=now,
            )
            return row.id

        return once(session, asked, act, now=now, dump=str, load=str)


def _change(session: Session, row: TourSession, move: SessionMove, now: datetime) -> set[str]:
    """The conditional update, or the refusal; further packages whose next session may be another now."""
    turned: set[str] = set()
    may = sa.and_(_ID, SESSION.c.state.in_(sources(move.to_state)))
    if move.to_state is SessionState.CANCELLED:
        if row.taken and row.lapses_at is not None and row.lapses_at <= now:
            turned = take_back(session, [row.id], now)
        may = sa.and_(may, SESSION.c.taken == 0)
    closed_for = None if move.to_state is SessionState.OPEN else move.reason
    changed = session.execute(
        sa.update(SESSION).where(may).values(state=move.to_state, closed_for=closed_for), {"session_id": row.id}
    )
    if changed.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        found = session.execute(_NOW, {"session_id": row.id}).one()
        state = SessionState(found.state)
        if state in sources(move.to_state):
            raise SeatsTaken(session_id=row.id, taken=found.taken)
        raise illegal_move(state, move.to_state)
    return turned
