"""More time to pay, by API."""

from datetime import timedelta
from typing import Any

import pytest

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor
from tests.bookings.guests import book
from tests.checkout.shop import Shop, buyers, key, open_shop
from tests.clock import FakeClock
from tests.schema.asking import Asker, asked

EXTEND = """
mutation Extend($id: ID!, $key: ID!) {
  extendOrder(orderId: $id, idempotencyKey: $key) {
    __typename
    ... on UserError { code message }
    ... on OrderPayload { order { state payBy bookings { state expiresAt } events { what } } }
  }
}"""


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


def test_a_buyer_gets_more_time_to_pay_and_nobody_else_does(market: Market, clock: FakeClock, shop: Shop) -> None:
    start, guests = market.now(), book(market, shop, 1, is_paid=False)
    (other,) = buyers(market, 1)
    clock.advance(minutes=10)

    async def walk(here: Market) -> None:
        asker = Asker(here)

        async def extend(actor: Actor, order: str = guests.order) -> Any:
            return (await asker.data(EXTEND, {"id": order, "key": key()}, actor=actor))["extendOrder"]

        assert (await extend(VISITOR))["__typename"] == "NotSignedIn"
        assert await extend(other) == await extend(other, "ord_" + "0" * 26)
        order = (await extend(guests.buyer))["order"]
        assert (order["state"], order["payBy"]) == ("PENDING_PAYMENT", _text(start + timedelta(minutes=25)))
        assert order["bookings"] == [{"state": "ON_HOLD", "expiresAt": _text(start + timedelta(minutes=35))}]
        assert [each["what"] for each in order["events"]] == ["order.placed", "order.extended"]
        clock.now = start + timedelta(minutes=25)
        assert (await extend(guests.buyer))["code"] == "PAYMENT_WINDOW_OVER"

    asked(market, walk)


def _text(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
