"""Use case: what a bulletin says. Every figure is a report's, asked for the region alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from sqlmodel import select

from market.kernel.clock import business_day
from market.kernel.errors import Invalid, Language, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.places.tables import Region
from market.reports.catalogue import REPORTS
from market.reports.declare import Column, ColumnKind, ReportAsked, ReportResult
from market.reports.outputs.chart import chart_of
from market.reports.outputs.shown import WORDS, header_of, text_of
from market.reports.run import reader_kinds, run_report
from market.reports.scoped import Run, as_region

SALES = "sales"
HEADLINES = ("orders", "paid", "refunded", "net", "commission")
"""Figures of the month at the top, each against the month before (环比) and the same month a year ago (同比)."""
TREND_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Part:
    """A section: a report, how it is grouped, which of its figures are printed, and how many rows at most."""

    report: str
    group_by: tuple[str, ...]
    title_zh: str
    title_en: str
    figures: tuple[str, ...] = ()
    """By key; all when none are named."""
    rows_max: int = 10
    months: int = 1
    """How many months, up to this one."""
    is_charted: bool = True
    has_table: bool = True


PARTS = (
    Part(
        SALES,
        ("month", "kind"),
        "近十二个月销售净额",
        "Net sales of twelve months",
        months=TREND_MONTHS,
        has_table=False,
    ),
    Part("sales.regions", ("township",), "各乡镇（街道）销售", "Sales by township", ("orders", "net", "netShare")),
    Part(
        "goods.categories",
        (),
        "热销类目与地标产品",
        "Top categories, and what has a geographical indication",
        ("units", "net", "giShare"),
        is_charted=False,
    ),
    Part(
        "sales.listings", ("listing",), "热销商品与套餐", "Top listings", ("units", "net", "netShare"), is_charted=False
    ),
    Part(
        "visits.revenue",
        (),
        "接待人次与营业收入",
        "Visits and tourism revenue",
        ("guests", "revenue", "produce", "perGuest"),
        is_charted=False,
    ),
    Part(
        "visits.fusion",
        (),
        "农旅融合",
        "Fusion of produce and visits",
        ("buyers", "orders", "produce", "tourism", "after"),
        is_charted=False,
    ),
    Part("office.refunds", (), "退款与原因", "Refunds and reasons", ("refunds", "refunded"), is_charted=False),
)
"""The sections in their order. One whose report the catalogue does not have, or its reader may not see, is left out."""


@dataclass(frozen=True, slots=True)
class Headline:
    """A figure of the month, and by how much it grew, in words."""

    label: str
    value: str
    on_month: str
    on_year: str


@dataclass(frozen=True, slots=True)
class Section:
    """A table as it is printed, and its chart."""

    title: str
    definition: str
    header: list[str]
    is_number: list[bool]
    rows: list[list[str]]
    total: list[str] | None
    cut: int
    """How many rows were left out."""
    chart: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    """An indicator of the plan, in words: the plan's own room says them."""

    name: str
    target: str
    actual: str
    attainment: str
    status: str


@dataclass(frozen=True, slots=True)
class Bulletin:
    """What is printed."""

    region: str
    month: date
    language: Language
    as_of: datetime
    headlines: list[Headline]
    sections: list[Section]
    indicators: Sequence[IndicatorLine] = ()
    """Put in by whoever knows the plan: its room is above this one."""


def monthly_bulletin(
    market: Market,
    actor: Actor,
    *,
    region_code: str,
    month: date,
    language: Language,
    run: Run = run_report,
) -> Bulletin:
    """The bulletin of a region for the month that this day lies in. A month that is going on has its figures so far.

    Refuses: NotSignedIn; Forbidden; NotFound for a region beyond the actor's reach; Invalid for a month to come.
    """
    reach(actor, Permission.REPORT_EXPORT)
    narrow = as_region(actor, Permission.REPORT_EXPORT, region_code, field="region")
    first = month.replace(day=1)
    if first > business_day(market.now()):
        raise Invalid(field="month", allowed="a month that has begun", allowed_zh="已开始的月份")
    with market.read() as session:
        name = session.exec(select(Region.name).where(Region.code == region_code)).first()
    if name is None:
        raise NotFound(field="region")
    kinds = reader_kinds(narrow)
    sections = [
        _section(run(market, narrow, _asked(part, first)), part, language)
        for part in PARTS
        if part.report in REPORTS and REPORTS[part.report].readers & kinds
    ]
    now = run(market, narrow, _of_month(first))
    before, year_ago = (
        run(market, narrow, _of_month(first - relativedelta(months=back))) for back in (1, TREND_MONTHS)
    )
    return Bulletin(
        region=name,
        month=first,
        language=language,
        as_of=now.as_of,
        headlines=_headlines(now, before, year_ago, language),
        sections=_once_defined([each for each in sections if each.rows or each.chart]),
    )


