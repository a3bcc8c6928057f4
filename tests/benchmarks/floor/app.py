"""The bare endpoint: `operationName` picks a statement, its text is the answer.

`uvicorn tests.benchmarks.floor.app:app` with MARKET_DATABASE_URL; MARKET_FLOOR_DRIVER=psycopg|asyncpg chooses PostgreSQL's.
"""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import orjson

from market.catalogue import search
from market.kernel.database import open_database
from tests.benchmarks.floor.statements import POSTGRESQL, SQLITE

Message = MutableMapping[str, Any]
Ask = Callable[[str, tuple[Any, ...]], Awaitable[str | None]]

URL = os.environ["MARKET_DATABASE_URL"]
DATABASE = open_database(URL)
DEPTHS: dict[str, int] = {}
_ask: Ask | None = None


def values(name: str, variables: dict[str, Any]) -> tuple[Any, ...]:
    """What to bind."""
    if name == "Q1":
        day = date.fromisoformat(variables["day"])
        return variables["category"], day.month * 100 + day.day
    if name == "Q2":
        day = variables["from"]
        return variables["id"], date.fromisoformat(day) if DATABASE.engine.name == "postgresql" else day
    tiers = (0, 1, 2) if DATABASE.engine.name == "sqlite" else (0,)
    return tuple(search.asked(variables["words"], DATABASE.engine, tier=tier) for tier in tiers)


async def _postgresql(driver: str) -> Ask:
    dsn = URL.replace("postgresql+psycopg", "postgresql")
    if driver == "asyncpg":
        import asyncpg  # only measured, not a dependency

        pool = await asyncpg.create_pool(
            dsn, min_size=4, max_size=4, server_settings={"jit": "off", "plan_cache_mode": "force_generic_plan"}
        )
        return lambda sql, bound: pool.fetchval(sql, *bound)
    import psycopg

    async def connect(plans: str) -> Any:
        options = f"-c jit=off -c plan_cache_mode={plans}"
        return await psycopg.AsyncConnection.connect(dsn, autocommit=True, prepare_threshold=0, options=options)

    # Rare and common words need different plans, so search is planned for its words; the rest once.
    keyed = [await connect("force_generic_plan") for _ in range(4)]
    valued = [await connect("force_custom_plan") for _ in range(4)]
    gate = asyncio.Semaphore(4)

    async def ask(sql: str, bound: tuple[Any, ...]) -> str | None:
        free = valued if "tsquery" in sql else keyed
        async with gate:
            connection = free.pop()
            cursor = await connection.execute(_numbered(sql), _spread(sql, bound))
            row = await cursor.fetchone()
            free.append(connection)
        return None if row is None else row[0]

    return ask


_NUMBERED: dict[str, tuple[str, list[int]]] = {}


def _numbered(sql: str) -> str:
    if sql not in _NUMBERED:
        import re

        order = [int(each) - 1 for each in re.findall(r"\$(\d)", sql)]
        _NUMBERED[sql] = (re.sub(r"\$\d", "%s", sql.replace("%", "%%")), order)
    return _NUMBERED[sql][0]


def _spread(sql: str, bound: tuple[Any, ...]) -> list[Any]:
    return [bound[each] for each in _NUMBERED[sql][1]]


def _sqlite() -> Ask:
    own = threading.local()
    engine = DATABASE.engine

    def start() -> None:
        own.connection = engine.reading_connection()  # type: ignore[attr-defined]  # SQLite's

    threads = ThreadPoolExecutor(2, initializer=start)

    def run(sql: str, bound: tuple[Any, ...]) -> str | None:
        row = own.connection.execute(sql, bound).fetchone()
        return None if row is None else row[0]

    async def ask(sql: str, bound: tuple[Any, ...]) -> str | None:
        return await asyncio.get_running_loop().run_in_executor(threads, run, sql, bound)

    return ask


async def app(scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Any]) -> None:
    """Answer."""
    global _ask  # noqa: PLW0603
    if scope["type"] == "lifespan":
        await receive()
        if DATABASE.engine.name == "sqlite":
            _ask = _sqlite()
        else:
            _ask = await _postgresql(os.environ.get("MARKET_FLOOR_DRIVER", "psycopg"))
        with DATABASE.read() as session:
            from market.catalogue.queries import category_depths

            DEPTHS.update(category_depths(session))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message.get("more_body"):
            break
    request = orjson.loads(body)
    name, variables = request["operationName"], request["variables"]
    sql = (SQLITE if DATABASE.engine.name == "sqlite" else POSTGRESQL)[name]
    if name == "Q1":
        sql = sql.replace("{category}", f"category_{DEPTHS[variables['category']]}")
    assert _ask is not None
    answer = (await _ask(sql, values(name, variables)) or "").encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
