"""The worker: what must happen though nobody asks for it. Late is harmless: reads never depend on it.

Duties are idempotent and share out among workers by themselves, so several may run. Read `DUTIES` first.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from market import migrations
from market.aftersales.bookings import refund_departures
from market.aftersales.claims.answer import settle_due_claims
from market.bookings.no_show import mark_no_shows
from market.bulk.work import forget_imports, work_on_imports
from market.catalogue.review.expiry import suspend_expired, warn_expiring
from market.fulfilment.complete import complete_orders, receive_silent
from market.kernel import idempotency, outbox
from market.kernel.errors import Unavailable
from market.kernel.market import Market
from market.kernel.outbox import Claimed
from market.ledger.sales.fold import fold_sales
from market.organisations.manage.answers import expire_invitations
from market.people.forget import forget_expired
from market.people.profile.erasure import erase_people
from market.people.profile.export import expire_exports, make_exports
from market.plan.bulletin import county_bulletin
from market.plan.snapshots import keep_scorecards
from market.reports.schedules import make_scheduled_reports
from market.server.logs import Log, mask
from market.server.privacy import ERASURE_CHECKS
from market.sessions.holds.lapse import release_lapsed
from market.sessions.manage import keep_next_sessions
from market.sessions.series.extend import extend_series
from market.settlement.release import net_refunds, release_due
from market.settlement.statements.draft import draft_statements
from market.stock.manage import take_back_holds

Handler = Callable[[Claimed], None]
"""Sends one message, or raises. It may be called again for the same message (same `id`)."""

BATCH = 500
DELIVERED_KEPT = timedelta(days=30)
_LEASE_SECONDS = 60
_PEOPLE = 10
_IDLE_SECONDS_MAX = 5.0


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to do again and again. `act` does one batch and says how many it was; a full one is followed by
    another at once."""

    name: str
    every: timedelta
    act: Callable[[Market], int]
    batch: int = BATCH
    waits: bool = False
    """Whether it waits for other people's servers. Then it has a thread of its own, so that a slow one holds up nothing
    else."""


def _forget_answers(market: Market) -> int:
    with market.transaction() as session:
        return idempotency.prune(session, market.now(), limit=BATCH)


def _forget_messages(market: Market) -> int:
    with market.transaction() as session:
        return outbox.prune(session, market.now() - DELIVERED_KEPT, limit=BATCH)


def _copy_personal_data(market: Market) -> int:
    return make_exports(market, migrations.metadata(), limit=_PEOPLE)


def _drop_copies(market: Market) -> int:
    return expire_exports(market, limit=BATCH)


def _erase_people(market: Market) -> int:
    return erase_people(market, migrations.metadata(), ERASURE_CHECKS, limit=_PEOPLE)


def _few(act: Callable[..., int], limit: int = BATCH) -> Callable[[Market], int]:
    """One batch of a room's own duty."""
    return lambda market: act(market, limit=limit)


DUTIES: Sequence[Duty] = (
    Duty("keep next sessions", timedelta(minutes=1), _few(keep_next_sessions)),
    Duty("give back lapsed seats", timedelta(minutes=1), _few(release_lapsed, 100), 100),
    Duty("give back lapsed stock", timedelta(minutes=1), _few(take_back_holds)),
    Duty("fold sales", timedelta(seconds=10), _few(fold_sales, 1_000), 1_000),
    Duty("extend series", timedelta(hours=1), _few(extend_series, 50), 50),
    Duty("refund departures", timedelta(seconds=15), _few(refund_departures, 50), 50),
    Duty("mark no-shows", timedelta(minutes=10), _few(mark_no_shows, 50), 50),
    Duty("settle claims that nobody answers", timedelta(minutes=10), _few(settle_due_claims, 50), 50),
    Duty("receive silent parcels", timedelta(hours=1), _few(receive_silent, 100), 100),
    Duty("complete orders", timedelta(minutes=5), _few(complete_orders, 100), 100),
    Duty("make money payable", timedelta(minutes=10), _few(release_due, 200), 200),
    Duty("net refunds", timedelta(minutes=1), _few(net_refunds, 200), 200),
    Duty("draft statements", timedelta(hours=1), _few(draft_statements, 50), 50),
    Duty("run imports", timedelta(seconds=2), _few(work_on_imports, 10), 10),
    Duty("forget imports", timedelta(hours=6), _few(forget_imports, 10), 10),
    Duty("suspend expired listings", timedelta(minutes=10), _few(suspend_expired)),
    Duty("warn of papers that end", timedelta(hours=1), _few(warn_expiring)),
    Duty("expire invitations", timedelta(hours=1), _few(expire_invitations)),
    Duty("forget sign-ins", timedelta(hours=1), _few(forget_expired)),
    Duty("copy personal data", timedelta(seconds=10), _copy_personal_data, _PEOPLE),
    Duty("drop copies", timedelta(hours=1), _drop_copies),
    Duty("erase people", timedelta(hours=1), _erase_people, _PEOPLE),
    Duty(
        "make scheduled reports",
        timedelta(minutes=5),
        _few(partial(make_scheduled_reports, gather=county_bulletin), 10),
        10,
    ),
    Duty("keep plan scorecards", timedelta(hours=6), _few(keep_scorecards, 20), 20),
    Duty("forget answers", timedelta(hours=1), _forget_answers),
    Duty("forget messages", timedelta(hours=1), _forget_messages),
)


