"""CSV: comma, semicolon or tab, quoted as RFC 4180 says, newlines within quotes included."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

from market.bulk.errors import BadQuoting
from market.bulk.reading.encoding import encoding_of

Raw = tuple[int, list[str]]
"""A row as it stands in the file: its number as Excel shows it, and its cells."""

_DELIMITERS = (",", ";", "\t")


def read_delimited(file: BinaryIO, understood: Callable[[list[str]], int]) -> tuple[str, Iterator[Raw]]:
    """The encoding of a CSV file, and its rows from the first on. The delimiter is the one with which most of the
    header is `understood`. Refuses as `encoding_of` does, and with BadQuoting on the way."""
    encoding = encoding_of(file)

    def understood_with(delimiter: str) -> int:
        try:
            return next((understood(cells) for _, cells in _rows(file, encoding, delimiter) if any(cells)), 0)
        except BadQuoting:  # with another delimiter, quotes stand in the middle of cells
            return 0

    # The first of equals: a file with one column has no delimiter at all.
    delimiter = max(_DELIMITERS, key=understood_with)
    return encoding, _rows(file, encoding, delimiter)


def _rows(file: BinaryIO, encoding: str, delimiter: str) -> Iterator[Raw]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        yield from enumerate(reader, start=1)
    except csv.Error:
        raise BadQuoting(line=max(reader.line_num, 1)) from None
    finally:
        if not file.closed:  # it is the caller's to close, who may be quicker than whoever collects this generator
            text.detach()
