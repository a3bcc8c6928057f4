"""CSV as it comes: encodings, delimiters, headers; and what is refused, with where it is."""

import io
import itertools
from collections.abc import Iterator

import pytest

from market.bulk.errors import (
    BadEncoding,
    BadHeader,
    BadQuoting,
    FileRefused,
    NoRows,
    NotASheet,
    TooManyColumns,
    TooManyRows,
)
from market.bulk.reading.table import Table, format_of, read_table
from market.bulk.rules import ROWS_MAX
from market.bulk.sheets.prices import PRICES

HEADER = "规格编码,价格（元）"
TEXT = f"{HEADER}\r\n桃-大,88\r\n桃-小,48\r\n"


def table(content: bytes) -> Table:
    return read_table(io.BytesIO(content), PRICES)


def rows(content: bytes) -> list[tuple[int, list[str]]]:
    return list(table(content).rows)


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
    ],
)
def test_the_encoding_is_decided_by_the_bytes(encoding: str, found: str) -> None:
    content = TEXT.encode(encoding)

    assert table(content).encoding == found
    assert rows(content) == [(2, ["桃-大", "88"]), (3, ["桃-小", "48"])]


def test_utf_16_may_come_in_either_order() -> None:
    assert rows(b"\xfe\xff" + TEXT.encode("utf-16-be")) == rows(TEXT.encode())


LONG = "".join(f"桃-{number},88\r\n" for number in range(100_000)).encode()
"""Longer than what is read at once, so that characters are cut in two."""


def test_characters_on_the_border_of_two_pieces_are_whole() -> None:
    content = f"{HEADER}\r\n".encode() + LONG

    assert [cells[0] for _, cells in rows(content[: content.index(",88\r\n桃-40000".encode())])] == [
        f"桃-{number}" for number in range(40_000)
    ]


@pytest.mark.parametrize(
    ("content", "encoding", "line"),
    [
        (f"{HEADER}\r\n桃,8".encode() + b"\xff8\r\n", "UTF-8", 2),
        (f"{HEADER}\r\n".encode() + LONG + b"\xe6\xa1", "UTF-8", 100_002),
        (b"\xef\xbb\xbf" + HEADER.encode() + b"\r\n\xff", "UTF-8", 2),
        (TEXT.encode("gb18030") + b"\xff\xff,1\r\n", "GB18030", 4),
        (TEXT.encode("utf-16") + b"\x00", "UTF-16", 4),
        (b"\xff\xfe" + TEXT.encode("utf-16-le") + b"\x00\xd8", "UTF-16", 4),
    ],
)
def test_bytes_that_are_no_text_are_named_by_their_line(content: bytes, encoding: str, line: int) -> None:
    with pytest.raises(BadEncoding) as refused:
        table(content)

    assert (refused.value.facts["encoding"], refused.value.facts["line"]) == (encoding, line)
    assert f"第 {line} 行" in refused.value.message("zh-CN")


def test_one_broken_byte_does_not_turn_utf_8_into_nonsense_in_another_encoding() -> None:
    """Nearly all bytes are GB18030 text: only what is not mostly UTF-8 is taken for it."""
    content = "sku,price\r\n桃桃桃桃桃桃,88\r\n".encode() + b"\xa1\xa1,1\r\n"
    content.decode("gb18030")

    with pytest.raises(BadEncoding) as refused:
        table(content)

    assert refused.value.facts == refused.value.facts | {"encoding": "UTF-8", "line": 3}


@pytest.mark.parametrize(
    "content",
    [
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100,
        b"%PDF-1.7 ...",
        b"\x89PNG\r\n\x1a\n",
        TEXT.encode("utf-32"),
        TEXT.encode("utf-16-le"),
        b"\0\0\0",
    ],
)
def test_what_is_no_sheet_at_all_is_told_so(content: bytes) -> None:
    with pytest.raises(NotASheet):
        table(content)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_that_makes_sense_of_the_header(delimiter: str) -> None:
    content = f"价格（元）{delimiter}规格编码\n88{delimiter}桃-大\n".encode()

    assert rows(content) == [(2, ["88", "桃-大"])]
    assert table(content).keys == ("price", "sku")


def test_rows_are_numbered_as_excel_shows_them_with_line_breaks_in_cells_and_empty_rows() -> None:
    content = f'\n{HEADER},#备注\n桃-大,88,"两\n行"\n,,\n\n桃-小,48,\n'.encode()

    assert rows(content) == [(3, ["桃-大", "88", "两\n行"]), (6, ["桃-小", "48", ""])]


