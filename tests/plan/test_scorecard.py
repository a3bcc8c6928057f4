"""The scorecard: what is reached of what was to be, by when, and what is not known."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from market.kernel.errors import Forbidden, Invalid, InvalidId, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind
from market.places.manage import RegionRow, add_regions
from market.places.rules import RegionLevel
from market.plan.manage import define_indicator, retire_indicator
from market.plan.rules import (
    Frequency,
    IndicatorDirection,
    IndicatorKind,
    IndicatorUnit,
    PlanLight,
    PlanTrend,
)
from market.plan.scorecard import ScorecardRow, indicator_by_region, plan_scorecard
from market.plan.snapshots import keep_scorecard
from market.plan.targets import TargetDraft, set_target
from tests.plan.counties import (
    CITY,
    CITY_STAFF,
    FENGHUA,
    FENGHUA_STAFF,
    MEASURES,
    TOWNSHIPS,
    VILLAGE,
    VILLAGES,
    YUYAO,
    YUYAO_STAFF,
    County,
    auto,
    derived,
    indicator,
    set_up,
)

FLOW, STOCK, RATIO = IndicatorKind.FLOW, IndicatorKind.STOCK, IndicatorKind.RATIO
PERCENT, COUNT, YUAN = IndicatorUnit.PERCENT, IndicatorUnit.COUNT, IndicatorUnit.YUAN
MONTHS = [date(2026, month, 15) for month in range(1, 6)]
TODAY = date(2026, 6, 2)


@pytest.fixture(name="county")
def _county(market: Market) -> County:
    return set_up(market)


def row(county: County, code: str, region: str = CITY, *, as_of: date | None = None) -> ScorecardRow:
    card = plan_scorecard(
        county.market, CITY_STAFF, plan_id=county.plan, region_code=region, as_of=as_of, measures=MEASURES
    )
    assert card is not None
    return next(each for each in card.rows if each.indicator.code == code)


def standing(found: ScorecardRow) -> tuple[int, int, int, int]:
    assert found.standing is not None
    each = found.standing
    return each.attainment_bp, each.elapsed_bp, each.expected, each.gap_bp


def test_a_flow_adds_up_and_is_set_against_the_months_that_are_over(county: County) -> None:
    county.define(indicator("shops", FLOW, level=RegionLevel.COUNTY))
    county.aim("shops", "1000")
    for region in (FENGHUA, YUYAO):
        for day in MONTHS:
            county.report("shops", day, "40", region=region)

    found = row(county, "shops")

    # 151 of 365 days are over at the end of May; June is not, and so neither reported nor expected.
    assert found.actual == 400
    assert standing(found) == (4000, 4137, 414, -137)
    assert (found.figure.through, found.figure.newest) == (date(2026, 5, 31), date(2026, 5, 31))
    assert (found.figure.cells_reported, found.figure.cells_due) == (10, 10)
    assert found.light is PlanLight.AMBER
    assert row(county, "shops", FENGHUA).actual == 200


def test_figures_of_other_years_and_drafts_do_not_count(county: County) -> None:
    county.define(indicator("shops", FLOW))
    county.aim("shops", "1000")
    county.report("shops", date(2025, 12, 5), "1000")
    county.record("shops", MONTHS[0], "500")
    county.report("shops", MONTHS[1], "10")

    assert row(county, "shops").actual == 10


def test_a_stock_is_each_regions_latest_and_counts_from_its_baseline(county: County) -> None:
    county.define(indicator("villages", STOCK, level=RegionLevel.COUNTY))
    county.aim("villages", "220", baseline="100", days=(date(2025, 1, 1), date(2026, 12, 31)))
    for day, value in ((date(2026, 3, 1), "90"), (date(2026, 5, 1), "100")):
        county.report("villages", day, value, region=FENGHUA)
    county.report("villages", date(2026, 5, 1), "60", region=YUYAO)

    found = row(county, "villages")

    assert found.actual == 160
    assert standing(found) == (5000, 7068, 185, -2068)
    assert found.light is PlanLight.RED


def test_a_figure_that_is_late_stands_but_the_light_says_that_one_is_missing(county: County) -> None:
    county.define(indicator("villages", STOCK, level=RegionLevel.COUNTY))
    county.aim("villages", "400")
    county.report("villages", date(2026, 3, 1), "90", region=FENGHUA)
    county.report("villages", date(2026, 5, 1), "60", region=YUYAO)

    found = row(county, "villages")

    assert found.actual == 150
    assert (found.figure.cells_reported, found.figure.cells_due) == (1, 2)
    assert found.light is PlanLight.INCOMPLETE
    assert row(county, "villages", as_of=date(2026, 3, 31)).figure.newest == date(2026, 3, 31)


def test_missing_is_not_zero(county: County) -> None:
    county.define(indicator("shops", FLOW), indicator("zero", FLOW, level=RegionLevel.COUNTY))
    county.aim("shops", "1000")
    county.aim("zero", "1000")
    for region in (FENGHUA, YUYAO):
        for day in MONTHS:
            county.report("zero", day, "0", region=region)

    missing, zero = row(county, "shops"), row(county, "zero")

    assert (missing.actual, missing.standing, missing.light) == (None, None, PlanLight.MISSING)
    assert missing.figure.newest is None
    assert (zero.actual, zero.light) == (0, PlanLight.RED)


def test_what_is_ahead_already_is_ahead_whatever_is_missing(county: County) -> None:
    county.define(
        indicator("shops", FLOW),
        indicator("complaints", FLOW, direction=IndicatorDirection.DOWN),
    )
    county.aim("shops", "100")
    county.aim("complaints", "100")
    county.report("shops", MONTHS[0], "90")
    county.report("complaints", MONTHS[0], "1")

    assert row(county, "shops").light is PlanLight.GREEN
    assert row(county, "complaints").light is PlanLight.INCOMPLETE, "more complaints may still be reported"


def test_nothing_is_due_before_the_first_period_is_over_nor_above_where_it_is_reported(county: County) -> None:
    county.define(indicator("yearly", FLOW, frequency=Frequency.YEAR))
    county.define(indicator("counties", FLOW, level=RegionLevel.COUNTY))
    county.aim("yearly", "100")
    county.aim("counties", "100", region=VILLAGE)
    county.aim("counties", "100", region=FENGHUA)

    assert row(county, "yearly").light is PlanLight.NOT_DUE
    assert row(county, "counties", VILLAGE).light is PlanLight.NOT_DUE
    assert row(county, "counties", FENGHUA).light is PlanLight.MISSING


def test_a_ratio_is_reckoned_again_from_its_parts_never_averaged(county: County) -> None:
    county.define(indicator("coverage", RATIO, level=RegionLevel.COUNTY))
    county.aim("coverage", "80")
    county.report("coverage", MONTHS[4], "10", whole="100", region=FENGHUA)
    county.report("coverage", MONTHS[4], "9", whole="10", region=YUYAO)

    assert row(county, "coverage", FENGHUA).actual == 1000
    assert row(county, "coverage", YUYAO).actual == 9000
    assert row(county, "coverage").actual == 1727, "19 of 110, not the mean of 10 % and 90 %"
    assert standing(row(county, "coverage"))[0] == 2159


def test_a_derived_ratio_is_of_the_same_days_above_and_below(county: County) -> None:
    county.define(indicator("online", FLOW, level=RegionLevel.COUNTY, unit=YUAN))
    county.define(indicator("all", FLOW, level=RegionLevel.COUNTY, unit=YUAN, frequency=Frequency.QUARTER))
    county.define(derived("share", "ratio(online, all)", unit=PERCENT, kind=RATIO))
    county.aim("share", "20")
    for region, part, whole in ((FENGHUA, "10", "500"), (YUYAO, "90", "500")):
        for day in MONTHS:
            county.report("online", day, part, region=region)
        county.report("all", MONTHS[0], whole, region=region)

    # The second quarter is not over, so that only the first one's months count: 300 of 1,000.
    found = row(county, "share")

    assert (found.actual, found.figure.through) == (3000, date(2026, 3, 31))
    assert row(county, "share", FENGHUA).actual == 600
    assert found.light is PlanLight.GREEN


def test_a_derived_figure_is_missing_where_a_part_of_it_is(county: County) -> None:
    county.define(indicator("online", FLOW), indicator("offline", FLOW))
    county.define(derived("all", "sum(online, offline)", unit=COUNT, kind=FLOW))
    county.aim("all", "100")
    county.report("online", MONTHS[0], "90")

    assert (row(county, "all").actual, row(county, "all").light) == (None, PlanLight.MISSING)


def test_an_auto_figure_leads_to_the_report_that_made_it(county: County) -> None:
    county.define(auto("sales", "online_net", unit=YUAN), auto("sellers", "sellers", unit=COUNT, kind=STOCK))
    county.define(auto("visits", "visits", unit=COUNT), auto("weight", "kilograms", unit=IndicatorUnit.NUMBER))
    county.define(derived("spend", "ratio(sales, visits)", unit=YUAN, kind=RATIO))
    county.aim("sales", "3000")
    county.aim("spend", "2")

    sales, spend = row(county, "sales", as_of=date(2026, 5, 31)), row(county, "spend")

    assert sales.actual == 100_150
    assert standing(sales) == (3338, 4137, 124_110, -799)
    (drill,) = sales.drills
    assert (drill.report, drill.column, drill.region_code) == ("sales", "net", CITY)
    assert (drill.start, drill.end) == (date(2026, 1, 1), date(2026, 5, 31))
    assert spend.actual == round(100_152 / 652)
    assert [each.measure for each in spend.drills] == ["online_net", "visits"]
    assert [each.end for each in spend.drills] == [TODAY] * 2
    assert row(county, "sellers").actual == 192
    assert row(county, "weight").actual == 15, "152 grams are 0.15 kg"


def test_the_shortest_target_in_force_counts_and_else_the_last(county: County) -> None:
    county.define(indicator("shops", FLOW))
    long = county.aim("shops", "500", days=(date(2024, 1, 1), date(2028, 12, 31)))
    year = county.aim("shops", "100")
    half = county.aim("shops", "70", days=(date(2024, 1, 1), date(2024, 6, 30)))

    def on(day: date) -> str | None:
        target = row(county, "shops", as_of=day).target
        return None if target is None else target.id

    assert on(TODAY) == year
    assert on(date(2025, 6, 1)) == long
    assert on(date(2024, 3, 1)) == half


def test_after_its_end_a_target_stands_as_it_ended(county: County) -> None:
    county.define(indicator("villages", STOCK, level=RegionLevel.COUNTY, frequency=Frequency.YEAR))
    county.aim("villages", "200", baseline="160", days=(date(2024, 1, 1), date(2024, 12, 31)))
    for region, value in ((FENGHUA, "95"), (YUYAO, "105")):
        county.report("villages", date(2024, 5, 1), value, region=region)

    found = row(county, "villages")

    assert (found.actual, standing(found)) == (200, (10_000, 10_000, 200, 0))
    assert found.light is PlanLight.GREEN


def test_the_trend_is_the_gaps_since_the_last_kept_scorecard(county: County) -> None:
    county.define(indicator("shops", FLOW, level=RegionLevel.COUNTY))
    county.aim("shops", "1200", region=FENGHUA)
    for day, value in zip(MONTHS, ("100", "100", "100", "100", "300"), strict=True):
        county.report("shops", day, value, region=FENGHUA)
    assert row(county, "shops", FENGHUA).trend is None

    keep_scorecard(county.market, CITY_STAFF, plan_id=county.plan, region_code=FENGHUA, as_of=date(2026, 4, 30))

    found = row(county, "shops", FENGHUA)
    assert found.trend is PlanTrend.IMPROVING
    assert found.previous is not None
    assert (found.previous.as_of, found.previous.actual) == (date(2026, 4, 30), 400)
    assert row(county, "shops", FENGHUA, as_of=date(2026, 4, 30)).trend is None


def test_retired_indicators_are_not_on_it(county: County) -> None:
    county.define(indicator("shops", FLOW), indicator("villages", STOCK))
    retire_indicator(county.market, CITY_STAFF, indicator_id=county.ids["shops"])

    card = plan_scorecard(county.market, CITY_STAFF, plan_id=county.plan)

    assert card is not None
    assert [each.indicator.code for each in card.rows] == ["villages"]


def test_staff_see_their_regions_of_a_plan_and_no_others(county: County) -> None:
    county.define(indicator("shops", FLOW))

    def see(actor: Actor, region: str | None) -> Any:
        return plan_scorecard(county.market, actor, plan_id=county.plan, region_code=region)

    assert see(FENGHUA_STAFF, FENGHUA) is not None
    assert see(FENGHUA_STAFF, TOWNSHIPS[0]) is not None
    for region in (CITY, None, YUYAO, VILLAGES[-1]):
        assert see(FENGHUA_STAFF, region) is None
    assert see(CITY_STAFF, "330999000000") is None
    assert plan_scorecard(county.market, CITY_STAFF, plan_id="pln_00000000000000000000000000") is None
    shops = county.ids["shops"]
    assert indicator_by_region(county.market, YUYAO_STAFF, indicator_id=shops, region_code=FENGHUA) is None
    assert indicator_by_region(county.market, YUYAO_STAFF, indicator_id=shops, region_code=CITY) is None


def test_others_see_none_of_it(county: County) -> None:
    for actor, refusal in ((VISITOR, NotSignedIn), (Actor(ActorKind.CUSTOMER, "acc_c"), Forbidden)):
        with pytest.raises(refusal):
            plan_scorecard(county.market, actor, plan_id=county.plan)


def test_what_cannot_be_asked_is_refused(county: County) -> None:
    with pytest.raises(Invalid):
        plan_scorecard(county.market, CITY_STAFF, plan_id=county.plan, as_of=date(2026, 6, 3))
    with pytest.raises(Invalid):
        plan_scorecard(county.market, CITY_STAFF, plan_id=county.plan, region_code="3302")
    with pytest.raises(InvalidId):
        plan_scorecard(county.market, CITY_STAFF, plan_id="ord_00000000000000000000000000")


def test_regions_side_by_side_are_those_right_below(county: County) -> None:
    county.define(indicator("shops", FLOW), auto("visits", "visits", unit=COUNT))
    set_target(
        county.market,
        CITY_STAFF,
        TargetDraft(county.ids["shops"], YUYAO, date(2026, 1, 1), date(2026, 12, 31), "50"),
    )
    for number, village in enumerate(VILLAGES, start=1):
        county.report("shops", MONTHS[0], str(number), region=village)

    def below(code: str, region: str) -> dict[str, int | None]:
        rows = indicator_by_region(
            county.market, CITY_STAFF, indicator_id=county.ids[code], region_code=region, measures=MEASURES
        )
        assert rows is not None
        return {each.region_code: each.actual for each in rows}

    assert below("shops", CITY) == {FENGHUA: 1 + 2 + 3 + 4, YUYAO: 5 + 6 + 7 + 8}
    assert below("shops", FENGHUA) == {TOWNSHIPS[0]: 3, TOWNSHIPS[1]: 7}
    assert below("shops", TOWNSHIPS[0]) == {VILLAGES[0]: 1, VILLAGES[1]: 2}
    assert below("shops", VILLAGE) == {}
    assert below("visits", CITY) == {FENGHUA: 652, YUYAO: 652}


def test_a_figure_of_the_marketplace_is_read_of_all_regions_at_once(county: County) -> None:
    net = define_indicator(county.market, CITY_STAFF, auto("net", "sales.net", unit=YUAN), plan_id=county.plan)
    rows = [RegionRow(f"3302{number}000000", "区", CITY) for number in range(82, 90)]
    add_regions(county.market, Actor(ActorKind.ADMIN, "account"), rows)
    read = []
    for region, regions in ((FENGHUA, 2), (CITY, 10)):
        with counted(county.market) as told:
            found = indicator_by_region(county.market, CITY_STAFF, indicator_id=net, region_code=region)
        assert len(found or ()) == regions
        read.append(len(told))

    assert read[0] == read[1]


def test_whatever_was_reported_a_region_is_its_parts_put_together(county: County) -> None:
    chance = random.Random(20260602)
    county.define(indicator("flow", FLOW), indicator("stock", STOCK), indicator("whole", FLOW))
    county.define(indicator("ratio", RATIO), derived("share", "ratio(flow, whole)", unit=PERCENT, kind=RATIO))
    sums: dict[str, list[int]] = {}
    for village in VILLAGES:
        latest = [0, 0, 0]
        flows = [0, 0]
        for day in MONTHS[:3]:
            if chance.random() < 0.3:
                continue
            flow, stock, part = (chance.randrange(1, 1000) for _ in range(3))
            whole, base = flow + chance.randrange(1000), part + chance.randrange(1000)
            county.report("flow", day, str(flow), region=village)
            county.report("whole", day, str(whole), region=village)
            county.report("stock", day, str(stock), region=village)
            county.report("ratio", day, str(part), whole=str(base), region=village)
            flows, latest = [flows[0] + flow, flows[1] + whole], [stock, part, base]
        sums[village] = [*flows, *latest]

    for region in (CITY, FENGHUA, YUYAO, *TOWNSHIPS):
        prefix = region.rstrip("0") if region == CITY else region[: 6 if region in {FENGHUA, YUYAO} else 9]
        inside = [each for village, each in sums.items() if village.startswith(prefix)]
        flow, whole, stock, part, base = (sum(each[at] for each in inside) for at in range(5))
        assert row(county, "flow", region).actual == flow
        assert row(county, "stock", region).actual == stock
        assert row(county, "ratio", region).actual == (part * 20_000 + base) // (2 * base)
        assert row(county, "share", region).actual == (flow * 20_000 + whole) // (2 * whole)


@contextmanager
def counted(market: Market) -> Iterator[list[str]]:
    """The statements that the market's sessions run meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    with market.read() as session:
        bind = session.get_bind()
    engine = bind if isinstance(bind, sa.Engine) else bind.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def test_statements_do_not_grow_with_indicators_regions_or_months(county: County) -> None:
    county.define(indicator("flow", FLOW), indicator("stock", STOCK), auto("visits", "visits", unit=COUNT))
    county.define(derived("share", "ratio(flow, stock)", unit=PERCENT, kind=RATIO))
    county.report("flow", MONTHS[0], "5")

    def ask(region: str) -> int:
        with counted(county.market) as seen:
            row(county, "flow", region)
        return len(seen)

    few = ask(VILLAGE)
    for number in range(10):
        county.define(indicator(f"flow{number}", FLOW), indicator(f"stock{number}", STOCK))
        county.define(derived(f"share{number}", f"ratio(flow{number}, stock)", unit=PERCENT, kind=RATIO))
        county.aim(f"flow{number}", "50", region=VILLAGE)
    for village in VILLAGES:
        for day in MONTHS[1:3]:
            county.report("flow", day, "5", region=village)

    assert few == ask(VILLAGE) == ask(CITY)
    assert 0 < few <= 10
