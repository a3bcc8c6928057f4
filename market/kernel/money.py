"""Money: a whole number of fen with its currency. There is no float here, and no rounding outside `allocate`.

Prices, discounts, commission, refunds and settlement shares are all split by the one `allocate`, so that the parts
always add up to the whole.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import total_ordering

from market.kernel.errors import Invalid

FEN_MAX = 2**63 - 1
"""What a BIGINT column holds. An amount beyond it is refused before the database sees it."""

_DIGITS_MAX = 15
_TEXT = re.compile(r"-?(0|[1-9][0-9]*)(?:\.([0-9]{1,2}))?")


def _require_int(value: int) -> int:
    """The same number, or TypeError: a float or a bool has slipped in, which is a bug."""
    if type(value) is not int:
        raise TypeError(f"money is counted in whole fen, got {value!r}")
    return value


class Currency(StrEnum):
    """A currency by its ISO 4217 code. Everything here is sold in yuan."""

    CNY = "CNY"


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount of money, exact, below zero too. Two currencies never mix: that is a bug, hence ValueError.

    >>> Money(8800) * 2 - Money(1)
    Money(amount_fen=17599, currency=<Currency.CNY: 'CNY'>)
    >>> sum([Money(5), Money(7)], ZERO).text()
    '0.12'
    """

    amount_fen: int
    currency: Currency = Currency.CNY

    def __post_init__(self) -> None:
        _require_int(self.amount_fen)
        if abs(self.amount_fen) > FEN_MAX:
            raise Invalid(field="amount", allowed="the amount is too large to keep", allowed_zh="金额过大")

    @classmethod
    def parse(cls, text: str, *, currency: Currency = Currency.CNY, field: str = "amount") -> "Money":
        """The amount in this text, or refuses with Invalid: anything but up to 15 digits with at most two decimals.

        >>> Money.parse("88.5").amount_fen
        8850
        """
        match = _TEXT.fullmatch(text) if isinstance(text, str) else None
        if match is None or len(match[1]) + len(match[2] or "") > _DIGITS_MAX:
            raise Invalid(
                field=field,
                allowed='write an amount such as "88.00": digits, at most two decimals, at most 15 digits in all',
                allowed_zh='金额写作 "88.00"：只含数字，至多两位小数，总共至多 15 位',
            )
        size_fen = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
        return cls(-size_fen if text.startswith("-") else size_fen, currency)

    def text(self) -> str:
        """The amount with two decimals, as `parse` reads it and as the API shows it.

        >>> Money(-5).text()
        '-0.05'
        """
        whole, fen = divmod(abs(self.amount_fen), 100)
        return f"{'-' if self.amount_fen < 0 else ''}{whole}.{fen:02}"

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_fen + self._fen_of(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_fen - self._fen_of(other), self.currency)

    def __mul__(self, count: int) -> "Money":
        return Money(self.amount_fen * _require_int(count), self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> "Money":
        return Money(-self.amount_fen, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount_fen < self._fen_of(other)

    def __bool__(self) -> bool:
        return self.amount_fen != 0

    def _fen_of(self, other: "Money") -> int:
        if not isinstance(other, Money):
            raise TypeError(f"money goes with money only, not with {other!r}")
        if other.currency is not self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")
        return other.amount_fen


ZERO = Money(0)
"""Nothing, in yuan: where sums start."""


def allocate(total_fen: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weight, to the fen, by largest remainder: the parts always add up to the whole.

    Ties go to the earlier part; a part of no weight gets nothing unless no part has any, and then all are equal.
    A negative total (a refund) splits as the positive one does, with the signs turned.

    >>> allocate(100, [1, 1, 1])
    [34, 33, 33]
    >>> allocate(-100, [1, 1, 1])
    [-34, -33, -33]
    >>> allocate(5, [0, 0])
    [3, 2]
    """
    _require_int(total_fen)
    if any(_require_int(weight) < 0 for weight in weights):
        raise ValueError("a weight below zero has no share")
    if not weights:
        if total_fen:
            raise ValueError("an amount cannot be split among nobody")
        return []
    if total_fen < 0:
        return [-part for part in allocate(-total_fen, weights)]
    shares = list(weights) if any(weights) else [1] * len(weights)
    whole = sum(shares)
    parts = [total_fen * share // whole for share in shares]
    # sorted() is stable, so equal remainders keep their order.
    by_remainder = sorted(range(len(shares)), key=lambda at: -(total_fen * shares[at] % whole))
    for at in by_remainder[: total_fen - sum(parts)]:
        parts[at] += 1
    return parts
