"""Why a revision is not approved, or a listing is taken off sale."""

from collections.abc import Sequence
from dataclasses import dataclass

from market.catalogue.rules.states import ListingReason
from market.kernel.errors import Invalid

REASONS_MAX = 10
NOTE_MAX = 500


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. The note is shown to the seller, so it names no third person."""

    code: ListingReason
    note: str = ""


def check_reasons(reasons: Sequence[Reason]) -> None:
    """Refuses with Invalid unless there are 1 to 10, each note at most 500 characters, OTHER with a note."""
    if not 1 <= len(reasons) <= REASONS_MAX:
        raise Invalid(
            field="reasons", allowed=f"give 1 to {REASONS_MAX} reasons", allowed_zh=f"请给出 1 至 {REASONS_MAX} 条理由"
        )
    for reason in reasons:
        if len(reason.note) > NOTE_MAX or (reason.code is ListingReason.OTHER and not reason.note.strip()):
            raise Invalid(
                field="reasons",
                allowed=f"a note of at most {NOTE_MAX} characters, which {ListingReason.OTHER} must have",
                allowed_zh=f"说明不超过 {NOTE_MAX} 字，理由为“其他”时必填",
            )


def stored(reasons: Sequence[Reason]) -> list[dict[str, str]]:
    """The reasons as the tables keep them.

    >>> stored([Reason(ListingReason.PICTURES)])
    [{'code': 'PICTURES', 'note': ''}]
    """
    return [{"code": reason.code.value, "note": reason.note} for reason in reasons]


def codes(reasons: Sequence[Reason]) -> list[str]:
    """What the audit trail keeps of them: notes may be erased one day, the trail cannot be."""
    return [reason.code.value for reason in reasons]
