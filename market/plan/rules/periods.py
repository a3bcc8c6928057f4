"""Months, quarters and years that are reported on, and how much of a target's time has gone by."""

from datetime import date, timedelta
from fractions import Fraction

from market.plan.rules.words import Frequency

_MONTHS = {Frequency.MONTH: 1, Frequency.QUARTER: 3, Frequency.YEAR: 12}


def period_of(day: date, frequency: Frequency) -> tuple[date, date]:
    """The first and last day of the period that a day lies in.

    >>> period_of(date(2026, 5, 20), Frequency.QUARTER)
    (datetime.date(2026, 4, 1), datetime.date(2026, 6, 30))
    """
    months = _MONTHS[frequency]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return first, _months_later(first, months) - timedelta(days=1)


def last_full_day(day: date, frequency: Frequency) -> date:
    """The last day of the last period that is over at the end of this day.

    >>> last_full_day(date(2026, 11, 24), Frequency.MONTH), last_full_day(date(2026, 11, 30), Frequency.MONTH)
    (datetime.date(2026, 10, 31), datetime.date(2026, 11, 30))
    """
    first, last = period_of(day, frequency)
    return last if last <= day else first - timedelta(days=1)


def periods_between(start: date, end: date, frequency: Frequency) -> int:
    """How many whole periods lie between two days, both included.

    >>> periods_between(date(2026, 1, 1), date(2026, 11, 24), Frequency.MONTH)
    10
    """
    first = period_of(start, frequency)[0]
    if first < start:
        first = _months_later(first, _MONTHS[frequency])
    last = last_full_day(end, frequency)
    if last < first:
        return 0
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    return months // _MONTHS[frequency]


def elapsed_share(start: date, end: date, through: date) -> Fraction:
    """Which share of the days from start to end, both included, is over at the end of a day: 0 to 1.

    >>> elapsed_share(date(2026, 1, 1), date(2026, 12, 31), date(2026, 7, 2))
    Fraction(183, 365)
    """
    days = (end - start).days + 1
    return Fraction(min(max((through - start).days + 1, 0), days), days)


def _months_later(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)