def delivery(handlers: Mapping[str, Handler], *, every: timedelta = timedelta(seconds=1)) -> Duty:
    """The duty that sends what is in the outbox. `handlers` are by topic; a message whose topic has none fails, and
    is dead and visible after the tenth try, instead of vanishing."""
    batch = 50

    def act(market: Market) -> int:
        with market.transaction() as session:
            taken = outbox.claim(session, market.now(), limit=batch, lease_seconds=_LEASE_SECONDS)
        for message in taken:
            _deliver(market, handlers, message)
        return len(taken)

    return Duty("deliver messages", every, act, batch, waits=True)


def _deliver(market: Market, handlers: Mapping[str, Handler], message: Claimed) -> None:
    error = None
    try:
        handler = handlers.get(message.topic)
        if handler is None:
            raise LookupError(f"no handler for the topic {message.topic}")
        handler(message)
    except Exception as raised:  # noqa: BLE001 - whatever it was, it is tried again and kept on record
        error = mask(f"{type(raised).__name__}: {raised}".encode()).decode()
    with market.transaction() as session:
        if error is None:
            outbox.delivered(session, message, now=market.now())
        else:
            outbox.failed(session, message, now=market.now(), error=error)


class Worker:
    """Does duties when they are due. One that fails is logged and comes up again next time; the others go on."""

    def __init__(self, market: Market, log: Log, duties: Sequence[Duty] = DUTIES) -> None:
        self._market = market
        self._log = log
        self._due: dict[Duty, datetime] = {duty: market.now() for duty in duties}

    def run_due(self, stop: threading.Event | None = None) -> dict[str, int]:
        """Do what is due; says how many of each. Stops between two batches when told to."""
        done: dict[str, int] = {}
        for duty, due in self._due.items():
            if due <= self._market.now() and not (stop and stop.is_set()):
                done[duty.name] = self._do(duty, stop)
                self._due[duty] = self._market.now() + duty.every
        return done

    def _do(self, duty: Duty, stop: threading.Event | None) -> int:
        total = 0
        try:
            while True:
                count = duty.act(self._market)
                total += count
                if count < duty.batch or (stop and stop.is_set()):
                    break
        except Unavailable:
            self._log.warning("worker: database unavailable", duty=duty.name)
        except Exception:  # noqa: BLE001 - whatever it was, the other duties go on
            self._log.exception("worker: duty failed", duty=duty.name)
        if total:
            self._log.info("worker", duty=duty.name, count=total)
        return total

    def run(self, stop: threading.Event) -> None:
        """Do duties until told to stop; a running batch is finished first."""
        lanes = [[each for each in self._due if not each.waits], *([each] for each in self._due if each.waits)]
        workers = [Worker(self._market, self._log, lane) for lane in lanes if lane]
        threads = [threading.Thread(target=each.keep_doing, args=(stop,), name="worker") for each in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def keep_doing(self, stop: threading.Event) -> None:
        """Do these duties one after another, in this thread, until told to stop."""
        while not stop.is_set():
            self.run_due(stop)
            wait = min(self._due.values(), default=self._market.now()) - self._market.now()
            stop.wait(min(max(wait.total_seconds(), 0.05), _IDLE_SECONDS_MAX))


def run_once(market: Market, log: Log, duties: Sequence[Duty] = DUTIES) -> dict[str, int]:
    """Do each duty now; says how many of each."""
    return Worker(market, log, duties).run_due()
