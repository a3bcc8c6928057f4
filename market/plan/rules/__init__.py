"""Rules of the plan, as functions of values."""

from market.plan.rules.formulas import Formula, evaluate, operands, parse_formula
from market.plan.rules.periods import (
    elapsed_share,
    last_full_day,
    period_of,
    periods_between,
)
from market.plan.rules.reckon import Goal, Standing, light_of, stand
from market.plan.rules.values import parse_value, value_text
from market.plan.rules.words import (
    DECIMALS,
    OBSERVATION_MOVES,
    Frequency,
    IndicatorDirection,
    IndicatorKind,
    IndicatorSource,
    IndicatorUnit,
    ObservationState,
    PlanLight,
    PlanTrend,
    illegal_observation_move,
    next_observation_states,
)

__all__ = [
    "DECIMALS",
    "OBSERVATION_MOVES",
    "Formula",
    "Frequency",
    "Goal",
    "IndicatorDirection",
    "IndicatorKind",
    "IndicatorSource",
    "IndicatorUnit",
    "ObservationState",
    "PlanLight",
    "PlanTrend",
    "Standing",
    "elapsed_share",
    "evaluate",
    "illegal_observation_move",
    "last_full_day",
    "light_of",
    "next_observation_states",
    "operands",
    "parse_formula",
    "parse_value",
    "period_of",
    "periods_between",
    "stand",
    "value_text",
]
