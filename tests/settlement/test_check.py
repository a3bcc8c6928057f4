"""`ledgerCheck` and `market ledger check` find whatever does not agree; a history of anything at all leaves nothing to
find."""

from collections.abc import Callable
from random import Random

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select
from typer.testing import CliRunner

from market.kernel.errors import Forbidden, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR
from market.kernel.triggers import free
from market.ledger.tables import LedgerAccount
from market.orders.rules import LineKind
from market.orders.tables import OrderLine
from market.server.cli import build_cli
from market.settlement.check import Fault, check_books, check_ledger
from market.settlement.errors import NothingPayable
from market.settlement.payouts.decide import approve_payouts, record_failed, record_paid, reject_payouts
from market.settlement.payouts.propose import BatchDraft, propose_payouts
from market.settlement.release import net_refunds, release_due
from market.settlement.rules import PayoutState, StatementState
from market.settlement.statements.draft import draft_statements
from market.settlement.tables import Payout, Release, Statement, StatementLine
from schema.cli import PARTS
from tests.checkout.shop import key
from tests.clock import FakeClock
from tests.settlement.world import (
    World,
    bought,
    build,
    deliver,
    is_right,
    payable,
    pending,
    people_of,
    refund,
    staff,
)

MAKER, CHECKER = staff(1), staff(2)


@pytest.fixture(name="world")
def _world(market: Market) -> World:
    return build(market)


def settle(market: Market, clock: FakeClock, world: World) -> None:
    """One order all the way to a payout that is on its way."""
    deliver(market, bought(market, world, boxes=2))
    clock.advance(days=8)
    release_due(market)
    clock.advance(days=31)
    draft_statements(market)
    with market.transaction() as session:
        session.execute(sa.update(Statement).values(state=StatementState.CONFIRMED))
    batch = propose_payouts(market, MAKER, BatchDraft("330213000000"), key=key())
    approve_payouts(market, CHECKER, batch_id=batch, key=key())


def raise_balance(session: Session) -> None:
    session.execute(
        sa.update(LedgerAccount)
        .where(col(LedgerAccount.kind) == "COMMISSION")
        .values(balance_fen=LedgerAccount.balance_fen + 7)
    )


def raise_statement(session: Session) -> None:
    session.execute(
        sa.update(Statement).values(closing_fen=Statement.closing_fen + 7, corrected_fen=Statement.corrected_fen + 7)
    )


def drop_line(session: Session) -> None:
    session.execute(sa.delete(StatementLine).where(col(StatementLine.amount_fen) > 0))


def raise_release(session: Session) -> None:
    session.execute(sa.update(Release).values(amount_fen=Release.amount_fen + 7, paid_fen=Release.paid_fen + 7))


def forget_release(session: Session) -> None:
    session.execute(sa.delete(Release))


def claim_paid(session: Session) -> None:
    session.execute(sa.update(Payout).values(state=PayoutState.PAID))


def claim_more(session: Session) -> None:
    session.execute(sa.update(Payout).values(amount_fen=Payout.amount_fen + 7))


MEDDLED: list[tuple[Callable[[Session], None], Fault]] = [
    (raise_balance, Fault.BALANCE),
    (raise_statement, Fault.STATEMENT),
    (drop_line, Fault.STATEMENT),
    (raise_release, Fault.RELEASE),
    (forget_release, Fault.RELEASE),
    (claim_paid, Fault.PAYOUT),
    (claim_more, Fault.PAYOUT),
]


class UndoneError(Exception):
    """Takes back what was meddled with."""


def test_what_somebody_changed_behind_the_guards_is_found(market: Market, clock: FakeClock, world: World) -> None:
    settle(market, clock, world)
    for meddle, fault in MEDDLED:
        assert check_ledger(market, staff()) == []
        with pytest.raises(UndoneError), market.transaction() as session:
            for statement in free("ledger_release", market.database.engine.name):
                session.execute(sa.text(statement))
            meddle(session)
            found = check_books(session)
            assert {each.kind for each in found} == {fault}, meddle
            assert all(each.off_fen for each in found), meddle
            raise UndoneError


