"""Liveness asks nothing of the database; readiness says why not."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager

import httpx
import pytest
from sqlmodel import Session
from starlette.applications import Starlette

from market.kernel.database import Database, open_database
from market.kernel.errors import Unavailable
from market.kernel.market import Market
from market.migrations import downgrade, head_revision
from market.server.health import health_routes
from market.server.metrics import Metrics

pytestmark = pytest.mark.anyio


class Slow(Database):
    """A database that takes its time, and then has nothing to say."""

    @contextmanager
    def read(self, *, patiently: bool = False) -> Iterator[Session]:
        time.sleep(0.5)
        raise Unavailable
        yield


@asynccontextmanager
async def asking(
    database: Database, metrics: Metrics | None = None, **options: float
) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=health_routes(database, metrics, **options))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def test_a_migrated_database_is_ready(market: Market) -> None:
    async with asking(market.database) as client:
        alive, ready = await client.get("/healthz"), await client.get("/readyz")

    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "revision": head_revision()})
    assert ready.headers["cache-control"] == "no-store"


async def test_an_old_database_is_not_ready(market: Market) -> None:
    downgrade(market.database, "base")

    async with asking(market.database) as client:
        alive, ready = await client.get("/healthz"), await client.get("/readyz")

    assert alive.status_code == 200
    assert ready.status_code == 503
    assert ready.json()["reason"] == (
        f"the database is at revision none, this code needs {head_revision()}: run `market migrate`"
    )


async def test_a_database_that_cannot_be_reached_is_not_ready() -> None:
    with closing(open_database("postgresql://nobody@127.0.0.1:1/none")) as database:
        async with asking(database) as client:
            alive, ready = await client.get("/healthz"), await client.get("/readyz")

    assert alive.status_code == 200
    assert (ready.status_code, ready.json()["reason"]) == (503, "the database cannot be reached")


async def test_a_database_that_hangs_is_not_ready_and_holds_up_nothing(market: Market) -> None:
    with closing(Slow(market.database.engine)) as database:
        async with asking(database, ready_seconds=0.1) as client:
            began = time.perf_counter()
            ready, alive = await client.get("/readyz"), await client.get("/healthz")
            seconds = time.perf_counter() - began

    assert (ready.status_code, ready.json()["reason"]) == (503, "the database did not answer within 0.1 seconds")
    assert alive.status_code == 200
    assert seconds < 1


async def test_figures_are_only_told_where_they_are_wanted(market: Market) -> None:
    async with asking(market.database, Metrics()) as client:
        told = await client.get("/metrics")
    async with asking(market.database) as client:
        hidden = await client.get("/metrics")

    assert told.status_code == 200
    assert "market_requests_in_flight 0.0" in told.text
    assert "market_webhooks_waiting 0.0" in told.text
    assert hidden.status_code == 404


async def test_figures_are_told_while_the_database_does_not_answer(market: Market) -> None:
    with closing(Slow(market.database.engine)) as database:
        async with asking(database, Metrics(), ready_seconds=0.1) as client:
            told = await client.get("/metrics")

    assert told.status_code == 200
    assert "market_webhooks_waiting NaN" in told.text
    assert "market_requests_in_flight 0.0" in told.text
