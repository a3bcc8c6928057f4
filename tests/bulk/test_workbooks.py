"""XLSX as it comes: what cells say, as Excel shows it."""

import io
from datetime import date, datetime, time, timedelta

import pytest
from openpyxl import Workbook

from market.bulk.reading.table import read_table
from market.bulk.rules import FileFormat
from market.bulk.sheets.prices import PRICES
from tests.bulk.workbooks import GOOD, SHARED, rebuilt, rows, workbook

HALF_PAST_NINE = datetime(2026, 6, 1, 9, 30)  # noqa: DTZ001 - Excel knows no zones


def test_cells_are_read_as_excel_shows_them() -> None:
    content = workbook(
        ("规格编码", "价格（元）", "#日", "#时", "#刻", "#长", "#真", "#空"),
        (1001, 88.5, date(2026, 6, 1), HALF_PAST_NINE, time(9, 30), timedelta(hours=9), True, None),
        ("桃", 0.1 + 0.2, None, None, None, None, None, None),
    )

    assert read_table(io.BytesIO(content), PRICES).format is FileFormat.XLSX
    assert rows(content) == [
        (2, ["1001", "88.5", "2026-06-01", "2026-06-01 09:30", "09:30", "09:00", "TRUE", ""]),
        (3, ["桃", "0.3", "", "", "", "", "", ""]),
    ]


def test_rows_are_numbered_as_excel_shows_them_with_gaps() -> None:
    content = workbook((), ("规格编码", "价格"), (), ("桃", 1), ("# 备注", None), ("茶", 2))

    assert [number for number, _ in rows(content)] == [4, 6]


def test_formulas_and_excels_errors_come_as_they_are_to_be_refused() -> None:
    content = workbook(("规格编码", "价格"), ("桃", "=1+1"), ("茶", "#N/A"), ("#REF!", 3))

    assert [cells for _, cells in rows(content)] == [["桃", "=1+1"], ["茶", "#N/A"], ["#REF!", "3"]]


def test_the_sheet_with_the_right_name_is_read_else_the_first() -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(("说明",))
    prices = book.create_sheet("价格")
    prices.append(("sku", "price"))
    prices.append(("桃", 1))
    file = io.BytesIO()
    book.save(file)

    assert rows(file.getvalue()) == [(2, ["桃", "1"])]
    assert rows(workbook(("sku", "price"), ("茶", 2), title="随便")) == [(2, ["茶", "2"])]


def test_sizes_that_a_sheet_claims_are_not_believed() -> None:
    def change(_name: str, data: bytes) -> bytes:
        return data.replace(b'<dimension ref="A1:B2"', b'<dimension ref="A1:A1"')

    assert rows(rebuilt(GOOD, change)) == [(2, ["桃-大", "88"])]


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("General", "46174.5"),
        ("0.00", "46174.5"),
        ('0.00"days"', "46174.5"),
        ("[Red]0.0", "46174.5"),
        ("yyyy-mm-dd", "2026-06-01 12:00"),
        ('yyyy"年"m"月"d"日"', "2026-06-01 12:00"),
        ("[$-804]aaaa;@d", "46174.5"),
        ("[h]:mm", "2026-06-01 12:00"),
    ],
)
def test_what_a_number_is_says_its_format(code: str, shown: str) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(("sku", "price"))
    book.active.append(("桃", 46174.5))
    book.active["B2"].number_format = code
    file = io.BytesIO()
    book.save(file)

    assert rows(file.getvalue()) == [(2, ["桃", shown])]


@pytest.mark.parametrize(
    ("format_id", "shown"), [(14, "2026-06-01"), (31, "2026-06-01"), (57, "2026-06-01"), (2, "46174")]
)
def test_formats_that_no_style_spells_out_are_known_those_of_china_too(format_id: int, shown: str) -> None:
    """openpyxl writes none of these by number, and Excel in China does."""

    def change(name: str, data: bytes) -> bytes:
        if name == "xl/styles.xml":
            return data.replace(b'numFmtId="0"', f'numFmtId="{format_id}"'.encode())
        return data.replace(b"<v>88</v>", b"<v>46174</v>")

    assert rows(rebuilt(GOOD, change)) == [(2, ["桃-大", shown])]


def test_days_of_a_workbook_from_a_macintosh_count_from_1904() -> None:
    def change(_name: str, data: bytes) -> bytes:
        data = data.replace(b"<workbookPr ", b'<workbookPr date1904="1" ')
        return data.replace(b'numFmtId="0"', b'numFmtId="14"').replace(b"<v>88</v>", b"<v>44712</v>")

    assert rows(rebuilt(GOOD, change)) == [(2, ["桃-大", "2026-06-01"])]


def test_rich_text_is_its_runs_without_the_readings_of_its_characters() -> None:
    def change(_name: str, data: bytes) -> bytes:
        rich = '<r><t>桃</t></r><r><t>-大</t></r><rPh sb="0" eb="1"><t>táo</t></rPh>'
        return data.replace("<t>桃-大</t>".encode(), rich.encode())

    assert rows(rebuilt(SHARED, change)) == [(2, ["桃-大", "88"])]
    assert rows(rebuilt(GOOD, change)) == [(2, ["桃-大", "88"])]


def test_the_same_content_is_read_whatever_prefix_and_places_its_writer_chose() -> None:
    def change(name: str, data: bytes) -> bytes:
        if not name.startswith("xl/worksheets/"):
            return data
        data = (
            data.replace(b' r="B2"', b"")
            .replace(b"<", b"<x:")
            .replace(b"<x:/", b"</x:")
            .replace(b"xmlns=", b"xmlns:x=")
        )
        return data.replace(b"<x:?", b"<?")

    assert rows(rebuilt(GOOD, change)) == [(2, ["桃-大", "88"])]
