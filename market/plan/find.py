"""Steps: the plan, indicator or figure that a use case is about, as far as its actor reaches; else it is unknown."""

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, select

from market.kernel.errors import NotFound
from market.kernel.permissions import Actor, Permission, reach
from market.places.rules import subtree
from market.places.tables import Region
from market.plan.tables import Plan, PlanIndicator


def managed_plan(session: Session, actor: Actor, plan_id: str, *, is_locked: bool = False) -> Plan:
    """A plan of a region that the actor manages plans of, or refuses with NotFound. `is_locked`: nobody else defines
    what it is made of until this transaction ends."""
    query = select(Plan).where(Plan.id == plan_id)
    plan = session.exec(query.with_for_update(key_share=True) if is_locked else query).first()
    if plan is None or not reach(actor, Permission.PLAN_MANAGE).covers(region_code=plan.region_code):
        raise NotFound(field="plan")
    return plan


def running_plans(session: Session, day: date) -> Sequence[Plan]:
    """The plans that a day lies in, the newest first."""
    return session.exec(
        select(Plan)
        .where(col(Plan.starts_on) <= day, col(Plan.ends_on) >= day)
        .order_by(col(Plan.starts_on).desc(), col(Plan.id))
    ).all()


def indicator_of(session: Session, indicator_id: str, *, field: str = "indicator") -> tuple[PlanIndicator, Plan]:
    """An indicator that is not retired, and its plan, or refuses with NotFound. Whose they are is the caller's to ask."""
    found = session.exec(
        select(PlanIndicator, Plan)
        .join(Plan, col(Plan.id) == PlanIndicator.plan_id)
        .where(PlanIndicator.id == indicator_id, col(PlanIndicator.retired_at).is_(None))
    ).first()
    if found is None:
        raise NotFound(field=field)
    return found[0], found[1]


def require_region_within(session: Session, code: str, plan: Plan) -> Region:
    """A region of the plan's, or refuses with NotFound."""
    region = session.get(Region, code)
    if region is None or not code.startswith(subtree(plan.region_code)):
        raise NotFound(field="region")
    return region
