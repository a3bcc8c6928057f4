"""Actual figures of indicators, from reports, from the marketplace's own measures, and from formulas of both.

`Reader` first hears what is needed (`need`), then reads it all in a number of statements that does not grow with it:
one for regions, one for flows, one for stocks, and one for each measure and period of the marketplace.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from types import MappingProxyType

from sqlmodel import Session

from market.orders.rules import Channel, LineKind
from market.places.rules import RegionLevel, subtree
from market.plan.queries import Sum, flow_sums, latest_sums, reporting_regions
from market.plan.rules import (
    DECIMALS,
    Frequency,
    IndicatorKind,
    IndicatorSource,
    IndicatorUnit,
    evaluate,
    last_full_day,
    operands,
    parse_formula,
    period_of,
    periods_between,
)
from market.plan.rules.values import in_units
from market.plan.tables import PlanIndicator
from market.reports.declare import ColumnKind
from market.reports.measures import Measure
from market.reports.measuring import Areas


@dataclass(frozen=True, slots=True)
class Window:
    """The days that figures are wanted of; a stock's, at the end of."""

    start: date
    end: date


NARROWED: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "sales.produce": {"kind": (LineKind.PRODUCT.value,)},
        "sales.tourism": {"kind": (LineKind.BOOKING.value,)},
        "sales.livestream": {"channel": (Channel.LIVESTREAM.value,)},
    }
)
"""Measures that are a part of what their report shows, and what to narrow it by to see just that."""


@dataclass(frozen=True, slots=True)
class Drill:
    """How an AUTO figure came about: its measure, the report and column that show it, and what to ask the report."""

    indicator_id: str
    measure: str
    report: str | None
    column: str | None
    region_code: str
    start: date
    end: date

    @property
    def where(self) -> dict[str, tuple[str, ...]]:
        """The report's filters, as `ReportAsked` takes them."""
        return {"region": (self.region_code,), **NARROWED.get(self.measure, {})}


@dataclass(frozen=True, slots=True)
class Figure:
    """What is known of an indicator in a region over a window. `value` is in the smallest unit, not yet rounded, None
    where nothing is known: missing is not zero. `cells` are regions × periods: due and reported."""

    value: Fraction | None
    through: date
    """The last day that figures are due of."""
    newest: date | None
    """The last day that there are figures of."""
    cells_due: int
    cells_reported: int
    drills: tuple[Drill, ...] = ()


