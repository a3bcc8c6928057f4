"""What the worker and the staff of the demo do all year: tidy, pay back, complete, settle."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlmodel import col, select

from market.aftersales.bookings import refund_departures
from market.aftersales.claims.answer import settle_due_claims
from market.bookings.no_show import mark_no_shows
from market.checkout.end import due_orders, end_unpaid
from market.checkout.till import on_refunded
from market.fulfilment.complete import complete_orders, receive_silent
from market.kernel.errors import Conflict
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.ledger.sales.fold import fold_sales
from market.orders.rules import OrderState
from market.payments.port import RefundAnswer, RefundAnswerState
from market.payments.refunds import due_refunds, record_refund
from market.people.manage import give_role, open_account
from market.sessions.holds import release_lapsed
from market.settlement.payouts.decide import approve_payouts, record_paid
from market.settlement.payouts.propose import BatchDraft, propose_payouts
from market.settlement.release import net_refunds, release_due
from market.settlement.rules import StatementState
from market.settlement.statements.answer import confirm_statement, issue_statements
from market.settlement.statements.draft import draft_statements
from market.settlement.tables import Payout, Statement
from market.stock.manage import take_back_holds
from seeds.ground import SEEDER
from seeds.people import CITY

if TYPE_CHECKING:
    from seeds.year.live import Year

_DUTIES: tuple[Callable[[Market], int], ...] = (
    take_back_holds,
    release_lapsed,
    refund_departures,
    mark_no_shows,
    settle_due_claims,
    receive_silent,
    complete_orders,
    release_due,
    net_refunds,
    fold_sales,
)
_CHECKER = Actor(ActorKind.ADMIN, account_id="seed-checker")
"""Who makes a batch of payouts may not approve it."""
CONFIRMED = 0.9
"""How many parties confirm their statement in time."""


def round_of_duties(year: "Year") -> None:
    """All that is due, each until there is no more."""
    market = year.market
    with market.read() as session:
        unpaid = due_orders(session, year.now, limit=500)
    for order_id in unpaid:
        with market.transaction() as session:
            end_unpaid(session, order_id, OrderState.EXPIRED, actor="SYSTEM", now=year.now)
    for duty in _DUTIES:
        while duty(market):
            pass
    while due := due_refunds(market):
        for each in due:
            number = each.intent.out_refund_no
            answer = RefundAnswer(number, RefundAnswerState.SUCCEEDED, f"demo_{number}", each.intent.amount_fen)
            record_refund(market, on_refunded, each.gateway, answer)


def month_end(year: "Year") -> None:
    """Last month's statements: drafted, issued, confirmed by their parties but for a few, and paid out in a batch."""
    round_of_duties(year)
    market = year.market
    while draft_statements(market):
        pass
    with market.read() as session:
        drafts = session.exec(
            select(Statement.id).where(Statement.state == StatementState.DRAFT).order_by(col(Statement.id))
        ).all()
    for start in range(0, len(drafts), 100):
        issue_statements(market, SEEDER, drafts[start : start + 100])
    with market.read() as session:
        issued = session.exec(
            select(Statement).where(Statement.state == StatementState.ISSUED).order_by(col(Statement.id))
        ).all()
    for statement in issued:
        if year.chance.random() < CONFIRMED:
            owner = _owner(year, statement.party)
            confirm_statement(market, owner, statement_id=statement.id, key=year.key())
    _pay_out(year)


def _owner(year: "Year", party: str) -> Actor:
    """Who signs for a party: made up when it has a first statement."""
    if party not in year.owners:
        number = len(year.owners)
        account_id = open_account(year.market, SEEDER, name=f"{number + 1} 号社长", phone=f"1990002{number:04}")
        give_role(year.market, SEEDER, account_id=account_id, role=Role.OWNER, within=party)
        year.owners[party] = Actor(ActorKind.MEMBER, account_id, organisations={party: frozenset({Role.OWNER})})
    return year.owners[party]


def _pay_out(year: "Year") -> None:
    try:
        batch = propose_payouts(year.market, SEEDER, BatchDraft(CITY), key=year.key())
    except Conflict:
        return  # nothing is payable yet
    approve_payouts(year.market, _CHECKER, batch_id=batch, key=year.key())
    with year.market.read() as session:
        payouts = session.exec(select(Payout.id).where(Payout.batch_id == batch).order_by(col(Payout.id))).all()
    for number, payout_id in enumerate(payouts):
        record_paid(
            year.market, SEEDER, payout_id=payout_id, reference=f"BANK{year.key()[-8:]}{number}", key=year.key()
        )
