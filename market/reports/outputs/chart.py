"""What is drawn of a report: its declaration and its answer as a Vega-Lite specification.

Vega-Lite (https://vega.github.io/vega-lite/) takes a chart as data. Everything in it is a value of the report or a text
of ours, so no name can break it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from market.kernel.clock import SHANGHAI
from market.kernel.errors import Language
from market.reports.declare import ChartKind, ColumnKind, ReportResult
from market.reports.outputs.drawing import FONT
from market.reports.outputs.points import Panel, panels_of
from market.reports.outputs.shown import WORDS, title_of

WIDTH, PANEL_HEIGHT, BAR_HEIGHT = 720, 300, 26
"""In points."""
COLOURS = ("#2f6f4f", "#e08e2b", "#3b7ea1", "#b5533c", "#8a6fb0", "#7a9a3c", "#c9a227", "#5f6b73", "#b9bfc2")
"""Told apart by the colour-blind in this order, and in print by their darkness; the last one is the rest's."""

_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_INK, _FAINT, _GRID = "#1f2a24", "#5f6b65", "#e3e7e4"
_NUMBERS: Mapping[ColumnKind, str] = MappingProxyType({ColumnKind.SHARE: ".0%"})
_CONFIG: Mapping[str, Any] = MappingProxyType(
    {
        # The first is what the server draws with; the others are what people's machines have.
        "font": f"{FONT}, PingFang SC, Microsoft YaHei, sans-serif",
        "background": "white",
        "view": {"stroke": None},
        "axis": {
            "labelFontSize": 12,
            "titleFontSize": 12,
            "labelColor": _INK,
            "titleColor": _FAINT,
            "titleFontWeight": "normal",
            "gridColor": _GRID,
            "domainColor": "#9aa39e",
            "tickColor": "#9aa39e",
            "labelLimit": 180,
        },
        "legend": {"labelFontSize": 12, "title": None, "orient": "top", "labelColor": _INK, "symbolType": "square"},
        "title": {
            "fontSize": 18,
            "subtitleFontSize": 12,
            "color": _INK,
            "subtitleColor": _FAINT,
            "anchor": "start",
            "fontWeight": "normal",
            "offset": 14,
            "subtitlePadding": 6,
        },
    }
)


def chart_of(result: ReportResult, language: Language) -> dict[str, Any] | None:
    """The chart of an answer; None when the report has none, or the answer nothing to draw.

    Figures of different kinds (money, counts) are drawn one above the other, each with its own scale.
    """
    panels = panels_of(result, language)
    if not panels:
        return None
    drawn = [_panel(panel) for panel in panels]
    return {
        "$schema": _SCHEMA,
        "title": {"text": title_of(result.report, language), "subtitle": _subtitle(result, language)},
        "vconcat": drawn,
        "spacing": 28,
        "padding": 18,
        "config": dict(_CONFIG),
        "resolve": {"scale": {"color": "independent"}},
    }


def _subtitle(result: ReportResult, language: Language) -> str:
    asked = result.asked
    as_of = result.as_of.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    period = f"{asked.start} {WORDS[language]['to']} {asked.end}"
    return f"{period} · as of {as_of}" if language == "en" else f"{period} · 数据截至 {as_of}"


def _panel(panel: Panel) -> dict[str, Any]:
    values = [{"x": point.x, "s": point.series, "v": point.value, "n": at} for at, point in enumerate(panel.points)]
    colour: dict[str, Any] = {"value": COLOURS[0]}
    if len(panel.series) > 1:
        colours = [COLOURS[at % (len(COLOURS) - 1)] for at in range(len(panel.series))]
        if panel.has_rest:
            colours[-1] = COLOURS[-1]
        colour = {"field": "s", "type": "nominal", "scale": {"domain": panel.series, "range": colours}}
        colour["sort"] = panel.series
        if panel.kind is ChartKind.LINE:  # a hollow square says nothing of a line
            colour["legend"] = {"symbolType": "stroke", "symbolStrokeWidth": 3}
    height: Any = PANEL_HEIGHT
    if panel.is_ranking:
        bars = 1 if panel.is_stacked else len(panel.series)
        height = {"step": BAR_HEIGHT + (bars - 1) * BAR_HEIGHT // 2, "for": "position"}
    return {
        "data": {"values": values},
        "width": WIDTH,
        "height": height,
        "mark": _mark(panel),
        "encoding": _bars(panel, colour) if panel.is_ranking else _over_time(panel, colour),
    }


def _mark(panel: Panel) -> dict[str, Any]:
    if panel.kind is ChartKind.LINE:
        is_dense = len({point.x for point in panel.points}) > 60
        return {"type": "line", "strokeWidth": 2, "point": False if is_dense else {"size": 40, "filled": True}}
    return {"type": "bar", "cornerRadiusEnd": 0 if panel.is_stacked else 2}


def _bars(panel: Panel, colour: dict[str, Any]) -> dict[str, Any]:
    """Names down the side, where long ones can be read; the largest first, as the points come."""
    encoding = {
        "y": {"field": "x", "type": "nominal", "title": None, "sort": {"field": "n", "op": "min"}},
        "x": {**_amount(panel), "axis": {"title": panel.title, "format": _format(panel), "tickCount": 6}},
        "color": colour,
        "order": {"field": "n"},
    }
    if len(panel.series) > 1 and not panel.is_stacked:
        encoding["yOffset"] = {"field": "s", "sort": panel.series}
    return encoding


def _over_time(panel: Panel, colour: dict[str, Any]) -> dict[str, Any]:
    labels = {"format": _days(panel), "labelAngle": 0, "labelOverlap": "greedy", "title": None, "grid": False}
    kind = "temporal" if panel.kind is ChartKind.LINE else "ordinal"
    x: dict[str, Any] = {"field": "x", "type": kind, "axis": labels}
    if panel.is_by_day:
        # Days are days: drawn at the server's own time, whatever zone that is in.
        x |= {
            "timeUnit": "utcyearmonthdate",
            "scale": {"type": "utc"} if kind == "temporal" else {"paddingInner": 0.25},
        }
    else:
        x |= {"type": "nominal", "sort": {"field": "n", "op": "min"}}
        labels.pop("format")
    encoding: dict[str, Any] = {
        "x": x,
        "y": {**_amount(panel), "axis": {"title": panel.title, "format": _format(panel), "tickCount": 6}},
        "color": colour,
        "order": {"field": "n"},
    }
    if panel.kind is ChartKind.LINE:
        encoding.pop("order")
    elif len(panel.series) > 1 and not panel.is_stacked:
        encoding["xOffset"] = {"field": "s", "sort": panel.series}
    return encoding


def _amount(panel: Panel) -> dict[str, Any]:
    return {"field": "v", "type": "quantitative", "stack": "zero" if panel.is_stacked else None}


def _format(panel: Panel) -> str:
    return _NUMBERS.get(panel.measure, ",~f")


def _days(panel: Panel) -> str:
    return "%Y-%m" if panel.is_by_month else "%m-%d"
