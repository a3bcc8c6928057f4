"""The run: one thing after another, each in a transaction with the import's cursor."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlmodel import Session

from market.bulk.actor import RIGHTS_LOST, worker_actor
from market.bulk.claims import Claim, hold
from market.bulk.effects.base import Done, Work
from market.bulk.judge import Judged, Progress, judge_chunk, problems_of, together
from market.bulk.reading.rows import Problem
from market.bulk.rules import ImportMode, ImportState, Outcome
from market.kernel import audit
from market.kernel.errors import Forbidden, MarketError, NotFound, NotSignedIn, Unavailable
from market.kernel.market import Market

_COLUMNS: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.CREATED: "created",
        Outcome.CHANGED: "changed",
        Outcome.UNCHANGED: "unchanged",
        Outcome.FAILED: "failed",
    }
)


class _Stop(Exception):
    """The run cannot go on, and why, in the columns that say so."""

    def __init__(self, problem: dict[str, str]) -> None:
        self.problem = problem
        super().__init__()


def run_some(market: Market, claimed: Claim, work: Work) -> None:
    """Do the next chunk of a RUNNING import; without one left it is DONE. STOPPED when rights were lost, or at a row
    refused in mode ABORT.

    Where the cursor stands, everything before it is done and nothing after: each act commits with it. What needs no
    act (nothing to change, rows left out) is saved with the next one, or at the end of the chunk.
    """
    chunk = judge_chunk(market, claimed, work)
    progress = Progress(_COLUMNS, claimed.cursor)
    ended: dict[str, Any] = {} if chunk else {"state": ImportState.DONE}
    try:
        for judged in chunk:
            if judged.problems:
                _leave_out(claimed, judged, progress, judged.problems)
            elif judged.acts:
                _do(market, claimed, work, judged, progress)
            else:
                progress.add(judged, Outcome.UNCHANGED)
    except _Stop as stop:
        ended = {"state": ImportState.STOPPED, **stop.problem}
    with market.transaction() as session:
        if not ended:
            progress.save(session, claimed, work)
        else:
            progress.save(session, claimed, work, finished_at=work.now, **ended)
            _record_end(session, claimed, work, ended["state"])
    progress.saved(claimed)


def _do(market: Market, claimed: Claim, work: Work, judged: Judged, progress: Progress) -> None:
    *first, last = judged.acts
    outcomes = []
    try:
        for act in first:
            with market.transaction() as session:
                hold(session, claimed)
                done = act(session)
                _record(session, work, done)
            outcomes.append(done.outcome)
        with market.transaction() as session:
            hold(session, claimed)
            done = last(session)
            progress.add(judged, together([*outcomes, done.outcome]))
            progress.save(session, claimed, work)
            _record(session, work, done)
    except Unavailable:
        raise
    except (NotSignedIn, Forbidden, NotFound) as refusal:
        # Unknown to them now: because it is gone, or because they are no longer who may do this?
        _require_rights(market, claimed, work)
        _leave_out(claimed, judged, progress, problems_of(claimed.job, judged, refusal))
    except MarketError as refusal:
        _leave_out(claimed, judged, progress, problems_of(claimed.job, judged, refusal))
    else:
        progress.saved(claimed)


def _leave_out(claimed: Claim, judged: Judged, progress: Progress, problems: Sequence[Problem]) -> None:
    """In mode SKIP, count the group as failed; in mode ABORT, stop before it."""
    if claimed.job.mode is ImportMode.ABORT:
        first = problems[0]
        raise _Stop(
            {
                "problem_code": "IMPORT_ROW_REFUSED",
                "problem": f"第 {first.row} 行：{first.zh}。此行之前已导入，此行及之后未导入。",
                "problem_en": f"Row {first.row}: {first.en}. Rows before it were imported; it and those after it were not.",
            }
        )
    progress.add(judged, Outcome.FAILED, problems)


def _require_rights(market: Market, claimed: Claim, work: Work) -> None:
    try:
        with market.read() as session:
            worker_actor(session, claimed.job, work.now)
    except (Forbidden, NotFound):
        raise _Stop(RIGHTS_LOST) from None


def _record(session: Session, work: Work, done: Done) -> None:
    """One entry for each thing that changed, with the import's id as its request; last in the transaction."""
    if done.outcome in {Outcome.CREATED, Outcome.CHANGED} and done.action:
        audit.record(
            session,
            work.actor,
            action=done.action,
            subject=done.subject,
            principal=done.principal,
            before=None if done.before is None else dict(done.before),
            after=None if done.after is None else dict(done.after),
            now=work.now,
        )


def _record_end(session: Session, claimed: Claim, work: Work, state: ImportState) -> None:
    audit.record(
        session,
        work.actor,
        action="import.end",
        subject=claimed.job.id,
        principal=claimed.job.organisation_id,
        after={"state": state.value},
        now=work.now,
    )
