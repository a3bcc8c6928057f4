"""XLSX, row by row in constant memory. Nothing in it is a formula: texts are written as texts, and guarded too, since
a workbook is easily saved as CSV."""

from collections.abc import Iterable, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any, BinaryIO

from market.bulk.guard import guarded
from market.bulk.sheets.cells import Shown, Text
from market.bulk.sheets.columns import Column
from market.bulk.writing.delimited import Cells

CELL_CHARS_MAX = 32_767
"""Excel's own limit."""

_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_WIDTH_MAX = 40


class Book:
    """A workbook that is being written. Close it at the end."""

    def __init__(self, file: BinaryIO) -> None:
        import xlsxwriter  # type: ignore[import-untyped]  # it has no annotations  # noqa: PLC0415 - when first used

        self.book = xlsxwriter.Workbook(file, _OPTIONS)
        self._formats = {
            "head": self.book.add_format({"bold": True, "bg_color": "#E8F0E4", "num_format": "@"}),
            "text": self.book.add_format({"num_format": "@"}),
            "price": self.book.add_format({"num_format": "0.00"}),
            "day": self.book.add_format({"num_format": "yyyy-mm-dd"}),
            "time": self.book.add_format({"num_format": "hh:mm"}),
            "whole": self.book.add_format({"num_format": "0"}),
        }

    def sheet(self, title: str, headers: Sequence[str]) -> Any:
        """A new sheet with its header, which stays in sight."""
        sheet = self.book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        for at, header in enumerate(headers):
            sheet.write_string(0, at, header, self._formats["head"])
        return sheet

    def shape(self, sheet: Any, columns: Sequence[Column]) -> None:
        """Give the columns their width, and cells of text the text format, so that Excel leaves codes as they are
        typed."""
        for at, column in enumerate(columns):
            width = min(max(2 * len(column.zh), len(column.en), len(column.example)) + 4, _WIDTH_MAX)
            sheet.set_column(at, at, width, self._formats["text"] if isinstance(column.cell, Text) else None)

    def write(self, sheet: Any, rows: Iterable[Cells], *, first_row: int = 1) -> int:
        """Write rows beneath the header; says how many."""
        count = 0
        for row in rows:
            for at, cell in enumerate(row):
                self._write(sheet, first_row + count, at, cell)
            count += 1
        return count

    def close(self) -> None:
        """Finish the file."""
        self.book.close()

    def _write(self, sheet: Any, row: int, at: int, cell: Shown | None) -> None:
        match cell:
            case None | "":
                pass
            case str():
                sheet.write_string(row, at, guarded(cell)[:CELL_CHARS_MAX], self._formats["text"])
            case Decimal():
                sheet.write_number(row, at, float(cell), self._formats["price"])
            case int():
                sheet.write_number(row, at, cell, self._formats["whole"])
            case time():
                sheet.write_datetime(row, at, cell, self._formats["time"])
            case date():
                sheet.write_datetime(row, at, cell, self._formats["day"])
