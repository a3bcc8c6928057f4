"""Where plans come from: the projections, with the scope in the statement."""

from typing import Annotated, Any

import sqlalchemy as sa
import strawberry

from market.kernel.ids import require_id
from market.kernel.permissions import Permission, reach
from market.places.rules import DIGITS
from market.plan.rules import IndicatorUnit, ObservationState, next_observation_states, value_text
from market.plan.tables import Plan as PlanTable
from market.plan.tables import PlanIndicator as IndicatorTable
from market.plan.tables import PlanObservation as ObservationTable
from market.plan.tables import PlanTarget as TargetTable
from schema.filters import text_order, within_region
from schema.pagination import Connection, listed, single
from schema.places import AT_REGION
from schema.plan.types import (
    Plan,
    PlanIndicator,
    PlanObservation,
    PlanObservationWhere,
    PlanWhere,
)
from schema.projection import (
    Args,
    Build,
    ById,
    Column,
    Computed,
    Projection,
    ToMany,
    ToOne,
    among,
    column,
    exists,
    localized,
    looked_up,
    quoted,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression, Field
from schema.projection.frame import ACTOR
from schema.projection.viewer import reached

_READ = Permission.PLAN_READ
PLANS, INDICATORS = table_of(PlanTable), table_of(IndicatorTable)
TARGETS, OBSERVATIONS = table_of(TargetTable), table_of(ObservationTable)
Id = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]


@strawberry.type(description="Reads of plans.")
class PlanQueries:
    plan: Plan | None = single("A plan by its id.", Plan | None, id=Id)
    plans: Connection[Plan] = listed(
        "Plans of the caller's regions and of those above them, oldest first.", Connection[Plan], where=PlanWhere
    )
    plan_indicator: PlanIndicator | None = single("An indicator by its id.", PlanIndicator | None, id=Id)
    plan_observation: PlanObservation | None = single("A reported figure by its id.", PlanObservation | None, id=Id)
    plan_observations: Connection[PlanObservation] = listed(
        "Figures reported in the caller's regions, oldest first.",
        Connection[PlanObservation],
        where=PlanObservationWhere,
    )


# -- scope -------------------------------------------------------------------------------------------------------------


def _plans_in_reach(t: sa.FromClause, build: Build) -> list[Condition]:
    """Plans of the viewer's regions, and of the regions those lie in."""
    ways = [reached(build, _READ, region=t.c.region_code)]
    if reach(build.viewer.actor, _READ).region_prefixes:

        def above(actor: Any) -> Any:
            prefixes = reach(actor, _READ).region_prefixes
            return build.engine.bind_list(sorted({code for prefix in prefixes for code in _above(prefix)}))

        codes = build.engine.elements(build.bind(ACTOR, above))
        ways.append(t.c.region_code.in_(sa.select(codes.c.value)))
    return [sa.or_(*ways)]


def _above(prefix: str) -> list[str]:
    """The codes of the regions that one lies in.

    >>> _above("330213")
    ['330000000000', '330200000000']
    """
    return [prefix[:digits].ljust(12, "0") for digits in DIGITS.values() if digits < len(prefix)]


def _indicators_in_reach(t: sa.FromClause, build: Build) -> list[Condition]:
    plan = PLANS.alias()
    return [exists(plan, where=[plan.c.id == t.c.plan_id, *_plans_in_reach(plan, build)])]


def _in_region(t: sa.FromClause, build: Build) -> list[Condition]:
    return [reached(build, _READ, region=t.c.region_code)]


# -- the projections ---------------------------------------------------------------------------------------------------


def _of_indicator(t: sa.FromClause, name: str) -> Expression:
    indicator = INDICATORS.alias()
    return looked_up(indicator.c[name], indicator, where=[indicator.c.id == t.c.indicator_id])


def _value(name: str) -> Computed:
    """A value in its indicator's unit."""

    def act(value: int | None, unit: str) -> str | None:
        return None if value is None else value_text(value, IndicatorUnit(unit))

    return Computed(act, lambda t, _build, _args: [t.c[name], _of_indicator(t, "unit")])


def _part(name: str) -> Computed:
    """A reported value: in its indicator's unit, but for a RATIO's parts, which are plain numbers."""

    def act(value: int | None, unit: str, kind: str) -> str | None:
        if value is None:
            return None
        return value_text(value, IndicatorUnit.NUMBER if kind == "RATIO" else IndicatorUnit(unit))

    return Computed(act, lambda t, _build, _args: [t.c[name], _of_indicator(t, "unit"), _of_indicator(t, "kind")])


def _percent(name: str) -> Computed:
    return Computed(lambda value: value_text(value, IndicatorUnit.PERCENT), lambda t, _build, _args: [t.c[name]])


def _of_manual(name: str) -> Column:
    """What only MANUAL indicators have."""
    return Column(lambda t, _build, _args: sa.case((t.c.source == quoted("MANUAL"), t.c[name])))


