"""Delivering by API: price lists, pick-up points, parcels, codes; and what strangers see of it: nothing."""

from typing import Any

import pytest

from market.fulfilment.rules import TrackingStatus
from market.fulfilment.tracking import Happening, Track, record_track
from market.kernel.market import Market
from market.kernel.permissions import Actor, Role
from market.orders.rules import DeliveryMethod
from tests.checkout.shop import Shop, buyers, key, open_shop, peaches, put, visit
from tests.fulfilment.parcels import lines_of, seller_of, sold, sold_by
from tests.schema.asking import Asker, asked
from tests.schema.stalls import ADMIN

ADD_RATE = """
mutation Add($input: DeliveryRateInput!, $key: ID!) {
  addDeliveryRate(input: $input, idempotencyKey: $key) {
    __typename
    ... on DeliveryRatePayload { rate { id method firstFee { amount } nextFee { amount } freeFrom { amount } } }
    ... on UserError { code message }
  }
}
"""
ADD_POINT = """
mutation Add($input: PickupPointInput!, $key: ID!) {
  addPickupPoint(input: $input, idempotencyKey: $key) {
    __typename
    ... on PickupPointPayload { pickupPoint { id name place regionCode location { latitude } producer { id } closedAt } }
    ... on UserError { code message }
  }
}
"""
SHIP = """
mutation Ship($input: ShipOrderInput!, $key: ID!) {
  shipOrder(input: $input, idempotencyKey: $key) {
    __typename
    ... on ShipOrderPayload {
      shipment { id state method carrier trackingNumber tracking lines { lineId quantity } }
      sellerOrder { state lines { kind fulfilledQuantity leftQuantity } shipments { id nextStates } events { what facts } }
    }
    ... on UserError { code message }
  }
}
"""
SHIPMENT = """
query Shipment($id: ID!) {
  shipment(id: $id) {
    state trackingStatus deliveredAt pickupPoint { name(locale: ZH_CN) }
    trackingEvents { totalCount nodes { status text } }
  }
}
"""
CODE = "query Code($id: ID!) { shipment(id: $id) { pickupCode } }"
PICK_UP = """
mutation PickUp($id: ID!, $code: String!) {
  confirmPickup(shipmentId: $id, code: $code) {
    __typename
    ... on ShipmentPayload { shipment { state deliveredAt } }
    ... on WrongPickupCode { triesLeft message }
    ... on UserError { code }
  }
}
"""
RECEIVED = """
mutation Received($id: ID!) {
  confirmReceipt(sellerOrderId: $id) {
    __typename
    ... on ConfirmReceiptPayload { sellerOrder { state shipments { state } } }
    ... on UserError { code message }
  }
}
"""
PICKS = """
query Picks($id: ID!, $storages: [Storage!]) {
  pickList(producerId: $id, storages: $storages) { sku title variant storage quantity orders }
}
"""
CART = '{ cart(region: "330213005208") { sellers { offers { id method fee { amount } pickupPointId } } } }'


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


async def change(asker: Asker, actor: Actor, document: str, **variables: Any) -> Any:
    """What a mutation answers."""
    (answer,) = (await asker.data(document, variables, actor=actor)).values()
    return answer


