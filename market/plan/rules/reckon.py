"""Attainment, expectation and gap, in basis points: 10,000 is all of it.

Whoever reports on a plan compares what is reached with the time that has gone by (序时进度): half of a year's sales by
the end of June is on time. How, depends on the kind:

| kind | attainment | expected by now | gap |
|---|---|---|---|
| FLOW, UP | actual ÷ target | target × time gone by | attainment - time gone by |
| FLOW, DOWN (a ceiling) | the share of it that is used up | target × time gone by | time gone by - attainment |
| STOCK, and RATIO with a baseline | (actual - baseline) ÷ (target - baseline) | the straight line between them | attainment - time gone by |
| RATIO, UP, without a baseline (a level to hold) | actual ÷ target | target | attainment - 10,000 |
| RATIO, DOWN, without a baseline (a ceiling) | the share of it that is used up | target | 10,000 - attainment |
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from market.kernel.errors import Invalid
from market.plan.rules.periods import elapsed_share
from market.plan.rules.values import to_whole
from market.plan.rules.words import IndicatorDirection, IndicatorKind, PlanLight

ALL = 10_000
"""Basis points."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached: a level or a sum (`value`), from `starts_on` to `ends_on`, both included. Refuses with
    Invalid what can never be attained or says nothing."""

    kind: IndicatorKind
    direction: IndicatorDirection
    starts_on: date
    ends_on: date
    value: int
    baseline: int | None = None
    """Where it stood before."""

    def __post_init__(self) -> None:
        if self.ends_on < self.starts_on:
            raise Invalid(field="endsOn", allowed="not before the start", allowed_zh="不早于开始日期")
        is_up = self.direction is IndicatorDirection.UP
        is_stock = self.kind is IndicatorKind.STOCK
        if self.kind is IndicatorKind.FLOW or (self.baseline is None and (is_up or not is_stock)):
            _require(self.value > 0, "value", "above zero", "须大于零")
        elif self.baseline is not None:
            is_right = self.value > self.baseline if is_up else self.value < self.baseline
            where, where_zh = ("above", "高于") if is_up else ("below", "低于")
            _require(is_right, "value", f"{where} the baseline", f"须{where_zh}基期值")
        else:
            raise Invalid(
                field="baseline",
                allowed="a level that is to sink starts somewhere",
                allowed_zh="下降类存量指标须有基期值",
            )


@dataclass(frozen=True, slots=True)
class Standing:
    """How a figure stands against a goal. `gap_bp` below zero is behind, whichever way is better."""

    attainment_bp: int
    elapsed_bp: int
    expected: int
    gap_bp: int


def stand(goal: Goal, actual: Fraction, *, through: date) -> Standing:
    """How an actual figure, of the days through this one, stands.

    >>> goal = Goal(IndicatorKind.FLOW, IndicatorDirection.UP, date(2026, 1, 1), date(2026, 12, 31), 1000)
    >>> stand(goal, Fraction(600), through=date(2026, 7, 2))
    Standing(attainment_bp=6000, elapsed_bp=5014, expected=501, gap_bp=986)
    """
    elapsed = elapsed_share(goal.starts_on, goal.ends_on, through)
    elapsed_bp = to_whole(elapsed * ALL)
    is_held = goal.kind is IndicatorKind.RATIO and goal.baseline is None
    if is_held or goal.kind is IndicatorKind.FLOW:
        attained_bp = to_whole(actual / goal.value * ALL)
        expected_bp, expected = (ALL, goal.value) if is_held else (elapsed_bp, to_whole(goal.value * elapsed))
        gap_bp = attained_bp - expected_bp
        is_up = goal.direction is IndicatorDirection.UP
        return Standing(attained_bp, elapsed_bp, expected, gap_bp if is_up else -gap_bp)
    baseline = goal.baseline or 0
    attained_bp = to_whole((actual - baseline) / (goal.value - baseline) * ALL)
    expected = to_whole(baseline + (goal.value - baseline) * elapsed)
    return Standing(attained_bp, elapsed_bp, expected, attained_bp - elapsed_bp)


def light_of(standing: Standing, *, amber_behind_bp: int, red_behind_bp: int) -> PlanLight:
    """GREEN while it is at most `amber_behind_bp` behind, AMBER while at most `red_behind_bp`, else RED."""
    if standing.gap_bp >= -amber_behind_bp:
        return PlanLight.GREEN
    return PlanLight.AMBER if standing.gap_bp >= -red_behind_bp else PlanLight.RED


def _require(is_right: bool, field: str, allowed: str, allowed_zh: str) -> None:
    if not is_right:
        raise Invalid(field=field, allowed=allowed, allowed_zh=allowed_zh)
