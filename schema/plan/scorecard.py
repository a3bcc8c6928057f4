"""The scorecard: a computation over many rows, so plain resolvers."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from market.kernel.errors import Language
from market.kernel.permissions import Permission
from market.plan.figures import Drill
from market.plan.rules import value_text
from market.plan.scorecard import ScorecardRow, indicator_by_region, plan_scorecard
from market.plan.snapshots import SNAPSHOTS_MAX, Drift, KeptScorecard, kept_scorecards
from schema.enums.plan import (
    IndicatorKind,
    IndicatorSource,
    IndicatorUnit,
    PlanLight,
    PlanTrend,
)
from schema.mutations import Info
from schema.permissions import ruled

_SEEN = ruled(Permission.PLAN_READ)
PlanId = Annotated[strawberry.ID, strawberry.argument(description="The plan.")]
RegionCode = Annotated[str, strawberry.argument(description="The region: its 12-digit code.")]
AsOf = Annotated[date | None, strawberry.argument(description="At the end of this day; today so far when left out.")]


@strawberry.type(description="A filter of a report, as its `where` takes it.")
@_SEEN
class PlanFigureFilter:
    key: str = strawberry.field(description="What the report is narrowed by.")
    values: list[str] = strawberry.field(description="To any of these.")


@strawberry.type(description="How a figure of the marketplace itself came about: what to ask which report to see it.")
@_SEEN
class PlanFigureSource:
    measure: str = strawberry.field(description="The marketplace's measure.")
    report: str | None = strawberry.field(description="The report's key; null when no report shows it.")
    column: str | None = strawberry.field(description="The report's column.")
    where: list[PlanFigureFilter] = strawberry.field(description="The filters to ask with: the region, and more.")
    start: date = strawberry.field(name="from", description="The first day to ask for.")
    end: date = strawberry.field(name="to", description="The last day to ask for, included.")

    @classmethod
    def of(cls, drill: Drill) -> "PlanFigureSource":
        """From the use case's."""
        return cls(
            measure=drill.measure,
            report=drill.report,
            column=drill.column,
            where=[PlanFigureFilter(key=key, values=list(values)) for key, values in drill.where.items()],
            start=drill.start,
            end=drill.end,
        )


