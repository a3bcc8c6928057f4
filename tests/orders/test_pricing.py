"""Prices add up to the fen, whatever is bought and given off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.orders.pricing import Discount, GoodsLine, price
from market.vouchers.rules import Funder

PEACH = GoodsLine("peach", "wang", 3, 8_800, 500)
TEA = GoodsLine("tea", "li", 1, 12_000, 300)


def test_an_order_of_two_sellers() -> None:
    discounts = [
        Discount("peach", "vch_gov", Funder.GOVERNMENT, 2_000),
        Discount("peach", "vch_own", Funder.SELLER, 400),
        Discount("tea", "vch_gov", Funder.GOVERNMENT, 1_000),
    ]

    priced = price([PEACH, TEA], {"wang": 1_200}, discounts)

    peach, tea = priced.lines
    assert (peach.amount_fen, peach.discount_fen, peach.payable_fen) == (26_400, 2_400, 24_000)
    assert peach.commission_fen == (26_400 - 400) * 500 // 10_000, "of what the seller earns: only its own gift is less"
    assert tea.commission_fen == 360
    assert [(each.seller, each.payable_fen) for each in priced.sellers] == [("wang", 25_200), ("li", 11_000)]
    assert priced.payable_fen == 36_200


@pytest.mark.parametrize(
    "discount",
    [
        Discount("peach", "vch", Funder.SELLER, 26_401),
        Discount("peach", "vch", Funder.SELLER, 0),
        Discount("pear", "vch", Funder.SELLER, 1),
    ],
)
def test_a_discount_that_cannot_be_is_a_bug(discount: Discount) -> None:
    with pytest.raises(ValueError, match="fen off|a discount of nothing"):
        price([PEACH], {}, [discount])


@given(
    st.lists(
        st.tuples(
            st.integers(1, 99),
            st.integers(0, 10**7),
            st.integers(0, 3),
            st.integers(0, 3_000),
            st.sampled_from(Funder),
            st.integers(0, 100),
        ),
        min_size=1,
        max_size=12,
    ),
    st.dictionaries(st.integers(0, 3).map(str), st.integers(0, 10_000)),
)
def test_every_part_adds_up_to_its_whole(
    lines: list[tuple[int, int, int, int, Funder, int]], delivery: dict[str, int]
) -> None:
    goods = [
        GoodsLine(str(at), str(seller), quantity, unit, bp)
        for at, (quantity, unit, seller, bp, _funder, _off) in enumerate(lines)
    ]
    discounts = [
        Discount(line.key, "vch", funder, line.amount_fen * off // 100)
        for line, (*_rest, funder, off) in zip(goods, lines, strict=True)
        if line.amount_fen * off // 100
    ]

    priced = price(goods, delivery, discounts)

    assert priced.payable_fen == priced.goods_fen + priced.delivery_fen - priced.discount_fen >= 0
    assert priced.goods_fen == sum(line.amount_fen for line in goods)
    assert priced.discount_fen == sum(discount.amount_fen for discount in discounts)
    assert priced.payable_fen == sum(seller.payable_fen for seller in priced.sellers)
    for seller in priced.sellers:
        mine = [line for line in priced.lines if line.seller == seller.seller]
        assert seller.payable_fen == sum(line.payable_fen for line in mine) + delivery.get(seller.seller, 0)
        assert seller.commission_fen == sum(line.commission_fen for line in mine) <= seller.goods_fen