def test_a_seller_says_how_it_delivers_and_buyers_are_offered_it(market: Market, shop: Shop) -> None:
    producer = shop.stalls.producer
    seller = seller_of(market, producer)
    (buyer,) = buyers(market, 1)
    put(market, buyer, peaches(shop, 2))

    async def walk(here: Market) -> None:
        asker = Asker(here)
        rate = {
            "producerId": producer,
            "method": "DROP",
            "zone": "330213000000",
            "firstFee": "6.00",
            "nextFee": "1.50",
            "promiseHours": 24,
            "freeFrom": "1000.00",
        }
        added = await change(asker, seller, ADD_RATE, input=rate, key=key())
        assert added["rate"] | {"id": ""} == {
            "id": "",
            "method": "DROP",
            "firstFee": {"amount": "6.00"},
            "nextFee": {"amount": "1.50"},
            "freeFrom": {"amount": "1000.00"},
        }
        point = {"producerId": producer, "name": "村口自提点", "place": "村口", "latitude": 29.6, "longitude": 121.3}
        opened = (await change(asker, seller, ADD_POINT, input=point, key=key()))["pickupPoint"]
        assert (opened["regionCode"], opened["producer"]["id"], opened["closedAt"]) == ("330213005208", producer, None)

        offers = (await asker.data(CART, actor=buyer))["cart"]["sellers"][0]["offers"]
        assert [(each["method"], each["fee"]["amount"], each["pickupPointId"]) for each in offers] == [
            ("PICKUP", "0.00", opened["id"]),
            ("DROP", "7.50", None),
        ]
        node = "query Node($id: ID!) { node(id: $id) { ... on PickupPoint { name place } } }"
        assert (await asker.data(node, {"id": opened["id"]}))["node"] == {"name": "村口自提点", "place": "村口"}

        rates = "query Rates($id: ID!) { deliveryRates(producerId: $id) { nodes { id method } } }"
        listed = (await asker.data(rates, {"id": producer}, actor=seller))["deliveryRates"]["nodes"]
        assert [each["method"] for each in listed] == ["DROP", "PICKUP"]
        retire = (
            "mutation R($id: ID!) { retireDeliveryRate(rateId: $id) { ... on DeliveryRatePayload { rate { id } } } }"
        )
        assert await change(asker, seller, retire, id=added["rate"]["id"]) == {"rate": None}
        rename = """mutation C($input: PickupPointChangeInput!) { changePickupPoint(input: $input) {
            ... on PickupPointPayload { pickupPoint { name opening place } } } }"""
        changed = await change(asker, seller, rename, input={"pointId": opened["id"], "opening": "全天"})
        assert changed["pickupPoint"] == {"name": "村口自提点", "opening": "全天", "place": "村口"}
        close = "mutation C($id: ID!) { closePickupPoint(pointId: $id) { ... on PickupPointPayload { pickupPoint { closedAt } } } }"
        assert (await change(asker, seller, close, id=opened["id"]))["pickupPoint"]["closedAt"] is not None
        points = "query P($id: ID!) { pickupPoints(producerId: $id) { totalCount } }"
        assert (await asker.data(points, {"id": producer}, actor=buyer))["pickupPoints"] == {"totalCount": 0}
        wrong = await change(asker, seller, ADD_RATE, input={**rate, "zone": "33"}, key=key())
        assert (wrong["__typename"], wrong["code"]) == ("InvalidInput", "BAD_USER_INPUT")

    asked(market, walk)


def test_a_parcel_from_the_shelf_to_the_door(market: Market, shop: Shop) -> None:
    seller = seller_of(market, shop.stalls.producer)
    order = sold(market, shop)
    line = lines_of(market, order.part)["PRODUCT"].id

    async def walk(here: Market) -> None:
        asker = Asker(here)
        picks = (await asker.data(PICKS, {"id": shop.stalls.producer}, actor=seller))["pickList"]
        assert picks == [
            {
                "sku": "SKU-水蜜桃",
                "title": "水蜜桃",
                "variant": "盒装",
                "storage": "AMBIENT",
                "quantity": 3,
                "orders": 1,
            }
        ]
        given = {"sellerOrderId": order.part, "carrier": "YTO", "trackingNumber": "yt 1234567890"}
        some = {**given, "lines": [{"lineId": line, "quantity": 1}, {"lineId": line, "quantity": 1}]}
        first = await change(asker, seller, SHIP, input=some, key=key())
        assert first["shipment"]["lines"] == [{"lineId": line, "quantity": 2}]
        assert first["shipment"]["trackingNumber"] == "YT1234567890"
        assert first["sellerOrder"]["state"] == "PARTLY_FULFILLED"
        assert first["sellerOrder"]["lines"] == [{"kind": "PRODUCT", "fulfilledQuantity": 2, "leftQuantity": 1}]
        picks = (await asker.data(PICKS, {"id": shop.stalls.producer, "storages": ["AMBIENT"]}, actor=seller))[
            "pickList"
        ]
        assert [each["quantity"] for each in picks] == [1]
        second = await change(asker, seller, SHIP, input=given, key=key())
        assert second["sellerOrder"]["state"] == "FULFILLED"
        assert [each["what"] for each in second["sellerOrder"]["events"]][-2:] == [
            "seller_order.fulfilled",
            "shipment.sent",
        ]
        assert (await asker.data(PICKS, {"id": shop.stalls.producer}, actor=seller))["pickList"] == []
        assert second["sellerOrder"]["events"][-1]["facts"] == {
            "shipment": second["shipment"]["id"],
            "method": "EXPRESS",
        }
        assert second["sellerOrder"]["shipments"][0]["nextStates"] == ["DELIVERED", "RETURNED"]
        more = await change(asker, seller, SHIP, input=given, key=key())
        assert (more["__typename"], more["code"]) == ("Conflict", "MORE_THAN_LEFT")

        shipment = first["shipment"]["id"]
        said = Happening(here.now(), TrackingStatus.OUT_FOR_DELIVERY, "派件中 13800001234")
        await here.run(record_track, here, shipment, Track(None, "YT1234567890", (said,), said.status))
        seen = (await asker.data(SHIPMENT, {"id": shipment}, actor=order.buyer))["shipment"]
        assert (seen["trackingStatus"], seen["trackingEvents"]) == (
            "OUT_FOR_DELIVERY",
            {"totalCount": 1, "nodes": [{"status": "OUT_FOR_DELIVERY", "text": "派件中 138****1234"}]},
        )
        received = await change(asker, order.buyer, RECEIVED, id=order.part)
        assert [each["state"] for each in received["sellerOrder"]["shipments"]] == ["DELIVERED", "DELIVERED"]

    asked(market, walk)


