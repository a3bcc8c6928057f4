"""Buying by API: one cart, one order, one payment for produce and a visit; what strangers see of it: nothing."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from market.catalogue.tables import Variant
from market.checkout.till import on_paid, on_refunded
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.payments.flow import Till
from market.payments.gateways.sandbox import Sandbox
from market.payments.intents import record_trade
from market.people.manage import give_role
from schema.services import Services
from tests.checkout.shop import Shop, buyers, home, key, open_shop
from tests.schema.asking import Asker, asked
from tests.schema.stalls import ADMIN

CART = """
query Cart($token: String, $codes: [String!]) {
  cart(token: $token, region: "330213005208", codes: $codes) {
    id payable { amount } problems { kind line left message }
    lines { id title form quantity units { name count } participants payable { amount } problems { kind left }
            needsNoReturnConfirmation isPriceChanged variantId sessionId startsAt }
    sellers { key producerId delivery { amount } chosen offers { id method fee { amount } promiseHours } }
  }
}
"""
SET = """
mutation Set($line: CartLineInput!, $token: String) {
  setCartLine(line: $line, token: $token) {
    ... on CartPayload { token cart { lines { id } payable { amount } } }
    ... on UserError { code message }
  }
}
"""
PLACE = """
mutation Place($input: PlaceOrderInput!, $key: ID!) {
  placeOrder(input: $input, idempotencyKey: $key) {
    __typename
    ... on OrderPayload {
      order {
        id number state nextStates payable { amount } recipient recipientPhone street note payBy
        sellerOrders { id state payable { amount } lines { kind listingId variantId title variant english: variant(locale: EN) quantity payable { amount } } }
        bookings { id state seats tickets { code participant state } }
      }
    }
    ... on OrderNotPlaced { problems { kind line left message } }
    ... on UserError { code message }
  }
}
"""
PAY = """
mutation Pay($order: ID!) {
  startPayment(orderId: $order, method: SANDBOX) {
    __typename
    ... on PaymentPayload { paymentId action parameters }
    ... on UserError { code }
  }
}
"""
ORDER = """
query Order($id: ID!) {
  order(id: $id) {
    number state paidAt
    sellerOrders { state producer { name(locale: EN) } }
    bookings { state tickets { state code participant } session { startsAt } tourPackage { title } }
    events { what }
  }
}
"""
PART = """
query Part($id: ID!) {
  sellerOrder(id: $id) {
    number state recipient recipientPhone deliveredTo
    lines { title quantity booking { seats tickets { state } } }
  }
}
"""


class Buying:
    """A shop, a buyer, and an API to them."""

    def __init__(self, market: Market, shop: Shop, buyer: Actor, address: str) -> None:
        self.shop, self.buyer, self.address = shop, buyer, address
        self.sandbox = Sandbox(market.now)
        till = Till({"sandbox": self.sandbox}, on_paid, on_refunded)
        self.till = till
        self.asker = Asker(market, services=Services(till=till))

    async def put(self, actor: Actor, line: dict[str, Any], token: str | None = None) -> Any:
        """Put something in the cart."""
        return (await self.asker.data(SET, {"line": line, "token": token}, actor=actor))["setCartLine"]

    async def place(self, total: str, **more: Any) -> Any:
        """Order it."""
        given = {"expectedTotal": total, "addressId": self.address, "confirmsNoReturn": True, "note": "少放冰", **more}
        return (await self.asker.data(PLACE, {"input": given, "key": key()}, actor=self.buyer))["placeOrder"]


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


def buying(market: Market) -> tuple[Actor, str]:
    (buyer,) = buyers(market, 1)
    return buyer, home(market, buyer)


def peaches(shop: Shop, quantity: int = 2) -> dict[str, Any]:
    return {"variant": {"variantId": shop.peaches, "quantity": quantity}}


def visit(shop: Shop, adults: int = 2) -> dict[str, Any]:
    units = [{"unitTypeId": shop.adult, "count": adults}]
    return {"session": {"sessionId": shop.visit, "units": units, "participants": ["林一", "林二"]}}


def test_from_the_cart_to_a_paid_order(market: Market, shop: Shop) -> None:
    buyer, address = buying(market)
    with market.transaction() as session:
        session.execute(sa.update(Variant).where(col(Variant.id) == shop.peaches).values(name_en="Box"))

    async def walk(here: Market) -> None:
        api = Buying(here, shop, buyer, address)
        await api.put(buyer, peaches(shop))
        await api.put(buyer, visit(shop))
        cart = (await api.asker.data(CART, actor=buyer))["cart"]
        assert cart["problems"] == []
        assert [line["title"] for line in cart["lines"]] == ["水蜜桃", "桃园一日"]
        assert cart["lines"][1]["units"] == [{"name": "成人", "count": 2}]
        assert cart["lines"][1]["participants"] == ["林一", "林二"]
        english = (await api.asker.data(CART, actor=buyer, language="en"))["cart"]["lines"]
        assert [line["form"] for line in english] == ["Box", "半日"], "what has no English is told in Chinese"
        assert [seller["producerId"] for seller in cart["sellers"]] == [shop.stalls.producer]
        assert [offer["method"] for offer in cart["sellers"][0]["offers"]] == ["EXPRESS", "COLD_CHAIN"]
        total = cart["payable"]["amount"]
        assert total == "442.00"

        refused = await api.place("1.00")
        assert refused["__typename"] == "OrderNotPlaced"
        assert [(each["kind"], each["line"]) for each in refused["problems"]] == [("PRICE_CHANGED", "order")]
        placed = (await api.place(total))["order"]
        assert (placed["state"], placed["payable"]["amount"]) == ("PENDING_PAYMENT", total)
        assert (placed["recipient"], placed["recipientPhone"], placed["note"]) == ("林顾客", "138****1234", "少放冰")
        lines = placed["sellerOrders"][0]["lines"]
        assert [line["kind"] for line in lines] == ["PRODUCT", "BOOKING", "GIFT"]
        assert [line["variantId"] for line in lines] == [shop.peaches, None, shop.bag]
        assert lines[0]["listingId"].startswith("prd_")
        assert [(line["variant"], line["english"]) for line in lines[:2]] == [("盒装", "Box"), ("半日", "半日")]
        assert [ticket["code"] for ticket in placed["bookings"][0]["tickets"]] == [None, None]

        started = (await api.asker.data(PAY, {"order": placed["id"]}, actor=buyer))["startPayment"]
        assert started["action"] == "PAGE"
        number = started["parameters"]["url"].rpartition("/")[2]
        trade = api.sandbox.settle(number, is_paid=True)
        assert trade is not None
        await here.run(record_trade, here, api.till.paid, "sandbox", trade)

        order = (await api.asker.data(ORDER, {"id": placed["id"]}, actor=buyer))["order"]
        assert order["state"] == "PAID"
        booking = order["bookings"][0]
        assert (booking["state"], booking["tourPackage"]["title"]) == ("CONFIRMED", "桃园一日")
        assert [ticket["participant"] for ticket in booking["tickets"]] == ["林一", "林二"]
        assert len({ticket["code"] for ticket in booking["tickets"]}) == 2
        assert all(len(ticket["code"]) == 23 for ticket in booking["tickets"])
        assert [event["what"] for event in order["events"]][:2] == ["order.placed", "order.paid"]
        assert (await api.asker.data(CART, actor=buyer))["cart"]["lines"] == []

    asked(market, walk)


def test_a_visitor_fills_a_cart_and_takes_it_along(market: Market, shop: Shop) -> None:
    buyer, address = buying(market)

    async def walk(here: Market) -> None:
        api = Buying(here, shop, buyer, address)
        opened = await api.asker.data("mutation { openCart { ... on CartPayload { token cart { lines { id } } } } }")
        token = opened["openCart"]["token"]
        await api.put(VISITOR, peaches(shop), token)
        assert len((await api.asker.data(CART, {"token": token}))["cart"]["lines"]) == 1
        assert (await api.asker.data(CART, {"token": "somebody-elses"}))["cart"] is None
        assert (await api.asker.data(CART))["cart"] is None
        merge = "mutation Merge($token: String!) { mergeCart(token: $token) { __typename ... on CartPayload { cart { lines { id } } } } }"
        merged = (await api.asker.data(merge, {"token": token}, actor=buyer))["mergeCart"]
        assert len(merged["cart"]["lines"]) == 1
        again = (await api.asker.data(merge, {"token": token}, actor=buyer))["mergeCart"]
        assert again["__typename"] == "NotFound"

    asked(market, walk)


def _seller(market: Market, organisation: str) -> Actor:
    (person,) = buyers(market, 1)
    assert person.account_id is not None
    give_role(market, ADMIN, account_id=person.account_id, role=Role.FULFILMENT, within=organisation)
    return Actor(ActorKind.MEMBER, person.account_id, organisations={organisation: frozenset({Role.FULFILMENT})})


def test_who_sees_what_of_an_order(market: Market, shop: Shop) -> None:
    buyer, address = buying(market)
    (stranger,) = buyers(market, 1)
    seller = _seller(market, shop.stalls.producer)
    finance = Actor(
        ActorKind.STAFF,
        "acc_f",
        staff_roles=frozenset({Role.STAFF_FINANCE}),
        region_codes=frozenset({"330213000000"}),
    )
    elsewhere = Actor(
        ActorKind.STAFF,
        "acc_g",
        staff_roles=frozenset({Role.STAFF_FINANCE}),
        region_codes=frozenset({"330281000000"}),
    )

    async def walk(here: Market) -> None:
        api = Buying(here, shop, buyer, address)
        await api.put(buyer, peaches(shop))
        await api.put(buyer, visit(shop))
        placed = (await api.place("442.00"))["order"]
        order, part = placed["id"], placed["sellerOrders"][0]["id"]
        unknown = {"ord": "ord_" + "0" * 26, "sor": "sor_" + "0" * 26}

        for actor in (seller, finance):
            seen = (await api.asker.data(PART, {"id": part}, actor=actor))["sellerOrder"]
            assert seen["recipient"] == "林**"
            assert seen["recipientPhone"] == "138****1234"
            assert [line["title"] for line in seen["lines"]] == ["水蜜桃", "桃园一日", "伴手礼"]
            assert (await api.asker.data("{ sellerOrders { totalCount } }", actor=actor))["sellerOrders"] == {
                "totalCount": 1
            }
        for actor in (stranger, elsewhere):
            theirs = await api.asker.answer(PART, {"id": part}, actor=actor)
            nobodys = await api.asker.answer(PART, {"id": unknown["sor"]}, actor=actor)
            assert theirs.body == nobodys.body == b'{"data":{"sellerOrder":null}}'
            assert (await api.asker.data("{ sellerOrders { totalCount } }", actor=actor))["sellerOrders"] == {
                "totalCount": 0
            }
        for actor in (stranger, seller, finance):
            theirs = await api.asker.answer(ORDER, {"id": order}, actor=actor)
            assert theirs.body == (await api.asker.answer(ORDER, {"id": unknown["ord"]}, actor=actor)).body
        refused = await api.asker.ask(ORDER, {"id": order})
        assert refused["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"

    asked(market, walk)


def test_what_cannot_be_had_is_told_line_by_line_in_both_languages(market: Market, shop: Shop) -> None:
    buyer, address = buying(market)

    async def walk(here: Market) -> None:
        api = Buying(here, shop, buyer, address)
        await api.put(buyer, peaches(shop, 101))
        asked_for = {"codes": ["NOPE"]}
        chinese, code = (await api.asker.data(CART, asked_for, actor=buyer))["cart"]["problems"]
        english, coded = (await api.asker.data(CART, asked_for, actor=buyer, language="en"))["cart"]["problems"]
        assert (chinese["kind"], chinese["left"], chinese["message"]) == (
            "QUANTITY_REDUCED",
            100,
            "仅剩 100 件，请减少数量",
        )
        assert english["message"] == "Only 100 are left: take fewer."
        assert (code["line"], code["message"]) == ("NOPE", "优惠不可用：没有这个优惠码。请移除")
        assert coded["message"] == "The voucher cannot be used, there is no such code: leave it out."
        refused = await api.place("8888.00")
        assert {each["kind"] for each in refused["problems"]} == {"QUANTITY_REDUCED", "PRICE_CHANGED"}
        wrong = await api.place("88,00")
        assert (wrong["__typename"], wrong["code"]) == ("InvalidInput", "BAD_USER_INPUT")

    asked(market, walk)


def test_what_an_administrator_saw_is_not_kept_for_everybody(market: Market, shop: Shop) -> None:
    """An administrator's reach binds nothing of theirs, so only the plan's word keeps it out of the shared cache."""
    buyer, address = buying(market)

    async def walk(here: Market) -> None:
        api = Buying(here, shop, buyer, address)
        await api.put(buyer, peaches(shop))
        order = (await api.place("186.00"))["order"]["id"]
        cached = Asker(here, is_cached=True)
        await here.database.news.open()
        query = "query Try($id: ID!) { node(id: $id) { __typename } }"
        for _again in range(2):
            seen = await cached.answer(query, {"id": order}, actor=ADMIN)
            assert b"Order" in seen.body
            theirs = await cached.answer(query, {"id": order})
            assert b"Order" not in theirs.body
        await here.database.news.close()

    asked(market, walk)
