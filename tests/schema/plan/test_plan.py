"""The plan by API: defined, broken down, reported, verified, read as a scorecard, kept; by whom."""

from datetime import date
from typing import Any

import pytest

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.plan.rules import IndicatorKind
from tests.plan.counties import (
    CITY,
    CITY_STAFF,
    COLLEAGUE,
    FENGHUA,
    FENGHUA_STAFF,
    TOWNSHIPS,
    YUYAO,
    YUYAO_STAFF,
    County,
    indicator,
    key,
    set_up,
)
from tests.schema.asking import Asker, asked

REFUSED = "__typename ... on UserError { code message } ... on InvalidInput { field }"
CREATE = f"""mutation($input: PlanInput!, $key: ID!) {{ it: createPlan(input: $input, idempotencyKey: $key) {{
  ... on PlanPayload {{ plan {{ id name region {{ name }} startsOn endsOn amberBehind redBehind indicators {{ code }} }} }}
  {REFUSED} }} }}"""
DEFINE = f"""mutation($input: PlanIndicatorInput!) {{ it: definePlanIndicator(input: $input) {{
  ... on PlanIndicatorPayload {{ indicator {{ id code name(locale: EN) kind source unit level frequency isRetired }} }}
  ... on IndicatorIsUsed {{ indicatorCode }} {REFUSED} }} }}"""
RETIRE = f"""mutation($id: ID!) {{ it: retirePlanIndicator(indicatorId: $id) {{
  ... on PlanIndicatorPayload {{ indicator {{ code isRetired }} }} {REFUSED} }} }}"""
AIM = f"""mutation($input: PlanTargetInput!) {{ it: setPlanTarget(input: $input) {{
  ... on PlanTargetPayload {{ targetId target {{ id value baseline region {{ code }} }} }} {REFUSED} }} }}"""
REMOVE = f"""mutation($id: ID!) {{ it: removePlanTarget(targetId: $id) {{
  ... on PlanTargetPayload {{ targetId target {{ id }} }} {REFUSED} }} }}"""
RECORD = f"""mutation($input: PlanObservationInput!, $key: ID!) {{
  it: recordPlanObservation(input: $input, idempotencyKey: $key) {{
  ... on PlanObservationPayload {{ observation {{ id state nextStates value whole revision startsOn endsOn }} }}
  {REFUSED} }} }}"""
SUBMIT = f"""mutation($id: ID!) {{ it: submitPlanObservation(observationId: $id) {{
  ... on PlanObservationPayload {{ observation {{ state submittedBy }} }} {REFUSED} }} }}"""
REVIEW = f"""mutation($id: ID!, $isRight: Boolean!, $note: String! = "") {{
  it: reviewPlanObservation(observationId: $id, isRight: $isRight, note: $note) {{
  ... on PlanObservationPayload {{ observation {{ state note verifiedBy }} }} {REFUSED} }} }}"""
KEEP = f"""mutation($plan: ID!, $region: String!, $day: Date!) {{
  it: keepPlanScorecard(planId: $plan, regionCode: $region, asOf: $day) {{
  ... on PlanPayload {{ plan {{ id }} }} {REFUSED} }} }}"""
CARD = """query($plan: ID!, $region: String, $day: Date) {
  planScorecard(planId: $plan, regionCode: $region, asOf: $day) { region regionName asOf rows {
    code name unitLabel target baseline actual expected attainment elapsed gap light trend previousActual dueThrough
    dataThrough figuresDue figuresReported sources { measure report column where { key values } from to } } } }"""
KEPT = """query($plan: ID!, $region: String!) { planKeptScorecards(planId: $plan, regionCode: $region) {
  asOf rows { actual light actualNow lightNow hasDrifted } } }"""
BELOW = """query($indicator: ID!, $region: String!) {
  planIndicatorByRegion(indicatorId: $indicator, regionCode: $region) { region actual light } }"""
FIGURES = """query($where: PlanObservationWhere) { planObservations(where: $where) { totalCount nodes {
  value state indicator { code plan { name } } region { name } } } }"""

