"""The types of submitted, scheduled and kept reports, and the root fields that read them."""

from datetime import date, datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from market.reports.declare import ColumnKind
from market.reports.frozen import Moved
from market.reports.schedules import kept_figures
from market.reports.submissions import Drift, report_drift, submitted_figures
from schema.enums.kept_reports import KeptReportState, ReportCadence, ReportScheduleState, ReportSubmissionState
from schema.mutations import Info
from schema.node import Node
from schema.organisations import Cooperative, Producer
from schema.pagination import Connection, LocaleArgument, field, listed, single
from schema.permissions import ruled
from schema.places import Region
from schema.reports.reads import ReportTable, cell_text

DRIFT_SHOWN = 500
"""Figures; whoever has more reads the report itself."""
_SEEN, _PRODUCED = ruled(Permission.REPORT_READ), ruled(Permission.REPORT_EXPORT)
_FORMS = "The other forms are beside it, ending in `.csv`, `.svg` and `.png`. Needs the same sign-in."

Id = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]


@strawberry.type(
    description="A report that somebody vouches for: its figures stay as they were submitted, whatever happens later."
)
@_SEEN
class ReportSubmission(Node):
    report: str = field("The report's key: see `reports`.")
    region: Region = field("Whose figures: this region's and everything's within it.")
    start: date = strawberry.field(name="from", description="The first day.")
    end: date = strawberry.field(name="to", description="The last day.")
    state: ReportSubmissionState = field("How far it is.")
    next_states: list[ReportSubmissionState] = field("Where it can go from here.")
    revision: int = field("1, or more when it takes the place of an earlier one.")
    revises: "ReportSubmission | None" = field("The one whose place it takes.")
    revised_by: "ReportSubmission | None" = field("The one that takes its place.")
    remark: str = field("What the submitter says to it.")
    comment: str = field("What the reviewer says to it.")
    row_count: int = field("How many rows it has.")
    digest: str = field("Of the figures, SHA-256 in hex: the same figures have the same.")
    as_of: datetime = field("When the figures were read.")
    submitted_at: datetime = field("When it was submitted.")
    reviewed_at: datetime | None = field("When it was reviewed.")
    download_url: str = field(f"Where it is fetched as XLSX. {_FORMS}")


@strawberry.input(description="Which submissions.")
class ReportSubmissionWhere:
    reports: list[str] | None = strawberry.field(default=UNSET, description="Of any of these reports, by key.")
    states: list[ReportSubmissionState] | None = strawberry.field(default=UNSET, description="In any of these states.")
    region: str | None = strawberry.field(default=UNSET, description="Of this region or one within it.")


@strawberry.type(description="A figure that is not what it was when the report was submitted.")
@_SEEN
class ReportDriftFigure:
    row: list[str | None] = strawberry.field(description="The names of its row; empty: of the totals.")
    column: str = strawberry.field(description="The column's key.")
    was: str | None = strawberry.field(description="As it was submitted; null: there was no such row or figure.")
    now: str | None = strawberry.field(description="As it is now; null: there is no such row or figure any more.")

    @classmethod
    def of(cls, moved: Moved) -> "ReportDriftFigure":
        """From the room's own."""
        return cls(
            row=[cell_text(ColumnKind.TEXT, each) for each in moved.row],
            column=moved.column.key,
            was=cell_text(moved.column.kind, moved.was),
            now=cell_text(moved.column.kind, moved.is_now),
        )


@strawberry.type(description="How far a submitted report's figures have moved since.")
@_SEEN
class ReportDrift:
    as_of: datetime = strawberry.field(description="When they were read again.")
    count: int = strawberry.field(description="How many figures are different.")
    figures: list[ReportDriftFigure] = strawberry.field(
        description=f"The first {DRIFT_SHOWN} of them, totals before rows."
    )

    @classmethod
    def of(cls, drift: Drift) -> "ReportDrift":
        """From the room's own."""
        shown = [ReportDriftFigure.of(each) for each in drift.moved[:DRIFT_SHOWN]]
        return cls(as_of=drift.as_of, count=len(drift.moved), figures=shown)


