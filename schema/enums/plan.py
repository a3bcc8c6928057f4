"""Enums of the plan."""

from market.plan.rules import (
    Frequency,
    IndicatorDirection,
    IndicatorKind,
    IndicatorSource,
    IndicatorUnit,
    ObservationState,
    PlanLight,
    PlanTrend,
)
from schema.scalars import described

__all__ = [
    "Frequency",
    "IndicatorDirection",
    "IndicatorKind",
    "IndicatorSource",
    "IndicatorUnit",
    "ObservationState",
    "PlanLight",
    "PlanTrend",
]

described(
    IndicatorKind,
    "How an indicator's figures go together, over time and over regions.",
    FLOW="Periods and regions add up: sales, visits.",
    STOCK="A level at the end of a period: regions add up, periods do not.",
    RATIO="A part of a whole: reckoned again from the parts, never averaged.",
)

described(
    IndicatorSource,
    "Where an indicator's figures come from.",
    MANUAL="Regions report them, with evidence; they count once somebody else has verified them.",
    AUTO="A measure of the marketplace's own reports.",
    DERIVED="A formula of other indicators of the plan.",
)

described(
    IndicatorUnit,
    "What an indicator's values are.",
    COUNT="Pieces: whole numbers.",
    YUAN="Yuan.",
    PERCENT="Percent.",
    NUMBER="Any other number with two decimals; `unitLabel` says of what.",
)

described(IndicatorDirection, "Which way is better.", UP="More is better.", DOWN="Less is better.")

described(
    Frequency,
    "How long the periods are that are reported on.",
    MONTH="Calendar months.",
    QUARTER="Calendar quarters.",
    YEAR="Calendar years.",
)

described(
    ObservationState,
    "Where a reported figure stands.",
    DRAFT="Written down.",
    SUBMITTED="Handed in: it waits for somebody else to verify it.",
    RETURNED="To be put right; the note says why.",
    VERIFIED="It counts.",
    SUPERSEDED="It counted until a later revision was verified.",
)

described(
    PlanLight,
    "How an indicator stands against the time that has gone by (序时进度).",
    GREEN="On time or ahead.",
    AMBER="A little behind.",
    RED="Far behind.",
    INCOMPLETE="Some figures that are due are missing, and without them it cannot be said.",
    MISSING="No figure, though some are due.",
    NOT_DUE="No figure is due here yet.",
    NO_TARGET="Nothing is to be reached here.",
)

described(
    PlanTrend,
    "Where an indicator's gap went since the scorecard kept last.",
    IMPROVING="It got better.",
    STEADY="It moved by less than half a percent point.",
    WORSENING="It got worse.",
)
