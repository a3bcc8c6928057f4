"""The worker tells invited numbers, as long as there is something to answer."""

import pytest

from market.kernel.market import Market
from market.kernel.outbox import Claimed, claim
from market.kernel.permissions import Actor, Role
from market.organisations.manage import cancel_invitation, invite_person
from market.organisations.manage.invitations import SEND_TOPIC
from market.organisations.sending import send_invitation
from tests.clock import FakeClock
from tests.organisations.county import County, key


class Phones:
    """Where messages arrive; it can be out of order."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.is_down = False

    def __call__(self, phone: str, organisation: str) -> None:
        if self.is_down:
            raise ConnectionError
        self.told.append((phone, organisation))


def invited(market: Market) -> tuple[Actor, str, Claimed]:
    county = County(market)
    producer = county.active(name="老王家")
    owner = county.holding(Role.OWNER, producer)
    invitation_id = invite_person(
        market, owner, organisation_id=producer, phone="13812345678", roles=[Role.EDITOR], idempotency_key=key()
    )
    with market.transaction() as session:
        (message,) = claim(session, market.now())
    assert message.topic == SEND_TOPIC
    return owner, invitation_id, message


def test_an_open_invitation_is_told_to_its_number(market: Market) -> None:
    phones = Phones()
    _owner, _invitation_id, message = invited(market)

    assert send_invitation(market, message, phones)

    assert phones.told == [("13812345678", "老王家")]


def test_one_that_is_over_is_not_told(market: Market, clock: FakeClock) -> None:
    phones = Phones()
    owner, invitation_id, message = invited(market)
    clock.advance(days=7)
    assert not send_invitation(market, message, phones)
    clock.advance(days=-7)

    cancel_invitation(market, owner, invitation_id=invitation_id, idempotency_key=key())

    assert not send_invitation(market, message, phones)
    assert phones.told == []


def test_a_failure_is_the_workers_to_try_again(market: Market) -> None:
    phones = Phones()
    _owner, _invitation_id, message = invited(market)
    phones.is_down = True

    with pytest.raises(ConnectionError):
        send_invitation(market, message, phones)

    phones.is_down = False
    assert send_invitation(market, message, phones)
