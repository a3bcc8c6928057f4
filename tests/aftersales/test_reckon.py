"""Shares of what was paid: whatever order things go back in, together they are exactly what was paid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.aftersales.reckon import SoldDiscount, SoldLine, refund_pieces, refund_share, split
from market.vouchers.rules import Funder


def after(line: SoldLine, refund: object) -> SoldLine:
    """The line once a refund was made."""
    from dataclasses import replace

    from market.aftersales.reckon import LineRefund

    assert isinstance(refund, LineRefund)
    back = {campaign: fen for campaign, _funder, fen in refund.vouchers}
    return replace(
        line,
        refunded_quantity=line.refunded_quantity + refund.quantity,
        refunded_fen=line.refunded_fen + refund.amount_fen,
        commission_refunded_fen=line.commission_refunded_fen + refund.commission_fen,
        discounts=tuple(
            replace(each, refunded_fen=each.refunded_fen + back.get(each.campaign_id, 0)) for each in line.discounts
        ),
    )


@given(
    st.integers(1, 20),
    st.integers(0, 10**6),
    st.integers(0, 10**5),
    st.lists(st.integers(1, 10**5), max_size=3),
    st.lists(st.integers(1, 5), max_size=20),
)
def test_all_pieces_one_by_one_give_back_exactly_what_was_paid(
    quantity: int, payable: int, commission: int, discounts: list[int], steps: list[int]
) -> None:
    sold = tuple(SoldDiscount(str(at), Funder.GOVERNMENT, fen, 0) for at, fen in enumerate(discounts))
    line = SoldLine("lin", quantity, 0, payable, 0, commission, 0, sold)

    for step in [*steps, quantity]:
        left = line.quantity - line.refunded_quantity
        if left:
            line = after(line, refund_pieces(line, min(step, left)))

    assert line.refunded_fen == payable
    assert line.commission_refunded_fen == commission
    assert all(each.refunded_fen == each.amount_fen for each in line.discounts)


@given(st.integers(0, 10**6), st.lists(st.integers(0, 100), max_size=6))
def test_shares_never_add_up_to_more_than_was_paid(payable: int, percents: list[int]) -> None:
    line = SoldLine("lin", 1, 0, payable, 0, payable // 20, 0)
    for percent in percents:
        line = after(line, refund_share(line, percent))

    assert 0 <= line.refunded_fen <= payable
    assert after(line, refund_pieces(line, 1)).refunded_fen == payable


@pytest.mark.parametrize("quantity", [0, -1, 4])
def test_pieces_that_are_not_there_are_a_bug(quantity: int) -> None:
    with pytest.raises(ValueError, match="of 3 pieces"):
        refund_pieces(SoldLine("lin", 3, 0, 9, 0, 0, 0), quantity)


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_share_that_cannot_be_is_a_bug(percent: int) -> None:
    with pytest.raises(ValueError, match="percent"):
        refund_share(SoldLine("lin", 3, 0, 9, 0, 0, 0), percent)


def test_an_amount_beyond_what_is_left_is_a_bug() -> None:
    with pytest.raises(ValueError, match="more than is left"):
        split(41, [SoldLine("a", 1, 0, 30, 0, 0, 0), SoldLine("b", 1, 0, 10, 0, 0, 0)])
