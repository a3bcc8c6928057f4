"""Time: moments are UTC and aware; the business day is Asia/Shanghai's. The one place that reads the clock."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

Clock = Callable[[], datetime]
"""Says what time it is, in UTC. Passed in, so that tests bring their own."""


def system_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def business_day(moment: datetime) -> date:
    """The day in Shanghai at this moment.

    >>> business_day(datetime(2026, 6, 1, 17, tzinfo=UTC))
    datetime.date(2026, 6, 2)
    """
    return moment.astimezone(SHANGHAI).date()


def shanghai(day: date, at: time) -> datetime:
    """The UTC moment of this wall-clock time in Shanghai, which has had no daylight saving since 1991.

    >>> shanghai(date(2026, 6, 2), time(9, 30)).isoformat()
    '2026-06-02T01:30:00+00:00'
    """
    return datetime.combine(day, at, tzinfo=SHANGHAI).astimezone(UTC)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The first moment of a Shanghai day and of the next, in UTC."""
    start = shanghai(day, time())
    return start, start + timedelta(days=1)
