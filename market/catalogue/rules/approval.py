"""Which revisions need no reviewer: rules over what changes and what is known of the seller.

A rule's name goes on record with what it approved. There is one so far; a second is a function more in `RULES`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

APPROVALS_MIN = 5
"""A seller whose listings people have approved so often knows what is asked of them: the five a small cooperative has
after its first season."""
REJECTION_DAYS = 90
"""One rejection within a season (about three months) sends everything of the seller's back to people."""

LOW_RISK_FIELDS = frozenset({"summary", "summary_en", "description", "description_en", "images"})
"""What says nothing about what is sold, by whom, from where and for how much. Not the title: it is what people buy by."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a seller: how many revisions people (not rules) have approved, at most `APPROVALS_MIN` are
    counted; whether one was rejected within `REJECTION_DAYS`."""

    approvals: int
    was_rejected: bool


@dataclass(frozen=True, slots=True)
class Submission:
    """What a rule looks at: the fields that change (`images.….alt` counts as `images`), the risky words in the new texts,
    whether the listing is on sale as it is."""

    fields: frozenset[str]
    risky_words: Sequence[str]
    is_live: bool
    seller: Record


def texts_and_pictures(submission: Submission) -> bool:
    """Other words and pictures about the same thing, from a seller with a good record."""
    return (
        submission.is_live
        and submission.fields <= LOW_RISK_FIELDS
        and not submission.risky_words
        and submission.seller.approvals >= APPROVALS_MIN
        and not submission.seller.was_rejected
    )


RULES: Sequence[tuple[str, Callable[[Submission], bool]]] = (("TEXTS_AND_PICTURES", texts_and_pictures),)


def rule_for(submission: Submission) -> str | None:
    """The name of the first rule by which this needs no reviewer; None when a person decides.

    >>> good = Record(approvals=5, was_rejected=False)
    >>> rule_for(Submission(frozenset({"summary"}), [], is_live=True, seller=good))
    'TEXTS_AND_PICTURES'
    >>> rule_for(Submission(frozenset({"title"}), [], is_live=True, seller=good)) is None
    True
    """
    return next((name for name, holds in RULES if holds(submission)), None)
