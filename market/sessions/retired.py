"""What becomes of sessions when their option is offered no more, or again: told by the catalogue, through the outbox.

Until the message is handled, placing an order and rescheduling look at the option itself.
"""

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.catalogue.tables import PackageOption
from market.kernel.market import Market
from market.kernel.outbox import Claimed
from market.kernel.permissions import Actor, ActorKind
from market.sessions.events import record_event
from market.sessions.keep import keep_next
from market.sessions.rules import CloseReason, SeriesState, SessionEventKind, SessionState
from market.sessions.tables import SessionSeries
from market.sessions.tables.core import EVENT, SESSION

_SYSTEM = Actor(ActorKind.SYSTEM)
_OPTION = SQLModel.metadata.tables[str(PackageOption.__tablename__)]
_SERIES = SQLModel.metadata.tables[str(SessionSeries.__tablename__)]

_LAST = (
    sa.select(EVENT.c.actor)
    .where(EVENT.c.session_id == SESSION.c.id)
    .order_by(EVENT.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
# NO KEY: a hold being added points at the session and need not wait.
_TO_COME = (
    sa.select(SESSION.c.id, _OPTION.c.retired_at, SESSION.c.state)
    .join(_OPTION, _OPTION.c.id == SESSION.c.option_id)
    .outerjoin(_SERIES, _SERIES.c.id == SESSION.c.series_id)
    .where(
        SESSION.c.package_id == sa.bindparam("package_id"),
        SESSION.c.starts_at > sa.bindparam("now", type_=SESSION.c.starts_at.type),
        sa.or_(
            sa.and_(_OPTION.c.retired_at.is_not(None), SESSION.c.state == SessionState.OPEN),
            # Back come those that were closed here, and not by people or by a series that has ended since.
            sa.and_(
                _OPTION.c.retired_at.is_(None),
                SESSION.c.state == SessionState.CLOSED,
                SESSION.c.closed_for == CloseReason.SERIES,
                sa.or_(_SERIES.c.id.is_(None), _SERIES.c.state == SeriesState.ACTIVE),
                sa.literal(ActorKind.SYSTEM.value) == _LAST,
            ),
        ),
    )
    .order_by(SESSION.c.id)
    .with_for_update(of=SESSION, key_share=True)
)


def follow_options(market: Market, message: Claimed) -> None:
    """Close the sessions to come of a package's options that are offered no more, whoever has seats in them: those take
    place. Open those again that were closed so and whose option is back. May run again for the same message.

    Guards: the sessions' rows, in id order; one update of each with the state it was in.
    """
    package_id, now = message.payload["package"], market.now()
    with market.transaction() as session:
        found = session.execute(_TO_COME, {"package_id": package_id, "now": now}).all()
        out = [row.id for row in found if row.state == SessionState.OPEN]
        back = [row.id for row in found if row.state == SessionState.CLOSED]
        closed = _move(session, out, SessionState.OPEN, state=SessionState.CLOSED, closed_for=CloseReason.SERIES)
        reopened = _move(session, back, SessionState.CLOSED, state=SessionState.OPEN, closed_for=None)
        record_event(session, _SYSTEM, closed, SessionEventKind.CLOSED, now=now, reason=CloseReason.SERIES)
        record_event(session, _SYSTEM, reopened, SessionEventKind.REOPENED, now=now, reason=CloseReason.SERIES)
        if closed or reopened:
            keep_next(session, [package_id], now)


def _move(session: Session, ids: list[str], from_state: SessionState, **values: Any) -> list[str]:
    moved = sa.update(SESSION).where(SESSION.c.id.in_(ids), SESSION.c.state == from_state).values(**values)
    return sorted(session.execute(moved.returning(SESSION.c.id)).scalars())
