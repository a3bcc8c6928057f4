"""A submitted report, a schedule and what it produced, as rows: for tests that look at everything there is."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlmodel import Session

from market.kernel.ids import new_id
from market.reports.frozen import asked_json, freeze
from market.reports.states import KeptReportState, ReportCadence
from market.reports.tables import KeptReport, ReportFigures, ReportSchedule, ReportSubmission
from tests.reports.answers import villages

AT = datetime(2026, 6, 1, 1, tzinfo=UTC)


def add_reports(session: Session, seller: str, region: str) -> None:
    """Step: add them; the schedule is the seller's, the submission the region's."""
    result = villages(("葛家村", 1, 8_800))
    asked = replace(result.asked, key="sales", start=date(2026, 5, 1), end=date(2026, 5, 31))
    result = replace(result, asked=asked, report=replace(result.report, key="sales"))
    frozen = freeze(result)
    days: dict[str, Any] = {"period_start": asked.start, "period_end": asked.end}
    schedule = ReportSchedule(
        id=new_id("rsc"),
        report_key="sales",
        cadence=ReportCadence.MONTHLY,
        asked=asked_json(asked),
        organisation_id=seller,
        created_by="acc_maker",
        next_start=date(2026, 6, 1),
        due_on=date(2026, 7, 1),
        created_at=AT,
    )
    session.add(schedule)
    session.flush()
    about: dict[str, Any] = {"report_key": "sales", "digest": frozen.digest, "row_count": 1, "as_of": AT}
    kept = KeptReport(
        id=new_id("rkp"), schedule_id=schedule.id, state=KeptReportState.MADE, made_at=AT, **days, **about
    )
    submission = ReportSubmission(
        id=new_id("rps"),
        region_code=region,
        asked=asked_json(asked),
        submitted_by="acc_maker",
        submitted_at=AT,
        **days,
        **about,
    )
    session.add_all([kept, submission])
    session.add_all([ReportFigures(id=each.id, content=frozen.content) for each in (kept, submission)])
    session.flush()
