"""Step: what happened to sessions, kept."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session
from typeid import TypeID

from market.kernel.permissions import Actor
from market.sessions.rules import CloseReason, SessionEventKind
from market.sessions.tables.core import EVENT

_ADD = sa.insert(EVENT)


def record_event(
    session: Session,
    actor: Actor,
    session_ids: Sequence[str],
    kind: SessionEventKind,
    *,
    now: datetime,
    reason: CloseReason | None = None,
    before: int | None = None,
    after: int | None = None,
) -> None:
    """Step: this happened to each of these sessions."""
    rows = [
        {
            # Not a node of the API, so its prefix is not among those that node(id:) knows.
            "id": str(TypeID("sev")),
            "session_id": session_id,
            "kind": kind,
            "actor": actor.account_id or actor.kind.value,
            "at": now,
            "reason": reason,
            "before": before,
            "after": after,
        }
        for session_id in session_ids
    ]
    if rows:
        session.execute(_ADD, rows)
