"""Another number is put in place of the old one by whoever holds both, or knows password and second factor."""

from functools import partial

import pytest
from sqlmodel import select

from market.kernel.audit import AuditEntry
from market.kernel.errors import Invalid, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor
from market.people.actors import device_of
from market.people.codes import make_code
from market.people.devices import list_devices
from market.people.errors import PhoneTaken, TooManyAttempts, WrongCode, WrongPassword, WrongSecondFactor
from market.people.manage import block_account, open_account
from market.people.phone import OldNumber, PhoneChange, StaffProof, change_phone
from market.people.rules import RevokedFor
from market.people.sign_in import sign_in_with_code
from market.people.tables import Account, Device
from tests.clock import FakeClock
from tests.people.signing import (
    ADMIN,
    CALLER,
    OTHER_PHONE,
    PASSWORD,
    PHONE,
    actor,
    at_once,
    by_password,
    by_phone,
    everything,
    refused,
    staff,
    totp,
)


def sent(market: Market, phone: str) -> str:
    return make_code(market, CALLER, phone=phone).code


def change(market: Market, me: Actor, phone: str, code: str, proof: OldNumber | StaffProof, keep: str = "") -> None:
    change_phone(market, CALLER, me, PhoneChange(phone, code, proof), keep_device_id=keep)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def audited(market: Market) -> list[str]:
    with market.read() as session:
        return [each for each in session.exec(select(AuditEntry.action)).all() if each.startswith("phone.")]


def test_both_codes_change_the_number_and_sign_out_every_other_device(market: Market, clock: FakeClock) -> None:
    first = by_phone(market)
    clock.advance(minutes=1)
    me = actor(market, by_phone(market).access_token)
    clock.advance(minutes=1)
    here = by_phone(market)
    clock.advance(minutes=1)
    new, old = sent(market, OTHER_PHONE), sent(market, PHONE)

    change(market, me, OTHER_PHONE, new, OldNumber(old), device_of(market, here.access_token) or "")

    assert [each.id for each in list_devices(market, me)] == [here.device_id]
    with market.read() as session:
        ended = session.get_one(Device, first.device_id)
        assert ended.revoked_for is RevokedFor.REVOKED
    assert audited(market) == ["phone.change"]
    kept = str(everything(market))
    assert PHONE[3:] not in kept, "no number is kept in plain"
    assert OTHER_PHONE[3:] not in kept, "no number is kept in plain"
    clock.advance(minutes=1)
    assert by_phone(market, OTHER_PHONE).account_id == first.account_id
    assert by_phone(market, PHONE).is_new, "the old number is free for another account"


def test_the_same_change_again_is_left_alone(market: Market, clock: FakeClock) -> None:
    me = actor(market, by_phone(market).access_token)
    clock.advance(minutes=1)
    new, old = sent(market, OTHER_PHONE), sent(market, PHONE)

    change(market, me, OTHER_PHONE, new, OldNumber(old))
    here = by_phone_of(market, clock)
    change(market, me, OTHER_PHONE, new, OldNumber(old))

    assert [each.id for each in list_devices(market, me)] == [here]
    assert audited(market) == ["phone.change"]


def by_phone_of(market: Market, clock: FakeClock) -> str:
    clock.advance(minutes=1)
    return by_phone(market, OTHER_PHONE).device_id


def test_neither_code_alone_changes_anything_and_a_wrong_one_costs_a_try(market: Market, clock: FakeClock) -> None:
    me = actor(market, by_phone(market).access_token)
    clock.advance(minutes=1)
    new, old = sent(market, OTHER_PHONE), sent(market, PHONE)

    for number in range(4):
        wrong_is_old = number % 2 == 0
        codes = (new, other_than(old)) if wrong_is_old else (other_than(new), old)
        with pytest.raises(WrongCode):
            change(market, me, OTHER_PHONE, codes[0], OldNumber(codes[1]))
    assert audited(market) == []

    change(market, me, OTHER_PHONE, new, OldNumber(old))  # the fifth try: neither was used up by the others
    for phone, code in ((OTHER_PHONE, new), (PHONE, old)):
        with pytest.raises(WrongCode):
            sign_in_with_code(market, CALLER, phone=phone, code=code)


