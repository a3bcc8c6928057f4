"""Why reviewers say no: a code that can be counted, and words for the applicant."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from market.kernel.errors import Invalid

REASONS_MAX = 10
NOTE_MAX = 500


class ReviewReason(StrEnum):
    """What is wrong with an application or a document."""

    DOCUMENT_MISSING = "DOCUMENT_MISSING"
    DOCUMENT_UNREADABLE = "DOCUMENT_UNREADABLE"
    DOCUMENT_EXPIRED = "DOCUMENT_EXPIRED"
    DETAILS_DIFFER = "DETAILS_DIFFER"
    TEXT_UNSUITABLE = "TEXT_UNSUITABLE"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. The note is shown to the applicant, so it names no third person."""

    code: ReviewReason
    note: str = ""


def check_reasons(reasons: Sequence[Reason]) -> None:
    """Refuses with Invalid unless there are 1 to 10, each note at most 500 characters, OTHER with a note."""
    if not 1 <= len(reasons) <= REASONS_MAX:
        raise Invalid(
            field="reasons", allowed=f"give 1 to {REASONS_MAX} reasons", allowed_zh=f"请给出 1 至 {REASONS_MAX} 条理由"
        )
    for reason in reasons:
        if len(reason.note) > NOTE_MAX or (reason.code is ReviewReason.OTHER and not reason.note.strip()):
            raise Invalid(
                field="reasons",
                allowed=f"a note of at most {NOTE_MAX} characters, which {ReviewReason.OTHER} must have",
                allowed_zh=f"说明不超过 {NOTE_MAX} 字，理由为“其他”时必填",
            )


def stored(reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    """The reasons as the tables keep them.

    >>> stored([Reason(ReviewReason.DOCUMENT_EXPIRED)])
    [{'code': 'DOCUMENT_EXPIRED', 'note': ''}]
    """
    return [{"code": reason.code.value, "note": reason.note} for reason in reasons]