MODERATOR = Actor(
    ActorKind.STAFF, "acc_m", staff_roles=frozenset({Role.STAFF_MODERATOR}), region_codes=frozenset({FENGHUA})
)
OWNER = Actor(ActorKind.MEMBER, "acc_o", organisations={"cop_a": frozenset({Role.OWNER})})


@pytest.fixture(name="county")
def _county(market: Market) -> County:
    return set_up(market)


class Desk:
    """Asks as one of the staff."""

    def __init__(self, market: Market) -> None:
        self.asker = Asker(market)

    async def do(self, document: str, actor: Actor = CITY_STAFF, **variables: Any) -> Any:
        """What a mutation answers."""
        return (await self.asker.data(document, variables, actor=actor))["it"]

    async def see(self, document: str, actor: Actor = CITY_STAFF, **variables: Any) -> Any:
        """The one root field of a query."""
        (found,) = (await self.asker.data(document, variables, actor=actor)).values()
        return found

    async def report(self, indicator_id: str, region: str, day: str, value: str) -> None:
        """A figure, recorded, submitted and verified."""
        given = {"indicatorId": indicator_id, "region": region, "day": day, "value": value, "evidence": "统计月报"}
        made = await self.do(RECORD, input=given, key=key())
        observation = made["observation"]["id"]
        await self.do(SUBMIT, id=observation)
        done = await self.do(REVIEW, COLLEAGUE, id=observation, isRight=True)
        assert done["observation"]["state"] == "VERIFIED"


def test_a_plan_from_its_first_word_to_a_kept_scorecard(county: County) -> None:
    asked(county.market, _walk)


async def _walk(market: Market) -> None:
    desk = Desk(market)
    plan = {"region": CITY, "name": "数字乡村", "startsOn": "2026-01-01", "endsOn": "2027-12-31", "redBehind": "5"}
    made = await desk.do(CREATE, input=plan, key=key())
    plan_id = made["plan"].pop("id")
    assert made["plan"] == {
        "name": "数字乡村",
        "region": {"name": "宁波市"},
        "startsOn": "2026-01-01",
        "endsOn": "2027-12-31",
        "amberBehind": "0.00",
        "redBehind": "5.00",
        "indicators": [],
    }

    shops = {
        "planId": plan_id,
        "code": "shops",
        "name": "新增涉农网店",
        "nameEn": "New farm shops online",
        "kind": "FLOW",
        "source": "MANUAL",
        "unit": "COUNT",
        "unitLabel": "家",
    }
    indicator_id = (await desk.do(DEFINE, input=shops))["indicator"].pop("id")
    year = {"indicatorId": indicator_id, "startsOn": "2026-01-01", "endsOn": "2026-12-31"}
    aimed = await desk.do(AIM, input={**year, "region": CITY, "value": "100"})
    assert aimed["target"] == {"id": aimed["targetId"], "value": "100", "baseline": None, "region": {"code": CITY}}
    broken_down = await desk.do(AIM, FENGHUA_STAFF, input={**year, "region": TOWNSHIPS[0], "value": "10.00"})
    assert broken_down["target"]["value"] == "10"

    await desk.report(indicator_id, FENGHUA, "2026-01-31", "20")
    assert (await desk.do(KEEP, plan=plan_id, region=CITY, day="2026-01-31"))["plan"] == {"id": plan_id}
    for month in range(2, 6):
        await desk.report(indicator_id, FENGHUA, f"2026-{month:02}-01", "5")
    for month in range(1, 6):
        await desk.report(indicator_id, YUYAO, f"2026-{month:02}-01", "2")

    card = await desk.see(CARD, plan=plan_id)
    assert card == {
        "region": CITY,
        "regionName": "宁波市",
        "asOf": "2026-06-02",
        "rows": [
            {
                "code": "shops",
                "name": "新增涉农网店",
                "unitLabel": "家",
                "target": "100",
                "baseline": None,
                "actual": "50",
                "expected": "41",
                "attainment": "50.00",
                "elapsed": "41.37",
                "gap": "8.63",
                "light": "GREEN",
                "trend": "WORSENING",
                "previousActual": "20",
                "dueThrough": "2026-05-31",
                "dataThrough": "2026-05-31",
                "figuresDue": 10,
                "figuresReported": 10,
                "sources": [],
            }
        ],
    }
    assert await desk.see(KEPT, plan=plan_id, region=CITY) == [
        {
            "asOf": "2026-01-31",
            "rows": [{"actual": "20", "light": "GREEN", "actualNow": "22", "lightNow": "GREEN", "hasDrifted": True}],
        }
    ]
    assert await desk.see(BELOW, indicator=indicator_id, region=CITY) == [
        {"region": FENGHUA, "actual": "40", "light": "NO_TARGET"},
        {"region": YUYAO, "actual": "10", "light": "NO_TARGET"},
    ]
    assert (await desk.do(REMOVE, id=aimed["targetId"]))["target"] is None
    assert (await desk.see(CARD, plan=plan_id))["rows"][0]["light"] == "NO_TARGET"
    assert (await desk.do(RETIRE, id=indicator_id))["indicator"] == {"code": "shops", "isRetired": True}
    assert (await desk.see(CARD, plan=plan_id))["rows"] == []