class Reader:
    """Reads figures of a plan's indicators in a region, or in each of its parts (`digits` of their codes)."""

    def __init__(
        self, indicators: Iterable[PlanIndicator], region_code: str, digits: int, measures: Mapping[str, Measure]
    ) -> None:
        self._by_code = {each.code: each for each in indicators}
        self._region_code, self._digits, self._measures = region_code, digits, measures
        self._needed: set[tuple[str, Window]] = set()
        self._regions: dict[tuple[RegionLevel, str], int] = {}
        self._flows: dict[tuple[str, str], list[Sum]] = {}
        self._latest: dict[tuple[str, str, date], list[Sum]] = {}
        self._measured: dict[tuple[str, str, Window], int] = {}

    def need(self, indicator: PlanIndicator, window: Window) -> None:
        """Say what will be asked for."""
        for leaf in self._leaves(indicator):
            self._needed.add((leaf.code, self._due(indicator, window)))

    def read(self, session: Session, parts: Collection[str]) -> None:
        """Step: read all that is needed, of these parts."""
        leaves = [(self._by_code[code], window) for code, window in self._needed]
        manual = [(leaf, window) for leaf, window in leaves if leaf.source == IndicatorSource.MANUAL]
        flows = [(leaf, window) for leaf, window in manual if leaf.kind == IndicatorKind.FLOW]
        levels = [(leaf, window) for leaf, window in manual if leaf.kind != IndicatorKind.FLOW]
        where = (self._region_code, self._digits)
        if manual:
            self._regions = reporting_regions(session, *where)
        if flows:
            start, end = min(window.start for _, window in flows), max(window.end for _, window in flows)
            self._flows = flow_sums(session, {leaf.id for leaf, _ in flows}, *where, start=start, end=end)
        if levels:
            days = sorted({window.end for _, window in levels})
            self._latest = latest_sums(session, {leaf.id for leaf, _ in levels}, *where, days=days)
        asked = {(leaf.measure, window) for leaf, window in leaves if leaf.measure in self._measures}
        for key, window in asked:  # a statement for each, however many parts there are
            if key is not None and window.start <= window.end:
                found = self._measure(session, key, window)
                self._measured |= {(key, part, window): found.get(part, 0) for part in parts}

    def figure(self, indicator: PlanIndicator, window: Window, part: str) -> Figure:
        """What was read of an indicator in a part."""
        due = self._due(indicator, window)
        if indicator.formula is None:
            return self._leaf(indicator, due, part)
        formula = parse_formula(indicator.formula)
        found = {leaf.code: self._leaf(leaf, due, part) for leaf in self._leaves(indicator)}
        values = {
            code: None if each.value is None else in_units(1, IndicatorUnit(self._by_code[code].unit)) * each.value
            for code, each in found.items()
        }
        result = evaluate(formula, values)
        if result is not None:
            unit = IndicatorUnit(indicator.unit)
            is_percent = formula.name == "ratio" and unit is IndicatorUnit.PERCENT
            result *= (100 if is_percent else 1) * 10 ** DECIMALS[unit]
        newest = [each.newest for each in found.values() if each.newest is not None]
        return Figure(
            value=result,
            through=due.end,
            newest=min(newest) if len(newest) == len(found) else None,
            cells_due=sum(each.cells_due for each in found.values()),
            cells_reported=sum(each.cells_reported for each in found.values()),
            drills=tuple(drill for each in found.values() for drill in each.drills),
        )

    def _leaves(self, indicator: PlanIndicator) -> list[PlanIndicator]:
        """What its figures are made of; itself, unless it is derived."""
        if indicator.formula is None:
            return [indicator]
        codes = dict.fromkeys(operands(parse_formula(indicator.formula)))
        return [self._by_code[code] for code in codes]

    def _due(self, indicator: PlanIndicator, window: Window) -> Window:
        """The window cut off where the last period ends that everything reported must be there of: parts of a ratio
        are of the same days."""
        ends = [
            last_full_day(window.end, Frequency(leaf.frequency))
            for leaf in self._leaves(indicator)
            if leaf.source == IndicatorSource.MANUAL
        ]
        return Window(window.start, min([window.end, *ends]))

    def _leaf(self, indicator: PlanIndicator, due: Window, part: str) -> Figure:
        if indicator.source == IndicatorSource.AUTO:
            return self._auto(indicator, due, part)
        regions = self._regions.get((RegionLevel(indicator.level), part), 0)
        frequency = Frequency(indicator.frequency)
        if indicator.kind == IndicatorKind.FLOW:
            cells_due = regions * periods_between(due.start, due.end, frequency)
            first = due.start if due.start == period_of(due.start, frequency)[0] else _next(due.start, frequency)
            sums = [
                each
                for each in self._flows.get((indicator.id, part), ())
                if first <= period_of(each.ends_on, frequency)[0] and each.ends_on <= due.end
            ]
            value = Fraction(sum(each.value for each in sums)) if sums else None
            fresh = sum(each.cells for each in sums)
        else:
            is_due = due.end >= due.start
            cells_due = regions if is_due else 0
            sums = self._latest.get((indicator.id, part, due.end), [])
            value = _level(indicator, sums)
            # A figure of an earlier period stands until a newer one comes, but it is not the one that is due.
            fresh = sum(each.cells for each in sums if each.ends_on >= due.end) if is_due else 0
        newest = max((each.ends_on for each in sums), default=None)
        return Figure(value, due.end, newest, cells_due, fresh)

    def _auto(self, indicator: PlanIndicator, due: Window, part: str) -> Figure:
        assert indicator.measure is not None, "a CHECK of the table"
        known = self._measures.get(indicator.measure)
        value = self._measured.get((indicator.measure, part, due))
        if known is None or value is None:
            return Figure(None, due.end, None, int(due.start <= due.end), 0)
        region_code = part.ljust(12, "0")
        drill = Drill(indicator.id, known.key, known.report, known.column, region_code, due.start, due.end)
        return Figure(Fraction(value), due.end, due.end, 1, 1, (drill,))

    def _measure(self, session: Session, key: str, window: Window) -> dict[str, int]:
        known = self._measures[key]
        found = known.act(session, Areas(subtree(self._region_code), self._digits), window.start, window.end)
        if known.kind is ColumnKind.WEIGHT:  # grams are shown in kilograms, kept in hundredths
            return {part: (value + 5) // 10 for part, value in found.items()}
        return found


def _level(indicator: PlanIndicator, sums: list[Sum]) -> Fraction | None:
    if not sums:
        return None
    value = Fraction(sum(each.value for each in sums))
    if indicator.kind != IndicatorKind.RATIO:
        return value
    unit = IndicatorUnit(indicator.unit)
    scale: int = (100 if unit is IndicatorUnit.PERCENT else 1) * 10 ** DECIMALS[unit]
    return value / sum(each.whole for each in sums) * scale


def _next(day: date, frequency: Frequency) -> date:
    return period_of(day, frequency)[1] + timedelta(days=1)
