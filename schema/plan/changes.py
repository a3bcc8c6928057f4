"""Changing plans: their managers, those who report figures, and those who verify them."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

from market.kernel.permissions import Permission
from market.places.rules import RegionLevel as Level
from market.plan.drafts import IndicatorDraft, PlanDraft
from market.plan.errors import IndicatorInUse, OwnFigure
from market.plan.manage import create_plan, define_indicator, retire_indicator
from market.plan.observe import ObservationDraft, record_observation, review_observation, submit_observation
from market.plan.rules import parse_value
from market.plan.snapshots import keep_scorecard
from market.plan.targets import TargetDraft, remove_target, set_target
from schema.enums import RegionLevel
from schema.enums.plan import (
    Frequency,
    IndicatorDirection,
    IndicatorKind,
    IndicatorSource,
    IndicatorUnit,
)
from schema.mutations import IdempotencyKey, Info, UserError, changed, mutation, told_as
from schema.permissions import PUBLIC, ruled
from schema.plan.reads import INDICATOR, OBSERVATION, PLAN, TARGET
from schema.plan.types import Plan, PlanIndicator, PlanObservation, PlanTarget

_MANAGE, _SUBMIT, _VERIFY = Permission.PLAN_MANAGE, Permission.OBSERVATION_SUBMIT, Permission.OBSERVATION_VERIFY


@told_as(OwnFigure)
@strawberry.type(description="The caller submitted this figure: somebody else must verify or return it.")
@ruled(PUBLIC)
class FigureIsOwn(UserError):
    pass


@told_as(IndicatorInUse, lambda error, _language: {"indicator_code": error.facts["indicator"]})
@strawberry.type(description="Targets, figures or formulas stand on the indicator: what it means cannot change.")
@ruled(PUBLIC)
class IndicatorIsUsed(UserError):
    indicator_code: str = strawberry.field(description="Its code.")


@strawberry.input(description="A plan to make.")
class PlanInput:
    region: str = strawberry.field(description="Whose plan it is: a 12-digit code.")
    name: str = strawberry.field(description="Its name, at most 120 characters.")
    name_en: str | None = strawberry.field(default=None, description="Its name in English.")
    authority: str = strawberry.field(default="", description="Who issued it.")
    source_url: str | None = strawberry.field(default=None, description="Where it was published.")
    starts_on: date = strawberry.field(description="The first day.")
    ends_on: date = strawberry.field(description="The last day, included; at most 30 years later.")
    amber_behind: Decimal | None = strawberry.field(
        default=None, description="How many percent points behind the time gone by is GREEN still; 0 when left out."
    )
    red_behind: Decimal | None = strawberry.field(
        default=None, description="How many percent points behind is AMBER still; 10 when left out."
    )

    def draft(self) -> PlanDraft:
        """As the use case takes it."""
        return PlanDraft(
            region_code=self.region,
            name=self.name,
            name_en=self.name_en,
            authority=self.authority,
            source_url=self.source_url,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            amber_behind_bp=_basis_points(self.amber_behind, "amberBehind", 0),
            red_behind_bp=_basis_points(self.red_behind, "redBehind", 1000),
        )


@strawberry.input(description="An indicator to define; the one of the plan with the same code is changed.")
class PlanIndicatorInput:
    plan_id: strawberry.ID = strawberry.field(description="The plan.")
    code: str = strawberry.field(description="2 to 40 small letters, digits and underscores: formulas name it so.")
    name: str = strawberry.field(description="Its name, at most 120 characters.")
    name_en: str | None = strawberry.field(default=None, description="Its name in English.")
    kind: IndicatorKind = strawberry.field(description="How its figures go together.")
    source: IndicatorSource = strawberry.field(description="Where they come from.")
    unit: IndicatorUnit = strawberry.field(description="What its values are.")
    unit_label: str = strawberry.field(default="", description="The unit, as people say it.")
    unit_label_en: str | None = strawberry.field(default=None, description="The same in English.")
    direction: IndicatorDirection = strawberry.field(default=IndicatorDirection.UP, description="Which way is better.")
    definition: str = strawberry.field(default="", description="What counts and what does not.")
    definition_en: str | None = strawberry.field(default=None, description="The same in English.")
    authority: str = strawberry.field(default="", description="Who published it, where.")
    measure: str | None = strawberry.field(default=None, description="The marketplace's measure, of an AUTO one.")
    formula: str | None = strawberry.field(
        default=None,
        description="Of a DERIVED one: `ratio(a, b)`, `sum(a, b, …)`, `difference(a, b)` of codes, nested as needed.",
    )
    level: RegionLevel = strawberry.field(
        default=Level.COUNTY, description="The level of the regions that report it, of a MANUAL one."
    )
    frequency: Frequency = strawberry.field(
        default=Frequency.MONTH, description="Which periods they report on, of a MANUAL one."
    )
    position: int = strawberry.field(default=0, description="Its place on the scorecard, 0 to 999.")

    def draft(self) -> IndicatorDraft:
        """As the use case takes it."""
        return IndicatorDraft(**{name: value for name, value in vars(self).items() if name != "plan_id"})


@strawberry.input(description="What a region is to reach in a period.")
class PlanTargetInput:
    indicator_id: strawberry.ID = strawberry.field(description="The indicator.")
    region: str = strawberry.field(description="The region: a 12-digit code.")
    starts_on: date = strawberry.field(description="The first day.")
    ends_on: date = strawberry.field(description="The last day, included.")
    value: Decimal = strawberry.field(description="What is to be reached, in the indicator's unit.")
    baseline: Decimal | None = strawberry.field(
        default=None, description="Where it stood before: attainment of a STOCK or RATIO counts from there."
    )

    def draft(self) -> TargetDraft:
        """As the use case takes it."""
        baseline = None if self.baseline is None else str(self.baseline)
        return TargetDraft(str(self.indicator_id), self.region, self.starts_on, self.ends_on, str(self.value), baseline)


@strawberry.input(description="A figure to write down.")
class PlanObservationInput:
    indicator_id: strawberry.ID = strawberry.field(description="The indicator, a MANUAL one.")
    region: str = strawberry.field(description="The region, of the level that reports it: a 12-digit code.")
    day: date = strawberry.field(description="Any day of the period, which must be over.")
    value: Decimal = strawberry.field(description="The figure in the indicator's unit; of a RATIO, the part.")
    whole: Decimal | None = strawberry.field(default=None, description="Of a RATIO, what it is a part of.")
    evidence: str = strawberry.field(default="", description="Where it is from, at most 2,000 characters.")
    evidence_url: str | None = strawberry.field(default=None, description="A link to where it is from.")

    def draft(self) -> ObservationDraft:
        """As the use case takes it."""
        return ObservationDraft(
            indicator_id=str(self.indicator_id),
            region_code=self.region,
            day=self.day,
            value=str(self.value),
            whole=None if self.whole is None else str(self.whole),
            evidence=self.evidence,
            evidence_url=self.evidence_url,
        )


def _basis_points(percent: Decimal | None, field: str, default: int) -> int:
    return default if percent is None else parse_value(str(percent), IndicatorUnit.PERCENT, field=field)


@strawberry.type(description="A plan that was changed.")
@ruled(_MANAGE)
class PlanPayload:
    plan_id: strawberry.Private[str]
    plan: Plan | None = changed("The plan now.", Plan | None, lambda: PLAN, lambda payload: payload.plan_id)


@strawberry.type(description="An indicator that was changed.")
@ruled(_MANAGE)
class PlanIndicatorPayload:
    indicator_id: strawberry.Private[str]
    indicator: PlanIndicator | None = changed(
        "The indicator now.", PlanIndicator | None, lambda: INDICATOR, lambda payload: payload.indicator_id
    )


@strawberry.type(description="A target that was set or taken back.")
@ruled(_MANAGE)
class PlanTargetPayload:
    target_id: strawberry.ID = strawberry.field(description="Its id.")
    target: PlanTarget | None = changed(
        "The target now; null when it was taken back.",
        PlanTarget | None,
        lambda: TARGET,
        lambda payload: str(payload.target_id),
    )


@strawberry.type(description="A reported figure that was changed.")
@ruled(Permission.PLAN_READ)
class PlanObservationPayload:
    observation_id: strawberry.Private[str]
    observation: PlanObservation | None = changed(
        "The figure now.", PlanObservation | None, lambda: OBSERVATION, lambda payload: payload.observation_id
    )


@strawberry.type(description="Changes to plans.")
class PlanMutations:
    @mutation("Make a plan of a region that the caller looks after.", rule=_MANAGE)
    async def create_plan(self, info: Info, input: PlanInput, idempotency_key: IdempotencyKey) -> PlanPayload:  # noqa: A002 - the API's word
        return PlanPayload(plan_id=await info.context.act(create_plan, input.draft(), key=str(idempotency_key)))

    @mutation(
        "Define an indicator of a plan, or change the one with its code: its words always, its meaning until it is used.",
        rule=_MANAGE,
        errors=(IndicatorIsUsed,),
    )
    async def define_plan_indicator(self, info: Info, input: PlanIndicatorInput) -> PlanIndicatorPayload:  # noqa: A002 - the same
        made = await info.context.act(define_indicator, input.draft(), plan_id=str(input.plan_id))
        return PlanIndicatorPayload(indicator_id=made)

    @mutation("Take an indicator off the scorecard; its figures stay.", rule=_MANAGE, errors=(IndicatorIsUsed,))
    async def retire_plan_indicator(self, info: Info, indicator_id: strawberry.ID) -> PlanIndicatorPayload:
        await info.context.act(retire_indicator, indicator_id=str(indicator_id))
        return PlanIndicatorPayload(indicator_id=str(indicator_id))

    @mutation(
        "Say what a region is to reach in a period: in all of the caller's own plan, or below the caller's region.",
        rule=_MANAGE,
    )
    async def set_plan_target(self, info: Info, input: PlanTargetInput) -> PlanTargetPayload:  # noqa: A002 - the same
        return PlanTargetPayload(target_id=strawberry.ID(await info.context.act(set_target, input.draft())))

    @mutation("Take a target back.", rule=_MANAGE)
    async def remove_plan_target(self, info: Info, target_id: strawberry.ID) -> PlanTargetPayload:
        await info.context.act(remove_target, target_id=str(target_id))
        return PlanTargetPayload(target_id=target_id)

    @mutation(
        "Write a figure down, as a draft; one that was verified gets a new revision, one that is open is written over.",
        rule=_SUBMIT,
    )
    async def record_plan_observation(
        self,
        info: Info,
        input: PlanObservationInput,  # noqa: A002 - the same
        idempotency_key: IdempotencyKey,
    ) -> PlanObservationPayload:
        made = await info.context.act(record_observation, input.draft(), key=str(idempotency_key))
        return PlanObservationPayload(observation_id=made)

    @mutation("Hand a figure in, for somebody else to verify.", rule=_SUBMIT)
    async def submit_plan_observation(self, info: Info, observation_id: strawberry.ID) -> PlanObservationPayload:
        await info.context.act(submit_observation, observation_id=str(observation_id))
        return PlanObservationPayload(observation_id=str(observation_id))

    @mutation(
        "Verify a figure that somebody else handed in, so that it counts, or return it with a note.",
        rule=_VERIFY,
        errors=(FigureIsOwn,),
    )
    async def review_plan_observation(
        self,
        info: Info,
        observation_id: strawberry.ID,
        is_right: Annotated[bool, strawberry.argument(description="Verified; otherwise returned.")],
        note: Annotated[str, strawberry.argument(description="What is to be put right; needed to return it.")] = "",
    ) -> PlanObservationPayload:
        await info.context.act(review_observation, observation_id=str(observation_id), is_right=is_right, note=note)
        return PlanObservationPayload(observation_id=str(observation_id))

    @mutation("Keep a region's scorecard at the end of a day that is over, for good.", rule=_MANAGE)
    async def keep_plan_scorecard(
        self,
        info: Info,
        plan_id: strawberry.ID,
        region_code: Annotated[str, strawberry.argument(description="The region: its 12-digit code.")],
        as_of: Annotated[date, strawberry.argument(description="The day.")],
    ) -> PlanPayload:
        await info.context.act(keep_scorecard, plan_id=str(plan_id), region_code=region_code, as_of=as_of)
        return PlanPayload(plan_id=str(plan_id))
