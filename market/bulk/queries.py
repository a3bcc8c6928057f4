"""Named selects of imports, the filter of who may see them, and the conditional updates that move them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.bulk.rules import IN_HAND, MOVES, ImportState
from market.bulk.tables import ImportJob, ImportPart, ImportProblem, ImportRow
from market.kernel.errors import IllegalTransition, NotFound
from market.kernel.permissions import Actor, Permission
from market.organisations.acting import acts_for

JOBS = SQLModel.metadata.tables[str(ImportJob.__tablename__)]
PARTS = SQLModel.metadata.tables[str(ImportPart.__tablename__)]
ROWS = SQLModel.metadata.tables[str(ImportRow.__tablename__)]
PROBLEMS = SQLModel.metadata.tables[str(ImportProblem.__tablename__)]


def visible(actor: Actor, *, today: date) -> sa.ColumnElement[bool]:
    """The row filter of imports: those the actor uploaded, and those of organisations that they import for.

    Refuses as `reach` does: NotSignedIn, Forbidden.
    """
    theirs = acts_for(actor, Permission.IMPORT_RUN, JOBS.c.organisation_id, today=today)
    return sa.or_(JOBS.c.account_id == actor.account_id, theirs)


def job_of(session: Session, actor: Actor, import_id: str, *, today: date) -> ImportJob:
    """Step: an import that the actor may see, or refuses: NotSignedIn, Forbidden; NotFound."""
    job = session.exec(select(ImportJob).where(ImportJob.id == import_id, visible(actor, today=today))).first()
    if job is None:
        raise NotFound(field="importId")
    return job


def move(session: Session, job: ImportJob, to_state: ImportState, **changes: Any) -> None:
    """Step: one move of `MOVES`, or refuses with IllegalTransition from the state it is really in.

    Guards: a conditional update, so that of two who move it at once one is refused.
    """
    sources = [state for state, targets in MOVES.items() if to_state in targets]
    moved = (
        sa.update(JOBS)
        .where(JOBS.c.id == job.id, JOBS.c.state.in_(sources))
        .values(state=to_state, **changes)
        .returning(JOBS.c.id)
    )
    if session.execute(moved).first() is None:
        session.refresh(job)
        raise IllegalTransition(
            from_state=job.state.value, to_state=to_state.value, allowed=tuple(each.value for each in MOVES[job.state])
        )


def in_hand(session: Session, organisation_id: str) -> int:
    """How many imports of an organisation wait for a worker or have one."""
    waiting = (JOBS.c.organisation_id == organisation_id, JOBS.c.state.in_(IN_HAND))
    return int(session.execute(sa.select(sa.func.count()).select_from(JOBS).where(*waiting)).scalar_one())


def next_groups(session: Session, import_id: str, *, after: int, limit: int) -> list[list[ImportRow]]:
    """The groups after the cursor, about so many rows of them; the last one is whole."""
    in_order = (col(ImportRow.group_number), col(ImportRow.number))
    mine = ImportRow.import_id == import_id
    chosen = select(ImportRow).where(mine, ImportRow.group_number > after).order_by(*in_order).limit(limit)
    rows = list(session.exec(chosen))
    if len(rows) == limit:
        last = rows[-1]
        rest = (ImportRow.group_number == last.group_number, ImportRow.number > last.number)
        rows += session.exec(select(ImportRow).where(mine, *rest).order_by(*in_order))
    groups: dict[int, list[ImportRow]] = {}
    for row in rows:
        groups.setdefault(row.group_number, []).append(row)
    return list(groups.values())


def refused_rows(session: Session, import_id: str, *, after: int, limit: int) -> Sequence[ImportRow]:
    """The rows in error, in the order of the file, from one number on."""
    refused = (ImportRow.import_id == import_id, col(ImportRow.is_refused), ImportRow.number > after)
    return session.exec(select(ImportRow).where(*refused).order_by(col(ImportRow.number)).limit(limit)).all()


def problems_of_rows(session: Session, import_id: str, first: int, last: int) -> dict[int, list[ImportProblem]]:
    """What is wrong with the rows from one number to another, by number."""
    between = (ImportProblem.import_id == import_id, col(ImportProblem.row_number).between(first, last))
    found: dict[int, list[ImportProblem]] = {}
    for problem in session.exec(select(ImportProblem).where(*between).order_by(col(ImportProblem.id))):
        found.setdefault(problem.row_number, []).append(problem)
    return found


def forgettable(session: Session, before: datetime, *, limit: int) -> Sequence[ImportJob]:
    """Imports that are older and still have rows, oldest first."""
    return session.exec(
        select(ImportJob)
        .where(ImportJob.created_at <= before, col(ImportJob.forgotten_at).is_(None))
        .order_by(col(ImportJob.created_at), col(ImportJob.id))
        .limit(limit)
    ).all()