def test_figures_are_reported_returned_and_listed(county: County) -> None:
    county.define(indicator("shops", IndicatorKind.FLOW), indicator("rate", IndicatorKind.RATIO))
    asked(county.market, lambda market: _figures(market, county))


async def _figures(market: Market, county: County) -> None:
    desk = Desk(market)
    village = f"{TOWNSHIPS[0][:9]}208"
    rate = {"indicatorId": county.ids["rate"], "region": village, "day": "2026-05-05", "evidence": "表"}
    made = await desk.do(RECORD, FENGHUA_STAFF, input={**rate, "value": "19.5", "whole": "110"}, key=key())
    observation = made["observation"].pop("id")
    assert made["observation"] == {
        "state": "DRAFT",
        "nextStates": ["SUBMITTED"],
        "value": "19.50",
        "whole": "110.00",
        "revision": 1,
        "startsOn": "2026-05-01",
        "endsOn": "2026-05-31",
    }
    assert (await desk.do(SUBMIT, FENGHUA_STAFF, id=observation))["observation"]["submittedBy"] == "acc_fenghua"
    own = await desk.do(REVIEW, FENGHUA_STAFF, id=observation, isRight=True)
    assert (own["__typename"], own["code"]) == ("FigureIsOwn", "OWN_FIGURE")
    silent = await desk.do(REVIEW, id=observation, isRight=False)
    assert (silent["__typename"], silent["field"]) == ("InvalidInput", "note")
    told = await desk.do(REVIEW, id=observation, isRight=False, note="分母有误")
    assert told["observation"] == {"state": "RETURNED", "note": "分母有误", "verifiedBy": "acc_city"}
    again = await desk.do(REVIEW, id=observation, isRight=True)
    assert again["__typename"] == "IllegalTransition"

    county.report("shops", date(2026, 4, 1), "3", region=f"{TOWNSHIPS[2][:9]}208")
    everything = await desk.see(FIGURES)
    assert [each["value"] for each in everything["nodes"]] == ["19.50", "3"]
    for where, values in (
        ({"states": ["VERIFIED"]}, ["3"]),
        ({"indicator": county.ids["rate"]}, ["19.50"]),
        ({"plan": county.plan, "region": YUYAO}, ["3"]),
        ({"plan": "pln_00000000000000000000000000"}, []),
    ):
        found = await desk.see(FIGURES, where=where)
        assert [each["value"] for each in found["nodes"]] == values
        assert found["totalCount"] == len(values)
    mine = await desk.see(FIGURES, FENGHUA_STAFF)
    assert mine["nodes"] == [
        {
            "value": "19.50",
            "state": "RETURNED",
            "indicator": {"code": "rate", "plan": {"name": "数字乡村规划"}},
            "region": {"name": "村005208"},
        }
    ]


def test_what_is_a_strangers_is_unknown_and_what_is_nobodys_business_is_refused(county: County) -> None:
    county.define(indicator("shops", IndicatorKind.FLOW))
    ids = {
        "target": county.aim("shops", "50", region=FENGHUA),
        "observation": county.record("shops", date(2026, 5, 1), "3"),
    }
    asked(county.market, lambda market: _strangers(market, county, ids))


