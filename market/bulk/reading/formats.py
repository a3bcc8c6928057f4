"""What a number in a cell is: a number, a day, a time. Excel keeps days as numbers and only the format tells."""

import re
from datetime import datetime, timedelta

_BUILT_IN_MOMENTS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
"""Formats of days and times that no style spells out: ECMA-376 part 1, 18.8.30, those of zh-CN included."""
_QUIET = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
"""What in a format is not about the value: quoted text, escapes, colours and conditions."""
_MOMENT = re.compile(r"[ymdhs]", re.IGNORECASE)
_FORMATS_MAX = 70_000
"""Excel keeps at most 65,490 cell formats."""


class Formats:
    """The cell formats of a workbook that are days or times, heard while its styles are walked."""

    def __init__(self, *, is_from_1904: bool) -> None:
        self._start = datetime(1904, 1, 1) if is_from_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - of no zone
        self._codes: dict[str, str] = {}
        self._are_moments: list[bool] = []
        self._is_in_cells = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """As `Listener` says."""
        if name == "numFmt":
            self._codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._is_in_cells = True
        elif name == "xf" and self._is_in_cells and len(self._are_moments) < _FORMATS_MAX:
            self._are_moments.append(self._is_moment(attributes.get("numFmtId", "0")))

    def end(self, name: str, _text: str) -> None:
        """As `Listener` says."""
        if name == "cellXfs":
            self._is_in_cells = False

    def shown(self, number: float, style: str) -> str:
        """A number as text: as itself, or as the day or time that it is in this style."""
        at = int(style) if style.isascii() and style.isdigit() else 0
        if at < len(self._are_moments) and self._are_moments[at] and 0 <= number < 2_958_466:  # the year 10000
            return self._moment(number)
        return number_text(number)

    def _is_moment(self, format_id: str) -> bool:
        code = self._codes.get(format_id)
        if code is None:
            return format_id.isascii() and format_id.isdigit() and int(format_id) in _BUILT_IN_MOMENTS
        return bool(_MOMENT.search(_QUIET.sub("", code).partition(";")[0].replace("General", "")))

    def _moment(self, number: float) -> str:
        days, seconds = divmod(round(number * 86_400), 86_400)
        at = self._start + timedelta(days=days, seconds=seconds)
        if not days:
            return at.strftime("%H:%M")
        return at.strftime("%Y-%m-%d %H:%M" if seconds else "%Y-%m-%d")


def number_text(number: float) -> str:
    """A number as Excel shows it, which keeps 15 digits, without exponent.

    >>> number_text(88.5), number_text(12.0), number_text(0.1 + 0.2), number_text(1e20)
    ('88.5', '12', '0.3', '100000000000000000000')
    """
    if number == int(number):
        return str(int(number))
    return f"{number:.15g}" if abs(number) >= 1e-4 else f"{number:.15f}".rstrip("0")
