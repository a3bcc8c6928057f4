"""Quantities: a whole number of base units (grams, millilitres, pieces), and how people read and write them.

Stock, lots, order lines and units of tours count in base units, so that half a jin is 250 g and never 0.5 of something.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import total_ordering

from market.kernel.errors import Invalid, Language

BASE_UNITS_MAX = 2**63 - 1
"""What a BIGINT column holds. A quantity beyond it is refused before the database sees it."""

GRAMS_PER_JIN = 500
"""One 斤, by which the countryside sells."""

_JIN = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,3})?")


class Unit(StrEnum):
    """What a quantity counts in: the smallest step in which it is ever sold."""

    GRAM = "GRAM"
    MILLILITRE = "MILLILITRE"
    PIECE = "PIECE"


_LARGER = {Unit.GRAM: ("g", "kg"), Unit.MILLILITRE: ("ml", "L")}
"""The symbol of the base unit and of a thousand of it. The same in Chinese labels as in English ones."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Quantity:
    """So many base units, exact, below zero too (a stock movement). Two units never mix: that is a bug.

    >>> Quantity(1500, Unit.GRAM) + Quantity(500, Unit.GRAM)
    Quantity(base_units=2000, unit=<Unit.GRAM: 'GRAM'>)
    """

    base_units: int
    unit: Unit

    def __post_init__(self) -> None:
        _require_int(self.base_units)
        if abs(self.base_units) > BASE_UNITS_MAX:
            raise Invalid(field="quantity", allowed="the quantity is too large to keep", allowed_zh="数量过大")

    def text(self, language: Language = "zh-CN", *, counter: str = "件") -> str:
        """The quantity for people. `counter` is the Chinese measure word (只, 枚, 份) of what comes in pieces.

        >>> Quantity(1500, Unit.GRAM).text(), Quantity(500, Unit.GRAM).text()
        ('1.5 kg', '500 g')
        >>> Quantity(12, Unit.PIECE).text(counter="只"), Quantity(12, Unit.PIECE).text("en")
        ('12 只', '12 pcs')
        """
        symbols = _LARGER.get(self.unit)
        if symbols is None:
            return f"{self.base_units} {_pieces(self.base_units) if language == 'en' else counter}"
        base, larger = symbols
        if abs(self.base_units) < 1000:
            return f"{self.base_units} {base}"
        return f"{_thousandths(self.base_units)} {larger}"

    def jin(self) -> Decimal:
        """The weight in 斤, exact. ValueError when it is not a weight.

        >>> Quantity(1250, Unit.GRAM).jin()
        Decimal('2.5')
        """
        if self.unit is not Unit.GRAM:
            raise ValueError(f"{self.unit} is not a weight")
        return Decimal(_thousandths(self.base_units * (1000 // GRAMS_PER_JIN)))

    def jin_text(self, language: Language = "zh-CN") -> str:
        """The weight in 斤 for people.

        >>> Quantity(1250, Unit.GRAM).jin_text(), Quantity(1250, Unit.GRAM).jin_text("en")
        ('2.5 斤', '2.5 jin')
        """
        return f"{self.jin()} {'jin' if language == 'en' else '斤'}"

    @classmethod
    def from_jin(cls, text: str, *, field: str = "quantity") -> "Quantity":
        """The weight that is so many 斤, or refuses with Invalid: not a number, or not a whole number of grams.

        >>> Quantity.from_jin("2.5").text()
        '1.25 kg'
        """
        grams = Decimal(text) * GRAMS_PER_JIN if isinstance(text, str) and _JIN.fullmatch(text) else None
        if grams is None or grams != int(grams):
            raise Invalid(
                field=field,
                allowed='write a weight in jin such as "2.5", in steps of 0.002 (one gram)',
                allowed_zh='斤数写作 "2.5"，最小一步为 0.002 斤（1 克）',
            )
        return cls(int(grams), Unit.GRAM)

    def __add__(self, other: "Quantity") -> "Quantity":
        return Quantity(self.base_units + self._units_of(other), self.unit)

    def __sub__(self, other: "Quantity") -> "Quantity":
        return Quantity(self.base_units - self._units_of(other), self.unit)

    def __mul__(self, count: int) -> "Quantity":
        return Quantity(self.base_units * _require_int(count), self.unit)

    __rmul__ = __mul__

    def __neg__(self) -> "Quantity":
        return Quantity(-self.base_units, self.unit)

    def __lt__(self, other: "Quantity") -> bool:
        return self.base_units < self._units_of(other)

    def __bool__(self) -> bool:
        return self.base_units != 0

    def _units_of(self, other: "Quantity") -> int:
        if not isinstance(other, Quantity):
            raise TypeError(f"a quantity goes with a quantity only, not with {other!r}")
        if other.unit is not self.unit:
            raise ValueError(f"{self.unit} and {other.unit} do not mix")
        return other.base_units


def _thousandths(count: int) -> str:
    """A count of thousandths as a plain decimal without idle zeros."""
    whole, rest = divmod(abs(count), 1000)
    decimals = f"{rest:03}".rstrip("0")
    return f"{'-' if count < 0 else ''}{whole}{'.' if decimals else ''}{decimals}"


def _pieces(count: int) -> str:
    return "pc" if abs(count) == 1 else "pcs"


def _require_int(value: int) -> int:
    """The same number, or TypeError: a float or a bool has slipped in, which is a bug."""
    if type(value) is not int:
        raise TypeError(f"quantities are whole base units, got {value!r}")
    return value
