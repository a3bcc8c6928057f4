"""What a review is, how long it can be written and changed, and what an average is. Pure."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

STARS = range(1, 6)
TEXT_MAX = 1_000
PHOTOS_MAX = 9
WRITE_WITHIN = timedelta(days=180)
"""After it was delivered, or visited: later nobody remembers."""
EDIT_WITHIN = timedelta(days=30)
"""After it was written."""


class BuyerReviewState(StrEnum):
    """Whether a review is shown, and counts."""

    SHOWN = "SHOWN"
    HIDDEN = "HIDDEN"


MOVES: Mapping[BuyerReviewState, frozenset[BuyerReviewState]] = MappingProxyType(
    {
        BuyerReviewState.SHOWN: frozenset({BuyerReviewState.HIDDEN}),
        BuyerReviewState.HIDDEN: frozenset({BuyerReviewState.SHOWN}),
    }
)
"""The legal moves, both staff's. A bad rating is no reason to hide a review (E-commerce Law art. 39)."""


class HiddenFor(StrEnum):
    """Why a review is hidden."""

    ABUSE = "ABUSE"
    PERSONAL_DATA = "PERSONAL_DATA"
    ADVERTISING = "ADVERTISING"
    NOT_ABOUT_IT = "NOT_ABOUT_IT"
    UNLAWFUL = "UNLAWFUL"


def average_hundredths(total: int, count: int) -> int | None:
    """The average of so many ratings in hundredths of a star, halves up; None of none.

    >>> average_hundredths(14, 3), average_hundredths(0, 0)
    (467, None)
    """
    return (total * 200 + count) // (2 * count) if count else None