def test_comments_are_not_read() -> None:
    content = f"{HEADER},#备注\n# 示例,88,说明\n桃-大,88,好\n#,,\n".encode()

    assert rows(content) == [(3, ["桃-大", "88", "好"])]
    assert table(content).keys == ("sku", "price", None)


@pytest.mark.parametrize(
    "header", ["规格编码 *,价格", "SKU,Price (CNY)", "ＳＫＵ,price", "货号, 售价（元） ", "sku,价格(元)"]
)
def test_headers_are_found_by_name_whatever_their_dress(header: str) -> None:
    assert set(table(f"{header}\nx,1".encode()).keys) == {"sku", "price"}


@pytest.mark.parametrize(
    ("header", "word"),
    [
        ("规格编码,价格,价格（元）", "重复"),
        ("规格编码", "缺少这些列：价格（元）"),
        ("规格编码,价格,单价格", "是否应为"),
        ("规格编码,价格,颜色", "以 # 开头"),
        ("# 只有备注", "缺少这些列"),
    ],
)
def test_a_header_that_is_not_understood_is_refused_with_what_to_do(header: str, word: str) -> None:
    with pytest.raises(BadHeader) as refused:
        table(f"{header}\nx,1,2".encode())

    assert word in refused.value.message("zh-CN")
    assert refused.value.facts["row"] == 1


def test_a_column_too_many_is_refused() -> None:
    with pytest.raises(TooManyColumns):
        table(f"{HEADER},{','.join(f'#{number}' for number in range(63))}\nx,1".encode())


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f'{HEADER}\n"桃,88\n桃,48\n', 3),
        (f'{HEADER}\n"桃"大,88\n', 2),
        (f'{HEADER}\n桃,"8' + "8" * 200_000 + '"\n', 2),
    ],
)
def test_quotes_that_do_not_close_are_named_by_their_line(content: str, line: int) -> None:
    with pytest.raises(BadQuoting) as refused:
        rows(content.encode())

    assert refused.value.facts["line"] == line


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"\n\n", HEADER.encode(), f"{HEADER}\n# x,1\n,\n".encode()])
def test_a_file_without_rows_is_refused(content: bytes) -> None:
    with pytest.raises(NoRows):
        rows(content)


class Endless(io.RawIOBase):
    """A file of so many rows that are made as they are read; it counts them."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pieces: Iterator[bytes] = iter(())
        self.rows = 0
        self.seek(0)

    def seek(self, offset: int, whence: int = 0) -> int:
        assert (offset, whence) == (0, 0)
        self.rows = 0
        self._pieces = itertools.chain([f"{HEADER}\n".encode()], (self._row(at) for at in range(self._count)))
        return 0

    def _row(self, at: int) -> bytes:
        self.rows += 1
        return f"S{at},1\n".encode()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "nobody reads all at once"
        taken = b""
        while len(taken) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            taken += piece
        return taken


def test_a_million_rows_end_at_the_first_too_many_without_reading_the_rest() -> None:
    file = Endless(1_000_000)
    read = read_table(file, PRICES)  # type: ignore[arg-type]  # as much of a file as is used
    count = 0

    with pytest.raises(TooManyRows) as refused:
        for _ in read.rows:
            count += 1

    assert count == ROWS_MAX
    assert file.rows < ROWS_MAX * 1.2
    assert "50000" in refused.value.message("zh-CN")


def test_endless_empty_rows_end_as_well() -> None:
    with pytest.raises(TooManyRows):
        rows(f"{HEADER}\nx,1\n".encode() + b"\n" * 300_000)


def test_exactly_the_most_rows_are_read() -> None:
    assert sum(1 for _ in table(f"{HEADER}\n".encode() + b"x,1\n" * ROWS_MAX).rows) == ROWS_MAX


def test_every_refusal_of_a_file_has_words_in_both_languages() -> None:
    for refused in (NoRows(), TooManyRows(), NotASheet(), BadQuoting(line=3), BadEncoding(encoding="UTF-8", line=2)):
        assert isinstance(refused, FileRefused)
        assert refused.message("zh-CN") != refused.message("en")


def test_formats_are_told_apart_by_their_first_bytes() -> None:
    assert [format_of(head).value for head in (b"PK\x03\x04", b"sku,price", b"")] == ["XLSX", "CSV", "CSV"]
