"""Webhooks from an order to another system: signed, in order, until they arrive; and nowhere they must not go."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import structlog
from sqlmodel import SQLModel, col, select

from market.checkout.end import cancel_order
from market.kernel import outbox
from market.kernel.errors import Forbidden, Invalid, LimitReached, NotFound
from market.kernel.market import Market
from market.kernel.outbox import OutboxMessage
from market.kernel.permissions import Actor, ActorKind, Role
from market.live.webhooks.address import Policy, Refused, check_url, target_of
from market.live.webhooks.endpoints import (
    EndpointChange,
    EndpointDraft,
    create_endpoint,
    delete_endpoint,
    redeliver,
    rotate_secret,
    update_endpoint,
)
from market.live.webhooks.rules import ENDPOINTS_MAX, WebhookDeliveryState, WebhookDisabledFor, WebhookState
from market.live.webhooks.send import DISABLED, Courier, deliver_webhooks, forget_deliveries
from market.live.webhooks.tables import WebhookDelivery, WebhookEndpoint
from market.server.health import webhooks_waiting
from market.server.metrics import Metrics
from market.server.settings import read_settings
from market.server.webhooks import webhook_duties, webhook_handlers
from market.server.worker import Duty, Worker, delivery
from tests.checkout.shop import Shop, buyers, home, key, open_shop, peaches, placed, put
from tests.clock import FakeClock
from tests.live.receiver import Receiver
from tests.schema.stalls import ADMIN

URL = "https://hooks.example.cn/market?v=1"
PUBLIC = "93.184.216.34"
STRICT = Policy()


async def publicly(_host: str, _port: int) -> list[str]:
    """A resolver that knows a public address of every name."""
    return [PUBLIC]


class World:
    """A shop with an endpoint, and whoever receives."""

    def __init__(self, market: Market, clock: FakeClock) -> None:
        self.market, self.clock = market, clock
        self.shop: Shop = open_shop(market)
        self.owner = owner_of(self.shop.stalls.producer)
        (self.buyer,) = buyers(market, 1)
        self.address = home(market, self.buyer)
        made = create_endpoint(market, self.owner, self.draft(), policy=STRICT, idempotency_key=key())
        self.endpoint_id, self.receiver = made.endpoint_id, Receiver(clock, made.secret)
        self.courier = Courier(STRICT, publicly, httpx.MockTransport(self.receiver))

    def draft(self, **changes: Any) -> EndpointDraft:
        """An endpoint of the shop's."""
        facts = {
            "organisation_id": self.shop.stalls.producer,
            "url": URL,
            "topics": ["order.placed", "order.cancelled"],
        }
        return EndpointDraft(**{**facts, **changes})

    def order(self) -> str:
        """Somebody orders."""
        put(self.market, self.buyer, peaches(self.shop))
        return placed(self.market, self.buyer, self.address)

    def cancel(self, order_id: str) -> None:
        """And gives it up."""
        cancel_order(self.market, self.buyer, order_id=order_id)

    def work(self) -> int:
        """What the worker does: how many messages were tried."""
        delivery(webhook_handlers(self.market)).act(self.market)
        return deliver_webhooks(self.market, self.courier)

    def endpoint(self) -> WebhookEndpoint:
        """As it is now."""
        with self.market.read() as session:
            return session.exec(select(WebhookEndpoint).where(WebhookEndpoint.id == self.endpoint_id)).one()

    def deliveries(self) -> Sequence[WebhookDelivery]:
        """In the order they were written down."""
        with self.market.read() as session:
            return session.exec(select(WebhookDelivery).order_by(col(WebhookDelivery.id))).all()


def owner_of(organisation: str) -> Actor:
    return Actor(ActorKind.MEMBER, "acc_o", organisations={organisation: frozenset({Role.OWNER})})


@pytest.fixture(name="world")
def _world(market: Market, clock: FakeClock) -> World:
    return World(market, clock)


def test_what_happens_to_an_order_arrives_signed_once_and_in_order(world: World) -> None:
    first = world.order()
    world.cancel(first)
    second = world.order()

    while world.work():
        pass

    told = world.receiver.got
    assert {each["data"]["orderId"] for each in told} == {first, second}
    assert [each["type"] for each in told if each["data"]["orderId"] == first] == ["order.placed", "order.cancelled"]
    assert len({each["id"] for each in told}) == 3
    assert all(each["data"]["sellerOrderIds"][0].startswith("sor_") for each in told)
    assert all(each.state is WebhookDeliveryState.DELIVERED for each in world.deliveries())
    assert world.receiver.connected[0] == (PUBLIC, "hooks.example.cn", "hooks.example.cn"), "pinned, named as itself"
    assert world.work() == 0


