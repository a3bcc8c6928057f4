"""Once means once: the same key does a thing a single time, also when asked twice at once."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import sqlalchemy as sa

from market.kernel.errors import IdempotencyConflict, Invalid
from market.kernel.idempotency import KEPT, IdempotencyKey, IdempotencyRow, canonical, canonical_json, once, prune
from market.kernel.market import Market
from market.kernel.money import Money

NOW = datetime(2026, 6, 2, 1, 30, tzinfo=UTC)
KEY = "k" * 16


class Counter:
    """Something that must happen once: says how often it has been."""

    def __init__(self, *, before: Callable[[], None] = lambda: None) -> None:
        self.count = 0
        self._before = before

    def __call__(self) -> int:
        self._before()
        self.count += 1
        return self.count


def a_key(*, actor: str = "acc_1", operation: str = "placeOrder", key: str = KEY, asked: object = 1) -> IdempotencyKey:
    return IdempotencyKey.of(actor=actor, operation=operation, key=key, asked=asked)


def do(market: Market, key: IdempotencyKey, act: Callable[[], int], *, now: datetime = NOW) -> int:
    with market.transaction() as session:
        return once(session, key, act, now=now, dump=dump, load=load)


def dump(answer: int) -> dict[str, int]:
    return {"n": answer}


def load(data: dict[str, int]) -> int:
    return data["n"]


def rows(market: Market) -> int:
    with market.read() as session:
        return int(session.execute(sa.select(sa.func.count()).select_from(IdempotencyRow)).scalar_one())


def test_the_same_key_and_input_give_the_first_answer(market: Market) -> None:
    act = Counter()

    assert [do(market, a_key(), act) for _ in range(3)] == [1, 1, 1]

    assert act.count == 1
    assert rows(market) == 1


def test_the_same_key_with_another_input_is_refused_and_nothing_is_done(market: Market) -> None:
    act = Counter()
    do(market, a_key(asked=1), act)

    with pytest.raises(IdempotencyConflict):
        do(market, a_key(asked=2), act)

    assert act.count == 1
    assert do(market, a_key(asked=1), act) == 1


def test_a_key_is_of_one_actor_and_one_operation(market: Market) -> None:
    act = Counter()

    keys = [a_key(), a_key(actor="acc_2"), a_key(operation="cancelOrder"), a_key(key="K" * 16)]
    assert [do(market, key, act) for key in keys] == [1, 2, 3, 4]
    assert [do(market, key, act) for key in keys] == [1, 2, 3, 4]


def test_a_refusal_leaves_the_key_free(market: Market) -> None:
    def refuse() -> int:
        raise Invalid(field="cart", allowed="the cart is empty")

    with pytest.raises(Invalid):
        do(market, a_key(), refuse)

    assert rows(market) == 0
    assert do(market, a_key(), Counter()) == 1


def test_a_refusal_that_was_swallowed_is_not_taken_for_an_answer(market: Market) -> None:
    with market.transaction() as session, pytest.raises(ZeroDivisionError):
        once(session, a_key(), lambda: 1 // 0, now=NOW, dump=str, load=int)

    with pytest.raises(RuntimeError, match="caught"):
        do(market, a_key(), Counter())


def test_effect_and_key_commit_together(market: Market) -> None:
    other = a_key(operation="effect")
    with pytest.raises(ZeroDivisionError), market.transaction() as session:
        once(
            session,
            a_key(),
            lambda: once(session, other, Counter(), now=NOW, dump=int, load=int),
            now=NOW,
            dump=lambda answer: answer // 0,
            load=int,
        )

    assert rows(market) == 0


def test_a_key_is_remembered_for_seven_days(market: Market) -> None:
    act = Counter()
    do(market, a_key(asked=1), act)

    assert do(market, a_key(asked=1), act, now=NOW + timedelta(days=7, microseconds=-1)) == 1
    assert do(market, a_key(asked=2), act, now=NOW + timedelta(days=7)) == 2
    assert do(market, a_key(asked=2), act, now=NOW + timedelta(days=13)) == 2
    assert rows(market) == 1


def test_prune_forgets_the_expired_only(market: Market) -> None:
    for number in range(5):
        do(market, a_key(key=f"{number}" * 16), Counter(), now=NOW + timedelta(days=number))

    with market.transaction() as session:
        assert prune(session, NOW + KEPT + timedelta(days=2), limit=2) == 2
        assert prune(session, NOW + KEPT + timedelta(days=2)) == 1
        assert prune(session, NOW + KEPT + timedelta(days=2)) == 0

    assert rows(market) == 2


def test_prune_spares_a_key_that_is_being_taken_anew(market: Market) -> None:
    do(market, a_key(), Counter())
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        assert leave.wait(5)

    def forget() -> int:
        with market.transaction() as session:
            return prune(session, NOW + KEPT)

    with ThreadPoolExecutor(2) as threads:
        threads.submit(do, market, a_key(), Counter(before=hold), now=NOW + KEPT)
        assert entered.wait(5)
        pruned = threads.submit(forget)
        with pytest.raises(TimeoutError):
            pruned.result(timeout=0.3)
        leave.set()
        assert pruned.result(timeout=5) == 0

    assert rows(market) == 1


def test_asked_by_many_at_once_it_is_done_once(market: Market) -> None:
    act = Counter()
    start = threading.Barrier(8)

    def ask(_: int) -> int:
        start.wait()
        return do(market, a_key(), act)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))

    assert answers == [1] * 8
    assert act.count == 1


@pytest.mark.parametrize("first_fails", [False, True])
def test_a_twin_waits_for_the_first_to_commit_or_fail(market: Market, *, first_fails: bool) -> None:
    entered, leave = threading.Event(), threading.Event()

    def first() -> int:
        entered.set()
        assert leave.wait(5)
        if first_fails:
            raise ZeroDivisionError
        return 1

    second = Counter()
    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(do, market, a_key(), first)
        assert entered.wait(5)
        twin = threads.submit(do, market, a_key(), second)
        with pytest.raises(TimeoutError):
            twin.result(timeout=0.3)
        leave.set()

        assert twin.result(timeout=5) == 1
        assert isinstance(one.exception(timeout=5), ZeroDivisionError) == first_fails
    assert second.count == int(first_fails)


@pytest.mark.parametrize("key", ["", "k" * 15, "k" * 65, "k" * 15 + " ", "k" * 16 + "\n", "钥" * 16, "k" * 15 + "'"])
def test_refuses_keys_that_are_not_made_for_it(key: str) -> None:
    with pytest.raises(Invalid) as refusal:
        a_key(key=key)

    assert refusal.value.facts["field"] == "idempotencyKey"


@pytest.mark.parametrize("key", ["k" * 16, "k" * 64, "0f8fad5b-d9cb-469f-a165-70867728950e", "aZ09_-aZ09_-aZ09"])
def test_takes_what_clients_make(key: str) -> None:
    assert a_key(key=key).key == key


def test_the_fingerprint_depends_on_operation_and_input_only() -> None:
    assert a_key(asked={"a": 1, "b": 2}).fingerprint == a_key(asked={"b": 2, "a": 1}, actor="x").fingerprint
    assert a_key(operation="x").fingerprint != a_key().fingerprint


def test_canonical_json_is_one_text_for_one_value() -> None:
    moment = datetime(2026, 6, 2, 9, 30, tzinfo=timezone(timedelta(hours=8)))

    assert canonical_json({"at": moment}) == canonical_json({"at": NOW})
    assert canonical_json((1, "草莓")) == canonical_json([1, "\u8349\u8393"]) == '[1,"\\u8349\\u8393"]'
    assert json.loads(canonical_json([date(2026, 6, 2), Decimal("1.50"), Money(5)])) == [
        "2026-06-02",
        "1.50",
        {"amount_fen": 5, "currency": "CNY"},
    ]


def test_canonical_tells_values_apart() -> None:
    values = [None, 0, 1, "1", True, "", [], {}, [1], ["1"], {"a": None}, "é", "e\u0301"]

    assert len({canonical(value) for value in values}) == len(values)
    assert all(len(canonical(value)) == 64 for value in values)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object(), datetime(2026, 6, 2)])  # noqa: DTZ001 - refused for that
def test_canonical_refuses_what_has_no_one_text(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical({"value": value})
