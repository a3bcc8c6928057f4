"""Holds: pieces are promised to one buyer, until they end, are given up or are shipped."""

from datetime import date

import pytest

from market.kernel.market import Market
from market.stock.drafts import LotDraft
from market.stock.errors import HoldExpired, ShortLine, SoldOut
from market.stock.manage import receive_stock, take_back_holds
from market.stock.queries import free_of
from tests.clock import FakeClock
from tests.stock.doing import consume, extend, hold, release
from tests.stock.farms import (
    a_key,
    a_producer,
    a_variant,
    assert_adds_up,
    everything,
    holds,
    level,
    lots,
    movements,
    people_of,
    receive,
    told,
    variants_of,
)


def free(market: Market, variant: str) -> int:
    with market.read() as session:
        return free_of(session, [variant], now=market.now())[variant]


def test_held_pieces_are_free_no_more_and_buyers_are_told(market: Market) -> None:
    variant = a_variant(market)
    receive(market, variant, 10)

    hold(market, {variant: 4}, holder="one")
    assert (level(market, variant).free, free(market, variant), told(market, variant)) == (6, 6, "IN_STOCK")
    hold(market, {variant: 1}, holder="two")
    assert told(market, variant) == "LOW"
    hold(market, {variant: 5}, holder="three")

    assert (level(market, variant).on_hand, level(market, variant).reserved) == (10, 10)
    assert (free(market, variant), told(market, variant)) == (0, "SOLD_OUT")
    assert_adds_up(market)


def test_too_few_refuses_every_short_line_and_holds_nothing(market: Market) -> None:
    one, two, three, never = variants_of(market, a_producer(market), 4)
    for variant, quantity in ((one, 5), (two, 2), (three, 9)):
        receive(market, variant, quantity)
    before = everything(market)

    with pytest.raises(SoldOut) as refusal:
        hold(market, {never: 1, three: 10, one: 5, two: 3})

    assert refusal.value.facts["lines"] == tuple(
        sorted(
            [ShortLine(never, 1, 0), ShortLine(three, 10, 9), ShortLine(two, 3, 2)], key=lambda line: line.variant_id
        )
    )
    assert everything(market) == before


def test_a_hold_that_ended_is_ignored_by_reads_and_taken_by_the_next_buyer(market: Market, clock: FakeClock) -> None:
    variant = a_variant(market)
    receive(market, variant, 3)
    hold(market, {variant: 3}, holder="first")
    clock.advance(minutes=14, seconds=59)
    with pytest.raises(SoldOut):
        hold(market, {variant: 1}, holder="next")
    assert free(market, variant) == 0

    clock.advance(seconds=1)
    assert free(market, variant) == 3
    hold(market, {variant: 2}, holder="next")

    assert holds(market) == {("next", variant): 2}
    assert (level(market, variant).reserved, told(market, variant)) == (2, "LOW")
    assert_adds_up(market)


def test_a_hold_that_ended_stays_while_nobody_needs_its_pieces(market: Market, clock: FakeClock) -> None:
    variant = a_variant(market)
    receive(market, variant, 10)
    hold(market, {variant: 3}, holder="first")
    clock.advance(hours=1)

    hold(market, {variant: 7}, holder="next")

    assert holds(market) == {("first", variant): 3, ("next", variant): 7}
    assert free(market, variant) == 3


def test_the_worker_ends_holds_so_that_buyers_are_told(market: Market, clock: FakeClock) -> None:
    one, two = variants_of(market, a_producer(market), 2)
    receive(market, one, 10)
    receive(market, two, 10)
    hold(market, {one: 10, two: 10}, holder="first")
    hold(market, {}, holder="nobody")
    clock.advance(minutes=15)
    assert told(market, one) == "SOLD_OUT"

    assert [take_back_holds(market, limit=1) for _ in range(3)] == [1, 1, 0]

    assert (told(market, one), told(market, two), holds(market)) == ("IN_STOCK", "IN_STOCK", {})
    assert_adds_up(market)


def test_a_paid_hold_has_no_end(market: Market, clock: FakeClock) -> None:
    variant = a_variant(market)
    receive(market, variant, 3)
    hold(market, {variant: 3})

    extend(market, {variant: 3}, until=None)
    clock.advance(days=30)

    with pytest.raises(SoldOut):
        hold(market, {variant: 1}, holder="next")
    assert take_back_holds(market) == 0
    consume(market, {variant: 3})
    assert level(market, variant).on_hand == 0