def test_a_message_that_fails_holds_back_the_later_ones_of_its_order(world: World) -> None:
    order = world.order()
    world.cancel(order)
    world.receiver.answers += [500, 503, 302]

    while len(world.receiver.got) < 2:
        world.work()
        world.clock.advance(minutes=31)
        assert world.clock.now.year == 2026, "it never arrives"

    assert [each["type"] for each in world.receiver.got] == ["order.placed", "order.cancelled"]
    tried = world.deliveries()
    assert [each.attempts for each in tried] == [4, 1]
    assert (world.endpoint().failures, world.endpoint().failing_since) == (0, None)


def test_an_endpoint_that_fails_is_left_alone_for_a_while(world: World) -> None:
    world.order()
    world.order()
    world.receiver.answers += [500, 500]

    assert world.work() == 2
    assert world.endpoint().failures == 1, "what failed at once is one failure"
    world.order()
    assert world.work() == 0, "what is new waits as well"
    world.clock.advance(seconds=6)
    assert world.work() == 3
    assert len(world.receiver.got) == 3
    assert world.deliveries()[0].answered == 204


def test_redirects_are_not_followed_and_answers_not_read(world: World) -> None:
    async def endless(_request: httpx.Request) -> httpx.Response:
        async def parts() -> Any:
            while True:
                yield b"x" * 65536

        return httpx.Response(200, content=parts())

    world.order()
    world.receiver.answers += [307, endless]
    world.work()
    (tried,) = world.deliveries()
    assert (tried.answered, tried.error) == (307, "answered 307: redirects are not followed")
    assert len(world.receiver.connected) == 1
    world.clock.advance(minutes=10)
    world.work()
    assert world.deliveries()[0].state is WebhookDeliveryState.DELIVERED


