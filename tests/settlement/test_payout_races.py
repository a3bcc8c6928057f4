"""Payouts by several people at once: whatever the order, nobody is paid twice or more than there is."""

import pytest

from market.kernel.errors import IllegalTransition
from market.kernel.market import Market
from market.ledger.rules import AccountKind
from market.settlement.errors import NothingPayable
from market.settlement.payouts.decide import approve_payouts
from market.settlement.payouts.propose import propose_payouts
from market.settlement.release import net_refunds
from market.settlement.rules import PayoutState
from tests.checkout.shop import key
from tests.clock import FakeClock
from tests.settlement.world import (
    CHECKER,
    HERE,
    MAKER,
    World,
    at_once,
    build,
    confirmed,
    fen,
    is_right,
    line_of,
    payable,
    payouts,
    refund,
    staff,
)

OTHER = staff(3)


@pytest.fixture(name="world")
def _world(market: Market) -> World:
    return build(market)


def test_two_checkers_at_once_pay_once(market: Market, clock: FakeClock, world: World) -> None:
    seller = world.shop.stalls.producer
    confirmed(market, clock, world)
    owed = payable(market, seller)
    batch = propose_payouts(market, MAKER, HERE, key=key())

    refused = at_once(
        lambda: approve_payouts(market, CHECKER, batch_id=batch, key=key()),
        lambda: approve_payouts(market, OTHER, batch_id=batch, key=key()),
    )

    assert [type(each) for each in refused] == [IllegalTransition]
    assert payable(market, seller) == 0
    assert fen(market, AccountKind.PAYOUT_CLEARING, "") == owed
    assert is_right(market)


def test_two_makers_at_once_propose_a_party_once(market: Market, clock: FakeClock, world: World) -> None:
    confirmed(market, clock, world)

    refused = at_once(
        lambda: propose_payouts(market, MAKER, HERE, key=key()), lambda: propose_payouts(market, OTHER, HERE, key=key())
    )

    assert [type(each) for each in refused] == [NothingPayable]
    assert len(payouts(market)) == 1


def test_refunds_while_a_batch_is_approved_never_let_it_pay_more_than_there_is(
    market: Market, clock: FakeClock, world: World
) -> None:
    seller = world.shop.stalls.producer
    order_id = confirmed(market, clock, world)
    batch = propose_payouts(market, MAKER, HERE, key=key())
    line = line_of(market, order_id)

    refused = at_once(
        lambda: approve_payouts(market, CHECKER, batch_id=batch, key=key()),
        lambda: refund(market, line, pieces=1),
        lambda: net_refunds(market),
    )
    net_refunds(market)

    assert refused == []
    (payout,) = payouts(market)
    # Whichever came first: paid whole and the refund is owed, or not paid and the refund is taken off.
    assert payout.state in {PayoutState.APPROVED, PayoutState.DROPPED}
    assert (payable(market, seller) < 0) is (payout.state == PayoutState.APPROVED)
    assert is_right(market)
