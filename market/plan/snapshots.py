"""Use cases: keep a scorecard as it is read, and see later what has become of its figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, col, select

from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.errors import Invalid, NotFound
from market.kernel.ids import require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Permission, reach
from market.places.rules import level_of
from market.plan.find import managed_plan
from market.plan.rules import Frequency, PlanLight, last_full_day
from market.plan.scorecard import Scorecard, ScorecardRow, read_scorecard
from market.plan.tables import INDICATORS, PLANS, SNAPSHOTS, TARGETS, Plan, PlanSnapshot
from market.reports.measures import MEASURES, Measure

SNAPSHOTS_MAX = 24
"""Kept scorecards that are shown at once: two years of months."""
LATE_DAYS = 5
"""A month is kept by itself so many days after its end, when its figures are in."""


@dataclass(frozen=True, slots=True)
class KeptRow:
    """One indicator as it was kept."""

    indicator_id: str
    target: int | None
    actual: int | None
    attainment_bp: int | None
    gap_bp: int | None
    light: PlanLight

    @classmethod
    def of(cls, row: ScorecardRow) -> "KeptRow":
        """From a scorecard's row."""
        standing = row.standing
        return cls(
            indicator_id=row.indicator.id,
            target=None if row.target is None else row.target.value,
            actual=row.actual,
            attainment_bp=None if standing is None else standing.attainment_bp,
            gap_bp=None if standing is None else standing.gap_bp,
            light=row.light,
        )

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Drift:
    """What was kept of an indicator, and the same day's row as it is read now: reported later, corrected, paid back."""

    kept: KeptRow
    now: ScorecardRow | None
    """None of an indicator that is retired."""


@dataclass(frozen=True, slots=True)
class KeptScorecard:
    """A kept scorecard beside what is known of its day now."""

    snapshot: PlanSnapshot
    rows: tuple[Drift, ...]


def keep_scorecard(
    market: Market,
    actor: Actor,
    *,
    plan_id: str,
    region_code: str,
    as_of: date,
    measures: Mapping[str, Measure] = MEASURES,
) -> str:
    """Keep the scorecard of a region at the end of a day, for good; the snapshot's id.

    Refuses: Forbidden; NotFound; Invalid for a day that is not over. Once: a day's is kept as it was kept first.
    Guards: the unique constraint, and triggers beneath.
    """
    reach(actor, Permission.PLAN_MANAGE)
    level_of(region_code, field="regionCode")
    if as_of >= business_day(market.now()):
        raise Invalid(field="asOf", allowed="a day that is over", allowed_zh="须为已结束的日期")
    with market.transaction() as session:
        plan = managed_plan(session, actor, plan_id)
        card = read_scorecard(session, plan, region_code, as_of, measures)
        if card is None:
            raise NotFound(field="region")
        kept, is_new = _keep(session, market, card, by=actor.account_id or actor.kind.value)
        if is_new:
            after = {"region": region_code, "asOf": as_of}
            audit.record(session, actor, action="plan.keep", subject=kept, after=after, now=market.now())
        return kept


def keep_scorecards(market: Market, *, limit: int, measures: Mapping[str, Measure] = MEASURES) -> int:
    """Keep last month's scorecards of all plans that ran then, for the plan's region and every region that has targets,
    from the fifth day of a month on; at most so many, and says how many. For the worker. Once: what is kept is left."""
    today = business_day(market.now())
    day = last_full_day(today - timedelta(days=LATE_DAYS), Frequency.MONTH)
    with market.read() as session:
        due = _due(session, day, limit)
    kept = 0
    for plan_id, region_code in due:
        with market.transaction(patiently=True) as session:
            plan = session.get_one(Plan, plan_id)
            card = read_scorecard(session, plan, region_code, day, measures)
            if card is not None:
                kept += _keep(session, market, card, by=ActorKind.SYSTEM.value)[1]
    return kept


