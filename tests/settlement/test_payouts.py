"""Payouts: proposed by one, approved by another, never more than is payable; what fails is payable again."""

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from market.kernel.errors import Forbidden, IllegalTransition, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.ledger.rules import AccountKind
from market.settlement.errors import NothingPayable, SamePerson
from market.settlement.payouts.decide import approve_payouts, record_failed, record_paid, reject_payouts
from market.settlement.payouts.propose import BatchDraft, propose_payouts
from market.settlement.release import net_refunds, release_due
from market.settlement.rules import BatchState, PayoutState, StatementState
from market.settlement.statements.draft import draft_statements
from market.settlement.tables import PayoutBatch, Statement
from tests.checkout.shop import key
from tests.clock import FakeClock
from tests.settlement.world import (
    CHECKER,
    HERE,
    MAKER,
    World,
    agree,
    bought,
    build,
    confirmed,
    deliver,
    fen,
    is_right,
    line_of,
    payable,
    payouts,
    people_of,
    refund,
    staff,
)

OTHER = staff(3)


@pytest.fixture(name="world")
def _world(market: Market) -> World:
    return build(market)


def batch_state(market: Market, batch_id: str) -> str:
    with market.read() as session:
        return session.exec(select(PayoutBatch.state).where(PayoutBatch.id == batch_id)).one()


def test_what_was_confirmed_is_paid_and_leaves_the_books_in_order(
    market: Market, clock: FakeClock, world: World
) -> None:
    confirmed(market, clock, world, teas=(1, 2))
    owed = {party: payable(market, party) for party in (world.shop.stalls.producer, world.cooperative)}

    batch = propose_payouts(market, MAKER, HERE, key=key())
    approve_payouts(market, CHECKER, batch_id=batch, key=key())

    assert {each.party: each.amount_fen for each in payouts(market)} == owed
    assert [payable(market, party) for party in owed] == [0, 0]
    assert fen(market, AccountKind.PAYOUT_CLEARING, "") == sum(owed.values())
    first, second = payouts(market)
    record_paid(market, MAKER, payout_id=first.id, reference="ICBC-1", key=key())
    assert batch_state(market, batch) == BatchState.APPROVED
    record_paid(market, MAKER, payout_id=second.id, reference="ICBC-2", key=key())
    assert batch_state(market, batch) == BatchState.COMPLETED
    assert fen(market, AccountKind.PAYOUT_CLEARING, "") == 0
    assert fen(market, AccountKind.BANK, "") == sum(owed.values())
    assert is_right(market)


def test_nobody_approves_or_rejects_their_own_and_the_database_says_so_too(
    market: Market, clock: FakeClock, world: World
) -> None:
    confirmed(market, clock, world)
    batch = propose_payouts(market, MAKER, HERE, key=key())
    for decide in (_approve, _reject):
        with pytest.raises(SamePerson):
            decide(market, MAKER, batch)
    with pytest.raises(sa.exc.IntegrityError), market.transaction() as session:
        session.execute(sa.update(PayoutBatch).values(state=BatchState.APPROVED, checked_by=MAKER.account_id))

    assert batch_state(market, batch) == BatchState.PROPOSED


def _approve(market: Market, actor: Actor, batch: str) -> None:
    approve_payouts(market, actor, batch_id=batch, key=key())


def _reject(market: Market, actor: Actor, batch: str) -> None:
    reject_payouts(market, actor, batch_id=batch, reason="账号有误", key=key())


def test_other_regions_and_sellers_have_no_say(market: Market, clock: FakeClock, world: World) -> None:
    confirmed(market, clock, world)
    elsewhere = staff(9, "330281000000")
    with pytest.raises(Forbidden):
        propose_payouts(market, elsewhere, HERE, key=key())
    with pytest.raises(Forbidden):
        propose_payouts(market, people_of(world.shop.stalls.producer), HERE, key=key())
    with pytest.raises(NothingPayable):
        propose_payouts(market, elsewhere, BatchDraft("330281000000"), key=key())
    batch = propose_payouts(market, MAKER, HERE, key=key())
    for act in (_approve, _reject):
        with pytest.raises(NotFound):
            act(market, elsewhere, batch)
        with pytest.raises(NotFound):
            act(market, CHECKER, market.new_id("pob"))


def test_nothing_is_paid_before_it_is_confirmed(market: Market, clock: FakeClock, world: World) -> None:
    confirmed(market, clock, world)
    for state in (StatementState.ISSUED, StatementState.DISPUTED, StatementState.DRAFT):
        with market.transaction() as session:
            session.execute(sa.update(Statement).values(state=state, dispute="少了"))

        with pytest.raises(NothingPayable):
            propose_payouts(market, MAKER, HERE, key=key())


