"""What an organisation is, its states with their legal moves, and what a membership lets a cooperative do."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class OrganisationKind(StrEnum):
    """What an organisation is in law or in fact."""

    COOPERATIVE = "COOPERATIVE"
    FAMILY_FARM = "FAMILY_FARM"
    HOUSEHOLD = "HOUSEHOLD"
    ENTERPRISE = "ENTERPRISE"
    VILLAGE_COLLECTIVE = "VILLAGE_COLLECTIVE"
    HOMESTAY = "HOMESTAY"


class OrganisationState(StrEnum):
    """Where it is between an application and its end. Only ACTIVE ones sell."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    RETURNED = "RETURNED"
    REJECTED = "REJECTED"
    ACTIVE = "ACTIVE"
    FROZEN = "FROZEN"
    CLOSED = "CLOSED"


class OrganisationMove(StrEnum):
    """What can happen to an organisation's state. By verb, since two verbs may lead to one state."""

    SUBMIT = "SUBMIT"
    RETURN = "RETURN"
    APPROVE = "APPROVE"
    REJECT = "REJECT"
    WITHDRAW = "WITHDRAW"
    FREEZE = "FREEZE"
    UNFREEZE = "UNFREEZE"
    CLOSE = "CLOSE"


APPLYING = (OrganisationState.DRAFT, OrganisationState.SUBMITTED, OrganisationState.RETURNED)
"""States of an application under way."""

_MOVES: Mapping[OrganisationMove, tuple[tuple[OrganisationState, ...], OrganisationState]] = {
    OrganisationMove.SUBMIT: ((OrganisationState.DRAFT, OrganisationState.RETURNED), OrganisationState.SUBMITTED),
    OrganisationMove.RETURN: ((OrganisationState.SUBMITTED,), OrganisationState.RETURNED),
    OrganisationMove.APPROVE: ((OrganisationState.SUBMITTED,), OrganisationState.ACTIVE),
    OrganisationMove.REJECT: ((OrganisationState.SUBMITTED,), OrganisationState.REJECTED),
    OrganisationMove.WITHDRAW: (APPLYING, OrganisationState.CLOSED),
    OrganisationMove.FREEZE: ((OrganisationState.ACTIVE,), OrganisationState.FROZEN),
    OrganisationMove.UNFREEZE: ((OrganisationState.FROZEN,), OrganisationState.ACTIVE),
    # Only from FROZEN: by then its listings are off sale, and staff saw to its open orders.
    OrganisationMove.CLOSE: ((OrganisationState.FROZEN,), OrganisationState.CLOSED),
}
MOVES: Mapping[OrganisationMove, tuple[tuple[OrganisationState, ...], OrganisationState]] = MappingProxyType(_MOVES)
"""Each move: from which states, to which."""

EDITABLE = frozenset({OrganisationState.DRAFT, OrganisationState.RETURNED})
"""States in which its people change anything of it. What reviewers look at does not change under them."""

PUBLIC = frozenset({OrganisationState.ACTIVE})
"""States in which everybody sees it. A frozen one is hidden from lists while its orders are served."""

REGISTERED = frozenset({OrganisationState.ACTIVE, OrganisationState.FROZEN})
"""States of those that were approved and go on: of these, one credit code has one."""


def next_states(state: OrganisationState) -> tuple[OrganisationState, ...]:
    """The states a move leads to from this one, each once.

    >>> [state.value for state in next_states(OrganisationState.SUBMITTED)]
    ['RETURNED', 'ACTIVE', 'REJECTED', 'CLOSED']
    """
    return tuple(dict.fromkeys(to for sources, to in MOVES.values() if state in sources))


def prefix_of_kind(kind: OrganisationKind) -> str:
    """The id prefix of an organisation of this kind."""
    return "cop" if kind is OrganisationKind.COOPERATIVE else "pdr"


class Power(StrEnum):
    """What a member lets its cooperative do for it."""

    MANAGE_LISTINGS = "MANAGE_LISTINGS"
    MANAGE_STOCK = "MANAGE_STOCK"
    MANAGE_SESSIONS = "MANAGE_SESSIONS"
    FULFIL = "FULFIL"
    VIEW_FINANCE = "VIEW_FINANCE"


class MembershipSide(StrEnum):
    """Which of the two asked for a membership; the other answers."""

    COOPERATIVE = "COOPERATIVE"
    PRODUCER = "PRODUCER"


class MembershipRequestState(StrEnum):
    """Where a request for a membership is. Every state but the first is final."""

    REQUESTED = "REQUESTED"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"


class InvitationState(StrEnum):
    """Where an invitation is. Every state but the first is final; an open one past its time is over all the same."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