def test_a_hold_is_extended_whole_or_not_at_all(market: Market, clock: FakeClock) -> None:
    one, two = variants_of(market, a_producer(market), 2)
    receive(market, one, 5)
    receive(market, two, 5)
    hold(market, {one: 2, two: 2})
    before = everything(market)

    for asked in ({one: 2, two: 3}, {one: 2, a_variant(market): 1}):
        with pytest.raises(HoldExpired):
            extend(market, asked)
    assert everything(market) == before

    clock.advance(minutes=15)
    with pytest.raises(HoldExpired) as refusal:
        extend(market, {one: 2, two: 2})
    assert refusal.value.facts == {"variant_id": one}
    assert everything(market) == before


def test_money_that_came_late_gets_the_pieces_again_when_they_are_there(market: Market, clock: FakeClock) -> None:
    variant = a_variant(market)
    receive(market, variant, 3)
    hold(market, {variant: 2})
    clock.advance(minutes=20)

    hold(market, {variant: 2})  # nobody has taken it back: it is the holder's own that is in the way

    assert (holds(market), level(market, variant).reserved) == ({("order", variant): 2}, 2)
    assert_adds_up(market)


def test_who_holds_already_does_not_hold_twice(market: Market) -> None:
    variant = a_variant(market)
    receive(market, variant, 9)
    hold(market, {variant: 2})

    with pytest.raises(ValueError, match="holds"):
        hold(market, {variant: 2})

    assert level(market, variant).reserved == 2


@pytest.mark.parametrize("quantity", [0, -1, 1.5, True, 1_000_001])
def test_no_hold_of_what_is_not_a_quantity(market: Market, quantity: int) -> None:
    variant = a_variant(market)
    receive(market, variant, 9)

    with pytest.raises(ValueError, match="quantity"):
        hold(market, {variant: quantity})

    assert level(market, variant).reserved == 0


def test_what_is_released_is_free_again_once(market: Market) -> None:
    one, two = variants_of(market, a_producer(market), 2)
    receive(market, one, 3)
    receive(market, two, 3)
    hold(market, {one: 3, two: 3})
    hold_of_other = {one: 1}
    release(market, {one: 1})
    hold(market, hold_of_other, holder="other")

    release(market)
    release(market)

    assert holds(market) == {("other", one): 1}
    assert (level(market, one).reserved, level(market, two).reserved) == (1, 0)
    assert (told(market, one), told(market, two)) == ("LOW", "LOW")
    with pytest.raises(HoldExpired):
        release(market, {two: 1})
    assert_adds_up(market)


def test_shipped_pieces_leave_with_a_movement(market: Market) -> None:
    variant = a_variant(market)
    lot = receive(market, variant, 10)
    hold(market, {variant: 6})

    assert consume(market, {variant: 4}) == {variant: [(lot, 4)]}

    assert (level(market, variant).on_hand, level(market, variant).reserved) == (6, 2)
    shipped = movements(market, variant)[-1]
    assert (shipped.kind, shipped.quantity, shipped.on_hand, shipped.reference) == ("SHIPPED", -4, 6, "ord_1")
    assert holds(market) == {("order", variant): 2}
    assert_adds_up(market)


def test_only_what_is_held_can_be_shipped(market: Market, clock: FakeClock) -> None:
    variant = a_variant(market)
    receive(market, variant, 10)
    hold(market, {variant: 2})
    before = everything(market)

    for holder, quantity in (("order", 3), ("somebody", 1)):
        with pytest.raises(HoldExpired):
            consume(market, {variant: quantity}, holder=holder)
    clock.advance(minutes=15)
    for quantity in (1, 2):
        with pytest.raises(HoldExpired):
            consume(market, {variant: quantity})

    assert everything(market) == before


def test_what_is_shipped_is_drawn_first_expired_first_out(market: Market) -> None:
    producer = a_producer(market)
    [variant] = variants_of(market, producer, shelf_life_days=10)
    actor = people_of(market, producer)

    def lot(quantity: int, picked: date | None) -> str:
        return receive_stock(market, actor, LotDraft(variant, quantity, picked), idempotency_key=a_key(f"{picked}"))

    keeps, late, early = lot(5, None), lot(5, date(2026, 6, 1)), lot(5, date(2026, 5, 25))
    past = lot(5, date(2026, 5, 10))
    hold(market, {variant: 17})

    drawn = consume(market, {variant: 17})

    assert drawn == {variant: [(early, 5), (late, 5), (keeps, 5), (past, 2)]}
    assert {each.id: each.remaining for each in lots(market, variant)} == {keeps: 0, late: 0, early: 0, past: 3}
    last = [each for each in movements(market, variant) if each.version == 5]
    assert {each.lot_id: each.quantity for each in last} == {keeps: -5, late: -5, early: -5, past: -2}
    assert {each.on_hand for each in last} == {3}
    assert_adds_up(market)