@strawberry.type(
    description="One indicator in one region: what was to be reached, what is, and how that stands against the time gone "
    "by. Values are in the indicator's unit; what is not known is null, never zero."
)
@_SEEN
class PlanScorecardRow:
    indicator_id: strawberry.ID = strawberry.field(description="The indicator: `node` fetches it.")
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="Its name, in the request's language.")
    definition: str = strawberry.field(description="What counts and what does not, in the request's language.")
    authority: str = strawberry.field(description="Who published it, where.")
    kind: IndicatorKind = strawberry.field(description="How its figures go together.")
    source: IndicatorSource = strawberry.field(description="Where they come from.")
    unit: IndicatorUnit = strawberry.field(description="What its values are.")
    unit_label: str = strawberry.field(description="The unit, as people say it, in the request's language.")
    region: str = strawberry.field(description="The region: its 12-digit code.")
    starts_on: date = strawberry.field(description="The first day that counts: the target's.")
    ends_on: date = strawberry.field(description="The target's last day; without one, the last day that counts.")
    target: Decimal | None = strawberry.field(description="What is to be reached; null without a target.")
    baseline: Decimal | None = strawberry.field(description="Where it stood before.")
    actual: Decimal | None = strawberry.field(description="What is reached; null when nothing is known.")
    expected: Decimal | None = strawberry.field(description="What should be reached by now.")
    attainment: Decimal | None = strawberry.field(
        description="Percent of the target; of a ceiling, how much of it is used up."
    )
    elapsed: Decimal | None = strawberry.field(description="Percent of the target's days that have gone by.")
    gap: Decimal | None = strawberry.field(
        description="Percent points ahead of the time gone by; below zero is behind, whichever way is better."
    )
    light: PlanLight = strawberry.field(description="How it stands.")
    trend: PlanTrend | None = strawberry.field(description="Where the gap went since the scorecard kept last.")
    previous_actual: Decimal | None = strawberry.field(description="What was reached in the scorecard kept last.")
    previous_as_of: date | None = strawberry.field(description="The day of the scorecard kept last.")
    due_through: date = strawberry.field(description="The last day that figures are due of, and reckoned to.")
    data_through: date | None = strawberry.field(description="The last day that there are figures of.")
    figures_due: int = strawberry.field(description="How many figures are due: regions times periods.")
    figures_reported: int = strawberry.field(description="How many of them are there.")
    sources: list[PlanFigureSource] = strawberry.field(
        description="How the marketplace's own figures in it came about: one of an AUTO, any number of a DERIVED one."
    )

    @classmethod
    def of(cls, row: ScorecardRow, language: Language) -> "PlanScorecardRow":
        """From the use case's."""
        indicator, standing, figure = row.indicator, row.standing, row.figure
        unit = IndicatorUnit(indicator.unit)
        is_english = language == "en"
        return cls(
            indicator_id=strawberry.ID(indicator.id),
            code=indicator.code,
            name=(is_english and indicator.name_en) or indicator.name,
            definition=(is_english and indicator.definition_en) or indicator.definition,
            authority=indicator.authority,
            kind=indicator.kind,
            source=indicator.source,
            unit=indicator.unit,
            unit_label=(is_english and indicator.unit_label_en) or indicator.unit_label,
            region=row.region_code,
            starts_on=row.window.start,
            ends_on=row.window.end if row.target is None else row.target.ends_on,
            target=None if row.target is None else _shown(row.target.value, unit),
            baseline=None if row.target is None else _shown(row.target.baseline, unit),
            actual=_shown(row.actual, unit),
            expected=None if standing is None else _shown(standing.expected, unit),
            attainment=None if standing is None else _percent(standing.attainment_bp),
            elapsed=None if standing is None else _percent(standing.elapsed_bp),
            gap=None if standing is None else _percent(standing.gap_bp),
            light=row.light,
            trend=row.trend,
            previous_actual=None if row.previous is None else _shown(row.previous.actual, unit),
            previous_as_of=None if row.previous is None else row.previous.as_of,
            due_through=figure.through,
            data_through=figure.newest,
            figures_due=figure.cells_due,
            figures_reported=figure.cells_reported,
            sources=[PlanFigureSource.of(each) for each in row.drills],
        )


@strawberry.type(description="A plan's indicators in a region at the end of a day.")
@_SEEN
class PlanScorecard:
    plan_id: strawberry.ID = strawberry.field(description="The plan.")
    region: str = strawberry.field(description="The region: its 12-digit code.")
    region_name: str = strawberry.field(description="What the region is called, in the request's language.")
    as_of: date = strawberry.field(description="At the end of this day.")
    rows: list[PlanScorecardRow] = strawberry.field(description="The indicators, in the plan's order; at most 60.")


@strawberry.type(description="An indicator as it was kept, and what is known of the same day now.")
@_SEEN
class PlanKeptRow:
    indicator_id: strawberry.ID = strawberry.field(description="The indicator: `node` fetches it.")
    target: Decimal | None = strawberry.field(description="What was to be reached, as kept.")
    actual: Decimal | None = strawberry.field(description="What was reached, as kept.")
    attainment: Decimal | None = strawberry.field(description="Percent of the target, as kept.")
    gap: Decimal | None = strawberry.field(description="Percent points ahead of the time gone by, as kept.")
    light: PlanLight = strawberry.field(description="How it stood, as kept.")
    actual_now: Decimal | None = strawberry.field(
        description="What is known now to have been reached that day: with later reports, corrections and refunds."
    )
    light_now: PlanLight | None = strawberry.field(description="How it stood, by what is known now.")
    has_drifted: bool = strawberry.field(description="Whether the figure is another one now.")

    @classmethod
    def of(cls, drift: Drift) -> "PlanKeptRow":
        """From the use case's. A retired indicator's unit is not told, so its values are left out."""
        kept, now = drift.kept, drift.now
        unit = None if now is None else IndicatorUnit(now.indicator.unit)
        return cls(
            indicator_id=strawberry.ID(kept.indicator_id),
            target=None if unit is None else _shown(kept.target, unit),
            actual=None if unit is None else _shown(kept.actual, unit),
            attainment=None if kept.attainment_bp is None else _percent(kept.attainment_bp),
            gap=None if kept.gap_bp is None else _percent(kept.gap_bp),
            light=kept.light,
            actual_now=None if now is None or unit is None else _shown(now.actual, unit),
            light_now=None if now is None else now.light,
            has_drifted=now is not None and now.actual != kept.actual,
        )


