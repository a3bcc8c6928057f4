"""The words of a plan, and the moves of an observation."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from market.kernel.errors import IllegalTransition


class IndicatorKind(StrEnum):
    """How figures of an indicator go together, over time and over regions."""

    FLOW = "FLOW"
    """Adds up over a period and over regions: sales, visits."""
    STOCK = "STOCK"
    """Stands at a level at the end of a period; regions add up, periods do not: villages with a shop."""
    RATIO = "RATIO"
    """A part of a whole; over regions and periods it is reckoned again from the parts, never averaged."""


class IndicatorSource(StrEnum):
    """Where an indicator's figures come from."""

    MANUAL = "MANUAL"
    """Reported by regions, with evidence."""
    AUTO = "AUTO"
    """A figure of the marketplace's own reports."""
    DERIVED = "DERIVED"
    """A formula of other indicators."""


class IndicatorUnit(StrEnum):
    """What an indicator's whole numbers count."""

    COUNT = "COUNT"
    """Pieces: villages, people, visits."""
    YUAN = "YUAN"
    """Yuan, kept in fen."""
    PERCENT = "PERCENT"
    """Percent, kept in basis points."""
    NUMBER = "NUMBER"
    """Any other with two decimals (tonnes, mu, an index), kept in hundredths."""


DECIMALS: Mapping[IndicatorUnit, int] = MappingProxyType(
    {IndicatorUnit.COUNT: 0, IndicatorUnit.YUAN: 2, IndicatorUnit.PERCENT: 2, IndicatorUnit.NUMBER: 2}
)
"""Digits after the point; values are kept as whole numbers of the smallest unit."""


class IndicatorDirection(StrEnum):
    """Which way is better."""

    UP = "UP"
    DOWN = "DOWN"


class Frequency(StrEnum):
    """How long the periods are that are reported on."""

    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


class PlanLight(StrEnum):
    """How an indicator stands against the time that has gone by (序时进度)."""

    GREEN = "GREEN"
    AMBER = "AMBER"
    RED = "RED"
    INCOMPLETE = "INCOMPLETE"
    """Some figures are missing, and without them it cannot be said."""
    MISSING = "MISSING"
    """No figure at all, though some are due."""
    NOT_DUE = "NOT_DUE"
    """Nothing is due yet."""
    NO_TARGET = "NO_TARGET"
    """There is nothing to reach."""


class PlanTrend(StrEnum):
    """Where the gap went since the last kept scorecard."""

    IMPROVING = "IMPROVING"
    STEADY = "STEADY"
    WORSENING = "WORSENING"


class ObservationState(StrEnum):
    """Where a reported figure stands. Only VERIFIED ones count."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    RETURNED = "RETURNED"
    VERIFIED = "VERIFIED"
    SUPERSEDED = "SUPERSEDED"
    """A later revision was verified in its place."""


OBSERVATION_MOVES: Mapping[ObservationState, frozenset[ObservationState]] = MappingProxyType(
    {
        ObservationState.DRAFT: frozenset({ObservationState.SUBMITTED}),
        ObservationState.SUBMITTED: frozenset({ObservationState.VERIFIED, ObservationState.RETURNED}),
        ObservationState.RETURNED: frozenset({ObservationState.DRAFT, ObservationState.SUBMITTED}),
        ObservationState.VERIFIED: frozenset({ObservationState.SUPERSEDED}),
        ObservationState.SUPERSEDED: frozenset(),
    }
)
OPEN_STATES = (ObservationState.DRAFT, ObservationState.SUBMITTED, ObservationState.RETURNED)
"""Of these a figure's region and period has one at most."""


def next_observation_states(state: ObservationState) -> tuple[ObservationState, ...]:
    """Where it can go from here, in the order of the states."""
    return tuple(each for each in ObservationState if each in OBSERVATION_MOVES[state])


def illegal_observation_move(state: ObservationState, to: ObservationState) -> IllegalTransition:
    """The refusal of a move that the table does not have."""
    return IllegalTransition(from_state=state, to_state=to, allowed=next_observation_states(state))
