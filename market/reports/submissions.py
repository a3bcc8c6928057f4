"""Use cases: submit a report, review one, see how far its figures have moved since.

What is submitted stays as it was, to the last row: reports are signed, sent upwards and quoted. Refunds that come late
move the figures of a period that is over; the submission shows by how much, and a revision takes them in.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.reports.declare import ReportAsked, ReportResult
from market.reports.frozen import Frozen, Moved, asked_json, asked_of, freeze, moved, thaw
from market.reports.run import run_report
from market.reports.scoped import Run, as_region, check_reader
from market.reports.states import DECIDED, ReportDecision, ReportSubmissionState, illegal_submission_move
from market.reports.tables import ReportFigures, ReportSubmission

TEXT_CHARACTERS_MAX = 1000


class OwnSubmission(Forbidden):
    """Whoever submitted a report does not review it."""

    code = "OWN_SUBMISSION"
    zh = "不能审核自己提交的报表，请由他人审核。"
    en = "You submitted this report: let somebody else review it."


class AlreadyRevised(Conflict):
    """A submission has one revision. Facts: `revision_id`."""

    code = "ALREADY_REVISED"
    zh = "该报表已有修订版本（{revision_id}），请在其基础上修订。"
    en = "This report was already revised ({revision_id}): revise that one."


class PeriodNotOver(Invalid):
    """Figures of days that are not over cannot be vouched for."""

    def __init__(self) -> None:
        super().__init__(
            field="end", allowed="end the period yesterday or before", allowed_zh="统计期间须截至昨天或更早"
        )


@dataclass(frozen=True, slots=True)
class SubmissionDraft:
    """A report to submit for a region. `revises` is the submission that it is to take the place of."""

    asked: ReportAsked
    region_code: str
    remark: str = ""
    revises: str | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a submission's figures have moved: everything that is different at `as_of`."""

    as_of: datetime
    moved: tuple[Moved, ...]


def read_submission(market: Market, actor: Actor, draft: SubmissionDraft, *, run: Run = run_report) -> ReportResult:
    """What would be submitted: the whole answer, for the region alone and without a comparison.

    Refuses: NotSignedIn; Forbidden; NotFound for a region beyond the actor's reach; PeriodNotOver; what `run_report`
    refuses.
    """
    narrow = as_region(actor, Permission.REPORT_SUBMIT, draft.region_code)
    asked = replace(draft.asked, first=None, after=0, compare_with=None)
    if asked.end >= business_day(market.now()):
        raise PeriodNotOver
    return run(market, narrow, asked)


def submit_report(market: Market, actor: Actor, draft: SubmissionDraft, result: ReportResult, *, key: str) -> str:
    """Freeze a report's figures, as `read_submission` has just read them, and hand them in for review; the submission's
    id. They are read apart, since a report may take seconds and on SQLite there is one writer.

    Refuses: NotSignedIn; Forbidden; NotFound for a region or an earlier submission beyond the actor's reach; Invalid for
    a revision that is of another report, region or period; AlreadyRevised; LimitReached above 20,000 rows.
    Once: by the idempotency key. Guards: a submission has one revision, by a unique key.
    """
    as_region(actor, Permission.REPORT_SUBMIT, draft.region_code)
    remark = _checked(draft.remark, field="remark")
    now, frozen = market.now(), freeze(result)
    asked = replace(draft.asked, first=None, after=0, compare_with=None)
    said = {"asked": asked_json(asked), **{k: v for k, v in asdict(draft).items() if k != "asked"}}
    mine = IdempotencyKey.of(actor=actor.account_id or "", operation="submitReport", key=key, asked=said)
    row = ReportSubmission(
        id=market.new_id("rps"),
        report_key=asked.key,
        region_code=draft.region_code,
        period_start=asked.start,
        period_end=asked.end,
        asked=asked_json(asked),
        digest=frozen.digest,
        row_count=result.row_count,
        as_of=result.as_of,
        revises=draft.revises,
        remark=remark,
        submitted_by=str(actor.account_id),
        submitted_at=now,
    )
    with market.transaction() as session:
        return once(session, mine, lambda: _submit(session, actor, row, frozen), now=now, dump=str, load=str)


