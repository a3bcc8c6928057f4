"""How reports are submitted, reviewed and scheduled: each mutation is one use case."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from market.plan.bulletin import county_bulletin
from market.reports import submissions
from market.reports.declare import ReportAsked
from market.reports.schedules import ScheduleDraft, schedule_report, stop_schedule, try_schedule
from market.reports.submissions import SubmissionDraft, read_submission, review_report, submit_report
from schema.enums.kept_reports import ReportCadence, ReportDecision
from schema.mutations import IdempotencyKey, Info, UserError, changed, mutation, told_as
from schema.permissions import PUBLIC, ruled
from schema.reports.outputs.reads import REPORT_SCHEDULE, REPORT_SUBMISSION
from schema.reports.outputs.types import ReportSchedule, ReportSubmission
from schema.reports.reads import ReportWhere
from schema.reports.types import DateRange

# -- why not -----------------------------------------------------------------------------------------------------------


@told_as(submissions.AlreadyRevised, lambda error, _language: {"revision_id": error.facts["revision_id"]})
@strawberry.type(description="Another revision takes the submission's place already: revise that one.")
@ruled(PUBLIC)
class ReportAlreadyRevised(UserError):
    revision_id: strawberry.ID = strawberry.field(description="The revision.")


# -- what is given -----------------------------------------------------------------------------------------------------


@strawberry.input(description="A report to submit, whole.")
class SubmitReportInput:
    report: str = strawberry.field(description="Its key: see `reports`.")
    range: DateRange = strawberry.field(description="Which days; all of them are over.")
    region: str = strawberry.field(description="Whose figures: a 12-digit code within the caller's regions.")
    group_by: list[str] | None = strawberry.field(
        default=UNSET, description="Keys of its dimensions; its own choice when left out."
    )
    where: list[ReportWhere] | None = strawberry.field(default=UNSET, description="Only rows that meet all of these.")
    remark: str | None = strawberry.field(
        default=UNSET, description="What there is to say to it, at most 1,000 characters."
    )
    revises: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The submission of the same report, region and days whose place it takes."
    )


@strawberry.input(description="What a reviewer says.")
class ReviewReportInput:
    submission_id: strawberry.ID = strawberry.field(description="The submission.")
    decision: ReportDecision = strawberry.field(description="Approved, or returned.")
    comment: str | None = strawberry.field(
        default=UNSET, description="Why; a return needs words. At most 1,000 characters."
    )


@strawberry.input(description="A report to produce regularly, for a region or for an organisation.")
class ScheduleReportInput:
    report: str = strawberry.field(
        description="Its key: see `reports`. Or `bulletin`: a region's monthly bulletin, in Chinese, to print."
    )
    cadence: ReportCadence = strawberry.field(description="How often.")
    region: str | None = strawberry.field(default=UNSET, description="For this region: a 12-digit code.")
    organisation: strawberry.ID | None = strawberry.field(
        default=UNSET, description="For this organisation, in place of a region."
    )
    group_by: list[str] | None = strawberry.field(
        default=UNSET, description="Keys of its dimensions; its own choice when left out."
    )
    where: list[ReportWhere] | None = strawberry.field(default=UNSET, description="Only rows that meet all of these.")
    start: date | None = strawberry.field(
        default=UNSET,
        name="from",
        description="A day of the first period, at most two years back; the present one when left out.",
    )


SubmitReport = Annotated[SubmitReportInput, strawberry.argument(name="input", description="What to submit.")]
ReviewReport = Annotated[ReviewReportInput, strawberry.argument(name="input", description="The review.")]
ScheduleReport = Annotated[ScheduleReportInput, strawberry.argument(name="input", description="What to produce.")]


# -- what is answered --------------------------------------------------------------------------------------------------


@strawberry.type(description="A report was submitted or reviewed.")
@ruled(Permission.REPORT_READ)
class ReportSubmissionPayload:
    submission_id: strawberry.Private[str]
    submission: ReportSubmission | None = changed(
        "The submission as it is now.",
        ReportSubmission | None,
        lambda: REPORT_SUBMISSION,
        lambda payload: payload.submission_id,
    )


@strawberry.type(description="A schedule was made or stopped.")
@ruled(Permission.REPORT_EXPORT)
class ReportSchedulePayload:
    schedule_id: strawberry.Private[str]
    schedule: ReportSchedule | None = changed(
        "The schedule as it is now.",
        ReportSchedule | None,
        lambda: REPORT_SCHEDULE,
        lambda payload: payload.schedule_id,
    )


@strawberry.type
class ReportOutputMutations:
    """Submitting, reviewing, scheduling."""

    @mutation(
        "Freeze a report's figures as they are now and hand them in for review. Late refunds no longer change them: "
        "`reportDrift` tells what they would change.",
        rule=Permission.REPORT_SUBMIT,
        errors=(ReportAlreadyRevised,),
    )
    async def submit_report(
        self, info: Info, given: SubmitReport, idempotency_key: IdempotencyKey
    ) -> ReportSubmissionPayload:
        asked = ReportAsked(
            key=given.report,
            start=given.range.start,
            end=given.range.end,
            group_by=tuple(given.group_by or ()),
            where=_where(given.where),
        )
        revises = str(given.revises) if given.revises else None
        draft = SubmissionDraft(asked, given.region, remark=given.remark or "", revises=revises)
        result = await info.context.look(read_submission, draft)
        submitted = await info.context.act(submit_report, draft, result, key=str(idempotency_key))
        return ReportSubmissionPayload(submission_id=submitted)

    @mutation(
        "Approve a submitted report, or return it: by somebody else than whoever submitted it.",
        rule=Permission.REPORT_REVIEW,
    )
    async def review_report(self, info: Info, given: ReviewReport) -> ReportSubmissionPayload:
        submission_id = str(given.submission_id)
        await info.context.act(
            review_report, submission_id=submission_id, decision=given.decision, verdict=given.comment or ""
        )
        return ReportSubmissionPayload(submission_id=submission_id)

    @mutation(
        "Have a report produced after every week or month, and kept. It is produced with the caller's rights of the day, "
        "and stops when they are gone.",
        rule=Permission.REPORT_EXPORT,
    )
    async def schedule_report(
        self, info: Info, given: ScheduleReport, idempotency_key: IdempotencyKey
    ) -> ReportSchedulePayload:
        draft = ScheduleDraft(
            given.report,
            given.cadence,
            group_by=tuple(given.group_by or ()),
            where=_where(given.where),
            region_code=given.region or None,
            organisation_id=str(given.organisation) if given.organisation else None,
            start=given.start or None,
        )
        await info.context.look(try_schedule, draft, gather=county_bulletin)
        made = await info.context.act(schedule_report, draft, key=str(idempotency_key))
        return ReportSchedulePayload(schedule_id=made)

    @mutation("Produce no more of a scheduled report; what was produced stays.", rule=Permission.REPORT_EXPORT)
    async def stop_report_schedule(
        self, info: Info, schedule_id: Annotated[strawberry.ID, strawberry.argument(description="The schedule.")]
    ) -> ReportSchedulePayload:
        await info.context.act(stop_schedule, str(schedule_id))
        return ReportSchedulePayload(schedule_id=str(schedule_id))


def _where(filters: list[ReportWhere] | None) -> dict[str, tuple[str, ...]]:
    return {each.key: tuple(each.values) for each in filters or ()}
