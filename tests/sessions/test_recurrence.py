"""Which days a rule means, and which rules are refused."""

import time as stopwatch
from calendar import monthrange
from datetime import date, time, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.kernel.errors import Invalid
from market.sessions.rules import SeriesPlan, days_of, read_rule

FIRST = date(2026, 6, 1)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def plan(rule: str, *, first: date = FIRST, last: date | None = None, **more: tuple[date, ...]) -> SeriesPlan:
    return SeriesPlan(rule, first, (time(9),), 20, last, **more)


def test_a_weekly_rule_with_exceptions_and_extra_days() -> None:
    made = plan(
        "FREQ=WEEKLY;BYDAY=SA,SU;UNTIL=20260614",
        exceptions=(date(2026, 6, 7), date(2026, 6, 9)),
        extra_days=(date(2026, 6, 10),),
    )

    assert [day.day for day in days_of(made)] == [6, 10, 13, 14]


def test_a_last_day_ends_a_rule_that_has_no_end_of_its_own() -> None:
    assert len(days_of(plan("FREQ=DAILY", last=FIRST + timedelta(days=366)))) == 367


def met(day: date, first: date, frequency: str, interval: int, by_day: str, by_month_day: str) -> bool:
    """Whether a rule means a day, as RFC 5545 §3.3.10 says it, one day at a time."""
    name = WEEKDAYS[day.weekday()]
    if frequency == "DAILY":
        return (day - first).days % interval == 0
    if frequency == "WEEKLY":
        weeks = ((day - timedelta(days=day.weekday())) - (first - timedelta(days=first.weekday()))).days // 7
        return weeks % interval == 0 and name in (by_day.split(",") if by_day else [WEEKDAYS[first.weekday()]])
    if ((day.year - first.year) * 12 + day.month - first.month) % interval:
        return False
    length = monthrange(day.year, day.month)[1]
    if by_month_day:
        return {day.day, day.day - length - 1} & {int(each) for each in by_month_day.split(",")} != set()
    if by_day:
        from_start, from_end = (day.day - 1) // 7 + 1, -((length - day.day) // 7 + 1)
        return bool({name, f"{from_start}{name}", f"+{from_start}{name}", f"{from_end}{name}"} & set(by_day.split(",")))
    return day.day == first.day


@st.composite
def rules(draw: st.DrawFn) -> tuple[str, int, str, str, int | None, date]:
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]))
    interval = draw(st.integers(1, {"DAILY": 40, "WEEKLY": 9, "MONTHLY": 12}[frequency]))
    by_day, by_month_day = "", ""
    if frequency == "WEEKLY":
        by_day = ",".join(draw(st.lists(st.sampled_from(WEEKDAYS), unique=True, max_size=7)))
    elif frequency == "MONTHLY" and draw(st.booleans()):
        numbers = st.sampled_from(["", "1", "+2", "3", "4", "5", "-1", "-2"])
        by_day = ",".join(draw(st.lists(st.builds(str.__add__, numbers, st.sampled_from(WEEKDAYS)), max_size=4)))
    elif frequency == "MONTHLY":
        days = st.integers(-31, 31).filter(bool).map(str)
        by_month_day = ",".join(draw(st.lists(days, unique=True, max_size=4)))
    count = draw(st.none() | st.integers(1, 30))
    return frequency, interval, by_day, by_month_day, count, draw(st.dates(date(2026, 1, 1), date(2028, 12, 31)))


@settings(max_examples=400, deadline=None)
@given(rules())
def test_rules_mean_the_days_that_each_day_alone_says(
    made: tuple[str, int, str, str, int | None, date],
) -> None:
    frequency, interval, by_day, by_month_day, count, first = made
    text = f"FREQ={frequency};INTERVAL={interval}"
    text += f";BYDAY={by_day}" if by_day else ""
    text += f";BYMONTHDAY={by_month_day}" if by_month_day else ""
    text += f";COUNT={count}" if count else ""
    last = first + timedelta(days=300)
    every = (first + timedelta(days=number) for number in range(301))
    right = tuple(islice((day for day in every if met(day, first, frequency, interval, by_day, by_month_day)), count))

    if right:
        assert days_of(plan(text, first=first, last=last)) == right
    else:
        with pytest.raises(Invalid):
            days_of(plan(text, first=first, last=last))