def _submit(session: Session, actor: Actor, row: ReportSubmission, frozen: Frozen) -> str:
    if row.revises is not None:
        earlier = _in_reach(session, actor, Permission.REPORT_SUBMIT, row.revises, field="revises")
        what = ("report_key", "region_code", "period_start", "period_end")
        if any(getattr(earlier, name) != getattr(row, name) for name in what):
            raise Invalid(
                field="revises",
                allowed="a revision is of the same report, region and period",
                allowed_zh="修订须针对同一报表、地区和期间",
            )
        row.revision = earlier.revision + 1
        revised = session.exec(select(ReportSubmission.id).where(ReportSubmission.revises == earlier.id)).first()
        if revised is not None:
            raise AlreadyRevised(revision_id=revised)
    session.add(row)
    session.add(ReportFigures(id=row.id, content=frozen.content))
    session.flush()
    audit.record(
        session,
        actor,
        action="report.submit",
        subject=row.id,
        principal=row.region_code,
        after={"report": row.report_key, "digest": row.digest, "revision": row.revision},
        now=row.submitted_at,
    )
    return row.id


def review_report(
    market: Market, actor: Actor, *, submission_id: str, decision: ReportDecision, verdict: str = ""
) -> None:
    """Approve a submitted report, or return it with what is to be put right.

    Refuses: NotSignedIn; Forbidden; NotFound beyond the actor's reach; OwnSubmission; IllegalTransition once it has been
    reviewed; Invalid for a return without words.
    Guards: one conditional update, and the database itself refuses two hats on one head.
    """
    reach(actor, Permission.REPORT_REVIEW)
    text, to, now = _checked(verdict, field="comment"), DECIDED[decision], market.now()
    if decision is ReportDecision.RETURN and not text:
        raise Invalid(field="comment", allowed="say what is to be put right", allowed_zh="退回时请说明需要更正的内容")
    with market.transaction() as session:
        found = _in_reach(session, actor, Permission.REPORT_REVIEW, submission_id, field="submissionId")
        if found.submitted_by == actor.account_id:
            raise OwnSubmission
        done = session.execute(
            sa.update(ReportSubmission)
            .where(
                col(ReportSubmission.id) == submission_id,
                col(ReportSubmission.state) == ReportSubmissionState.SUBMITTED,
            )
            .values(state=to, reviewed_by=actor.account_id, reviewed_at=now, verdict=text)
        )
        if done.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
            session.refresh(found)
            raise illegal_submission_move(ReportSubmissionState(found.state), to)
        audit.record(
            session,
            actor,
            action="report.review",
            subject=submission_id,
            principal=found.region_code,
            before={"state": ReportSubmissionState.SUBMITTED.value},
            after={"state": to.value},
            now=now,
        )


def submitted_figures(
    market: Market, actor: Actor, submission_id: str, *, permission: Permission = Permission.REPORT_READ
) -> ReportResult:
    """The figures as they were submitted; to look at, or with REPORT_EXPORT to take away.

    Refuses: NotSignedIn; Forbidden, also whoever the report itself is not for; NotFound.
    """
    reach(actor, permission)
    with market.read() as session:
        found = _in_reach(session, actor, permission, submission_id, field="submissionId")
        check_reader(actor, found.report_key)
        return thaw(figures(session, found.id))


def report_drift(market: Market, actor: Actor, submission_id: str, *, run: Run = run_report) -> Drift:
    """The submitted figures against those of now, of the same question and region.

    Refuses: as `submitted_figures`; what `run_report` refuses.
    """
    reach(actor, Permission.REPORT_READ)
    with market.read() as session:
        found = _in_reach(session, actor, Permission.REPORT_READ, submission_id, field="submissionId")
        check_reader(actor, found.report_key)
        was = thaw(figures(session, found.id))
        narrow = as_region(actor, Permission.REPORT_READ, found.region_code)
        asked = asked_of(found.asked)
    now = run(market, narrow, asked)
    return Drift(now.as_of, tuple(moved(was, now)))


def figures(session: Session, kept_id: str) -> bytes:
    """Step: the kept answer of a submission or a kept report."""
    return session.exec(select(ReportFigures.content).where(ReportFigures.id == kept_id)).one()


def _in_reach(
    session: Session, actor: Actor, permission: Permission, submission_id: str, *, field: str
) -> ReportSubmission:
    found = session.exec(select(ReportSubmission).where(ReportSubmission.id == submission_id)).first()
    if found is None or not reach(actor, permission).covers(region_code=found.region_code):
        raise NotFound(field=field)
    return found


def _checked(text: str, *, field: str) -> str:
    plain = text.strip()
    if len(plain) > TEXT_CHARACTERS_MAX:
        raise Invalid(
            field=field,
            allowed=f"at most {TEXT_CHARACTERS_MAX} characters",
            allowed_zh=f"至多 {TEXT_CHARACTERS_MAX} 字",
        )
    return plain
