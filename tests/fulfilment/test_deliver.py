"""What was handed over has come: who may say so, pick-up codes, and what cannot be said twice."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import select

from market.fulfilment.deliver import (
    confirm_pickup,
    confirm_receipt,
    correct_shipment,
    mark_delivered,
    move_shipment,
)
from market.fulfilment.errors import DeliveryNotYours, NothingToConfirm, PickupCodeWrong, PickupLocked
from market.fulfilment.parts import delivered_pieces
from market.fulfilment.rules import CODE_TRIES_MAX, Carrier, ShipmentState, TrackingState
from market.fulfilment.ship import ShipDraft, ship_order
from market.kernel.audit import ENTRIES
from market.kernel.errors import Forbidden, IllegalTransition, Invalid, MarketError, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.orders.rules import DeliveryMethod
from tests.checkout.shop import buyers, key, open_shop
from tests.clock import FakeClock
from tests.fulfilment.parcels import (
    add_point,
    code_of,
    events,
    lines_of,
    parcel,
    seller_of,
    shipment_now,
    sold,
    sold_by,
)

OTHER_CODE = "00000-00000"


def waiting(market: Market) -> tuple[Actor, Actor, str]:
    """A seller, a buyer, and what waits for them at a pick-up point."""
    shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    add_point(market, shop)
    order = sold_by(market, shop, DeliveryMethod.PICKUP)
    return seller, order.buyer, ship_order(market, seller, ShipDraft(order.part), key=key())


def test_a_code_gives_it_out_once(market: Market) -> None:
    seller, _buyer, shipment = waiting(market)
    code = code_of(market, shipment)

    with pytest.raises(PickupCodeWrong) as wrong:
        confirm_pickup(market, seller, shipment_id=shipment, code=OTHER_CODE)
    assert wrong.value.facts["tries_left"] == 4
    confirm_pickup(market, seller, shipment_id=shipment, code=f" {code.lower().replace('-', ' ')}")
    confirm_pickup(market, seller, shipment_id=shipment, code=code)

    found = shipment_now(market, shipment)
    assert (found.state, found.delivered_at) == (ShipmentState.DELIVERED, market.now())
    assert events(market, found.order_id).count("shipment.delivered") == 1
    with pytest.raises(Invalid):
        confirm_pickup(market, seller, shipment_id=shipment, code="ABC")


def test_after_five_wrong_codes_only_the_buyer_can_confirm(market: Market) -> None:
    seller, buyer, shipment = waiting(market)

    for left in (4, 3, 2, 1, 0):
        with pytest.raises(PickupCodeWrong) as wrong:
            confirm_pickup(market, seller, shipment_id=shipment, code=OTHER_CODE)
        assert wrong.value.facts["tries_left"] == left
    with pytest.raises(PickupLocked):
        confirm_pickup(market, seller, shipment_id=shipment, code=code_of(market, shipment))
    assert shipment_now(market, shipment).state == ShipmentState.READY

    confirm_receipt(market, buyer, seller_order_id=shipment_now(market, shipment).seller_order_id)
    assert shipment_now(market, shipment).state == ShipmentState.DELIVERED


def test_thirty_guesses_at_once_are_five(market: Market) -> None:
    seller, _buyer, shipment = waiting(market)
    told: Counter[str] = Counter()
    ready = threading.Barrier(30)

    def guess() -> None:
        ready.wait()
        try:
            confirm_pickup(market, seller, shipment_id=shipment, code=OTHER_CODE)
        except MarketError as error:
            told[type(error).__name__] += 1

    threads = [threading.Thread(target=guess) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert told == {"PickupCodeWrong": CODE_TRIES_MAX, "PickupLocked": 25}


def test_a_seller_says_so_of_what_it_brought_itself(market: Market, clock: FakeClock) -> None:
    shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    order = sold(market, shop)
    line = lines_of(market, order.part)["PRODUCT"].id
    followed = parcel(market, seller, order.part, {line: 1})
    with_a_neighbour = ship_order(
        market, seller, ShipDraft(order.part, {line: 1}, Carrier.OTHER, "LAOLI001"), key=key()
    )
    clock.advance(hours=3)

    with pytest.raises(DeliveryNotYours):
        mark_delivered(market, seller, shipment_id=followed)
    for _twice in range(2):
        mark_delivered(market, seller, shipment_id=with_a_neighbour)

    assert shipment_now(market, with_a_neighbour).delivered_at == clock()
    assert events(market, order.order).count("shipment.delivered") == 1
    with market.read() as session:
        assert delivered_pieces(session, [line]) == {line: (1, clock())}
        actions = session.execute(select(ENTRIES.c.action).order_by(ENTRIES.c.seq)).scalars().all()
    assert actions[-3:] == ["shipment.send", "shipment.send", "shipment.deliver"]


def test_a_code_cannot_be_gone_round(market: Market) -> None:
    seller, _buyer, shipment = waiting(market)

    with pytest.raises(DeliveryNotYours):
        mark_delivered(market, seller, shipment_id=shipment)


def test_a_buyer_confirms_what_was_sent(market: Market) -> None:
    shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    order = sold(market, shop)
    (stranger,) = buyers(market, 1)

    with pytest.raises(NothingToConfirm):
        confirm_receipt(market, order.buyer, seller_order_id=order.part)
    shipment = parcel(market, seller, order.part)
    for nobody in (stranger, seller):
        with pytest.raises(NotFound):
            confirm_receipt(market, nobody, seller_order_id=order.part)
    for _twice in range(2):
        confirm_receipt(market, order.buyer, seller_order_id=order.part)

    found = shipment_now(market, shipment)
    assert (found.state, found.tracking, found.ask_at) == (ShipmentState.DELIVERED, TrackingState.ENDED, None)
    assert events(market, order.order).count("shipment.delivered") == 1


def test_strangers_find_no_shipment(market: Market) -> None:
    _seller, buyer, shipment = waiting(market)
    stranger = Actor(ActorKind.MEMBER, "acc_x", organisations={"pdr_x": frozenset({Role.OWNER})})

    acts: list[Callable[[Actor, str], None]] = [
        lambda who, at: mark_delivered(market, who, shipment_id=at),
        lambda who, at: confirm_pickup(market, who, shipment_id=at, code=OTHER_CODE),
        lambda who, at: correct_shipment(market, who, shipment_id=at, carrier=Carrier.SF, number="SF1234567890"),
    ]
    for act in acts:
        told = []
        for at in (shipment, "shp_" + "0" * 26):
            with pytest.raises(NotFound) as refused:
                act(stranger, at)
            told.append(refused.value.message("zh-CN"))
        assert told[0] == told[1]
        with pytest.raises(Forbidden):
            act(buyer, shipment)
    assert shipment_now(market, shipment).code_tries == 0


def test_a_wrong_number_is_put_right_and_followed_anew(market: Market) -> None:
    shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    order = sold(market, shop)
    shipment = parcel(market, seller, order.part)

    correct_shipment(market, seller, shipment_id=shipment, carrier=Carrier.SF, number="sf 12345 67890")

    found = shipment_now(market, shipment)
    assert (found.carrier, found.tracking_number) == (Carrier.SF, "SF1234567890")
    assert (found.tracking, found.ask_at) == (TrackingState.WANTED, market.now())
    confirm_receipt(market, order.buyer, seller_order_id=order.part)
    with pytest.raises(IllegalTransition):
        correct_shipment(market, seller, shipment_id=shipment, carrier=Carrier.SF, number="SF1234567891")


def test_a_shipment_ends_once_and_never_before_it_was_sent(market: Market, clock: FakeClock) -> None:
    shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    shipment = parcel(market, seller, sold(market, shop).part)
    sent = clock()
    clock.advance(days=1)

    def move(to: ShipmentState, days: int) -> bool:
        with market.transaction() as session:
            at = sent + timedelta(days=days)
            return move_shipment(session, shipment, to, actor="SYSTEM", at=at, now=clock())

    assert move(ShipmentState.DELIVERED, -3)
    assert not move(ShipmentState.RETURNED, 0)
    assert not move(ShipmentState.DELIVERED, 1)
    found = shipment_now(market, shipment)
    assert (found.state, found.delivered_at, found.returned_at) == (ShipmentState.DELIVERED, sent, None)
