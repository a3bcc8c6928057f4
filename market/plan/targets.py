"""Use cases: say what a region is to reach, and take it back."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, select

from market.kernel import audit
from market.kernel.errors import Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, Reach, reach
from market.places.rules import level_of, subtree
from market.plan.find import indicator_of, require_region_within
from market.plan.rules import (
    Goal,
    IndicatorDirection,
    IndicatorKind,
    IndicatorUnit,
    parse_value,
)
from market.plan.tables import Plan, PlanIndicator, PlanTarget


@dataclass(frozen=True, slots=True)
class TargetDraft:
    """What a region is to reach from one day to another, both included. Values as people write them."""

    indicator_id: str
    region_code: str
    starts_on: date
    ends_on: date
    value: str
    baseline: str | None = None
    """Where it stood before; of a STOCK or RATIO, what attainment counts from."""


def set_target(market: Market, actor: Actor, draft: TargetDraft) -> str:
    """Say what a region is to reach in a period, or say it anew; the target's id.

    The plan's own managers set it anywhere in the plan; those of a region break it down to the regions below theirs
    (任务分解), and do not touch their own. Refuses: Forbidden; NotFound; Invalid for a period outside the plan's and for
    a value that can never be attained. Once: by indicator, region and period.
    Guards: the unique constraint, beneath the indicator's row, which is locked.
    """
    opened = reach(actor, Permission.PLAN_MANAGE)
    level_of(draft.region_code, field="region")
    with market.transaction() as session:
        indicator, plan = _managed(session, opened, draft.indicator_id, draft.region_code)
        if not plan.starts_on <= draft.starts_on <= draft.ends_on <= plan.ends_on:
            text = f"{plan.starts_on} – {plan.ends_on}"
            raise Invalid(field="startsOn", allowed=f"within {text}", allowed_zh=f"须在规划期 {text} 内")
        goal = _goal(indicator, draft)
        where = (
            PlanTarget.indicator_id == indicator.id,
            PlanTarget.region_code == draft.region_code,
            PlanTarget.starts_on == draft.starts_on,
            PlanTarget.ends_on == draft.ends_on,
        )
        found = session.exec(select(PlanTarget).where(*where)).first()
        before = None if found is None else {"value": found.value, "baseline": found.baseline}
        target = found or PlanTarget(
            id=market.new_id("tgt"),
            indicator_id=indicator.id,
            region_code=draft.region_code,
            starts_on=draft.starts_on,
            ends_on=draft.ends_on,
            value=goal.value,
            set_at=market.now(),
        )
        target.value, target.baseline, target.set_at = goal.value, goal.baseline, market.now()
        session.add(target)
        session.flush()
        after = {"value": target.value, "baseline": target.baseline, "region": target.region_code}
        audit.record(
            session, actor, action="target.set", subject=target.id, before=before, after=after, now=market.now()
        )
        return target.id


def remove_target(market: Market, actor: Actor, *, target_id: str) -> None:
    """Take a target back. Refuses: Forbidden; NotFound, also for one that the actor may not set."""
    opened = reach(actor, Permission.PLAN_MANAGE)
    with market.transaction() as session:
        target = session.get(PlanTarget, target_id)
        if target is None:
            raise NotFound(field="target")
        try:
            _managed(session, opened, target.indicator_id, target.region_code)
        except NotFound:
            raise NotFound(field="target") from None
        before = {"value": target.value, "baseline": target.baseline, "region": target.region_code}
        session.delete(target)
        session.flush()
        audit.record(session, actor, action="target.remove", subject=target_id, before=before, now=market.now())


def _managed(session: Session, opened: Reach, indicator_id: str, region_code: str) -> tuple[PlanIndicator, Plan]:
    """The indicator and plan of a target that the actor may set; else they are unknown."""
    session.exec(
        select(PlanIndicator.id).where(PlanIndicator.id == indicator_id).with_for_update(key_share=True)
    ).first()
    indicator, plan = indicator_of(session, indicator_id)
    if not opened.covers(region_code=plan.region_code):
        is_above = any(plan.region_code == code or _is_below(code, plan.region_code) for code in _codes(opened))
        if not is_above:
            raise NotFound(field="indicator")
        if not any(_is_below(region_code, code) for code in _codes(opened)):
            raise NotFound(field="region")
    require_region_within(session, region_code, plan)
    return indicator, plan


def _codes(opened: Reach) -> list[str]:
    return [prefix.ljust(12, "0") for prefix in opened.region_prefixes]


def _is_below(code: str, above: str) -> bool:
    return code != above and code.startswith(subtree(above))


def _goal(indicator: PlanIndicator, draft: TargetDraft) -> Goal:
    unit = IndicatorUnit(indicator.unit)
    return Goal(
        kind=IndicatorKind(indicator.kind),
        direction=IndicatorDirection(indicator.direction),
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
        value=parse_value(draft.value, unit, field="value"),
        baseline=None if draft.baseline is None else parse_value(draft.baseline, unit, field="baseline"),
    )
