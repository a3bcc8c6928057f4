"""The second factor: enrolled with the password, used once each time, and what makes a device of staff strong."""

import re

import pyotp
import pytest
from sqlmodel import select

from market.kernel.errors import Forbidden, NotFound
from market.kernel.market import Market
from market.kernel.permissions import ActorKind, Permission, Role, require
from market.people.errors import (
    SecondFactorHeld,
    SecondFactorNeeded,
    TooManyAttempts,
    WrongPassword,
    WrongSecondFactor,
)
from market.people.second_factor import (
    confirm_second_factor,
    enrol_second_factor,
)
from market.people.sign_in import sign_in_with_password
from market.people.tables import Device
from market.people.tokens import refresh
from tests.clock import FakeClock
from tests.people.signing import (
    CALLER,
    DISTRICT,
    LOGIN_NAME,
    OTHER_PHONE,
    PASSWORD,
    actor,
    at_once,
    by_password,
    by_phone,
    enrolled,
    refused,
    staff,
    totp,
)

VILLAGE = "330213005208"


def devices(market: Market) -> int:
    with market.read() as session:
        return len(session.exec(select(Device)).all())


# -- what makes a device strong ----------------------------------------------------------------------------------------


def test_password_and_second_factor_make_staff(market: Market, clock: FakeClock) -> None:
    staff(market)

    signed_in = by_password(market, second_factor=totp(clock))

    found = actor(market, signed_in.access_token)
    assert signed_in.is_strong
    assert found.kind is ActorKind.STAFF
    assert found.staff_roles == {Role.STAFF_MODERATOR}
    assert found.region_codes == {DISTRICT}
    require(found, Permission.LISTING_REVIEW, region_code=VILLAGE)


def test_a_phone_alone_makes_no_staff(market: Market) -> None:
    account_id = staff(market)

    found = actor(market, by_phone(market).access_token)

    assert found.account_id == account_id
    assert found.kind is ActorKind.CUSTOMER
    with pytest.raises(Forbidden):
        require(found, Permission.LISTING_REVIEW, region_code=VILLAGE)


def test_a_phone_alone_makes_no_administrator(market: Market, clock: FakeClock) -> None:
    staff(market, role=Role.ADMIN)

    weak = actor(market, by_phone(market).access_token)
    strong = actor(market, by_password(market, second_factor=totp(clock)).access_token)

    assert weak.kind is ActorKind.CUSTOMER
    assert strong.kind is ActorKind.ADMIN
    with pytest.raises(Forbidden):
        require(weak, Permission.PERSON_MANAGE)


def test_a_password_without_a_second_factor_makes_no_staff_either(market: Market) -> None:
    staff(market, is_enrolled=False)

    signed_in = by_password(market)

    assert not signed_in.is_strong
    assert actor(market, signed_in.access_token).kind is ActorKind.CUSTOMER


def test_a_refreshed_device_is_as_strong_as_it_was(market: Market, clock: FakeClock) -> None:
    staff(market)
    strong, weak = by_password(market, second_factor=totp(clock)), by_phone(market)

    assert actor(market, refresh(market, refresh_token=strong.refresh_token).access_token).kind is ActorKind.STAFF
    assert actor(market, refresh(market, refresh_token=weak.refresh_token).access_token).kind is ActorKind.CUSTOMER


# -- signing in with it ------------------------------------------------------------------------------------------------


def test_the_second_factor_is_asked_for_only_after_the_right_password(market: Market, clock: FakeClock) -> None:
    staff(market)

    with pytest.raises(SecondFactorNeeded):
        by_password(market)
    with pytest.raises(WrongPassword):
        sign_in_with_password(market, CALLER, login_name=LOGIN_NAME, password="wrong", second_factor=totp(clock))

    assert devices(market) == 0


def test_a_code_of_the_authenticator_is_used_once(market: Market, clock: FakeClock) -> None:
    staff(market)
    code = totp(clock)
    by_password(market, second_factor=code)

    with pytest.raises(WrongSecondFactor):
        by_password(market, second_factor=code)

    clock.advance(seconds=30)
    assert by_password(market, second_factor=totp(clock))


def test_a_code_before_the_last_used_one_is_used_up_too(market: Market, clock: FakeClock) -> None:
    staff(market)
    earlier = totp(clock)
    clock.advance(seconds=30)
    by_password(market, second_factor=totp(clock))

    with pytest.raises(WrongSecondFactor):
        by_password(market, second_factor=earlier)


