"""What a device holds: access for a quarter of an hour, a refresh token that serves once, and no way back for a thief."""

from datetime import timedelta

import jwt
import pytest

from market.kernel.market import Market
from market.kernel.permissions import ActorKind, Role
from market.people.actors import device_of
from market.people.devices import revoke_device
from market.people.errors import SignInExpired
from market.people.manage import block_account, give_role, unblock_account
from market.people.rules import RevokedFor, SignInMethod
from market.people.tables import Device
from market.people.tokens import SignedIn, refresh, sign_in_step
from tests.clock import FakeClock
from tests.people.signing import (
    ADMIN,
    CALLER,
    COOPERATIVE,
    OTHER_PHONE,
    actor,
    at_once,
    by_phone,
    everything,
    refused,
    statements,
)


def is_refused(market: Market, signed_in: SignedIn) -> bool:
    """Whether both of its tokens open nothing."""
    for use in (
        lambda: actor(market, signed_in.access_token),
        lambda: refresh(market, refresh_token=signed_in.refresh_token),
    ):
        try:
            use()
        except SignInExpired:
            continue
        return False
    return True


def why_revoked(market: Market, device_id: str) -> RevokedFor | None:
    with market.read() as session:
        device = session.get(Device, device_id)
    assert device is not None
    return device.revoked_for


# -- access tokens -----------------------------------------------------------------------------------------------------


def test_an_access_token_is_its_account_with_the_roles_it_has_now(market: Market) -> None:
    signed_in = by_phone(market)
    assert actor(market, signed_in.access_token).kind is ActorKind.CUSTOMER

    give_role(market, ADMIN, account_id=signed_in.account_id, role=Role.EDITOR, within=COOPERATIVE)

    found = actor(market, signed_in.access_token)
    assert found.account_id == signed_in.account_id
    assert found.kind is ActorKind.MEMBER
    assert found.organisations == {COOPERATIVE: {Role.EDITOR}}
    assert (found.request_id, found.locale) == ("request-1", "zh-CN")


def test_finding_out_who_asks_takes_one_statement(market: Market) -> None:
    signed_in = by_phone(market)

    with statements(market) as taken:
        actor(market, signed_in.access_token)

    assert len(taken) == 1, taken


def test_an_access_token_lives_for_a_quarter_of_an_hour(market: Market, clock: FakeClock) -> None:
    signed_in = by_phone(market)
    assert signed_in.access_expires_at == clock.now + timedelta(minutes=15)

    clock.advance(minutes=14, seconds=59)
    assert actor(market, signed_in.access_token)
    clock.advance(seconds=1)
    with pytest.raises(SignInExpired):
        actor(market, signed_in.access_token)


def test_a_clock_that_is_put_back_gives_an_access_token_no_longer_life(market: Market, clock: FakeClock) -> None:
    signed_in = by_phone(market)
    clock.advance(hours=-1)

    with pytest.raises(SignInExpired):
        actor(market, signed_in.access_token)


def test_what_is_none_of_our_tokens_is_refused(market: Market) -> None:
    good = by_phone(market).access_token
    claims = jwt.decode(good, options={"verify_signature": False})
    head, body, signature = good.split(".")
    key = market.sealer.key("access-token")
    forged = {
        "nothing": "",
        "words": "let me in",
        "too long": "x" * 100_000,
        "not ASCII": "令牌.令牌.令牌",
        "cut": good[:-1],
        "no signature": f"{head}.{body}.",
        "another body": f"{head}.{body[:-4]}AAAA.{signature}",
        "algorithm none": jwt.encode(claims, "", algorithm="none"),
        "another key": jwt.encode(claims, bytes(32), algorithm="HS256"),
        "another algorithm": jwt.encode(claims, key * 2, algorithm="HS512"),
        "another device": jwt.encode(claims | {"dev": "dev_00000000000000000000000000"}, key, algorithm="HS256"),
        "another account": jwt.encode(claims | {"sub": "acc_00000000000000000000000000"}, key, algorithm="HS256"),
        "no end": jwt.encode({name: claims[name] for name in ("sub", "dev", "iat")}, key, algorithm="HS256"),
        "an end that is none": jwt.encode(claims | {"exp": "soon"}, key, algorithm="HS256"),
        "an end out of range": jwt.encode(claims | {"exp": 10**18}, key, algorithm="HS256"),
    }

    for what, token in forged.items():
        with pytest.raises(SignInExpired):
            pytest.fail(f"{what}: {actor(market, token)}")


def test_a_revoked_device_is_out_at_once(market: Market) -> None:
    signed_in = by_phone(market)
    me = actor(market, signed_in.access_token)

    revoke_device(market, me, device_id=signed_in.device_id)

    assert is_refused(market, signed_in)


def test_a_blocked_account_is_out_at_once_and_its_devices_stay_out(market: Market) -> None:
    signed_in = by_phone(market)

    block_account(market, ADMIN, account_id=signed_in.account_id)
    assert is_refused(market, signed_in)

    unblock_account(market, ADMIN, account_id=signed_in.account_id)
    assert is_refused(market, signed_in)


