"""Submitting, reviewing and scheduling reports through the API: of real sales, by each kind of caller."""

from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.ledger.sales.fold import fold_sales
from market.reports.schedules import make_scheduled_reports
from tests.checkout.shop import peaches
from tests.clock import FakeClock
from tests.reports.answers import key, staff
from tests.reports.fair import Fair, open_fair
from tests.schema.asking import Asker, asked
from tests.schema.stalls import ADMIN
from tests.stock.farms import people_of

FENGHUA, CIXI = "330213000000", "330282000000"

SUBMIT = """
mutation ($input: SubmitReportInput!, $key: ID!) {
  submitReport(input: $input, idempotencyKey: $key) {
    __typename
    ... on ReportSubmissionPayload { submission { id state nextStates revision report region { code name }
      from to rowCount digest asOf submittedAt reviewedAt remark comment downloadUrl
      revises { id } revisedBy { id } } }
    ... on UserError { code message }
    ... on ReportAlreadyRevised { revisionId }
  }
}"""
REVIEW = """
mutation ($input: ReviewReportInput!) {
  reviewReport(input: $input) {
    __typename
    ... on ReportSubmissionPayload { submission { id state nextStates comment reviewedAt } }
    ... on UserError { code message }
  }
}"""
READ = """
query ($id: ID!) {
  submittedReport(submissionId: $id) { rowCount columns { key } rows totals }
  reportDrift(submissionId: $id) { count figures { row column was now } }
}"""
FIGURES = "query ($id: ID!) { submittedReport(submissionId: $id) { rowCount } }"
DRIFT = "query ($id: ID!) { reportDrift(submissionId: $id) { count } }"
LIST = """
query ($where: ReportSubmissionWhere) {
  reportSubmissions(where: $where) { totalCount nodes { id state region { code } revisedBy { id } } }
}"""
NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
SCHEDULE = """
mutation ($input: ScheduleReportInput!, $key: ID!) {
  scheduleReport(input: $input, idempotencyKey: $key) {
    __typename
    ... on ReportSchedulePayload { schedule { id report cadence state nextFrom dueOn
      region { code } producer { id } cooperative { id } keptReports { nodes { id } } } }
    ... on UserError { code message }
  }
}"""
STOP = """
mutation ($id: ID!) {
  stopReportSchedule(scheduleId: $id) {
    __typename
    ... on ReportSchedulePayload { schedule { state stoppedAt problem } }
    ... on UserError { code message }
  }
}"""
SCHEDULES = """
{ reportSchedules { nodes { id keptReports { totalCount nodes { id from to state rowCount digest problem downloadUrl } } } } }
"""
KEPT = "query ($id: ID!) { keptReport(keptReportId: $id) { columns { key } rows totals } }"


@pytest.fixture(name="fair")
def _fair(market: Market, clock: FakeClock) -> Fair:
    """Two counties that sold something in June; it is July."""
    fair = open_fair(market, clock)
    fair.buy(0, peaches(fair.shop, 2))
    fair.buy(1, fair.pears_of(3))
    clock.now = datetime(2026, 7, 3, 2, tzinfo=UTC)
    fold_sales(market, limit=1000)
    return fair


def june(region: str = FENGHUA, **more: Any) -> dict[str, Any]:
    return {
        "report": "sales",
        "range": {"from": "2026-06-01", "to": "2026-06-30"},
        "region": region,
        "groupBy": ["month", "kind"],
        **more,
    }


async def submitted(asker: Asker, who: Actor, name: str = "one", **more: Any) -> Any:
    answer = await asker.data(SUBMIT, {"input": june(**more), "key": key(name)}, actor=who)
    return answer["submitReport"]


