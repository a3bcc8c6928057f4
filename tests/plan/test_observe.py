"""Figures that are reported: evidence, four eyes, revisions."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from market.kernel.errors import IdempotencyConflict, IllegalTransition, Invalid, MarketError, NotFound
from market.kernel.market import Market
from market.plan.errors import OwnFigure
from market.plan.observe import ObservationDraft, record_observation, review_observation, submit_observation
from market.plan.rules import Frequency, IndicatorKind, IndicatorUnit, ObservationState
from market.plan.tables import OBSERVATIONS, PlanObservation
from tests.plan.counties import (
    CITY_STAFF,
    COLLEAGUE,
    FENGHUA,
    FENGHUA_STAFF,
    VILLAGE,
    VILLAGES,
    YUYAO_STAFF,
    County,
    analyst,
    auto,
    indicator,
    key,
    set_up,
)

MAY = date(2026, 5, 20)
FLOW, STOCK, RATIO = IndicatorKind.FLOW, IndicatorKind.STOCK, IndicatorKind.RATIO


@pytest.fixture(name="county")
def _county(market: Market) -> County:
    county = set_up(market)
    county.define(indicator("shops", FLOW), indicator("rate", RATIO))
    return county


def figure(county: County, observation_id: str) -> PlanObservation:
    with county.market.read() as session:
        return session.get_one(PlanObservation, observation_id)


def states(county: County) -> list[tuple[int, str]]:
    with county.market.read() as session:
        rows = session.exec(select(PlanObservation).order_by(col(PlanObservation.revision))).all()
    return [(each.revision, each.state.value) for each in rows]


def test_a_figure_counts_once_somebody_else_has_verified_it(county: County) -> None:
    observation = county.record("shops", MAY, "7")
    submit_observation(county.market, CITY_STAFF, observation_id=observation)
    with pytest.raises(OwnFigure):
        review_observation(county.market, CITY_STAFF, observation_id=observation, is_right=True)
    assert figure(county, observation).state is ObservationState.SUBMITTED

    review_observation(county.market, COLLEAGUE, observation_id=observation, is_right=True, note="已核对")

    found = figure(county, observation)
    assert (found.state, found.value, found.revision) == (ObservationState.VERIFIED, 7, 1)
    assert (found.starts_on, found.ends_on) == (date(2026, 5, 1), date(2026, 5, 31))
    assert (found.submitted_by, found.verified_by) == ("acc_city", "acc_colleague")


def test_the_database_itself_refuses_two_eyes(county: County) -> None:
    observation = county.record("shops", MAY, "7")
    submit_observation(county.market, CITY_STAFF, observation_id=observation)

    with pytest.raises(sa.exc.IntegrityError), county.market.transaction() as session:
        session.execute(
            sa.update(OBSERVATIONS)
            .where(OBSERVATIONS.c.id == observation)
            .values(state="VERIFIED", verified_by="acc_city")
        )


def test_a_returned_figure_is_put_right_and_handed_in_again(county: County) -> None:
    observation = county.record("shops", MAY, "7")
    submit_observation(county.market, CITY_STAFF, observation_id=observation)
    with pytest.raises(Invalid):
        review_observation(county.market, COLLEAGUE, observation_id=observation, is_right=False, note=" ")
    review_observation(county.market, COLLEAGUE, observation_id=observation, is_right=False, note="口径不对")
    assert figure(county, observation).note == "口径不对"

    # The colleague who returned it may put it right; then it is for somebody else to verify.
    draft = ObservationDraft(county.ids["shops"], VILLAGE, MAY, "6", evidence="更正表")
    assert record_observation(county.market, COLLEAGUE, draft, key=key()) == observation
    submit_observation(county.market, COLLEAGUE, observation_id=observation)
    with pytest.raises(OwnFigure):
        review_observation(county.market, COLLEAGUE, observation_id=observation, is_right=True)
    review_observation(county.market, CITY_STAFF, observation_id=observation, is_right=True)

    assert states(county) == [(1, "VERIFIED")]
    assert figure(county, observation).value == 6


def test_a_correction_is_a_new_revision_and_the_old_one_counts_until_it_is_verified(county: County) -> None:
    first = county.report("shops", MAY, "7")
    second = county.record("shops", MAY, "9")
    assert states(county) == [(1, "VERIFIED"), (2, "DRAFT")]

    submit_observation(county.market, CITY_STAFF, observation_id=second)
    review_observation(county.market, COLLEAGUE, observation_id=second, is_right=True)

    assert states(county) == [(1, "SUPERSEDED"), (2, "VERIFIED")]
    assert (figure(county, first).value, figure(county, second).value) == (7, 9)


def test_what_was_verified_is_not_moved_again(county: County) -> None:
    observation = county.report("shops", MAY, "7")

    attempts: list[Callable[[], None]] = [
        lambda: submit_observation(county.market, CITY_STAFF, observation_id=observation),
        lambda: review_observation(county.market, COLLEAGUE, observation_id=observation, is_right=True),
        lambda: review_observation(county.market, COLLEAGUE, observation_id=observation, is_right=False, note="再看"),
    ]
    for attempt in attempts:
        with pytest.raises(IllegalTransition) as refusal:
            attempt()
        assert refusal.value.facts["allowed"] == ("SUPERSEDED",)

    assert states(county) == [(1, "VERIFIED")]


def test_a_figure_that_waits_for_review_is_not_written_over(county: County) -> None:
    observation = county.record("shops", MAY, "7")
    submit_observation(county.market, CITY_STAFF, observation_id=observation)

    with pytest.raises(IllegalTransition):
        county.record("shops", MAY, "8")

    assert figure(county, observation).value == 7


def test_without_evidence_it_is_not_handed_in(county: County) -> None:
    draft = ObservationDraft(county.ids["shops"], VILLAGE, MAY, "7")
    observation = record_observation(county.market, CITY_STAFF, draft, key=key())

    with pytest.raises(Invalid) as refusal:
        submit_observation(county.market, CITY_STAFF, observation_id=observation)

    assert refusal.value.facts["field"] == "evidence"


def test_recording_is_done_once(county: County) -> None:
    once = key()
    draft = ObservationDraft(county.ids["shops"], VILLAGE, MAY, "7", evidence="表")
    other = ObservationDraft(county.ids["shops"], VILLAGE, MAY, "8", evidence="表")

    first = record_observation(county.market, CITY_STAFF, draft, key=once)

    assert record_observation(county.market, CITY_STAFF, draft, key=once) == first
    with pytest.raises(IdempotencyConflict):
        record_observation(county.market, CITY_STAFF, other, key=once)
    assert figure(county, first).value == 7


WRONG_FIGURES: list[tuple[str, dict[str, Any], str]] = [
    ("shops", {"value": "-1"}, "value"),
    ("shops", {"value": "1.5"}, "value"),
    ("shops", {"value": "many"}, "value"),
    ("shops", {"value": "9" * 16}, "value"),
    ("shops", {"whole": "10"}, "whole"),
    ("rate", {}, "whole"),
    ("rate", {"whole": "0"}, "whole"),
    ("rate", {"whole": "-1"}, "whole"),
    ("shops", {"day": date(2026, 6, 1)}, "day"),
    ("shops", {"day": date(2027, 6, 1)}, "day"),
    ("shops", {"region_code": FENGHUA}, "region"),
    ("shops", {"region_code": "3302"}, "region"),
    ("shops", {"evidence": "x" * 2001}, "evidence"),
    ("shops", {"evidence_url": "ftp://a"}, "evidenceUrl"),
    ("sales", {}, "indicator"),
]


def test_a_figure_that_cannot_be_is_refused(county: County) -> None:
    county.define(auto("sales", "online_net", unit=IndicatorUnit.YUAN))

    for code, changes, field in WRONG_FIGURES:
        given = {"indicator_id": county.ids[code], "region_code": VILLAGE, "day": MAY, "value": "7", **changes}
        with pytest.raises(Invalid) as refusal:
            record_observation(county.market, CITY_STAFF, ObservationDraft(**given), key=key())
        assert refusal.value.facts["field"] == field, changes

    assert states(county) == []


def test_months_quarters_and_years_are_over_when_their_last_day_is(county: County) -> None:
    county.define(indicator("yearly", STOCK, frequency=Frequency.YEAR))

    county.record("yearly", date(2025, 7, 1), "5")
    with pytest.raises(Invalid):
        county.record("yearly", date(2026, 1, 1), "5")

    with county.market.read() as session:
        assert [each.ends_on for each in session.exec(select(PlanObservation))] == [date(2025, 12, 31)]


def test_a_strangers_figure_is_an_unknown_one(county: County) -> None:
    observation = county.record("shops", MAY, "7")
    unknown = "obs_00000000000000000000000000"
    told = []
    for found, who in ((observation, YUYAO_STAFF), (unknown, CITY_STAFF)):
        with pytest.raises(NotFound) as refusal:
            submit_observation(county.market, who, observation_id=found)
        told.append(refusal.value.facts)
        with pytest.raises(NotFound) as refusal:
            review_observation(county.market, who, observation_id=found, is_right=True)
        told.append(refusal.value.facts)
    draft = ObservationDraft(county.ids["shops"], VILLAGES[-1], MAY, "7")
    with pytest.raises(NotFound):
        record_observation(county.market, FENGHUA_STAFF, draft, key=key())

    assert told == [{"field": "observation"}] * 4
    assert states(county) == [(1, "DRAFT")]


def test_of_many_who_verify_at_once_one_does(county: County) -> None:
    county.report("shops", MAY, "7")
    observation = county.record("shops", MAY, "8")
    submit_observation(county.market, CITY_STAFF, observation_id=observation)
    verifiers = [analyst(f"v{number}", FENGHUA) for number in range(4)] + [CITY_STAFF]

    def verify(actor: Any) -> str:
        try:
            review_observation(county.market, actor, observation_id=observation, is_right=True)
        except MarketError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(len(verifiers)) as pool:
        told = list(pool.map(verify, verifiers))

    assert sorted(told[:4]) == ["ILLEGAL_TRANSITION"] * 3 + ["done"]
    assert told[4] in {"OWN_FIGURE", "ILLEGAL_TRANSITION"}
    assert states(county) == [(1, "SUPERSEDED"), (2, "VERIFIED")]


def test_of_many_who_record_at_once_all_write_one_draft(county: County) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(lambda value: county.record("shops", MAY, str(value)), range(4)))

    assert len(made) == 1
    assert states(county) == [(1, "DRAFT")]
