"""Enums of reports that are submitted, scheduled and kept."""

from market.reports.states import (
    KeptReportState,
    ReportCadence,
    ReportDecision,
    ReportScheduleState,
    ReportSubmissionState,
)
from schema.scalars import described

__all__ = ["KeptReportState", "ReportCadence", "ReportDecision", "ReportScheduleState", "ReportSubmissionState"]

described(
    ReportSubmissionState,
    "How far a submitted report is.",
    SUBMITTED="It waits for a reviewer.",
    APPROVED="A reviewer stands for it as well.",
    RETURNED="A reviewer says what is to be put right; a revision takes it in.",
)

described(
    ReportDecision,
    "What a reviewer says to a submitted report.",
    APPROVE="The figures are right.",
    RETURN="Something is to be put right.",
)

described(
    ReportCadence,
    "How often a scheduled report is produced.",
    WEEKLY="After each week, Monday to Sunday.",
    MONTHLY="After each calendar month.",
)

described(
    ReportScheduleState,
    "Whether a schedule goes on.",
    ACTIVE="It goes on.",
    STOPPED="It was stopped: by a person, or since whoever made it may no longer read the report.",
)

described(
    KeptReportState,
    "Whether a period's report could be produced.",
    MADE="It is there.",
    FAILED="It was refused; `problem` says why.",
)
