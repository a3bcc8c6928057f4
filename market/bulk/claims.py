"""Claims of workers on imports: who has one, and saving progress only while that holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session
from typeid import TypeID

from market.bulk.queries import JOBS
from market.bulk.rules import IN_HAND, ImportState
from market.bulk.tables import ImportJob
from market.kernel.market import Market

LEASE = timedelta(seconds=60)
"""How long a worker may be silent before another takes over."""
ATTEMPTS_MAX = 5
"""Claims in a row that came to nothing: what kills its workers is given up."""

_BROKEN = {
    "problem_code": "IMPORT_BROKEN",
    "problem": "导入过程中多次出现内部错误，已停止。请凭导入编号联系我们。",
    "problem_en": "The import failed several times for a reason of our own and was stopped: tell us its id.",
}


class Lost(Exception):
    """The claim does not hold any more, so what was done in this transaction must not be."""


@dataclass(slots=True)
class Claim:
    """An import as it was when a worker took it, with the worker's token and how far its work is saved."""

    job: ImportJob
    lease: str
    cursor: int


def claim(market: Market) -> Claim | None:
    """Take the import that has waited longest, or None when none waits. What came to nothing too often is given up.

    Guards: the row's lock, which other workers skip, then the lease; the index `import_job_runs_alone`, so that one
    import of an organisation and kind runs at a time.
    """
    now = market.now()
    with market.transaction() as session:
        while (job_id := session.execute(_waiting(now)).scalar()) is not None:
            job = session.get_one(ImportJob, job_id)
            if job.attempts < ATTEMPTS_MAX:
                return _take(session, job, now)
            end(session, job, _BROKEN, now=now)
    return None


def _take(session: Session, job: ImportJob, now: datetime) -> Claim | None:
    starts = {"state": ImportState.RUNNING, "started_at": now} if job.state is ImportState.QUEUED else {}
    lease = str(TypeID("lease"))
    values = {"lease": lease, "leased_until": now + LEASE, "attempts": job.attempts + 1, "worked_at": now, **starts}
    try:
        with session.begin_nested():
            session.execute(sa.update(JOBS).where(JOBS.c.id == job.id).values(**values))
    except IntegrityError:  # another of the organisation's began to run at this moment
        return None
    session.refresh(job)
    return Claim(job, lease, job.done_through)


def _waiting(now: datetime) -> sa.Select[tuple[str]]:
    other = JOBS.alias("other")
    another_runs = sa.exists().where(
        other.c.organisation_id == JOBS.c.organisation_id,
        other.c.kind == JOBS.c.kind,
        other.c.state == ImportState.RUNNING,
    )
    return (
        sa.select(JOBS.c.id)
        .where(
            JOBS.c.state.in_(IN_HAND),
            sa.or_(JOBS.c.leased_until.is_(None), JOBS.c.leased_until <= now),
            sa.or_(JOBS.c.state != ImportState.QUEUED, ~another_runs),
        )
        .order_by(JOBS.c.worked_at, JOBS.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=JOBS)
    )


def hold(session: Session, claimed: Claim) -> None:
    """Step: make sure of the claim to the end of the transaction. Raises Lost when it does not hold. First in each
    transaction that does something: whoever cancels, too, takes the import before anything else.

    Guards: the row's lock, and what it says: the lease, the state and the cursor.
    """
    mine = sa.select(JOBS.c.id).where(*_mine(claimed)).with_for_update(key_share=True)
    if session.execute(mine).first() is None:
        raise Lost


def save(session: Session, claimed: Claim, *, now: datetime, **changes: Any) -> None:
    """Step: save progress, and keep the import for another minute. Raises Lost as `hold` does; after the commit the
    caller moves `claimed.cursor` on."""
    values = {"leased_until": now + LEASE, "attempts": 0, "worked_at": now, **changes}
    saved = sa.update(JOBS).where(*_mine(claimed)).values(**values).returning(JOBS.c.id)
    if session.execute(saved).first() is None:
        raise Lost


def _mine(claimed: Claim) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        JOBS.c.id == claimed.job.id,
        JOBS.c.lease == claimed.lease,
        JOBS.c.state == claimed.job.state,
        JOBS.c.done_through == claimed.cursor,
    )


def release(market: Market, claimed: Claim) -> None:
    """Let any worker have it."""
    with market.transaction() as session:
        mine = (JOBS.c.id == claimed.job.id, JOBS.c.lease == claimed.lease)
        session.execute(sa.update(JOBS).where(*mine).values(lease=None, leased_until=None))


def end(session: Session, job: ImportJob, problem: Mapping[str, str], *, now: datetime) -> None:
    """Step: end an import that cannot go on: REFUSED while its file is not read, STOPPED later."""
    to_state = ImportState.REFUSED if job.state is ImportState.UPLOADED else ImportState.STOPPED
    ended = {"state": to_state, "finished_at": now, "lease": None, "leased_until": None, **problem}
    session.execute(sa.update(JOBS).where(JOBS.c.id == job.id, JOBS.c.state == job.state).values(**ended))
