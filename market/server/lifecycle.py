"""The life of a server process: what is opened before the first request and closed after the last.

uvicorn stops accepting on SIGTERM, waits for running requests (`shutdown_seconds`), and then ends this.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from market.kernel.database import open_database
from market.kernel.market import Market
from market.kernel.outbox import Claimed
from market.people.profile.erasure import ERASED
from market.server.logs import Log, flush_logs
from market.server.settings import Settings
from market.server.worker import DUTIES, Duty, Handler, Worker, delivery


def _to_nobody(_message: Claimed) -> None:
    """Nobody listens yet: taken in, so that it does not hold back what follows."""


HANDLERS: dict[str, Handler] = dict.fromkeys(
    (
        ERASED,
        "booking.cancelled",
        "invitation.send",
        "order.cancelled",
        "order.expired",
        "order.paid",
        "order.placed",
        "organisation.certificate_expiring",
        "session.departure_cancelled",
    ),
    _to_nobody,
)
"""What sends the outbox's messages, by topic. Invited people find their invitations under `me`; webhooks and
subscriptions are to come."""


def open_market(settings: Settings) -> Market:
    """The market of these settings; close it at the end."""
    return Market(open_database(settings.database_url), secret=settings.secret.get_secret_value())


@asynccontextmanager
async def running(market: Market, settings: Settings, log: Log, duties: Sequence[Duty] = ()) -> AsyncIterator[None]:
    """The market, open within; on SQLite with the worker beside it, so that one process is the whole system."""
    async with AsyncExitStack() as closing:
        closing.callback(flush_logs)
        closing.callback(market.close)
        await market.database.reader.open()
        closing.push_async_callback(market.database.reader.close)
        await market.database.news.open()
        closing.push_async_callback(market.database.news.close)
        if settings.works_in_server:
            closing.push_async_callback(_start_worker(market, log, [*DUTIES, *duties, delivery(HANDLERS)]))
        yield


def _start_worker(market: Market, log: Log, duties: Sequence[Duty]) -> Callable[[], Awaitable[None]]:
    """Start the worker in a thread; gives what ends it, after the batch it is at."""
    stop = threading.Event()
    worker = Worker(market, log, duties)
    thread = threading.Thread(target=worker.run, args=(stop,), name="worker")
    thread.start()

    async def end() -> None:
        stop.set()
        await asyncio.to_thread(thread.join)

    return end
