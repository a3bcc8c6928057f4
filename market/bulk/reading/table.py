"""A file as a table: its header understood, then its rows of data with their numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from typing import BinaryIO

from market.bulk.errors import BadHeader, NoRows, NotASheet, TooManyColumns, TooManyRows
from market.bulk.reading.delimited import Raw, read_delimited
from market.bulk.reading.workbook import read_workbook
from market.bulk.rules import COLUMNS_MAX, LINES_MAX, ROWS_MAX, FileFormat
from market.bulk.sheets.columns import Sheet, plain_header

COMMENT = "#"
"""A column or a row that begins so is not read: for notes, examples, and the error list's own column."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_EXCEL_ERRORS = {"#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}


@dataclass(frozen=True, slots=True)
class Table:
    """A file that is being read: `headers` as they stand there, `keys` the column under each (None: not read)."""

    format: FileFormat
    encoding: str
    headers: tuple[str, ...]
    keys: tuple[str | None, ...]
    rows: Iterator[Raw]


def format_of(head: bytes) -> FileFormat:
    """What a file is by its first bytes, or refuses with NotASheet.

    >>> format_of("商品编码,商品名称".encode("gb18030"))
    <FileFormat.CSV: 'CSV'>
    """
    if head.startswith(_ZIP):
        return FileFormat.XLSX
    if head.startswith(_OLE):
        raise NotASheet("it is an old Excel file, or one with a password", "文件是旧版 Excel 格式，或设有密码")
    if head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf")):
        raise NotASheet
    return FileFormat.CSV


def read_table(file: BinaryIO, sheet: Sheet) -> Table:
    """Read a file's header and begin with its rows, which come as they are asked for.

    Refuses with a FileRefused; on the way with TooManyRows at the first row beyond the limit, and with NoRows at the
    end when there was none.
    """
    file.seek(0)
    form = format_of(file.read(8))
    if form is FileFormat.XLSX:
        encoding, raw = "", read_workbook(file, (sheet.zh, sheet.en))
    else:
        encoding, raw = read_delimited(file, lambda cells: _understood(sheet, cells))
    header = next(((number, cells) for number, cells in raw if any(cell.strip() for cell in cells)), None)
    if header is None:
        raise NoRows
    number, cells = header
    headers = _without_tail(cells)
    keys = _keys_of(sheet, number, headers)
    return Table(form, encoding, tuple(headers), keys, _data(raw, len(headers)))


def _data(raw: Iterator[Raw], width: int) -> Iterator[Raw]:
    """The rows that are not empty and no comments, as wide as the header or wider."""
    count = 0
    for seen, (number, cells) in enumerate(raw):
        if seen > LINES_MAX:
            raise TooManyRows
        filled = _without_tail(cells)
        first = filled[0].strip() if filled else ""
        if not filled or first.startswith(COMMENT) and first not in _EXCEL_ERRORS:
            continue
        count += 1
        if count > ROWS_MAX:
            raise TooManyRows
        yield number, filled + [""] * (width - len(filled))
    if not count:
        raise NoRows


def _without_tail(cells: list[str]) -> list[str]:
    """The cells up to the last that is not blank."""
    last = next((at for at in range(len(cells), 0, -1) if cells[at - 1].strip()), 0)
    return cells[:last]


def _understood(sheet: Sheet, cells: list[str]) -> int:
    names = set(chain.from_iterable(column.names() for column in sheet.columns))
    return sum(plain_header(cell) in names for cell in cells)


def _keys_of(sheet: Sheet, row: int, headers: list[str]) -> tuple[str | None, ...]:
    """The column under each header. Refuses with BadHeader: an unknown one is no note but a mistake, since leaving it
    out would lose what was written there."""
    if len(headers) > COLUMNS_MAX:
        raise TooManyColumns(row=row)
    by_name = {name: column for column in sheet.columns for name in column.names()}
    keys: list[str | None] = []
    for header in headers:
        is_read = header.strip() and not header.strip().startswith(COMMENT)
        column = by_name.get(plain_header(header)) if is_read else None
        if is_read and column is None:
            raise _unknown(sheet, row, header)
        if column is not None and column.key in keys:
            raise BadHeader(
                f"row {row} names the column “{column.en}” twice", f"第 {row} 行的“{column.zh}”列重复", row=row
            )
        keys.append(None if column is None else column.key)
    missing = [column for column in sheet.columns if column.is_required and column.key not in keys]
    if missing:
        raise BadHeader(
            f"row {row} lacks the columns {', '.join(column.en for column in missing)}: start from the template",
            f"第 {row} 行缺少这些列：{'、'.join(column.zh for column in missing)}，请使用模板",
            row=row,
            missing=[column.key for column in missing],
        )
    return tuple(keys)


def _unknown(sheet: Sheet, row: int, header: str) -> BadHeader:
    """Says what the header may have been meant for, or how to keep it as a note."""
    known = {name: column for column in sheet.columns for name in (column.zh, column.en)}
    near = get_close_matches(header, known, n=1, cutoff=0.5)
    if near:
        hint, hint_zh = f"did you mean “{near[0]}”?", f"是否应为“{near[0]}”？"
    else:
        hint, hint_zh = f"begin it with {COMMENT} to keep it as a note", f"如为备注，请以 {COMMENT} 开头"
    shown = header.strip()[:40]
    return BadHeader(
        f"row {row} has the column “{shown}”, which this sheet does not know; {hint}",
        f"第 {row} 行的“{shown}”不是此表的列；{hint_zh}",
        row=row,
        unknown=shown,
    )
