"""What can be claimed and until when, the states of a claim, and the moves between them. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from market.fulfilment.rules import AFTER_SALE, AFTER_VISIT
from market.kernel.errors import IllegalTransition
from market.orders.rules import LineKind

TEXT_MAX = 1_000
PHOTOS_MAX = 9


class ClaimReason(StrEnum):
    """What is wrong. NO_REASON: the buyer sends it back without one, as the law allows (7 days)."""

    SPOILED = "SPOILED"
    DAMAGED = "DAMAGED"
    WRONG_ITEM = "WRONG_ITEM"
    MISSING = "MISSING"
    NOT_AS_DESCRIBED = "NOT_AS_DESCRIBED"
    NOT_ARRIVED = "NOT_ARRIVED"
    POOR_SERVICE = "POOR_SERVICE"
    NO_REASON = "NO_REASON"


class ClaimWish(StrEnum):
    """What the buyer asks for."""

    REFUND = "REFUND"
    RESHIP = "RESHIP"
    RETURN = "RETURN"


class ClaimState(StrEnum):
    """Where a claim stands. Who is to act next: the seller (OPEN, RETURN_SENT, RESHIP_DUE), the buyer (RETURN_DUE, and
    PARTLY_REFUNDED and REJECTED if they ask staff), staff (ESCALATED), nobody."""

    OPEN = "OPEN"
    RETURN_DUE = "RETURN_DUE"
    RETURN_SENT = "RETURN_SENT"
    RESHIP_DUE = "RESHIP_DUE"
    PARTLY_REFUNDED = "PARTLY_REFUNDED"
    REJECTED = "REJECTED"
    ESCALATED = "ESCALATED"
    REFUNDED = "REFUNDED"
    RESHIPPED = "RESHIPPED"
    DISMISSED = "DISMISSED"
    WITHDRAWN = "WITHDRAWN"


MOVES: Mapping[ClaimState, frozenset[ClaimState]] = MappingProxyType(
    {
        ClaimState.OPEN: frozenset(
            {
                ClaimState.RETURN_DUE,
                ClaimState.RESHIP_DUE,
                ClaimState.PARTLY_REFUNDED,
                ClaimState.REFUNDED,
                ClaimState.REJECTED,
                ClaimState.WITHDRAWN,
            }
        ),
        ClaimState.RETURN_DUE: frozenset({ClaimState.RETURN_SENT, ClaimState.WITHDRAWN}),
        ClaimState.RETURN_SENT: frozenset({ClaimState.PARTLY_REFUNDED, ClaimState.REFUNDED, ClaimState.REJECTED}),
        ClaimState.RESHIP_DUE: frozenset(
            {ClaimState.RESHIPPED, ClaimState.REFUNDED, ClaimState.ESCALATED, ClaimState.WITHDRAWN}
        ),
        ClaimState.PARTLY_REFUNDED: frozenset({ClaimState.ESCALATED}),
        ClaimState.REJECTED: frozenset({ClaimState.ESCALATED}),
        ClaimState.ESCALATED: frozenset({ClaimState.REFUNDED, ClaimState.DISMISSED}),
        ClaimState.REFUNDED: frozenset(),
        ClaimState.RESHIPPED: frozenset(),
        ClaimState.DISMISSED: frozenset(),
        ClaimState.WITHDRAWN: frozenset(),
    }
)

UNSETTLED = (
    ClaimState.OPEN,
    ClaimState.RETURN_DUE,
    ClaimState.RETURN_SENT,
    ClaimState.RESHIP_DUE,
    ClaimState.ESCALATED,
)
"""Somebody is to act. A line has one such claim at most, and its seller order is not completed meanwhile."""

ANSWER_WITHIN = timedelta(hours=48)
"""A seller who does not answer by then has accepted: what is asked for is done (the trade's custom for fresh produce)."""
SEND_BACK_WITHIN = timedelta(days=7)
"""After a return was accepted; one that is not sent is withdrawn."""
REFUND_WITHIN = timedelta(days=7)
"""After a return was sent, when the seller says nothing of it (Consumer Rights Protection Law art. 25: seven days from
its arrival, which only the seller knows)."""
RETURN_TRAVELS = timedelta(days=7)
RESHIP_WITHIN = timedelta(days=7)
"""After that the buyer may ask staff."""
ESCALATE_WITHIN = timedelta(days=7)

CLAIM_WITHIN = AFTER_SALE
"""After the delivery, whatever is claimed: a seller order is completed when it is over."""
VISIT_CLAIM_WITHIN = AFTER_VISIT


def next_states(state: ClaimState) -> tuple[ClaimState, ...]:
    """Where a claim can go from here, in the order of the states."""
    return tuple(each for each in ClaimState if each in MOVES[state])


def illegal_move(state: ClaimState, to: ClaimState) -> IllegalTransition:
    """The refusal of a move that the table does not have."""
    return IllegalTransition(from_state=state, to_state=to, allowed=tuple(next_states(state)))


def claim_until(kind: LineKind, delivered_at: datetime) -> datetime:
    """The last moment to claim for what was delivered (or, of a visit, ended) then.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    >>> (claim_until(LineKind.PRODUCT, noon) - noon).days, (claim_until(LineKind.BOOKING, noon) - noon).days
    (7, 2)
    """
    return delivered_at + (VISIT_CLAIM_WITHIN if kind is LineKind.BOOKING else CLAIM_WITHIN)


def due_at(state: ClaimState, now: datetime) -> datetime | None:
    """Until when somebody has to act in this state; None when nobody has to, or staff."""
    times = {
        ClaimState.OPEN: ANSWER_WITHIN,
        ClaimState.RETURN_DUE: SEND_BACK_WITHIN,
        ClaimState.RETURN_SENT: RETURN_TRAVELS + REFUND_WITHIN,
        ClaimState.RESHIP_DUE: RESHIP_WITHIN,
        ClaimState.PARTLY_REFUNDED: ESCALATE_WITHIN,
        ClaimState.REJECTED: ESCALATE_WITHIN,
    }
    return now + times[state] if state in times else None


def can_claim(kind: LineKind, reason: ClaimReason, wish: ClaimWish) -> bool:
    """Whether this can be said, and asked for, of such a line.

    >>> can_claim(LineKind.BOOKING, ClaimReason.SPOILED, ClaimWish.REFUND)
    False
    """
    if kind is LineKind.GIFT:
        return False
    if kind is LineKind.BOOKING:
        said = {ClaimReason.POOR_SERVICE, ClaimReason.NOT_AS_DESCRIBED}
        return reason in said and wish is ClaimWish.REFUND
    if reason is ClaimReason.POOR_SERVICE:
        return False
    if reason is ClaimReason.NO_REASON:
        return wish is ClaimWish.RETURN
    return not (wish is ClaimWish.RETURN and reason in {ClaimReason.NOT_ARRIVED, ClaimReason.MISSING})
