"""The demo's plans: published figures of Zhejiang and Ningbo, and what the marketplace itself can say.

`data/plan.toml` has what was published; each measure of the marketplace becomes an AUTO indicator of Ningbo's plan, in
the measure's own words, with whatever target the demo makes up for it.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from sqlmodel import Session, col, select

from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from market.places.manage import RegionRow, add_regions
from market.places.rules import RegionLevel
from market.plan.drafts import UNIT_OF, IndicatorDraft, PlanDraft, kind_of
from market.plan.manage import create_plan, define_indicator
from market.plan.observe import ObservationDraft, record_observation, review_observation, submit_observation
from market.plan.rules import (
    Frequency,
    IndicatorKind,
    IndicatorSource,
    IndicatorUnit,
    ObservationState,
    period_of,
)
from market.plan.tables import Plan, PlanIndicator, PlanObservation, PlanTarget
from market.plan.targets import TargetDraft, set_target
from market.reports.measures import MEASURES
from seeds.content import DATA, Row
from seeds.ground import SEEDER

PROVINCE = RegionRow("330000000000", "浙江省", None, "Zhejiang")
REVIEWER = Actor(ActorKind.ADMIN, account_id="seed-reviewer")
"""Who verifies what the seeder submits: nobody verifies their own."""
PLATFORM = "本平台统计，仅含在本平台发生的交易；目标为演示样例"
_LEVELS = {"330000000000": RegionLevel.PROVINCE, "330200000000": RegionLevel.CITY}


@cache
def content() -> Mapping[str, tuple[Row, ...]]:
    """Plans, indicators, targets and figures, as `data/plan.toml` has them."""
    with (DATA / "plan.toml").open("rb") as source:
        return {noun: tuple(found) for noun, found in tomllib.load(source).items()}


@dataclass(slots=True)
class _Seeding:
    market: Market
    today: date
    plans: dict[str, str] = field(default_factory=dict)
    """Ids by slug."""
    indicators: dict[tuple[str, str], str] = field(default_factory=dict)
    """Ids by the plan's slug and the code."""


def seed_plan(market: Market, *, today: date) -> int:
    """Make the plans, or what is missing of them; how many indicators they have."""
    add_regions(market, SEEDER, [PROVINCE])
    seeding = _Seeding(market, today)
    with market.read() as session:
        known = dict(session.exec(select(Plan.name, Plan.id)).all())
    for row in content()["plan"]:
        seeding.plans[row["slug"]] = known.get(row["name"]) or _plan(seeding, row)
    _indicators(seeding)
    _targets(seeding)
    _observations(seeding)
    return len(seeding.indicators)


def _plan(seeding: _Seeding, row: Row) -> str:
    draft = PlanDraft(
        region_code=row["region"],
        name=row["name"],
        name_en=row["name_en"],
        authority=row["authority"],
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
    )
    return create_plan(seeding.market, SEEDER, draft, key=f"seed-demo-plan-{row['slug']}")


def _indicators(seeding: _Seeding) -> None:
    with seeding.market.read() as session:
        known = _known(session, seeding.plans)
    drafts = [(row["plan"], _draft(row, position)) for position, row in enumerate(content()["indicator"])]
    drafts += [("ningbo", draft) for draft in _measured()]
    drafts += [(row["plan"], _derived(row, 200 + position)) for position, row in enumerate(content()["derived"])]
    for slug, draft in drafts:
        key = (slug, draft.code)
        found = known.get(key)
        seeding.indicators[key] = found or define_indicator(seeding.market, SEEDER, draft, plan_id=seeding.plans[slug])


def _known(session: Session, plans: Mapping[str, str]) -> dict[tuple[str, str], str]:
    slugs = {plan_id: slug for slug, plan_id in plans.items()}
    found = session.exec(select(PlanIndicator).where(col(PlanIndicator.plan_id).in_(list(slugs)))).all()
    return {(slugs[each.plan_id], each.code): each.id for each in found}


