"""Many receive and count at once: nothing is lost, nothing counts twice."""

from datetime import date
from functools import partial

import pytest

from market.kernel.market import Market
from market.stock.drafts import LotDraft
from market.stock.errors import LotCodeTaken
from market.stock.manage import adjust_stock, receive_stock
from market.stock.rules import AdjustReason
from market.stock.steps import set_counted
from tests.stock.doing import at_once, kinds
from tests.stock.farms import (
    ADMIN,
    a_key,
    a_producer,
    a_variant,
    assert_adds_up,
    level,
    lots,
    movements,
    receive,
    variants_of,
)


def set_count(market: Market, variant: str, counted: int) -> None:
    """As an import does, which knows no version."""
    with market.transaction() as session:
        reason, now = AdjustReason.COUNTED, market.now()
        set_counted(session, market, ADMIN, sku=f"SKU-{variant}", counted=counted, reason=reason, now=now)


def test_first_receipts_at_the_same_moment_all_count(market: Market) -> None:
    for _ in range(5):
        variant = a_variant(market)

        outcomes = at_once(market, [partial(receive, market, variant, n + 1) for n in range(8)])

        assert kinds(outcomes) == {"str": 8}
        assert (level(market, variant).on_hand, level(market, variant).version) == (36, 8)
        assert len(lots(market, variant)) == 1
    assert_adds_up(market)


def test_first_counts_at_the_same_moment_count_once(market: Market) -> None:
    for _ in range(5):
        variant = a_variant(market)

        outcomes = at_once(market, [partial(set_count, market, variant, 10)] * 8)

        assert kinds(outcomes) == {"NoneType": 8}
        assert [each.quantity for each in movements(market, variant)] == [10]
    assert_adds_up(market)


def test_counts_at_the_same_moment_of_what_was_there_count_once(market: Market) -> None:
    for _ in range(5):
        variant = a_variant(market)
        receive(market, variant, 100)

        outcomes = at_once(market, [partial(set_count, market, variant, 40)] * 8)

        assert kinds(outcomes) == {"NoneType": 8}
        assert [each.quantity for each in movements(market, variant)] == [100, -60]
    assert_adds_up(market)


@pytest.mark.parametrize("is_same_variant", [True, False])
def test_one_lot_code_at_the_same_moment_is_one_lot(market: Market, *, is_same_variant: bool) -> None:
    for number in range(5):
        variants = variants_of(market, a_producer(market), 2)

        def take_in(variant: str, key: str, code: str = f"A-{number}") -> str:
            return receive_stock(
                market, ADMIN, LotDraft(variant, 5, date(2026, 6, 1), code=code), idempotency_key=a_key(key)
            )

        asked = [variants[0 if is_same_variant else n % 2] for n in range(8)]
        outcomes = at_once(market, [partial(take_in, each, f"{number}-{n}") for n, each in enumerate(asked)])

        assert sum(level(market, v).on_hand for v in variants if lots(market, v)) == 5
        assert len({each for each in outcomes if isinstance(each, str)}) == 1
        refused = [each for each in outcomes if not isinstance(each, str)]
        assert len(refused) == (0 if is_same_variant else 4)
        assert all(isinstance(each, LotCodeTaken) for each in refused)
    assert_adds_up(market)


def test_an_adjustment_asked_for_twice_at_once_is_made_once(market: Market) -> None:
    variant = a_variant(market)
    receive(market, variant, 50)

    def spoil() -> object:
        reason = AdjustReason.SPOILED
        return adjust_stock(
            market, ADMIN, variant_id=variant, by=-7, reason=reason, idempotency_key=a_key("double tap")
        )

    outcomes = at_once(market, [spoil] * 8)

    assert len(set(outcomes)) == 1
    assert level(market, variant).on_hand == 43