@strawberry.type(description="A scorecard that was kept. It never changes; what is known later stands beside it.")
@_SEEN
class PlanKeptScorecard:
    as_of: date = strawberry.field(description="At the end of this day.")
    kept_at: datetime = strawberry.field(description="When it was kept.")
    rows: list[PlanKeptRow] = strawberry.field(description="Its indicators; at most 60.")

    @classmethod
    def of(cls, kept: KeptScorecard) -> "PlanKeptScorecard":
        """From the use case's."""
        rows = [PlanKeptRow.of(each) for each in kept.rows]
        return cls(as_of=kept.snapshot.as_of, kept_at=kept.snapshot.kept_at, rows=rows)


def _shown(value: int | None, unit: IndicatorUnit) -> Decimal | None:
    return None if value is None else Decimal(value_text(value, unit))


def _percent(basis_points: int) -> Decimal:
    return Decimal(value_text(basis_points, IndicatorUnit.PERCENT))


@strawberry.type(description="Reads of scorecards.")
class ScorecardQueries:
    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover Info[…]
        description="A plan's scorecard in a region the caller looks after, the plan's own when none is said; null when "
        "there is none."
    )
    async def plan_scorecard(
        self,
        info: Info,
        plan_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="The plan; the newest of that day when left out.")
        ] = None,
        region_code: Annotated[
            str | None, strawberry.argument(description="The region: its 12-digit code; the plan's when left out.")
        ] = None,
        as_of: AsOf = None,
    ) -> PlanScorecard | None:
        context = info.context
        card = await context.look(
            plan_scorecard, plan_id=plan_id and str(plan_id), region_code=region_code, as_of=as_of
        )
        if card is None:
            return None
        region = card.region
        return PlanScorecard(
            plan_id=strawberry.ID(card.plan.id),
            region=region.code,
            region_name=(context.locale == "en" and region.name_en) or region.name,
            as_of=card.as_of,
            rows=[PlanScorecardRow.of(row, context.locale) for row in card.rows],
        )

    @strawberry.field(  # type: ignore[untyped-decorator]  # the same
        description="One indicator in each of the regions right below one, by code, at most 100; null when there is none."
    )
    async def plan_indicator_by_region(
        self,
        info: Info,
        indicator_id: Annotated[strawberry.ID, strawberry.argument(description="The indicator.")],
        region_code: RegionCode,
        as_of: AsOf = None,
    ) -> list[PlanScorecardRow] | None:
        context = info.context
        rows = await context.look(
            indicator_by_region, indicator_id=str(indicator_id), region_code=region_code, as_of=as_of
        )
        return None if rows is None else [PlanScorecardRow.of(row, context.locale) for row in rows]

    @strawberry.field(  # type: ignore[untyped-decorator]  # the same
        description="The scorecards kept of a plan in a region, the newest first, beside what is known now; null when "
        "there is no such plan."
    )
    async def plan_kept_scorecards(
        self,
        info: Info,
        plan_id: PlanId,
        region_code: RegionCode,
        first: Annotated[int, strawberry.argument(description=f"How many, 1 to {SNAPSHOTS_MAX}.")] = 12,
    ) -> list[PlanKeptScorecard] | None:
        found = await info.context.look(kept_scorecards, plan_id=str(plan_id), region_code=region_code, first=first)
        return None if found is None else [PlanKeptScorecard.of(each) for each in found]
