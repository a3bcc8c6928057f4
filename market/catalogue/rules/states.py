"""Where a listing and its revisions stand, and where they may go from there.

A listing is what buyers see; a revision is what its seller would like them to see. A new listing is a DRAFT until its
first revision is approved. From then on it keeps its own state, whatever happens to later revisions: it stays on sale
while they are written and reviewed.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from market.catalogue.rules.kinds import ListingState


class RevisionState(StrEnum):
    """Where a revision stands. DRAFT, SUBMITTED and CHANGES_REQUESTED are open: a listing has at most one of them."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


class SuspensionCause(StrEnum):
    """Why a listing is off sale against its seller's will. Several can hold at once; it returns when the last goes."""

    MODERATION = "MODERATION"
    CERTIFICATE = "CERTIFICATE"
    LICENCE = "LICENCE"
    FROZEN = "FROZEN"


class Verdict(StrEnum):
    """What a reviewer says about a revision that was handed in: the moves that are theirs."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"
    REQUEST_CHANGES = "REQUEST_CHANGES"


class ListingReason(StrEnum):
    """Why a revision is not approved, or a listing is suspended."""

    INCOMPLETE = "INCOMPLETE"
    WRONG_CATEGORY = "WRONG_CATEGORY"
    MISLEADING = "MISLEADING"
    FORBIDDEN_WORDS = "FORBIDDEN_WORDS"
    PICTURES = "PICTURES"
    CERTIFICATE = "CERTIFICATE"
    LICENCE = "LICENCE"
    FORBIDDEN_GOODS = "FORBIDDEN_GOODS"
    DUPLICATE = "DUPLICATE"
    OTHER = "OTHER"


class ListingEventKind(StrEnum):
    """What happened to a listing."""

    CREATED = "CREATED"
    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    REVISION_WITHDRAWN = "REVISION_WITHDRAWN"
    WITHDRAWN = "WITHDRAWN"
    RELISTED = "RELISTED"
    SUSPENDED = "SUSPENDED"
    RESUMED = "RESUMED"


class ListingMove(StrEnum):
    """What can happen to a listing's state. By verb, since several lead to one state."""

    APPROVE = "APPROVE"
    SUSPEND = "SUSPEND"
    RESUME = "RESUME"
    WITHDRAW = "WITHDRAW"
    RELIST = "RELIST"
    REDRAFT = "REDRAFT"


class RevisionMove(StrEnum):
    """What can happen to a revision's state."""

    SUBMIT = "SUBMIT"
    APPROVE = "APPROVE"
    REJECT = "REJECT"
    REQUEST_CHANGES = "REQUEST_CHANGES"
    WITHDRAW = "WITHDRAW"


LISTING_MOVES: Mapping[ListingMove, tuple[tuple[ListingState, ...], ListingState]] = MappingProxyType(
    {
        ListingMove.APPROVE: ((ListingState.DRAFT,), ListingState.LIVE),
        ListingMove.SUSPEND: ((ListingState.LIVE,), ListingState.SUSPENDED),
        ListingMove.RESUME: ((ListingState.SUSPENDED,), ListingState.LIVE),
        ListingMove.WITHDRAW: (
            (ListingState.DRAFT, ListingState.LIVE, ListingState.SUSPENDED),
            ListingState.WITHDRAWN,
        ),
        # What was approved once can be sold again; what never was can only be written on.
        ListingMove.RELIST: ((ListingState.WITHDRAWN,), ListingState.LIVE),
        ListingMove.REDRAFT: ((ListingState.WITHDRAWN,), ListingState.DRAFT),
    }
)
"""Each move: from which states, to which."""

OPEN_REVISIONS = (RevisionState.DRAFT, RevisionState.SUBMITTED, RevisionState.CHANGES_REQUESTED)
EDITABLE_REVISIONS = (RevisionState.DRAFT, RevisionState.CHANGES_REQUESTED)
"""Those whose content may change. What a reviewer is looking at does not."""

REVISION_MOVES: Mapping[RevisionMove, tuple[tuple[RevisionState, ...], RevisionState]] = MappingProxyType(
    {
        RevisionMove.SUBMIT: (EDITABLE_REVISIONS, RevisionState.SUBMITTED),
        RevisionMove.APPROVE: ((RevisionState.SUBMITTED,), RevisionState.APPROVED),
        RevisionMove.REJECT: ((RevisionState.SUBMITTED,), RevisionState.REJECTED),
        RevisionMove.REQUEST_CHANGES: ((RevisionState.SUBMITTED,), RevisionState.CHANGES_REQUESTED),
        RevisionMove.WITHDRAW: (OPEN_REVISIONS, RevisionState.WITHDRAWN),
    }
)


def next_listing_states(state: ListingState) -> tuple[ListingState, ...]:
    """The states a move leads to from this one.

    >>> [each.value for each in next_listing_states(ListingState.LIVE)]
    ['SUSPENDED', 'WITHDRAWN']
    """
    return tuple(dict.fromkeys(to for sources, to in LISTING_MOVES.values() if state in sources))


def next_revision_states(state: RevisionState) -> tuple[RevisionState, ...]:
    """The states a move leads to from this one.

    >>> [each.value for each in next_revision_states(RevisionState.DRAFT)]
    ['SUBMITTED', 'WITHDRAWN']
    """
    return tuple(dict.fromkeys(to for sources, to in REVISION_MOVES.values() if state in sources))
