"""What is made of reports: submissions and their review, schedules and what they produced, files to fetch."""

from schema.reports.outputs.changes import ReportOutputMutations
from schema.reports.outputs.reads import (
    KEPT_REPORT,
    REPORT_OUTPUT_QUERIES,
    REPORT_SCHEDULE,
    REPORT_SUBMISSION,
)
from schema.reports.outputs.types import ReportOutputQueries

__all__ = [
    "KEPT_REPORT",
    "REPORT_OUTPUT_QUERIES",
    "REPORT_SCHEDULE",
    "REPORT_SUBMISSION",
    "ReportOutputMutations",
    "ReportOutputQueries",
]
