"""Real servers on real sockets, several on one database, and clients that speak the live protocols."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from market.kernel.database import open_database
from market.kernel.market import Market
from market.server.settings import read_settings
from schema.app import create_app
from tests.clock import FakeClock

SECONDS_MAX = 60.0
"""Generous: a busy machine is no failure."""


@dataclass
class Log:
    """Remembers what went wrong."""

    errors: list[tuple[str, Any]] = field(default_factory=list)

    def info(self, event: str, **facts: Any) -> None:
        """Nothing of interest."""

    warning = info

    def error(self, event: str, **facts: Any) -> None:
        """Remember it."""
        self.errors.append((event, facts.get("exc_info")))

    exception = error


@dataclass
class Served:
    """A running server."""

    market: Market
    host: str
    log: Log
    stop: Callable[[], None]

    @asynccontextmanager
    async def socket(
        self, token: str | None = None, *, init: bool = True, headers: dict[str, str] | None = None
    ) -> AsyncIterator["Socket"]:
        """A WebSocket, acknowledged unless told otherwise."""
        async with connect(
            f"ws://{self.host}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            additional_headers=headers,
            open_timeout=SECONDS_MAX,
        ) as connection:
            made = Socket(connection)
            if init:
                payload = {} if token is None else {"Authorization": f"Bearer {token}"}
                await made.send(type="connection_init", payload=payload)
                assert await made.read() == {"type": "connection_ack"}
            yield made

    @asynccontextmanager
    async def events(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        *,
        token: str | None = None,
        by_get: dict[str, str] | None = None,
    ) -> AsyncIterator["Events"]:
        """A stream of Server-Sent Events: asked for by POST, or by GET with these headers."""
        headers = {"accept": "text/event-stream"} | ({} if token is None else {"authorization": f"Bearer {token}"})
        asked: dict[str, Any] = {"json": {"query": query, "variables": variables or {}}}
        if by_get is not None:
            asked = {"params": {"query": query, "variables": json.dumps(variables or {})}}
        async with (
            httpx.AsyncClient(timeout=SECONDS_MAX) as client,
            client.stream(
                "POST" if by_get is None else "GET",
                f"http://{self.host}/graphql",
                headers=headers | (by_get or {}),
                **asked,
            ) as response,
        ):
            yield Events(response, response.aiter_lines())


@dataclass
class Socket:
    """A client of graphql-transport-ws."""

    connection: ClientConnection

    async def send(self, **message: Any) -> None:
        """Send one message."""
        await self.connection.send(json.dumps(message))

    async def read(self) -> Any:
        """The next message."""
        async with asyncio.timeout(SECONDS_MAX):
            return json.loads(await self.connection.recv())

    async def subscribe(self, query: str, variables: dict[str, Any] | None = None, *, as_id: str = "1") -> None:
        """Begin an operation."""
        await self.send(id=as_id, type="subscribe", payload={"query": query, "variables": variables or {}})

    async def data(self, as_id: str = "1") -> Any:
        """The next result's data, which has no errors."""
        message = await self.read()
        assert (message["type"], message["id"]) == ("next", as_id), message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def closed(self) -> int:
        """The code with which the server closes; what comes before is passed over."""
        async with asyncio.timeout(SECONDS_MAX):
            with suppress(ConnectionClosed):
                while True:
                    await self.connection.recv()
            assert self.connection.close_code is not None
            return self.connection.close_code


@dataclass
class Events:
    """A client of graphql-sse."""

    response: httpx.Response
    lines: AsyncIterator[str]

    async def next(self) -> tuple[str, Any]:
        """The next event and its data; heartbeats are passed over. Raises StopAsyncIteration at the end."""
        name, data = "", ""
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                line = await anext(self.lines)
                if line.startswith("event:"):
                    name = line.removeprefix("event:").strip()
                elif line.startswith("data:"):
                    data = line.removeprefix("data:").strip()
                elif not line and name:
                    return name, json.loads(data) if data else None


@contextmanager
def serving(url: str, clock: FakeClock, folder: Path, **settings: Any) -> Iterator[Served]:
    """A server on this database, in a thread of its own, with connections and notifications of its own."""
    log = Log()
    usual = {"worker": "off", "metrics": False, "shutdown_seconds": 30}
    read = read_settings(database_url=url, media_path=folder / "media", **(usual | settings))
    market = Market(open_database(url), clock=clock)
    app = create_app(read, market, log)  # type: ignore[arg-type]  # as much of a log as a server needs
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="on", timeout_graceful_shutdown=30)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join(SECONDS_MAX)
        assert not thread.is_alive(), "the server did not end"

    try:
        deadline = threading.Event()
        for _ in range(int(SECONDS_MAX / 0.02)):
            if server.started or not thread.is_alive():
                break
            deadline.wait(0.02)
        assert server.started, log.errors
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(market, f"127.0.0.1:{port}", log, stop)
    finally:
        stop()
    assert log.errors == []


@pytest.fixture(name="server")
def _server(database_url: str, clock: FakeClock, tmp_path: Path) -> Iterator[Served]:
    """One server of the test's database."""
    with serving(database_url, clock, tmp_path) as served:
        yield served


@pytest.fixture(name="other_server")
def _other_server(database_url: str, clock: FakeClock, tmp_path: Path) -> Iterator[Served]:
    """Another server of the same database, which knows of the first only through it."""
    with serving(database_url, clock, tmp_path / "other") as served:
        yield served
