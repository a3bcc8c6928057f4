"""Moments that lists are ordered by are kept to the second: a cursor then says them exactly."""

from datetime import datetime


def to_second(moment: datetime) -> datetime:
    """The second a moment is in.

    >>> to_second(datetime(2026, 6, 2, 1, 30, 0, 999)).microsecond
    0
    """
    return moment.replace(microsecond=0)
