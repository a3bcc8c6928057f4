"""Plans, indicators, targets, reported figures, kept scorecards.

All values are whole numbers of the indicator's smallest unit: `rules.words.DECIMALS`.
"""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field
from market.places.rules import RegionLevel
from market.plan.rules import (
    Frequency,
    IndicatorDirection,
    IndicatorKind,
    IndicatorSource,
    IndicatorUnit,
    ObservationState,
)

_OPEN = sa.text("state IN ('DRAFT', 'SUBMITTED', 'RETURNED')")
_COUNTS = sa.text("state = 'VERIFIED'")


def _value(**options: object) -> int:
    """A value: BIGINT, since an INTEGER would end at ¥21 million."""
    return Field(sa_type=sa.BigInteger, **options)  # type: ignore[call-overload, no-any-return]  # SQLModel's own options


class Plan(SQLModel, table=True):
    """A plan of a region over some years."""

    __tablename__ = "plan"
    __table_args__ = (
        sa.Index("plan_region", "region_code", "id"),
        sa.CheckConstraint("ends_on >= starts_on", name="plan_order"),
        sa.CheckConstraint("amber_behind_bp >= 0 AND red_behind_bp >= amber_behind_bp", name="plan_lights"),
    )

    id: str = Field(primary_key=True, max_length=30)
    region_code: str = Field(foreign_key="region.code", max_length=12)
    name: str
    name_en: str | None = None
    authority: str = Field(default="", description="Who issued it")
    source_url: str | None = None
    starts_on: date
    ends_on: date
    amber_behind_bp: int = Field(default=0, description="Behind the time gone by by at most so much is GREEN still")
    red_behind_bp: int = Field(default=1000, description="Behind by more is RED")
    created_at: datetime


class PlanIndicator(SQLModel, table=True):
    """What a plan measures. `level` and `frequency` say which regions report a MANUAL one, and on which periods."""

    __tablename__ = "plan_indicator"
    __table_args__ = (
        sa.UniqueConstraint("plan_id", "code", name="plan_indicator_code"),
        sa.CheckConstraint("(source = 'AUTO') = (measure IS NOT NULL)", name="plan_indicator_measured"),
        sa.CheckConstraint("(source = 'DERIVED') = (formula IS NOT NULL)", name="plan_indicator_derived"),
    )

    id: str = Field(primary_key=True, max_length=30)
    plan_id: str = Field(foreign_key="plan.id", max_length=30)
    code: str = Field(max_length=40, description="As formulas name it")
    position: int = 0
    name: str
    name_en: str | None = None
    kind: IndicatorKind = enum_field(IndicatorKind)
    source: IndicatorSource = enum_field(IndicatorSource)
    unit: IndicatorUnit = enum_field(IndicatorUnit)
    unit_label: str = Field(default="", description="As people say it: 个, 人次")
    unit_label_en: str | None = None
    direction: IndicatorDirection = enum_field(IndicatorDirection)
    definition: str = Field(default="", description="What counts and what does not (口径)")
    definition_en: str | None = None
    authority: str = Field(default="", description="Who published it, where")
    measure: str | None = Field(default=None, max_length=64, description="Of market.reports.measures")
    formula: str | None = Field(default=None, max_length=200)
    level: RegionLevel = enum_field(RegionLevel)
    frequency: Frequency = enum_field(Frequency)
    retired_at: datetime | None = None


class PlanTarget(SQLModel, table=True):
    """What a region is to reach in a period."""

    __tablename__ = "plan_target"
    __table_args__ = (
        sa.UniqueConstraint("indicator_id", "region_code", "starts_on", "ends_on", name="plan_target_period"),
        sa.CheckConstraint("ends_on >= starts_on", name="plan_target_order"),
    )

    id: str = Field(primary_key=True, max_length=30)
    indicator_id: str = Field(foreign_key="plan_indicator.id", max_length=30)
    region_code: str = Field(foreign_key="region.code", max_length=12)
    starts_on: date
    ends_on: date
    baseline: int | None = _value(default=None)
    value: int = _value()
    set_at: datetime


class PlanObservation(SQLModel, table=True):
    """A figure that somebody reported for a region and period. A correction is a later revision, verified in its place;
    what was verified is never changed."""

    __tablename__ = "plan_observation"
    __table_args__ = (
        sa.UniqueConstraint("indicator_id", "region_code", "starts_on", "revision", name="plan_observation_revision"),
        sa.Index(
            "plan_observation_open",
            "indicator_id",
            "region_code",
            "starts_on",
            unique=True,
            postgresql_where=_OPEN,
            sqlite_where=_OPEN,
        ),
        sa.Index(
            "plan_observation_counted",
            "indicator_id",
            "region_code",
            "starts_on",
            unique=True,
            postgresql_where=_COUNTS,
            sqlite_where=_COUNTS,
        ),
        sa.Index("plan_observation_state", "state", "id"),
        sa.CheckConstraint("denominator IS NULL OR denominator > 0", name="plan_observation_whole"),
        sa.CheckConstraint("verified_by IS NULL OR verified_by <> submitted_by", name="plan_observation_four_eyes"),
        sa.CheckConstraint(
            "state NOT IN ('VERIFIED', 'SUPERSEDED') OR (verified_by IS NOT NULL AND submitted_by IS NOT NULL)",
            name="plan_observation_verified",
        ),
    )

    id: str = Field(primary_key=True, max_length=30)
    indicator_id: str = Field(foreign_key="plan_indicator.id", max_length=30)
    region_code: str = Field(foreign_key="region.code", max_length=12)
    starts_on: date
    ends_on: date
    revision: int
    state: ObservationState = enum_field(ObservationState, default=ObservationState.DRAFT)
    value: int = _value(description="Of a RATIO, its part")
    denominator: int | None = _value(default=None, description="Of a RATIO, its whole")
    evidence: str = ""
    evidence_url: str | None = None
    note: str = Field(default="", description="The verifier's words, of one that was returned")
    submitted_by: str | None = Field(default=None, max_length=30, description="An account's id")
    submitted_at: datetime | None = None
    verified_by: str | None = Field(default=None, max_length=30, description="An account's id")
    verified_at: datetime | None = None
    created_at: datetime


class PlanSnapshot(SQLModel, table=True):
    """A scorecard as it was read, kept. Never changed afterwards."""

    __tablename__ = "plan_snapshot"
    __table_args__ = (sa.UniqueConstraint("plan_id", "region_code", "as_of", name="plan_snapshot_once"),)

    id: str = Field(primary_key=True, max_length=30)
    plan_id: str = Field(foreign_key="plan.id", max_length=30)
    region_code: str = Field(foreign_key="region.code", max_length=12)
    as_of: date
    kept_at: datetime
    kept_by: str = Field(max_length=30, description="An account's id, or SYSTEM")
    rows: list[dict[str, Any]] = Field(sa_type=sa.JSON, description="See `snapshots.KeptRow`")


PLANS, INDICATORS, TARGETS, OBSERVATIONS, SNAPSHOTS = (
    SQLModel.metadata.tables[name]
    for name in ("plan", "plan_indicator", "plan_target", "plan_observation", "plan_snapshot")
)
