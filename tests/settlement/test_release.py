"""Money becomes payable when it is the seller's, once, and what is refunded later is taken back."""

from datetime import timedelta

import pytest
from sqlmodel import select

from market.kernel.market import Market
from market.ledger.rules import AccountKind
from market.orders.rules import LineKind
from market.orders.tables import SellerOrder
from market.settlement.release import net_refunds, release_due
from market.settlement.tables import Release
from tests.clock import FakeClock
from tests.settlement.world import (
    World,
    at_once,
    bought,
    build,
    deliver,
    fen,
    is_right,
    line_of,
    payable,
    pending,
    refund,
)

BOX, TEA, ADULT = 8_800, 5_000, 12_800


def less_commission(amount: int) -> int:
    return amount - amount * 500 // 10_000


@pytest.fixture(name="world")
def _world(market: Market) -> World:
    return build(market)


def test_produce_is_payable_a_week_after_it_was_delivered_and_its_delivery_fee_with_it(
    market: Market, clock: FakeClock, world: World
) -> None:
    seller = world.shop.stalls.producer
    order_id = bought(market, world, boxes=2)
    with market.read() as session:
        delivery = session.exec(select(SellerOrder.delivery_fen)).one()
    earned = less_commission(2 * BOX) + delivery
    assert (pending(market, seller), payable(market, seller)) == (earned, 0)
    assert release_due(market) == 0
    deliver(market, order_id)
    clock.advance(days=7, seconds=-1)
    assert release_due(market) == 0
    clock.advance(seconds=1)

    assert release_due(market) == 1
    assert release_due(market) == 0

    assert delivery > 0
    assert (pending(market, seller), payable(market, seller)) == (0, earned)
    with market.read() as session:
        assert session.exec(select(SellerOrder.released_at)).one() == clock.now
        assert sorted(each.amount_fen for each in session.exec(select(Release)).all()) == sorted(
            [less_commission(2 * BOX), delivery]
        )
    assert is_right(market)


def test_a_booking_is_payable_when_its_day_is_over(market: Market, clock: FakeClock, world: World) -> None:
    seller = world.shop.stalls.producer
    bought(market, world, adults=2)
    clock.now = clock.now.replace(month=6, day=20, hour=15, minute=59)  # 23:59 of that day in Shanghai
    assert release_due(market) == 0
    clock.advance(minutes=1)

    release_due(market)

    assert (pending(market, seller), payable(market, seller)) == (0, less_commission(2 * ADULT))
    assert is_right(market)


def test_a_visit_and_produce_of_one_seller_become_payable_each_at_its_time(
    market: Market, clock: FakeClock, world: World
) -> None:
    seller = world.shop.stalls.producer
    order_id = bought(market, world, boxes=1, adults=1)
    whole = pending(market, seller)
    clock.now = clock.now.replace(month=6, day=22)
    assert release_due(market) == 1
    assert payable(market, seller) == less_commission(ADULT)
    assert release_due(market) == 0  # its produce is not delivered: nothing more to do now
    deliver(market, order_id)
    clock.advance(days=8)

    assert release_due(market) == 1

    assert (pending(market, seller), payable(market, seller)) == (0, whole)
    assert is_right(market)


def test_a_cooperative_is_paid_for_its_members_and_each_has_an_account(
    market: Market, clock: FakeClock, world: World
) -> None:
    order_id = bought(market, world, teas=(1, 3))
    deliver(market, order_id)
    clock.advance(days=8)

    release_due(market)

    accounts = [fen(market, AccountKind.MEMBER, f"{world.cooperative}/{member}") for member in world.members]
    fees = 2 * 0
    assert accounts[0] >= less_commission(TEA)
    assert accounts[1] >= less_commission(3 * TEA)
    assert (
        sum(accounts) + fees
        == payable(market, world.cooperative)
        == -fen(market, AccountKind.MEMBER, world.cooperative)
    )
    assert is_right(market)


