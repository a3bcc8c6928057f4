"""What can be asked of sales, and how periods are set against each other. Pure."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from market.kernel.errors import Invalid
from market.reports.declare import CompareWith
from market.reports.errors import ReportTooLong

GROUPS_MAX = 3
"""How many dimensions at once."""
ROWS_MAX = 10_000
"""Groups of an answer: a year of months × 300 villages × kinds."""
DAYS_MAX = 1_100
"""Three years, and the days that make whole months of them."""
BUYER_ORDERS_MAX = 1_500_000
"""Orders that are looked at to count people: about what the database does within its time for a read."""


class SalesDimension(StrEnum):
    """What sales can be grouped by. Days are of the payment or of the refund, in Shanghai."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    CITY = "CITY"
    COUNTY = "COUNTY"
    TOWNSHIP = "TOWNSHIP"
    VILLAGE = "VILLAGE"
    COOPERATIVE = "COOPERATIVE"
    PRODUCER = "PRODUCER"
    CATEGORY = "CATEGORY"
    LISTING = "LISTING"
    KIND = "KIND"
    CHANNEL = "CHANNEL"


TIMES = (SalesDimension.DAY, SalesDimension.WEEK, SalesDimension.MONTH)
REGION_DIGITS = {SalesDimension.CITY: 4, SalesDimension.COUNTY: 6, SalesDimension.TOWNSHIP: 9}


