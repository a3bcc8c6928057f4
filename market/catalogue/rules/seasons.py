"""Season windows: days of the year that come again each year, such as 20 June to 31 August."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from market.kernel.errors import Invalid

_MONTH_DAY = re.compile(r"(\d{2})-(\d{2})")
YEAR_START, YEAR_END = 101, 1231
NEVER = 0
"""A start and end that no day lies between."""


@dataclass(frozen=True, slots=True)
class Window:
    """From a day of the year to another, both included, as month * 100 + day. May run over New Year."""

    start: int
    end: int

    def parts(self) -> list["Window"]:
        """The same days without running over New Year.

        >>> Window(1115, 131).parts()
        [Window(start=1115, end=1231), Window(start=101, end=131)]
        """
        if self.start <= self.end:
            return [self]
        return [Window(self.start, YEAR_END), Window(YEAR_START, self.end)]


@dataclass(frozen=True, slots=True)
class Season:
    """When a listing is on sale: at most two spans of the year, kept on the listing so that lists can filter by day."""

    start_1: int
    end_1: int
    start_2: int = NEVER
    end_2: int = NEVER

    def holds(self, day: int) -> bool:
        """Whether a day of the year (month * 100 + day) is in season."""
        return self.start_1 <= day <= self.end_1 or self.start_2 <= day <= self.end_2


ALL_YEAR = Season(YEAR_START, YEAR_END)


def month_day(day: date) -> int:
    """A date's day of the year as month * 100 + day.

    >>> month_day(date(2026, 6, 20))
    620
    """
    return day.month * 100 + day.day


def window(start: str, end: str) -> Window:
    """A window from `MM-DD` texts, or refuses with Invalid. 29 February is a day like any other.

    >>> window("06-20", "08-31")
    Window(start=620, end=831)
    """
    return Window(_number(start), _number(end))


def _number(text: str) -> int:
    match = _MONTH_DAY.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        return month_day(date(2024, int(match[1]), int(match[2])))  # a leap year
    except ValueError:
        raise Invalid(
            field="window",
            allowed="a day of the year is MM-DD, such as 06-20",
            allowed_zh="日期为 MM-DD，例如 06-20",
        ) from None


def season_of(windows: Iterable[Window]) -> Season:
    """The season that these sale windows make, or refuses with Invalid when they are more than two spans of the year.

    No window at all means all year.

    >>> season_of([Window(1115, 131)]).holds(1225)
    True
    """
    spans = sorted((part for each in windows for part in each.parts()), key=lambda part: part.start)
    if not spans:
        return ALL_YEAR
    if len(spans) > 2:
        raise Invalid(
            field="windows",
            allowed="a listing has at most two sale windows a year, or one that runs over New Year",
            allowed_zh="每年最多两个销售时段，跨年时段算两个",
        )
    second = spans[1] if len(spans) == 2 else Window(NEVER, NEVER)
    return Season(spans[0].start, spans[0].end, second.start, second.end)
