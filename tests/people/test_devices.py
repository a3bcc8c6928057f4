"""Devices: seen and signed out by their own person only."""

import pytest

from market.kernel.market import Market
from market.people.caller import Caller
from market.people.devices import list_devices, revoke_device
from market.people.tokens import refresh
from tests.clock import FakeClock
from tests.people.signing import OTHER_PHONE, actor, by_phone, owner


def test_a_person_sees_the_devices_that_are_signed_in_now(market: Market, clock: FakeClock) -> None:
    phone = by_phone(market)
    clock.advance(minutes=1)
    laptop = by_phone(market, caller=Caller("203.0.113.9", "Firefox " * 100, " 家里的\n电脑 "))
    clock.advance(minutes=1)
    gone = by_phone(market)
    me = actor(market, laptop.access_token)
    revoke_device(market, me, device_id=gone.device_id)
    by_phone(market, OTHER_PHONE)

    found = list_devices(market, me)

    assert [each.id for each in found] == [laptop.device_id, phone.device_id]
    assert [each.name for each in found] == ["家里的 电脑", "我的手机"]
    assert len(found[0].user_agent) == 200
    clock.advance(days=30)
    assert list_devices(market, me) == []


def test_when_a_device_was_last_seen_is_written_every_five_minutes_at_most(market: Market, clock: FakeClock) -> None:
    signed_in = by_phone(market)
    seen = [clock.now]
    for seconds in (60, 239, 1, 299, 1):
        clock.advance(seconds=seconds)
        signed_in = refresh(market, refresh_token=signed_in.refresh_token)
        me = actor(market, signed_in.access_token)
        seen.append(list_devices(market, me)[0].last_seen_at)

    since = [(at - seen[0]).total_seconds() for at in seen]
    assert since == [0, 0, 0, 300, 300, 600]


def test_somebody_elses_device_is_as_unknown_as_one_that_never_was(market: Market) -> None:
    theirs, me = by_phone(market), actor(market, by_phone(market, OTHER_PHONE).access_token)

    answers = set()
    for device_id in (theirs.device_id, "dev_00000000000000000000000000"):
        with pytest.raises(Exception, match="device") as refusal:
            revoke_device(market, me, device_id=device_id)
        answers.add((type(refusal.value), str(refusal.value)))

    assert len(answers) == 1
    assert actor(market, theirs.access_token)


def test_an_api_key_has_no_devices(market: Market) -> None:
    assert list_devices(market, owner()) == []
