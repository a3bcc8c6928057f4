"""`market worker`."""

import signal
import threading
from contextlib import closing

from market.server.cli.data import opened, require_migrated
from market.server.lifecycle import handlers
from market.server.logs import configure_logs
from market.server.media import media_duties, open_media
from market.server.payments import Gateways, payment_duties
from market.server.settings import read_settings
from market.server.tracking import tracking_duties
from market.server.webhooks import webhook_duties
from market.server.worker import DUTIES, Worker, delivery


def work() -> None:
    """Do the worker's duties until SIGTERM or Ctrl-C."""
    settings = read_settings()
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda _signal, _frame: stop.set())
    with opened(settings) as market, closing(open_media(settings, market)) as media:
        require_migrated(market)
        log = configure_logs(settings)
        log.info("worker started", database=market.database.engine.name)
        more = [
            *payment_duties(Gateways(settings, market)),
            *media_duties(media),
            *tracking_duties(settings),
            *webhook_duties(settings),
        ]
        Worker(market, log, [*DUTIES, *more, delivery(handlers(market, settings, log))]).run(stop)
        log.info("worker stopped")
