"""The audit trail: who did what to what, on whose behalf, in a chain of hashes that shows later meddling.

Each entry's hash covers its content and the hash before it, and the one row of `audit_head` knows the newest number
and hash. Whoever can rewrite entries and head together is found only by comparing with a head kept elsewhere: export
`head` regularly and give it to `verify`. Read `record` first.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Field, Session, SQLModel

from market.kernel.idempotency import canonical, canonical_json
from market.kernel.permissions import Actor

GENESIS = "0" * 64
"""What the first entry follows."""

_CHUNK = 500


class AuditEntry(SQLModel, table=True):
    """One thing done, with what changed. Made by `record`; never changed or deleted, which triggers enforce.

    `actor` is the account (or VISITOR, SYSTEM), `principal` on whose behalf it acted: an organisation, or itself.
    `before` and `after` hold what changed and nothing personal, since entries cannot be erased.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (sa.Index("ix_audit_entry_subject", "subject", "seq"),)

    seq: int = Field(primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False})
    at: datetime
    actor: str = Field(max_length=64)
    principal: str = Field(max_length=64)
    action: str = Field(max_length=64)
    subject: str = Field(max_length=64)
    before: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    after: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    request_id: str = Field(max_length=64)
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class AuditHead(SQLModel, table=True):
    """The one row that knows the newest entry. Its lock makes recorders queue, so that the chain never forks."""

    __tablename__ = "audit_head"
    __table_args__ = (sa.CheckConstraint("id = 1", name="audit_head_only_one"),)

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int = Field(sa_type=sa.BigInteger)
    hash: str = Field(max_length=64)


_ENTRIES = SQLModel.metadata.tables["audit_entry"]
_HEADS = SQLModel.metadata.tables["audit_head"]
# Take the next number and lock the head, making it when there is none; the hash it gives is that of the entry before.
_NEXT = (
    insert(_HEADS)
    .on_conflict_do_update(index_elements=[_HEADS.c.id], set_={"seq": _HEADS.c.seq + 1})
    .returning(_HEADS.c.seq, _HEADS.c.hash)
)
_ADD = sa.insert(_ENTRIES)
_ADVANCE = sa.update(_HEADS).where(_HEADS.c.id == 1).values(hash=sa.bindparam("newest"))


@dataclass(frozen=True, slots=True)
class Head:
    """How many entries there are, and the hash of the newest. What is kept off the machine."""

    seq: int
    hash: str


class Tampering(StrEnum):
    """How an entry shows that somebody meddled."""

    EDITED = "EDITED"
    DELETED = "DELETED"
    RELINKED = "RELINKED"
    TRUNCATED = "TRUNCATED"
    UNCOUNTED = "UNCOUNTED"
    REWRITTEN = "REWRITTEN"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sign of meddling, at one entry (for DELETED and TRUNCATED, the first that is missing)."""

    seq: int
    kind: Tampering


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What `verify` saw."""

    entries: int
    head: Head
    findings: tuple[Finding, ...]

    @property
    def is_intact(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


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
    seq, previous_hash = session.execute(_NEXT, {"id": 1, "seq": 1, "hash": GENESIS}).one()
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
    session.execute(_ADD, entry)
    session.execute(_ADVANCE, {"newest": entry["hash"]})
    return int(seq)


def head(session: Session) -> Head:
    """The newest entry's number and hash; of an empty trail, 0 and the genesis hash."""
    row = session.execute(sa.select(_HEADS.c.seq, _HEADS.c.hash)).one_or_none()
    return Head(0, GENESIS) if row is None else Head(row.seq, row.hash)


def verify(session: Session, *, exported: Head | None = None) -> AuditReport:
    """Walk the whole chain and say where it was edited, cut or relinked. `exported` is a head kept elsewhere.

    Entries recorded meanwhile are left for the next time. Without `exported`, one thing goes unseen: entries and
    head rewritten or cut together.
    """
    now = head(session)
    findings: list[Finding] = []
    count, expected, previous_hash = 0, 1, GENESIS
    for row in _entries(session, upto=now.seq):
        count += 1
        if row["seq"] != expected:
            findings.append(Finding(expected, Tampering.DELETED))
        elif row["previous_hash"] != previous_hash:
            findings.append(Finding(row["seq"], Tampering.RELINKED))
        if canonical({name: value for name, value in row.items() if name != "hash"}) != row["hash"]:
            findings.append(Finding(row["seq"], Tampering.EDITED))
        if exported is not None and row["seq"] == exported.seq and row["hash"] != exported.hash:
            findings.append(Finding(row["seq"], Tampering.REWRITTEN))
        expected, previous_hash = row["seq"] + 1, row["hash"]
    if expected <= now.seq or (exported is not None and now.seq < exported.seq):
        findings.append(Finding(expected, Tampering.TRUNCATED))
    elif previous_hash != now.hash:
        findings.append(Finding(now.seq, Tampering.RELINKED))
    findings += [Finding(seq, Tampering.UNCOUNTED) for seq in _beyond_head(session)]
    return AuditReport(count, now, tuple(findings))


def _entries(session: Session, *, upto: int) -> Iterator[dict[str, Any]]:
    """All entries up to this number, in order, a chunk at a time."""
    last: int | None = None
    while True:
        chosen = sa.select(_ENTRIES).where(_ENTRIES.c.seq <= upto).order_by(_ENTRIES.c.seq).limit(_CHUNK)
        rows = session.execute(chosen if last is None else chosen.where(_ENTRIES.c.seq > last)).mappings().all()
        if not rows:
            return
        yield from (dict(row) for row in rows)
        last = rows[-1]["seq"]


def _beyond_head(session: Session) -> list[int]:
    """The number of the first entry that the head does not count. One statement, so that nothing comes between."""
    counted = sa.func.coalesce(sa.select(_HEADS.c.seq).scalar_subquery(), 0)
    first = session.execute(sa.select(sa.func.min(_ENTRIES.c.seq)).where(_ENTRIES.c.seq > counted)).scalar_one()
    return [] if first is None else [first]


def _plain(value: dict[str, Any] | None) -> Any:
    """The value as it will be read back, so that its hash is the same then."""
    return None if value is None else json.loads(canonical_json(value))
