"""The ledger put right by two people: reversed and posted anew, never rewritten."""

from collections.abc import Sequence

import pytest
from sqlmodel import col, select

from market.kernel.errors import Forbidden, IllegalTransition, Invalid, NotFound
from market.kernel.market import Market
from market.ledger.rules import AccountKind, LedgerConflict, TxnKind
from market.ledger.tables import LedgerTxn
from market.settlement.corrections import (
    CorrectionDraft,
    CorrectionEntry,
    approve_correction,
    propose_correction,
    reject_correction,
)
from market.settlement.errors import SamePerson
from market.settlement.release import net_refunds, release_due
from market.settlement.rules import ReleaseOf
from market.settlement.tables import Release
from tests.checkout.shop import key
from tests.clock import FakeClock
from tests.settlement.world import (
    World,
    bought,
    build,
    deliver,
    fen,
    is_right,
    line_of,
    payable,
    pending,
    people_of,
    refund,
    staff,
)

MAKER, CHECKER = staff(1), staff(2)
COMMISSION, PAYABLE, MEMBER = AccountKind.COMMISSION, AccountKind.SELLER_PAYABLE, AccountKind.MEMBER


@pytest.fixture(name="world")
def _world(market: Market) -> World:
    return build(market)


def draft(world: World, *entries: tuple[AccountKind, int], reverses: str | None = None) -> CorrectionDraft:
    made = tuple(CorrectionEntry(kind, amount) for kind, amount in entries)
    return CorrectionDraft(world.shop.stalls.producer, "佣金多收", reverses, made)


def txns(market: Market, kind: TxnKind) -> Sequence[str]:
    with market.read() as session:
        return session.exec(select(LedgerTxn.id).where(LedgerTxn.kind == kind).order_by(col(LedgerTxn.id))).all()


def released(market: Market, clock: FakeClock, world: World) -> str:
    order_id = bought(market, world, boxes=2)
    deliver(market, order_id)
    clock.advance(days=8)
    release_due(market)
    return order_id


def test_commission_taken_too_much_is_given_back_by_two_people(market: Market, clock: FakeClock, world: World) -> None:
    seller = world.shop.stalls.producer
    released(market, clock, world)
    before = payable(market, seller), fen(market, COMMISSION, "")
    made = propose_correction(market, MAKER, draft(world, (COMMISSION, 100), (PAYABLE, -100)), key=key())
    assert (payable(market, seller), fen(market, COMMISSION, "")) == before, "nothing moves yet"
    with pytest.raises(SamePerson):
        approve_correction(market, MAKER, correction_id=made, key=key())

    approve_correction(market, CHECKER, correction_id=made, key=key())

    with pytest.raises(IllegalTransition):
        approve_correction(market, CHECKER, correction_id=made, key=key())
    assert (payable(market, seller), fen(market, COMMISSION, "")) == (before[0] + 100, before[1] - 100)
    assert is_right(market)


def test_a_wrong_correction_is_reversed_once(market: Market, clock: FakeClock, world: World) -> None:
    seller = world.shop.stalls.producer
    released(market, clock, world)
    before = payable(market, seller)
    made = propose_correction(market, MAKER, draft(world, (COMMISSION, 100), (PAYABLE, -100)), key=key())
    approve_correction(market, CHECKER, correction_id=made, key=key())
    (wrong,) = txns(market, TxnKind.CORRECTION)
    undoing = [propose_correction(market, MAKER, draft(world, reverses=wrong), key=key()) for _ in range(2)]

    approve_correction(market, CHECKER, correction_id=undoing[0], key=key())

    with pytest.raises(LedgerConflict):
        approve_correction(market, CHECKER, correction_id=undoing[1], key=key())
    reject_correction(market, CHECKER, correction_id=undoing[1], key=key())
    assert payable(market, seller) == before
    assert is_right(market)


def test_a_release_taken_back_stays_back_whatever_is_refunded_later(
    market: Market, clock: FakeClock, world: World
) -> None:
    seller = world.shop.stalls.producer
    order_id = released(market, clock, world)
    before = payable(market, seller)
    with market.read() as session:
        wrong = session.exec(select(Release.id).where(Release.kind == ReleaseOf.PRODUCT)).one()
    made = propose_correction(market, MAKER, draft(world, reverses=wrong), key=key())
    approve_correction(market, CHECKER, correction_id=made, key=key())
    taken = before - payable(market, seller)
    assert pending(market, seller) == taken > 0
    refund(market, line_of(market, order_id), pieces=1)

    net_refunds(market)

    assert release_due(market) == 0
    assert payable(market, seller) == before - taken
    assert 0 < pending(market, seller) < taken
    assert is_right(market)


def test_what_does_not_balance_or_is_nobodys_business_is_refused(market: Market, world: World) -> None:
    wrong: list[tuple[tuple[AccountKind, int], ...]] = [
        (),
        ((COMMISSION, 100),),
        ((COMMISSION, 100), (PAYABLE, -99)),
        ((COMMISSION, 0), (PAYABLE, 0)),
        ((COMMISSION, 100), (COMMISSION, -100)),
        ((MEMBER, 100), (PAYABLE, -100)),
        ((COMMISSION, 10**15), (PAYABLE, -(10**15))),
    ]
    for entries in wrong:
        with pytest.raises(Invalid):
            propose_correction(market, MAKER, draft(world, *entries), key=key())


def test_sales_and_strangers_transactions_are_not_reversed_here(market: Market, clock: FakeClock, world: World) -> None:
    released(market, clock, world)
    (sale,) = txns(market, TxnKind.SALE)
    with pytest.raises(Invalid):
        propose_correction(market, MAKER, draft(world, reverses=sale), key=key())
    release = txns(market, TxnKind.RELEASE)[0]
    with pytest.raises(NotFound):
        propose_correction(market, MAKER, CorrectionDraft(world.cooperative, "错", release), key=key())
    with pytest.raises(NotFound):
        propose_correction(market, staff(3, "330281000000"), draft(world, reverses=release), key=key())
    with pytest.raises(Forbidden):
        propose_correction(market, people_of(world.cooperative), draft(world, reverses=release), key=key())