def test_a_receiver_that_does_not_answer_is_given_up_in_time(world: World) -> None:
    async def never(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    world.order()
    world.receiver.answers += [never]
    world.courier.seconds_max = 0.05
    world.work()
    assert world.deliveries()[0].error == "no answer within 0.05 seconds"
    assert world.endpoint().failures == 1


def test_a_slow_receiver_holds_up_no_other_duty(world: World) -> None:
    asked, went_on, stop = threading.Event(), threading.Event(), threading.Event()

    async def slow(_request: httpx.Request) -> httpx.Response:
        asked.set()
        is_held_up = not await asyncio.to_thread(went_on.wait, 30)
        stop.set()
        return httpx.Response(503 if is_held_up else 204)

    def go_on(_market: Market) -> int:
        if asked.is_set():
            went_on.set()
        return 0

    world.order()
    delivery(webhook_handlers(world.market)).act(world.market)
    world.receiver.answers += [slow]
    world.courier.seconds_max = 120
    metrics = Metrics()
    duties = webhook_duties(read_settings(), metrics, courier=world.courier)
    Worker(world.market, structlog.get_logger(), [*duties, Duty("other", timedelta(0), go_on)]).run(stop)

    assert world.deliveries()[0].state is WebhookDeliveryState.DELIVERED
    assert 'market_webhook_tries_total{outcome="delivered"} 1.0' in metrics.text().decode()


def test_gone_switches_an_endpoint_off_with_notice(world: World) -> None:
    world.order()
    world.order()
    world.receiver.answers += [410]
    world.work()

    endpoint = world.endpoint()
    assert (endpoint.state, endpoint.disabled_for) == (WebhookState.DISABLED, WebhookDisabledFor.GONE)
    assert notices(world.market) == [{"endpoint": endpoint.id, "organisation": endpoint.organisation_id, "why": "GONE"}]
    world.clock.advance(days=1)
    world.order()
    assert world.work() == 0, "nothing is sent, and nothing written down"
    count = len(world.deliveries())

    change = EndpointChange(is_active=True)
    update_endpoint(world.market, world.owner, endpoint_id=endpoint.id, change=change, policy=STRICT)
    while world.work():
        pass
    assert len(world.deliveries()) == count
    assert {each.state for each in world.deliveries()} == {WebhookDeliveryState.DELIVERED}


def test_five_days_of_failure_switch_an_endpoint_off_and_a_message_is_dead_after_ten_tries(world: World) -> None:
    world.receiver.answers += [500] * 1_000
    world.order()
    for _ in range(60):
        if world.endpoint().state is WebhookState.DISABLED:
            break
        world.work()
        world.clock.advance(hours=6)
        if world.deliveries()[0].state is WebhookDeliveryState.DEAD:
            world.order()  # the endpoint goes on being tried
    endpoint = world.endpoint()
    assert (endpoint.state, endpoint.disabled_for) == (WebhookState.DISABLED, WebhookDisabledFor.FAILING)
    assert endpoint.failing_since is not None
    assert world.clock.now - endpoint.failing_since >= timedelta(days=5)
    dead = world.deliveries()[0]
    assert (dead.state, dead.attempts) == (WebhookDeliveryState.DEAD, 10)
    assert len(notices(world.market)) == 1


def test_a_message_is_sent_once_more_when_it_is_asked_for(world: World) -> None:
    world.order()
    world.work()
    (sent,) = world.deliveries()
    redeliver(world.market, world.owner, delivery_id=sent.id)
    world.work()
    assert len(world.receiver.got) == 2
    assert world.receiver.got[0] == world.receiver.got[1], "the same id and body, so that a receiver can tell"
    with pytest.raises(NotFound) as foreign:
        redeliver(world.market, owner_of("pdr_x"), delivery_id=sent.id)
    with pytest.raises(NotFound) as unknown:
        redeliver(world.market, world.owner, delivery_id="whd_01k00000000000000000000000")
    assert foreign.value.message("en") == unknown.value.message("en")


def test_a_secret_is_replaced_without_a_gap(world: World) -> None:
    old = world.receiver.secret
    again = {"endpoint_id": world.endpoint_id, "idempotency_key": key()}
    made = rotate_secret(world.market, world.owner, **again)
    assert made.secret != old
    assert rotate_secret(world.market, world.owner, **again) == made, "once, by its key"

    world.order()
    world.work()
    assert len(world.receiver.got) == 1, "signed with the old secret as well"
    world.receiver.secret = made.secret
    world.order()
    world.work()
    assert len(world.receiver.got) == 2
    world.clock.advance(hours=25)
    world.receiver.secret = old
    world.order()
    world.work()
    assert len(world.receiver.got) == 2, "the old one ended"
    assert world.deliveries()[-1].answered == 401


def test_two_workers_send_each_message_once(world: World) -> None:
    for _ in range(6):
        world.order()
    delivery(webhook_handlers(world.market)).act(world.market)
    threads = [
        threading.Thread(target=deliver_webhooks, args=(world.market, world.courier), kwargs={"limit": 3})
        for _ in range(6)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    while deliver_webhooks(world.market, world.courier):
        pass
    assert len(world.receiver.got) == len({each["id"] for each in world.receiver.got}) == 6


def test_a_worker_that_died_while_sending_is_taken_over_from(world: World) -> None:
    class Died(BaseException):
        """The process ends in the middle."""

    class Dying(Courier):
        async def send_all(self, letters: Any, now: Any) -> Any:
            raise Died

    world.order()
    delivery(webhook_handlers(world.market)).act(world.market)
    with pytest.raises(Died):
        deliver_webhooks(world.market, Dying(STRICT))
    assert world.work() == 0, "its lease still holds"
    world.clock.advance(minutes=2)
    assert world.work() == 1
    assert world.deliveries()[0].attempts == 2


def test_the_outbox_may_tell_twice(world: World) -> None:
    world.order()
    with world.market.transaction() as session:
        (message,) = [each for each in outbox.claim(session, world.market.now()) if each.topic == "order.placed"]
    handler = webhook_handlers(world.market)["order.placed"]
    handler(message)
    handler(message)
    assert len(world.deliveries()) == 1


def test_what_waits_for_endpoints_is_counted(world: World) -> None:
    world.order()
    world.order()
    delivery(webhook_handlers(world.market)).act(world.market)
    assert webhooks_waiting(world.market.database) == 2
    world.receiver.answers += [500]
    tried: list[bool] = []
    assert deliver_webhooks(world.market, world.courier, tell=tried.append) == 2
    assert sorted(tried) == [False, True]
    assert webhooks_waiting(world.market.database) == 1


def test_old_deliveries_are_forgotten(world: World) -> None:
    world.order()
    world.work()
    assert forget_deliveries(world.market) == 0
    world.clock.advance(days=31)
    world.order()
    assert forget_deliveries(world.market) == 1


def test_who_may_do_what_with_endpoints(world: World) -> None:
    editor = Actor(ActorKind.MEMBER, "acc_e", organisations={world.shop.stalls.producer: frozenset({Role.EDITOR})})
    with pytest.raises(Forbidden):
        create_endpoint(world.market, editor, world.draft(), policy=STRICT, idempotency_key=key())
    stranger = owner_of("pdr_x")
    with pytest.raises(NotFound):
        create_endpoint(world.market, stranger, world.draft(), policy=STRICT, idempotency_key=key())
    for act in (
        lambda: delete_endpoint(world.market, stranger, endpoint_id=world.endpoint_id),
        lambda: rotate_secret(world.market, stranger, endpoint_id=world.endpoint_id, idempotency_key=key()),
        lambda: update_endpoint(
            world.market, stranger, endpoint_id=world.endpoint_id, change=EndpointChange(note="x"), policy=STRICT
        ),
    ):
        with pytest.raises(NotFound):
            act()
    assert world.endpoint().note == ""
    wrongs: list[dict[str, Any]] = [
        {"topics": []},
        {"topics": ["order.everything"]},
        {"note": "x" * 201},
        {"url": "http://a.cn/"},
    ]
    for wrong in wrongs:
        with pytest.raises(Invalid):
            create_endpoint(world.market, world.owner, world.draft(**wrong), policy=STRICT, idempotency_key=key())
    for _ in range(ENDPOINTS_MAX - 1):
        create_endpoint(world.market, world.owner, world.draft(), policy=STRICT, idempotency_key=key())
    with pytest.raises(LimitReached):
        create_endpoint(world.market, world.owner, world.draft(), policy=STRICT, idempotency_key=key())
    world.order()
    world.work()
    delete_endpoint(world.market, ADMIN, endpoint_id=world.endpoint_id)
    assert world.endpoint_id not in {each.endpoint_id for each in world.deliveries()}


NOT_PUBLIC = [
    "127.0.0.1", "10.0.0.8", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "0.0.0.0",
    "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1",
]  # fmt: skip


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_no_connection_is_made_to_an_address_that_is_not_public(address: str) -> None:
    for found in ([address], [PUBLIC, address]):

        async def resolve(_host: str, _port: int, found: list[str] = found) -> list[str]:
            return found

        with pytest.raises(Refused):
            asyncio.run(target_of(URL, STRICT, resolve))


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.cn/",
        "ftp://hooks.example.cn/",
        "https://",
        "https:///path",
        "https://hooks.example.cn:8443/",
        "https://hooks.example.cn:99999/",
        "https://user:pass@hooks.example.cn/",
        "https://hooks.example.cn/#part",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://hooks.example.cn/a b",
        "https://hooks.example.cn\\@10.0.0.1/",
        "https://hooks.example.cn/\r\nHost: x",
        "https://例子.cn/",
        f"https://hooks.example.cn/{'x' * 2_000}",
    ],
)
def test_an_address_that_can_never_be_called_is_refused_at_once(url: str) -> None:
    with pytest.raises(Invalid):
        check_url(url, STRICT)