def test_an_open_payout_is_not_proposed_again_and_a_rejected_one_is(
    market: Market, clock: FakeClock, world: World
) -> None:
    confirmed(market, clock, world)
    with_key = key()
    batch = propose_payouts(market, MAKER, HERE, key=with_key)
    assert propose_payouts(market, MAKER, HERE, key=with_key) == batch
    with pytest.raises(NothingPayable):
        propose_payouts(market, OTHER, HERE, key=key())
    _reject(market, CHECKER, batch)
    with pytest.raises(IllegalTransition):
        _approve(market, CHECKER, batch)

    again = propose_payouts(market, MAKER, HERE, key=key())

    assert [each.state for each in payouts(market)] == [PayoutState.DROPPED, PayoutState.PROPOSED]
    _approve(market, CHECKER, again)
    with pytest.raises(NothingPayable):
        propose_payouts(market, MAKER, HERE, key=key())


def test_what_became_payable_after_the_statement_waits_for_the_next(
    market: Market, clock: FakeClock, world: World
) -> None:
    seller = world.shop.stalls.producer
    confirmed(market, clock, world)
    stated = payable(market, seller)
    deliver(market, bought(market, world, boxes=1))
    clock.advance(days=8)
    release_due(market)

    propose_payouts(market, MAKER, HERE, key=key())

    assert [each.amount_fen for each in payouts(market)] == [stated]
    assert payable(market, seller) > stated


def test_a_refund_before_the_proposal_is_taken_off_though_no_worker_ran(
    market: Market, clock: FakeClock, world: World
) -> None:
    seller = world.shop.stalls.producer
    order_id = confirmed(market, clock, world)
    before = payable(market, seller)
    refund(market, line_of(market, order_id), pieces=1)

    batch = propose_payouts(market, MAKER, HERE, key=key())

    (payout,) = payouts(market)
    assert payout.amount_fen == payable(market, seller) < before
    _approve(market, CHECKER, batch)
    assert payable(market, seller) == 0
    assert is_right(market)


def test_a_refund_between_proposal_and_approval_drops_the_payout(
    market: Market, clock: FakeClock, world: World
) -> None:
    seller = world.shop.stalls.producer
    order_id = confirmed(market, clock, world)
    batch = propose_payouts(market, MAKER, HERE, key=key())
    refund(market, line_of(market, order_id), pieces=1)

    _approve(market, CHECKER, batch)

    (payout,) = payouts(market)
    assert (payout.state, payout.reason) == (PayoutState.DROPPED, "NOT_PAYABLE")
    assert batch_state(market, batch) == BatchState.COMPLETED
    assert payable(market, seller) > 0
    assert is_right(market)


def test_a_refund_after_the_payout_is_owed_and_taken_off_the_next_one(
    market: Market, clock: FakeClock, world: World
) -> None:
    seller = world.shop.stalls.producer
    order_id = confirmed(market, clock, world)
    batch = propose_payouts(market, MAKER, HERE, key=key())
    _approve(market, CHECKER, batch)
    record_paid(market, MAKER, payout_id=payouts(market)[0].id, reference="ICBC-1", key=key())
    refund(market, line_of(market, order_id), pieces=1)
    net_refunds(market)
    owed = payable(market, seller)
    assert owed < 0

    confirmed(market, clock, world, boxes=2)
    clock.advance(days=31)
    draft_statements(market)
    agree(market)
    balance = payable(market, seller)
    propose_payouts(market, MAKER, HERE, key=key())

    with market.read() as session:
        closings = session.exec(
            select(Statement.closing_fen).where(Statement.party == seller).order_by(col(Statement.last_day))
        ).all()
    assert closings[-1] == balance
    assert payouts(market)[-1].amount_fen == balance
    assert is_right(market)


def test_a_payout_that_failed_is_payable_again(market: Market, clock: FakeClock, world: World) -> None:
    seller = world.shop.stalls.producer
    confirmed(market, clock, world)
    owed = payable(market, seller)
    batch = propose_payouts(market, MAKER, HERE, key=key())
    _approve(market, CHECKER, batch)
    (payout,) = payouts(market)
    with_key = key()
    record_failed(market, MAKER, payout_id=payout.id, reason="户名不符", key=with_key)
    record_failed(market, MAKER, payout_id=payout.id, reason="户名不符", key=with_key)
    with pytest.raises(IllegalTransition):
        record_paid(market, MAKER, payout_id=payout.id, reference="ICBC-1", key=key())

    assert payable(market, seller) == owed
    assert fen(market, AccountKind.PAYOUT_CLEARING, "") == 0
    assert batch_state(market, batch) == BatchState.COMPLETED
    propose_payouts(market, MAKER, HERE, key=key())
    assert payouts(market)[-1].amount_fen == owed
    assert is_right(market)
