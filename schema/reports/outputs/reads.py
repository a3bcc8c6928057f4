"""Where submissions, schedules and kept reports come from: the projections, with the scope in the statement."""

import sqlalchemy as sa

from market.kernel.permissions import Permission
from market.reports.bulletins import BULLETIN
from market.reports.states import SUBMISSION_MOVES, KeptReportState, ReportSubmissionState
from market.reports.tables import KeptReport as KeptTable
from market.reports.tables import ReportSchedule as ScheduleTable
from market.reports.tables import ReportSubmission as SubmissionTable
from schema.filters import text_order, within_region
from schema.organisations import COOPERATIVE, PRODUCER
from schema.places import REGION
from schema.projection import Args, Build, Computed, Projection, ToOne, among, column, localized, table_of
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Field
from schema.projection.viewer import reached

SUBMISSIONS, SCHEDULES, KEPT = table_of(SubmissionTable), table_of(ScheduleTable), table_of(KeptTable)
_NEWEST = {"NEWEST": text_order("n", "id", is_descending=True)}


def _in_region(t: sa.FromClause, build: Build) -> list[Condition]:
    return [reached(build, Permission.REPORT_READ, region=t.c.region_code)]


def _of_theirs(t: sa.FromClause, build: Build) -> list[Condition]:
    return [
        reached(build, Permission.REPORT_EXPORT, organisation=t.c.organisation_id, region=t.c.region_code),
    ]


def _of_their_schedules(t: sa.FromClause, build: Build) -> list[Condition]:
    schedule = SCHEDULES.alias()
    theirs = sa.select(schedule.c.id).where(schedule.c.id == t.c.schedule_id, *_of_theirs(schedule, build))
    return [sa.exists(theirs.correlate_except(schedule))]


def _next(state: str) -> list[str]:
    moves = SUBMISSION_MOVES[ReportSubmissionState(state)]
    return [each.value for each in ReportSubmissionState if each in moves]


def _kept_at(kept_id: str, state: str, report: str) -> str | None:
    form = "pdf" if report == BULLETIN else "xlsx"
    return f"/downloads/reports/kept/{kept_id}.{form}" if state == KeptReportState.MADE.value else None


REPORT_SUBMISSION: Projection = Projection(
    "ReportSubmission",
    SUBMISSIONS,
    visible=_in_region,
    fields={
        "id": column("id"),
        "report": column("report_key"),
        "region": ToOne(lambda: REGION, lambda t, region: region.c.code == t.c.region_code),
        "from": column("period_start"),
        "to": column("period_end"),
        "state": column("state"),
        "nextStates": Computed(_next, lambda t, _build, _args: [t.c.state]),
        "revision": column("revision"),
        "revises": ToOne(lambda: REPORT_SUBMISSION, lambda t, other: other.c.id == t.c.revises),
        "revisedBy": ToOne(lambda: REPORT_SUBMISSION, lambda t, other: other.c.revises == t.c.id),
        "remark": column("remark"),
        "comment": column("verdict"),
        "rowCount": column("row_count"),
        "digest": column("digest"),
        "asOf": column("as_of"),
        "submittedAt": column("submitted_at"),
        "reviewedAt": column("reviewed_at"),
        "downloadUrl": Computed(
            lambda submission_id: f"/downloads/reports/submissions/{submission_id}.xlsx",
            lambda t, _build, _args: [t.c.id],
        ),
    },
)

KEPT_REPORT = Projection(
    "KeptReport",
    KEPT,
    visible=_of_their_schedules,
    fields={
        "id": column("id"),
        "report": column("report_key"),
        "from": column("period_start"),
        "to": column("period_end"),
        "state": column("state"),
        "rowCount": column("row_count"),
        "digest": column("digest"),
        "asOf": column("as_of"),
        "problem": localized("problem"),
        "downloadUrl": Computed(
            _kept_at,
            lambda t, _build, _args: [t.c.id, t.c.state, t.c.report_key],
        ),
    },
)

REPORT_SCHEDULE = Projection(
    "ReportSchedule",
    SCHEDULES,
    visible=_of_theirs,
    fields={
        "id": column("id"),
        "report": column("report_key"),
        "cadence": column("cadence"),
        "region": ToOne(lambda: REGION, lambda t, region: region.c.code == t.c.region_code),
        "cooperative": ToOne(lambda: COOPERATIVE, lambda t, other: other.c.id == t.c.organisation_id),
        "producer": ToOne(lambda: PRODUCER, lambda t, other: other.c.id == t.c.organisation_id),
        "state": column("state"),
        "nextFrom": column("next_start"),
        "dueOn": column("due_on"),
        "createdAt": column("created_at"),
        "stoppedAt": column("stopped_at"),
        "problem": localized("problem"),
        "keptReports": Listed(
            lambda: KEPT_REPORT, _NEWEST, "NEWEST", on=lambda t, kept, _build: kept.c.schedule_id == t.c.id
        ),
    },
)


def _submissions_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions: list[Condition] = []
    for name, of in (("reports", t.c.report_key), ("states", t.c.state)):
        if where.get(name) is not None:
            conditions.append(among(of, where.get(name)))
    region = where.slot("region")
    if region is not None:
        conditions.append(within_region(t.c.region_code, region, build))
    return conditions


def _schedules_where(t: sa.FromClause, _build: Build, args: Args) -> list[Condition]:
    states = args.nested("where").get("states")
    return [] if states is None else [among(t.c.state, states)]


REPORT_OUTPUT_QUERIES: dict[str, Field] = {
    "reportSubmissions": Listed(lambda: REPORT_SUBMISSION, _NEWEST, "NEWEST", where=_submissions_where),
    "reportSchedules": Listed(lambda: REPORT_SCHEDULE, _NEWEST, "NEWEST", where=_schedules_where),
}