@pytest.mark.parametrize("host", ["0177.0.0.1", "2130706433", "0x7f.1", "127.1", "localhost"])
def test_other_ways_to_write_this_machine_come_to_nothing(host: str) -> None:
    """The system's resolver takes them for 127.0.0.1, or for nothing."""
    with pytest.raises((Refused, OSError)):
        asyncio.run(target_of(f"https://{host}/", STRICT))


def test_a_name_that_answers_otherwise_the_second_time_gains_nothing(world: World) -> None:
    answers = [[PUBLIC], ["127.0.0.1"]]

    async def rebinding(_host: str, _port: int) -> list[str]:
        return answers.pop(0)

    world.courier.resolve = rebinding
    world.order()
    world.work()
    assert [address for address, _host, _name in world.receiver.connected] == [PUBLIC]
    world.order()
    world.work()
    assert len(world.receiver.connected) == 1
    assert world.deliveries()[-1].error == "the host is not on the public internet"


def test_in_development_a_receiver_on_this_machine_is_called_over_a_real_socket(world: World) -> None:
    got: list[bytes] = []

    async def walk() -> None:
        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            got.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(take, "127.0.0.1", 0)
        async with server:
            url = f"http://localhost:{server.sockets[0].getsockname()[1]}/hook"
            change = EndpointChange(url=url)
            is_open = Policy(is_open=True)
            update_endpoint(world.market, world.owner, endpoint_id=world.endpoint_id, change=change, policy=is_open)
            world.order()
            delivery(webhook_handlers(world.market)).act(world.market)
            courier = Courier(is_open, seconds_max=60)
            assert await asyncio.to_thread(deliver_webhooks, world.market, courier) == 1

    asyncio.run(walk())
    assert b"host: localhost:" in got[0].lower()
    assert b"webhook-signature: v1," in got[0].lower()
    assert world.deliveries()[0].state is WebhookDeliveryState.DELIVERED


def notices(market: Market) -> list[Any]:
    """What was said of endpoints that were switched off."""
    table = SQLModel.metadata.tables[str(OutboxMessage.__tablename__)]
    with market.read() as session:
        return list(session.execute(sa.select(table.c.payload).where(table.c.topic == DISABLED)).scalars())