def test_five_tries_are_all(market: Market, clock: FakeClock) -> None:
    me = actor(market, by_phone(market).access_token)
    clock.advance(minutes=1)
    new, old = sent(market, OTHER_PHONE), sent(market, PHONE)

    for _ in range(5):
        with pytest.raises(WrongCode):
            change(market, me, OTHER_PHONE, new, OldNumber(other_than(old)))
    with pytest.raises(WrongCode):
        change(market, me, OTHER_PHONE, new, OldNumber(old))

    with market.read() as session:
        assert session.exec(select(Account.id)).one() == me.account_id
    assert audited(market) == []


def test_who_has_lost_the_number_shows_password_and_second_factor(market: Market, clock: FakeClock) -> None:
    staff(market)
    me = actor(market, by_password(market, second_factor=totp(clock)).access_token)
    clock.advance(minutes=1)
    new = sent(market, OTHER_PHONE)
    cases = [
        (StaffProof("wrong horse battery", totp(clock)), WrongPassword),
        (StaffProof(PASSWORD, other_than(totp(clock))), WrongSecondFactor),
    ]
    for proof, kind in cases:
        with pytest.raises(kind):
            change(market, me, OTHER_PHONE, new, proof)
    assert audited(market) == []

    change(market, me, OTHER_PHONE, new, StaffProof(PASSWORD, totp(clock)))

    assert audited(market) == ["phone.change"]
    assert list_devices(market, me) == []


def test_a_password_without_a_second_factor_is_not_enough(market: Market, clock: FakeClock) -> None:
    staff(market, is_enrolled=False)
    me = actor(market, by_password(market).access_token)

    with pytest.raises(WrongSecondFactor):
        change(market, me, OTHER_PHONE, sent(market, OTHER_PHONE), StaffProof(PASSWORD, totp(clock)))


def test_a_number_of_another_account_is_told_only_to_who_holds_it(market: Market, clock: FakeClock) -> None:
    open_account(market, ADMIN, name="李四", phone=OTHER_PHONE)
    me = actor(market, by_phone(market).access_token)
    clock.advance(minutes=1)
    new, old = sent(market, OTHER_PHONE), sent(market, PHONE)

    with pytest.raises(WrongCode):
        change(market, me, OTHER_PHONE, other_than(new), OldNumber(old))
    with pytest.raises(PhoneTaken):
        change(market, me, OTHER_PHONE, new, OldNumber(old))

    assert audited(market) == []
    assert len(list_devices(market, me)) == 1


def test_who_is_out_or_nobody_changes_no_number(market: Market, clock: FakeClock) -> None:
    me = actor(market, by_phone(market).access_token)
    clock.advance(minutes=1)
    new, old = sent(market, OTHER_PHONE), sent(market, PHONE)
    block_account(market, ADMIN, account_id=str(me.account_id))

    for who in (VISITOR, me):
        with pytest.raises(NotSignedIn):
            change(market, who, OTHER_PHONE, new, OldNumber(old))
    with pytest.raises(Invalid):
        change(market, me, "12345", new, OldNumber(old))


def test_changed_at_once_the_codes_count_once(market: Market, clock: FakeClock) -> None:
    me = actor(market, by_phone(market).access_token)
    clock.advance(minutes=1)
    new, old = sent(market, OTHER_PHONE), sent(market, PHONE)

    results = at_once(8, lambda _number: change(market, me, OTHER_PHONE, new, OldNumber(old)))

    assert results == [None] * 8, "whoever comes later finds the number that they ask for"
    assert audited(market) == ["phone.change"]


def test_two_accounts_that_take_one_number_at_once_leave_it_to_one(market: Market, clock: FakeClock) -> None:
    third = "19900000003"
    people = [actor(market, by_phone(market, phone).access_token) for phone in (PHONE, OTHER_PHONE)]
    clock.advance(minutes=1)
    new, olds = sent(market, third), [sent(market, phone) for phone in (PHONE, OTHER_PHONE)]

    results = at_once(2, lambda number: change(market, people[number], third, new, OldNumber(olds[number])))

    assert results.count(None) == 1
    assert refused(results, WrongCode) == 1, "the code opens once"
    assert audited(market) == ["phone.change"]


def test_changing_is_counted_with_signing_in(market: Market) -> None:
    me = actor(market, by_phone(market).access_token)
    wrong = partial(change, market, me, OTHER_PHONE, "000000", OldNumber("000000"))

    for _ in range(99):  # the sign-in was the first of a hundred an hour
        with pytest.raises(WrongCode):
            wrong()
    with pytest.raises(TooManyAttempts):
        wrong()
