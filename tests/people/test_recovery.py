"""Lost authenticators: recovery codes, and what administrators do."""

import pytest

from market.kernel.errors import Forbidden, Invalid, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind
from market.people.errors import SecondFactorHeld, SignInExpired, WrongSecondFactor
from market.people.second_factor import reset_second_factor, set_second_factor
from tests.clock import FakeClock
from tests.people.signing import ADMIN, SECRET, actor, at_once, by_password, enrolled, everything, refused, staff, totp

# -- recovery codes ----------------------------------------------------------------------------------------------------


def test_a_recovery_code_stands_in_once(market: Market, clock: FakeClock) -> None:
    _secret, codes = enrolled(market, clock)

    assert by_password(market, second_factor=codes[3].lower().replace("-", " ")).is_strong
    with pytest.raises(WrongSecondFactor):
        by_password(market, second_factor=codes[3])
    assert by_password(market, second_factor=codes[4]).is_strong


def test_a_recovery_code_at_once_stands_in_for_one(market: Market, clock: FakeClock) -> None:
    _secret, codes = enrolled(market, clock)
    clock.advance(minutes=5)

    results = at_once(4, lambda _number: by_password(market, second_factor=codes[0]))

    assert refused(results, WrongSecondFactor) == 3, results


def test_neither_secrets_nor_recovery_codes_are_kept_in_plain(market: Market, clock: FakeClock) -> None:
    secret, codes = enrolled(market, clock)
    kept = everything(market)

    assert secret not in kept
    assert not [code for code in codes if code in kept or code.replace("-", "") in kept]


# -- administrators ----------------------------------------------------------------------------------------------------


def test_a_lost_second_factor_is_reset_and_everything_signed_out(market: Market, clock: FakeClock) -> None:
    account_id = staff(market)
    signed_in = by_password(market, second_factor=totp(clock))

    reset_second_factor(market, ADMIN, account_id=account_id)

    with pytest.raises(SignInExpired):
        actor(market, signed_in.access_token)
    assert not by_password(market).is_strong
    with pytest.raises(NotFound):
        reset_second_factor(market, ADMIN, account_id=account_id)


def test_only_administrators_set_and_reset(market: Market, clock: FakeClock) -> None:
    account_id = staff(market)
    me = actor(market, by_password(market, second_factor=totp(clock)).access_token)

    for somebody, refusal in (
        (VISITOR, NotSignedIn),
        (Actor(ActorKind.CUSTOMER, account_id), Forbidden),
        (me, Forbidden),
    ):
        with pytest.raises(refusal):
            set_second_factor(market, somebody, account_id=account_id, secret=SECRET[::-1])
        with pytest.raises(refusal):
            reset_second_factor(market, somebody, account_id=account_id)
    with pytest.raises(SecondFactorHeld):
        set_second_factor(market, ADMIN, account_id=account_id, secret=SECRET)
    with pytest.raises(NotFound):
        set_second_factor(market, ADMIN, account_id="acc_00000000000000000000000000", secret=SECRET)

    clock.advance(seconds=30)
    assert by_password(market, second_factor=totp(clock)).is_strong


@pytest.mark.parametrize("secret", ["", "short", "1" * 32, "JBSWY3DPEHPK3PXP", "不是密钥"])
def test_a_seed_that_is_too_short_or_none_is_refused(market: Market, secret: str) -> None:
    account_id = staff(market, is_enrolled=False)

    with pytest.raises(Invalid):
        set_second_factor(market, ADMIN, account_id=account_id, secret=secret)
