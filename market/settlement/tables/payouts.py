"""Payouts and corrections: made by one person, approved by another, which the database enforces too."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field, fen_field
from market.settlement.rules import BatchState, CorrectionState, PayoutState

_OPEN = sa.text("state IN ('PROPOSED', 'APPROVED')")


class PayoutBatch(SQLModel, table=True):
    """Payouts that are approved together, for parties in one region."""

    __tablename__ = "payout_batch"
    __table_args__ = (
        sa.Index("payout_batch_newest", "made_at", "id"),
        sa.CheckConstraint("checked_by IS NULL OR checked_by <> made_by", name="payout_batch_four_eyes"),
        sa.CheckConstraint("state = 'PROPOSED' OR checked_by IS NOT NULL", name="payout_batch_checked"),
    )

    id: str = Field(primary_key=True, max_length=30)
    region_code: str = Field(max_length=12, description="The parties are in it")
    state: BatchState = enum_field(BatchState, default=BatchState.PROPOSED)
    payout_count: int
    total_fen: int = fen_field(description="As proposed")
    note: str | None = Field(default=None, max_length=500)
    made_by: str = Field(max_length=64)
    made_at: datetime
    checked_by: str | None = Field(default=None, max_length=64)
    checked_at: datetime | None = None
    completed_at: datetime | None = None


class Payout(SQLModel, table=True):
    """Money to one party. A party has one open payout at a time."""

    __tablename__ = "payout"
    __table_args__ = (
        sa.Index("payout_batch_of", "batch_id", "id"),
        sa.Index("payout_party", "party", "id"),
        sa.Index("payout_open", "party", unique=True, postgresql_where=_OPEN, sqlite_where=_OPEN),
        sa.CheckConstraint("amount_fen > 0", name="payout_amount"),
    )

    id: str = Field(primary_key=True, max_length=30)
    batch_id: str = Field(foreign_key="payout_batch.id", max_length=30)
    party: str = Field(foreign_key="organisation.id", max_length=30)
    region_code: str = Field(max_length=12, description="Where the party is")
    statement_id: str = Field(foreign_key="statement.id", max_length=30, description="The last one it confirmed")
    amount_fen: int = fen_field()
    state: PayoutState = enum_field(PayoutState, default=PayoutState.PROPOSED)
    reference: str | None = Field(default=None, max_length=64, description="The bank's number")
    reason: str | None = Field(default=None, max_length=200, description="Why it failed or was dropped")
    made_at: datetime
    ended_at: datetime | None = None


class Correction(SQLModel, table=True):
    """Something in the ledger that is put right by hand: a transaction reversed, money moved between accounts, or
    both."""

    __tablename__ = "ledger_correction"
    __table_args__ = (
        sa.Index("ledger_correction_newest", "made_at", "id"),
        sa.CheckConstraint("checked_by IS NULL OR checked_by <> made_by", name="ledger_correction_four_eyes"),
        sa.CheckConstraint("state = 'PROPOSED' OR checked_by IS NOT NULL", name="ledger_correction_checked"),
    )

    id: str = Field(primary_key=True, max_length=30)
    region_code: str = Field(max_length=12, description="Where the party is")
    party: str = Field(foreign_key="organisation.id", max_length=30, description="Whose accounts it is about")
    reverses: str | None = Field(default=None, foreign_key="ledger_txn.id", max_length=30)
    entries: list[Any] = Field(sa_type=sa.JSON, description="[account kind, fen]: debits above zero")
    reason: str = Field(max_length=500)
    state: CorrectionState = enum_field(CorrectionState, default=CorrectionState.PROPOSED)
    made_by: str = Field(max_length=64)
    made_at: datetime
    checked_by: str | None = Field(default=None, max_length=64)
    checked_at: datetime | None = None
