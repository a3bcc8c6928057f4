"""What the check and the run share: a chunk's groups, parsed and decided; progress, saved with what was done."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from market.bulk.claims import Claim, save
from market.bulk.effects import EFFECTS
from market.bulk.effects.base import Act, Group, Refusals, Refused, Work, refusals_of
from market.bulk.errors import RowRefused
from market.bulk.queries import JOBS, PROBLEMS, ROWS, next_groups
from market.bulk.reading.rows import Layout, Problem, Row, read_row, told
from market.bulk.rules import CHUNK_ROWS, Outcome
from market.bulk.sheets import SHEETS
from market.bulk.tables import ImportJob, ImportRow
from market.kernel.errors import MarketError
from market.kernel.market import Market


@dataclass(frozen=True, slots=True)
class Judged:
    """A group of rows and what is to be done about it: acts, nothing, or to tell its problems."""

    stored: Sequence[ImportRow]
    rows: Group
    acts: tuple[Act, ...]
    problems: Sequence[Problem]


def judge_chunk(market: Market, claimed: Claim, work: Work) -> list[Judged]:
    """The groups after the cursor, each decided; empty when there are no more."""
    layout, effects = layout_of(claimed.job), EFFECTS[claimed.job.kind]
    with market.read() as session:
        chunk = next_groups(session, claimed.job.id, after=claimed.cursor, limit=CHUNK_ROWS)
        groups = [[_read(layout, each) for each in stored] for stored in chunk]
        sound = [group for group in groups if not any(row.problems for row in group)]
        decisions = iter(effects.decide(session, work, sound) if sound else ())
    judged = []
    for stored, group in zip(chunk, groups, strict=True):
        problems = [problem for row in group for problem in row.problems]
        decision = () if problems else next(decisions)
        if isinstance(decision, Refused):
            problems, decision = _told(layout, group, decision.refusals), ()
        judged.append(Judged(stored, group, decision, _of_all(group, problems)))
    return judged


def problems_of(job: ImportJob, judged: Judged, refusal: MarketError) -> Sequence[Problem]:
    """What a step's refusal means for a group, in the file's own terms."""
    return _of_all(judged.rows, _told(layout_of(job), judged.rows, refusals_of(refusal)))


def _told(layout: Layout, group: Group, refusals: Refusals) -> list[Problem]:
    return [told(layout, group[at].number, group[at].cells, refusal) for at, refusal in refusals]


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """What several acts on one thing come to.

    >>> together([Outcome.UNCHANGED, Outcome.CHANGED]), together([])
    (<Outcome.CHANGED: 'CHANGED'>, <Outcome.UNCHANGED: 'UNCHANGED'>)
    """
    in_order = (Outcome.CREATED, Outcome.CHANGED, Outcome.UNCHANGED)
    return next((each for each in in_order if each in outcomes), Outcome.UNCHANGED)


def layout_of(job: ImportJob) -> Layout:
    """Which column of the import's file is which."""
    return Layout(SHEETS[job.kind], tuple(job.headers), tuple(job.keys))


def _read(layout: Layout, stored: ImportRow) -> Row:
    row = read_row(layout, stored.number, stored.cells)
    if stored.twin_of is None:
        return row
    refusal = RowRefused(
        f"row {stored.twin_of} says the same thing already: keep one of them",
        f"与第 {stored.twin_of} 行重复，请只保留一行",
        column=layout.sheet.named_by[-1] if len(layout.sheet.named_by) == 1 else None,
    )
    twin = told(layout, stored.number, stored.cells, refusal)
    return Row(row.number, row.cells, row.values, (*row.problems, twin))


def _of_all(group: Group, problems: Sequence[Problem]) -> Sequence[Problem]:
    """The problems, and for each other row of the group that it is left out with them."""
    if not problems:
        return ()
    bad = {problem.row for problem in problems}
    refusal = RowRefused(
        f"it is left out because of row {problems[0].row}, which belongs to the same product",
        f"同一商品的第 {problems[0].row} 行有错误，因此未导入",
    )
    others = [
        Problem(row.number, None, "", refusal.code, refusal.message("zh-CN"), refusal.message("en"))
        for row in group
        if row.number not in bad
    ]
    return [*problems, *others]


@dataclass(slots=True)
class Progress:
    """What was done since the last save, by outcome; which rows have problems now, and which had some before."""

    columns: Mapping[Outcome, str]
    """Which of the import's columns counts which outcome."""
    cursor: int
    rows: Counter[Outcome] = field(default_factory=Counter)
    refused: set[int] = field(default_factory=set)
    sound_again: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def add(self, judged: Judged, outcome: Outcome, problems: Sequence[Problem] = ()) -> None:
        """Count a group that is finished."""
        self.rows[outcome] += len(judged.stored)
        self.cursor = judged.stored[0].group_number
        self.problems += problems
        self.refused |= {problem.row for problem in problems}
        self.sound_again |= {row.number for row in judged.stored if row.is_refused} - self.refused

    def save(self, session: Session, claimed: Claim, work: Work, **changes: Any) -> None:
        """Step: save it in the transaction of what was done last. Raises Lost."""
        counted = {self.columns[outcome]: JOBS.c[self.columns[outcome]] + count for outcome, count in self.rows.items()}
        done = JOBS.c.rows_done + sum(self.rows.values())
        save(session, claimed, now=work.market.now(), done_through=self.cursor, rows_done=done, **counted, **changes)
        if self.refused or self.sound_again:
            self._save_problems(session, claimed.job.id)

    def saved(self, claimed: Claim) -> None:
        """It is committed: what follows is counted anew."""
        claimed.cursor = self.cursor
        for each in (self.rows, self.refused, self.sound_again, self.problems):
            each.clear()

    def _save_problems(self, session: Session, import_id: str) -> None:
        for numbers, is_refused in ((self.refused, True), (self.sound_again, False)):
            these = (ROWS.c.import_id == import_id, ROWS.c.number.in_(sorted(numbers)))
            session.execute(sa.update(ROWS).where(*these).values(is_refused=is_refused))
        earlier = (
            PROBLEMS.c.import_id == import_id,
            PROBLEMS.c.row_number.in_(sorted(self.refused | self.sound_again)),
        )
        session.execute(sa.delete(PROBLEMS).where(*earlier))
        if self.problems:
            session.execute(
                sa.insert(PROBLEMS), [_stored(import_id, at, each) for at, each in enumerate(self.problems)]
            )


def _stored(import_id: str, at: int, problem: Problem) -> dict[str, Any]:
    return {
        "id": f"{import_id}-{problem.row:07}-{at:05}",
        "import_id": import_id,
        "row_number": problem.row,
        "column": problem.column and problem.column[:200],
        "value": problem.value,
        "code": problem.code,
        "message": problem.zh,
        "message_en": problem.en,
    }
