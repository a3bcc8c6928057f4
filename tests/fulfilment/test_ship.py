"""Handing over: stock, lines, states and the news move together, once, and never more than was bought."""

import threading
from collections import Counter

import pytest
import sqlalchemy as sa
from sqlmodel import select

from market.checkout.carts import LineChoice
from market.fulfilment.rules import Carrier, ShipmentState, TrackingState
from market.fulfilment.ship import ShipDraft, ship_order
from market.fulfilment.tables import Shipment, ShipmentLine
from market.kernel.errors import Forbidden, IdempotencyConflict, IllegalTransition, Invalid, MarketError, NotFound
from market.kernel.market import Market
from market.kernel.outbox import OutboxMessage
from market.kernel.permissions import Actor, ActorKind, Role
from market.orders.errors import MoreThanLeft
from market.orders.moves import add_refunded
from market.orders.rules import DeliveryMethod, LineKind, SellerOrderState
from market.stock.tables import StockHold, StockLevel, StockMovement
from tests.checkout.shop import buyers, home, key, open_shop, peaches, placed, put, visit
from tests.fulfilment.parcels import (
    add_point,
    code_of,
    events,
    lines_of,
    parcel,
    part_now,
    seller_of,
    shipment_now,
    sold,
    sold_by,
)


def level(market: Market, variant: str) -> tuple[int, int]:
    """On hand, and promised."""
    with market.read() as session:
        found = session.get(StockLevel, variant)
        assert found is not None
        return found.on_hand, found.reserved


def test_sent_in_two_parcels(market: Market) -> None:
    shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    order = sold(market, shop)
    line = lines_of(market, order.part)["PRODUCT"].id

    first = parcel(market, seller, order.part, {line: 2})

    assert part_now(market, order.part).state == SellerOrderState.PARTLY_FULFILLED
    assert level(market, shop.peaches) == (98, 1)
    assert shipment_now(market, first).tracking == TrackingState.WANTED
    second = parcel(market, seller, order.part)
    part = part_now(market, order.part)
    assert (part.state, part.fulfilled_at) == (SellerOrderState.FULFILLED, market.now())
    assert lines_of(market, order.part)["PRODUCT"].fulfilled_quantity == 3
    assert level(market, shop.peaches) == (97, 0)
    assert events(market, order.order)[-4:] == [
        "seller_order.partly_fulfilled",
        "shipment.sent",
        "seller_order.fulfilled",
        "shipment.sent",
    ]
    with market.read() as session:
        pieces = session.execute(sa.select(ShipmentLine.shipment_id, ShipmentLine.quantity)).all()  # type: ignore[call-overload]
        told = session.exec(select(OutboxMessage.payload).where(OutboxMessage.topic == "shipment.sent")).all()
        moved = session.exec(select(StockMovement.reference).where(StockMovement.kind == "SHIPPED")).all()
    assert sorted(map(tuple, pieces)) == sorted([(first, 2), (second, 1)])
    assert [each["shipment"] for each in told] == [first, second]
    assert set(moved) == {first, second}
    with pytest.raises(MoreThanLeft):
        parcel(market, seller, order.part)


def test_never_more_than_was_bought_or_what_was_paid_back(market: Market) -> None:
    shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    order = sold(market, shop)
    line = lines_of(market, order.part)["PRODUCT"].id

    with pytest.raises(MoreThanLeft):
        parcel(market, seller, order.part, {line: 4})
    with market.transaction() as session:
        add_refunded(session, line, quantity=2, amount_fen=100)
    with pytest.raises(MoreThanLeft):
        parcel(market, seller, order.part, {line: 2})
    assert part_now(market, order.part).state == SellerOrderState.OPEN
    assert level(market, shop.peaches) == (100, 3)
    parcel(market, seller, order.part)
    assert part_now(market, order.part).state == SellerOrderState.FULFILLED
    assert level(market, shop.peaches) == (99, 2)


def test_only_what_is_paid_is_sent(market: Market) -> None:
    shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    (buyer,) = buyers(market, 1)
    put(market, buyer, peaches(shop))
    placed(market, buyer, home(market, buyer))
    with market.read() as session:
        part = session.execute(sa.text("SELECT id FROM seller_order")).scalar_one()

    with pytest.raises(IllegalTransition):
        parcel(market, seller, part)

    with market.read() as session:
        assert session.exec(select(Shipment)).all() == []
        assert session.exec(select(StockHold.quantity)).all() == [1]


def test_what_cannot_be_is_refused_and_nothing_moves(market: Market) -> None:
    shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    order = sold(market, shop, peaches(shop), visit(shop))
    found = lines_of(market, order.part)
    wrong = [
        (ShipDraft(order.part, {}, Carrier.YTO, "12-3"), Invalid),
        (ShipDraft(order.part), Invalid),
        (ShipDraft(order.part, {found["PRODUCT"].id: 0}, Carrier.YTO, "YT000111222"), Invalid),
        (ShipDraft(order.part, {found["BOOKING"].id: 1}, Carrier.YTO, "YT000111222"), NotFound),
        (ShipDraft(order.part, {found["PRODUCT"].id: 1}, is_in_person=True), Invalid),
        (ShipDraft("sor_" + "0" * 26, {}, Carrier.YTO, "YT000111222"), NotFound),
    ]

    for draft, refusal in wrong:
        with pytest.raises(refusal):
            ship_order(market, seller, draft, key=key())

    assert part_now(market, order.part).state == SellerOrderState.OPEN
    assert level(market, shop.peaches) == (100, 1)


