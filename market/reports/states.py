"""The states of submissions and of scheduled reports, and the calendar of the latter."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from dateutil.relativedelta import relativedelta

from market.kernel.errors import IllegalTransition


class ReportSubmissionState(StrEnum):
    """How far a submitted report is."""

    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    RETURNED = "RETURNED"


class ReportDecision(StrEnum):
    """What a reviewer says to a submitted report."""

    APPROVE = "APPROVE"
    RETURN = "RETURN"


SUBMISSION_MOVES: Mapping[ReportSubmissionState, frozenset[ReportSubmissionState]] = MappingProxyType(
    {
        ReportSubmissionState.SUBMITTED: frozenset({ReportSubmissionState.APPROVED, ReportSubmissionState.RETURNED}),
        # What was decided stays: figures that changed afterwards go into a revision, a submission of its own.
        ReportSubmissionState.APPROVED: frozenset(),
        ReportSubmissionState.RETURNED: frozenset(),
    }
)
"""The legal moves."""

DECIDED: Mapping[ReportDecision, ReportSubmissionState] = MappingProxyType(
    {ReportDecision.APPROVE: ReportSubmissionState.APPROVED, ReportDecision.RETURN: ReportSubmissionState.RETURNED}
)


class ReportCadence(StrEnum):
    """How often a scheduled report is produced: after each whole week from Monday, after each calendar month."""

    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


class ReportScheduleState(StrEnum):
    """Whether a schedule goes on."""

    ACTIVE = "ACTIVE"
    STOPPED = "STOPPED"


class KeptReportState(StrEnum):
    """Whether a period's report could be produced."""

    MADE = "MADE"
    FAILED = "FAILED"


def illegal_submission_move(state: ReportSubmissionState, to: ReportSubmissionState) -> IllegalTransition:
    """The refusal of a move that is not legal."""
    allowed = tuple(each.value for each in ReportSubmissionState if each in SUBMISSION_MOVES[state])
    return IllegalTransition(from_state=state.value, to_state=to.value, allowed=allowed)


def period_start(cadence: ReportCadence, day: date) -> date:
    """The first day of the period that a day lies in.

    >>> period_start(ReportCadence.WEEKLY, date(2026, 11, 26)), period_start(ReportCadence.MONTHLY, date(2026, 11, 26))
    (datetime.date(2026, 11, 23), datetime.date(2026, 11, 1))
    """
    return day.replace(day=1) if cadence is ReportCadence.MONTHLY else day - timedelta(days=day.weekday())


def next_start(cadence: ReportCadence, start: date) -> date:
    """The first day of the period after the one that begins here, which is the day on which this one can be produced.

    >>> next_start(ReportCadence.MONTHLY, date(2026, 12, 1)), next_start(ReportCadence.WEEKLY, date(2026, 12, 28))
    (datetime.date(2027, 1, 1), datetime.date(2027, 1, 4))
    """
    step = relativedelta(months=1) if cadence is ReportCadence.MONTHLY else relativedelta(weeks=1)
    return start + step
