"""Showing that the trail is what it was: one walk over the chain, in constant memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from market.kernel.audit.record import Head, head
from market.kernel.audit.tables import ENTRIES, GENESIS, HEADS
from market.kernel.idempotency import canonical

CHUNK = 1000
"""Entries read at once: enough that asking costs little beside hashing."""
FINDINGS_MAX = 1000
"""Findings kept for the report; the rest is only counted."""

_CONTENT = tuple(column.name for column in ENTRIES.c if column.name != "hash")
_FIRST = sa.select(ENTRIES).where(ENTRIES.c.seq <= sa.bindparam("upto")).order_by(ENTRIES.c.seq)
_AFTER = _FIRST.where(ENTRIES.c.seq > sa.bindparam("last"))

Progress = Callable[[int, int], None]
"""Told how many entries were looked at, of how many."""


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
    """What `verify` saw. `findings` are the first of `found`."""

    entries: int
    head: Head
    findings: tuple[Finding, ...]
    found: int

    @property
    def is_intact(self) -> bool:
        """Whether nothing was found."""
        return self.found == 0


@dataclass(slots=True)
class _Walk:
    """Where the walk is, and what it found so far."""

    exported: Head | None
    findings_max: int
    entries: int = 0
    expected: int = 1
    previous_hash: str = GENESIS
    findings: list[Finding] = field(default_factory=list)
    found: int = 0

    def find(self, seq: int, kind: Tampering) -> None:
        self.found += 1
        if len(self.findings) < self.findings_max:
            self.findings.append(Finding(seq, kind))

    def step(self, entry: dict[str, Any]) -> None:
        """Compare one entry with the one before it, with its own hash, and with the head kept elsewhere."""
        seq, own_hash = entry["seq"], entry["hash"]
        if seq != self.expected:
            self.find(self.expected, Tampering.DELETED)
        elif entry["previous_hash"] != self.previous_hash:
            self.find(seq, Tampering.RELINKED)
        if canonical({name: entry[name] for name in _CONTENT}) != own_hash:
            self.find(seq, Tampering.EDITED)
        if self.exported is not None and seq == self.exported.seq and own_hash != self.exported.hash:
            self.find(seq, Tampering.REWRITTEN)
        self.entries += 1
        self.expected, self.previous_hash = seq + 1, own_hash

    def end(self, newest: Head) -> None:
        """Compare where the walk ended with the head here and the one kept elsewhere."""
        is_cut = self.exported is not None and newest.seq < self.exported.seq
        if self.expected <= newest.seq or is_cut:
            self.find(self.expected, Tampering.TRUNCATED)
        elif self.previous_hash != newest.hash:
            self.find(newest.seq, Tampering.RELINKED)


def verify(
    session: Session,
    *,
    exported: Head | None = None,
    progress: Progress | None = None,
    chunk: int = CHUNK,
    findings_max: int = FINDINGS_MAX,
) -> AuditReport:
    """Walk the whole chain and say where it was edited, cut or relinked. `exported` is a head kept elsewhere.

    Entries recorded meanwhile are left for the next time. Without `exported`, one thing goes unseen: entries and
    head rewritten or cut together.
    """
    newest = head(session)
    walk = _Walk(exported, findings_max)
    for entries in _chunks(session, upto=newest.seq, size=chunk):
        for entry in entries:
            walk.step(entry)
        if progress is not None:
            progress(walk.entries, newest.seq)
    walk.end(newest)
    for seq in _beyond_head(session):
        walk.find(seq, Tampering.UNCOUNTED)
    return AuditReport(walk.entries, newest, tuple(walk.findings), walk.found)


def _chunks(session: Session, *, upto: int, size: int) -> Iterator[Sequence[dict[str, Any]]]:
    """All entries up to this number, in order, so many at a time."""
    rows = session.execute(_FIRST.limit(size), {"upto": upto}).mappings().all()
    while rows:
        yield [dict(row) for row in rows]
        rows = session.execute(_AFTER.limit(size), {"upto": upto, "last": rows[-1]["seq"]}).mappings().all()


def _beyond_head(session: Session) -> list[int]:
    """The number of the first entry that the head does not count. One statement, so that nothing comes between."""
    counted = sa.func.coalesce(sa.select(HEADS.c.seq).scalar_subquery(), 0)
    first = session.execute(sa.select(sa.func.min(ENTRIES.c.seq)).where(ENTRIES.c.seq > counted)).scalar_one()
    return [] if first is None else [first]
