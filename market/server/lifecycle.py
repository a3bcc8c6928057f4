"""The life of a server process: what is opened before the first request and closed after the last.

uvicorn stops accepting on SIGTERM, waits for running requests (`shutdown_seconds`), and then ends this.
"""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from types import FrameType

from market.catalogue.content.package_rows import OPTIONS_CHANGED
from market.kernel.market import Market
from market.kernel.outbox import Claimed
from market.server.logs import Log, flush_logs
from market.server.notices import notice_handlers, open_teller
from market.server.privacy import privacy_handlers
from market.server.settings import Settings
from market.server.webhooks import webhook_handlers
from market.server.worker import DUTIES, Duty, Handler, Worker, delivery
from market.sessions.retired import follow_options


def _to_nobody(_message: Claimed) -> None:
    """Nobody listens yet: taken in, so that it does not hold back what follows."""


HANDLERS: dict[str, Handler] = dict.fromkeys(
    (
        "booking.cancelled",
        "booking.no_show",
        "booking.redeemed",
        "booking.rescheduled",
        "claim.changed",
        "order.cancelled",
        "order.expired",
        "order.paid",
        "order.placed",
        "order.refunded",
        "review.written",
        "seller_order.completed",
        "session.departure_cancelled",
        "shipment.delivered",
        "shipment.returned",
        "shipment.sent",
    ),
    _to_nobody,
)
"""Topics that rooms publish and nobody but subscriptions and webhooks listens to; see `handlers`."""


def handlers(market: Market, settings: Settings, log: Log) -> dict[str, Handler]:
    """What is done about the outbox's messages, by topic. Subscriptions read them for themselves."""
    teller = open_teller(settings, market, log)
    return {
        **HANDLERS,
        OPTIONS_CHANGED: partial(follow_options, market),
        **privacy_handlers(market),
        **webhook_handlers(market),
        **notice_handlers(market, teller),
    }


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
            closing.push_async_callback(
                _start_worker(market, log, [*DUTIES, *duties, delivery(handlers(market, settings, log))])
            )
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


@contextmanager
def heeding_signals(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell` on the event loop as soon as the process is asked to end.

    uvicorn waits for running responses before it ends the lifespan, and those that stream end only when they are told.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are another's business
        return
    loop = asyncio.get_running_loop()
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}

    def heed(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(tell)
        earlier = before[signal.Signals(number)]
        if callable(earlier):
            earlier(number, frame)

    for each in before:
        signal.signal(each, heed)
    try:
        yield
    finally:
        for each, earlier in before.items():
            if signal.getsignal(each) is heed:
                signal.signal(each, earlier)
