"""On which days a series has sessions: an RFC 5545 recurrence, cut down to what is safe to work out.

Allowed are FREQ=DAILY, WEEKLY or MONTHLY, with INTERVAL, BYDAY, BYMONTHDAY, and UNTIL or COUNT; a series lasts at most
366 days. That keeps every rule to a few thousand steps: the full grammar has rules of a dozen characters that take
minutes, or that no day ever meets. EXDATE and RDATE are lists of their own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from types import MappingProxyType
from typing import Literal, NoReturn

from dateutil import rrule

from market.kernel.errors import Invalid

DAYS_MAX = 366
"""From a series' first day to its last, and how many it may have."""
TIMES_MAX = 24
RULE_LENGTH_MAX = 200

_PARTS = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "UNTIL", "COUNT"})
_Frequency = Literal[1, 2, 3]
_FREQUENCIES: Mapping[str, _Frequency] = MappingProxyType(
    {"DAILY": rrule.DAILY, "WEEKLY": rrule.WEEKLY, "MONTHLY": rrule.MONTHLY}
)
_INTERVAL_MAX: Mapping[str, int] = MappingProxyType({"DAILY": DAYS_MAX, "WEEKLY": 52, "MONTHLY": 12})
_WEEKDAYS = {str(day): day for day in (rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU)}
_DAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_MONTH_DAY = re.compile(r"[+-]?(?:[1-9]|[12][0-9]|3[01])")
_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
_DATE = re.compile(r"[0-9]{8}")


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """When a series has sessions, and how large. `exceptions` are days left out (EXDATE), `extra_days` further ones
    (RDATE), `last_day` an end beside the rule's own; times are Shanghai's."""

    rule: str
    first_day: date
    times: tuple[time, ...]
    capacity: int
    last_day: date | None = None
    exceptions: tuple[date, ...] = ()
    extra_days: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule that was read."""

    text: str
    frequency: str
    interval: int = 1
    weekdays: tuple[rrule.weekday, ...] = ()
    month_days: tuple[int, ...] = ()
    until: date | None = None
    count: int | None = None


def read_rule(text: str) -> Recurrence:
    """A rule, or refuses with Invalid, saying what is allowed.

    >>> read_rule("RRULE:FREQ=WEEKLY;BYDAY=SA,SU;COUNT=20").count
    20
    """
    made = text.strip().upper().removeprefix("RRULE:")
    parts: dict[str, str] = {}
    for part in made[: RULE_LENGTH_MAX + 1].split(";"):
        name, _, value = part.partition("=")
        if name not in _PARTS or name in parts or not value or len(made) > RULE_LENGTH_MAX:
            _refuse(
                "a rule is FREQ (DAILY, WEEKLY or MONTHLY) with INTERVAL, BYDAY, BYMONTHDAY, and UNTIL or COUNT, each"
                " once: FREQ=WEEKLY;BYDAY=SA,SU;COUNT=20",
                "规则由 FREQ（DAILY、WEEKLY、MONTHLY）及 INTERVAL、BYDAY、BYMONTHDAY、UNTIL 或 COUNT 组成，各至多一次，"
                "例如 FREQ=WEEKLY;BYDAY=SA,SU;COUNT=20",
            )
        parts[name] = value
    frequency = parts.get("FREQ", "")
    if frequency not in _FREQUENCIES:
        _refuse("FREQ is DAILY, WEEKLY or MONTHLY", "FREQ 只能为 DAILY、WEEKLY 或 MONTHLY")
    if "UNTIL" in parts and "COUNT" in parts:
        _refuse("UNTIL or COUNT, not both", "UNTIL 与 COUNT 只能填其一")
    return Recurrence(
        text=made,
        frequency=frequency,
        interval=_number(parts, "INTERVAL", most=_INTERVAL_MAX[frequency]) or 1,
        weekdays=_weekdays(parts, frequency),
        month_days=_month_days(parts, frequency),
        until=_until(parts),
        count=_number(parts, "COUNT", most=DAYS_MAX),
    )


def days_of(plan: SeriesPlan) -> tuple[date, ...]:
    """The days on which the series has sessions, in order, or refuses with Invalid a plan that can never work.

    >>> plan = SeriesPlan("FREQ=WEEKLY;BYDAY=SA;COUNT=3", date(2026, 10, 1), (time(9),), 20, None, (date(2026, 10, 10),))
    >>> [day.day for day in days_of(plan)]
    [3, 17]
    """
    rule = read_rule(plan.rule)
    _check_times(plan.times)
    end = plan.first_day + timedelta(days=DAYS_MAX)
    for name, day in (("rule", rule.until), ("lastDay", plan.last_day), *[("extraDays", x) for x in plan.extra_days]):
        if day is not None and not plan.first_day <= day <= end:
            raise Invalid(
                field=name,
                allowed=f"a day from the first to {DAYS_MAX} days later",
                allowed_zh=f"日期须在首日至其后 {DAYS_MAX} 天之内",
            )
    if rule.until is None and rule.count is None and plan.last_day is None:
        _refuse(
            f"a series has an end, at most {DAYS_MAX} days after its first day: say UNTIL, COUNT or a last day",
            f"系列须有结束时间，最长 {DAYS_MAX} 天：请填写 UNTIL、COUNT 或结束日期",
        )
    if max(len(plan.exceptions), len(plan.extra_days)) > DAYS_MAX:
        raise Invalid(field="exceptions", allowed=f"at most {DAYS_MAX} days", allowed_zh=f"最多 {DAYS_MAX} 天")
    last = min(day for day in (end, rule.until, plan.last_day) if day is not None)
    ruled = list(_occurrences(rule, plan.first_day, last))
    if rule.count is not None and plan.last_day is None and len(ruled) < rule.count:
        _refuse(
            f"its COUNT days lie within {DAYS_MAX} days of the first",
            f"COUNT 所计的天数须在首日起 {DAYS_MAX} 天之内",
        )
    days = {*ruled, *plan.extra_days} - set(plan.exceptions)
    if not days:
        _refuse("a rule that some day meets", "规则没有对应任何日期")
    return tuple(sorted(days))


def _occurrences(rule: Recurrence, first: date, last: date) -> Iterator[date]:
    # UNTIL always and never COUNT, so that it ends within the 366 days whatever the rule says.
    found = rrule.rrule(
        _FREQUENCIES[rule.frequency],
        dtstart=datetime.combine(first, time()),
        interval=rule.interval,
        wkst=rrule.MO,
        until=datetime.combine(last, time()),
        byweekday=rule.weekdays or None,
        bymonthday=rule.month_days or None,
    )
    return (moment.date() for moment in islice(found, rule.count))


def _check_times(times: tuple[time, ...]) -> None:
    whole = all(not (at.second or at.microsecond or at.tzinfo) for at in times)
    if not 1 <= len(times) <= TIMES_MAX or len(set(times)) < len(times) or not whole:
        raise Invalid(
            field="times",
            allowed=f"1 to {TIMES_MAX} different start times, on the minute",
            allowed_zh=f"1 至 {TIMES_MAX} 个不同的开始时间，精确到分钟",
        )


def _weekdays(parts: Mapping[str, str], frequency: str) -> tuple[rrule.weekday, ...]:
    if "BYDAY" not in parts:
        return ()
    found = [_DAY.fullmatch(each) for each in parts["BYDAY"].split(",")]
    # A daily rule that steps over days can miss its weekday for ever, and so can a weekday on a given day of the month.
    if frequency == "DAILY" or "BYMONTHDAY" in parts:
        _refuse(
            "BYDAY goes with FREQ=WEEKLY or MONTHLY, without BYMONTHDAY",
            "BYDAY 用于 FREQ=WEEKLY 或 MONTHLY，且不与 BYMONTHDAY 同用",
        )
    if any(each is None or (each[1] and frequency != "MONTHLY") for each in found):
        _refuse(
            "BYDAY is a list of MO to SU, in a monthly rule also 1SA or -1SU",
            "BYDAY 为 MO 至 SU 的列表，按月的规则还可写 1SA 或 -1SU",
        )
    numbered = {_WEEKDAYS[each[2]](int(each[1])) for each in found if each and each[1]}
    plain = {_WEEKDAYS[each[2]] for each in found if each and not each[1]}
    if numbered and plain:
        # dateutil would look for days that are both; every Monday is the first to the fifth.
        return tuple(numbered | {day(number) for day in plain for number in range(1, 6)})
    return tuple(numbered | plain)


def _month_days(parts: Mapping[str, str], frequency: str) -> tuple[int, ...]:
    if "BYMONTHDAY" not in parts:
        return ()
    days = parts["BYMONTHDAY"].split(",")
    if frequency != "MONTHLY" or not all(_MONTH_DAY.fullmatch(each) for each in days):
        _refuse(
            "BYMONTHDAY is a list of 1 to 31 or -1 to -31, with FREQ=MONTHLY",
            "BYMONTHDAY 为 1 至 31 或 -1 至 -31 的列表，用于 FREQ=MONTHLY",
        )
    return tuple(map(int, days))


def _until(parts: Mapping[str, str]) -> date | None:
    text = parts.get("UNTIL")
    if text is None:
        return None
    try:
        # A date as the days of a series are: its start times say the rest.
        return datetime.strptime(text if _DATE.fullmatch(text) else "", "%Y%m%d").date()  # noqa: DTZ007 - a day, no moment
    except ValueError:
        _refuse("UNTIL is a day such as 20261231", "UNTIL 为日期，例如 20261231")


def _number(parts: Mapping[str, str], name: str, *, most: int) -> int | None:
    if name not in parts:
        return None
    if not _NUMBER.fullmatch(parts[name]) or int(parts[name]) > most:
        _refuse(f"{name} is 1 to {most}", f"{name} 为 1 到 {most}")
    return int(parts[name])


def _refuse(allowed: str, allowed_zh: str) -> NoReturn:
    raise Invalid(field="rule", allowed=allowed, allowed_zh=allowed_zh)
