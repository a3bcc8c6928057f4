"""The outbox: messages written in the transaction that causes them, and sent after it by the worker.

Each is delivered at least once, and those of one aggregate one after another in the order of their `seq`. A message
that fails waits longer each time and is dead after the tenth try; it then holds back the later ones of its aggregate
until a person replays or discards it, since skipping it unseen would break the order. Read `publish`, then `claim`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Field, Session, SQLModel
from typeid import TypeID

from market.kernel.database.prebuilt import Prebuilt

BACKOFF_SECONDS = (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
"""How long each try waits after the one before it: the schedule of Standard Webhooks, 75 hours in all."""

ATTEMPTS_MAX = len(BACKOFF_SECONDS)
_ERROR_MAX = 500
_WAITING = sa.text("delivered_at IS NULL")


class OutboxMessage(SQLModel, table=True):
    """One message about one aggregate. Made by `publish`; afterwards only the columns of its delivery change.

    Waiting while `delivered_at` is null; claimed until `claimed_until`; dead when `dead_at` is set and `delivered_at`
    is not, discarded by a person when both are.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        sa.UniqueConstraint("aggregate", "seq", name="outbox_message_numbered_once"),
        sa.Index("ix_outbox_message_head", "aggregate", "seq", postgresql_where=_WAITING, sqlite_where=_WAITING),
        sa.Index("ix_outbox_message_due", "available_at", postgresql_where=_WAITING, sqlite_where=_WAITING),
        sa.CheckConstraint("attempts >= 0", name="outbox_message_attempts_counted"),
    )

    id: str = Field(primary_key=True, max_length=30)
    topic: str = Field(max_length=64)
    aggregate: str = Field(max_length=64)
    seq: int = Field(sa_type=sa.BigInteger)
    payload: dict[str, Any] = Field(sa_type=sa.JSON)
    created_at: datetime
    available_at: datetime
    attempts: int = 0
    claimed_until: datetime | None = None
    delivered_at: datetime | None = None
    dead_at: datetime | None = None
    last_error: str | None = Field(default=None, max_length=_ERROR_MAX)


class OutboxHead(SQLModel, table=True):
    """The last number given out for an aggregate. Its row lock makes publishers of one aggregate queue, so that the
    order of the numbers is the order of the commits, with no gaps."""

    __tablename__ = "outbox_head"

    aggregate: str = Field(primary_key=True, max_length=64)
    seq: int = Field(sa_type=sa.BigInteger)


