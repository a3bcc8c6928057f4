"""What subscribers are told: changes made by any process, to those who may see them, as long as they may."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from market.checkout.end import cancel_order
from market.kernel.market import Market
from market.kernel.permissions import Actor, Role
from market.live.heard import packages_of
from market.orders.tables import CustomerOrder
from market.organisations.manage import OrganisationDraft, register_organisation
from market.organisations.rules import OrganisationKind
from market.people.devices import revoke_device
from market.people.manage import give_role
from market.people.tables import RoleHeld
from market.people.tokens import SignedIn
from tests.checkout.shop import Shop, home, open_shop, peaches, placed, put, visit
from tests.clock import FakeClock
from tests.people.signing import actor, by_phone
from tests.schema.live.conftest import Served, Socket
from tests.schema.stalls import ADMIN

ORDER = "subscription Watch($id: ID!) { orderUpdated(orderId: $id) { id number state } }"
SELLER = """
subscription Sold($id: ID!) {
  sellerOrders(organisationId: $id) { id number state recipient lines { title quantity } }
}
"""
SEATS = """
subscription Seats($package: ID, $sessions: [ID!]) {
  sessionAvailability(packageId: $package, sessionIds: $sessions) { id vacancies status }
}
"""
UNKNOWN = "ord_01k00000000000000000000000"


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


def buyer(market: Market, phone: str = "19900000001") -> tuple[SignedIn, Actor, str]:
    signed = by_phone(market, phone)
    who = actor(market, signed.access_token)
    return signed, who, home(market, who)


def ordered(market: Market, shop: Shop, who: Actor, address: str) -> str:
    put(market, who, peaches(shop), visit(shop))
    return placed(market, who, address)


async def in_thread(act: Any, *args: Any, **kwargs: Any) -> Any:
    return await asyncio.to_thread(act, *args, **kwargs)


def test_a_buyer_follows_an_order_over_both_protocols_whichever_process_changes_it(
    market: Market, shop: Shop, server: Served, other_server: Served
) -> None:
    signed, who, address = buyer(market)
    order_id = ordered(market, shop, who, address)

    async def walk() -> None:
        given, token = {"id": order_id}, signed.access_token
        async with server.socket(token) as socket, other_server.events(ORDER, given, token=token) as events:
            await socket.subscribe(ORDER, given)
            first = (await socket.data())["orderUpdated"]
            assert (first["id"], first["state"]) == (order_id, "PENDING_PAYMENT")
            assert await events.next() == ("next", {"data": {"orderUpdated": first}})

            await in_thread(cancel_order, other_server.market, who, order_id=order_id, reason=None)

            assert (await socket.data())["orderUpdated"] == {**first, "state": "CANCELLED"}
            assert await events.next() == ("next", {"data": {"orderUpdated": {**first, "state": "CANCELLED"}}})

    asyncio.run(walk())


def test_a_seller_is_told_of_new_orders_and_nobody_else_is(
    market: Market, shop: Shop, server: Served, other_server: Served
) -> None:
    _, who, address = buyer(market)
    owner = by_phone(market, "19900000002")
    stranger = by_phone(market, "19900000003")
    for signed, producer in ((owner, shop.stalls.producer), (stranger, _other_producer(market, shop))):
        give_role(market, ADMIN, account_id=signed.account_id, role=Role.OWNER, within=producer)

    async def walk() -> None:
        given = {"id": shop.stalls.producer}
        async with server.socket(owner.access_token) as theirs, server.socket(stranger.access_token) as others:
            await theirs.subscribe(SELLER, given)
            await others.subscribe(SELLER, given)
            await others.subscribe(SELLER, {"id": "pdr_01k00000000000000000000000"}, as_id="2")
            refusals = [await others.read(), await others.read()]
            assert {each["type"] for each in refusals} == {"error"}
            assert refusals[0]["payload"] == refusals[1]["payload"], "a foreign seller is an unknown one"
            assert refusals[0]["payload"][0]["extensions"]["code"] == "NOT_FOUND"

            _, data = await told(theirs, lambda: ordered(other_server.market, shop, who, address))

            sold = data["sellerOrders"]
            assert sold["state"] == "PENDING"
            assert sold["recipient"] == "林**", "masked, as the query has it"
            assert {each["title"] for each in sold["lines"]} >= {"水蜜桃", "桃园一日"}

    asyncio.run(walk())


def test_seats_are_shown_as_they_are_and_again_when_they_change(
    market: Market, shop: Shop, server: Served, other_server: Served
) -> None:
    _, who, address = buyer(market)
    package = _package(market, shop)

    async def walk() -> None:
        async with (
            server.socket() as socket,
            other_server.events(SEATS, {"sessions": [shop.visit]}) as events,
        ):
            await socket.subscribe(SEATS, {"package": package})
            first = (await socket.data())["sessionAvailability"]
            assert (first["id"], first["vacancies"]) == (shop.visit, 20)
            assert await events.next() == ("next", {"data": {"sessionAvailability": first}})

            await in_thread(ordered, market, shop, who, address)

            assert (await socket.data())["sessionAvailability"] == {**first, "vacancies": 19}
            assert await events.next() == ("next", {"data": {"sessionAvailability": {**first, "vacancies": 19}}})

    asyncio.run(walk())


def test_somebody_elses_order_answers_as_an_unknown_one(market: Market, shop: Shop, server: Served) -> None:
    _, who, address = buyer(market)
    order_id = ordered(market, shop, who, address)
    stranger = by_phone(market, "19900000004")

    async def walk() -> None:
        async with server.socket(stranger.access_token) as socket:
            told = []
            for each in (order_id, UNKNOWN):
                await socket.subscribe(ORDER, {"id": each})
                told.append([await socket.read(), await socket.read()])
        assert told[0] == told[1]
        (error,) = told[0][0]["payload"]["errors"]
        assert error["extensions"]["code"] == "NOT_FOUND"
        assert told[0][1] == {"type": "complete", "id": "1"}

        async with server.events(ORDER, {"id": order_id}) as events:
            name, result = await events.next()
            assert (name, result["errors"][0]["extensions"]["code"]) == ("next", "UNAUTHENTICATED")
            assert await events.next() == ("complete", None)

    asyncio.run(walk())


def test_a_sign_in_that_has_ended_ends_its_subscriptions_before_the_next_event(
    market: Market, shop: Shop, server: Served, clock: FakeClock
) -> None:
    signed, who, address = buyer(market)
    order_id = ordered(market, shop, who, address)
    given = {"id": order_id}

    async def revoked() -> None:
        async with server.socket(signed.access_token) as socket:
            await socket.subscribe(ORDER, given)
            await socket.data()
            await in_thread(revoke_device, market, who, device_id=signed.device_id)
            await in_thread(cancel_order, market, who, order_id=order_id, reason=None)
            assert await socket.closed() == 4403

    async def expired() -> None:
        again = await in_thread(by_phone, market, "19900000005")
        async with server.events(SEATS, {"sessions": [shop.visit]}, token=again.access_token) as events:
            assert (await events.next())[0] == "next"
            clock.advance(minutes=16)  # an access token lives fifteen
            other = await in_thread(buyer, market, "19900000006")
            await in_thread(ordered, market, shop, other[1], other[2])
            name, result = await events.next()
            assert (name, result["errors"][0]["extensions"]["code"]) == ("next", "UNAUTHENTICATED")
            assert await events.next() == ("complete", None)

    asyncio.run(revoked())
    asyncio.run(expired())


def test_a_role_that_is_taken_away_shows_no_more(market: Market, shop: Shop, server: Served) -> None:
    _, who, address = buyer(market)
    first, second = by_phone(market, "19900000002"), by_phone(market, "19900000003")
    for signed in (first, second):
        give_role(market, ADMIN, account_id=signed.account_id, role=Role.OWNER, within=shop.stalls.producer)

    async def walk() -> None:
        async with server.socket(first.access_token) as theirs, server.socket(second.access_token) as others:
            for each in (theirs, others):
                await each.subscribe(SELLER, {"id": shop.stalls.producer})
                await told(each, lambda: ordered(market, shop, who, address))
            await in_thread(_take_roles, market, first.account_id)
            last = await in_thread(ordered, market, shop, who, address)
            number = await in_thread(_number, market, last)
            while (await others.data())["sellerOrders"]["number"] != number:
                pass
            await theirs.subscribe("{ __typename }", as_id="after")
            seen = []
            while (message := await theirs.read())["id"] != "after":
                seen.append(message["payload"]["data"]["sellerOrders"]["number"])
            assert number not in seen

    asyncio.run(walk())


async def told(socket: Socket, act: Callable[[], str]) -> tuple[str, Any]:
    """What a subscription without a first event tells of what is done. It may not have begun to listen yet: so it is
    done anew until it is heard; what was done last, and the data."""
    for _ in range(30):
        made = await in_thread(act)
        try:
            async with asyncio.timeout(2):
                return made, await socket.data()
        except TimeoutError:
            continue
    raise AssertionError("nothing was told")


def _number(market: Market, order_id: str) -> str:
    with market.read() as session:
        order = session.get(CustomerOrder, order_id)
        assert order is not None
        return order.number


def _take_roles(market: Market, account_id: str) -> None:
    with market.transaction() as session:
        session.execute(sa.delete(RoleHeld).where(col(RoleHeld.account_id) == account_id))


def _other_producer(market: Market, shop: Shop) -> str:
    return register_organisation(
        market, ADMIN, OrganisationDraft(OrganisationKind.HOUSEHOLD, "老李家", "Li", "", None, shop.stalls.village)
    )


def _package(market: Market, shop: Shop) -> str:
    return packages_of(market, [shop.visit])[shop.visit]