def test_from_submission_through_late_refund_and_return_to_an_approved_revision(market: Market, fair: Fair) -> None:
    analyst, finance = (staff(market, role, FENGHUA) for role in (Role.STAFF_ANALYST, Role.STAFF_FINANCE))

    async def walk(here: Market) -> None:
        asker = Asker(here)
        first = (await submitted(asker, analyst, remark="六月"))["submission"]
        assert (first["state"], first["nextStates"], first["revision"]) == ("SUBMITTED", ["APPROVED", "RETURNED"], 1)
        assert first["region"] == {"code": FENGHUA, "name": "奉化区"}
        assert (first["from"], first["to"], first["remark"]) == ("2026-06-01", "2026-06-30", "六月")
        assert first["downloadUrl"] == f"/downloads/reports/submissions/{first['id']}.xlsx"
        same = await submitted(asker, analyst, remark="六月")
        assert same["submission"]["id"] == first["id"]

        read = await asker.data(READ, {"id": first["id"]}, actor=finance)
        before = read["submittedReport"]
        assert before["rowCount"] == len(before["rows"]) == first["rowCount"] == 1
        assert read["reportDrift"] == {"count": 0, "figures": []}

        fair.give_back(fair.orders[0], Random(3))
        fold_sales(here, limit=1000)
        # A refund of today is July's: June stays as it was, whatever comes back.
        read = await asker.data(READ, {"id": first["id"]}, actor=finance)
        assert read["submittedReport"] == before
        assert read["reportDrift"]["count"] == 0

        review = {"submissionId": first["id"], "decision": "RETURN", "comment": "请附退款说明"}
        answer = (await asker.data(REVIEW, {"input": review}, actor=finance))["reviewReport"]
        assert answer["submission"]["state"] == "RETURNED"
        assert answer["submission"]["comment"] == "请附退款说明"
        again = (await asker.data(REVIEW, {"input": {**review, "decision": "APPROVE"}}, actor=finance))["reviewReport"]
        assert (again["__typename"], again["code"]) == ("IllegalTransition", "ILLEGAL_TRANSITION")

        second = (await submitted(asker, analyst, "two", revises=first["id"]))["submission"]
        assert (second["revision"], second["revises"], second["revisedBy"]) == (2, {"id": first["id"]}, None)
        third = await submitted(asker, analyst, "three", revises=first["id"])
        assert (third["__typename"], third["revisionId"]) == ("ReportAlreadyRevised", second["id"])
        approve = {"submissionId": second["id"], "decision": "APPROVE"}
        assert (await asker.data(REVIEW, {"input": approve}, actor=finance))["reviewReport"]["submission"][
            "state"
        ] == "APPROVED"
        listed = (await asker.data(LIST, {"where": {"states": ["RETURNED"]}}, actor=finance))["reportSubmissions"]
        assert listed["totalCount"] == 1
        assert listed["nodes"][0]["revisedBy"] == {"id": second["id"]}

    asked(market, walk)


def test_orders_that_come_into_a_submitted_month_show_as_drift(market: Market, clock: FakeClock, fair: Fair) -> None:
    who = staff(market, Role.STAFF_ANALYST, FENGHUA)

    async def walk(here: Market) -> None:
        asker = Asker(here)
        clock.now = datetime(2026, 6, 20, 2, tzinfo=UTC)
        week = june(range={"from": "2026-06-01", "to": "2026-06-19"})
        first = (await asker.data(SUBMIT, {"input": week, "key": key("one")}, actor=who))["submitReport"]["submission"]
        clock.now = datetime(2026, 6, 10, 2, tzinfo=UTC)
        fair.buy(2, peaches(fair.shop, 1))
        fold_sales(here, limit=1000)

        drift = (await asker.data(READ, {"id": first["id"]}, actor=who))["reportDrift"]
        orders = [each for each in drift["figures"] if each["column"] == "orders"]
        assert [(each["was"], each["now"]) for each in orders] == [("1", "2"), ("1", "2")]
        assert orders[0]["row"] == []
        assert orders[1]["row"][0] == "2026-06-01"

    asked(market, walk)


