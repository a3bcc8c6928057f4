"""The worker does what is due, once each, and is not stopped by what fails."""

import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from market.kernel import outbox
from market.kernel.errors import Unavailable
from market.kernel.idempotency import KEPT, IdempotencyKey, IdempotencyRow, once
from market.kernel.market import Market
from market.kernel.outbox import Claimed, OutboxMessage
from market.server.worker import DUTIES, Duty, Worker, delivery, run_once
from tests.clock import FakeClock

MINUTE = timedelta(minutes=1)


class Inbox:
    """A handler that keeps what it gets, and refuses what it is told to."""

    def __init__(self, *, refused: Sequence[str] = ()) -> None:
        self.got: list[Claimed] = []
        self.refused = set(refused)

    def __call__(self, message: Claimed) -> None:
        self.got.append(message)
        if message.aggregate in self.refused:
            raise ConnectionError("cannot reach 13812345678")


def log() -> Any:
    return structlog.get_logger()


def publish(market: Market, *aggregates: str) -> None:
    with market.transaction() as session:
        for aggregate in aggregates:
            outbox.publish(session, "order.placed", aggregate=aggregate, payload={"a": aggregate}, now=market.now())


def messages(market: Market) -> dict[str, OutboxMessage]:
    from sqlmodel import select

    with market.read() as session:
        return {message.aggregate: message for message in session.exec(select(OutboxMessage))}


def test_an_idle_marketplace_needs_nothing(market: Market) -> None:
    done = run_once(market, log(), [*DUTIES, delivery({})])

    assert done == dict.fromkeys([*[duty.name for duty in DUTIES], "deliver messages"], 0)
    assert len(done) == len(DUTIES) + 1, "each has a name of its own"


def test_messages_are_delivered_once(market: Market) -> None:
    inbox = Inbox()
    publish(market, "ord_1", "ord_2", "ord_1")
    duties = [delivery({"order.placed": inbox})]

    done = [run_once(market, log(), duties)["deliver messages"] for _ in range(3)]

    assert done == [2, 1, 0]
    assert [(message.aggregate, message.seq) for message in inbox.got] == [("ord_1", 1), ("ord_2", 1), ("ord_1", 2)]
    assert all(message.delivered_at for message in messages(market).values())


def test_a_message_that_fails_comes_again_and_says_why_without_personal_data(market: Market, clock: FakeClock) -> None:
    inbox = Inbox(refused=["ord_1"])
    publish(market, "ord_1", "ord_2")
    duties = [delivery({"order.placed": inbox})]

    run_once(market, log(), duties)

    found = messages(market)
    assert found["ord_2"].delivered_at is not None
    assert found["ord_1"].delivered_at is None
    assert found["ord_1"].last_error == "ConnectionError: cannot reach 138****5678"

    inbox.refused.clear()
    clock.advance(seconds=5)
    run_once(market, log(), duties)

    assert messages(market)["ord_1"].delivered_at is not None


def test_a_message_nobody_handles_is_kept_and_says_so(market: Market) -> None:
    publish(market, "ord_1")

    run_once(market, log(), [delivery({})])

    assert messages(market)["ord_1"].delivered_at is None
    assert messages(market)["ord_1"].last_error == "LookupError: no handler for the topic order.placed"


def test_answers_past_their_time_are_forgotten(market: Market, clock: FakeClock) -> None:
    from sqlmodel import func, select

    def remember(key: str) -> None:
        with market.transaction() as session:
            mine = IdempotencyKey.of(actor="acc_1", operation="place", key=key, asked={})
            once(session, mine, lambda: "ord_1", now=market.now(), dump=str, load=str)

    remember("a-key-that-is-old-by-then")
    clock.advance(seconds=KEPT.total_seconds() / 2)
    remember("a-key-that-is-still-young")
    clock.advance(seconds=KEPT.total_seconds() / 2)

    done = run_once(market, log())

    assert done["forget answers"] == 1
    with market.read() as session:
        assert session.exec(select(func.count()).select_from(IdempotencyRow)).one() == 1


def test_duties_come_when_they_are_due(market: Market, clock: FakeClock) -> None:
    often, seldom = Duty("often", MINUTE, lambda _market: 0), Duty("seldom", 60 * MINUTE, lambda _market: 0)
    worker = Worker(market, log(), [often, seldom])

    rounds = [sorted(worker.run_due())]
    for seconds in (59, 1, 60 * 60):
        clock.advance(seconds=seconds)
        rounds.append(sorted(worker.run_due()))

    assert rounds == [["often", "seldom"], [], ["often"], ["often", "seldom"]]


def test_full_batches_are_followed_at_once(market: Market) -> None:
    left = [10, 10, 3]
    duty = Duty("much", MINUTE, lambda _market: left.pop(0), batch=10)

    assert run_once(market, log(), [duty]) == {"much": 23}
    assert left == []


@pytest.mark.parametrize(("error", "level"), [(Unavailable(), "warning"), (ZeroDivisionError(), "error")])
def test_a_duty_that_fails_is_logged_and_the_others_go_on(market: Market, error: Exception, level: str) -> None:
    def fail(_market: Market) -> int:
        raise error

    with capture_logs() as lines:
        done = run_once(market, log(), [Duty("broken", MINUTE, fail), Duty("sound", MINUTE, lambda _market: 1)])

    assert done == {"broken": 0, "sound": 1}
    assert [(line["log_level"], line["duty"]) for line in lines] == [(level, "broken"), ("info", "sound")]


def test_it_stops_when_told_to_and_finishes_what_it_is_at(market: Market) -> None:
    begun, stop, finished = threading.Event(), threading.Event(), []

    def slow(_market: Market) -> int:
        begun.set()
        time.sleep(0.05)
        finished.append(1)
        return 1

    worker = Worker(market, log(), [Duty("slow", timedelta(0), slow, batch=1)])
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    assert begun.wait(5)
    stop.set()
    thread.join(5)

    assert not thread.is_alive()
    assert finished


def test_a_duty_that_waits_for_others_holds_up_nothing(market: Market) -> None:
    waiting, went_on, stop = threading.Event(), threading.Event(), threading.Event()

    def wait(_market: Market) -> int:
        waiting.set()
        assert went_on.wait(30), "held up"
        return 0

    def go_on(_market: Market) -> int:
        if waiting.is_set():
            went_on.set()
            stop.set()
        return 0

    duties = [Duty("waits", timedelta(0), wait, waits=True), Duty("goes on", timedelta(0), go_on)]
    with capture_logs() as lines:
        Worker(market, log(), duties).run(stop)

    assert went_on.is_set()
    assert lines == []
