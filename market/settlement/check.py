"""Do the books agree: the ledger with itself, and with all that was made of it? Nothing is ever found, or something is
badly wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.ledger.check import ledger_check
from market.ledger.rules import AccountKind, TxnKind
from market.ledger.tables import LedgerAccount, LedgerEntry, LedgerTxn
from market.settlement.rules import PayoutState
from market.settlement.tables import Payout, Release, Statement, StatementLine


class Fault(StrEnum):
    """What can be wrong: of the ledger itself, then of what is made of it."""

    UNPOSTED = "UNPOSTED"
    UNBALANCED = "UNBALANCED"
    EMPTY = "EMPTY"
    BALANCE = "BALANCE"
    REVERSAL = "REVERSAL"
    RELEASE = "RELEASE"
    STATEMENT = "STATEMENT"
    PAYOUT = "PAYOUT"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a transaction, an account, a statement or a payout, and by how many fen it is off."""

    kind: Fault
    subject: str
    off_fen: int = 0


def _table(model: type[SQLModel]) -> sa.Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


_ACCOUNTS, _TXNS, _ENTRIES = _table(LedgerAccount), _table(LedgerTxn), _table(LedgerEntry)
_RELEASES, _STATEMENTS, _LINES, _PAYOUTS = _table(Release), _table(Statement), _table(StatementLine), _table(Payout)


def check_ledger(market: Market, actor: Actor) -> list[Finding]:
    """Everything that is wrong; nothing, always. Refuses: NotSignedIn; Forbidden."""
    reach(actor, Permission.SETTLEMENT_MANAGE)
    with market.read(patiently=True) as session:
        return check_books(session)


def check_books(session: Session) -> list[Finding]:
    """Step: everything that is wrong. Walks all of it."""
    ledger = [Finding(Fault(each.kind.value), each.subject, each.off_fen) for each in ledger_check(session)]
    return [*ledger, *_releases(session), *_statements(session), *_payouts(session)]


def _payable() -> sa.Subquery:
    """What each transaction gave to each party's payable account: what is owed above zero."""
    return (
        sa.select(
            _ENTRIES.c.txn_id,
            _ACCOUNTS.c.owner.label("party"),
            (-_ENTRIES.c.amount_fen).label("fen"),
            _TXNS.c.business_day,
            _TXNS.c.kind,
        )
        .join(_ACCOUNTS, _ACCOUNTS.c.id == _ENTRIES.c.account_id)
        .join(_TXNS, _TXNS.c.id == _ENTRIES.c.txn_id)
        .where(_ACCOUNTS.c.kind == AccountKind.SELLER_PAYABLE)
        .subquery()
    )


def _found(session: Session, kind: Fault, query: sa.Select[Any]) -> Iterator[Finding]:
    for row in session.execute(query):
        yield Finding(kind, row.subject, int(row.off or 0))


def _releases(session: Session) -> Iterator[Finding]:
    """Releases that the ledger does not have, or has otherwise."""
    ledger = _payable()
    off = _RELEASES.c.amount_fen - sa.func.coalesce(ledger.c.fen, 0)
    yield from _found(
        session,
        Fault.RELEASE,
        sa.select(_RELEASES.c.id.label("subject"), off.label("off"))
        .outerjoin(ledger, sa.and_(ledger.c.txn_id == _RELEASES.c.id, ledger.c.party == _RELEASES.c.party))
        .where(off != 0)
        .order_by(_RELEASES.c.id),
    )
    yield from _found(
        session,
        Fault.RELEASE,
        sa.select(ledger.c.txn_id.label("subject"), ledger.c.fen.label("off"))
        .outerjoin(_RELEASES, _RELEASES.c.id == ledger.c.txn_id)
        .where(ledger.c.kind == TxnKind.RELEASE, _RELEASES.c.id.is_(None))
        .order_by(ledger.c.txn_id),
    )


def _statements(session: Session) -> Iterator[Finding]:
    """Statements whose balances or lines are not the ledger's, to the fen."""
    ledger = _payable()

    def owed(*when: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
        found = sa.select(sa.func.coalesce(sa.func.sum(ledger.c.fen), 0))
        return found.where(ledger.c.party == _STATEMENTS.c.party, *when).correlate(_STATEMENTS).scalar_subquery()

    lines = (
        sa.select(sa.func.coalesce(sa.func.sum(_LINES.c.amount_fen), 0))
        .where(_LINES.c.statement_id == _STATEMENTS.c.id)
        .correlate(_STATEMENTS)
        .scalar_subquery()
    )
    for off in (
        _STATEMENTS.c.opening_fen - owed(ledger.c.business_day < _STATEMENTS.c.first_day),
        _STATEMENTS.c.closing_fen - owed(ledger.c.business_day <= _STATEMENTS.c.last_day),
        _STATEMENTS.c.closing_fen - _STATEMENTS.c.opening_fen - lines,
    ):
        query = sa.select(_STATEMENTS.c.id.label("subject"), off.label("off")).where(off != 0)
        yield from _found(session, Fault.STATEMENT, query.order_by(_STATEMENTS.c.id))


def _payouts(session: Session) -> Iterator[Finding]:
    """Payouts whose money did not move as their state says."""
    for kind, states in (
        (TxnKind.PAYOUT, (PayoutState.APPROVED, PayoutState.PAID, PayoutState.FAILED)),
        (TxnKind.PAYOUT_PAID, (PayoutState.PAID,)),
    ):
        moved = (
            sa.select(_TXNS.c.reference, sa.func.sum(sa.func.abs(_ENTRIES.c.amount_fen)).label("twice"))
            .join(_ENTRIES, _ENTRIES.c.txn_id == _TXNS.c.id)
            .where(_TXNS.c.kind == kind)
            .group_by(_TXNS.c.reference)
            .subquery()
        )
        due = sa.case((_PAYOUTS.c.state.in_(states), _PAYOUTS.c.amount_fen * 2), else_=0)
        off = due - sa.func.coalesce(moved.c.twice, 0)
        query = (
            sa.select(_PAYOUTS.c.id.label("subject"), off.label("off"))
            .outerjoin(moved, moved.c.reference == _PAYOUTS.c.id)
            .where(off != 0)
        )
        yield from _found(session, Fault.PAYOUT, query.order_by(_PAYOUTS.c.id))
