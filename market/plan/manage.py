"""Use cases: make plans, define and retire what they measure."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlmodel import Session, col, select

from market.kernel import audit
from market.kernel.errors import LimitReached, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.places.tables import Region
from market.plan.drafts import IndicatorDraft, PlanDraft
from market.plan.errors import IndicatorInUse
from market.plan.find import indicator_of, managed_plan
from market.plan.rules import operands, parse_formula
from market.plan.tables import Plan, PlanIndicator, PlanObservation, PlanTarget
from market.reports.measures import MEASURES, Measure

INDICATORS_MAX = 60
"""Of a plan: the evaluation of counties has 20 third-level ones, and a scorecard is read on one page."""
_MEANING = ("kind", "source", "unit", "direction", "measure", "formula", "level", "frequency")
"""What figures and targets mean; fixed once there are any."""


def create_plan(market: Market, actor: Actor, draft: PlanDraft, *, key: str) -> str:
    """Make a plan of a region; its id.

    Refuses: Forbidden; Invalid; NotFound for a region that is unknown or not the actor's; IdempotencyConflict. Once, by
    `key`.
    """
    reach(actor, Permission.PLAN_MANAGE)
    checked = draft.checked()
    mine = IdempotencyKey.of(actor=actor.account_id or "", operation="createPlan", key=key, asked=asdict(draft))
    with market.transaction() as session:
        return once(
            session, mine, lambda: _create(session, market, actor, checked), now=market.now(), dump=str, load=str
        )


def _create(session: Session, market: Market, actor: Actor, draft: PlanDraft) -> str:
    is_reached = reach(actor, Permission.PLAN_MANAGE).covers(region_code=draft.region_code)
    if session.get(Region, draft.region_code) is None or not is_reached:
        raise NotFound(field="region")
    plan = Plan(id=market.new_id("pln"), created_at=market.now(), **asdict(draft))
    session.add(plan)
    session.flush()
    after = {"region": plan.region_code, "name": plan.name, "startsOn": plan.starts_on, "endsOn": plan.ends_on}
    audit.record(session, actor, action="plan.create", subject=plan.id, after=after, now=market.now())
    return plan.id


def define_indicator(
    market: Market,
    actor: Actor,
    draft: IndicatorDraft,
    *,
    plan_id: str,
    measures: Mapping[str, Measure] = MEASURES,
) -> str:
    """Define an indicator of a plan, or change the one with its code; its id.

    Refuses: Forbidden; NotFound; Invalid, also for a formula that makes no sense in this plan; IndicatorInUse when what
    figures mean would change under those that are there; LimitReached. Once: by the plan and the code.
    Guards: the plan's row, locked, and the unique code.
    """
    reach(actor, Permission.PLAN_MANAGE)
    with market.transaction() as session:
        managed_plan(session, actor, plan_id, is_locked=True)
        known = session.exec(select(PlanIndicator).where(PlanIndicator.plan_id == plan_id)).all()
        others = {each.code: each for each in known if each.retired_at is None and each.code != draft.code}
        checked = asdict(draft.checked(others, measures))
        found = next((each for each in known if each.code == draft.code), None)
        if found is None:
            if len(known) >= INDICATORS_MAX:
                raise LimitReached(what="indicators", limit=INDICATORS_MAX)
            found = PlanIndicator(id=market.new_id("ind"), plan_id=plan_id, **checked)
            session.add(found)
            session.flush()
            before, changed = None, {name: checked[name] for name in ("code", *_MEANING)}
        else:
            changed = {name: value for name, value in checked.items() if getattr(found, name) != value}
            if changed.keys() & set(_MEANING) and _is_used(session, found, others):
                raise IndicatorInUse(indicator=found.code)
            before = {name: getattr(found, name) for name in changed}
            found.sqlmodel_update({**changed, "retired_at": None})
            session.flush()
        audit.record(
            session, actor, action="indicator.define", subject=found.id, before=before, after=changed, now=market.now()
        )
        return found.id


def retire_indicator(market: Market, actor: Actor, *, indicator_id: str) -> None:
    """Take an indicator off the scorecard; its figures stay. Defining its code again brings it back.

    Refuses: Forbidden; NotFound; IndicatorInUse while a formula names it. Once: a retired one is unknown.
    """
    reach(actor, Permission.PLAN_MANAGE)
    with market.transaction() as session:
        indicator, plan = indicator_of(session, indicator_id)
        try:
            managed_plan(session, actor, plan.id, is_locked=True)
        except NotFound:
            raise NotFound(field="indicator") from None
        others = session.exec(
            select(PlanIndicator).where(PlanIndicator.plan_id == plan.id, col(PlanIndicator.retired_at).is_(None))
        ).all()
        if _is_named(indicator.code, {each.code: each for each in others}):
            raise IndicatorInUse(indicator=indicator.code)
        indicator.retired_at = market.now()
        session.flush()
        audit.record(session, actor, action="indicator.retire", subject=indicator_id, now=market.now())


def _is_used(session: Session, indicator: PlanIndicator, others: Mapping[str, PlanIndicator]) -> bool:
    tables: tuple[Any, ...] = (PlanTarget, PlanObservation)
    uses = [session.exec(select(each.id).where(each.indicator_id == indicator.id).limit(1)).first() for each in tables]
    return any(uses) or _is_named(indicator.code, others)


def _is_named(code: str, others: Mapping[str, PlanIndicator]) -> bool:
    """Whether a formula of the plan's names it."""
    return any(code in operands(parse_formula(each.formula)) for each in others.values() if each.formula)