def test_only_staff_that_settle_ask(market: Market, world: World) -> None:
    with pytest.raises(NotSignedIn):
        check_ledger(market, VISITOR)
    with pytest.raises(Forbidden):
        check_ledger(market, people_of(world.cooperative))


def test_the_command_says_what_is_wrong_and_exits_with_one(
    market: Market, clock: FakeClock, world: World, database_url: str
) -> None:
    settle(market, clock, world)

    def run() -> tuple[int, str]:
        environment = {"MARKET_DATABASE_URL": database_url, "COLUMNS": "200"}
        result = CliRunner().invoke(build_cli(PARTS), ["ledger", "check"], env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.stdout

    assert run() == (0, "the books agree: ledger, releases, statements, payouts\n")
    with market.transaction() as session:
        raise_balance(session)
    code, told = run()
    assert code == 1
    assert "BALANCE" in told


class History:
    """Anything that can happen, in any order."""

    def __init__(self, market: Market, clock: FakeClock, world: World, dice: Random) -> None:
        self.market, self.clock, self.world, self.dice = market, clock, world, dice
        self.undelivered: list[str] = []
        self.acts = (
            [self.buy] * 4 + [self.deliver] * 3 + [self.refund] * 4 + [self.wait] * 3 + [self.work] * 3 + [self.pay] * 3
        )

    def buy(self) -> None:
        teas = (self.dice.randrange(3), self.dice.randrange(3))
        self.undelivered.append(bought(self.market, self.world, boxes=self.dice.randrange(1, 4), teas=teas))

    def deliver(self) -> None:
        if self.undelivered:
            deliver(self.market, self.undelivered.pop(self.dice.randrange(len(self.undelivered))))

    def refund(self) -> None:
        with self.market.read() as session:
            lines = session.exec(
                select(OrderLine).where(OrderLine.kind == LineKind.PRODUCT).order_by(col(OrderLine.id))
            ).all()
        if not lines:
            return
        line = self.dice.choice(lines)
        # A share only: whole pieces would end a part that was not handed over yet.
        refund(self.market, line, percent=self.dice.choice([1, 33, 50, 100]))

    def wait(self) -> None:
        self.clock.advance(days=self.dice.choice([1, 4, 9, 17]))

    def work(self) -> None:
        self.dice.choice([release_due, net_refunds, draft_statements])(self.market)

    def pay(self) -> None:
        market, dice = self.market, self.dice
        with market.transaction() as session:
            session.execute(sa.update(Statement).values(state=StatementState.CONFIRMED))
        try:
            batch = propose_payouts(market, MAKER, BatchDraft("330213000000"), key=key())
        except NothingPayable:
            return
        if dice.random() < 0.5:
            self.refund()
        if dice.random() < 0.2:
            reject_payouts(market, CHECKER, batch_id=batch, reason="再核", key=key())
            return
        before = {party: payable(market, party) for party in self.parties}
        approve_payouts(market, CHECKER, batch_id=batch, key=key())
        with market.read() as session:
            made = session.exec(
                select(Payout).where(Payout.batch_id == batch, Payout.state == PayoutState.APPROVED)
            ).all()
        for payout in made:
            assert payout.amount_fen <= before[payout.party]
            assert payable(market, payout.party) >= 0
            if dice.random() < 0.7:
                record_paid(market, MAKER, payout_id=payout.id, reference="ICBC", key=key())
            else:
                record_failed(market, MAKER, payout_id=payout.id, reason="户名不符", key=key())

    @property
    def parties(self) -> tuple[str, str]:
        return self.world.shop.stalls.producer, self.world.cooperative


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_the_books_agree_and_nobody_is_paid_more_than_there_is(
    market: Market, clock: FakeClock, world: World, seed: int
) -> None:
    history = History(market, clock, world, Random(seed))
    for _ in range(40):
        history.dice.choice(history.acts)()
        assert is_right(market)

    # In the end, all is delivered, released and netted: nothing is left pending.
    while history.undelivered:
        history.deliver()
    clock.advance(days=9)
    while release_due(market) or net_refunds(market) or draft_statements(market):
        pass
    assert is_right(market)
    assert [pending(market, party) for party in history.parties] == [0, 0]