def _targets_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    region = args.nested("where").slot("region")
    return [] if region is None else [t.c.region_code == build.bind(region)]


TARGET = Projection(
    "PlanTarget",
    TARGETS,
    visible=_in_region,
    fields={
        "id": column("id"),
        "region": AT_REGION,
        "startsOn": column("starts_on"),
        "endsOn": column("ends_on"),
        "baseline": _value("baseline"),
        "value": _value("value"),
        "setAt": column("set_at"),
    },
)

INDICATOR: Projection = Projection(
    "PlanIndicator",
    INDICATORS,
    visible=_indicators_in_reach,
    fields={
        "id": column("id"),
        "code": column("code"),
        "name": localized("name"),
        "kind": column("kind"),
        "source": column("source"),
        "unit": column("unit"),
        "unitLabel": localized("unit_label"),
        "direction": column("direction"),
        "definition": localized("definition"),
        "authority": column("authority"),
        "measure": column("measure"),
        "formula": column("formula"),
        "level": _of_manual("level"),
        "frequency": _of_manual("frequency"),
        "isRetired": Column(lambda t, build, _args: build.engine.json_boolean(t.c.retired_at.is_not(None))),
        "plan": ToOne(lambda: PLAN, lambda t, plan: plan.c.id == t.c.plan_id),
        "targets": Listed(
            lambda: TARGET,
            {"REGION": text_order("r", "region_code")},
            "REGION",
            on=lambda t, target, _build: target.c.indicator_id == t.c.id,
            where=_targets_where,
        ),
    },
)

PLAN: Projection = Projection(
    "Plan",
    PLANS,
    visible=_plans_in_reach,
    fields={
        "id": column("id"),
        "name": localized("name"),
        "region": AT_REGION,
        "authority": column("authority"),
        "sourceUrl": column("source_url"),
        "startsOn": column("starts_on"),
        "endsOn": column("ends_on"),
        "amberBehind": _percent("amber_behind_bp"),
        "redBehind": _percent("red_behind_bp"),
        "indicators": ToMany(
            lambda: INDICATOR,
            lambda t, indicator: indicator.c.plan_id == t.c.id,
            lambda indicator: [indicator.c.position, indicator.c.code],
            where=lambda indicator, _build, _args: [indicator.c.retired_at.is_(None)],
        ),
    },
)

OBSERVATION = Projection(
    "PlanObservation",
    OBSERVATIONS,
    visible=_in_region,
    fields={
        "id": column("id"),
        "indicator": ToOne(lambda: INDICATOR, lambda t, indicator: indicator.c.id == t.c.indicator_id),
        "region": AT_REGION,
        "startsOn": column("starts_on"),
        "endsOn": column("ends_on"),
        "revision": column("revision"),
        "state": column("state"),
        "nextStates": Computed(
            lambda state: [each.value for each in next_observation_states(ObservationState(state))],
            lambda t, _build, _args: [t.c.state],
        ),
        "value": _part("value"),
        "whole": _part("denominator"),
        "evidence": column("evidence"),
        "evidenceUrl": column("evidence_url"),
        "note": column("note"),
        "submittedBy": column("submitted_by"),
        "submittedAt": column("submitted_at"),
        "verifiedBy": column("verified_by"),
        "verifiedAt": column("verified_at"),
    },
)


# -- lists -------------------------------------------------------------------------------------------------------------


def _plans_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    return _targets_where(t, build, args)


def _observations_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions: list[Condition] = [among(t.c.state, where.get("states"))] if "states" in where else []
    indicator, plan, region = where.slot("indicator"), where.slot("plan"), where.slot("region")
    if indicator is not None:
        conditions.append(t.c.indicator_id == build.bind(indicator))
    if plan is not None:
        conditions.append(_of_indicator(t, "plan_id") == build.bind(plan))
    if region is not None:
        conditions.append(within_region(t.c.region_code, region, build))
    return conditions


_OLDEST = {"OLDEST": text_order("i", "id")}
"""Ids sort by when they were made."""

PLAN_QUERIES: dict[str, Field] = {
    "plan": ById(lambda: PLAN, check=lambda text: require_id(text, "pln")),
    "plans": Listed(lambda: PLAN, _OLDEST, "OLDEST", where=_plans_where),
    "planIndicator": ById(lambda: INDICATOR, check=lambda text: require_id(text, "ind")),
    "planObservation": ById(lambda: OBSERVATION, check=lambda text: require_id(text, "obs")),
    "planObservations": Listed(lambda: OBSERVATION, _OLDEST, "OLDEST", where=_observations_where),
}
PLAN_TARGETS: dict[str, Projection] = {"pln": PLAN, "ind": INDICATOR, "tgt": TARGET, "obs": OBSERVATION}
