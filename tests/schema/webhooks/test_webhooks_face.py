"""Webhooks by API: an owner makes an endpoint, sees what was sent to it, has something sent once more."""

import asyncio
from typing import Any

import httpx
import pytest

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.live.webhooks.address import Policy
from market.live.webhooks.send import Courier, deliver_webhooks
from market.server.webhooks import webhook_handlers
from market.server.worker import delivery
from tests.checkout.shop import Shop, buyers, home, key, open_shop, peaches, placed, put
from tests.clock import FakeClock
from tests.live.receiver import Receiver
from tests.schema.asking import Asker, asked

ENDPOINT = """
  id organisationId url note topics state disabledFor oldSecretUntil failures failingSince pausedUntil createdAt
"""
CREATE = f"""
mutation Create($input: CreateWebhookEndpointInput!, $key: ID!) {{
  createWebhookEndpoint(input: $input, idempotencyKey: $key) {{
    __typename
    ... on WebhookSecretPayload {{ secret endpoint {{ {ENDPOINT} }} }}
    ... on InvalidInput {{ field }}
    ... on UserError {{ code message }}
  }}
}}
"""
UPDATE = f"""
mutation Update($id: ID!, $input: UpdateWebhookEndpointInput!) {{
  updateWebhookEndpoint(endpointId: $id, input: $input) {{
    __typename
    ... on WebhookEndpointPayload {{ endpoint {{ {ENDPOINT} }} }}
    ... on UserError {{ code message path }}
  }}
}}
"""
ROTATE = """
mutation Rotate($id: ID!, $key: ID!) {
  rotateWebhookSecret(endpointId: $id, idempotencyKey: $key) {
    __typename
    ... on WebhookSecretPayload { secret endpoint { oldSecretUntil } }
    ... on UserError { code message path }
  }
}
"""
DELETE = """
mutation Delete($id: ID!) {
  deleteWebhookEndpoint(endpointId: $id) {
    __typename
    ... on DeleteWebhookEndpointPayload { endpointId }
    ... on UserError { code message path }
  }
}
"""
REDELIVER = """
mutation Redeliver($id: ID!) {
  redeliverWebhook(deliveryId: $id) {
    __typename
    ... on RedeliverWebhookPayload { delivery { state attempts nextAttemptAt } }
    ... on UserError { code message path }
  }
}
"""
ENDPOINTS = (
    f"query List($where: WebhookEndpointWhere) {{ webhookEndpoints(where: $where) {{ nodes {{ {ENDPOINT} }} }} }}"
)
DELIVERIES = """
query List($where: WebhookDeliveryWhere) {
  webhookDeliveries(where: $where) {
    totalCount
    nodes { id messageId topic body state attempts nextAttemptAt status error createdAt endedAt endpoint { id } }
  }
}
"""


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


def owner_of(organisation: str) -> Actor:
    return Actor(ActorKind.MEMBER, "acc_o", organisations={organisation: frozenset({Role.OWNER})})


def given(shop: Shop, **changes: Any) -> dict[str, Any]:
    facts = {
        "organisation": shop.stalls.producer,
        "url": "https://hooks.example.cn/market",
        "topics": ["ORDER_PLACED"],
        "note": "仓库系统",
    }
    return {"input": {**facts, **changes}, "key": key()}


