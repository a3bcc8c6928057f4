"""Messages leave if the transaction commits, at least once, and in order within an aggregate."""

import threading
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from market.kernel import outbox
from market.kernel.market import Market
from market.kernel.outbox import ATTEMPTS_MAX, BACKOFF_SECONDS, Claimed, OutboxMessage

NOW = datetime(2026, 6, 2, 1, 30, tzinfo=UTC)


FIRST_TRY = Claimed("", "order.placed", "ord_1", 1, {}, NOW, attempt=1, leased_until=NOW + timedelta(seconds=60))


def publish(market: Market, *aggregates: str, now: datetime = NOW) -> list[str]:
    with market.transaction() as session:
        return [
            outbox.publish(session, "order.placed", aggregate=aggregate, payload={"名": aggregate}, now=now)
            for aggregate in aggregates
        ]


def claim(market: Market, now: datetime = NOW, *, limit: int = 50, lease_seconds: int = 60) -> Sequence[Claimed]:
    with market.transaction() as session:
        return outbox.claim(session, now, limit=limit, lease_seconds=lease_seconds)


def delivered(market: Market, claimed: Claimed, now: datetime = NOW) -> bool:
    with market.transaction() as session:
        return outbox.delivered(session, claimed, now=now)


def failed(market: Market, claimed: Claimed, now: datetime = NOW, *, error: str = "503") -> bool:
    with market.transaction() as session:
        return outbox.failed(session, claimed, now=now, error=error)


def message(market: Market, message_id: str) -> OutboxMessage:
    with market.read() as session:
        return session.get_one(OutboxMessage, message_id)


def kill(market: Market) -> tuple[str, datetime]:
    """Fail the one message that is due until it is dead; says which, and when."""
    now = NOW
    for wait in BACKOFF_SECONDS:
        now += timedelta(seconds=wait)
        [claimed] = claim(market, now)
        assert failed(market, claimed, now)
    return claimed.id, now


def test_a_message_carries_what_was_published(market: Market) -> None:
    [message_id] = publish(market, "ord_1")

    [claimed] = claim(market)

    assert (claimed.id, claimed.topic, claimed.aggregate, claimed.seq) == (message_id, "order.placed", "ord_1", 1)
    assert (claimed.payload, claimed.created_at, claimed.attempt) == ({"名": "ord_1"}, NOW, 1)


def test_a_message_of_a_failed_transaction_never_was(market: Market) -> None:
    with pytest.raises(ZeroDivisionError), market.transaction() as session:
        outbox.publish(session, "order.placed", aggregate="ord_1", payload={}, now=NOW)
        raise ZeroDivisionError

    assert claim(market) == []
    publish(market, "ord_1")
    assert [claimed.seq for claimed in claim(market)] == [1]


def test_only_the_head_of_an_aggregate_is_sent(market: Market) -> None:
    publish(market, "ord_1", "ord_1", "ord_2")

    first = claim(market)
    assert sorted((one.aggregate, one.seq) for one in first) == [("ord_1", 1), ("ord_2", 1)]
    assert claim(market) == []
    assert all(delivered(market, one) for one in first)
    assert [(one.aggregate, one.seq) for one in claim(market)] == [("ord_1", 2)]


def test_a_failing_head_holds_back_its_own_aggregate_only(market: Market) -> None:
    publish(market, "ord_1", "ord_1", "ord_2")
    for one in claim(market):
        (failed if one.aggregate == "ord_1" else delivered)(market, one)
    publish(market, "ord_2")

    assert [(one.aggregate, one.seq) for one in claim(market)] == [("ord_2", 2)]


def test_the_longest_due_goes_first_and_the_limit_holds(market: Market) -> None:
    for minutes in (3, 1, 2):
        publish(market, f"ord_{minutes}", now=NOW + timedelta(minutes=minutes))

    later = NOW + timedelta(minutes=5)
    assert claim(market) == []
    assert [one.aggregate for one in claim(market, later, limit=2)] == ["ord_1", "ord_2"]
    assert [one.aggregate for one in claim(market, later, limit=2)] == ["ord_3"]


def test_each_try_waits_longer_and_the_tenth_is_the_last(market: Market) -> None:
    publish(market, "ord_1")
    now = NOW
    for number, wait in enumerate((0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400), start=1):
        if wait:
            assert claim(market, now + timedelta(seconds=wait, microseconds=-1)) == []
        now += timedelta(seconds=wait)
        [claimed] = claim(market, now)
        assert claimed.attempt == number
        assert failed(market, claimed, now, error=f"{number}" + "错" * 999)

    dead = message(market, claimed.id)
    assert (dead.dead_at, dead.last_error, dead.attempts, dead.delivered_at) == (
        now,
        "10" + "错" * 498,
        ATTEMPTS_MAX,
        None,
    )
    assert claim(market, now + timedelta(days=365)) == []


def test_a_dead_message_holds_back_its_aggregate_until_replayed(market: Market) -> None:
    publish(market, "ord_1", "ord_1")
    message_id, now = kill(market)
    assert claim(market, now) == []

    with market.transaction() as session:
        assert outbox.replay(session, message_id, now=now)
        assert not outbox.replay(session, message_id, now=now)
        assert not outbox.discard(session, message_id, now=now)

    [again] = claim(market, now)
    assert (again.id, again.attempt) == (message_id, 1)
    assert delivered(market, again, now)
    assert [one.seq for one in claim(market, now)] == [2]


