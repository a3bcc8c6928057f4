"""The points of a chart: which of a report's rows and columns are drawn, how they are grouped, in which unit.

Pure: an answer in, numbers out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from market.kernel.errors import Language
from market.reports.declare import ChartKind, Column, ColumnKind, ReportResult, Value
from market.reports.outputs.shown import UNITS, WORDS, label_of

NAMES_MAX = 20
"""Bars of a ranking: the largest, and no more than can be read."""
SERIES_MAX = 8
"""Colours of one chart; what is smaller is added up as the rest."""
_CODE_END = 6
_TEN_THOUSAND = 10_000
_LARGE = 100_000
"""From here on amounts are told in 万."""

_SCALE = {ColumnKind.MONEY: 100, ColumnKind.WEIGHT: 1000, ColumnKind.SHARE: 10_000}
_NAMES = {ColumnKind.TEXT, ColumnKind.DATE, ColumnKind.CODE}


@dataclass(frozen=True, slots=True)
class Point:
    """One mark: where, of which colour, how high."""

    x: str
    series: str
    value: float


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing: figures of one kind over one axis."""

    kind: ChartKind
    measure: ColumnKind
    title: str
    series: list[str]
    points: list[Point]
    is_by_day: bool
    is_by_month: bool
    has_rest: bool

    @property
    def is_stacked(self) -> bool:
        """Whether its parts lie on each other and add up."""
        return self.kind is ChartKind.STACKED

    @property
    def is_ranking(self) -> bool:
        """Whether it is bars by name, down the page."""
        return not self.is_by_day and self.kind is not ChartKind.LINE


def panels_of(result: ReportResult, language: Language) -> list[Panel]:
    """What to draw of an answer: one panel for each kind of figure. Empty when there is nothing.

    Along the bottom goes the declared column, or the first that the answer is grouped by. When it is grouped by another
    one too, that one is the colour, and only the first figure is drawn, for colours tell one thing. Figures that cannot
    be added up are left out where rows share a place. Two places of one name are told apart by their codes.
    """
    spec = result.report.chart
    at = {column.key: number for number, column in enumerate(result.columns)}
    grouping = [column for column in result.columns if column.kind in _NAMES and not _is_code(column, result.columns)]
    if spec is None or not grouping or not result.rows:
        return []
    x = next((column for column in grouping if column.key == spec.x), grouping[0])
    said = {*spec.series, *result.asked.group_by}
    colour = next((column for column in grouping if column is not x and column.key in said), None)
    places = _named(result, x, language)
    measures = [result.columns[at[key]] for key in spec.series if key in at and result.columns[at[key]] is not colour]
    if colour is not None or len(set(places)) < len(places):
        measures = [column for column in measures if column.derive is None and column.is_summed]
    if colour is not None:
        measures = measures[:1]
    kinds = dict.fromkeys(column.kind for column in measures)
    panels = [_Drawn(x, places, colour, [each for each in measures if each.kind is kind]) for kind in kinds]
    return [_panel(result, spec.kind, panel, language) for panel in panels if _sums(result, panel, language)]


def _is_code(column: Column, columns: Sequence[Column]) -> bool:
    """Whether a code stands beside the name of the same thing: then the name is drawn."""
    return column.kind is ColumnKind.CODE and any(each.kind is ColumnKind.TEXT for each in columns)