def test_an_endpoint_is_made_told_and_looked_after(market: Market, shop: Shop, clock: FakeClock) -> None:
    owner = owner_of(shop.stalls.producer)
    (buyer,) = buyers(market, 1)
    address = home(market, buyer)

    async def publicly(_host: str, _port: int) -> list[str]:
        return ["93.184.216.34"]

    async def make(here: Market) -> Any:
        asker = Asker(here)
        asked_for = given(shop)
        made = (await asker.data(CREATE, asked_for, actor=owner))["createWebhookEndpoint"]
        assert made["secret"].startswith("whsec_")
        assert (made["endpoint"]["state"], made["endpoint"]["topics"]) == ("ACTIVE", ["ORDER_PLACED"])
        assert (await asker.data(CREATE, asked_for, actor=owner))["createWebhookEndpoint"] == made
        (listed,) = (await asker.data(ENDPOINTS, actor=owner))["webhookEndpoints"]["nodes"]
        assert listed == made["endpoint"], "and no field has the secret"
        return made

    made = asked(market, make)
    receiver = Receiver(clock, made["secret"], answers=[500])
    courier = Courier(Policy(), publicly, httpx.MockTransport(receiver))

    def send() -> None:
        delivery(webhook_handlers(market)).act(market)
        deliver_webhooks(market, courier)

    put(market, buyer, peaches(shop))
    order = placed(market, buyer, address)
    send()

    async def look(here: Market) -> None:
        asker, of = Asker(here), made["endpoint"]["id"]

        async def deliveries(**where: Any) -> Any:
            return (await asker.data(DELIVERIES, {"where": {"endpoint": of, **where}}, actor=owner))[
                "webhookDeliveries"
            ]

        (failed,) = (await deliveries(states=["PENDING"]))["nodes"]
        assert (failed["attempts"], failed["status"], failed["topic"]) == (1, 500, "ORDER_PLACED")
        assert failed["nextAttemptAt"] is not None
        assert order in failed["body"]
        assert failed["endpoint"] == {"id": of}
        again = (await asker.data(REDELIVER, {"id": failed["id"]}, actor=owner))["redeliverWebhook"]
        assert (again["delivery"]["state"], again["delivery"]["attempts"]) == ("PENDING", 0)
        await asyncio.to_thread(send)
        (sent,) = (await deliveries())["nodes"]
        assert (sent["state"], sent["status"], sent["error"], sent["nextAttemptAt"]) == ("DELIVERED", 204, None, None)
        assert [each["id"] for each in receiver.got] == [sent["messageId"]]

        off = {"id": of, "input": {"isActive": False, "topics": ["ORDER_PAID", "SHIPMENT_SENT"]}}
        changed = (await asker.data(UPDATE, off, actor=owner))["updateWebhookEndpoint"]["endpoint"]
        assert (changed["state"], changed["disabledFor"]) == ("DISABLED", "OWNER")
        assert (changed["topics"], changed["url"], changed["note"]) == (
            ["ORDER_PAID", "SHIPMENT_SENT"],
            made["endpoint"]["url"],
            "仓库系统",
        )
        rotated = (await asker.data(ROTATE, {"id": of, "key": key()}, actor=owner))["rotateWebhookSecret"]
        assert rotated["secret"] != made["secret"]
        assert rotated["endpoint"]["oldSecretUntil"] is not None
        gone = (await asker.data(DELETE, {"id": of}, actor=owner))["deleteWebhookEndpoint"]
        assert gone["endpointId"] == of
        assert (await deliveries())["totalCount"] == 0

    asked(market, look)


def test_an_endpoint_is_its_owners_and_a_strangers_answer_is_that_of_an_unknown_one(market: Market, shop: Shop) -> None:
    owner, stranger = owner_of(shop.stalls.producer), owner_of("pdr_x")
    editor = Actor(ActorKind.MEMBER, "acc_e", organisations={shop.stalls.producer: frozenset({Role.EDITOR})})

    async def walk(here: Market) -> None:
        asker = Asker(here)
        made = (await asker.data(CREATE, given(shop), actor=owner))["createWebhookEndpoint"]["endpoint"]["id"]
        unknown = here.new_id("whk")
        for document, more in ((UPDATE, {"input": {"note": "x"}}), (ROTATE, {"key": key()}), (DELETE, {})):
            answers = [
                (await asker.answer(document, {"id": each, **more}, actor=stranger)).body for each in (made, unknown)
            ]
            assert answers[0] == answers[1]
            assert b"NOT_FOUND" in answers[0]
        assert (await asker.data(ENDPOINTS, actor=stranger))["webhookEndpoints"]["nodes"] == []
        assert (await asker.data(ENDPOINTS, {"where": {"organisation": shop.stalls.producer}}, actor=stranger))[
            "webhookEndpoints"
        ]["nodes"] == []
        node = "query Node($id: ID!) { node(id: $id) { id } }"
        assert (await asker.data(node, {"id": made}, actor=owner))["node"] == {"id": made}
        assert (await asker.data(node, {"id": made}, actor=stranger))["node"] is None
        for actor, code in ((editor, "FORBIDDEN"), (VISITOR, "UNAUTHENTICATED")):
            (error,) = (await asker.ask(ENDPOINTS, actor=actor))["errors"]
            assert error["extensions"]["code"] == code
            assert (await asker.data(CREATE, given(shop), actor=actor))["createWebhookEndpoint"]["code"] == code
        for url in ("http://hooks.example.cn/", "https://10.0.0.1/", "https://hooks.example.cn:444/"):
            wrong = (await asker.data(CREATE, given(shop, url=url), actor=owner))["createWebhookEndpoint"]
            assert (wrong["__typename"], wrong["field"]) == ("InvalidInput", "url")
        (still,) = (await asker.data(ENDPOINTS, actor=owner))["webhookEndpoints"]["nodes"]
        assert (still["id"], still["note"]) == (made, "仓库系统")

    asked(market, walk)
