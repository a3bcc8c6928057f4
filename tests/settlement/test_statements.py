"""Statements: what the ledger says, to the fen, confirmed or disputed by the party itself."""

from collections.abc import Sequence
from datetime import date

import pytest
from sqlmodel import select

from market.kernel.audit import AuditEntry
from market.kernel.errors import Forbidden, IllegalTransition, Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Role
from market.live.notices import Notice
from market.people.manage import give_role, open_account
from market.server.lifecycle import HANDLERS
from market.server.notices import notice_handlers
from market.server.worker import delivery
from market.settlement.release import net_refunds, release_due
from market.settlement.rules import SettlementPeriod, StatementState
from market.settlement.statements.answer import (
    answer_dispute,
    confirm_statement,
    dispute_statement,
    issue_statements,
    set_settlement_period,
)
from market.settlement.statements.draft import draft_statements
from market.settlement.tables import Statement, StatementLine, StatementMember
from tests.checkout.shop import key
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN
from tests.settlement.world import (
    World,
    bought,
    build,
    deliver,
    hired,
    is_right,
    line_of,
    payable,
    people_of,
    refund,
    staff,
)


@pytest.fixture(name="world")
def _world(market: Market) -> World:
    return build(market)


def statements(market: Market, party: str) -> list[Statement]:
    with market.read() as session:
        return list(
            session.exec(select(Statement).where(Statement.party == party).order_by(Statement.first_day)).all()  # type: ignore[arg-type]
        )


def earn(market: Market, clock: FakeClock, world: World, *, boxes: int = 1, teas: tuple[int, int] = (0, 0)) -> str:
    """Sold, delivered, and payable eight days later."""
    order_id = bought(market, world, boxes=boxes, teas=teas)
    deliver(market, order_id)
    clock.advance(days=8)
    release_due(market)
    return order_id


def drafted(market: Market, clock: FakeClock, world: World) -> Statement:
    """June's statement of the producer."""
    earn(market, clock, world)
    clock.now = clock.now.replace(month=7, day=1, hour=2)
    draft_statements(market)
    (statement,) = statements(market, world.shop.stalls.producer)
    return statement


def test_a_month_is_stated_as_the_ledger_has_it_with_its_balances_carried_on(
    market: Market, clock: FakeClock, world: World
) -> None:
    seller = world.shop.stalls.producer
    first = earn(market, clock, world, boxes=2)
    in_june = payable(market, seller)
    clock.now = clock.now.replace(month=6, day=30, hour=16, minute=59)  # 00:59 of July in Shanghai
    assert draft_statements(market) == 0
    clock.advance(minutes=1)

    assert draft_statements(market) == 1
    assert draft_statements(market) == 0

    earn(market, clock, world, boxes=1)
    refund(market, line_of(market, first), pieces=1)
    net_refunds(market)
    clock.now = clock.now.replace(month=8, day=2)
    draft_statements(market)
    june, july = statements(market, seller)
    assert (june.first_day, june.last_day) == (date(2026, 6, 1), date(2026, 6, 30))
    assert (june.opening_fen, june.released_fen, june.closing_fen) == (0, in_june, in_june)
    assert june.line_count == 2, "the boxes and their delivery"
    assert (july.first_day, july.last_day, july.opening_fen) == (date(2026, 7, 1), date(2026, 7, 31), in_june)
    assert july.refunded_fen < 0 < july.released_fen
    assert july.closing_fen == in_june + july.released_fen + july.refunded_fen == payable(market, seller)
    with market.read() as session:
        lines = session.exec(select(StatementLine).where(StatementLine.statement_id == july.id)).all()
    assert sum(each.amount_fen for each in lines) == july.closing_fen - july.opening_fen
    assert all(each.amount_fen == each.paid_fen + each.voucher_fen - each.commission_fen for each in lines)
    assert is_right(market)


def test_a_cooperatives_statement_has_an_account_of_each_member(market: Market, clock: FakeClock, world: World) -> None:
    earn(market, clock, world, boxes=0, teas=(1, 3))
    clock.now = clock.now.replace(month=7, day=2)
    draft_statements(market)

    (statement,) = statements(market, world.cooperative)

    with market.read() as session:
        members = session.exec(select(StatementMember).order_by(StatementMember.amount_fen)).all()  # type: ignore[arg-type]
    assert [each.producer_id for each in members] == list(world.members)
    assert all(each.is_member for each in members)
    assert sum(each.amount_fen for each in members) == statement.released_fen
    assert members[0].commission_fen == 250


