"""CSV as Excel opens it: UTF-8 with BOM, commas, CRLF; texts in quotes, numbers not."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time
from typing import BinaryIO

from market.bulk.guard import guarded
from market.bulk.sheets.cells import Shown, shown_text

Cells = Sequence[Shown | None]


def write_csv(file: BinaryIO, header: Sequence[str], rows: Iterable[Cells]) -> int:
    """Write a header and rows, one after another; says how many rows. Texts are guarded: nothing in it runs as a
    formula."""
    count = 0

    def plain() -> Iterator[list[object]]:
        nonlocal count
        for row in rows:
            count += 1
            yield [_plain(cell) for cell in row]

    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    try:
        # Every text is quoted, so that it stays one cell where Excel splits at semicolons as well.
        writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
        writer.writerow(header)
        writer.writerows(plain())
    finally:
        text.detach()  # flushes; the file is the caller's to close, also when the rows break off
    return count


def _plain(cell: Shown | None) -> object:
    match cell:
        case None:
            return ""
        case str():
            return guarded(cell)
        case date() | time():
            return shown_text(cell)
        case _:
            return cell
