"""What a cell may hold: one class per sort of value, which reads it from text and shows it in a sheet.

Numbers, dates and times are read in the ways that people and Excel in China write them: full-width digits, ¥ and 元,
thousands separators, 2026-06-01, 2026/6/1, 2026年6月1日, Excel's serial days.
"""

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from market.bulk.errors import RowRefused
from market.kernel.errors import MarketError

Shown = str | int | Decimal | date | time
"""What goes into a cell: texts as texts, numbers as numbers, days as days."""

_NUMBER = re.compile(r"[¥]?(-?)((?:\d{1,3}(?:,\d{3})+|\d+))(?:\.(\d+))?元?", re.ASCII)
_DAY = re.compile(r"(\d{4})(?:[-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})日?(?:[T ]0{1,2}:00(?::00(?:\.0+)?)?)?", re.ASCII)
_COMPACT_DAY = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})", re.ASCII)
_SERIAL_DAY = re.compile(r"(\d{5})(?:\.0+)?", re.ASCII)
_SERIAL_START = date(1899, 12, 30)
"""Day 0 of Excel's calendar for days after February 1900 (ECMA-376 part 1, 18.17.4.1)."""
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::00)?", re.ASCII)
_SERIAL_TIME = re.compile(r"0?\.\d+", re.ASCII)
_MINUTES = 24 * 60


class Cell(ABC):
    """A sort of value."""

    zh: str
    en: str
    """What to write, in words: "元，至多两位小数"."""

    @abstractmethod
    def read(self, text: str) -> Any:
        """The value of a text that is not empty, or refuses with RowRefused."""

    def show(self, value: Any) -> Shown:
        """The value as it goes into a sheet; `read` of its text gives the same value."""
        shown: Shown = value
        return shown

    def choices(self) -> list[str]:
        """The only texts there are, when they are few: for the list of a cell in Excel."""
        return []

    def _refuse(self) -> RowRefused:
        return RowRefused(f"write {self.en}", f"请填写{self.zh}")


@dataclass(frozen=True, slots=True)
class Text(Cell):
    """Text, kept as written."""

    chars_max: int

    @property
    def zh(self) -> str:  # type: ignore[override]  # said from what it allows
        return f"至多 {self.chars_max} 字的文字"

    @property
    def en(self) -> str:  # type: ignore[override]  # the same
        return f"a text of at most {self.chars_max} characters"

    def read(self, text: str) -> str:
        if len(text) > self.chars_max:
            raise self._refuse()
        return text


@dataclass(frozen=True, slots=True)
class Code(Text):
    """A code: text on one line without spaces around."""

    def read(self, text: str) -> str:
        if len(text) > self.chars_max or not text.isprintable() or text.startswith("#"):
            raise RowRefused(
                f"write a code of at most {self.chars_max} characters on one line, which does not start with #",
                f"请填写至多 {self.chars_max} 字的编码，不含换行，不以 # 开头",
            )
        return text


@dataclass(frozen=True, slots=True)
class Whole(Cell):
    """A whole number between two bounds."""

    least: int
    most: int

    @property
    def zh(self) -> str:  # type: ignore[override]  # said from what it allows
        return f"{self.least} 到 {self.most} 的整数"

    @property
    def en(self) -> str:  # type: ignore[override]  # the same
        return f"a whole number from {self.least} to {self.most}"

    def read(self, text: str) -> int:
        number = _number(text)
        if number is None or number != int(number) or not self.least <= number <= self.most:
            raise self._refuse()
        return int(number)


@dataclass(frozen=True, slots=True)
class Price(Cell):
    """Money in yuan, kept in fen."""

    least_fen: int
    most_fen: int
    zh = "金额（元），至多两位小数"
    en = "an amount in yuan with at most two decimals"

    def read(self, text: str) -> int:
        number = _number(text)
        fen = None if number is None else number * 100
        if fen is None or fen != int(fen):
            raise self._refuse()
        if not self.least_fen <= fen <= self.most_fen:
            least, most = self.show(self.least_fen), self.show(self.most_fen)
            raise RowRefused(f"an amount is ¥{least} to ¥{most}", f"金额为 {least} 元到 {most} 元")
        return int(fen)

    def show(self, value: int) -> Decimal:
        return Decimal(value).scaleb(-2)


class Day(Cell):
    """A calendar day."""

    zh = "日期，例如 2026-06-01"
    en = "a day such as 2026-06-01"

    def read(self, text: str) -> date:
        plain = _plain(text)
        serial = _SERIAL_DAY.fullmatch(plain)
        if serial:
            return _SERIAL_START + timedelta(days=int(serial[1]))
        match = _DAY.fullmatch(plain) or _COMPACT_DAY.fullmatch(plain)
        try:
            if match is None:
                raise self._refuse()
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            raise self._refuse() from None


class ClockTime(Cell):
    """A time of the day in Shanghai."""

    zh = "时间，例如 09:30"
    en = "a time such as 09:30"

    def read(self, text: str) -> time:
        plain = _plain(text)
        match = _TIME.fullmatch(plain)
        if match is None and _SERIAL_TIME.fullmatch(plain):  # Excel keeps a time as a part of a day
            minutes = round(Decimal(plain) * _MINUTES)
            return time(*divmod(minutes % _MINUTES, 60))
        try:
            if match is None:
                raise self._refuse()
            return time(int(match[1]), int(match[2]))
        except ValueError:
            raise self._refuse() from None

    def show(self, value: time) -> time:
        return value.replace(second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Choice(Cell):
    """One of a few words, each with its Chinese and its English text."""

    words: Mapping[Any, tuple[str, str]]

    @property
    def zh(self) -> str:  # type: ignore[override]  # said from what it allows
        return "其中之一：" + "、".join(zh for zh, _ in self.words.values())

    @property
    def en(self) -> str:  # type: ignore[override]  # the same
        return "one of: " + ", ".join(en for _, en in self.words.values())

    def read(self, text: str) -> Any:
        wanted = _plain(text).casefold()
        for value, names in self.words.items():
            if wanted in {str(value).casefold(), *(name.casefold() for name in names)}:
                return value
        raise self._refuse()

    def show(self, value: Any) -> str:
        return self.words[value][0]

    def choices(self) -> list[str]:
        return [zh for zh, _ in self.words.values()]


def asked(cell: Cell, text: str, *, column: str) -> Any:
    """A cell's value, or refuses with RowRefused about this column, whatever the reason was."""
    try:
        return cell.read(text)
    except MarketError as refusal:
        raise RowRefused(refusal.message("en"), refusal.message("zh-CN"), column=column) from None


def shown_text(shown: Shown) -> str:
    """What a cell shows as text: the same in CSV, and for comparing.

    >>> shown_text(Decimal("88.50")), shown_text(time(9, 30))
    ('88.50', '09:30')
    """
    match shown:
        case datetime():
            return shown.strftime("%Y-%m-%d %H:%M")
        case time():
            return shown.strftime("%H:%M")
        case _:
            return str(shown)


def _plain(text: str) -> str:
    """Full-width digits, letters and signs as ASCII."""
    return unicodedata.normalize("NFKC", text).strip()


def _number(text: str) -> Decimal | None:
    """The number in a text, or None.

    >>> _number("￥１,２３４.５０"), _number("12元"), _number("1,2")
    (Decimal('1234.50'), Decimal('12.0'), None)
    """
    match = _NUMBER.fullmatch(_plain(text).replace(" ", ""))
    if match is None or len(match[0]) > 30:
        return None
    return Decimal(f"{match[1]}{match[2].replace(',', '')}.{match[3] or 0}")
