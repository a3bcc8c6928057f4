"""Charts: the right figures in the right place, and pictures that can be looked at."""

import io
from datetime import date
from typing import Any

import pytest
from PIL import Image

from market.kernel.errors import Language
from market.reports.declare import ChartKind, ChartSpec, Column, ColumnKind, ReportAsked, ReportResult, Row
from market.reports.outputs.chart import chart_of
from market.reports.outputs.drawing import PictureForm, draw
from market.reports.outputs.points import NAMES_MAX, SERIES_MAX, panels_of
from tests.reports.answers import KIND, MONTH, NET, ORDERS, SHARE, VILLAGE, answer

COUNT = Column("other", "其中地标", "Of these", ColumnKind.COUNT)
GROUPED = ReportAsked("test-report", date(2026, 10, 1), date(2026, 11, 30), group_by=("month", "kind"))
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def ranking(*rows: Row) -> ReportResult:
    return answer((VILLAGE, NET), rows, chart=ChartSpec(ChartKind.BAR, "village", ("net",)))


def points(result: ReportResult, language: Language = "zh-CN") -> list[tuple[str, str, float]]:
    return [(each.x, each.series, each.value) for panel in panels_of(result, language) for each in panel.points]


def test_a_ranking_has_the_largest_first_in_yuan() -> None:
    assert points(ranking(("梅园村", 8_800), ("葛家村", 26_450))) == [
        ("葛家村", "净额", 264.5),
        ("梅园村", "净额", 88.0),
    ]


def test_large_amounts_are_told_in_ten_thousands_as_people_say_them() -> None:
    large = ranking(("葛家村", 1_234_500_000))

    assert points(large) == [("葛家村", "净额", 1234.5)]
    assert panels_of(large, "zh-CN")[0].title == "净额（万元）"
    assert points(large, "en") == [("葛家村", "Net", 12_345_000.0)]
    assert panels_of(large, "en")[0].title == "Net (CNY)"


def test_a_long_ranking_is_cut_and_says_so() -> None:
    panel = panels_of(ranking(*[(f"村{number:02}", 1_000 - number) for number in range(50)]), "zh-CN")[0]

    assert [point.x for point in panel.points] == [f"村{number:02}" for number in range(NAMES_MAX)]
    assert panel.title == "净额（元），前 20 名，共 50 名"


def test_days_run_from_left_to_right_whatever_the_rows_order() -> None:
    rows = [(NOVEMBER, 2, 100), (OCTOBER, 1, 300)]
    result = answer((MONTH, ORDERS, NET), rows, chart=ChartSpec(ChartKind.LINE, "month", ("net", "orders")))
    money, count = panels_of(result, "zh-CN")

    assert [(point.x, point.value) for point in money.points] == [("2026-10-01", 3.0), ("2026-11-01", 1.0)]
    assert [(point.x, point.value) for point in count.points] == [("2026-10-01", 1.0), ("2026-11-01", 2.0)]
    assert money.is_by_month


def test_a_second_dimension_is_the_colour_and_adds_up_to_the_whole() -> None:
    rows = [(OCTOBER, "农产品", 100), (OCTOBER, "农旅", 300), (NOVEMBER, "农产品", 500)]
    result = answer((MONTH, KIND, NET), rows, chart=ChartSpec(ChartKind.STACKED, "month", ("net",)), asked=GROUPED)

    assert points(result) == [
        ("2026-10-01", "农产品", 1.0),
        ("2026-10-01", "农旅", 3.0),
        ("2026-11-01", "农产品", 5.0),
    ]
    assert panels_of(result, "zh-CN")[0].is_stacked


def test_more_colours_than_can_be_told_apart_are_the_rest_and_nothing_is_lost() -> None:
    rows = [(OCTOBER, f"类{number}", 100 * (number + 1)) for number in range(30)]
    result = answer((MONTH, KIND, NET), rows, chart=ChartSpec(ChartKind.STACKED, "month", ("net",)), asked=GROUPED)
    panel = panels_of(result, "zh-CN")[0]

    assert panel.series == [*[f"类{number}" for number in range(29, 29 - SERIES_MAX, -1)], "其他"]
    assert sum(point.value for point in panel.points) == pytest.approx(sum(row[2] for row in rows) / 100)


