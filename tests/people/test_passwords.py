"""Passwords: hashed as OWASP asks, a few at once, limited, and unknown names look like known ones."""

import threading
import time
from dataclasses import replace
from typing import Literal

import pytest
from argon2 import PasswordHasher
from argon2.low_level import Type
from sqlmodel import select

from market.kernel.errors import Forbidden, Invalid, NotFound, NotSignedIn, Unavailable
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind
from market.people.errors import AccountBlocked, LoginNameTaken, SignInExpired, TooManyAttempts, WrongPassword
from market.people.hashing import HASHER, NOBODYS, Hashing, hash_of, verified
from market.people.manage import block_account, open_account
from market.people.passwords import change_password, set_password
from market.people.sign_in import sign_in_with_password
from market.people.tables import PasswordHeld
from tests.clock import FakeClock
from tests.people.signing import (
    ADMIN,
    CALLER,
    LOGIN_NAME,
    PASSWORD,
    actor,
    at_once,
    by_password,
    everything,
    staff,
    statements,
)


def hash_held(market: Market) -> str:
    with market.read() as session:
        return session.exec(select(PasswordHeld.hash)).one()


def attempt(market: Market, *, login_name: str = LOGIN_NAME, password: str = "wrong", ip: str = CALLER.ip) -> type:
    try:
        sign_in_with_password(market, replace(CALLER, ip=ip), login_name=login_name, password=password)
    except (WrongPassword, TooManyAttempts) as error:
        return type(error)
    return type(None)


def test_the_right_password_signs_in_however_the_name_is_written(market: Market) -> None:
    account_id = staff(market, is_enrolled=False)

    for name in (LOGIN_NAME, " Sun.SHENHE "):
        signed_in = sign_in_with_password(market, CALLER, login_name=name, password=PASSWORD)
        assert signed_in.account_id == account_id


def test_hashes_are_argon2id_with_the_least_that_owasp_asks_for(market: Market) -> None:
    staff(market)

    assert HASHER.type is Type.ID
    assert hash_held(market).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in everything(market)


def test_an_unknown_name_takes_the_same_way_as_a_wrong_password(market: Market) -> None:
    staff(market)
    taken = {}
    for name in (LOGIN_NAME, "nobody.known"):
        with statements(market) as seen, pytest.raises(WrongPassword) as refusal:
            sign_in_with_password(market, CALLER, login_name=name, password="wrong")
        taken[name] = (seen, type(refusal.value), str(refusal.value))

    assert taken[LOGIN_NAME] == taken["nobody.known"]
    assert HASHER.check_needs_rehash(NOBODYS) is False, "it costs what a real one costs"
    assert not verified(None, PASSWORD)


def test_an_unknown_name_costs_as_much_as_a_known_one(market: Market, clock: FakeClock) -> None:
    """In processor time of this thread, so that a busy machine does not matter; a hash is most of it."""
    staff(market)
    taken: dict[str, list[float]] = {LOGIN_NAME: [], "nobody.known": []}
    for _ in range(5):
        for name, times in taken.items():
            began = time.thread_time()
            assert attempt(market, login_name=name) is WrongPassword
            times.append(time.thread_time() - began)
        clock.advance(minutes=5)

    known, unknown = (sorted(times)[2] for times in taken.values())
    assert 0.7 < unknown / known < 1.4, taken


def test_fifteen_sign_ins_in_one_request_are_fifteen(market: Market) -> None:
    staff(market)

    outcomes = [attempt(market, ip=f"203.0.113.{number}") for number in range(15)]

    assert outcomes == [WrongPassword] * 5 + [TooManyAttempts] * 10
    assert attempt(market, password=PASSWORD) is TooManyAttempts


def test_sign_ins_at_once_are_counted_one_by_one(market: Market) -> None:
    staff(market)

    results = at_once(15, lambda number: attempt(market, ip=f"203.0.113.{number}"))

    assert sorted(map(str, results)) == sorted(map(str, [WrongPassword] * 5 + [TooManyAttempts] * 10))


def test_one_network_cannot_try_one_password_on_many_names(market: Market, clock: FakeClock) -> None:
    outcomes = [attempt(market, login_name=f"name-{number}") for number in range(25)]

    assert outcomes == [WrongPassword] * 20 + [TooManyAttempts] * 5
    clock.advance(minutes=15)
    assert attempt(market, login_name="name-99") is WrongPassword