def test_who_may_send(market: Market) -> None:
    shop = open_shop(market)
    order = sold(market, shop)
    stranger = Actor(ActorKind.MEMBER, "acc_x", organisations={"pdr_x": frozenset({Role.OWNER})})

    with pytest.raises(NotFound):
        parcel(market, stranger, order.part)
    with pytest.raises(Forbidden):
        parcel(market, seller_of(market, shop.stalls.producer, Role.FINANCE), order.part)
    with pytest.raises(Forbidden):
        parcel(market, order.buyer, order.part)
    parcel(market, seller_of(market, shop.stalls.producer, Role.OWNER), order.part)


def test_a_visit_to_come_keeps_it_open_and_gifts_are_given_in_person(market: Market) -> None:
    shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    order = sold(market, shop, peaches(shop), visit(shop, adults=2))

    parcel(market, seller, order.part)
    assert part_now(market, order.part).state == SellerOrderState.PARTLY_FULFILLED
    given = ship_order(market, seller, ShipDraft(order.part, is_in_person=True), key=key())

    shipment = shipment_now(market, given)
    assert (shipment.state, shipment.method) == (ShipmentState.DELIVERED, DeliveryMethod.NONE)
    assert lines_of(market, order.part)[LineKind.GIFT].fulfilled_quantity == 2
    assert level(market, shop.bag) == (98, 0)
    assert part_now(market, order.part).state == SellerOrderState.PARTLY_FULFILLED
    assert events(market, order.order)[-2:] == ["shipment.sent", "shipment.delivered"]


def test_a_pick_up_waits_with_a_code(market: Market) -> None:
    shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    point = add_point(market, shop)
    order = sold_by(market, shop, DeliveryMethod.PICKUP)

    waiting = ship_order(market, seller, ShipDraft(order.part), key=key())

    shipment = shipment_now(market, waiting)
    assert (shipment.state, shipment.pickup_point_id, shipment.carrier) == (ShipmentState.READY, point, None)
    assert len(code_of(market, waiting)) == 11
    assert code_of(market, waiting) not in str(shipment)


def test_the_same_tap_is_one_parcel(market: Market) -> None:
    shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    order = sold(market, shop)
    draft, same = ShipDraft(order.part, {}, Carrier.SF, "SF1234567890"), key()

    assert ship_order(market, seller, draft, key=same) == ship_order(market, seller, draft, key=same)

    other = ShipDraft(order.part, {}, Carrier.SF, "SF1234567891")
    with pytest.raises(IdempotencyConflict):
        ship_order(market, seller, other, key=same)
    assert level(market, shop.peaches) == (97, 0)


def _at_once(market: Market, seller: Actor, drafts: list[tuple[ShipDraft, str]]) -> Counter[str]:
    """All sent at once; what they were told."""
    told: Counter[str] = Counter()
    ready = threading.Barrier(len(drafts))

    def tap(draft: ShipDraft, same: str) -> None:
        ready.wait()
        try:
            ship_order(market, seller, draft, key=same)
            told["sent"] += 1
        except MarketError as error:
            told[type(error).__name__] += 1

    threads = [threading.Thread(target=tap, args=each) for each in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_twenty_people_send_the_same_order_at_once(market: Market) -> None:
    shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    order = sold(market, shop, peaches(shop, 5))
    line = lines_of(market, order.part)["PRODUCT"].id

    drafts = [(ShipDraft(order.part, {line: 1}, Carrier.YTO, f"YT99000{n:05d}"), key()) for n in range(20)]
    told = _at_once(market, seller, drafts)

    # Once all is sent, the line has no more, or the seller order is over: both are right.
    assert told["sent"] == 5, told
    assert told["MoreThanLeft"] + told["IllegalTransition"] == 15, told
    assert level(market, shop.peaches) == (95, 0)
    assert part_now(market, order.part).state == SellerOrderState.FULFILLED


def test_two_lines_sent_at_once_make_it_fulfilled(market: Market) -> None:
    """Each sees the other's line as it was unless one waits for the other: then it would stay PARTLY."""
    shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    orders = [sold(market, shop, peaches(shop), LineChoice(variant_id=shop.bag, quantity=1)) for _ in range(6)]
    with market.read() as session:
        rows = session.execute(sa.text("SELECT seller_order_id, id FROM order_line WHERE kind = 'PRODUCT'")).all()

    drafts = [
        (ShipDraft(part, {line: 1}, Carrier.YTO, f"YT88000{n:05d}"), key()) for n, (part, line) in enumerate(rows)
    ]
    told = _at_once(market, seller, drafts)

    assert told == {"sent": 12}
    assert {part_now(market, order.part).state for order in orders} == {SellerOrderState.FULFILLED}
