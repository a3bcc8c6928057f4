"""The scorecard: each indicator's target, what is reached of it, and how that stands against the time gone by."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlmodel import Session, select

from market.kernel.clock import business_day
from market.kernel.errors import Invalid
from market.kernel.ids import require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, Reach, reach
from market.places.rules import level_of, subtree
from market.places.tables import Region
from market.plan.figures import Drill, Figure, Reader, Window
from market.plan.find import running_plans
from market.plan.queries import active_indicators, kept_before, targets_of
from market.plan.rules import (
    Goal,
    IndicatorDirection,
    IndicatorKind,
    PlanLight,
    PlanTrend,
    Standing,
    light_of,
    stand,
)
from market.plan.rules.values import to_whole
from market.plan.tables import Plan, PlanIndicator, PlanSnapshot, PlanTarget
from market.reports.measures import MEASURES, Measure

STEADY_BP = 50
"""A gap that moved by less stands still: half a percent point."""
PARTS_MAX = 100
"""Regions below one another that are shown side by side."""


@dataclass(frozen=True, slots=True)
class Previous:
    """The same indicator in the last scorecard kept before."""

    as_of: date
    actual: int | None
    gap_bp: int | None


@dataclass(frozen=True, slots=True)
class ScorecardRow:
    """One indicator in one region. Values are in its smallest unit, rounded; missing is None, never zero."""

    indicator: PlanIndicator
    region_code: str
    target: PlanTarget | None
    window: Window
    figure: Figure
    actual: int | None
    standing: Standing | None
    light: PlanLight
    previous: Previous | None = None

    @property
    def trend(self) -> PlanTrend | None:
        """Where the gap went since the last kept scorecard; None when it cannot be said."""
        before = self.previous.gap_bp if self.previous else None
        if before is None or self.standing is None:
            return None
        moved = self.standing.gap_bp - before
        if abs(moved) < STEADY_BP:
            return PlanTrend.STEADY
        return PlanTrend.IMPROVING if moved > 0 else PlanTrend.WORSENING

    @property
    def drills(self) -> tuple[Drill, ...]:
        """How its AUTO figures came about."""
        return self.figure.drills


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A plan's indicators in a region at the end of a day."""

    plan: Plan
    region: Region
    as_of: date
    rows: Sequence[ScorecardRow]


def plan_scorecard(
    market: Market,
    actor: Actor,
    *,
    plan_id: str | None = None,
    region_code: str | None = None,
    as_of: date | None = None,
    measures: Mapping[str, Measure] = MEASURES,
) -> Scorecard | None:
    """The scorecard of a plan (the newest of that day when none is said) in a region (the plan's own) at the end of a day
    (today's so far); None when there is no such plan, the region is not of it, or the actor does not look there.

    Refuses: NotSignedIn; Forbidden; InvalidId; Invalid for what is no region's code and for a day to come.
    """
    opened = reach(actor, Permission.PLAN_READ)
    if plan_id is not None:
        require_id(plan_id, "pln", field="planId")
    if region_code is not None:
        level_of(region_code, field="regionCode")
    today = business_day(market.now())
    if as_of is not None and as_of > today:
        raise Invalid(field="asOf", allowed="not later than today", allowed_zh="不晚于今天")
    with market.read(patiently=True) as session:
        plans = [session.get(Plan, plan_id)] if plan_id is not None else running_plans(session, as_of or today)
        plan = next((each for each in plans if each is not None and _is_open(opened, each, region_code)), None)
        if plan is None:
            return None
        return read_scorecard(session, plan, region_code or plan.region_code, as_of or today, measures)


def _is_open(opened: Reach, plan: Plan, region_code: str | None) -> bool:
    """Whether somebody may look at a region of a plan."""
    code = region_code or plan.region_code
    return code.startswith(subtree(plan.region_code)) and opened.covers(region_code=code)


def read_scorecard(
    session: Session, plan: Plan, region_code: str, as_of: date, measures: Mapping[str, Measure] = MEASURES
) -> Scorecard | None:
    """Step: the scorecard, whoever asks; None when the region is not of the plan."""
    region = session.get(Region, region_code)
    if region is None or not region_code.startswith(subtree(plan.region_code)):
        return None
    indicators = active_indicators(session, plan.id)
    targets = targets_of(session, [each.id for each in indicators], [region_code])
    asked = _Asked(plan, as_of, measures, indicators, targets)
    rows = _rows(session, asked, indicators, within=region_code, parts=[region_code])
    kept = kept_before(session, plan.id, region_code, as_of)
    return Scorecard(plan, region, as_of, [_after(row, kept) for row in rows])


