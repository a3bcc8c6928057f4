"""Statements: what the ledger says of one party's payable money in one period."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field, fen_field
from market.ledger.rules import TxnKind
from market.settlement.rules import SettlementPeriod, StatementState


class SettlementTerms(SQLModel, table=True):
    """How often a party gets statements; once a month for those that have no row."""

    __tablename__ = "settlement_terms"

    party: str = Field(primary_key=True, foreign_key="organisation.id", max_length=30)
    period: SettlementPeriod = enum_field(SettlementPeriod)


class Statement(SQLModel, table=True):
    """A party's payable money in a period: what was there, what came and went, what is there. Amounts are what the
    platform owes the party: below zero, what the party owes."""

    __tablename__ = "statement"
    __table_args__ = (
        sa.UniqueConstraint("party", "first_day", name="statement_once"),
        sa.UniqueConstraint("party", "last_day", name="statement_ends_once"),
        sa.Index("statement_newest", "last_day", "id"),
        sa.Index("statement_region", "region_code", "last_day", "id"),
        sa.Index("statement_state", "state", "last_day", "id"),
        sa.CheckConstraint("last_day >= first_day", name="statement_period"),
        sa.CheckConstraint(
            "closing_fen = opening_fen + released_fen + refunded_fen + paid_out_fen + corrected_fen",
            name="statement_adds_up",
        ),
        sa.CheckConstraint("state <> 'DISPUTED' OR dispute IS NOT NULL", name="statement_dispute_has_reason"),
    )

    id: str = Field(primary_key=True, max_length=30)
    party: str = Field(foreign_key="organisation.id", max_length=30)
    region_code: str = Field(max_length=12, description="Where the party is")
    period: SettlementPeriod = enum_field(SettlementPeriod)
    first_day: date
    last_day: date = Field(description="Included")
    state: StatementState = enum_field(StatementState, default=StatementState.DRAFT)
    opening_fen: int = fen_field()
    released_fen: int = fen_field(description="Became payable")
    refunded_fen: int = fen_field(description="Taken back for refunds: zero or below")
    paid_out_fen: int = fen_field(description="Paid out, less what failed: below zero")
    corrected_fen: int = fen_field()
    closing_fen: int = fen_field()
    line_count: int
    dispute: str | None = Field(default=None, max_length=500, description="What the seller says is wrong")
    answer: str | None = Field(default=None, max_length=500, description="What staff say to it")
    drafted_at: datetime
    issued_at: datetime | None = None
    answered_by: str | None = Field(default=None, max_length=64, description="Who confirmed or disputed it")
    confirmed_at: datetime | None = None


class StatementLine(SQLModel, table=True):
    """One entry of the ledger on the party's payable account, and what it was for."""

    __tablename__ = "statement_line"
    __table_args__ = (
        sa.Index("statement_line_member", "statement_id", "producer_id"),
        sa.CheckConstraint("amount_fen <> 0", name="statement_line_moves"),
    )

    statement_id: str = Field(primary_key=True, foreign_key="statement.id", max_length=30)
    txn_id: str = Field(primary_key=True, foreign_key="ledger_txn.id", max_length=30)
    kind: TxnKind = enum_field(TxnKind)
    business_day: date
    reference: str = Field(max_length=64, description="The ledger's: a line, a payout, a correction")
    producer_id: str | None = Field(default=None, max_length=30, description="Whose produce or visit it was")
    seller_order_id: str | None = Field(default=None, max_length=30)
    paid_fen: int = fen_field(default=0)
    voucher_fen: int = fen_field(default=0)
    commission_fen: int = fen_field(default=0)
    amount_fen: int = fen_field()


class StatementMember(SQLModel, table=True):
    """What of a statement is one producer's: of a cooperative's, a member's account (成员账户, 成员交易额)."""

    __tablename__ = "statement_member"

    statement_id: str = Field(primary_key=True, foreign_key="statement.id", max_length=30)
    producer_id: str = Field(primary_key=True, foreign_key="organisation.id", max_length=30)
    is_member: bool = Field(description="A member of the cooperative on the period's last day")
    line_count: int
    paid_fen: int = fen_field()
    voucher_fen: int = fen_field()
    commission_fen: int = fen_field()
    amount_fen: int = fen_field()
