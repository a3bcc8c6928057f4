"""Reports that are kept: submitted ones, schedules and what they produced."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field
from market.reports.states import KeptReportState, ReportCadence, ReportScheduleState, ReportSubmissionState

_DUE = sa.text("state = 'ACTIVE'")


class ReportFigures(SQLModel, table=True):
    """The answer of a submission or of a kept report, compressed, apart from the row it belongs to, so that lists do not
    read it. Nothing changes it: the database refuses (`market/kernel/triggers.py`)."""

    __tablename__ = "report_figures"

    id: str = Field(primary_key=True, max_length=30, description="Of the submission or the kept report")
    content: bytes


class ReportSubmission(SQLModel, table=True):
    """A report that somebody vouches for, with the figures as they were, and what the reviewer said. Figures that turn
    out wrong are submitted again as a revision of it, once."""

    __tablename__ = "report_submission"
    __table_args__ = (
        sa.Index("report_submission_region", "region_code", "id"),
        sa.Index("report_submission_by_state", "state", "id"),
        sa.CheckConstraint("reviewed_by IS NULL OR reviewed_by <> submitted_by", name="report_submission_four_eyes"),
        sa.CheckConstraint("(state = 'SUBMITTED') = (reviewed_at IS NULL)", name="report_submission_reviewed"),
        sa.CheckConstraint("(revision = 1) = (revises IS NULL)", name="report_submission_revision"),
        sa.CheckConstraint("period_end >= period_start", name="report_submission_period"),
    )

    id: str = Field(primary_key=True, max_length=30)
    report_key: str = Field(max_length=64)
    region_code: str = Field(foreign_key="region.code", max_length=12, description="Whose figures: its subtree's")
    period_start: date
    period_end: date = Field(description="The last day")
    asked: dict[str, Any] = Field(sa_type=sa.JSON)
    digest: str = Field(max_length=64, description="Of the figures, SHA-256 in hex")
    row_count: int
    as_of: datetime = Field(description="When the figures were read")
    revision: int = 1
    revises: str | None = Field(
        default=None, foreign_key="report_submission.id", max_length=30, unique=True, description="The one before"
    )
    state: ReportSubmissionState = enum_field(ReportSubmissionState, default=ReportSubmissionState.SUBMITTED)
    remark: str = Field(default="", max_length=1000, description="What the submitter says to it")
    submitted_by: str = Field(max_length=64, description="The account")
    submitted_at: datetime
    reviewed_by: str | None = Field(default=None, max_length=64)
    reviewed_at: datetime | None = None
    verdict: str = Field(default="", max_length=1000, description="What the reviewer says to it")


class ReportSchedule(SQLModel, table=True):
    """A report to be produced after every week or month, for a region or an organisation, with the rights that the account
    has then. A worker has it while `leased_until` lies ahead."""

    __tablename__ = "report_schedule"
    __table_args__ = (
        sa.Index("report_schedule_due", "due_on", "id", postgresql_where=_DUE, sqlite_where=_DUE),
        sa.Index("report_schedule_region", "region_code", "id"),
        sa.Index("report_schedule_organisation", "organisation_id", "id"),
        sa.CheckConstraint("(region_code IS NULL) <> (organisation_id IS NULL)", name="report_schedule_whose"),
        sa.CheckConstraint("due_on > next_start", name="report_schedule_due_after"),
    )

    id: str = Field(primary_key=True, max_length=30)
    report_key: str = Field(max_length=64)
    cadence: ReportCadence = enum_field(ReportCadence)
    asked: dict[str, Any] = Field(sa_type=sa.JSON, description="Its period is not used")
    region_code: str | None = Field(default=None, foreign_key="region.code", max_length=12)
    organisation_id: str | None = Field(default=None, foreign_key="organisation.id", max_length=30)
    created_by: str = Field(max_length=64, description="The account it is produced as")
    state: ReportScheduleState = enum_field(ReportScheduleState, default=ReportScheduleState.ACTIVE)
    next_start: date = Field(description="The first day of the period to produce next")
    due_on: date = Field(description="The first day after that period")
    leased_until: datetime | None = None
    created_at: datetime
    stopped_at: datetime | None = None
    problem: str | None = Field(default=None, sa_type=sa.Text, description="Why it was stopped, if not by a person")
    problem_en: str | None = Field(default=None, sa_type=sa.Text)


class KeptReport(SQLModel, table=True):
    """What a schedule produced for one period, once; or why it could not."""

    __tablename__ = "kept_report"
    __table_args__ = (
        sa.UniqueConstraint("schedule_id", "period_start", name="kept_report_once"),
        sa.CheckConstraint("(state = 'MADE') = (digest IS NOT NULL)", name="kept_report_made"),
    )

    id: str = Field(primary_key=True, max_length=30)
    schedule_id: str = Field(foreign_key="report_schedule.id", max_length=30)
    report_key: str = Field(max_length=64)
    period_start: date
    period_end: date = Field(description="The last day")
    state: KeptReportState = enum_field(KeptReportState)
    digest: str | None = Field(default=None, max_length=64, description="Of the figures, SHA-256 in hex")
    row_count: int = 0
    as_of: datetime = Field(description="When the figures were read")
    problem: str | None = Field(default=None, sa_type=sa.Text)
    problem_en: str | None = Field(default=None, sa_type=sa.Text)
    made_at: datetime
