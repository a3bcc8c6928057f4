"""The rows of one sheet, heard while its XML is walked."""

import math

from market.bulk.reading.archive import damaged, too_large
from market.bulk.reading.delimited import Raw
from market.bulk.reading.formats import Formats

CELLS_MAX = 16_384
"""Excel's own number of columns, XFD."""
WIDTH_MAX = 1_000
"""Columns in which something stands: more is refused anyhow, and a row is as long as its last cell."""
ELEMENTS_MAX = 5 * CELLS_MAX
"""In one row."""


class Grid:
    """Hears cells and makes rows, each with its number and its cells as text; `take` gives those that are complete."""

    def __init__(self, shared: list[str], formats: Formats) -> None:
        self._shared = shared
        self._formats = formats
        self._rows: list[Raw] = []
        self._number = 0
        self._cells: list[str] = []
        self._elements = self._column = 0
        self._kind = self._style = self._value = self._formula = ""
        self._inline: list[str] = []
        self._is_reading = False

    def take(self) -> list[Raw]:
        """The rows since the last time."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """As `Listener` says."""
        self._elements += 1
        if self._elements > ELEMENTS_MAX and self._cells:
            raise too_large()
        match name:
            case "c":
                self._start_cell(attributes)
            case "row":
                self._number = _whole(attributes.get("r"), self._number + 1)
                self._cells, self._column, self._elements = [], 0, 0
            case "rPh":
                self._is_reading = True

    def end(self, name: str, text: str) -> None:
        """As `Listener` says."""
        match name:
            case "v":
                self._value = text
            case "f":
                self._formula = f"={text}"
            case "t" if not self._is_reading:
                self._inline.append(text)
            case "rPh":
                self._is_reading = False
            case "c":
                self._end_cell()
            case "row" if self._cells:
                self._rows.append((self._number, self._cells))

    def _start_cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        self._column = self._column + 1 if place is None else _column_of(place)
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "0")
        self._value, self._formula, self._inline = "", "", []

    def _end_cell(self) -> None:
        text = self._formula or self._text()
        if not text:
            return
        if self._column > WIDTH_MAX:
            raise too_large()
        self._cells += [""] * (self._column - len(self._cells))
        self._cells[self._column - 1] = text

    def _text(self) -> str:
        match self._kind:
            case "s":
                at = _whole(self._value, -1)
                if not 0 <= at < len(self._shared):
                    raise damaged()
                return self._shared[at]
            case "inlineStr":
                return "".join(self._inline)
            case "b":
                return {"1": "TRUE", "0": "FALSE"}.get(self._value, self._value)
            case "n" if self._value:
                try:
                    number = float(self._value)
                except ValueError:
                    raise damaged() from None
                if not math.isfinite(number):
                    raise damaged()
                return self._formats.shown(number, self._style)
            case _:  # the text of a formula, an error, a day written out
                return self._value


def _whole(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 9 else default


def _column_of(place: str) -> int:
    """The number of a cell's column, from 1.

    >>> _column_of("A1"), _column_of("AB12")
    (1, 28)
    """
    number = 0
    for letter in place[:4]:
        if not "A" <= letter <= "Z":
            break
        number = number * 26 + ord(letter) - 64
    if not 0 < number <= CELLS_MAX:
        raise damaged()
    return number
