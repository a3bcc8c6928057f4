"""Rows as a sheet: CSV and XLSX, written as they come and never held."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from market.bulk.guard import guarded
from market.bulk.rules import FileFormat
from market.bulk.writing.delimited import write_csv
from market.kernel.clock import SHANGHAI
from market.kernel.errors import Language
from market.reports.declare import Column, ColumnKind, ReportResult, Row, Value
from market.reports.outputs.shown import WORDS, cell_of, header_of, label_of, text_of, title_of
from market.reports.run import Streamed

SHEET_ROWS_MAX = 1_048_575
"""Of one sheet, beneath its header: Excel's own limit. What is more goes on in the next sheet."""
CELL_CHARS_MAX = 32_767
"""Excel's own limit."""

_NUMBER_FORMATS = {
    ColumnKind.MONEY: "#,##0.00",
    ColumnKind.COUNT: "#,##0",
    ColumnKind.WEIGHT: "#,##0.###",
    ColumnKind.SHARE: "0.00%",
    ColumnKind.HOURS: "#,##0",
    ColumnKind.DATE: "yyyy-mm-dd",
}
_DIVISORS = {ColumnKind.MONEY: 100, ColumnKind.WEIGHT: 1000, ColumnKind.SHARE: 10_000}
_WIDTHS = {ColumnKind.TEXT: 24, ColumnKind.CODE: 32, ColumnKind.DATE: 12, ColumnKind.MONEY: 16}
_NOTES = {
    "zh-CN": ("说明", "项目", "内容", "报表", "定义", "统计期间", "分组", "筛选", "数据截至", "口径："),
    "en": ("Notes", "Item", "Text", "Report", "Definition", "Period", "Grouped by", "Where", "As of", "Measure: "),
}


def write_sheet(
    file: BinaryIO, sheet: Streamed, form: FileFormat, language: Language, *, folder: Path | None = None
) -> int:
    """Write a header, the rows and, in XLSX, their totals and a second sheet that says what every figure means; says how
    many rows. Texts are guarded: nothing in it runs as a formula, while numbers stay numbers, below zero too.

    A book's rows wait in a temporary folder, of the system's or below `folder`, which is gone afterwards, whatever happens.
    """
    if form is FileFormat.XLSX:
        with TemporaryDirectory(dir=folder) as place:
            return _write_book(file, sheet, language, place)
    columns = sheet.about.columns
    kinds = [column.kind for column in columns]
    rows = ([_plain(kind, value) for kind, value in zip(kinds, row, strict=True)] for row in sheet.rows)
    return write_csv(file, [header_of(column, language) for column in columns], rows)


def _plain(kind: ColumnKind, value: Value) -> Any:
    # A spreadsheet reads "12.34%" as a share and shows it so; 0.1234 it would show as it is.
    return text_of(kind, value) if kind is ColumnKind.SHARE and value is not None else cell_of(kind, value)


def _write_book(file: BinaryIO, sheet: Streamed, language: Language, place: str) -> int:
    # Loaded when first used: memory of an idle server.
    from market.bulk.writing.workbook import Book  # noqa: PLC0415

    book = Book(file)
    book.book.tmpdir = place  # what XlsxWriter leaves in the system's own when it is broken off stays there
    try:
        table = _Table(book, sheet.about.columns, title_of(sheet.about.report, language), language)
        count = table.write(sheet.rows)
        if count:
            table.close_with(sheet.totals())
        _write_notes(book, sheet.about, language)
        book.close()
    finally:
        for each in book.book.worksheets():
            each.row_data_fh.close()  # XlsxWriter closes them when all went well; again does no harm
    return count


class _Table:
    """The rows of a book, on as many sheets as they need. Cells are written by kind, chosen once for each column: half a
    million rows of ten columns are five million cells."""

    def __init__(self, book: Any, columns: Sequence[Column], title: str, language: Language) -> None:
        self._book, self._columns, self._title, self._language = book, columns, title, language
        self._formats = [self._format(column, is_total=False) for column in columns]
        self._sheets = 0
        self._next = 1
        self._sheet = self._begin()

    def write(self, rows: Iterable[Row]) -> int:
        """Write rows; says how many."""
        count = 0
        for row in rows:
            if self._next > SHEET_ROWS_MAX:
                self._sheet = self._begin()
            self._row(row, self._formats)
            count += 1
        return count

    def close_with(self, totals: Row) -> None:
        """Write the totals beneath the last row."""
        if self._next > SHEET_ROWS_MAX:
            self._sheet = self._begin()
        formats = [self._format(column, is_total=True) for column in self._columns]
        first = next((at for at, column in enumerate(self._columns) if column.kind is ColumnKind.TEXT), 0)
        words: list[Value] = list(totals)
        if words[first] is None:
            words[first] = WORDS[self._language]["total"]
        self._row(tuple(words), formats)

    def _row(self, row: Row, formats: Sequence[Any]) -> None:
        sheet, at = self._sheet, self._next
        for place, (column, value) in enumerate(zip(self._columns, row, strict=True)):
            match value:
                case None | "":
                    sheet.write_blank(at, place, None, formats[place])
                case int():
                    sheet.write_number(at, place, value / _DIVISORS.get(column.kind, 1), formats[place])
                case str():
                    sheet.write_string(at, place, guarded(value)[:CELL_CHARS_MAX], formats[place])
                case _:
                    sheet.write_datetime(at, place, value, formats[place])
        self._next += 1

    def _begin(self) -> Any:
        self._sheets += 1
        self._next = 1
        title = _sheet_name(self._title, self._sheets)
        sheet = self._book.sheet(title, [header_of(column, self._language) for column in self._columns])
        for at, column in enumerate(self._columns):
            needed = 2 * len(header_of(column, self._language)) + 2
            sheet.set_column(at, at, max(_WIDTHS.get(column.kind, 12), needed))
        return sheet

    def _format(self, column: Column, *, is_total: bool) -> Any:
        says = {"num_format": _NUMBER_FORMATS.get(column.kind, "@")}
        return self._book.book.add_format(says | ({"bold": True, "top": 1} if is_total else {}))


def _sheet_name(title: str, number: int) -> str:
    """A name that Excel takes: 31 characters, without brackets, colons, slashes and the like."""
    plain = "".join(letter for letter in title if letter not in "[]:*?/\\'")[:26] or "Report"
    return plain if number == 1 else f"{plain} ({number})"


def _write_notes(book: Any, about: ReportResult, language: Language) -> None:
    """What the figures mean, and of what they are: it goes where the sheet goes."""
    name, item, text, report, definition, period, grouped, where, as_of, measure = _NOTES[language]
    is_english = language == "en"
    asked = about.asked
    rows = [
        (report, title_of(about.report, language)),
        (definition, about.report.definition_en if is_english else about.report.definition_zh),
        (period, f"{asked.start} {WORDS[language]['to']} {asked.end}"),
        (grouped, "、".join(label_of(each, language) for each in about.columns if each.key in asked.group_by)),
        (where, "；".join(f"{key}: {'、'.join(values)}" for key, values in asked.where.items())),
        (as_of, about.as_of.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")),
    ]
    for column in about.columns:
        words = column.definition_en if is_english else column.definition_zh
        if words:
            rows.append((f"{measure}{header_of(column, language)}", words))
    sheet = book.sheet(name, [item, text])
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 90)
    book.write(sheet, rows)