def _once_defined(sections: Sequence[Section]) -> list[Section]:
    """The sections, each definition with the last of those that it is true of."""
    later = [{other.definition for other in sections[at + 1 :]} for at in range(len(sections))]
    return [
        replace(section, definition="") if section.definition in after else section
        for section, after in zip(sections, later, strict=True)
    ]


def _of_month(first: date) -> ReportAsked:
    return ReportAsked(SALES, first, _last_day(first), group_by=("month",))


def _asked(part: Part, first: date) -> ReportAsked:
    start = first - relativedelta(months=part.months - 1)
    return ReportAsked(part.report, start, _last_day(first), group_by=part.group_by)


def _last_day(first: date) -> date:
    return first + relativedelta(months=1) - timedelta(days=1)


def _headlines(now: ReportResult, before: ReportResult, year_ago: ReportResult, language: Language) -> list[Headline]:
    found = []
    for at, column in enumerate(now.columns):
        if column.key in HEADLINES:
            value = now.totals[at]
            on_month, on_year = (_growth(value, each.totals[at], language) for each in (before, year_ago))
            found.append(
                Headline(header_of(column, language), text_of(column.kind, value, language), on_month, on_year)
            )
    return found


def _growth(now: Any, then: Any, language: Language) -> str:
    """By how much it grew, to a tenth of a per cent; a dash where there was nothing to grow from."""
    if not isinstance(now, int) or not isinstance(then, int) or then <= 0:
        return WORDS[language]["none"]
    tenths = (2 * 1_000 * abs(now - then) + then) // (2 * then)  # halves go away from zero, as people round
    return f"{'-' if now < then else '+'}{tenths // 10}.{tenths % 10}%"


def _section(result: ReportResult, part: Part, language: Language) -> Section:
    columns = [(at, column) for at, column in enumerate(result.columns) if _is_printed(column, result.columns, part)]
    rows = sorted(result.rows, key=lambda row: _size(row, result.columns), reverse=True)
    shown = rows[: part.rows_max] if part.has_table else []
    chart = chart_of(result, language) if part.is_charted else None
    if chart is not None:
        chart = {key: value for key, value in chart.items() if key != "title"}  # the section's own title says it
    report = result.report
    return Section(
        title=part.title_en if language == "en" else part.title_zh,
        definition=report.definition_en if language == "en" else report.definition_zh,
        header=[header_of(column, language) for _, column in columns],
        is_number=[column.kind not in _WORDS for _, column in columns],
        rows=[[text_of(column.kind, row[at], language) for at, column in columns] for row in shown],
        total=_total(result, columns, language) if shown else None,
        cut=len(rows) - len(shown) if part.has_table else 0,
        chart=chart,
    )


_WORDS = {ColumnKind.TEXT, ColumnKind.CODE, ColumnKind.DATE}


def _is_printed(column: Column, columns: Sequence[Column], part: Part) -> bool:
    """Names rather than codes, and the figures that the part names."""
    if column.kind is ColumnKind.CODE:
        return not any(each.kind is ColumnKind.TEXT for each in columns)
    return column.kind in _WORDS or not part.figures or column.key in part.figures


def _size(row: Sequence[Any], columns: Sequence[Column]) -> int:
    """What rows are put in order by: money, else the first figure."""
    figures = [
        (column.kind is not ColumnKind.MONEY, at) for at, column in enumerate(columns) if column.kind not in _WORDS
    ]
    net = [at for at, column in enumerate(columns) if column.key == "net"]
    at = net[0] if net else min(figures, default=(True, -1))[1]
    value = row[at] if at >= 0 else None
    return value if isinstance(value, int) else 0


def _total(result: ReportResult, columns: Sequence[tuple[int, Column]], language: Language) -> list[str]:
    texts = [
        "" if result.totals[at] is None else text_of(column.kind, result.totals[at], language) for at, column in columns
    ]
    first = next((place for place, (_, column) in enumerate(columns) if column.kind in _WORDS), 0)
    texts[first] = WORDS[language]["total"]
    return texts
