"""A provider's bill of one day: what it says it took in and gave back. Nothing of the payers is kept."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class BillKind(StrEnum):
    """What a row of a bill is of."""

    PAYMENT = "PAYMENT"
    REFUND = "REFUND"


@dataclass(frozen=True, slots=True)
class BillLine:
    """A payment, or a refund of one."""

    kind: BillKind
    number: str
    """Ours: of the trade, or of the refund."""
    provider_id: str
    state: str
    """In the provider's word: SUCCESS, REFUND, PROCESSING and so on."""
    amount_fen: int
    at: datetime
    fee_fen: int = 0


@dataclass(frozen=True, slots=True)
class Bill:
    """One day's, as Shanghai counts days. The totals are the provider's own, and were compared with the rows."""

    day: date
    lines: tuple[BillLine, ...] = ()
    paid_fen: int = field(default=0)
    refunded_fen: int = field(default=0)
    fee_fen: int = field(default=0)
