"""Plans, indicators and targets: who defines them, and what makes no sense."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlmodel import col, func, select

from market.kernel.audit import AuditEntry
from market.kernel.errors import Forbidden, IdempotencyConflict, Invalid, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.plan.drafts import IndicatorDraft, PlanDraft
from market.plan.errors import IndicatorInUse
from market.plan.manage import create_plan, define_indicator, retire_indicator
from market.plan.rules import Frequency, IndicatorKind, IndicatorSource, IndicatorUnit
from market.plan.tables import Plan, PlanIndicator, PlanTarget
from market.plan.targets import TargetDraft, remove_target, set_target
from tests.plan.counties import (
    CITY,
    CITY_STAFF,
    FENGHUA,
    FENGHUA_STAFF,
    MEASURES,
    TOWNSHIPS,
    YUYAO,
    YUYAO_STAFF,
    County,
    auto,
    derived,
    indicator,
    key,
    set_up,
)

YEAR = date(2026, 1, 1), date(2026, 12, 31)
FLOW, STOCK, RATIO = IndicatorKind.FLOW, IndicatorKind.STOCK, IndicatorKind.RATIO
MODERATOR = Actor(
    ActorKind.STAFF, "acc_m", staff_roles=frozenset({Role.STAFF_MODERATOR}), region_codes=frozenset({CITY})
)


@pytest.fixture(name="county")
def _county(market: Market) -> County:
    return set_up(market)


def entries(market: Market) -> list[str]:
    with market.read() as session:
        return list(session.exec(select(AuditEntry.action).order_by(col(AuditEntry.seq))))


def test_a_plan_is_made_once_by_whoever_looks_after_its_region(county: County) -> None:
    market, once = county.market, key()
    draft = PlanDraft(FENGHUA, " 奉化数字乡村 ", date(2026, 1, 1), date(2028, 12, 31), source_url="https://a.cn/b")

    first = create_plan(market, FENGHUA_STAFF, draft, key=once)

    assert create_plan(market, FENGHUA_STAFF, draft, key=once) == first
    with pytest.raises(IdempotencyConflict):
        create_plan(market, FENGHUA_STAFF, replace(draft, name="另一个"), key=once)
    with pytest.raises(NotFound):
        create_plan(market, YUYAO_STAFF, draft, key=key())
    with market.read() as session:
        assert session.get_one(Plan, first).name == "奉化数字乡村"
        assert session.exec(select(func.count()).select_from(Plan)).one() == 2
    assert entries(market) == ["plan.create"] * 2


@pytest.mark.parametrize(("actor", "refusal"), [(VISITOR, NotSignedIn), (MODERATOR, Forbidden)])
def test_others_change_nothing(county: County, actor: Actor, refusal: type[Exception]) -> None:
    county.define(indicator("shops", FLOW))
    draft = PlanDraft(CITY, "规划", *YEAR)
    target = TargetDraft(county.ids["shops"], FENGHUA, *YEAR, "5")
    before = entries(county.market)

    attempts: list[Any] = [
        lambda: create_plan(county.market, actor, draft, key=key()),
        lambda: define_indicator(county.market, actor, indicator("more", FLOW), plan_id=county.plan),
        lambda: retire_indicator(county.market, actor, indicator_id=county.ids["shops"]),
        lambda: set_target(county.market, actor, target),
        lambda: remove_target(county.market, actor, target_id="tgt_00000000000000000000000000"),
    ]
    for attempt in attempts:
        with pytest.raises(refusal):
            attempt()

    assert entries(county.market) == before


WRONG_PLANS: list[dict[str, Any]] = [
    {"region_code": "330200"},
    {"name": " "},
    {"ends_on": date(2025, 12, 31)},
    {"ends_on": date(2090, 12, 31)},
    {"source_url": "javascript:alert(1)"},
    {"amber_behind_bp": 2000, "red_behind_bp": 1000},
    {"red_behind_bp": 10_001},
]


def test_a_plan_that_makes_no_sense_is_refused(county: County) -> None:
    draft = PlanDraft(CITY, "规划", *YEAR)

    for wrong in WRONG_PLANS:
        with pytest.raises(Invalid):
            create_plan(county.market, CITY_STAFF, replace(draft, **wrong), key=key())


def test_a_strangers_plan_is_an_unknown_one(county: County) -> None:
    for actor, plan in ((FENGHUA_STAFF, county.plan), (CITY_STAFF, "pln_00000000000000000000000000")):
        with pytest.raises(NotFound) as refusal:
            define_indicator(county.market, actor, indicator("shops", FLOW), plan_id=plan)
        assert refusal.value.facts == {"field": "plan"}


def test_defining_a_code_again_changes_its_words_but_not_its_meaning_once_it_is_used(county: County) -> None:
    draft = indicator("shops", FLOW)
    county.define(draft, indicator("visits", FLOW))
    first = county.ids["shops"]

    county.define(replace(draft, name="新增网店", frequency=Frequency.QUARTER))
    county.aim("shops", "100")
    county.define(replace(draft, name="新增涉农网店", frequency=Frequency.QUARTER))
    with pytest.raises(IndicatorInUse):
        county.define(replace(draft, frequency=Frequency.YEAR))

    assert county.ids["shops"] == first
    with county.market.read() as session:
        found = session.get_one(PlanIndicator, first)
    assert (found.name, found.frequency) == ("新增涉农网店", Frequency.QUARTER)


def test_what_a_formula_names_is_neither_changed_nor_retired(county: County) -> None:
    county.define(indicator("part", FLOW), indicator("whole", FLOW))
    county.define(derived("share", "ratio(part, whole)", unit=IndicatorUnit.PERCENT, kind=RATIO))

    with pytest.raises(IndicatorInUse):
        county.define(indicator("part", STOCK))
    with pytest.raises(IndicatorInUse):
        retire_indicator(county.market, CITY_STAFF, indicator_id=county.ids["part"])
    retire_indicator(county.market, CITY_STAFF, indicator_id=county.ids["share"])
    retire_indicator(county.market, CITY_STAFF, indicator_id=county.ids["part"])

    with pytest.raises(NotFound):
        retire_indicator(county.market, CITY_STAFF, indicator_id=county.ids["part"])
    again = county.ids["part"]
    county.define(indicator("part", FLOW))
    assert county.ids["part"] == again, "defining it again brings it back"


WRONG_INDICATORS: list[tuple[IndicatorDraft, str]] = [
    (indicator("Shops", FLOW), "code"),
    (indicator("x", FLOW), "code"),
    (indicator("drop_table__", FLOW, measure="visits"), "measure"),
    (indicator("shops", FLOW, formula="ratio(part, whole)"), "formula"),
    (indicator("shops", FLOW, position=-1), "position"),
    (indicator("shops", RATIO, unit=IndicatorUnit.COUNT), "unit"),
    (auto("sales", "no_such", unit=IndicatorUnit.YUAN), "measure"),
    (auto("sales", "online_net", unit=IndicatorUnit.COUNT), "unit"),
    (auto("sales", "online_net", unit=IndicatorUnit.YUAN, kind=STOCK), "kind"),
    (auto("sellers", "sellers", unit=IndicatorUnit.COUNT), "kind"),
    (derived("share", "ratio(part, nothing)", unit=IndicatorUnit.PERCENT, kind=RATIO), "formula"),
    (derived("share", "ratio(part, share)", unit=IndicatorUnit.PERCENT, kind=RATIO), "formula"),
    (derived("share", "ratio(part, rate)", unit=IndicatorUnit.PERCENT, kind=RATIO), "formula"),
    (derived("share", "ratio(part, money)", unit=IndicatorUnit.PERCENT, kind=RATIO), "formula"),
    (derived("share", "sum(part, money)", unit=IndicatorUnit.COUNT, kind=FLOW), "formula"),
    (derived("share", "sum(part, level)", unit=IndicatorUnit.COUNT, kind=FLOW), "formula"),
    (derived("share", "sum(ratio(part, whole), part)", unit=IndicatorUnit.COUNT, kind=FLOW), "formula"),
    (derived("share", "sum(part, whole)", unit=IndicatorUnit.COUNT, kind=STOCK), "kind"),
    (derived("share", "ratio(part, whole)", unit=IndicatorUnit.PERCENT, kind=FLOW), "kind"),
    (derived("share", "eval(part)", unit=IndicatorUnit.PERCENT, kind=RATIO), "formula"),
]


def test_an_indicator_that_makes_no_sense_is_refused(county: County) -> None:
    county.define(indicator("part", FLOW), indicator("whole", FLOW), indicator("level", STOCK))
    county.define(indicator("rate", RATIO), indicator("money", FLOW, unit=IndicatorUnit.YUAN))

    for draft, field in WRONG_INDICATORS:
        with pytest.raises(Invalid) as refusal:
            define_indicator(county.market, CITY_STAFF, draft, plan_id=county.plan, measures=MEASURES)
        assert refusal.value.facts["field"] == field, draft

    with county.market.read() as session:
        assert session.exec(select(func.count()).select_from(PlanIndicator)).one() == 5


def test_money_for_each_visit_is_a_ratio_of_unlike_things(county: County) -> None:
    county.define(indicator("money", FLOW, unit=IndicatorUnit.YUAN), indicator("visits", FLOW))

    county.define(derived("spend", "ratio(money, visits)", unit=IndicatorUnit.YUAN, kind=RATIO))

    with county.market.read() as session:
        assert session.get_one(PlanIndicator, county.ids["spend"]).source is IndicatorSource.DERIVED


def test_a_target_is_set_anew_and_taken_back(county: County) -> None:
    county.define(indicator("villages", STOCK))

    first = county.aim("villages", "2200", baseline="1800")
    assert county.aim("villages", "2300", baseline="1800") == first
    with county.market.read() as session:
        found = session.get_one(PlanTarget, first)
    assert (found.value, found.baseline) == (2300, 1800)

    remove_target(county.market, CITY_STAFF, target_id=first)
    with pytest.raises(NotFound):
        remove_target(county.market, CITY_STAFF, target_id=first)
    assert entries(county.market)[-3:] == ["target.set", "target.set", "target.remove"]


def test_a_county_breaks_its_target_down_but_does_not_set_its_own(county: County) -> None:
    county.define(indicator("shops", FLOW))
    mine = county.aim("shops", "60", region=FENGHUA)

    def aim(actor: Actor, region: str) -> str:
        return set_target(county.market, actor, TargetDraft(county.ids["shops"], region, *YEAR, "30"))

    below = aim(FENGHUA_STAFF, TOWNSHIPS[0])
    for region in (FENGHUA, YUYAO, TOWNSHIPS[2], CITY):
        with pytest.raises(NotFound):
            aim(FENGHUA_STAFF, region)
    for actor, target in ((FENGHUA_STAFF, mine), (YUYAO_STAFF, below)):
        with pytest.raises(NotFound) as refusal:
            remove_target(county.market, actor, target_id=target)
        assert refusal.value.facts == {"field": "target"}

    remove_target(county.market, FENGHUA_STAFF, target_id=below)


WRONG_TARGETS: list[tuple[str, str | None, tuple[date, date], str]] = [
    ("0", None, YEAR, "value"),
    ("-5", None, YEAR, "value"),
    ("1.5", None, YEAR, "value"),
    ("lots", None, YEAR, "value"),
    ("5", None, (date(2023, 1, 1), date(2026, 12, 31)), "startsOn"),
    ("5", None, (date(2026, 12, 31), date(2026, 1, 1)), "startsOn"),
]


def test_a_target_that_makes_no_sense_is_refused(county: County) -> None:
    county.define(indicator("shops", FLOW))

    for value, baseline, days, field in WRONG_TARGETS:
        with pytest.raises(Invalid) as refusal:
            county.aim("shops", value, baseline=baseline, days=days)
        assert refusal.value.facts["field"] == field, value


def test_a_target_is_of_a_region_that_there_is_within_the_plan(county: County) -> None:
    draft = PlanDraft(FENGHUA, "奉化", date(2026, 1, 1), date(2028, 12, 31))
    plan = create_plan(county.market, FENGHUA_STAFF, draft, key=key())
    of_fenghua = define_indicator(county.market, FENGHUA_STAFF, indicator("shops", FLOW), plan_id=plan)

    for region in (YUYAO, "330213999000"):
        with pytest.raises(NotFound) as refusal:
            set_target(county.market, CITY_STAFF, TargetDraft(of_fenghua, region, *YEAR, "30"))
        assert refusal.value.facts == {"field": "region"}