def indicator_by_region(
    market: Market,
    actor: Actor,
    *,
    indicator_id: str,
    region_code: str,
    as_of: date | None = None,
    measures: Mapping[str, Measure] = MEASURES,
) -> list[ScorecardRow] | None:
    """One indicator in each of the regions right below one, by code, at most 100; None as `plan_scorecard`.

    Refuses as `plan_scorecard`.
    """
    opened = reach(actor, Permission.PLAN_READ)
    require_id(indicator_id, "ind", field="indicatorId")
    level_of(region_code, field="regionCode")
    today = business_day(market.now())
    if as_of is not None and as_of > today:
        raise Invalid(field="asOf", allowed="not later than today", allowed_zh="不晚于今天")
    with market.read(patiently=True) as session:
        indicator = session.get(PlanIndicator, indicator_id)
        plan = None if indicator is None else session.get(Plan, indicator.plan_id)
        if indicator is None or plan is None or not opened.covers(region_code=region_code):
            return None
        if not region_code.startswith(subtree(plan.region_code)):
            return None
        below = session.exec(
            select(Region.code).where(Region.parent_code == region_code).order_by(Region.code).limit(PARTS_MAX)
        ).all()
        indicators = active_indicators(session, plan.id)
        targets = targets_of(session, [indicator.id], below)
        asked = _Asked(plan, as_of or today, measures, indicators, targets)
        return _rows(session, asked, [indicator], within=region_code, parts=below) if below else []


@dataclass(frozen=True, slots=True)
class _Asked:
    """What all rows of a scorecard are reckoned from."""

    plan: Plan
    as_of: date
    measures: Mapping[str, Measure]
    indicators: Sequence[PlanIndicator]
    """All of the plan's: formulas name them."""
    targets: Sequence[PlanTarget]


@dataclass(frozen=True, slots=True)
class _Wish:
    """A row to make."""

    indicator: PlanIndicator
    region_code: str
    target: PlanTarget | None
    window: Window


def _rows(
    session: Session, asked: _Asked, shown: Sequence[PlanIndicator], *, within: str, parts: Sequence[str]
) -> list[ScorecardRow]:
    """The rows of these indicators in these regions, which are one, or all right below one."""
    reader = Reader(asked.indicators, within, len(subtree(parts[0])), asked.measures)
    wanted = []
    for part in parts:
        for indicator in shown:
            own = [each for each in asked.targets if each.indicator_id == indicator.id and each.region_code == part]
            target = target_on(own, asked.as_of)
            window = _window(asked.plan, target, asked.as_of)
            reader.need(indicator, window)
            wanted.append(_Wish(indicator, part, target, window))
    reader.read(session, [subtree(part) for part in parts])
    return [
        _row(asked.plan, wish, reader.figure(wish.indicator, wish.window, subtree(wish.region_code))) for wish in wanted
    ]


def target_on(targets: Iterable[PlanTarget], day: date) -> PlanTarget | None:
    """The target in force on a day: the one of the shortest period that it lies in; where there is none, the last that
    was over before."""
    running = [each for each in targets if each.starts_on <= day <= each.ends_on]
    if running:
        return min(running, key=lambda each: (each.ends_on - each.starts_on, each.starts_on))
    over = [each for each in targets if each.ends_on < day]
    return max(over, key=lambda each: (each.ends_on, each.starts_on), default=None)


def _window(plan: Plan, target: PlanTarget | None, as_of: date) -> Window:
    """The days that count: the target's up to now; without one, the year's within the plan."""
    if target is not None:
        return Window(target.starts_on, min(target.ends_on, as_of))
    end = min(plan.ends_on, as_of)
    return Window(max(plan.starts_on, date(end.year, 1, 1)), end)


def _row(plan: Plan, wish: _Wish, figure: Figure) -> ScorecardRow:
    indicator, target = wish.indicator, wish.target
    actual = None if figure.value is None else to_whole(figure.value)
    standing = None
    if target is not None and figure.value is not None:
        goal = Goal(
            kind=IndicatorKind(indicator.kind),
            direction=IndicatorDirection(indicator.direction),
            starts_on=target.starts_on,
            ends_on=target.ends_on,
            value=target.value,
            baseline=target.baseline,
        )
        standing = stand(goal, figure.value, through=figure.through)
    light = _light(plan, indicator, target, figure, standing)
    return ScorecardRow(indicator, wish.region_code, target, wish.window, figure, actual, standing, light)


def _light(
    plan: Plan, indicator: PlanIndicator, target: PlanTarget | None, figure: Figure, standing: Standing | None
) -> PlanLight:
    if target is None:
        return PlanLight.NO_TARGET
    if figure.cells_due == 0:
        return PlanLight.NOT_DUE
    if standing is None:
        return PlanLight.MISSING
    light = light_of(standing, amber_behind_bp=plan.amber_behind_bp, red_behind_bp=plan.red_behind_bp)
    if figure.cells_reported < figure.cells_due:
        # What is missing of a sum can only add to it: where that is better already, it is well whatever comes.
        can_only_rise = indicator.formula is None and indicator.kind != IndicatorKind.RATIO
        is_well = light is PlanLight.GREEN and can_only_rise and indicator.direction == IndicatorDirection.UP
        return light if is_well else PlanLight.INCOMPLETE
    return light


def _after(row: ScorecardRow, kept: PlanSnapshot | None) -> ScorecardRow:
    """The row with what was kept of it before."""
    found = next((each for each in kept.rows if each["indicator_id"] == row.indicator.id), None) if kept else None
    if kept is None or found is None:
        return row
    return replace(row, previous=Previous(kept.as_of, found["actual"], found["gap_bp"]))