def _draft(row: Row, position: int) -> IndicatorDraft:
    words: dict[str, Any] = {
        name: row[name]
        for name in ("name_en", "unit_label", "unit_label_en", "definition", "definition_en", "authority")
        if name in row
    }
    return IndicatorDraft(
        code=row["code"],
        name=row["name"],
        kind=IndicatorKind(row["kind"]),
        source=IndicatorSource.MANUAL,
        unit=IndicatorUnit(row["unit"]),
        level=_LEVELS[_region(row)],
        frequency=Frequency(row.get("frequency", "YEAR")),
        position=position,
        **words,
    )


def code_of(key: str) -> str:
    """A measure's key as an indicator's code.

    >>> code_of("orders.inTime")
    'orders_in_time'
    """
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", key.replace(".", "_"))


def _measured() -> list[IndicatorDraft]:
    """An indicator for each measure of the marketplace, in the measure's words."""
    return [
        IndicatorDraft(
            code=code_of(measure.key),
            name=f"{measure.label_zh}（本平台）",
            name_en=f"{measure.label_en} (this marketplace)",
            kind=kind_of(measure),
            source=IndicatorSource.AUTO,
            unit=UNIT_OF[measure.kind],
            definition=measure.definition_zh,
            definition_en=measure.definition_en,
            authority=PLATFORM,
            measure=measure.key,
            position=100 + position,
        )
        for position, measure in enumerate(MEASURES.values())
    ]


def _derived(row: Row, position: int) -> IndicatorDraft:
    """A ratio of the marketplace's own figures."""
    return IndicatorDraft(
        code=row["code"],
        name=row["name"],
        name_en=row["name_en"],
        kind=IndicatorKind.RATIO,
        source=IndicatorSource.DERIVED,
        unit=IndicatorUnit(row["unit"]),
        definition=row["definition"],
        authority=row.get("authority", PLATFORM),
        formula=row["formula"],
        position=position,
    )


def _region(row: Row) -> str:
    """The region of the plan that a row is of."""
    return str(next(each["region"] for each in content()["plan"] if each["slug"] == row["plan"]))


def _targets(seeding: _Seeding) -> None:
    with seeding.market.read() as session:
        found = session.exec(select(PlanTarget).where(col(PlanTarget.indicator_id).in_(seeding.indicators.values())))
        known = {(each.indicator_id, each.starts_on, each.ends_on) for each in found}
    for row in content()["target"]:
        indicator_id = seeding.indicators[row["plan"], row["code"]]
        if (indicator_id, row["from"], row["to"]) not in known:
            draft = TargetDraft(indicator_id, _region(row), row["from"], row["to"], row["value"], row.get("baseline"))
            set_target(seeding.market, SEEDER, draft)


def _observations(seeding: _Seeding) -> None:
    with seeding.market.read() as session:
        ids = list(seeding.indicators.values())
        figures = session.exec(select(PlanObservation).where(col(PlanObservation.indicator_id).in_(ids))).all()
        indicators = session.exec(select(PlanIndicator).where(col(PlanIndicator.id).in_(ids))).all()
    known = {(each.indicator_id, each.starts_on): each for each in figures}
    frequencies = {each.id: Frequency(each.frequency) for each in indicators}
    for row in content()["observation"]:
        indicator_id = seeding.indicators[row["plan"], row["code"]]
        starts_on, ends_on = period_of(row["day"], frequencies[indicator_id])
        if ends_on < seeding.today:
            _observation(seeding.market, row, indicator_id, known.get((indicator_id, starts_on)))


def _observation(market: Market, row: Row, indicator_id: str, found: PlanObservation | None) -> None:
    """Record, submit and verify a figure, or what of it is not done yet."""
    state = None if found is None else found.state
    if found is None:
        draft = ObservationDraft(indicator_id, _region(row), row["day"], row["value"], evidence=row["evidence"])
        key = f"seed-figure-{row['code'][:24]}-{row['day']:%Y%m%d}"
        observation_id = record_observation(market, SEEDER, draft, key=key)
    else:
        observation_id = found.id
    if state in {None, ObservationState.DRAFT}:
        submit_observation(market, SEEDER, observation_id=observation_id)
    if state in {None, ObservationState.DRAFT, ObservationState.SUBMITTED}:
        review_observation(market, REVIEWER, observation_id=observation_id, is_right=True)