@dataclass(frozen=True, slots=True)
class SalesWhere:
    """What of all sales: everything that is said must hold; of each, any one of its values. A region stands for all
    within it, a category for all beneath it."""

    regions: tuple[str, ...] = ()
    villages: tuple[str, ...] = ()
    cooperatives: tuple[str, ...] = ()
    producers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    listings: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """Shanghai days, both included."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.end - self.start).days + 1

    @property
    def is_whole_months(self) -> bool:
        """Whether it begins with a month and ends with one."""
        return self.start.day == 1 and (self.end + timedelta(days=1)).day == 1


@dataclass(frozen=True, slots=True)
class Cover:
    """Whole months, and days besides, that add up to a span; `less` are days of those months to be taken off."""

    months: tuple[Span, ...] = ()
    days: tuple[Span, ...] = ()
    less: tuple[Span, ...] = ()


def cover(span: Span, *, by_day: bool = False) -> Cover:
    """The fewest days to read besides whole months: a month of which more than half is in the span is taken whole, less
    its other days. Of the month that has just begun nothing is to be taken off. With `by_day`, days alone.

    >>> cover(Span(date(2026, 1, 30), date(2026, 3, 20))).months
    (Span(start=datetime.date(2026, 2, 1), end=datetime.date(2026, 3, 31)),)
    >>> cover(Span(date(2026, 1, 30), date(2026, 3, 20))).less
    (Span(start=datetime.date(2026, 3, 21), end=datetime.date(2026, 3, 31)),)
    >>> cover(Span(date(2026, 6, 3), date(2026, 6, 9))).days
    (Span(start=datetime.date(2026, 6, 3), end=datetime.date(2026, 6, 9)),)
    """
    if by_day:
        return Cover(days=(span,))
    first, last = span.start.replace(day=1), months_later(span.end.replace(day=1), 1) - timedelta(days=1)
    days, less = [], []
    if first == last.replace(day=1):  # within one month
        if span.days * 2 <= last.day:
            return Cover(days=(span,))
        around = (Span(first, span.start - timedelta(days=1)), Span(span.end + timedelta(days=1), last))
        return Cover(months=(Span(first, last),), less=tuple(each for each in around if each.days > 0))
    end = months_later(first, 1) - timedelta(days=1)  # of the first month
    if span.start != first:
        if (end - span.start).days + 1 > span.start.day - 1:
            less.append(Span(first, span.start - timedelta(days=1)))
        else:
            days.append(Span(span.start, end))
            first = end + timedelta(days=1)
    if span.end != last:
        if span.end.day > last.day - span.end.day:
            less.append(Span(span.end + timedelta(days=1), last))
        else:
            days.append(Span(span.end.replace(day=1), span.end))
            last = span.end.replace(day=1) - timedelta(days=1)
    return Cover(months=(Span(first, last),) if first < last else (), days=tuple(days), less=tuple(less))


def check_span(start: date, end: date, *, days_max: int = DAYS_MAX) -> Span:
    """The span, or refuses: Invalid when it ends before it begins, ReportTooLong.

    >>> check_span(date(2026, 1, 1), date(2026, 1, 31)).is_whole_months
    True
    """
    if end < start:
        raise Invalid(field="range", allowed="its last day is not before its first", allowed_zh="止日不早于起日")
    span = Span(start, end)
    if span.days > days_max:
        raise ReportTooLong(days=span.days, days_max=days_max)
    return span


def check_groups(groups: tuple[SalesDimension, ...]) -> tuple[SalesDimension, ...]:
    """The dimensions, or refuses with Invalid: more than three, one twice, or two of time."""
    if len(groups) > GROUPS_MAX:
        raise Invalid(field="groupBy", allowed=f"at most {GROUPS_MAX} of them", allowed_zh=f"最多 {GROUPS_MAX} 个维度")
    if len(set(groups)) < len(groups):
        raise Invalid(field="groupBy", allowed="each of them once", allowed_zh="每个维度只写一次")
    if sum(each in TIMES for each in groups) > 1:
        raise Invalid(
            field="groupBy", allowed="only one of DAY, WEEK and MONTH", allowed_zh="DAY、WEEK、MONTH 只能选一个"
        )
    return groups


def months_later(day: date, months: int) -> date:
    """The same day of another month, or its last when it is shorter.

    >>> months_later(date(2024, 2, 29), -12)
    datetime.date(2023, 2, 28)
    """
    year, at = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, at + 1, min(day.day, monthrange(year, at + 1)[1]))


def _months_of(span: Span) -> int:
    return (span.end.year - span.start.year) * 12 + span.end.month - span.start.month + 1


def compared(span: Span, compare_with: CompareWith) -> Span:
    """The period that a span is set against: whole months against as many whole months, days against as many days.

    >>> june = Span(date(2026, 6, 1), date(2026, 6, 30))
    >>> compared(june, CompareWith.PREVIOUS_PERIOD)
    Span(start=datetime.date(2026, 5, 1), end=datetime.date(2026, 5, 31))
    >>> compared(Span(date(2024, 2, 1), date(2024, 2, 29)), CompareWith.LAST_YEAR)
    Span(start=datetime.date(2023, 2, 1), end=datetime.date(2023, 2, 28))
    """
    if compare_with is CompareWith.LAST_YEAR:
        end = months_later(span.end, -12)
        if (span.end + timedelta(days=1)).day == 1:  # a month's end stays one: from 28 February back to the 29th
            end = months_later(months_later(span.end.replace(day=1), -11), 0) - timedelta(days=1)
        return Span(months_later(span.start, -12), end)
    if span.is_whole_months:
        return Span(months_later(span.start, -_months_of(span)), span.start - timedelta(days=1))
    return Span(span.start - timedelta(days=span.days), span.start - timedelta(days=1))


def moved(bucket: date, dimension: SalesDimension, *, before: Span, now: Span) -> date:
    """A day, week or month of the period before, as the one of the period now that it is set beside.

    >>> may, june = Span(date(2026, 5, 1), date(2026, 5, 31)), Span(date(2026, 6, 1), date(2026, 6, 30))
    >>> moved(date(2026, 5, 1), SalesDimension.MONTH, before=may, now=june)
    datetime.date(2026, 6, 1)
    """
    if dimension is SalesDimension.MONTH:
        months = (now.start.year - before.start.year) * 12 + now.start.month - before.start.month
        return months_later(bucket, months)
    if dimension is SalesDimension.DAY and months_later(now.start, -12) == before.start and now.days > 1:
        return months_later(bucket, 12)
    offset = (now.start - before.start).days
    if dimension is SalesDimension.WEEK:
        offset = round(offset / 7) * 7
    return bucket + timedelta(days=offset)