REFUSED = {
    "": "FREQ",
    "FREQ=HOURLY;COUNT=3": "DAILY, WEEKLY or MONTHLY",
    "FREQ=YEARLY;COUNT=3": "DAILY, WEEKLY or MONTHLY",
    "FREQ=DAILY;BYSECOND=1;COUNT=3": "FREQ=WEEKLY;BYDAY=SA,SU;COUNT=20",
    "FREQ=DAILY;BYHOUR=1,2,3;COUNT=3": "FREQ=WEEKLY;BYDAY=SA,SU;COUNT=20",
    "FREQ=DAILY;BYSETPOS=1;COUNT=3": "FREQ=WEEKLY;BYDAY=SA,SU;COUNT=20",
    "FREQ=DAILY;FREQ=DAILY;COUNT=3": "each once",
    "FREQ=DAILY;INTERVAL=0;COUNT=3": "INTERVAL is 1 to 366",
    "FREQ=DAILY;INTERVAL=-1;COUNT=3": "INTERVAL is 1 to 366",
    "FREQ=WEEKLY;INTERVAL=53;COUNT=3": "INTERVAL is 1 to 52",
    "FREQ=DAILY;COUNT=1000000000": "COUNT is 1 to 366",
    "FREQ=DAILY;COUNT=0": "COUNT is 1 to 366",
    "FREQ=DAILY;COUNT=٣": "COUNT is 1 to 366",
    "FREQ=WEEKLY;COUNT=100": "within 366 days",
    "FREQ=DAILY": "say UNTIL, COUNT or a last day",
    "FREQ=DAILY;COUNT=3;UNTIL=20260701": "not both",
    "FREQ=DAILY;UNTIL=20270701": "366 days later",
    "FREQ=DAILY;UNTIL=20260531": "from the first",
    "FREQ=DAILY;UNTIL=2026-07-01": "such as 20261231",
    "FREQ=DAILY;UNTIL=20260231": "such as 20261231",
    "FREQ=DAILY;UNTIL=20260701T000000Z": "such as 20261231",
    "FREQ=DAILY;BYDAY=MO;COUNT=3": "FREQ=WEEKLY or MONTHLY",
    "FREQ=WEEKLY;BYDAY=1MO;COUNT=3": "also 1SA or -1SU",
    "FREQ=WEEKLY;BYDAY=XX;COUNT=3": "MO to SU",
    "FREQ=MONTHLY;BYDAY=6MO;COUNT=3": "also 1SA or -1SU",
    "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=3": "without BYMONTHDAY",
    "FREQ=MONTHLY;BYMONTHDAY=32;COUNT=3": "1 to 31",
    "FREQ=MONTHLY;BYMONTHDAY=0;COUNT=3": "1 to 31",
    "FREQ=WEEKLY;BYMONTHDAY=1;COUNT=3": "with FREQ=MONTHLY",
    "FREQ=DAILY;COUNT=3;" + "X" * 300: "FREQ",
    "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31;UNTIL=20270101": "some day meets",
}


@pytest.mark.parametrize("rule", REFUSED)
def test_a_rule_outside_the_safe_part_is_refused_at_once_and_says_what_is_allowed(rule: str) -> None:
    began = stopwatch.process_time()

    with pytest.raises(Invalid) as refused:
        days_of(plan(rule))

    assert REFUSED[rule] in refused.value.facts["allowed"]
    assert refused.value.facts["allowed"] != refused.value.facts["allowed_zh"]
    assert stopwatch.process_time() - began < 0.5


# Each of these takes dateutil most of a second when it is let alone: no day ever meets it.
@pytest.mark.parametrize("rule", ["FREQ=DAILY;INTERVAL=7;BYDAY=TU", "FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=5MO"])
def test_rules_that_no_day_ever_meets_are_not_even_read(rule: str) -> None:
    with pytest.raises(Invalid):
        read_rule(rule)


@pytest.mark.parametrize(
    "times",
    [(), (time(9), time(9)), (time(9, 0, 30),), tuple(time(hour % 24, hour // 24) for hour in range(25))],
)
def test_start_times_are_a_few_different_minutes(times: tuple[time, ...]) -> None:
    with pytest.raises(Invalid) as refused:
        days_of(SeriesPlan("FREQ=DAILY;COUNT=2", FIRST, times, 20))

    assert refused.value.facts["field"] == "times"


def test_extra_days_lie_within_the_year_too() -> None:
    with pytest.raises(Invalid) as refused:
        days_of(plan("FREQ=DAILY;COUNT=2", extra_days=(FIRST + timedelta(days=367),)))

    assert refused.value.facts["field"] == "extraDays"
