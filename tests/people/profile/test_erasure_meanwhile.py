"""Whatever else goes on while a person is erased, they are erased wholly or not at all."""

import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from market.kernel.errors import IllegalTransition
from market.kernel.market import Market
from market.people.profile import export
from market.people.profile.addresses import list_addresses
from market.people.profile.erasure import (
    withdraw_erasure,
)
from market.people.profile.export import make_exports, read_export, request_export
from market.people.profile.requests import LEASE, LeaseLost, claim, require_claimed
from market.people.profile.rules import (
    COOLING_OFF,
    ExportNotReady,
    Obligation,
    PrivacyKind,
    PrivacyState,
)
from market.people.profile.tables import PrivacyExport
from market.people.tables import Account
from tests.clock import FakeClock
from tests.people.profile.erasing import ALL, ask, erase, live, state
from tests.people.profile.persons import KEY, person, settle


def test_an_erasure_that_fails_leaves_all_as_it_was_and_keeps_no_other_waiting(
    market: Market, clock: FakeClock
) -> None:
    settle(market)
    broken, other = live(market), person(market, "李四", "13912345678")
    ask(market, broken)
    ask(market, other)
    clock.now += COOLING_OFF

    def fails(_session: Session, account_id: str) -> Iterable[Obligation]:
        if account_id == broken.id:
            raise ConnectionError("cannot look")
        return ()

    with pytest.raises(ExceptionGroup) as raised:
        erase(market, checks=[fails])

    assert [type(error) for error in raised.value.exceptions] == [ConnectionError]
    assert (state(market, broken), state(market, other)) == (PrivacyState.REQUESTED, PrivacyState.ERASED)
    assert len(list_addresses(market, broken.actor)) == 1
    clock.now += LEASE
    assert erase(market) == 1
    assert list_addresses(market, broken.actor) == []


def test_taking_back_and_erasing_at_once_ends_in_one_of_the_two(market: Market, clock: FakeClock) -> None:
    settle(market)
    owners = [person(market, f"人{number}", f"1381234567{number}") for number in range(6)]
    asked = [ask(market, owner) for owner in owners]
    clock.now += COOLING_OFF
    start = threading.Barrier(2)

    def take_back() -> list[bool]:
        start.wait()
        done = []
        for owner, request_id in zip(owners, asked, strict=True):
            try:
                withdraw_erasure(market, owner.actor, request_id=request_id)
                done.append(True)
            except IllegalTransition:
                done.append(False)
        return done

    def work() -> None:
        start.wait()
        erase(market)

    with ThreadPoolExecutor(2) as threads:
        withdrawn, _ = threads.submit(take_back), threads.submit(work).result()

    with market.read() as session:
        names = [session.get_one(Account, owner.id).name for owner in owners]
    ends = [(state(market, owner), name) for owner, name in zip(owners, names, strict=True)]
    assert ends == [
        (PrivacyState.WITHDRAWN, f"人{number}") if is_withdrawn else (PrivacyState.ERASED, "已注销")
        for number, is_withdrawn in enumerate(withdrawn.result())
    ]


def test_a_copy_that_is_being_made_is_not_kept_for_a_person_erased_meanwhile(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    ask(market, owner)
    clock.now += COOLING_OFF
    export_id = request_export(market, owner.actor, key=KEY)
    with market.transaction() as session:
        [slow] = claim(session, PrivacyKind.EXPORT, now=clock.now, limit=1)
        session.add(PrivacyExport(request_id=export_id, attempt=slow.attempt, position=0, content_sealed="1.x"))

    erase(market)

    with pytest.raises(LeaseLost):
        export._keep(market, slow, 1, "王小明")
    with market.read() as session:
        assert session.exec(select(PrivacyExport)).all() == []
    with pytest.raises(ExportNotReady):
        read_export(market, owner.actor, request_id=export_id)
    assert make_exports(market, ALL) == 0


def test_a_part_that_is_just_being_written_goes_with_its_person(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    ask(market, owner)
    clock.now += COOLING_OFF
    export_id = request_export(market, owner.actor, key=KEY)
    with market.transaction() as session:
        [claimed] = claim(session, PrivacyKind.EXPORT, now=clock.now, limit=1)

    with ThreadPoolExecutor(1) as threads:
        with market.transaction() as session:
            require_claimed(session, claimed)
            erasing = threads.submit(erase, market)
            time.sleep(0.3)
            session.add(PrivacyExport(request_id=export_id, attempt=claimed.attempt, position=0, content_sealed="1.x"))
        assert erasing.result() == 1

    assert state(market, owner) is PrivacyState.EXPIRED
    with market.read() as session:
        assert session.exec(select(PrivacyExport)).all() == []


def test_an_erasure_waits_for_whoever_is_tying_the_person_just_now(market: Market, clock: FakeClock) -> None:
    """The checks see an order that was being placed when the erasure began."""
    owner = person(market)
    ask(market, owner)
    clock.now += COOLING_OFF
    placing, placed = threading.Event(), threading.Event()

    def place() -> None:
        with market.transaction() as session:
            # Any row that points at the account stands for the order.
            session.execute(
                sa.text("INSERT INTO preference (account_id, language, updated_at) VALUES (:id, 'EN', :now)"),
                {"id": owner.id, "now": "2026-06-09 01:30:00+00:00"},
            )
            placing.set()
            placed.wait(timeout=0.5)

    def tied(session: Session, account_id: str) -> Iterable[Obligation]:
        found = session.execute(sa.text("SELECT 1 FROM preference WHERE account_id = :id"), {"id": account_id})
        return [Obligation("ORDER_OPEN", "ord_1", "", "")] if found.first() else []

    with ThreadPoolExecutor(1) as threads:
        order = threads.submit(place)
        placing.wait(timeout=5)
        erase(market, checks=[tied])
        placed.set()
        order.result()

    assert state(market, owner) is PrivacyState.REQUESTED