def test_a_ratio_is_never_added_up() -> None:
    rows = [(OCTOBER, "农产品", 5_000), (OCTOBER, "农旅", 5_000)]
    result = answer((MONTH, KIND, SHARE), rows, chart=ChartSpec(ChartKind.BAR, "month", ("share",)), asked=GROUPED)

    assert panels_of(result, "zh-CN") == []


def test_bars_side_by_side_are_in_the_order_of_the_first() -> None:
    rows = [("鱼", 300, 290), ("茶", 400, 100)]
    result = answer((VILLAGE, ORDERS, COUNT), rows, chart=ChartSpec(ChartKind.BAR, "village", ("orders", "other")))

    assert [x for x, series, _ in points(result) if series == "订单数"] == ["茶", "鱼"]


def test_a_colour_of_nothing_is_left_out() -> None:
    rows = [(OCTOBER, "农产品", 100), (OCTOBER, "赠品", 0)]
    result = answer((MONTH, KIND, NET), rows, chart=ChartSpec(ChartKind.STACKED, "month", ("net",)), asked=GROUPED)

    assert panels_of(result, "zh-CN")[0].series == ["农产品"]


def test_two_villages_of_one_name_are_two_bars() -> None:
    code = Column("villageId", "村编码", "Village id", ColumnKind.CODE)
    rows = [("新村", "330282114220", 100), ("新村", "330226109227", 300), ("葛家村", "330226109228", 200)]
    result = answer((VILLAGE, code, NET), rows, chart=ChartSpec(ChartKind.BAR, "village", ("net",)))

    assert [(x, value) for x, _, value in points(result)] == [
        ("新村（109227）", 3.0),
        ("葛家村", 2.0),
        ("新村（114220）", 1.0),
    ]


def test_without_rows_or_without_a_declared_chart_there_is_nothing_to_draw() -> None:
    assert chart_of(ranking(), "zh-CN") is None
    assert chart_of(ranking((None, None)), "zh-CN") is None


def rendered(form: PictureForm) -> bytes:
    rows: list[tuple[Any, ...]] = [("深甽镇", 8_800), ('<script>"&datum', 26_450)]
    chart = chart_of(ranking(*rows), "zh-CN")
    assert chart is not None
    return draw([chart], form)[0]


def test_the_svg_has_the_words_as_words_and_markup_in_them_is_no_markup() -> None:
    svg = rendered(PictureForm.SVG).decode()

    assert svg.startswith("<svg")
    assert all(word in svg for word in ("区域销售", "深甽镇", "净额（元）", "2026-10-01 至 2026-10-31"))
    assert "<script" not in svg
    assert "&lt;script&gt;" in svg


def test_the_png_is_a_picture_with_the_glyphs_of_a_rare_character() -> None:
    """A character that the font does not have would be drawn as nothing, or as the same box as any other."""

    def name(text: str) -> bytes:
        chart = chart_of(ranking((text, 8_800)), "zh-CN")
        assert chart is not None
        return draw([chart], PictureForm.PNG)[0]

    picture = Image.open(io.BytesIO(name("甽")))
    assert picture.format == "PNG"
    assert picture.width > 1_200
    assert len({name("甽"), name("垟"), name("\ue000")}) == 3


def test_a_drawing_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match="drawing failed"):
        draw([{"mark": "no such mark"}], PictureForm.SVG)


def test_a_chart_reads_nothing_from_elsewhere() -> None:
    elsewhere = {"data": {"url": "file:///etc/hostname"}, "mark": "point", "encoding": {"x": {"field": "x"}}}

    try:
        svg = draw([elsewhere], PictureForm.SVG)[0].decode()
    except RuntimeError:
        return
    assert svg.count("<path") < 10
