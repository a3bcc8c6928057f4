"""Plans, indicators, targets and reported figures, as staff see them."""

from datetime import date, datetime
from decimal import Decimal

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from schema.enums import RegionLevel
from schema.enums.plan import (
    Frequency,
    IndicatorDirection,
    IndicatorKind,
    IndicatorSource,
    IndicatorUnit,
    ObservationState,
)
from schema.node import Node
from schema.pagination import Connection, field, listed, localized_field
from schema.permissions import ruled
from schema.places import Region

_SEEN = ruled(Permission.PLAN_READ)


@strawberry.input(description="Which targets of an indicator.")
class PlanTargetWhere:
    region: str | None = strawberry.field(default=UNSET, description="Of this region: its 12-digit code.")


@strawberry.type(description="What a region is to reach in a period.")
@_SEEN
class PlanTarget(Node):
    region: Region | None = field("Whose it is.")
    starts_on: date = field("The first day.")
    ends_on: date = field("The last day, included.")
    baseline: Decimal | None = field("Where it stood before; null when it counts from nothing.")
    value: Decimal = field("What is to be reached.")
    set_at: datetime = field("When it was set last.")


@strawberry.type(description="What a plan measures.")
@_SEEN
class PlanIndicator(Node):
    code: str = field("As formulas name it.")
    name: str = localized_field("Its name.")
    kind: IndicatorKind = field("How its figures go together.")
    source: IndicatorSource = field("Where they come from.")
    unit: IndicatorUnit = field("What its values are.")
    unit_label: str = localized_field("The unit, as people say it.")
    direction: IndicatorDirection = field("Which way is better.")
    definition: str = localized_field("What counts and what does not.")
    authority: str = field("Who published it, where.")
    measure: str | None = field("The marketplace's measure, of an AUTO one.")
    formula: str | None = field("The formula, of a DERIVED one.")
    level: RegionLevel | None = field("The level of the regions that report it, of a MANUAL one.")
    frequency: Frequency | None = field("Which periods they report on, of a MANUAL one.")
    is_retired: bool = field("Whether it is off the scorecard.")
    plan: "Plan | None" = field("Its plan.")
    targets: Connection[PlanTarget] = listed(
        "Its targets in the caller's regions, by region.", Connection[PlanTarget], where=PlanTargetWhere
    )


@strawberry.type(description="A plan of a region over some years.")
@_SEEN
class Plan(Node):
    name: str = localized_field("Its name.")
    region: Region | None = field("Whose plan it is.")
    authority: str = field("Who issued it.")
    source_url: str | None = field("Where it was published.")
    starts_on: date = field("The first day.")
    ends_on: date = field("The last day, included.")
    amber_behind: Decimal = field("How many percent points behind the time gone by is GREEN still.")
    red_behind: Decimal = field("How many percent points behind is AMBER still.")
    indicators: list[PlanIndicator] = field("What it measures, in order, without retired ones; at most 60.")


@strawberry.type(description="A figure that a region reported for a period, with its evidence.")
@_SEEN
class PlanObservation(Node):
    indicator: PlanIndicator | None = field("What it is a figure of.")
    region: Region | None = field("Whose it is.")
    starts_on: date = field("The period's first day.")
    ends_on: date = field("Its last day.")
    revision: int = field("1 for the first; a correction has the next number.")
    state: ObservationState = field("Where it stands.")
    next_states: list[ObservationState] = field("Where it can go from here.")
    value: Decimal = field("The figure; of a RATIO, the part.")
    whole: Decimal | None = field("Of a RATIO, what it is a part of.")
    evidence: str = field("Where it is from, in words.")
    evidence_url: str | None = field("A link to where it is from.")
    note: str = field("What the verifier said.")
    submitted_by: strawberry.ID | None = field("The account that handed it in: somebody else verifies it.")
    submitted_at: datetime | None = field("When.")
    verified_by: strawberry.ID | None = field("The account that verified or returned it.")
    verified_at: datetime | None = field("When.")


@strawberry.input(description="Which plans.")
class PlanWhere:
    region: str | None = strawberry.field(default=UNSET, description="Of this region itself: its 12-digit code.")


@strawberry.input(description="Which reported figures.")
class PlanObservationWhere:
    plan: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this plan.")
    indicator: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this indicator.")
    region: str | None = strawberry.field(default=UNSET, description="In this region's subtree: its 12-digit code.")
    states: list[ObservationState] | None = strawberry.field(default=UNSET, description="In any of these states.")
