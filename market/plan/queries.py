"""What a scorecard is made of, each kind in one statement, for any number of indicators and parts of a region."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.places.rules import RegionLevel, subtree
from market.plan.rules import ObservationState
from market.plan.tables import OBSERVATIONS, SNAPSHOTS, PlanIndicator, PlanSnapshot, PlanTarget

_REGIONS = SQLModel.metadata.tables["region"]
_VERIFIED: sa.ColumnElement[str] = sa.literal_column(f"'{ObservationState.VERIFIED}'", sa.Text())
"""Pasted, not bound: the partial index of what counts serves no other way."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Figures of one indicator and period (of a stock: of one day's latest) in one part, added up."""

    ends_on: date
    value: int
    whole: int
    cells: int


def active_indicators(session: Session, plan_id: str) -> list[PlanIndicator]:
    """Step: a plan's indicators that are not retired, in their order."""
    return list(
        session.exec(
            select(PlanIndicator)
            .where(PlanIndicator.plan_id == plan_id, col(PlanIndicator.retired_at).is_(None))
            .order_by(col(PlanIndicator.position), col(PlanIndicator.code))
        )
    )


def targets_of(session: Session, indicator_ids: Collection[str], region_codes: Collection[str]) -> list[PlanTarget]:
    """Step: all targets of these indicators for these regions."""
    return list(
        session.exec(
            select(PlanTarget).where(
                col(PlanTarget.indicator_id).in_(list(indicator_ids)),
                col(PlanTarget.region_code).in_(list(region_codes)),
            )
        )
    )


def reporting_regions(session: Session, region_code: str, digits: int) -> dict[tuple[RegionLevel, str], int]:
    """Step: how many regions of each level lie in each part of a region's subtree; parts are the first `digits` digits
    of their codes."""
    part = sa.func.substr(_REGIONS.c.code, 1, digits)
    counted = (
        sa.select(_REGIONS.c.level, part, sa.func.count())
        .where(_within(_REGIONS.c.code, region_code))
        .group_by(_REGIONS.c.level, part)
    )
    return {(RegionLevel(level), str(key)): int(count) for level, key, count in session.execute(counted)}


def flow_sums(
    session: Session, indicator_ids: Collection[str], region_code: str, digits: int, *, start: date, end: date
) -> dict[tuple[str, str], list[Sum]]:
    """Step: what was verified of each period that lies between two days, by indicator and part."""
    figures = OBSERVATIONS
    part = sa.func.substr(figures.c.region_code, 1, digits)
    summed = (
        sa.select(figures.c.indicator_id, part, figures.c.ends_on, sa.func.sum(figures.c.value), sa.func.count())
        .where(*_counted(indicator_ids, region_code), figures.c.starts_on >= start, figures.c.ends_on <= end)
        .group_by(figures.c.indicator_id, part, figures.c.ends_on)
    )
    found: dict[tuple[str, str], list[Sum]] = {}
    for indicator_id, key, ends_on, value, cells in session.execute(summed):
        found.setdefault((indicator_id, key), []).append(Sum(ends_on, int(value), 0, int(cells)))
    return found


def latest_sums(
    session: Session, indicator_ids: Collection[str], region_code: str, digits: int, *, days: Sequence[date]
) -> dict[tuple[str, str, date], list[Sum]]:
    """Step: each region's latest verified figure at the end of each of these days, added up by indicator, part and day,
    apart by the periods that they are of."""
    upto = sa.union_all(*[sa.select(sa.literal(day, sa.Date).label("day")) for day in days]).subquery("upto")
    figures = OBSERVATIONS
    number = sa.func.row_number().over(
        partition_by=[figures.c.indicator_id, figures.c.region_code, upto.c.day],
        order_by=figures.c.ends_on.desc(),
    )
    part = sa.func.substr(figures.c.region_code, 1, digits)
    ranked = (
        sa.select(
            figures.c.indicator_id,
            part.label("part"),
            upto.c.day,
            figures.c.ends_on,
            figures.c.value,
            figures.c.denominator,
            number.label("number"),
        )
        .join_from(figures, upto, figures.c.ends_on <= upto.c.day)
        .where(*_counted(indicator_ids, region_code))
        .subquery("ranked")
    )
    keys = (ranked.c.indicator_id, ranked.c.part, ranked.c.day, ranked.c.ends_on)
    whole = sa.func.sum(sa.func.coalesce(ranked.c.denominator, 0))
    summed = (
        sa.select(*keys, sa.func.sum(ranked.c.value), whole, sa.func.count())
        .where(ranked.c.number == 1)
        .group_by(*keys)
    )
    found: dict[tuple[str, str, date], list[Sum]] = {}
    for indicator_id, key, day, ends_on, value, wholes, cells in session.execute(summed):
        found.setdefault((indicator_id, key, day), []).append(Sum(ends_on, int(value), int(wholes), int(cells)))
    return found


def kept_before(session: Session, plan_id: str, region_code: str, day: date) -> PlanSnapshot | None:
    """Step: the last scorecard kept of a day before this one."""
    return session.exec(
        select(PlanSnapshot)
        .where(SNAPSHOTS.c.plan_id == plan_id, SNAPSHOTS.c.region_code == region_code, SNAPSHOTS.c.as_of < day)
        .order_by(SNAPSHOTS.c.as_of.desc())
        .limit(1)
    ).first()


def _counted(indicator_ids: Collection[str], region_code: str) -> list[sa.ColumnElement[bool]]:
    return [
        OBSERVATIONS.c.state == _VERIFIED,
        OBSERVATIONS.c.indicator_id.in_(list(indicator_ids)),
        _within(OBSERVATIONS.c.region_code, region_code),
    ]


def _within(column: sa.ColumnElement[str], region_code: str) -> sa.ColumnElement[bool]:
    prefix = subtree(region_code)
    return column.between(prefix.ljust(12, "0"), prefix.ljust(12, "9"))