def kept_scorecards(
    market: Market,
    actor: Actor,
    *,
    plan_id: str,
    region_code: str,
    first: int = SNAPSHOTS_MAX,
    measures: Mapping[str, Measure] = MEASURES,
) -> list[KeptScorecard] | None:
    """The scorecards kept of a plan in a region, the newest first, each beside what is known of its day now; None as
    `plan_scorecard`. Refuses: NotSignedIn; Forbidden; InvalidId; Invalid for more than 24."""
    opened = reach(actor, Permission.PLAN_READ)
    require_id(plan_id, "pln", field="planId")
    level_of(region_code, field="regionCode")
    if not 1 <= first <= SNAPSHOTS_MAX:
        raise Invalid(field="first", allowed=f"1 to {SNAPSHOTS_MAX}", allowed_zh=f"1 到 {SNAPSHOTS_MAX}")
    with market.read() as session:
        plan = session.get(Plan, plan_id)
        if plan is None or not opened.covers(region_code=region_code):
            return None
        found = session.exec(
            select(PlanSnapshot)
            .where(PlanSnapshot.plan_id == plan_id, PlanSnapshot.region_code == region_code)
            .order_by(col(PlanSnapshot.as_of).desc())
            .limit(first)
        ).all()
        return [_beside(session, plan, each, measures) for each in found]


def _beside(session: Session, plan: Plan, kept: PlanSnapshot, measures: Mapping[str, Measure]) -> KeptScorecard:
    card = read_scorecard(session, plan, kept.region_code, kept.as_of, measures)
    now = {} if card is None else {row.indicator.id: row for row in card.rows}
    rows = [KeptRow(**{**each, "light": PlanLight(each["light"])}) for each in kept.rows]
    return KeptScorecard(kept, tuple(Drift(row, now.get(row.indicator_id)) for row in rows))


def _keep(session: Session, market: Market, card: Scorecard, *, by: str) -> tuple[str, bool]:
    snapshot_id = market.new_id("snp")
    added = session.execute(
        insert(SNAPSHOTS)
        .values(
            id=snapshot_id,
            plan_id=card.plan.id,
            region_code=card.region.code,
            as_of=card.as_of,
            kept_at=market.now(),
            kept_by=by,
            rows=[KeptRow.of(row).plain() for row in card.rows],
        )
        .on_conflict_do_nothing(index_elements=[SNAPSHOTS.c.plan_id, SNAPSHOTS.c.region_code, SNAPSHOTS.c.as_of])
        .returning(SNAPSHOTS.c.id)
    ).scalar_one_or_none()
    if added is not None:
        return snapshot_id, True
    found = sa.select(SNAPSHOTS.c.id).where(
        SNAPSHOTS.c.plan_id == card.plan.id,
        SNAPSHOTS.c.region_code == card.region.code,
        SNAPSHOTS.c.as_of == card.as_of,
    )
    return str(session.execute(found).scalar_one()), False


def _due(session: Session, day: date, limit: int) -> list[tuple[str, str]]:
    """Plans that ran on a day and regions, whose scorecard of it is not kept yet."""
    own = sa.select(PLANS.c.id.label("plan_id"), PLANS.c.region_code)
    others = sa.select(INDICATORS.c.plan_id, TARGETS.c.region_code).join_from(
        TARGETS, INDICATORS, INDICATORS.c.id == TARGETS.c.indicator_id
    )
    wanted = sa.union(own, others).subquery("wanted")
    is_kept = sa.exists().where(
        SNAPSHOTS.c.plan_id == wanted.c.plan_id,
        SNAPSHOTS.c.region_code == wanted.c.region_code,
        SNAPSHOTS.c.as_of == day,
    )
    found = (
        sa.select(wanted.c.plan_id, wanted.c.region_code)
        .join_from(wanted, PLANS, PLANS.c.id == wanted.c.plan_id)
        .where(PLANS.c.starts_on <= day, PLANS.c.ends_on >= day, ~is_kept)
        .order_by(wanted.c.plan_id, wanted.c.region_code)
        .limit(limit)
    )
    return [(str(plan_id), str(code)) for plan_id, code in session.execute(found)]