def test_a_pick_up_by_code(market: Market, shop: Shop) -> None:
    seller = seller_of(market, shop.stalls.producer)

    async def walk(here: Market) -> None:
        asker = Asker(here)
        point = {"producerId": shop.stalls.producer, "name": "村口自提点", "place": "村口"}
        await change(asker, seller, ADD_POINT, input=point, key=key())
        order = await here.run(sold_by, here, shop, DeliveryMethod.PICKUP)
        shipped = await change(asker, seller, SHIP, input={"sellerOrderId": order.part}, key=key())
        shipment = shipped["shipment"]["id"]
        assert (shipped["shipment"]["state"], shipped["shipment"]["carrier"]) == ("READY", None)

        code = (await asker.data(CODE, {"id": shipment}, actor=order.buyer))["shipment"]["pickupCode"]
        assert len(code) == 11
        assert (await asker.data(CODE, {"id": shipment}, actor=ADMIN))["shipment"]["pickupCode"] is None
        refused = await asker.ask(CODE, {"id": shipment}, actor=seller)
        assert code not in str(refused)
        wrong = await change(asker, seller, PICK_UP, id=shipment, code="00000-00000")
        assert (wrong["__typename"], wrong["triesLeft"], wrong["message"]) == (
            "WrongPickupCode",
            4,
            "取货码不正确，还可再试 4 次。",
        )
        taken = await change(asker, seller, PICK_UP, id=shipment, code=code)
        assert taken["shipment"]["state"] == "DELIVERED"
        assert (await asker.data(CODE, {"id": shipment}, actor=order.buyer))["shipment"]["pickupCode"] is None

    asked(market, walk)


def test_strangers_cannot_tell_it_from_nothing(market: Market, shop: Shop) -> None:
    producer = shop.stalls.producer
    order = sold(market, shop, peaches(shop), visit(shop))
    seller, other = seller_of(market, producer), seller_of(market, "pdr_" + "0" * 26, Role.OWNER)
    (buyer,) = buyers(market, 1)

    async def walk(here: Market) -> None:
        asker = Asker(here)
        given = {"carrier": "SF", "trackingNumber": "SF1234567890"}
        shipped = await change(asker, seller, SHIP, input={"sellerOrderId": order.part, **given}, key=key())
        shipment = shipped["shipment"]["id"]
        known = {"sor": order.part, "shp": shipment, "pdr": producer}
        nothing = {prefix: f"{prefix}_" + "0" * 26 for prefix in known}
        correct = """mutation C($id: ID!) { correctShipment(shipmentId: $id, carrier: SF, trackingNumber: "SF1234567891") {
            __typename ... on UserError { code message path } } }"""
        mark = "mutation M($id: ID!) { markDelivered(shipmentId: $id) { __typename ... on UserError { code message path } } }"

        async def told(ids: dict[str, str]) -> list[bytes]:
            shipping = {"input": {"sellerOrderId": ids["sor"], **given}, "key": key()}
            asked_for: list[tuple[str, dict[str, Any], Actor]] = [
                (SHIPMENT, {"id": ids["shp"]}, other),
                (PICKS, {"id": ids["pdr"]}, other),
                (correct, {"id": ids["shp"]}, other),
                (mark, {"id": ids["shp"]}, other),
                (PICK_UP, {"id": ids["shp"], "code": "00000-00000"}, other),
                (RECEIVED, {"id": ids["sor"]}, buyer),
                (SHIPMENT, {"id": ids["shp"]}, buyer),
                (SHIP, shipping, other),
            ]
            return [(await asker.answer(document, values, actor=who)).body for document, values, who in asked_for]

        theirs = await told(known)
        assert theirs == await told(nothing)
        assert b'"shipment":null' in theirs[0]
        refused = await change(asker, order.buyer, SHIP, input={"sellerOrderId": order.part, **given}, key=key())
        assert refused["__typename"] == "Forbidden"
        refused = await asker.ask(SHIPMENT, {"id": shipment})
        assert refused["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"

    asked(market, walk)
