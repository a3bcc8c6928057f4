"""Is the ledger right? Finds what the database's own rules would have had to let through."""

from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.ledger.tables import LedgerAccount, LedgerEntry, LedgerTxn

_ACCOUNTS = SQLModel.metadata.tables[str(LedgerAccount.__tablename__)]
_TXNS = SQLModel.metadata.tables[str(LedgerTxn.__tablename__)]
_ENTRIES = SQLModel.metadata.tables[str(LedgerEntry.__tablename__)]


class Wrong(StrEnum):
    """What can be wrong."""

    UNPOSTED = "UNPOSTED"
    UNBALANCED = "UNBALANCED"
    EMPTY = "EMPTY"
    BALANCE = "BALANCE"
    REVERSAL = "REVERSAL"


@dataclass(frozen=True, slots=True)
class LedgerFinding:
    """Something wrong with a transaction or an account, and by how many fen it is off."""

    kind: Wrong
    subject: str
    off_fen: int = 0


def ledger_check(session: Session) -> list[LedgerFinding]:
    """Everything that is wrong; nothing, always. Walks the whole ledger, in one snapshot when the session has one."""
    return [
        *_unposted(session),
        *_unbalanced(session),
        *_off_balance(session),
        *_crooked_reversals(session),
    ]


def _unposted(session: Session) -> list[LedgerFinding]:
    rows = session.execute(sa.select(_TXNS.c.id).where(_TXNS.c.is_posted.is_(False)).order_by(_TXNS.c.id))
    return [LedgerFinding(Wrong.UNPOSTED, row.id) for row in rows]


def _unbalanced(session: Session) -> list[LedgerFinding]:
    total = sa.func.sum(_ENTRIES.c.amount_fen)
    rows = session.execute(
        sa.select(_TXNS.c.id, sa.func.coalesce(total, 0).label("off"), sa.func.count(_ENTRIES.c.txn_id).label("parts"))
        .outerjoin(_ENTRIES, _ENTRIES.c.txn_id == _TXNS.c.id)
        .group_by(_TXNS.c.id)
        .having(sa.or_(sa.func.coalesce(total, 0) != 0, sa.func.count(_ENTRIES.c.txn_id) == 0))
        .order_by(_TXNS.c.id)
    )
    return [LedgerFinding(Wrong.UNBALANCED if row.parts else Wrong.EMPTY, row.id, off_fen=int(row.off)) for row in rows]


def _off_balance(session: Session) -> list[LedgerFinding]:
    total = sa.func.coalesce(sa.func.sum(_ENTRIES.c.amount_fen), 0)
    rows = session.execute(
        sa.select(_ACCOUNTS.c.id, (_ACCOUNTS.c.balance_fen - total).label("off"))
        .outerjoin(_ENTRIES, _ENTRIES.c.account_id == _ACCOUNTS.c.id)
        .group_by(_ACCOUNTS.c.id, _ACCOUNTS.c.balance_fen)
        .having(_ACCOUNTS.c.balance_fen != total)
        .order_by(_ACCOUNTS.c.id)
    )
    return [LedgerFinding(Wrong.BALANCE, row.id, off_fen=int(row.off)) for row in rows]


def _crooked_reversals(session: Session) -> list[LedgerFinding]:
    """Reversals that are not their original's opposite, account by account."""
    undo, original = _ENTRIES.alias("undo"), _ENTRIES.alias("original")
    pairs = (
        sa.select(_TXNS.c.id)
        .join(original, original.c.txn_id == _TXNS.c.reverses)
        .outerjoin(undo, sa.and_(undo.c.txn_id == _TXNS.c.id, undo.c.account_id == original.c.account_id))
        .where(sa.func.coalesce(undo.c.amount_fen, 0) != -original.c.amount_fen)
        .distinct()
        .order_by(_TXNS.c.id)
    )
    return [LedgerFinding(Wrong.REVERSAL, row.id) for row in session.execute(pairs)]
