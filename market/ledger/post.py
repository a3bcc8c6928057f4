"""Steps that post. Read `post` first: everything else is made of it."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel

from market.kernel.clock import business_day
from market.kernel.errors import NotFound
from market.kernel.ids import new_id
from market.ledger.rules import AccountKey, AccountKind, Entry, LedgerConflict, TxnKind, merged
from market.ledger.tables import LedgerAccount, LedgerEntry, LedgerTxn

_ACCOUNTS = SQLModel.metadata.tables[str(LedgerAccount.__tablename__)]
_TXNS = SQLModel.metadata.tables[str(LedgerTxn.__tablename__)]
_ENTRIES = SQLModel.metadata.tables[str(LedgerEntry.__tablename__)]
_TXN, _ENTRY, _ACCOUNT = _TXNS.c, _ENTRIES.c, _ACCOUNTS.c

# Built once: every payment runs them.
_ADD_TXN = insert(_TXNS).on_conflict_do_nothing().returning(_TXN.id)
_FIND_TXN = sa.select(_TXN.id).where(_TXN.kind == sa.bindparam("of_kind"), _TXN.reference == sa.bindparam("of"))
_ADD_ENTRY = sa.insert(_ENTRIES)
_POST = sa.update(_TXNS).where(_TXN.id == sa.bindparam("of")).values(is_posted=True)
# Makes the account, or takes its row: either way its balance moves, in one statement.
_NEW = insert(_ACCOUNTS)
_MOVED = _NEW.on_conflict_do_update(
    index_elements=[_ACCOUNT.kind, _ACCOUNT.owner],
    set_={"balance_fen": _ACCOUNT.balance_fen + _NEW.excluded.balance_fen},
)
_MOVE = _MOVED.returning(_ACCOUNT.id)
_TAKE = _MOVED.returning(_ACCOUNT.balance_fen)
_AMOUNTS = (
    sa.select(_ACCOUNT.kind, _ACCOUNT.owner, _ENTRY.amount_fen)
    .join(_ACCOUNTS, _ACCOUNT.id == _ENTRY.account_id)
    .where(_ENTRY.txn_id == sa.bindparam("of"))
)
_BALANCE = sa.select(_ACCOUNT.balance_fen).where(
    _ACCOUNT.kind == sa.bindparam("of_kind"), _ACCOUNT.owner == sa.bindparam("of")
)


def post(
    session: Session,
    kind: TxnKind,
    *,
    reference: str,
    entries: Sequence[Entry],
    at: datetime,
    reverses: str | None = None,
) -> str:
    """Step: move money between accounts; the transaction's id. Late in a database transaction: platform accounts are
    everybody's, and their rows stay taken until it ends.

    Refuses: LedgerConflict when this kind and reference were posted with other entries; ValueError for entries that do
    not balance or move nothing.
    Once: the same kind, reference and entries give the first transaction's id.
    Guards: UNIQUE (kind, reference); the database posts nothing that does not balance. Accounts are taken in the order
    of their keys.
    """
    amounts = merged(entries)
    txn_id = new_id("txn")
    row = {"id": txn_id, "kind": kind, "reference": reference, "reverses": reverses}
    times = {"at": at, "business_day": business_day(at), "is_posted": False}
    if session.execute(_ADD_TXN, {**row, **times}).one_or_none() is None:
        return _posted_before(session, kind, reference, amounts)
    made = []
    for key, amount in amounts.items():
        account = {"id": new_id("lac"), "kind": key.kind, "owner": key.owner, "balance_fen": amount, "created_at": at}
        account_id = session.execute(_MOVE, account).scalar_one()
        made.append({"txn_id": txn_id, "account_id": account_id, "amount_fen": amount})
    session.execute(_ADD_ENTRY, made)
    session.execute(_POST, {"of": txn_id})
    return txn_id


def reverse(session: Session, txn_id: str, *, reference: str, at: datetime) -> str:
    """Step: undo a transaction by its opposite; the new one's id. Refuses: NotFound; LedgerConflict.

    Once: a transaction is reversed one time, by whichever reference came first.
    """
    amounts = amounts_of(session, txn_id)
    if not amounts:
        raise NotFound(field="transaction")
    before = session.execute(sa.select(_TXN.id, _TXN.reference).where(_TXN.reverses == txn_id)).one_or_none()
    if before is not None:
        if before.reference != reference:
            raise LedgerConflict(reference=reference)
        return str(before.id)
    entries = [Entry(key, -amount) for key, amount in amounts.items()]
    return post(session, TxnKind.REVERSAL, reference=reference, entries=entries, at=at, reverses=txn_id)


def amounts_of(session: Session, txn_id: str) -> dict[AccountKey, int]:
    """Step: what each account got by a transaction; empty when there is none."""
    rows = session.execute(_AMOUNTS, {"of": txn_id}).all()
    return {AccountKey(AccountKind(row.kind), row.owner): row.amount_fen for row in rows}


def balance(session: Session, account: AccountKey) -> int:
    """Step: an account's balance in fen; 0 for one that nothing was posted to."""
    found = session.execute(_BALANCE, {"of_kind": account.kind, "of": account.owner}).scalar_one_or_none()
    return int(found or 0)


def take_balance(session: Session, account: AccountKey, *, at: datetime) -> int:
    """Step: an account's balance in fen, its row taken until the transaction ends: whoever decides by a balance does
    so alone. The account is made when it is not there."""
    row = {"id": new_id("lac"), "kind": account.kind, "owner": account.owner, "balance_fen": 0, "created_at": at}
    return int(session.execute(_TAKE, row).scalar_one())


def _posted_before(session: Session, kind: TxnKind, reference: str, amounts: dict[AccountKey, int]) -> str:
    txn_id = session.execute(_FIND_TXN, {"of_kind": kind, "of": reference}).scalar_one_or_none()
    # None: it was the transaction to be reversed that another reference had reversed.
    if txn_id is None or amounts_of(session, txn_id) != amounts:
        raise LedgerConflict(reference=reference)
    return str(txn_id)