@strawberry.type(description="What a schedule produced for one period; it stays as it was.")
@_PRODUCED
class KeptReport(Node):
    report: str = field("The report's key: see `reports`.")
    start: date = strawberry.field(name="from", description="The first day.")
    end: date = strawberry.field(name="to", description="The last day.")
    state: KeptReportState = field("Whether it could be produced.")
    row_count: int = field("How many rows it has.")
    digest: str | None = field("Of the figures, SHA-256 in hex.")
    as_of: datetime = field("When the figures were read.")
    problem: str | None = single(
        "Why it could not be produced. In the language asked for.", str | None, locale=LocaleArgument
    )
    download_url: str | None = field(
        f"Where it is fetched as XLSX, a bulletin as PDF (or .html); null when it could not be produced. {_FORMS}"
    )


@strawberry.type(description="A report that is produced after every week or month, and kept.")
@_PRODUCED
class ReportSchedule(Node):
    report: str = field("The report's key: see `reports`.")
    cadence: ReportCadence = field("How often.")
    region: Region | None = field("The region whose figures it has, of staff's.")
    cooperative: Cooperative | None = field("The cooperative whose figures it has.")
    producer: Producer | None = field("The producer whose figures it has.")
    state: ReportScheduleState = field("Whether it goes on.")
    next_from: date = field("The first day of the period that comes next.")
    due_on: date = field("The day on which that one is produced.")
    created_at: datetime = field("When it was made.")
    stopped_at: datetime | None = field("When it was stopped.")
    problem: str | None = single(
        "Why it was stopped, when it was not by a person. In the language asked for.",
        str | None,
        locale=LocaleArgument,
    )
    kept_reports: Connection[KeptReport] = listed("What it produced, the newest first.", Connection[KeptReport])


@strawberry.input(description="Which schedules.")
class ReportScheduleWhere:
    states: list[ReportScheduleState] | None = strawberry.field(default=UNSET, description="In any of these states.")


@strawberry.type(description="Reads of submitted, scheduled and kept reports.")
class ReportOutputQueries:
    report_submissions: Connection[ReportSubmission] = listed(
        "Submitted reports of the caller's regions, the newest first.",
        Connection[ReportSubmission],
        where=ReportSubmissionWhere,
    )
    report_schedules: Connection[ReportSchedule] = listed(
        "Scheduled reports of the caller's organisations and regions, the newest first.",
        Connection[ReportSchedule],
        where=ReportScheduleWhere,
    )

    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover async methods with Info[…]
        description="The figures of a submitted report, as they were submitted.",
        metadata={"rule": Permission.REPORT_READ},
    )
    async def submitted_report(self, info: Info, submission_id: Id) -> ReportTable:
        found = await info.context.look(submitted_figures, submission_id)
        return ReportTable.of(found, info.context, kept_at=f"/downloads/reports/submissions/{submission_id}")

    @strawberry.field(  # type: ignore[untyped-decorator]  # the same
        description="The figures of a submitted report against those of now.",
        metadata={"rule": Permission.REPORT_READ},
    )
    async def report_drift(self, info: Info, submission_id: Id) -> ReportDrift:
        return ReportDrift.of(await info.context.look(report_drift, submission_id))

    @strawberry.field(  # type: ignore[untyped-decorator]  # the same
        description="The figures of a report that a schedule produced. A bulletin is only fetched, see `downloadUrl`.",
        metadata={"rule": Permission.REPORT_EXPORT},
    )
    async def kept_report(self, info: Info, kept_report_id: Id) -> ReportTable:
        found = await info.context.look(kept_figures, kept_report_id)
        return ReportTable.of(found, info.context, kept_at=f"/downloads/reports/kept/{kept_report_id}")
