"""What goes back, and from whom: reckoned from the line as it was sold, to the fen. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from market.kernel.money import allocate
from market.vouchers.rules import Funder


@dataclass(frozen=True, slots=True)
class SoldDiscount:
    """A campaign's share in a line, and what of it has gone back."""

    campaign_id: str
    funder: Funder
    amount_fen: int
    refunded_fen: int


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line as it was sold, and what has gone back."""

    id: str
    quantity: int
    refunded_quantity: int
    payable_fen: int
    refunded_fen: int
    commission_fen: int
    commission_refunded_fen: int
    discounts: tuple[SoldDiscount, ...] = ()


@dataclass(frozen=True, slots=True)
class LineRefund:
    """What goes back of a line: to the buyer, to whoever paid for discounts, and from the platform's commission."""

    line_id: str
    quantity: int
    amount_fen: int
    commission_fen: int
    vouchers: tuple[tuple[str, Funder, int], ...]
    """(campaign, who paid, fen)."""


def refund_pieces(line: SoldLine, quantity: int) -> LineRefund:
    """So many pieces of a line, whole: their share of what was paid. The last one takes what is left, so that all
    pieces together give back exactly what was paid, one by one or at once.

    >>> line = SoldLine("lin", 3, 0, 100, 0, 5, 0)
    >>> refund_pieces(line, 1).amount_fen, refund_pieces(line, 3).amount_fen
    (33, 100)
    """
    left = line.quantity - line.refunded_quantity
    if not 0 < quantity <= left:
        raise ValueError(f"{line.id}: {quantity} of {left} pieces")
    return _share(line, quantity, of=left)


def refund_share(line: SoldLine, percent: int) -> LineRefund:
    """A share of what is left of a line, its pieces staying with the buyer: for spoilage, or a booking cancelled late.

    >>> refund_share(SoldLine("lin", 1, 0, 999, 0, 0, 0), 50).amount_fen
    499
    """
    if not 0 <= percent <= 100:
        raise ValueError(f"{line.id}: {percent} percent")
    return _share(line, percent, of=100, is_of_pieces=False)


def refund_amount(line: SoldLine, amount_fen: int) -> LineRefund:
    """So many fen of what is left of a line, its pieces staying with the buyer. Commission and vouchers in proportion.

    >>> refund_amount(SoldLine("lin", 1, 0, 1000, 0, 50, 0), 333).commission_fen
    16
    """
    left = line.payable_fen - line.refunded_fen
    if not 0 <= amount_fen <= left:
        raise ValueError(f"{line.id}: {amount_fen} of {left} fen")
    return _share(line, amount_fen, of=left or 1, is_of_pieces=False)


def claimed(line: SoldLine, quantity: int, percent: int) -> int:
    """What a claim says that so many pieces, so many percent of each worthless, cost: in fen, never more than is left.

    >>> line = SoldLine("lin", 3, 0, 100, 0, 5, 0)
    >>> claimed(line, 1, 100), claimed(line, 3, 50), claimed(line, 3, 100)
    (33, 50, 100)
    """
    if not (0 < quantity <= line.quantity and 0 < percent <= 100):
        raise ValueError(f"{line.id}: {percent} percent of {quantity} of {line.quantity}")
    left = line.payable_fen - line.refunded_fen
    return min(left, line.payable_fen * quantity * percent // (line.quantity * 100))


def _share(line: SoldLine, part: int, *, of: int, is_of_pieces: bool = True) -> LineRefund:
    def cut(whole: int) -> int:
        return whole if part == of else whole * part // of

    return LineRefund(
        line_id=line.id,
        quantity=part if is_of_pieces else 0,
        amount_fen=cut(line.payable_fen - line.refunded_fen),
        commission_fen=cut(line.commission_fen - line.commission_refunded_fen),
        vouchers=tuple(
            (each.campaign_id, each.funder, cut(each.amount_fen - each.refunded_fen))
            for each in line.discounts
            if cut(each.amount_fen - each.refunded_fen)
        ),
    )


def split(amount_fen: int, lines: Sequence[SoldLine]) -> dict[str, int]:
    """An amount of money over lines, by what is left of each; never more than that.

    >>> split(10, [SoldLine("a", 1, 0, 30, 0, 0, 0), SoldLine("b", 1, 0, 10, 0, 0, 0)])
    {'a': 8, 'b': 2}
    """
    left = [line.payable_fen - line.refunded_fen for line in lines]
    if amount_fen > sum(left):
        raise ValueError("more than is left")
    return {line.id: part for line, part in zip(lines, allocate(amount_fen, left), strict=True)}