def test_twice_a_month_for_whoever_wants_it_so_without_a_day_twice(
    market: Market, clock: FakeClock, world: World
) -> None:
    seller = world.shop.stalls.producer
    set_settlement_period(market, staff(), party=seller, period=SettlementPeriod.HALF_MONTH)
    earn(market, clock, world)
    clock.now = clock.now.replace(month=6, day=16)
    draft_statements(market)
    set_settlement_period(market, staff(), party=seller, period=SettlementPeriod.MONTH)
    clock.now = clock.now.replace(month=8, day=2)
    while draft_statements(market):
        pass

    found = statements(market, seller)

    assert [(str(each.first_day), str(each.last_day)) for each in found] == [
        ("2026-06-01", "2026-06-15"),
        ("2026-06-16", "2026-06-30"),
        ("2026-07-01", "2026-07-31"),
    ]
    assert is_right(market)


def test_the_party_confirms_once_it_was_issued_and_only_the_party(
    market: Market, clock: FakeClock, world: World
) -> None:
    statement = drafted(market, clock, world)
    seller = hired(market, statement.party)
    with pytest.raises(NotFound):
        confirm_statement(market, seller, statement_id=statement.id, key=key())
    assert issue_statements(market, staff(), [statement.id]) == [statement.id]
    for stranger in (people_of(world.cooperative), people_of(world.members[0], Role.OWNER)):
        with pytest.raises(NotFound):
            confirm_statement(market, stranger, statement_id=statement.id, key=key())
    for nobody in (people_of(statement.party, Role.EDITOR), staff()):
        with pytest.raises(Forbidden):
            confirm_statement(market, nobody, statement_id=statement.id, key=key())

    with_key = key()
    assert confirm_statement(market, seller, statement_id=statement.id, key=with_key) == statement.id
    assert confirm_statement(market, seller, statement_id=statement.id, key=with_key) == statement.id

    with pytest.raises(IllegalTransition):
        dispute_statement(market, seller, statement_id=statement.id, reason="少了", key=key())
    (now,) = statements(market, statement.party)
    assert (now.state, now.answered_by) == (StatementState.CONFIRMED, seller.account_id)
    with market.read() as session:
        actions = session.exec(select(AuditEntry.action).where(AuditEntry.subject == statement.id)).all()
    assert sorted(actions) == ["statement.confirm", "statement.issue"]


def test_a_dispute_says_why_and_staff_of_the_region_answer_it(market: Market, clock: FakeClock, world: World) -> None:
    statement = drafted(market, clock, world)
    seller = hired(market, statement.party)
    issue_statements(market, staff(), [statement.id])
    with pytest.raises(Invalid):
        dispute_statement(market, seller, statement_id=statement.id, reason="  ", key=key())
    dispute_statement(market, seller, statement_id=statement.id, reason="少了一箱", key=key())
    with pytest.raises(NotFound):
        answer_dispute(market, staff(region="330281000000"), statement_id=statement.id, answer="已核", key=key())

    answer_dispute(market, staff(), statement_id=statement.id, answer="已核对，无误", key=key())

    (now,) = statements(market, statement.party)
    assert (now.state, now.dispute, now.answer) == (StatementState.ISSUED, "少了一箱", "已核对，无误")
    confirm_statement(market, seller, statement_id=statement.id, key=key())


def test_a_party_is_told_of_each_statement_that_waits_for_its_answer(
    market: Market, clock: FakeClock, world: World
) -> None:
    party = world.shop.stalls.producer
    for number, role in enumerate((Role.OWNER, Role.FINANCE, Role.EDITOR), start=1):
        account = open_account(market, ADMIN, name="老王", phone=f"1380000000{number}")
        give_role(market, ADMIN, account_id=account, role=role, within=party)
    give_role(market, ADMIN, account_id=account, role=Role.FINANCE, within=party)  # the editor does the books, too
    statement = drafted(market, clock, world)
    issue_statements(market, staff(), [statement.id])
    told: list[tuple[str, Notice, list[str]]] = []

    class Phones:
        """Where notices arrive."""

        def tell(self, phone: str, notice: Notice, parameters: Sequence[str]) -> None:
            """It arrives."""
            told.append((phone, notice, list(parameters)))

    duty = delivery({**HANDLERS, **notice_handlers(market, Phones())})
    while duty.act(market):
        pass

    mine = [each for each in told if each[1] is Notice.STATEMENT]
    assert sorted(each[0] for each in mine) == ["13800000001", "13800000002", "13800000003"]
    assert {each[2][1] for each in mine} == {"2026-06-30"}


def test_issuing_is_for_staff_of_the_region_all_or_none(market: Market, clock: FakeClock, world: World) -> None:
    statement = drafted(market, clock, world)
    for actor, refusal in (
        (VISITOR, Exception),
        (people_of(statement.party), Forbidden),
        (staff(region="330281000000"), NotFound),
    ):
        with pytest.raises(refusal):
            issue_statements(market, actor, [statement.id])
    with pytest.raises(NotFound):
        issue_statements(market, staff(), [statement.id, market.new_id("stm")])

    assert statements(market, statement.party)[0].state == StatementState.DRAFT
