"""When people buy: how many orders each day of a year has, by its weekends, holidays and seasons. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from random import Random
from types import MappingProxyType

WEEKEND, HOLIDAY = 1.5, 2.2
HOLIDAYS: Mapping[tuple[int, int], int] = MappingProxyType(
    {(1, 1): 3, (2, 10): 9, (4, 4): 3, (5, 1): 5, (6, 18): 3, (9, 25): 3, (10, 1): 7, (11, 11): 2, (12, 12): 1}
)
"""First days (month, day) and lengths, of the holidays and the two shopping days. The lunar ones as they mostly fall."""
MONTHS: Mapping[int, float] = MappingProxyType(
    {1: 1.3, 2: 1.0, 3: 0.8, 4: 1.0, 5: 1.1, 6: 1.6, 7: 1.3, 8: 0.9, 9: 1.0, 10: 1.2, 11: 1.1, 12: 1.3}
)
"""June is bayberries, July peaches, January gifts for the new year."""
_HOURS = (8, 9, 10, 11, 12, 13, 15, 17, 19, 20, 20, 21, 21, 22)


def is_holiday(day: date) -> bool:
    """Whether a holiday or a shopping day is on.

    >>> is_holiday(date(2026, 10, 3)), is_holiday(date(2026, 10, 9))
    (True, False)
    """
    return any(
        first <= day < first + timedelta(days=length)
        for (month, number), length in HOLIDAYS.items()
        for first in (date(day.year, month, number),)
    )


def weight(day: date) -> float:
    """How busy a day is, beside an ordinary one.

    >>> weight(date(2026, 6, 20)) > weight(date(2026, 6, 17)) > weight(date(2026, 3, 18))
    True
    """
    found = MONTHS[day.month]
    if is_holiday(day):
        return found * HOLIDAY
    return found * WEEKEND if day.isoweekday() >= 6 else found


def orders_a_day(days: Sequence[date], total: int, chance: Random) -> list[int]:
    """So many orders, spread over the days."""
    found = dict.fromkeys(days, 0)
    for day in chance.choices(days, [weight(day) for day in days], k=total):
        found[day] += 1
    return list(found.values())


def an_hour(chance: Random) -> time:
    """When in the day somebody buys: in the evening, mostly."""
    return time(chance.choice(_HOURS), chance.randint(0, 59), chance.randint(0, 59))


def visit_days(days: Sequence[date]) -> tuple[date, ...]:
    """The days on which visits take place: weekends and holidays."""
    return tuple(day for day in days if day.isoweekday() >= 6 or is_holiday(day))
