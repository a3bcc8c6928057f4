"""States of statements, payouts and corrections with their moves; periods; what of a line is its seller's. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from market.kernel.errors import IllegalTransition

AFTER_SALE = timedelta(days=7)
"""How long after its delivery produce may be sent back or claimed (消费者权益保护法 art. 25): until then its money waits."""


class ReleaseOf(StrEnum):
    """What money became payable for: produce, a booking, or a seller order's delivery."""

    PRODUCT = "PRODUCT"
    BOOKING = "BOOKING"
    DELIVERY = "DELIVERY"


class SettlementPeriod(StrEnum):
    """How often a party gets a statement: twice a month (1st to 15th, 16th to the end), or once."""

    HALF_MONTH = "HALF_MONTH"
    MONTH = "MONTH"


class StatementState(StrEnum):
    """Where a statement stands. The seller sees it once it is issued."""

    DRAFT = "DRAFT"
    ISSUED = "ISSUED"
    CONFIRMED = "CONFIRMED"
    DISPUTED = "DISPUTED"


class BatchState(StrEnum):
    """Where a batch of payouts stands."""

    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    COMPLETED = "COMPLETED"


class PayoutState(StrEnum):
    """Where a payout stands. DROPPED: its batch was rejected, or the money was no longer payable at the approval."""

    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    PAID = "PAID"
    FAILED = "FAILED"
    DROPPED = "DROPPED"


class CorrectionState(StrEnum):
    """Where a correction of the ledger stands."""

    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


S = TypeVar("S", bound=StrEnum)

STATEMENT_MOVES: Mapping[StatementState, frozenset[StatementState]] = MappingProxyType(
    {
        StatementState.DRAFT: frozenset({StatementState.ISSUED}),
        StatementState.ISSUED: frozenset({StatementState.CONFIRMED, StatementState.DISPUTED}),
        # Staff have answered; what was wrong is put right by a correction, which the next statement shows.
        StatementState.DISPUTED: frozenset({StatementState.ISSUED}),
        StatementState.CONFIRMED: frozenset(),
    }
)
BATCH_MOVES: Mapping[BatchState, frozenset[BatchState]] = MappingProxyType(
    {
        BatchState.PROPOSED: frozenset({BatchState.APPROVED, BatchState.REJECTED}),
        BatchState.APPROVED: frozenset({BatchState.COMPLETED}),
        BatchState.REJECTED: frozenset(),
        BatchState.COMPLETED: frozenset(),
    }
)
PAYOUT_MOVES: Mapping[PayoutState, frozenset[PayoutState]] = MappingProxyType(
    {
        PayoutState.PROPOSED: frozenset({PayoutState.APPROVED, PayoutState.DROPPED}),
        PayoutState.APPROVED: frozenset({PayoutState.PAID, PayoutState.FAILED}),
        PayoutState.PAID: frozenset(),
        PayoutState.FAILED: frozenset(),
        PayoutState.DROPPED: frozenset(),
    }
)
CORRECTION_MOVES: Mapping[CorrectionState, frozenset[CorrectionState]] = MappingProxyType(
    {
        CorrectionState.PROPOSED: frozenset({CorrectionState.APPROVED, CorrectionState.REJECTED}),
        CorrectionState.APPROVED: frozenset(),
        CorrectionState.REJECTED: frozenset(),
    }
)


def next_of(moves: Mapping[S, frozenset[S]], state: S) -> tuple[S, ...]:
    """Where something in this state can go, in the order of the states.

    >>> next_of(STATEMENT_MOVES, StatementState.ISSUED)
    (<StatementState.CONFIRMED: 'CONFIRMED'>, <StatementState.DISPUTED: 'DISPUTED'>)
    """
    return tuple(each for each in type(state) if each in moves[state])


def illegal(moves: Mapping[S, frozenset[S]], state: S, to: S) -> IllegalTransition:
    """The refusal of a move that the table does not have."""
    return IllegalTransition(from_state=state, to_state=to, allowed=next_of(moves, state))


# -- periods -----------------------------------------------------------------------------------------------------------


def period_of(day: date, period: SettlementPeriod) -> tuple[date, date]:
    """The first and last day of the period that a day is in.

    >>> [str(each) for each in period_of(date(2026, 2, 20), SettlementPeriod.HALF_MONTH)]
    ['2026-02-16', '2026-02-28']
    """
    if period is SettlementPeriod.HALF_MONTH and day.day <= 15:
        return day.replace(day=1), day.replace(day=15)
    last = (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return day.replace(day=16 if period is SettlementPeriod.HALF_MONTH else 1), last


def last_ended(today: date, period: SettlementPeriod) -> date:
    """The last day of the newest period that is over.

    >>> str(last_ended(date(2026, 3, 1), SettlementPeriod.MONTH)), str(last_ended(date(2026, 3, 15), SettlementPeriod.MONTH))
    ('2026-02-28', '2026-02-28')
    """
    return period_of(today, period)[0] - timedelta(days=1)


# -- what is the seller's ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Earned:
    """What a seller has of a line, or of a delivery: what the buyer paid, what vouchers of others paid in the buyer's
    place, less the platform's commission. In fen, refunds already taken off."""

    paid_fen: int = 0
    voucher_fen: int = 0
    commission_fen: int = 0

    @property
    def amount_fen(self) -> int:
        """The seller's.

        >>> Earned(9_000, 1_000, 500).amount_fen
        9500
        """
        return self.paid_fen + self.voucher_fen - self.commission_fen

    def __sub__(self, other: "Earned") -> "Earned":
        return Earned(
            self.paid_fen - other.paid_fen,
            self.voucher_fen - other.voucher_fen,
            self.commission_fen - other.commission_fen,
        )

    def __bool__(self) -> bool:
        return any((self.paid_fen, self.voucher_fen, self.commission_fen))
