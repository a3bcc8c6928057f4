"""The two live protocols, message by message, and the bounds of what one caller may do with them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from market.kernel.market import Market
from market.people.tokens import SignedIn
from schema.edge.live import LiveLimits, Places
from schema.edge.refusals import BadRequest
from schema.edge.sockets import GraphQLSockets
from tests.checkout.shop import Shop, open_shop
from tests.clock import FakeClock
from tests.people.signing import by_phone
from tests.schema.live.conftest import SECONDS_MAX, Log, Served, Socket, serving

SEATS = "subscription Seats($sessions: [ID!]) { sessionAvailability(sessionIds: $sessions) { id vacancies } }"
ROOT = Path(__file__).parents[3]


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


@pytest.fixture(name="signed")
def _signed(market: Market) -> SignedIn:
    return by_phone(market)


def test_the_websocket_protocol_is_followed_to_the_letter(server: Served, shop: Shop) -> None:
    seats = {"query": SEATS, "variables": {"sessions": [shop.visit]}}

    async def walk() -> None:
        async with server.socket(init=False) as early:
            await early.send(type="ping")
            assert await early.read() == {"type": "pong"}
            await early.send(id="1", type="subscribe", payload=seats)
            assert await early.closed() == 4401
        async with server.socket() as twice:
            await twice.send(type="connection_init")
            assert await twice.closed() == 4429
        async with server.socket() as same:
            await same.send(id="1", type="subscribe", payload=seats)
            await same.send(id="1", type="subscribe", payload=seats)
            assert await same.closed() == 4409
        bad: list[str | bytes] = [
            "no json",
            b"{}",
            "[]",
            '{"type":"other"}',
            '{"type":"subscribe"}',
            '{"type":"subscribe","id":"1"}',
            '{"type":"subscribe","id":1,"payload":{}}',
        ]
        for message in bad:
            async with server.socket() as socket:
                await socket.connection.send(message)
                assert await socket.closed() == 4400, message
        async with server.socket(init=False) as socket:
            await socket.send(type="connection_init", payload=["Authorization"])
            assert await socket.closed() == 4400
        async with connect(f"ws://{server.host}/graphql", open_timeout=SECONDS_MAX) as connection:
            assert await Socket(connection).closed() == 4406

    asyncio.run(walk())


def test_operations_of_a_connection_end_by_themselves_or_by_their_client(server: Served, shop: Shop) -> None:
    async def walk() -> None:
        async with server.socket() as socket:
            await socket.subscribe("{ __typename }", as_id="q")
            assert await socket.read() == {"id": "q", "type": "next", "payload": {"data": {"__typename": "Query"}}}
            assert await socket.read() == {"id": "q", "type": "complete"}
            wrong = {
                "subscription { nothing }": "GRAPHQL_VALIDATION_FAILED",
                "subscription {": "GRAPHQL_PARSE_FAILED",
                "subscription { a: sessionAvailability { id } b: sessionAvailability { id } }": "GRAPHQL_VALIDATION_FAILED",
                "subscription { sessionAvailability { id } }": "BAD_USER_INPUT",
                'subscription { sessionAvailability(packageId: "x") { id } }': "BAD_USER_INPUT",
                'subscription { orderUpdated(orderId: "ord_01k00000000000000000000000") { id } }': "UNAUTHENTICATED",
                "": "BAD_REQUEST",
            }
            for query, code in wrong.items():
                await socket.subscribe(query, as_id="w")
                message = await socket.read()
                assert (message["type"], message["id"]) == ("error", "w"), query
                assert message["payload"][0]["extensions"]["code"] == code, query

            await socket.subscribe(SEATS, {"sessions": [shop.visit]}, as_id="s")
            assert (await socket.data("s"))["sessionAvailability"]["vacancies"] == 20
            await socket.send(id="s", type="complete")
            await socket.subscribe(SEATS, {"sessions": [shop.visit]}, as_id="s")
            assert (await socket.data("s"))["sessionAvailability"]["vacancies"] == 20, "its id is free again"

    asyncio.run(walk())


def test_who_comes_with_a_bad_token_or_from_another_page_is_turned_away(server: Served, signed: SignedIn) -> None:
    async def walk() -> None:
        async with server.socket(init=False) as socket:
            await socket.send(type="connection_init", payload={"Authorization": "Bearer nonsense"})
            assert await socket.closed() == 4403
        with pytest.raises(InvalidStatus) as refused:
            async with server.socket(headers={"origin": "https://elsewhere.example.com"}):
                pass
        assert refused.value.response.status_code == 403
        async with server.socket(signed.access_token, headers={"origin": f"http://{server.host}"}) as own:
            await own.subscribe("{ me { id } }")
            assert (await own.data())["me"]["id"] == signed.account_id
        async with httpx.AsyncClient(timeout=SECONDS_MAX) as client:
            headers = {"accept": "text/event-stream", "authorization": "Bearer nonsense"}
            answer = await client.post(
                f"http://{server.host}/graphql", json={"query": "{ __typename }"}, headers=headers
            )
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")

    asyncio.run(walk())


def test_one_caller_has_so_many_operations_and_connections(server: Served, shop: Shop, signed: SignedIn) -> None:
    limits = LiveLimits()

    async def walk() -> None:
        async with server.socket() as socket:
            for number in range(limits.operations_max):
                await socket.subscribe(SEATS, {"sessions": [shop.visit]}, as_id=str(number))
                await socket.data(str(number))
            await socket.subscribe(SEATS, {"sessions": [shop.visit]}, as_id="more")
            message = await socket.read()
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "LIMIT_REACHED")
        open_ones = [server.socket(signed.access_token) for _ in range(limits.connections_max)]
        for each in open_ones:
            await each.__aenter__()
        try:
            async with server.socket(init=False) as one_more:
                payload = {"Authorization": f"Bearer {signed.access_token}"}
                await one_more.send(type="connection_init", payload=payload)
                assert await one_more.closed() == 4429
            async with server.events(SEATS, {"sessions": [shop.visit]}, token=signed.access_token) as events:
                assert events.response.status_code == 429
                assert events.response.headers["retry-after"] == "5"
            async with server.socket():
                pass  # others are not affected
        finally:
            for each in open_ones:
                await each.__aexit__(None, None, None)

    asyncio.run(walk())


def test_subscriptions_and_their_events_are_counted(
    database_url: str, clock: FakeClock, shop: Shop, tmp_path: Path
) -> None:
    async def walk(server: Served) -> None:
        async with httpx.AsyncClient(timeout=SECONDS_MAX) as client:

            async def figure(name: str) -> float:
                told = (await client.get(f"http://{server.host}/metrics")).text
                (line,) = [line for line in told.splitlines() if line.startswith(f"{name} ")]
                return float(line.partition(" ")[2])

            seats = (SEATS, {"sessions": [shop.visit]})
            async with server.socket() as socket, server.events(*seats) as events:
                await socket.subscribe("{ __typename }", as_id="q")
                assert (await socket.data("q"))["__typename"] == "Query"
                assert (await socket.read())["type"] == "complete"
                await socket.subscribe(*seats, as_id="s")
                await socket.data("s")
                assert (await events.next())[0] == "next"
                assert await figure("market_subscriptions_open") == 2
                assert await figure("market_subscription_events_total") == 2
            for _ in range(int(SECONDS_MAX / 0.02)):
                if await figure("market_subscriptions_open") == 0:
                    break
                await asyncio.sleep(0.02)
            assert await figure("market_subscriptions_open") == 0
            assert await figure("market_subscription_events_total") == 2

    with serving(database_url, clock, tmp_path, metrics=True) as server:
        asyncio.run(walk(server))


def test_places_are_given_back() -> None:
    places = Places(1)
    with places.place("a"), places.place("b"), pytest.raises(BadRequest), places.place("a"):
        pass
    with places.place("a"):
        pass


def test_streams_of_events_answer_everything_in_the_stream(server: Served, shop: Shop) -> None:
    async def walk() -> None:
        async with server.events("{ __typename }") as events:
            assert events.response.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert await events.next() == ("next", {"data": {"__typename": "Query"}})
            assert await events.next() == ("complete", None)
        async with server.events("subscription { nothing }") as events:
            name, result = await events.next()
            assert (name, result["errors"][0]["extensions"]["code"]) == ("next", "GRAPHQL_VALIDATION_FAILED")
            assert await events.next() == ("complete", None)
        async with httpx.AsyncClient(timeout=SECONDS_MAX) as client:
            url, accept = f"http://{server.host}/graphql", {"accept": "text/event-stream"}
            assert (
                await client.post(url, content=b"{", headers={**accept, "content-type": "application/json"})
            ).status_code == 400
            assert (await client.post(url, content=b"{}", headers=accept)).status_code == 415
            plain = await client.post(url, json={"query": SEATS, "variables": {"sessions": [shop.visit]}})
            (error,) = plain.json()["errors"]
            assert "text/event-stream" in error["message"], "it says how to subscribe"

    asyncio.run(walk())


def test_a_browsers_event_source_gets_what_its_own_page_asks_for(server: Served, shop: Shop) -> None:
    """It can only GET, and send no header of its own; what browsers add by themselves says whose page asks."""
    own, header = {"sec-fetch-site": "same-origin"}, {"x-graphql-preflight": "1"}
    seats = {"query": SEATS, "variables": json.dumps({"sessions": [shop.visit]})}

    async def walk() -> None:
        async with server.events(SEATS, {"sessions": [shop.visit]}, by_get=own) as events:
            assert events.response.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert await events.next() == (
                "next",
                {"data": {"sessionAvailability": {"id": shop.visit, "vacancies": 20}}},
            )
        async with server.events("{ __typename }", by_get=header) as events:
            assert await events.next() == ("next", {"data": {"__typename": "Query"}})
            assert await events.next() == ("complete", None)
        async with httpx.AsyncClient(timeout=SECONDS_MAX) as client:
            url, accept = f"http://{server.host}/graphql", {"accept": "text/event-stream"}

            async def code(parameters: dict[str, str], **headers: str) -> tuple[int, str]:
                given = {**accept, **{name.replace("_", "-"): value for name, value in headers.items()}}
                answer = await client.get(url, params=parameters, headers=given)
                return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]

            assert await code(seats) == (403, "PREFLIGHT_REQUIRED")
            assert await code(seats, sec_fetch_site="cross-site") == (403, "PREFLIGHT_REQUIRED")
            assert await code(seats, origin="https://elsewhere.example") == (403, "PREFLIGHT_REQUIRED")
            changing = {"query": "mutation { openCart { __typename } }"}
            assert (await code(changing, sec_fetch_site="same-origin"))[0] == 405
            assert (await code({}, sec_fetch_site="same-origin"))[0] == 400

    asyncio.run(walk())


class Client:
    """A WebSocket without a network: what it sends, and what it got."""

    def __init__(self, *messages: str) -> None:
        self.got: list[dict[str, Any]] = []
        self._sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._sent.put_nowait({"type": "websocket.connect"})
        for each in messages:
            self._sent.put_nowait({"type": "websocket.receive", "text": each})

    async def receive(self) -> dict[str, Any]:
        """The next thing it does; nothing more, after the last."""
        return await self._sent.get()

    async def send(self, message: Any) -> None:
        """It gets something."""
        self.got.append(dict(message))

    def closed_with(self) -> int:
        """The code it was closed with."""
        assert self.got[-1]["type"] == "websocket.close"
        return int(self.got[-1]["code"])


SCOPE = {"type": "websocket", "headers": [], "subprotocols": ["graphql-transport-ws"], "client": ("192.0.2.1", 1)}


def sockets(limits: LiveLimits, admits: list[bool]) -> GraphQLSockets:
    """An endpoint whose callers are good as long as `admits` says."""

    async def admit(_request: Any) -> str:
        if not admits.pop(0):
            raise BadRequest(401, "UNAUTHENTICATED", "", "")
        return "somebody"

    async def perform(_request: Any) -> Any:
        raise AssertionError("nothing is asked")

    return GraphQLSockets(perform, admit, is_own_page=lambda _headers: True, places=Places(1), log=Log(), limits=limits)


def test_who_does_not_say_who_they_are_is_closed() -> None:
    client = Client()
    asyncio.run(sockets(LiveLimits(init_seconds_max=0.01), [])(dict(SCOPE), client.receive, client.send))
    assert client.closed_with() == 4408


def test_a_silent_caller_whose_sign_in_has_ended_is_closed_at_the_next_beat() -> None:
    client = Client('{"type":"connection_init"}')
    limits = LiveLimits(beat_seconds=0.01, init_seconds_max=SECONDS_MAX)
    asyncio.run(sockets(limits, [True, True, False])(dict(SCOPE), client.receive, client.send))
    assert [each.get("text") for each in client.got[1:2]] == ['{"type":"connection_ack"}']
    assert client.closed_with() == 4403


def test_too_long_a_message_is_not_parsed() -> None:
    client = Client('{"type":"connection_init"}', json.dumps({"type": "ping", "x": "x" * 2_000}))
    limits = LiveLimits(message_bytes_max=1_000, init_seconds_max=SECONDS_MAX)
    asyncio.run(sockets(limits, [True])(dict(SCOPE), client.receive, client.send))
    assert client.closed_with() == 1009


def test_a_server_that_is_asked_to_end_lets_its_streams_go(database_url: str, shop: Shop, tmp_path: Path) -> None:
    code = (
        "import sys, uvicorn\n"
        "from schema.app import asgi\n"
        "config = uvicorn.Config(asgi, factory=True, port=0, lifespan='on', log_config=None,"
        " timeout_graceful_shutdown=300)\n"
        "server = uvicorn.Server(config)\n"
        "async def run():\n"
        "    import asyncio\n"
        "    task = asyncio.ensure_future(server.serve())\n"
        "    while not server.started: await asyncio.sleep(0.01)\n"
        "    print(server.servers[0].sockets[0].getsockname()[1], flush=True)\n"
        "    await task\n"
        "import asyncio; asyncio.run(run())\n"
    )
    settings = {"DATABASE_URL": database_url, "MEDIA_PATH": str(tmp_path), "WORKER": "off", "METRICS": "false"}
    env = {**os.environ, "PYTHONPATH": str(ROOT), **{f"MARKET_{name}": each for name, each in settings.items()}}
    process = subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert process.stdout is not None
    with process:
        try:
            host = f"127.0.0.1:{int(process.stdout.readline())}"
            asyncio.run(_until_ended(host, shop, process))
            process.communicate(timeout=SECONDS_MAX)
        finally:
            process.kill()


async def _until_ended(host: str, shop: Shop, process: "subprocess.Popen[str]") -> None:
    """A WebSocket and a stream that would both last for ever."""
    body = {"query": SEATS, "variables": {"sessions": [shop.visit]}}
    async with (
        connect(f"ws://{host}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as connection,
        httpx.AsyncClient(timeout=SECONDS_MAX) as http,
        http.stream("POST", f"http://{host}/graphql", json=body, headers={"accept": "text/event-stream"}) as response,
    ):
        socket = Socket(connection)
        await socket.send(type="connection_init")
        assert await socket.read() == {"type": "connection_ack"}
        await socket.send(id="1", type="subscribe", payload=body)
        await socket.data()
        lines = response.aiter_lines()
        while not (await anext(lines)).startswith("data:"):
            pass
        process.send_signal(signal.SIGTERM)
        assert await socket.closed() == 1012
        rest = [line async for line in lines]
        assert "event: complete" not in rest, "it may come back"
