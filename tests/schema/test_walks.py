"""What GraphiQL's longer tabs promise: their operations, run from top to bottom, buy something and let it in."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse, validate

from market.checkout.till import on_paid, on_refunded
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.payments.flow import Till
from market.payments.gateways.sandbox import Sandbox
from market.payments.intents import record_trade
from schema.edge.limits import Limits
from schema.examples import Example
from schema.services import Services
from schema.walks import BUYING, GATE, WALKS
from tests.bookings.guests import gatekeeper
from tests.checkout.shop import Shop, buyers, open_shop
from tests.clock import FakeClock
from tests.schema.asking import SCHEMA, Asker, asked


@dataclass
class Tab:
    """A tab of GraphiQL, and who is signed in."""

    asker: Asker
    example: Example
    actor: Actor

    async def run(self, operation: str, **filled: str) -> Any:
        """What an operation of it answers, with these variables filled in."""
        _title, document, variables = self.example
        asked_for = {"operation": operation, "actor": self.actor}
        return await self.asker.data(document, {**variables, **filled}, **asked_for)


@pytest.mark.parametrize("example", WALKS, ids=["buying", "gate"])
def test_every_operation_of_a_walk_is_valid(example: Example) -> None:
    document = parse(example[1])

    assert validate(SCHEMA, document) == []
    used = {
        variable.variable.name.value
        for operation in document.definitions
        if isinstance(operation, OperationDefinitionNode)
        for variable in operation.variable_definitions or ()
    }
    assert used == set(example[2]), "all of its variables are there to be filled in, and no others"
    assert json.dumps(example[2])


def test_the_walks_buy_something_and_let_it_in(market: Market, clock: FakeClock) -> None:
    shop: Shop = open_shop(market)
    (buyer,) = buyers(market, 1)
    gate = gatekeeper(market, shop.stalls.producer)
    sandbox = Sandbox(market.now)
    till = Till({"sandbox": sandbox}, on_paid, on_refunded)

    async def walk(here: Market) -> None:
        asker = Asker(here, limits=Limits(), services=Services(till=till))
        tab = Tab(asker, BUYING, buyer)
        assert (await tab.run("Choose"))["products"]["nodes"]
        await tab.run("PutProduce", variantId=shop.peaches)
        await tab.run("PutVisit", sessionId=shop.visit, unitTypeId=shop.adult)
        address = (await tab.run("Address"))["addAddress"]["address"]["id"]
        total = (await tab.run("Cart"))["cart"]["payable"]["amount"]
        order = (await tab.run("Place", total=total, addressId=address))["placeOrder"]["order"]["id"]
        page = (await tab.run("Pay", orderId=order))["startPayment"]["parameters"]["url"]
        trade = sandbox.settle(page.rpartition("/")[2], is_paid=True)
        assert trade is not None
        await here.run(record_trade, here, till.paid, "sandbox", trade)
        bought = (await tab.run("MyOrder", orderId=order))["order"]
        assert bought["state"] == "PAID"

        seller = Tab(asker, GATE, gate)
        assert len((await seller.run("ToSend"))["sellerOrders"]["nodes"]) == 1
        booking = bought["bookings"][0]
        roster = await seller.run("Roster", sessionId=booking["session"]["id"])
        assert roster["rosterCounts"][0]["tickets"] == 2
        clock.now = datetime.fromisoformat(booking["startsAt"]).astimezone(UTC)
        code = booking["tickets"][0]["code"]
        (seen,) = (await seller.run("CheckIn", code=code))["checkIn"]["tickets"]
        assert seen["outcome"] == "REDEEMED"
        (again,) = (await seller.run("CheckIn", code=code, key="another-key-for-a-second-scan"))["checkIn"]["tickets"]
        assert (again["outcome"], again["ticket"]["gate"]) == ("ALREADY_REDEEMED", "东门")

    asked(market, walk)
