"""What a cell may hold: read in the ways people write it, shown so that it is read again as the same."""

from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.bulk.errors import RowRefused
from market.bulk.guard import guarded, unguarded
from market.bulk.reading.rows import read_cell
from market.bulk.sheets import SHEETS
from market.bulk.sheets.cells import Cell, Choice, ClockTime, Code, Day, Price, Text, Whole, shown_text
from market.bulk.sheets.columns import Sheet
from market.bulk.sheets.products import Windows
from market.catalogue.rules import Storage

STORAGE = Choice({Storage.CHILLED: ("冷藏", "Chilled"), Storage.FROZEN: ("冷冻", "Frozen")})
PRICE, COUNT = Price(1, 100_000_00), Whole(0, 1_000_000)


@pytest.mark.parametrize(
    ("cell", "text", "value"),
    [
        (PRICE, "88", 8800),
        (PRICE, "88.5", 8850),
        (PRICE, "¥1,234.50", 123450),
        (PRICE, "￥８８．５０元", 8850),
        (PRICE, "0.01", 1),
        (COUNT, "１２０", 120),
        (COUNT, "1,200", 1200),
        (COUNT, "12.0", 12),
        (Day(), "2026-06-01", date(2026, 6, 1)),
        (Day(), "2026/6/1", date(2026, 6, 1)),
        (Day(), "2026.6.1", date(2026, 6, 1)),
        (Day(), "2026年6月1日", date(2026, 6, 1)),
        (Day(), "20260601", date(2026, 6, 1)),
        (Day(), "２０２６－０６－０１", date(2026, 6, 1)),
        (Day(), "2026-06-01 00:00:00", date(2026, 6, 1)),
        (Day(), "46174", date(2026, 6, 1)),
        (ClockTime(), "9:30", time(9, 30)),
        (ClockTime(), "09：30", time(9, 30)),
        (ClockTime(), "09:30:00", time(9, 30)),
        (ClockTime(), "0.395833333333333", time(9, 30)),
        (STORAGE, "冷藏", Storage.CHILLED),
        (STORAGE, "chilled", Storage.CHILLED),
        (STORAGE, "FROZEN", Storage.FROZEN),
        (Windows(), "06-20~08-31", (("06-20", "08-31"),)),
        (Windows(), "6月20日至8月31日；11.15～1.31", (("06-20", "08-31"), ("11-15", "01-31"))),
    ],
)
def test_what_people_write_is_understood(cell: Cell, text: str, value: Any) -> None:
    assert cell.read(text) == value


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (PRICE, "88.505"),
        (PRICE, "0"),
        (PRICE, "-5"),
        (PRICE, "1,23"),
        (PRICE, "8.8E+03"),
        (PRICE, "八十八"),
        (PRICE, "9" * 40),
        (COUNT, "12.5"),
        (COUNT, "-1"),
        (COUNT, "1000001"),
        (Day(), "2026-02-30"),
        (Day(), "06-01"),
        (Day(), "2026-06-01 09:30"),
        (Day(), "明天"),
        (ClockTime(), "24:00"),
        (ClockTime(), "9点"),
        (STORAGE, "冷"),
        (Windows(), "06-20"),
        (Windows(), "02-30~03-01"),
        (Windows(), ";"),
        (Text(3), "四个字吧"),
        (Code(64), "#N1"),
        (Code(64), "two\nlines"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be_right(cell: Cell, text: str) -> None:
    with pytest.raises(RowRefused) as refused:
        cell.read(text)

    assert refused.value.message("zh-CN")
    assert refused.value.message("en")


@given(st.integers(1, 100_000_00))
def test_a_price_is_shown_so_that_it_is_read_again(fen: int) -> None:
    assert PRICE.read(shown_text(PRICE.show(fen))) == fen


@given(st.dates(date(1955, 1, 1), date(2100, 1, 1)))
def test_a_day_is_shown_so_that_it_is_read_again(day: date) -> None:
    assert Day().read(shown_text(Day().show(day))) == day


@given(st.text())
def test_guarding_loses_nothing_and_leaves_nothing_risky(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


def read(sheet: Sheet, key: str, text: str) -> Any:
    return read_cell(sheet, key, text)


TITLE = next(sheet for sheet in SHEETS.values() if sheet.title("en") == "Products")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("=1+1", "公式"),
        ("＝HYPERLINK(1)", "公式"),
        ("#REF!", "错误值"),
        ("坏\ufffd字", "乱码"),
        ("a\x00b", "乱码"),
        ("长" * 20_001, "20000"),
        ("", "不能为空"),
        ("　 \t", "不能为空"),
    ],
)
def test_a_cell_with_nothing_to_trust_in_it_is_refused(text: str, word: str) -> None:
    with pytest.raises(RowRefused) as refused:
        read(TITLE, "title", text)

    assert word in refused.value.message("zh-CN")
    assert refused.value.column == "title"


def test_a_guarded_formula_is_text_and_spaces_around_do_not_count() -> None:
    assert read(TITLE, "title", "　'=水蜜桃 ") == "=水蜜桃"
    assert read(TITLE, "description", "一\r\n二\r三") == "一\n二\n三"
    assert read(TITLE, "title_en", "  ") is None


@pytest.mark.parametrize("sheet", SHEETS.values())
def test_every_example_and_every_choice_is_understood_by_its_own_column(sheet: Sheet) -> None:
    for column in sheet.columns:
        for text in (column.example, *column.cell.choices()):
            if text:
                read_cell(sheet, column.key, text)


@pytest.mark.parametrize("sheet", SHEETS.values())
def test_no_two_columns_answer_to_one_header(sheet: Sheet) -> None:
    names = [name for column in sheet.columns for name in column.names()]

    assert len(names) == len(set(names))
    assert all(column.help("en") and column.help("zh-CN") for column in sheet.columns)