def test_a_clock_that_is_put_back_revives_no_code(market: Market, clock: FakeClock) -> None:
    staff(market)
    by_password(market, second_factor=totp(clock))
    clock.advance(minutes=-10)

    with pytest.raises(WrongSecondFactor):
        by_password(market, second_factor=totp(clock))


def test_clocks_may_differ_by_one_step(market: Market, clock: FakeClock) -> None:
    staff(market)
    code = totp(clock)
    clock.advance(seconds=60)
    with pytest.raises(WrongSecondFactor):
        by_password(market, second_factor=code)
    clock.advance(seconds=-30)

    assert by_password(market, second_factor=f" {code[:3]} {code[3:]} ")


def test_one_code_at_once_signs_in_one(market: Market, clock: FakeClock) -> None:
    staff(market)
    code = totp(clock)

    results = at_once(4, lambda _number: by_password(market, second_factor=code))

    assert refused(results, WrongSecondFactor) == 3, results


def test_wrong_codes_are_counted_also_though_they_are_refused(market: Market, clock: FakeClock) -> None:
    staff(market)
    for _ in range(5):
        with pytest.raises(WrongSecondFactor):
            by_password(market, second_factor="000000")
    clock.advance(minutes=5)  # another password may be tried, but no other code

    with pytest.raises(TooManyAttempts) as refusal:
        by_password(market, second_factor=totp(clock))

    assert refusal.value.facts["retry_after_seconds"] == 600
    clock.advance(minutes=10)
    assert by_password(market, second_factor=totp(clock))


@pytest.mark.parametrize("code", ["", "1", "abcdef", "１２３４５６", "0" * 10_000, "令牌令牌令牌"])
def test_what_is_no_code_is_refused(market: Market, code: str) -> None:
    staff(market)

    with pytest.raises((WrongSecondFactor, SecondFactorNeeded)):
        by_password(market, second_factor=code)

    assert devices(market) == 0


# -- enrolling ---------------------------------------------------------------------------------------------------------


def test_staff_enrol_confirm_and_sign_in_again(market: Market, clock: FakeClock) -> None:
    secret, codes = enrolled(market, clock)

    with pytest.raises(SecondFactorNeeded):
        by_password(market)
    clock.advance(seconds=30)
    assert actor(market, by_password(market, second_factor=totp(clock, secret)).access_token).kind is ActorKind.STAFF
    assert len(set(codes)) == 10
    assert all(re.fullmatch("([A-Z2-9]{4}-){3}[A-Z2-9]{4}", code) for code in codes)


def test_what_the_authenticator_scans_is_its_secret(market: Market) -> None:
    staff(market, is_enrolled=False)
    me = actor(market, by_password(market).access_token)

    enrolment = enrol_second_factor(market, me, password=PASSWORD)

    read = pyotp.parse_uri(enrolment.uri)
    assert isinstance(read, pyotp.TOTP)
    assert read.secret == enrolment.secret
    assert read.name == "sun.shenhe"


def test_a_second_factor_that_was_not_confirmed_counts_for_nothing(market: Market, clock: FakeClock) -> None:
    staff(market, is_enrolled=False)
    me = actor(market, by_password(market).access_token)
    secret = enrol_second_factor(market, me, password=PASSWORD).secret
    with pytest.raises(WrongSecondFactor):
        confirm_second_factor(market, me, code="000000")

    assert not by_password(market, second_factor=totp(clock, secret)).is_strong


def test_the_code_that_confirmed_is_used_up(market: Market, clock: FakeClock) -> None:
    secret, _codes = enrolled(market, clock)

    with pytest.raises(WrongSecondFactor):
        by_password(market, second_factor=totp(clock, secret))


def test_a_stolen_number_cannot_enrol(market: Market, clock: FakeClock) -> None:
    staff(market, is_enrolled=False)
    thief = actor(market, by_phone(market).access_token)

    with pytest.raises(WrongPassword):
        enrol_second_factor(market, thief, password="a guess at it")
    with pytest.raises(NotFound):
        confirm_second_factor(market, thief, code=totp(clock))
    customer = actor(market, by_phone(market, OTHER_PHONE).access_token)
    with pytest.raises(WrongPassword):
        enrol_second_factor(market, customer, password=PASSWORD)


def test_a_second_factor_in_force_is_not_replaced(market: Market, clock: FakeClock) -> None:
    _secret, codes = enrolled(market, clock)
    me = actor(market, by_password(market, second_factor=codes[0]).access_token)

    with pytest.raises(SecondFactorHeld):
        enrol_second_factor(market, me, password=PASSWORD)
    with pytest.raises(SecondFactorHeld):
        confirm_second_factor(market, me, code=codes[1])