_MESSAGES = SQLModel.metadata.tables["outbox_message"]
_HEADS = SQLModel.metadata.tables["outbox_head"]
_NEXT = Prebuilt(
    insert(_HEADS)
    .on_conflict_do_update(index_elements=[_HEADS.c.aggregate], set_={"seq": _HEADS.c.seq + 1})
    .returning(_HEADS.c.seq)
)
_ADD = Prebuilt(sa.insert(_MESSAGES))


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message to send now, on lease: `delivered` and `failed` count only while the lease has not gone to another.

    `id` stays the same on every try, so that receivers can tell a repeat.
    """

    id: str
    topic: str
    aggregate: str
    seq: int
    payload: Mapping[str, Any]
    created_at: datetime
    attempt: int
    leased_until: datetime


def publish(session: Session, topic: str, *, aggregate: str, payload: Mapping[str, Any], now: datetime) -> str:
    """Step: leave a message that is sent if, and only if, this transaction commits. Returns its id.

    Late in a transaction, and several aggregates in id order: until the commit nobody else can publish for them.
    Guards: the row of `outbox_head`, and UNIQUE (aggregate, seq) beneath.
    """
    (seq,) = _NEXT.one(session, {"aggregate": aggregate, "seq": 1})
    # Not a node of the API, so its prefix is not among those that node(id:) knows.
    message_id = str(TypeID("msg"))
    _ADD.run(
        session,
        {
            "id": message_id,
            "topic": topic,
            "aggregate": aggregate,
            "seq": seq,
            "payload": dict(payload),
            "created_at": now,
            "available_at": now + timedelta(seconds=BACKOFF_SECONDS[0]),
            "attempts": 0,
        },
    )
    return message_id


def claim(session: Session, now: datetime, *, limit: int = 50, lease_seconds: int = 60) -> Sequence[Claimed]:
    """Step: take messages to send, the longest due first, at most one of each aggregate, for so many seconds.

    Commit, send, then say `delivered` or `failed`. Sending must give up well before the lease ends; when it does end
    (the worker died), another worker takes the message and the try counts as one that failed.
    Guards: the row lock, which other workers skip, then the lease.
    """
    _bury(session, now)
    message, earlier = _MESSAGES.c, _MESSAGES.alias("earlier").c
    is_head = ~sa.exists().where(
        earlier.aggregate == message.aggregate, earlier.seq < message.seq, earlier.delivered_at.is_(None)
    )
    due = session.execute(
        sa.select(_MESSAGES)
        .where(
            message.delivered_at.is_(None),
            message.dead_at.is_(None),
            message.available_at <= now,
            sa.or_(message.claimed_until.is_(None), message.claimed_until <= now),
            is_head,
        )
        .order_by(message.available_at, message.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=_MESSAGES)
    ).all()
    until = now + timedelta(seconds=lease_seconds)
    taken = [
        Claimed(row.id, row.topic, row.aggregate, row.seq, row.payload, row.created_at, row.attempts + 1, until)
        for row in due
    ]
    if taken:
        ids = [one.id for one in taken]
        _change(session, message.id.in_(ids), claimed_until=until, attempts=message.attempts + 1)
    return taken


def delivered(session: Session, claimed: Claimed, *, now: datetime) -> bool:
    """Step: it has arrived; the next of its aggregate may go. False when the lease was lost to another worker."""
    return _change(session, _still_mine(claimed), delivered_at=now, claimed_until=None, last_error=None) == 1


def failed(session: Session, claimed: Claimed, *, now: datetime, error: str) -> bool:
    """Step: it did not arrive; try again later, or give it up after the tenth try. False when the lease was lost."""
    text = error[:_ERROR_MAX]
    if claimed.attempt >= ATTEMPTS_MAX:
        return _change(session, _still_mine(claimed), dead_at=now, claimed_until=None, last_error=text) == 1
    again_at = now + timedelta(seconds=BACKOFF_SECONDS[claimed.attempt])
    return _change(session, _still_mine(claimed), available_at=again_at, claimed_until=None, last_error=text) == 1


def replay(session: Session, message_id: str, *, now: datetime) -> bool:
    """Step: give a dead message ten new tries from now. False when it is not dead."""
    return _change(session, _dead(message_id), dead_at=None, attempts=0, available_at=now, claimed_until=None) == 1


def discard(session: Session, message_id: str, *, now: datetime) -> bool:
    """Step: let the later messages of its aggregate pass a dead one, which stays on record. False when not dead."""
    return _change(session, _dead(message_id), delivered_at=now) == 1


def prune(session: Session, before: datetime, *, limit: int = 1000) -> int:
    """Step: forget messages delivered before this moment, at most so many; says how many. Numbers are not reused."""
    old = sa.select(_MESSAGES.c.id).where(_MESSAGES.c.delivered_at < before).limit(limit)
    gone = sa.delete(_MESSAGES).where(_MESSAGES.c.id.in_(old)).returning(_MESSAGES.c.id)
    return len(session.execute(gone).all())


def _bury(session: Session, now: datetime) -> None:
    """A message whose worker died on the last try is dead as well."""
    message = _MESSAGES.c
    lost = sa.and_(
        message.delivered_at.is_(None),
        message.attempts >= ATTEMPTS_MAX,
        message.claimed_until <= now,
    )
    _change(session, lost, dead_at=now, claimed_until=None, last_error="the worker did not come back from the last try")


def _still_mine(claimed: Claimed) -> sa.ColumnElement[bool]:
    message = _MESSAGES.c
    return sa.and_(
        message.id == claimed.id,
        message.attempts == claimed.attempt,
        message.claimed_until == claimed.leased_until,
    )


def _dead(message_id: str) -> sa.ColumnElement[bool]:
    message = _MESSAGES.c
    return sa.and_(message.id == message_id, message.dead_at.is_not(None), message.delivered_at.is_(None))


def _change(session: Session, which: sa.ColumnElement[bool], **values: Any) -> int:
    """Update the messages for which this holds; says how many there were."""
    return len(session.execute(sa.update(_MESSAGES).where(which).values(**values).returning(_MESSAGES.c.id)).all())
