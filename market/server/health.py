"""Health: `/healthz` says that the process lives, `/readyz` that it can serve, `/metrics` how it does.

Liveness asks nothing of the database: a process is not restarted because something else is down.
"""

import asyncio
import math
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from market.kernel.database import Database
from market.kernel.errors import Unavailable
from market.live.webhooks.send import count_waiting
from market.migrations import current_revision, head_revision
from market.server.metrics import Metrics

READY_SECONDS_MAX = 2.0
_NO_STORE = {"cache-control": "no-store"}


def unreadiness(database: Database, needed: str) -> str | None:
    """Why the database cannot serve this code, which needs this revision; None when it can."""
    try:
        found = current_revision(database)
    except Unavailable:
        return "the database cannot be reached"
    if found != needed:
        return f"the database is at revision {found or 'none'}, this code needs {needed}: run `market migrate`"
    return None


def webhooks_waiting(database: Database) -> int:
    """How many messages wait for endpoints."""
    with database.read() as session:
        return count_waiting(session)


def health_routes(
    database: Database, metrics: Metrics | None, *, ready_seconds: float = READY_SECONDS_MAX
) -> list[Route]:
    """The routes of health; `/metrics` only with metrics."""
    # One thread of its own: a database that hangs holds up this question and no request.
    asking = ThreadPoolExecutor(1, "readiness")
    needed = head_revision()

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "alive"}, headers=_NO_STORE)

    async def readyz(_request: Request) -> Response:
        loop = asyncio.get_running_loop()
        try:
            question = loop.run_in_executor(asking, unreadiness, database, needed)
            reason = await asyncio.wait_for(question, ready_seconds)
        except TimeoutError:
            reason = f"the database did not answer within {ready_seconds:g} seconds"
        if reason is None:
            return JSONResponse({"status": "ready", "revision": needed}, headers=_NO_STORE)
        return JSONResponse({"status": "not ready", "reason": reason}, status_code=503, headers=_NO_STORE)

    async def waiting() -> float:
        """Not a number while the database does not answer: the other figures are wanted then most."""
        try:
            question = asyncio.get_running_loop().run_in_executor(asking, webhooks_waiting, database)
            return await asyncio.wait_for(question, ready_seconds)
        except (TimeoutError, Unavailable, sa.exc.DBAPIError):  # the last: not migrated yet
            return math.nan

    async def figures(_request: Request) -> Response:
        assert metrics is not None, "only routed with metrics"
        metrics.webhooks_waiting.set(await waiting())
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8", headers=_NO_STORE)

    routes = [Route("/healthz", healthz), Route("/readyz", readyz)]
    return routes if metrics is None else [*routes, Route("/metrics", figures)]