@pytest.mark.usefixtures("fair")
def test_each_kind_of_caller(market: Market) -> None:
    analyst, foreign = staff(market, Role.STAFF_ANALYST, FENGHUA), staff(market, Role.STAFF_ANALYST, CIXI)
    finance, stranger = staff(market, Role.STAFF_FINANCE, FENGHUA), staff(market, Role.STAFF_FINANCE, CIXI)
    customer = Actor(ActorKind.CUSTOMER, "acc_1")

    async def walk(here: Market) -> None:
        asker = Asker(here)
        mine = (await submitted(asker, analyst))["submission"]["id"]
        for who, code in ((VISITOR, "UNAUTHENTICATED"), (customer, "FORBIDDEN"), (finance, "FORBIDDEN")):
            assert (await submitted(asker, who, "other"))["code"] == code
        assert (await submitted(asker, foreign, "other"))["code"] == "NOT_FOUND"
        review = {"submissionId": mine, "decision": "APPROVE"}
        unknown = {**review, "submissionId": here.new_id("rps")}
        for who, code in ((VISITOR, "UNAUTHENTICATED"), (analyst, "FORBIDDEN")):
            assert (await asker.data(REVIEW, {"input": review}, actor=who))["reviewReport"]["code"] == code
        told = [await asker.answer(REVIEW, {"input": each}, actor=stranger) for each in (review, unknown)]
        assert told[0].body == told[1].body
        for query in (FIGURES, DRIFT):
            ids = (mine, unknown["submissionId"])
            told = [await asker.answer(query, {"id": each}, actor=foreign) for each in ids]
            assert told[0].body == told[1].body
        assert (await asker.data(NODE, {"id": mine}, actor=foreign))["node"] is None
        assert (await asker.data(NODE, {"id": mine}, actor=finance))["node"]["__typename"] == "ReportSubmission"
        assert (await asker.data(LIST, actor=foreign))["reportSubmissions"]["totalCount"] == 0
        own = (await submitted(asker, ADMIN, "admin", region=CIXI))["submission"]["id"]
        answer = await asker.data(REVIEW, {"input": {**review, "submissionId": own}}, actor=ADMIN)
        assert answer["reviewReport"]["code"] == "OWN_SUBMISSION"
        assert (await asker.data(LIST, {"where": {"region": CIXI}}, actor=ADMIN))["reportSubmissions"][
            "totalCount"
        ] == 1

    asked(market, walk)


def test_a_scheduled_report_is_produced_kept_and_read(market: Market, fair: Fair) -> None:
    owner, analyst = (
        people_of(market, fair.member, Role.OWNER),
        staff(market, Role.STAFF_ANALYST, CIXI),
    )

    async def walk(here: Market) -> None:
        asker = Asker(here)
        monthly = {"report": "sales", "cadence": "MONTHLY", "from": "2026-06-15"}
        made = {}
        for name, who, whose in (("own", owner, {"organisation": fair.member}), ("area", analyst, {"region": CIXI})):
            answer = await asker.data(SCHEDULE, {"input": {**monthly, **whose}, "key": key(name)}, actor=who)
            made[name] = answer["scheduleReport"]["schedule"]
        assert (made["own"]["producer"], made["own"]["region"]) == ({"id": fair.member}, None)
        assert (made["area"]["region"], made["area"]["nextFrom"]) == ({"code": CIXI}, "2026-06-01")
        assert make_scheduled_reports(here, limit=10) == 2

        for who in (owner, analyst):
            schedules = (await asker.data(SCHEDULES, actor=who))["reportSchedules"]["nodes"]
            assert len(schedules) == 1
            (kept,) = schedules[0]["keptReports"]["nodes"]
            assert (kept["from"], kept["to"], kept["state"]) == ("2026-06-01", "2026-06-30", "MADE")
            assert kept["downloadUrl"] == f"/downloads/reports/kept/{kept['id']}.xlsx"
            table = (await asker.data(KEPT, {"id": kept["id"]}, actor=who))["keptReport"]
            orders = [column["key"] for column in table["columns"]].index("orders")
            assert table["totals"][orders] == "1"
            stranger = analyst if who is owner else owner
            assert (await asker.ask(KEPT, {"id": kept["id"]}, actor=stranger))["errors"][0]["extensions"][
                "code"
            ] == "NOT_FOUND"

        stopped = (await asker.data(STOP, {"id": made["own"]["id"]}, actor=owner))["stopReportSchedule"]
        assert stopped["schedule"]["state"] == "STOPPED"
        foreign = (await asker.data(STOP, {"id": made["area"]["id"]}, actor=owner))["stopReportSchedule"]
        assert foreign["code"] == "NOT_FOUND"
        both = {**monthly, "region": CIXI, "organisation": fair.member}
        refused = await asker.data(SCHEDULE, {"input": both, "key": key("both")}, actor=owner)
        assert refused["scheduleReport"]["code"] == "NOT_FOUND"

    asked(market, walk)
