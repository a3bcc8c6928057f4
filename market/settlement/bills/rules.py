"""A bill compared with the payments and refunds on record. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from market.payments.bills import BillKind, BillLine
from market.payments.rules import PaymentState, RefundState


class DifferenceKind(StrEnum):
    """How a bill and the records differ."""

    MISSING_HERE = "MISSING_HERE"
    MISSING_THERE = "MISSING_THERE"
    AMOUNT = "AMOUNT"
    REFUND = "REFUND"
    STATUS = "STATUS"


@dataclass(frozen=True, slots=True)
class Record:
    """A payment or refund as it is on record here."""

    kind: BillKind
    id: str
    number: str
    amount_fen: int
    state: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the two do not agree about."""

    kind: DifferenceKind
    number: str
    subject_id: str | None = None
    here_fen: int | None = None
    there_fen: int | None = None
    here_state: str | None = None
    there_state: str | None = None


PAID_WORDS = frozenset({"SUCCESS", "REFUND"})
"""A trade's states in a WeChat Pay bill that mean its money came (REFUND: and some of it went back)."""
REFUND_STATES: Mapping[str, frozenset[str]] = {
    "SUCCESS": frozenset({RefundState.SUCCEEDED}),
    # A refund may end after its bill was made: the bill then still says that it is on its way.
    "PROCESSING": frozenset({RefundState.PROCESSING, RefundState.SUCCEEDED, RefundState.REQUESTED}),
    "FAIL": frozenset({RefundState.FAILED, RefundState.ABNORMAL}),
    "CHANGE": frozenset({RefundState.ABNORMAL, RefundState.SUCCEEDED}),
}
"""The words of a bill for a refund's state, and what it may be here."""


def compare(
    lines: Sequence[BillLine],
    records: Mapping[tuple[BillKind, str], Record],
    *,
    expected: Iterable[Record],
) -> list[Difference]:
    """Every difference, in the order of the numbers.

    `records` are those here that the bill names, by kind and number; `expected` those that the bill should name.
    """
    named = {(line.kind, line.number) for line in lines}
    found = [difference for line in lines for difference in _of_line(line, records.get((line.kind, line.number)))]
    found += [
        Difference(
            DifferenceKind.MISSING_THERE,
            record.number,
            record.id,
            here_fen=record.amount_fen,
            here_state=record.state,
        )
        for record in expected
        if (record.kind, record.number) not in named
    ]
    return sorted(found, key=lambda each: (each.number, each.kind))


def _of_line(line: BillLine, record: Record | None) -> Iterator[Difference]:
    if record is None:
        yield Difference(DifferenceKind.MISSING_HERE, line.number, there_fen=line.amount_fen, there_state=line.state)
        return
    is_payment = line.kind is BillKind.PAYMENT
    found = Difference(
        DifferenceKind.AMOUNT if is_payment else DifferenceKind.REFUND,
        line.number,
        record.id,
        here_fen=record.amount_fen,
        there_fen=line.amount_fen,
        here_state=record.state,
        there_state=line.state,
    )
    if record.amount_fen != line.amount_fen:
        yield found
    if not _agree(line, record.state):
        yield replace(found, kind=DifferenceKind.STATUS)


def _agree(line: BillLine, state: str) -> bool:
    if line.kind is BillKind.PAYMENT:
        return (line.state in PAID_WORDS) is (state == PaymentState.SUCCEEDED)
    return state in REFUND_STATES.get(line.state, frozenset())