def test_no_more_than_two_passwords_are_hashed_at_a_time() -> None:
    running, most, lock = 0, 0, threading.Lock()

    class Watched(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - the library's name
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            try:
                return super().verify(hash, password)
            finally:
                with lock:
                    running -= 1

    gate = Hashing(Watched(time_cost=2, memory_cost=19 * 1024, parallelism=1))
    hashed = hash_of(PASSWORD)

    results = at_once(12, lambda _number: gate.verified(hashed, PASSWORD))

    assert results == [True] * 12
    assert most == 2


def test_whoever_waits_too_long_for_a_hash_is_told_to_come_later() -> None:
    gate = Hashing(HASHER, wait_seconds_max=0.05)

    with gate.turn(), gate.turn(), pytest.raises(Unavailable):
        gate.verified(None, PASSWORD)

    assert not gate.verified(None, PASSWORD), "and finds its turn later"


def test_a_hash_with_older_parameters_is_renewed_at_the_next_sign_in(market: Market) -> None:
    staff(market, is_enrolled=False)
    older = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with market.transaction() as session:
        session.exec(select(PasswordHeld)).one().hash = older

    by_password(market)

    assert hash_held(market).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert by_password(market)


def test_a_wrong_password_renews_nothing(market: Market) -> None:
    staff(market, is_enrolled=False)
    older = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with market.transaction() as session:
        session.exec(select(PasswordHeld)).one().hash = older

    assert attempt(market) is WrongPassword

    assert hash_held(market) == older


def test_a_blocked_account_is_told_so_only_with_its_password(market: Market) -> None:
    account_id = staff(market, is_enrolled=False)
    block_account(market, ADMIN, account_id=account_id)

    assert attempt(market) is WrongPassword
    with pytest.raises(AccountBlocked):
        by_password(market)


def test_a_changed_password_signs_out_all_but_the_device_that_changed_it(market: Market) -> None:
    staff(market, is_enrolled=False)
    here, there = by_password(market), by_password(market)
    me = actor(market, here.access_token)

    change_password(market, me, current=PASSWORD, new="another horse battery", keep_device_id=here.device_id)

    assert actor(market, here.access_token)
    with pytest.raises(SignInExpired):
        actor(market, there.access_token)
    assert attempt(market, password=PASSWORD) is WrongPassword
    assert attempt(market, password="another horse battery") is type(None)


def test_a_password_is_changed_only_by_whoever_knows_it(market: Market) -> None:
    staff(market, is_enrolled=False)
    me = actor(market, by_password(market).access_token)
    before = hash_held(market)

    for _ in range(4):  # the sign-in was the first of the five
        with pytest.raises(WrongPassword):
            change_password(market, me, current="wrong", new="another horse battery")
    with pytest.raises(TooManyAttempts):
        change_password(market, me, current=PASSWORD, new="another horse battery")
    with pytest.raises(NotSignedIn):
        change_password(market, VISITOR, current=PASSWORD, new="another horse battery")

    assert hash_held(market) == before


@pytest.mark.parametrize(
    "password", ["", "short", "x" * 129, "aaaaaaaaaaaaaaaa", "xx-Sun.Shenhe-2026", "1212121212121212"]
)
def test_a_password_that_will_not_do_is_refused(market: Market, password: str) -> None:
    staff(market)
    before = hash_held(market)

    with pytest.raises(Invalid, match="password"):
        account_id = actor_id(market)
        set_password(market, ADMIN, account_id=account_id, login_name=LOGIN_NAME, password=password)

    assert hash_held(market) == before


def actor_id(market: Market) -> str:
    with market.read() as session:
        return session.exec(select(PasswordHeld.account_id)).one()


def test_a_log_in_name_is_one_accounts(market: Market) -> None:
    staff(market)
    other = open_account(market, ADMIN, name="钱分析")

    with pytest.raises(LoginNameTaken):
        set_password(market, ADMIN, account_id=other, login_name=LOGIN_NAME.upper(), password=PASSWORD)
    results = at_once(
        8, lambda _number: set_password(market, ADMIN, account_id=other, login_name="qian.fenxi", password=PASSWORD)
    )

    assert results == [None] * 8


def test_only_administrators_set_passwords(market: Market) -> None:
    account_id = staff(market)
    before = hash_held(market)

    for nobody, refusal in ((VISITOR, NotSignedIn), (Actor(ActorKind.CUSTOMER, account_id), Forbidden)):
        with pytest.raises(refusal):
            set_password(market, nobody, account_id=account_id, login_name=LOGIN_NAME, password="another horse battery")
    with pytest.raises(NotFound):
        set_password(
            market, ADMIN, account_id="acc_00000000000000000000000000", login_name="somebody", password=PASSWORD
        )

    assert hash_held(market) == before
