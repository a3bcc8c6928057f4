"""The stock is counted: what is there is what was counted, if nothing moved meanwhile."""

from datetime import date

import pytest

from market.kernel.errors import Forbidden, Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Role
from market.stock.errors import StockMoved
from market.stock.rules import AdjustReason
from market.stock.steps import set_counted
from tests.stock.doing import adjust, count, hold, lot_of
from tests.stock.farms import (
    a_producer,
    a_variant,
    assert_adds_up,
    audited,
    everything,
    level,
    lots,
    movements,
    people_of,
    receive,
    variants_of,
)


@pytest.mark.parametrize("counted", [0, 8, 12])
def test_a_count_sets_what_is_on_hand(market: Market, counted: int) -> None:
    variant = a_variant(market)
    receive(market, variant, 10)

    after = count(market, variant, counted, version=1)

    assert (after.on_hand, after.version) == (counted, 2)
    last = movements(market, variant)[-1]
    assert (last.kind, last.reason, last.quantity) == ("ADJUSTED", "COUNTED", counted - 10)
    assert_adds_up(market)


def test_a_count_that_agrees_changes_nothing_and_is_on_record(market: Market) -> None:
    variant = a_variant(market)
    receive(market, variant, 10)

    assert count(market, variant, 10, version=1).version == 1

    assert len(movements(market, variant)) == 1
    assert audited(market)[-1][1] == "stock.count"


def test_a_count_is_refused_when_pieces_moved_meanwhile(market: Market) -> None:
    variant = a_variant(market)
    receive(market, variant, 10)
    adjust(market, variant, -1)
    before = everything(market)

    with pytest.raises(StockMoved) as refusal:
        count(market, variant, 10, version=1)

    assert refusal.value.facts == {"on_hand": 9, "version": 2}
    assert everything(market) == before


def test_a_promise_made_meanwhile_does_not_spoil_a_count(market: Market) -> None:
    variant = a_variant(market)
    receive(market, variant, 10)
    hold(market, {variant: 6})

    assert count(market, variant, 8, version=1).free == 2


def test_one_lot_is_counted(market: Market) -> None:
    variant = a_variant(market)
    first, second = lot_of(market, variant, 5, date(2026, 6, 2)), lot_of(market, variant, 5, date(2026, 6, 1))

    after = count(market, variant, 3, version=2, lot=first)

    assert after.on_hand == 8
    assert {each.id: each.remaining for each in lots(market, variant)} == {first: 3, second: 5}


@pytest.mark.parametrize("counted", [-1, 1_000_001])
def test_no_count_is_below_nothing_or_beyond_belief(market: Market, counted: int) -> None:
    variant = a_variant(market)

    with pytest.raises(Invalid):
        count(market, variant, counted, version=0)

    assert not any(everything(market).values())


def test_an_import_sets_what_was_counted_by_sku(market: Market) -> None:
    producer = a_producer(market)
    [variant] = variants_of(market, producer)
    actor, stranger = people_of(market, producer), people_of(market, a_producer(market))

    def set_it(counted: int, *, who: Actor = actor, sku: str = f"SKU-{variant}") -> None:
        with market.transaction() as session:
            reason, now = AdjustReason.COUNTED, market.now()
            set_counted(session, market, who, sku=sku, counted=counted, reason=reason, now=now, reference="imp_1")

    set_it(7)
    set_it(7)
    set_it(2)

    assert [(each.quantity, each.reference) for each in movements(market, variant)] == [(7, "imp_1"), (-5, "imp_1")]
    for sku, who in ((f"SKU-{variant}", stranger), ("SKU-unknown", actor)):
        with pytest.raises(NotFound) as refusal:
            set_it(1, who=who, sku=sku)
        assert refusal.value.facts == {"field": "sku"}
    for sku in (f"SKU-{variant}", "SKU-unknown"):
        with pytest.raises(Forbidden):
            set_it(1, who=people_of(market, producer, Role.VIEWER), sku=sku)
    assert level(market, variant).on_hand == 2
    assert_adds_up(market)
