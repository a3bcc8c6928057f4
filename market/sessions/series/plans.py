"""A series' plan: checked, kept in its row, read from it again."""

from datetime import date, datetime, time, timedelta
from typing import Any

from market.kernel.clock import business_day, shanghai
from market.kernel.errors import Invalid
from market.sessions.make import check_capacity, check_count
from market.sessions.rules import SeriesPlan, days_of
from market.sessions.tables import SessionSeries

HORIZON_DAYS = 120
"""Sessions exist for so many days ahead."""


def check_plan(plan: SeriesPlan, now: datetime) -> None:
    """Refuses with Invalid a plan that can never work, or whose days are all past."""
    check_capacity(plan.capacity)
    days = days_of(plan)
    check_count(len(days) * len(plan.times), field="times")
    if days[-1] < business_day(now):
        raise Invalid(field="rule", allowed="a series has days to come", allowed_zh="系列须包含今天或以后的日期")


def told(plan: SeriesPlan) -> dict[str, Any]:
    """The plan as the audit trail has it, and the fingerprint of a request."""
    return {
        "rule": plan.rule,
        "first_day": plan.first_day,
        "last_day": plan.last_day,
        "times": [f"{at:%H:%M}" for at in plan.times],
        "exceptions": list(plan.exceptions),
        "extra_days": list(plan.extra_days),
        "capacity": plan.capacity,
    }


def plan_of(series: SessionSeries) -> SeriesPlan:
    """The plan that a series follows."""
    return SeriesPlan(
        rule=series.rule,
        first_day=series.first_day,
        times=tuple(map(time.fromisoformat, series.times)),
        capacity=series.capacity,
        last_day=series.valid_to,
        exceptions=tuple(map(date.fromisoformat, series.exceptions)),
        extra_days=tuple(map(date.fromisoformat, series.extra_days)),
    )


def columns_of(plan: SeriesPlan) -> dict[str, Any]:
    """The plan as a series' columns."""
    return {
        "rule": plan.rule,
        "first_day": plan.first_day,
        "last_day": days_of(plan)[-1],
        "valid_to": plan.last_day,
        "times": [f"{at:%H:%M}" for at in sorted(plan.times)],
        "exceptions": [day.isoformat() for day in sorted(set(plan.exceptions))],
        "extra_days": [day.isoformat() for day in sorted(set(plan.extra_days))],
        "capacity": plan.capacity,
    }


def horizon(now: datetime) -> date:
    """The last day for which sessions are made now."""
    return business_day(now) + timedelta(days=HORIZON_DAYS)


def starts_of(plan: SeriesPlan, now: datetime) -> list[datetime]:
    """When a series that follows the plan has sessions, after now and to its horizon."""
    starts = [shanghai(day, at) for day in days_of(plan) if day <= horizon(now) for at in plan.times]
    return [moment for moment in starts if moment > now]