def test_a_discarded_message_stays_on_record_and_lets_the_next_pass(market: Market) -> None:
    publish(market, "ord_1", "ord_1")
    message_id, now = kill(market)

    with market.transaction() as session:
        assert outbox.discard(session, message_id, now=now)
        assert not outbox.discard(session, message_id, now=now)
        assert not outbox.replay(session, message_id, now=now)

    assert [one.seq for one in claim(market, now)] == [2]
    assert message(market, message_id).last_error == "503"


def test_a_lease_that_runs_out_gives_the_message_to_another(market: Market) -> None:
    publish(market, "ord_1")
    [lost] = claim(market, lease_seconds=60)
    assert claim(market, NOW + timedelta(seconds=59)) == []

    later = NOW + timedelta(seconds=60)
    [taken] = claim(market, later)

    assert (taken.id, taken.attempt) == (lost.id, 2)
    assert not delivered(market, lost, later)
    assert not failed(market, lost, later)
    assert delivered(market, taken, later)
    assert message(market, taken.id).delivered_at == later


def test_a_lease_from_before_a_replay_counts_no_more(market: Market) -> None:
    publish(market, "ord_1")
    message_id, now = kill(market)
    old = replace(FIRST_TRY, id=message_id)
    with market.transaction() as session:
        outbox.replay(session, message_id, now=now)
    [current] = claim(market, now)

    assert current.attempt == old.attempt
    assert not delivered(market, old, now)
    assert delivered(market, current, now)


def test_a_settled_message_is_not_settled_again(market: Market) -> None:
    publish(market, "ord_1")
    [old] = claim(market, lease_seconds=60)
    assert failed(market, old)
    [new] = claim(market, NOW + timedelta(seconds=5), lease_seconds=55)

    assert [settle(market, one) for one in (old, new) for settle in (failed, delivered)] == [False, False, True, False]


def test_a_message_that_kills_its_workers_is_dead_after_ten(market: Market) -> None:
    publish(market, "ord_1")
    now = NOW
    for _ in range(ATTEMPTS_MAX):
        [claimed] = claim(market, now, lease_seconds=60)
        now += timedelta(seconds=60)

    assert claim(market, now - timedelta(seconds=1)) == []
    assert message(market, claimed.id).dead_at is None
    assert claim(market, now) == []
    assert message(market, claimed.id).dead_at == now


def test_prune_forgets_the_delivered_and_numbers_go_on(market: Market) -> None:
    publish(market, "ord_1", "ord_2")
    done, waiting = claim(market)
    delivered(market, done)

    with market.transaction() as session:
        assert [outbox.prune(session, NOW + timedelta(seconds=later)) for later in (0, 1)] == [0, 1]

    assert message(market, waiting.id)
    publish(market, done.aggregate)
    assert [one.seq for one in claim(market)] == [2]


def test_a_number_is_given_once(market: Market) -> None:
    [message_id] = publish(market, "ord_1")

    with pytest.raises(sa.exc.IntegrityError), market.transaction() as session:
        copy = session.get_one(OutboxMessage, message_id).model_dump() | {"id": "msg_copy"}
        session.execute(sa.insert(OutboxMessage).values(**copy))


def test_many_publishers_of_one_aggregate_leave_no_gap(market: Market) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: publish(market, "ord_hot"), range(80)))

    with market.read() as session:
        assert sorted(session.execute(sa.select(col(OutboxMessage.seq))).scalars()) == list(range(1, 81))


def test_a_publisher_waits_for_the_one_before_it_in_the_same_aggregate(market: Market) -> None:
    entered, leave = threading.Event(), threading.Event()

    def first() -> None:
        with market.transaction() as session:
            outbox.publish(session, "order.placed", aggregate="ord_1", payload={}, now=NOW)
            entered.set()
            assert leave.wait(5)
            raise ZeroDivisionError

    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(first)
        assert entered.wait(5)
        two = threads.submit(publish, market, "ord_1")
        with pytest.raises(TimeoutError):
            two.result(timeout=0.3)
        leave.set()
        two.result(timeout=5)
        assert isinstance(one.exception(timeout=5), ZeroDivisionError)

    assert [claimed.seq for claimed in claim(market)] == [1]


def test_a_worker_steps_over_what_another_is_taking(market: Market) -> None:
    if market.database.engine.name == "sqlite":
        pytest.skip("SQLite has one writer: the second worker's transaction begins when the first has ended")
    publish(market, "ord_1", "ord_1", "ord_2")

    with market.transaction() as session, ThreadPoolExecutor(1) as threads:
        [mine] = outbox.claim(session, NOW, limit=1)
        [theirs] = threads.submit(claim, market).result(timeout=1)

    assert {mine.aggregate, theirs.aggregate} == {"ord_1", "ord_2"}
    assert (mine.seq, theirs.seq) == (1, 1)


def test_racing_workers_send_each_message_once_and_in_order(market: Market) -> None:
    for _ in range(5):
        publish(market, *[f"ord_{number:02}" for number in range(12)])
    sent: dict[str, list[int]] = defaultdict(list)
    lock = threading.Lock()

    def work(_: int) -> None:
        idle = 0
        while idle < 20:
            batch = claim(market, limit=3)
            idle = 0 if batch else idle + 1
            for one in batch:
                with lock:
                    sent[one.aggregate].append(one.seq)
                assert delivered(market, one)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))

    assert sent == {f"ord_{number:02}": [1, 2, 3, 4, 5] for number in range(12)}