def _named(result: ReportResult, x: Column, language: Language) -> list[Value]:
    """Where each row is drawn: its day, or its name, with the end of its code where others have the same name."""
    at = {column.key: number for number, column in enumerate(result.columns)}
    if x.kind is ColumnKind.DATE:
        return [row[at[x.key]] for row in result.rows]
    code = at.get(f"{x.key}Id")
    pairs = [(_name(row[at[x.key]], language), None if code is None else row[code]) for row in result.rows]
    shared = Counter(name for name, _ in set(pairs))
    return [name if shared[name] == 1 else f"{name}（{str(code)[-_CODE_END:]}）" for name, code in pairs]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What one panel is made of."""

    x: Column
    places: Sequence[Value]
    """Of each row."""
    colour: Column | None
    measures: Sequence[Column]


def _panel(result: ReportResult, kind: ChartKind, drawn: _Drawn, language: Language) -> Panel:
    sums = _sums(result, drawn, language)
    is_by_day = drawn.x.kind is ColumnKind.DATE
    series, has_rest = _series(sums, drawn, language)
    # Bars side by side are put in order by the first of them: what the others are is told against it.
    is_side_by_side = drawn.colour is None and kind is not ChartKind.STACKED
    places = _places(sums, {series[0]} if is_side_by_side else set(series), is_by_day=is_by_day)
    measure = drawn.measures[0].kind
    scale, unit = _unit(measure, sums.values(), language)
    heights: dict[tuple[Value, str], int] = defaultdict(int)
    for (place, name), value in sums.items():
        heights[place, name if name in series else series[-1]] += value
    shown = places if is_by_day else places[:NAMES_MAX]
    title = _titled(label_of(drawn.measures[0], language) if len(drawn.measures) == 1 else "", unit, language)
    return Panel(
        kind=kind if kind is not ChartKind.LINE or is_by_day else ChartKind.BAR,
        measure=measure,
        title=title if len(shown) == len(places) else _cut(title, len(places), language),
        series=series,
        points=[
            Point(_name(place, language), name, heights[place, name] / scale)
            for place in shown
            for name in series
            if (place, name) in heights
        ],
        is_by_day=is_by_day,
        is_by_month=is_by_day and len(places) > 1 and all(isinstance(each, date) and each.day == 1 for each in places),
        has_rest=has_rest,
    )


def _sums(result: ReportResult, drawn: _Drawn, language: Language) -> dict[tuple[Value, str], int]:
    """How much there is of each series at each place."""
    at = {column.key: number for number, column in enumerate(result.columns)}
    sums: dict[tuple[Value, str], int] = defaultdict(int)
    for place, row in zip(drawn.places, result.rows, strict=True):
        for measure in drawn.measures:
            value = row[at[measure.key]]
            name = label_of(measure, language) if drawn.colour is None else _name(row[at[drawn.colour.key]], language)
            if isinstance(value, int):
                sums[place, name] += value
    return sums


def _series(sums: dict[tuple[Value, str], int], drawn: _Drawn, language: Language) -> tuple[list[str], bool]:
    """The colours, and whether the last one is everything that has none of its own."""
    if drawn.colour is None:
        return list(dict.fromkeys(name for _, name in sums)), False
    size: dict[str, int] = defaultdict(int)
    for (_, name), value in sums.items():
        size[name] += abs(value)
    names = sorted((name for name in size if size[name]), key=lambda name: -size[name]) or list(size)[:1]
    if len(names) <= SERIES_MAX:
        return names, False
    rest = WORDS[language]["other"]
    return [*(name for name in names[:SERIES_MAX] if name != rest), rest], True


def _places(sums: dict[tuple[Value, str], int], counted: set[str], *, is_by_day: bool) -> list[Value]:
    """Where something is drawn, in order: days one after another, names by the size of what counts."""
    places = list(dict.fromkeys(place for place, _ in sums))
    if is_by_day:
        days = sorted(each for each in places if isinstance(each, date))
        return list(days)
    size: dict[Value, int] = defaultdict(int)
    for (place, name), value in sums.items():
        size[place] += value if name in counted else 0
    return sorted(places, key=lambda place: -size[place])


def _cut(title: str, count: int, language: Language) -> str:
    if language == "en":
        return f"{title}: the largest {NAMES_MAX} of {count}"
    return f"{title}，前 {NAMES_MAX} 名，共 {count} 名"


def _unit(kind: ColumnKind, values: Iterable[int], language: Language) -> tuple[int, str]:
    """By what values are divided, and what they are counted in then: large ones in 万, as people say them."""
    scale = _SCALE.get(kind, 1)
    words = UNITS.get(kind)
    unit = "" if words is None else words[language == "en"]
    largest = max((abs(value) for value in values), default=0) / scale
    if language == "zh-CN" and kind is not ColumnKind.SHARE and largest >= _LARGE:
        return scale * _TEN_THOUSAND, f"万{unit}"
    return scale, unit


def _titled(title: str, unit: str, language: Language) -> str:
    if not unit:
        return title
    if not title:
        return unit
    return f"{title} ({unit})" if language == "en" else f"{title}（{unit}）"


def _name(value: Value, language: Language) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return WORDS[language]["none"] if value is None or value == "" else str(value)
