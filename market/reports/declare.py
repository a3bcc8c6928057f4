"""What a report is: declared once, and read by the API, the exports, the charts and the plan.

Start with `Report`. The reports themselves are in `market/reports/catalogue/`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Session

from market.kernel.permissions import Actor

Value = int | str | date | None
"""What a cell holds: money in fen, weights in grams, shares in basis points, hours; a text; a Shanghai day."""
Row = tuple[Value, ...]


class ColumnKind(StrEnum):
    """What a column's numbers mean, and how they are shown."""

    MONEY = "MONEY"
    """Fen."""
    COUNT = "COUNT"
    WEIGHT = "WEIGHT"
    """Grams."""
    SHARE = "SHARE"
    """Basis points: 10,000 is all of it."""
    HOURS = "HOURS"
    TEXT = "TEXT"
    DATE = "DATE"
    """A Shanghai day; of a week its Monday, of a month its first."""
    CODE = "CODE"
    """An id, or a region's code."""


Derive = Callable[[Mapping[str, int], Mapping[str, int]], int | None]
"""A figure from the row's other figures and from the totals' (for shares of the whole); None when it has no meaning."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column, with the words that are printed with it.

    `derive` reckons it from the other measures, in rows and in totals alike: a ratio is never added up or averaged.
    A measure that is not `is_summed` (people are counted once) has no total unless the report gives one.
    """

    key: str
    label_zh: str
    label_en: str
    kind: ColumnKind
    definition_zh: str = ""
    definition_en: str = ""
    derive: Derive | None = None
    is_summed: bool = True


class ChartKind(StrEnum):
    """How a report is drawn."""

    BAR = "BAR"
    LINE = "LINE"
    STACKED = "STACKED"


@dataclass(frozen=True, slots=True)
class ChartSpec:
    """The chart of a report: the column along the bottom, and what is drawn over it."""

    kind: ChartKind
    x: str
    series: tuple[str, ...]


class ReaderKind(StrEnum):
    """Who may be shown a report; which rows is the row scope's business."""

    SELLER = "SELLER"
    """People of a producer or a cooperative: their own figures."""
    STAFF = "STAFF"
    """Staff of a township, county or city: their region's."""
    FINANCE = "FINANCE"
    """Those of the staff who look after money."""


EVERYBODY = frozenset(ReaderKind)
OFFICE = frozenset({ReaderKind.STAFF, ReaderKind.FINANCE})


class CompareWith(StrEnum):
    """The period that figures are set against."""

    PREVIOUS_PERIOD = "PREVIOUS_PERIOD"
    """As many days, directly before (环比)."""
    LAST_YEAR = "LAST_YEAR"
    """The same days a year before (同比)."""


@dataclass(frozen=True, slots=True)
class ReportAsked:
    """A question: which report, over which Shanghai days (both included), grouped and narrowed how.

    `where` maps filters that the report names to ids, codes or words. `first` and `after` cut out some rows: `after` is
    the number of rows to leave out. Totals are always of all rows.
    """

    key: str
    start: date
    end: date
    group_by: tuple[str, ...] = ()
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    compare_with: CompareWith | None = None
    first: int | None = None
    after: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What a report's `run` gets: who asks, what, and what day it is."""

    actor: Actor
    asked: ReportAsked
    today: date
    now: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """What a report's `run` gives: the columns that it chose, and its rows, from the database as they are read.

    `totals` by column key, where the report knows better than the sum of the rows.
    """

    columns: Sequence[Column]
    rows: Iterable[Row]
    totals: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A report of the catalogue. `dimensions` it can be grouped by, the first `default_groups` of them when nothing is
    said; `measures` are its figures; `filters` what it can be narrowed by."""

    key: str
    title_zh: str
    title_en: str
    definition_zh: str
    definition_en: str
    dimensions: tuple[Column, ...]
    measures: tuple[Column, ...]
    filters: tuple[str, ...]
    readers: frozenset[ReaderKind]
    run: Callable[[Session, Reading], Found]
    chart: ChartSpec | None = None
    days_max: int = 1_100
    groups_max: int = 0
    """How many dimensions may be chosen; 0: its columns are fixed."""
    default_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportResult:
    """An answer: rows in the order of the columns, and the totals of all rows, None where a total means nothing."""

    report: Report
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    totals: Row
    as_of: datetime
    asked: ReportAsked
    row_count: int
    """Of all rows, also of those that were cut off."""
