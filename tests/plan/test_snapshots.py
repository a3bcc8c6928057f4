"""Kept scorecards: frozen, once, and beside what is known later."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from market.kernel.errors import Forbidden, Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from market.places.rules import RegionLevel
from market.plan.manage import retire_indicator
from market.plan.rules import IndicatorKind, PlanLight
from market.plan.snapshots import KeptScorecard, keep_scorecard, keep_scorecards, kept_scorecards
from market.plan.tables import SNAPSHOTS, PlanSnapshot
from tests.clock import FakeClock
from tests.plan.counties import CITY, CITY_STAFF, FENGHUA, FENGHUA_STAFF, YUYAO, YUYAO_STAFF, County, indicator, set_up

MAY_END = date(2026, 5, 31)


@pytest.fixture(name="county")
def _county(market: Market) -> County:
    county = set_up(market)
    county.define(indicator("shops", IndicatorKind.FLOW, level=RegionLevel.COUNTY))
    county.aim("shops", "1200")
    for month in range(1, 6):
        county.report("shops", date(2026, month, 1), "100", region=FENGHUA)
    return county


def keep(county: County, day: date = MAY_END, region: str = CITY, actor: Actor = CITY_STAFF) -> str:
    return keep_scorecard(county.market, actor, plan_id=county.plan, region_code=region, as_of=day)


def kept(county: County, region: str = CITY, actor: Actor = CITY_STAFF) -> list[KeptScorecard]:
    found = kept_scorecards(county.market, actor, plan_id=county.plan, region_code=region)
    assert found is not None
    return found


def test_what_is_reported_or_corrected_later_shows_as_drift(county: County) -> None:
    keep(county)
    for month in range(1, 6):
        county.report("shops", date(2026, month, 1), "50", region=YUYAO)
    county.report("shops", date(2026, 5, 1), "90", region=FENGHUA)

    ((card,), (drift,)) = kept(county), kept(county)[0].rows

    assert card.snapshot.as_of == MAY_END
    assert (drift.kept.actual, drift.kept.light, drift.kept.target) == (500, PlanLight.GREEN, 1200)
    assert drift.now is not None
    assert (drift.now.actual, drift.now.light) == (740, PlanLight.GREEN)


def test_a_day_is_kept_once_as_it_was_kept_first(county: County) -> None:
    first = keep(county)
    county.report("shops", date(2026, 5, 1), "999", region=YUYAO)

    assert keep(county) == first
    assert [each.rows[0].kept.actual for each in kept(county)] == [500]


def test_what_was_kept_cannot_be_changed(county: County) -> None:
    keep(county)

    for statement in (sa.update(SNAPSHOTS).values(rows=[]), sa.delete(SNAPSHOTS)):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), county.market.transaction() as session:
            session.execute(statement)


def test_a_retired_indicator_is_still_in_what_was_kept(county: County) -> None:
    keep(county)
    retire_indicator(county.market, CITY_STAFF, indicator_id=county.ids["shops"])

    (drift,) = kept(county)[0].rows

    assert (drift.kept.actual, drift.now) == (500, None)


def test_the_newest_is_first(county: County) -> None:
    keep(county, date(2026, 3, 31))
    keep(county, MAY_END)

    assert [each.snapshot.as_of for each in kept(county)] == [MAY_END, date(2026, 3, 31)]


def test_only_a_day_that_is_over_is_kept_by_whoever_manages_the_plan(county: County) -> None:
    with pytest.raises(Invalid):
        keep(county, date(2026, 6, 2))
    with pytest.raises(NotFound):
        keep(county, actor=FENGHUA_STAFF)
    with pytest.raises(NotFound):
        keep(county, region="330999000000")
    with pytest.raises(Forbidden):
        keep(county, actor=Actor(ActorKind.CUSTOMER, "acc_c"))

    assert kept(county) == []


def test_staff_see_what_was_kept_of_their_regions(county: County) -> None:
    keep(county, region=FENGHUA)

    assert len(kept(county, FENGHUA, FENGHUA_STAFF)) == 1
    assert kept_scorecards(county.market, YUYAO_STAFF, plan_id=county.plan, region_code=FENGHUA) is None
    with pytest.raises(Invalid):
        kept_scorecards(county.market, CITY_STAFF, plan_id=county.plan, region_code=CITY, first=25)


def test_the_worker_keeps_last_month_once_its_figures_are_in(county: County, clock: FakeClock) -> None:
    county.aim("shops", "600", region=FENGHUA)
    clock.now = datetime(2026, 6, 4, 2, tzinfo=UTC)
    assert keep_scorecards(county.market, limit=10) == 2, "of April, until May's figures are in"
    clock.now = datetime(2026, 6, 6, 2, tzinfo=UTC)

    assert [keep_scorecards(county.market, limit=1) for _ in range(3)] == [1, 1, 0]

    with county.market.read() as session:
        found = session.exec(
            select(PlanSnapshot).order_by(col(PlanSnapshot.as_of), col(PlanSnapshot.region_code))
        ).all()
    days = (date(2026, 4, 30), MAY_END)
    assert [(each.as_of, each.region_code) for each in found] == [
        (day, code) for day in days for code in (CITY, FENGHUA)
    ]
    assert {each.kept_by for each in found} == {"SYSTEM"}


def test_plans_that_are_over_are_not_kept(county: County, clock: FakeClock) -> None:
    clock.now = datetime(2029, 3, 6, 2, tzinfo=UTC)

    assert keep_scorecards(county.market, limit=10) == 0
