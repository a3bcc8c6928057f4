"""The demo's plans: what was published, said as published, and a scorecard that reads."""

from datetime import UTC, date, datetime

import pytest
from sqlmodel import col, func, select

from market.kernel.audit import AuditEntry
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.places.manage import add_regions
from market.plan.observe import ObservationDraft, record_observation, submit_observation
from market.plan.rules import IndicatorSource, PlanLight
from market.plan.scorecard import Scorecard, plan_scorecard
from market.plan.tables import Plan, PlanObservation
from market.reports.measures import MEASURES
from seeds import content
from seeds.ground import SEEDER
from seeds.plan import content as plan_content
from seeds.plan import seed_plan
from tests.clock import FakeClock

TODAY = date(2026, 11, 24)
ANALYST = Actor(
    ActorKind.STAFF,
    "acc_analyst",
    staff_roles=frozenset({Role.STAFF_ANALYST}),
    region_codes=frozenset({"330000000000"}),
)


@pytest.fixture(name="city")
def _city(market: Market, clock: FakeClock) -> Market:
    """The city alone, in the demo's autumn."""
    clock.now = datetime(2026, 11, 24, 1, tzinfo=UTC)
    add_regions(market, SEEDER, content.regions()[:1])
    return market


def card(market: Market, slug: str, day: date) -> Scorecard:
    name = next(each["name"] for each in plan_content()["plan"] if each["slug"] == slug)
    with market.read() as session:
        plan_id = session.exec(select(Plan.id).where(Plan.name == name)).one()
    found = plan_scorecard(market, ANALYST, plan_id=plan_id, as_of=day)
    assert found is not None
    return found


def test_what_was_published_is_on_the_scorecard_as_published(city: Market) -> None:
    seed_plan(city, today=TODAY)

    rows = {each.indicator.code: each for each in card(city, "ningbo", date(2024, 12, 31)).rows}
    workshops = rows["live_workshops"]
    assert workshops.target is not None
    assert (workshops.target.value, workshops.actual, workshops.light) == (200, 200, PlanLight.GREEN)
    zhejiang = {each.indicator.code: each for each in card(city, "zhejiang", date(2025, 12, 31)).rows}
    villages, retail = zhejiang["ecommerce_villages"], zhejiang["online_retail"]
    assert villages.target is not None
    assert (villages.target.baseline, villages.target.value, villages.actual) == (1800, 2200, 1800)
    assert villages.light is PlanLight.INCOMPLETE, "nothing was published since 2022"
    assert retail.target is not None
    assert (retail.target.value, retail.light) == (160_000_000_000_00, PlanLight.MISSING)
    published = {each.indicator.code: each for each in card(city, "zhejiang", date(2019, 12, 31)).rows}
    assert published["online_retail"].actual == 84_200_000_000_00


def test_what_is_not_known_today_is_missing_and_the_quarters_that_are_known_count(city: Market) -> None:
    seed_plan(city, today=TODAY)

    rows = {each.indicator.code: each for each in card(city, "ningbo", TODAY).rows}

    assert (rows["new_jobs"].actual, rows["new_jobs"].light) == (None, PlanLight.MISSING)
    shops = rows["new_shops"]
    assert (shops.actual, shops.figure.through, shops.figure.cells_reported) == (81, date(2026, 9, 30), 3)
    assert shops.light is PlanLight.GREEN


def test_every_measure_of_the_marketplace_is_an_indicator_that_can_be_traced(city: Market) -> None:
    seed_plan(city, today=TODAY)

    automatic = [row for row in card(city, "ningbo", TODAY).rows if row.indicator.source == IndicatorSource.AUTO]

    assert {row.indicator.measure for row in automatic} == set(MEASURES)
    for row in automatic:
        assert row.actual is not None
        assert [each.measure for each in row.drills] == [row.indicator.measure]


def test_seeding_again_changes_nothing_and_finishes_what_was_begun(city: Market) -> None:
    row = next(each for each in plan_content()["observation"] if each["code"] == "live_workshops")
    seed_plan(city, today=date(2019, 6, 1))
    with city.read() as session:
        indicator_id = next(
            each.indicator.id for each in card(city, "ningbo", TODAY).rows if each.indicator.code == row["code"]
        )
        assert session.exec(select(func.count()).select_from(PlanObservation)).one() == 0
    draft = ObservationDraft(indicator_id, "330200000000", row["day"], row["value"], evidence=row["evidence"])
    begun = record_observation(city, SEEDER, draft, key="seed-begun-and-stopped")
    submit_observation(city, SEEDER, observation_id=begun)

    seed_plan(city, today=TODAY)
    with city.read() as session:
        entries = session.exec(select(func.count()).select_from(AuditEntry)).one()
        states = set(session.exec(select(col(PlanObservation.state))).all())
        figures = session.exec(select(func.count()).select_from(PlanObservation)).one()
    assert (states, figures) == ({"VERIFIED"}, len(plan_content()["observation"]))

    seed_plan(city, today=TODAY)
    with city.read() as session:
        assert session.exec(select(func.count()).select_from(AuditEntry)).one() == entries


def test_figures_of_periods_that_are_not_over_wait(city: Market, clock: FakeClock) -> None:
    clock.now = datetime(2026, 6, 2, 1, tzinfo=UTC)
    seed_plan(city, today=date(2026, 6, 2))

    shops = next(each for each in card(city, "ningbo", date(2026, 6, 2)).rows if each.indicator.code == "new_shops")

    assert shops.actual == 28


def test_everything_in_the_content_says_where_it_is_from() -> None:
    for row in plan_content()["indicator"]:
        assert row["authority"], row["code"]
    for row in plan_content()["observation"]:
        assert "公布" in row["evidence"], row["code"]