async def _strangers(market: Market, county: County, ids: dict[str, str]) -> None:
    desk, asker = Desk(market), Asker(market)
    node = "query($id: ID!) { node(id: $id) { __typename id } }"
    for found, unknown in (
        (ids["target"], "tgt_00000000000000000000000000"),
        (ids["observation"], "obs_00000000000000000000000000"),
    ):
        assert (await desk.see(node, FENGHUA_STAFF, id=found))["id"] == found
        theirs = await asker.answer(node, {"id": found}, actor=YUYAO_STAFF)
        nobodys = await asker.answer(node, {"id": unknown}, actor=YUYAO_STAFF)
        assert theirs.body == nobodys.body
    for document in (SUBMIT, REMOVE):
        found = ids["observation" if document is SUBMIT else "target"]
        unknown = f"{found[:4]}{'0' * 26}"
        theirs = await asker.answer(document, {"id": found}, actor=YUYAO_STAFF)
        nobodys = await asker.answer(document, {"id": unknown}, actor=YUYAO_STAFF)
        assert theirs.body == nobodys.body
        assert b"NOT_FOUND" in theirs.body

    # The city's plan is theirs to read, the city's figures are not.
    plans = "{ plans { nodes { id indicators { code targets { nodes { value } } } } } }"
    shown = [{"id": county.plan, "indicators": [{"code": "shops", "targets": {"nodes": []}}]}]
    assert (await desk.see(plans, YUYAO_STAFF))["nodes"] == shown
    assert await desk.see(CARD, YUYAO_STAFF, plan=county.plan) is None
    assert (await desk.see(CARD, YUYAO_STAFF, plan=county.plan, region=YUYAO))["rows"][0]["light"] == "NO_TARGET"
    assert await desk.see(CARD, YUYAO_STAFF, plan=county.plan, region=FENGHUA) is None

    for actor, code in ((VISITOR, "UNAUTHENTICATED"), (OWNER, "FORBIDDEN")):
        for query, given in (
            (CARD, {"plan": county.plan}),
            (plans, {}),
            (KEPT, {"plan": county.plan, "region": CITY}),
            (BELOW, {"indicator": county.ids["shops"], "region": CITY}),
        ):
            refused = await asker.ask(query, given, actor=actor)
            assert refused["errors"][0]["extensions"]["code"] == code
        assert (await desk.do(RETIRE, actor, id=county.ids["shops"]))["code"] == code
    assert (await desk.do(RETIRE, MODERATOR, id=county.ids["shops"]))["code"] == "FORBIDDEN"
    assert (await desk.see(CARD, MODERATOR, plan=county.plan, region=FENGHUA))["region"] == FENGHUA


def test_what_makes_no_sense_says_which_part(county: County) -> None:
    county.define(indicator("shops", IndicatorKind.FLOW))
    county.aim("shops", "50")
    asked(county.market, lambda market: _nonsense(market, county))


async def _nonsense(market: Market, county: County) -> None:
    desk, asker = Desk(market), Asker(market)
    of_plan = {"planId": county.plan, "code": "shops", "name": "网店", "kind": "STOCK", "source": "MANUAL"}
    used = await desk.do(DEFINE, input={**of_plan, "unit": "COUNT"})
    assert (used["__typename"], used["indicatorCode"]) == ("IndicatorIsUsed", "shops")
    derived = {**of_plan, "code": "share", "kind": "RATIO", "source": "DERIVED", "unit": "PERCENT"}
    wrong = await desk.do(DEFINE, input={**derived, "formula": "__import__('os').system('id')"})
    assert (wrong["__typename"], wrong["field"]) == ("InvalidInput", "formula")
    year = {"indicatorId": county.ids["shops"], "region": CITY, "startsOn": "2026-01-01", "endsOn": "2026-12-31"}
    for value in ("0", "-3", "1.5"):
        refused = await desk.do(AIM, input={**year, "value": value})
        assert (refused["__typename"], refused["field"]) == ("InvalidInput", "value")
    late = await asker.ask(CARD, {"plan": county.plan, "day": "2026-06-03"}, actor=CITY_STAFF)
    assert late["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "retryable": False, "field": "asOf"}
