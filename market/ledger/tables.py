"""Accounts, transactions and entries. The database itself refuses to change an entry, to add one to a posted
transaction, and to post one that does not balance (see the migration)."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field, fen_field
from market.ledger.rules import AccountKind, TxnKind


class LedgerAccount(SQLModel, table=True):
    """An account with its balance: always the sum of its entries."""

    __tablename__ = "ledger_account"
    __table_args__ = (sa.UniqueConstraint("kind", "owner", name="ledger_account_once"),)

    id: str = Field(primary_key=True, max_length=30)
    kind: AccountKind = enum_field(AccountKind)
    owner: str = Field(max_length=64)
    balance_fen: int = fen_field(default=0)
    created_at: datetime


class LedgerTxn(SQLModel, table=True):
    """One movement of money. Made unposted, given its entries, posted: all in one database transaction."""

    __tablename__ = "ledger_txn"
    __table_args__ = (
        sa.UniqueConstraint("kind", "reference", name="ledger_txn_once"),
        sa.UniqueConstraint("reverses", name="ledger_txn_reversed_once"),
        sa.Index("ledger_txn_day", "business_day", "id"),
    )

    id: str = Field(primary_key=True, max_length=30)
    kind: TxnKind = enum_field(TxnKind)
    reference: str = Field(max_length=64, description="What moved it: a seller order, a refund, a payout")
    reverses: str | None = Field(default=None, foreign_key="ledger_txn.id", max_length=30)
    at: datetime
    business_day: date = Field(description="Shanghai's")
    is_posted: bool = False


class LedgerEntry(SQLModel, table=True):
    """So many fen to one account: debits above zero, credits below."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        sa.Index("ledger_entry_account", "account_id", "txn_id"),
        sa.CheckConstraint("amount_fen <> 0", name="ledger_entry_moves"),
    )

    txn_id: str = Field(primary_key=True, foreign_key="ledger_txn.id", max_length=30)
    account_id: str = Field(primary_key=True, foreign_key="ledger_account.id", max_length=30)
    amount_fen: int = fen_field()
