"""Sheets of reports: right numbers as numbers, words as words, nothing that runs, nothing held."""

import csv
import io
import tracemalloc
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from market.bulk.rules import FileFormat
from market.kernel.errors import Language
from market.reports.declare import Column, ColumnKind, ReportResult, Row
from market.reports.outputs.sheets import write_sheet
from market.reports.run import Streamed
from tests.reports.answers import MONTH, NET, ORDERS, SHARE, VILLAGE, WEIGHT, answer

CODE = Column("producer", "经营主体编号", "Producer id", ColumnKind.CODE)
COLUMNS = (MONTH, VILLAGE, CODE, ORDERS, NET, WEIGHT, SHARE)
ROW: Row = (date(2026, 10, 1), "葛家村", "0012", 1_234, -123_456_789, 1_500, 525)
FORMULAS = ['=HYPERLINK("http://x")', "-2+3", "+1", "@SUM(A1)", "\t=1", "\n=1", "＝1+1", "－1", "'=1"]


def sheet_of(about: ReportResult, rows: Iterator[Row] | None = None) -> Streamed:
    return Streamed(about, iter(about.rows) if rows is None else rows, lambda: about.totals)


def written(about: ReportResult, form: FileFormat, language: Language = "zh-CN") -> bytes:
    file = io.BytesIO()
    write_sheet(file, sheet_of(about), form, language)
    return file.getvalue()


def csv_rows(about: ReportResult, language: Language = "zh-CN") -> list[list[str]]:
    return list(csv.reader(io.StringIO(written(about, FileFormat.CSV, language).decode("utf-8-sig"))))


def book(about: ReportResult, language: Language = "zh-CN") -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(written(about, FileFormat.XLSX, language)))


def test_csv_has_the_columns_words_and_their_units() -> None:
    assert csv_rows(answer(COLUMNS, [ROW])) == [
        ["月份", "村", "经营主体编号", "订单数", "净额（元）", "重量（公斤）", "占比"],
        ["2026-10-01", "葛家村", "0012", "1234", "-1234567.89", "1.500", "5.25%"],
    ]
    assert csv_rows(answer(COLUMNS, []), "en")[0][4:] == ["Net (CNY)", "Weight (kg)", "Share"]


def test_xlsx_keeps_numbers_as_numbers_and_shows_them_as_people_read_them() -> None:
    cells = book(answer(COLUMNS, [ROW])).worksheets[0][2]

    assert [cell.value for cell in cells] == [
        datetime(2026, 10, 1),  # noqa: DTZ001 - a cell's day has no zone
        "葛家村",
        "0012",
        1_234,
        -1_234_567.89,
        1.5,
        0.0525,
    ]
    assert [cell.number_format for cell in cells] == [
        "yyyy-mm-dd",
        "@",
        "@",
        "#,##0",
        "#,##0.00",
        "#,##0.###",
        "0.00%",
    ]


def test_the_header_stays_in_sight_and_columns_are_as_wide_as_their_words() -> None:
    sheet = book(answer(COLUMNS, [ROW])).worksheets[0]

    assert sheet.freeze_panes == "A2"
    assert sheet["A1"].font.bold
    assert sheet.column_dimensions["B"].width > 20
    assert sheet.column_dimensions["E"].width >= 16
    assert sheet.title == "区域销售"


def test_totals_stand_beneath_the_last_row_and_are_no_row() -> None:
    about = answer((VILLAGE, NET), [("葛家村", 100), ("梅园村", 250)], totals=(None, 350))
    sheet = book(about).worksheets[0]

    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["村", "净额（元）"],
        ["葛家村", 1],
        ["梅园村", 2.5],
        ["合计", 3.5],
    ]
    assert csv_rows(about)[-1] == ["梅园村", "2.50"]


def test_a_report_without_rows_is_a_header() -> None:
    about = answer((VILLAGE, NET), [], totals=(None, 0))

    assert len(list(book(about).worksheets[0].iter_rows())) == 1
    assert csv_rows(about) == [["村", "净额（元）"]]


def test_what_the_figures_mean_goes_with_them() -> None:
    sheet = book(answer((VILLAGE, ORDERS, NET), [])).worksheets[1]
    notes = {row[0].value: row[1].value for row in sheet.iter_rows()}

    assert notes["定义"] == "各村净额"
    assert notes["统计期间"] == "2026-10-01 至 2026-10-31"
    assert notes["数据截至"] == "2026-11-24 10:00:00"
    assert notes["口径：净额（元）"] == "实付减退款"


@pytest.mark.parametrize("text", FORMULAS)
def test_no_name_runs_as_a_formula(text: str) -> None:
    about = answer((VILLAGE, NET), [(text, -5)])
    cell = book(about).worksheets[0]["A2"]

    assert csv_rows(about)[1] == [f"'{text}", "-0.05"]
    assert (cell.data_type, cell.value) == ("s", f"'{text}")
    assert book(about).worksheets[0]["B2"].value == pytest.approx(-0.05)


def test_what_is_empty_is_empty() -> None:
    about = answer((VILLAGE, NET, SHARE), [(None, None, None)])

    assert csv_rows(about)[1] == ["", "", ""]
    assert [cell.value for cell in book(about).worksheets[0][2]] == [None, None, None]


def test_rows_are_written_as_they_come(tmp_path: Path) -> None:
    """A hundred thousand rows take no more memory than a thousand: tracemalloc counts, so the machine's speed and load
    do not matter."""

    def peak(count: int, form: FileFormat) -> int:
        about = answer(COLUMNS, [])
        with (tmp_path / form.value).open("w+b") as file:
            tracemalloc.start()
            assert write_sheet(file, sheet_of(about, (ROW for _ in range(count))), form, "zh-CN") == count
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return most

    for form in FileFormat:
        peak(10, form)  # what is imported and cached once
        assert peak(20_000, form) < peak(1_000, form) + 512 * 1024


def test_an_export_that_breaks_off_leaves_no_file_behind(tmp_path: Path) -> None:
    def broken() -> Iterator[Row]:
        yield from (ROW for _ in range(100))
        raise ConnectionError

    folder = tmp_path / "work"
    folder.mkdir()
    about = answer(COLUMNS, [])
    for form in FileFormat:
        with (tmp_path / "out").open("w+b") as file, pytest.raises(ConnectionError):
            write_sheet(file, sheet_of(about, broken()), form, "zh-CN", folder=folder)

    assert list(folder.iterdir()) == []