def test_a_device_that_slipped_in_while_its_account_was_blocked_is_refused(market: Market, clock: FakeClock) -> None:
    account_id = by_phone(market).account_id
    block_account(market, ADMIN, account_id=account_id)
    with market.transaction() as session:  # as a sign-in that looked at the account before it was blocked
        slipped = sign_in_step(
            session,
            market.sealer,
            CALLER,
            account_id=account_id,
            method=SignInMethod.PHONE,
            is_strong=False,
            is_new=False,
            now=clock.now,
        )

    assert is_refused(market, slipped)


def test_a_token_says_which_device_it_was_given_to(market: Market) -> None:
    signed_in = by_phone(market)

    assert device_of(market, signed_in.access_token) == signed_in.device_id
    with pytest.raises(SignInExpired):
        device_of(market, "mk_test")
    assert device_of(market, "mk_live_anything") is None


# -- refresh tokens ----------------------------------------------------------------------------------------------------


def test_a_refresh_token_gives_the_next_of_both(market: Market, clock: FakeClock) -> None:
    first = by_phone(market)
    clock.advance(minutes=20)

    second = refresh(market, refresh_token=first.refresh_token)

    assert (second.account_id, second.device_id) == (first.account_id, first.device_id)
    assert second.refresh_token != first.refresh_token
    assert second.refresh_expires_at == clock.now + timedelta(days=30)
    assert actor(market, second.access_token).account_id == first.account_id
    assert refresh(market, refresh_token=second.refresh_token).device_id == first.device_id


def test_a_refresh_whose_answer_was_lost_gives_the_same_again_for_ten_seconds(market: Market, clock: FakeClock) -> None:
    first = by_phone(market)
    second = refresh(market, refresh_token=first.refresh_token)
    clock.advance(seconds=10)

    again = refresh(market, refresh_token=first.refresh_token)

    assert again.refresh_token == second.refresh_token
    assert again.refresh_expires_at == second.refresh_expires_at
    assert refresh(market, refresh_token=again.refresh_token)


def test_an_old_token_that_comes_back_later_ends_its_family(market: Market, clock: FakeClock) -> None:
    first = by_phone(market)
    second = refresh(market, refresh_token=first.refresh_token)
    clock.advance(seconds=11)

    with pytest.raises(SignInExpired):
        refresh(market, refresh_token=first.refresh_token)

    assert is_refused(market, second)
    assert why_revoked(market, first.device_id) is RevokedFor.TOKEN_REUSED


def test_only_the_token_just_before_may_come_back(market: Market) -> None:
    first = by_phone(market)
    second = refresh(market, refresh_token=first.refresh_token)
    third = refresh(market, refresh_token=second.refresh_token)

    with pytest.raises(SignInExpired):
        refresh(market, refresh_token=first.refresh_token)

    assert is_refused(market, third)


def test_a_clock_that_is_put_back_opens_no_second_chance(market: Market, clock: FakeClock) -> None:
    first = by_phone(market)
    clock.advance(hours=1)
    refresh(market, refresh_token=first.refresh_token)
    clock.advance(minutes=-30)

    with pytest.raises(SignInExpired):
        refresh(market, refresh_token=first.refresh_token)


def test_one_family_ends_alone(market: Market, clock: FakeClock) -> None:
    mine = by_phone(market)
    theirs = by_phone(market, OTHER_PHONE)
    refresh(market, refresh_token=mine.refresh_token)
    clock.advance(seconds=11)
    with pytest.raises(SignInExpired):
        refresh(market, refresh_token=mine.refresh_token)

    assert actor(market, theirs.access_token)
    assert refresh(market, refresh_token=theirs.refresh_token)


def test_a_family_that_is_unknown_ends_nothing(market: Market) -> None:
    signed_in = by_phone(market)
    token = signed_in.refresh_token.partition(".")[2]

    for guess in ("", ".", f"x.{token}", token, "x" * 100_000, "令.牌"):
        with pytest.raises(SignInExpired):
            refresh(market, refresh_token=guess)

    assert actor(market, signed_in.access_token)


def test_whoever_refreshes_at_once_gets_the_same_next_token(market: Market) -> None:
    first = by_phone(market)

    results = at_once(20, lambda _number: refresh(market, refresh_token=first.refresh_token))

    assert len({result.refresh_token for result in results if isinstance(result, SignedIn)}) == 1
    assert refused(results, Exception) == 0, results
    following = next(result for result in results if isinstance(result, SignedIn))
    assert refresh(market, refresh_token=following.refresh_token)


def test_a_refresh_token_lives_for_thirty_days_and_its_end_is_no_theft(market: Market, clock: FakeClock) -> None:
    first = by_phone(market)
    clock.advance(days=29, hours=23)
    second = refresh(market, refresh_token=first.refresh_token)
    clock.advance(days=30)

    with pytest.raises(SignInExpired):
        refresh(market, refresh_token=second.refresh_token)

    assert why_revoked(market, first.device_id) is None


def test_no_token_is_kept_or_told_in_plain(market: Market) -> None:
    first = by_phone(market)
    second = refresh(market, refresh_token=first.refresh_token)

    secrets = {
        first.access_token,
        second.access_token,
        *first.refresh_token.split("."),
        *second.refresh_token.split("."),
    }
    for text in (everything(market), repr(first), repr(second)):
        assert not [secret for secret in secrets if secret in text]
