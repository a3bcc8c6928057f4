"""A seller's orders: found by number, phone, state, way of delivery; packed with what a label needs; staff's by region."""

from datetime import timedelta
from typing import Any

import pytest

from market.checkout.carts import LineChoice
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Permission, Role
from market.orders.moves import move_seller_order
from market.orders.rules import DeliveryMethod, SellerOrderState
from tests.checkout.shop import Shop, buyers, open_shop
from tests.clock import FakeClock
from tests.fulfilment.parcels import Sold, add_point, parcel, seller_of, sold, sold_by
from tests.schema.asking import Asker, asked

LIST = """
query List($where: SellerOrderWhere, $order: SellerOrderOrder) {
  sellerOrders(where: $where, orderBy: $order) { totalCount nodes { id number } }
}
"""
PACK = """
query Pack($id: ID!) {
  sellerOrder(id: $id) {
    state nextStates shipToName shipToPhone shipToStreet note deliveryMethod
    lines { sku storage leftQuantity weightGrams variant }
  }
}
"""


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


def staff(region: str, role: Role = Role.STAFF_FINANCE) -> Actor:
    """Staff of a region."""
    return Actor(ActorKind.STAFF, "acc_s", staff_roles=frozenset({role}), region_codes=frozenset({region}))


def three(market: Market, shop: Shop, clock: FakeClock) -> list[Sold]:
    """Three orders, an hour apart: by express, to be picked up, sent already."""
    made = [sold(market, shop)]
    add_point(market, shop)
    clock.advance(hours=1)
    made.append(sold_by(market, shop, DeliveryMethod.PICKUP))
    clock.advance(hours=1)
    made.append(sold_by(market, shop, DeliveryMethod.EXPRESS))
    parcel(market, seller_of(market, shop.stalls.producer), made[2].part)
    return made


def test_found_by_whatever_is_known_of_them(market: Market, shop: Shop, clock: FakeClock) -> None:
    start = clock()
    first, second, third = three(market, shop, clock)
    seller = seller_of(market, shop.stalls.producer)
    hour = timedelta(hours=1)

    async def walk(here: Market) -> None:
        asker = Asker(here)

        async def found(actor: Actor = seller, order: str = "NEWEST", **where: Any) -> list[str]:
            listed = (await asker.data(LIST, {"where": where, "order": order}, actor=actor))["sellerOrders"]
            assert listed["totalCount"] == len(listed["nodes"])
            return [each["id"] for each in listed["nodes"]]

        everything = [third.part, second.part, first.part]
        assert await found() == everything
        assert await found(order="OLDEST") == everything[::-1]
        assert await found(states=["OPEN"]) == [second.part, first.part]
        assert await found(deliveryMethods=["PICKUP", "DROP"]) == [second.part]
        assert await found(phone="+86 138 0000 1234") == everything
        assert await found(phone="13800001235") == []
        assert await found(phone="138****1234") == everything, "as it is shown"
        assert await found(phone="138****1235") == []
        assert await found(phoneTail="1234", states=["FULFILLED"]) == [third.part]
        assert await found(paidFrom=(start + hour).isoformat()) == [third.part, second.part]
        assert await found(paidBefore=(start + hour).isoformat()) == [first.part]
        number = (await asker.data(LIST, {"where": {"states": ["FULFILLED"]}}, actor=seller))["sellerOrders"]["nodes"][
            0
        ]["number"]
        assert await found(number=number) == [third.part]
        assert await found(number=f" {number[:4]} {number[4:8]}-{number[8:]}") == [third.part], "as people write it"
        assert await found(number="0") == []
        assert await found(staff("330213000000")) == everything
        assert await found(staff("330213000000", Role.STAFF_MODERATOR), region="330213005000", number=number) == [
            third.part
        ]
        assert await found(staff("330281000000"), number=number) == []
        assert await found(buyers(market, 1)[0]) == []
        assert await found(second.buyer) == [second.part]
        for wrong in ("12", "138***1234"):
            bad = await asker.ask(LIST, {"where": {"phone": wrong}}, actor=seller)
            assert bad["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    asked(market, walk)


def test_a_label_is_for_whoever_packs_and_until_it_is_over(market: Market, shop: Shop) -> None:
    order = sold(market, shop, LineChoice(variant_id=shop.peaches, quantity=2))
    seller = seller_of(market, shop.stalls.producer)
    finance = seller_of(market, shop.stalls.producer, Role.FINANCE)
    key_without = Actor(
        ActorKind.MEMBER,
        "key_1",
        organisations={shop.stalls.producer: frozenset({Role.OWNER})},
        limits=frozenset({Permission.ORDER_READ, Permission.ORDER_FULFIL}),
    )

    async def walk(here: Market) -> None:
        asker = Asker(here)
        packed = (await asker.data(PACK, {"id": order.part}, actor=seller))["sellerOrder"]
        assert (packed["shipToName"], packed["shipToPhone"], packed["shipToStreet"]) == (
            "林顾客",
            "13800001234",
            "桃花路 1 号",
        )
        assert (packed["note"], packed["nextStates"]) == ("少放冰", ["PARTLY_FULFILLED", "FULFILLED", "CANCELLED"])
        assert packed["lines"] == [
            {"sku": "SKU-水蜜桃", "storage": "AMBIENT", "leftQuantity": 2, "weightGrams": 2000, "variant": "盒装"}
        ]
        for other in (finance, key_without, staff("330213000000"), order.buyer):
            refused = await asker.ask(PACK, {"id": order.part}, actor=other)
            assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
            assert "13800001234" not in str(refused)
        await here.run(_end, here, order.part)
        over = (await asker.data(PACK, {"id": order.part}, actor=seller))["sellerOrder"]
        assert (over["shipToName"], over["shipToPhone"], over["shipToStreet"]) == (None, None, None)

    asked(market, walk)


def _end(market: Market, part: str) -> None:
    with market.transaction() as session:
        for state in (SellerOrderState.FULFILLED, SellerOrderState.COMPLETED):
            move_seller_order(session, part, state, actor="test", now=market.now())


ORDERS = """
query Orders($where: OrderWhere) {
  orders(where: $where) { totalCount nodes { id number sellerOrders { shipments { state carrier trackingNumber } } } }
}
"""


def test_a_persons_own_orders_with_their_parcels(market: Market, shop: Shop, clock: FakeClock) -> None:
    start = clock()
    order = sold(market, shop)
    parcel(market, seller_of(market, shop.stalls.producer), order.part)
    clock.advance(days=1)
    sold(market, shop)
    tomorrow = (start + timedelta(hours=1)).isoformat()

    async def walk(here: Market) -> None:
        asker = Asker(here)

        async def found(actor: Actor = order.buyer, **where: Any) -> list[Any]:
            listed = (await asker.data(ORDERS, {"where": where}, actor=actor))["orders"]
            assert listed["totalCount"] == len(listed["nodes"])
            return list(listed["nodes"])

        (mine,) = await found()
        assert mine["id"] == order.order
        (sent,) = mine["sellerOrders"][0]["shipments"]
        assert (sent["state"], sent["carrier"]) == ("SENT", "YTO")
        assert await found(number=mine["number"], states=["PAID"], placedBefore=tomorrow) == [mine]
        assert await found(placedFrom=tomorrow) == []
        assert await found(states=["EXPIRED"]) == []
        assert await found(seller_of(market, shop.stalls.producer)) == []

    asked(market, walk)
