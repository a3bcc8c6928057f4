"""Values as people write and read them, and as whole numbers of the smallest unit."""

import re
from fractions import Fraction

from market.kernel.errors import Invalid
from market.plan.rules.words import DECIMALS, IndicatorUnit

_DIGITS_MAX = 15
_TEXT = re.compile(r"-?(0|[1-9][0-9]*)(?:\.([0-9]{1,2}))?")


def parse_value(text: str, unit: IndicatorUnit, *, field: str = "value") -> int:
    """The value in this text, in the smallest unit, or refuses with Invalid.

    >>> parse_value("13.8", IndicatorUnit.PERCENT), parse_value("1800", IndicatorUnit.COUNT)
    (1380, 1800)
    """
    decimals = DECIMALS[unit]
    match = _TEXT.fullmatch(text)
    parts = (match[1], (match[2] or "").rstrip("0")) if match else ("", "")
    if match is None or len(parts[1]) > decimals or len(parts[0]) > _DIGITS_MAX:
        raise Invalid(
            field=field,
            allowed=f"a number with at most {decimals} decimals and {_DIGITS_MAX} digits before them",
            allowed_zh=f"数字，至多 {decimals} 位小数，整数部分至多 {_DIGITS_MAX} 位",
        )
    size = int(parts[0] + parts[1].ljust(decimals, "0"))
    return -size if text.startswith("-") else size


def value_text(value: int, unit: IndicatorUnit) -> str:
    """The value as `parse_value` reads it.

    >>> value_text(1380, IndicatorUnit.PERCENT), value_text(-5, IndicatorUnit.YUAN), value_text(7, IndicatorUnit.COUNT)
    ('13.80', '-0.05', '7')
    """
    decimals = DECIMALS[unit]
    if decimals == 0:
        return str(value)
    whole, rest = divmod(abs(value), 10**decimals)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{decimals}}"


def to_whole(number: Fraction) -> int:
    """The nearest whole number; halves go away from zero, as people round.

    >>> to_whole(Fraction(5, 2)), to_whole(Fraction(-5, 2)), to_whole(Fraction(7, 3))
    (3, -3, 2)
    """
    size = (2 * abs(number.numerator) + number.denominator) // (2 * number.denominator)
    return -size if number < 0 else size


def in_units(value: int, unit: IndicatorUnit) -> Fraction:
    """The value as a number: yuan, percent, pieces."""
    return Fraction(value, 10 ** DECIMALS[unit])


def from_units(number: Fraction, unit: IndicatorUnit) -> int:
    """The number in the smallest unit, rounded."""
    return to_whole(number * 10 ** DECIMALS[unit])