@pytest.mark.parametrize("is_before", [True, False])
def test_a_refund_is_netted_alike_before_and_after_the_release(
    market: Market, clock: FakeClock, world: World, is_before: bool
) -> None:
    seller = world.shop.stalls.producer
    order_id = bought(market, world, boxes=3)
    line = line_of(market, order_id)
    deliver(market, order_id)
    if is_before:
        refund(market, line, pieces=1)
    clock.advance(days=8)
    release_due(market)
    if not is_before:
        refund(market, line, pieces=1)

    assert net_refunds(market) == 1
    assert net_refunds(market) == 0
    assert release_due(market) == 0

    with market.read() as session:
        fee = session.exec(select(SellerOrder.delivery_fen)).one()
    # The third of commission that goes back is cut off too: the seller bears the fen, as the refund says.
    kept = 2 * BOX - (3 * BOX * 500 // 10_000 - (3 * BOX * 500 // 10_000) // 3)
    assert (pending(market, seller), payable(market, seller)) == (0, kept + fee)
    assert is_right(market)


def test_shares_given_back_one_after_another_are_all_taken_off(market: Market, clock: FakeClock, world: World) -> None:
    seller = world.shop.stalls.producer
    order_id = bought(market, world, boxes=3)
    deliver(market, order_id)
    clock.advance(days=8)
    release_due(market)
    before = payable(market, seller)
    for percent in (10, 33, 100):
        refund(market, line_of(market, order_id), percent=percent)
        net_refunds(market)
        assert pending(market, seller) == 0
        assert is_right(market)

    assert before - payable(market, seller) == less_commission(3 * BOX)


def test_a_booking_that_was_given_back_whole_is_never_payable(market: Market, clock: FakeClock, world: World) -> None:
    seller = world.shop.stalls.producer
    order_id = bought(market, world, adults=1)
    refund(market, line_of(market, order_id, LineKind.BOOKING), percent=100)
    clock.advance(days=60)

    release_due(market)

    assert (pending(market, seller), payable(market, seller)) == (0, 0)
    assert release_due(market) == 0
    with market.read() as session:
        assert session.exec(select(SellerOrder.released_at)).one() is not None
        assert session.exec(select(Release)).all() == []


def test_chunks_go_on_where_the_last_one_ended(market: Market, clock: FakeClock, world: World) -> None:
    for _ in range(3):
        deliver(market, bought(market, world, boxes=1))
    clock.advance(days=8)

    assert [release_due(market, limit=2) for _ in range(3)] == [2, 1, 0]

    assert pending(market, world.shop.stalls.producer) == 0
    assert is_right(market)


def test_two_workers_and_a_refund_at_once_release_each_line_once(
    market: Market, clock: FakeClock, world: World
) -> None:
    seller = world.shop.stalls.producer
    orders = [bought(market, world, boxes=2) for _ in range(4)]
    for order_id in orders:
        deliver(market, order_id)
    clock.now += timedelta(days=8)
    line = line_of(market, orders[0])
    refused = at_once(lambda: release_due(market), lambda: release_due(market), lambda: refund(market, line, pieces=1))
    assert refused == []

    release_due(market)
    net_refunds(market)

    with market.read() as session:
        releases = session.exec(select(Release)).all()
        fees = sum(session.exec(select(SellerOrder.delivery_fen)).all())
    assert len({(each.subject_id, each.seq) for each in releases}) == len(releases)
    assert pending(market, seller) == 0
    commission = 2 * BOX * 500 // 10_000
    assert payable(market, seller) == 4 * less_commission(2 * BOX) + fees - (BOX - commission // 2)
    assert is_right(market)


def test_a_refund_that_several_net_at_once_is_netted_once(market: Market, clock: FakeClock, world: World) -> None:
    seller = world.shop.stalls.producer
    order_id = bought(market, world, boxes=3)
    deliver(market, order_id)
    clock.advance(days=8)
    release_due(market)
    before = payable(market, seller)
    refund(market, line_of(market, order_id), percent=50)

    assert at_once(*[lambda: net_refunds(market)] * 4) == []

    assert pending(market, seller) == 0
    assert before - payable(market, seller) == less_commission(3 * BOX) // 2
    assert is_right(market)
