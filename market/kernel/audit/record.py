"""Putting things on record."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session

from market.kernel.audit.tables import ENTRIES, GENESIS, HEADS
from market.kernel.database.prebuilt import Prebuilt
from market.kernel.idempotency import canonical, canonical_json
from market.kernel.permissions import Actor

# Take the next number and lock the head, making it when there is none; the hash it gives is that of the entry before.
_NEXT = Prebuilt(
    insert(HEADS)
    .on_conflict_do_update(index_elements=[HEADS.c.id], set_={"seq": HEADS.c.seq + 1})
    .returning(HEADS.c.seq, HEADS.c.hash)
)
_ADD = Prebuilt(sa.insert(ENTRIES))
_ADVANCE = Prebuilt(sa.update(HEADS).where(HEADS.c.id == 1).values(hash=sa.bindparam("newest")))


@dataclass(frozen=True, slots=True)
class Head:
    """How many entries there are, and the hash of the newest. What is kept off the machine."""

    seq: int
    hash: str


def record(
    session: Session,
    actor: Actor,
    *,
    action: str,
    subject: str,
    now: datetime,
    principal: str | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> int:
    """Step: put on record that the actor did this to the subject. Returns the entry's number.

    Last in its transaction: until the commit nobody else can record anything.
    Guards: the row of `audit_head`, and the primary key beneath.
    """
    seq, previous_hash = _NEXT.one(session, {"id": 1, "seq": 1, "hash": GENESIS})
    who = actor.account_id or actor.kind.value
    entry = {
        "seq": seq,
        "at": now,
        "actor": who,
        "principal": principal or who,
        "action": action,
        "subject": subject,
        "before": _plain(before),
        "after": _plain(after),
        "request_id": actor.request_id,
        "previous_hash": previous_hash,
    }
    entry["hash"] = canonical(entry)
    _ADD.run(session, entry)
    _ADVANCE.run(session, {"newest": entry["hash"]})
    return int(seq)


def head(session: Session) -> Head:
    """The newest entry's number and hash; of an empty trail, 0 and the genesis hash."""
    row = session.execute(sa.select(HEADS.c.seq, HEADS.c.hash)).one_or_none()
    return Head(0, GENESIS) if row is None else Head(row.seq, row.hash)


def _plain(value: dict[str, Any] | None) -> Any:
    """The value as it will be read back, so that its hash is the same then."""
    return None if value is None else json.loads(canonical_json(value))
