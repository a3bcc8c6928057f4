"""What payment providers' bills say, and where that is not what is on record here."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field, fen_field
from market.payments.bills import BillKind
from market.settlement.bills.rules import DifferenceKind

_OPEN = sa.text("resolved_at IS NULL")


class Reconciliation(SQLModel, table=True):
    """One provider's bill of one day, compared. Totals are of succeeded payments and of refunds, in fen."""

    __tablename__ = "reconciliation"
    __table_args__ = (
        sa.UniqueConstraint("gateway", "day", name="reconciliation_once"),
        sa.Index("reconciliation_newest", "day", "id"),
    )

    id: str = Field(primary_key=True, max_length=30)
    gateway: str = Field(max_length=16)
    day: date = Field(description="Shanghai's")
    paid_there_fen: int = fen_field()
    paid_here_fen: int = fen_field()
    refunded_there_fen: int = fen_field()
    refunded_here_fen: int = fen_field()
    fee_fen: int = fen_field(description="What the provider kept, by its bill")
    row_count: int
    difference_count: int
    compared_at: datetime


class BillRow(SQLModel, table=True):
    """A row of a bill: a payment, or a refund of one. Nothing of the payer is kept."""

    __tablename__ = "bill_row"
    __table_args__ = (
        sa.Index("bill_row_number", "number", "kind"),
        sa.CheckConstraint("amount_fen >= 0", name="bill_row_amount"),
    )

    reconciliation_id: str = Field(primary_key=True, foreign_key="reconciliation.id", max_length=30)
    position: int = Field(primary_key=True)
    kind: BillKind = enum_field(BillKind)
    number: str = Field(max_length=64, description="Our number: of the trade, or of the refund")
    provider_id: str = Field(max_length=64)
    state: str = Field(max_length=32, description="In the provider's word")
    amount_fen: int = fen_field()
    fee_fen: int = fen_field(default=0)
    at: datetime


class BillDifference(SQLModel, table=True):
    """Something that a bill and the records here do not agree about, until somebody has looked into it."""

    __tablename__ = "bill_difference"
    __table_args__ = (
        sa.UniqueConstraint("reconciliation_id", "kind", "number", name="bill_difference_once"),
        sa.Index("bill_difference_open", "found_at", "id", postgresql_where=_OPEN, sqlite_where=_OPEN),
        sa.CheckConstraint("(resolved_at IS NULL) = (note IS NULL)", name="bill_difference_note"),
    )

    id: str = Field(primary_key=True, max_length=30)
    reconciliation_id: str = Field(foreign_key="reconciliation.id", max_length=30)
    kind: DifferenceKind = enum_field(DifferenceKind)
    number: str = Field(max_length=64)
    subject_id: str | None = Field(default=None, max_length=30, description="The payment or refund here")
    here_fen: int | None = fen_field(default=None, nullable=True)
    there_fen: int | None = fen_field(default=None, nullable=True)
    here_state: str | None = Field(default=None, max_length=32)
    there_state: str | None = Field(default=None, max_length=32)
    found_at: datetime
    resolved_at: datetime | None = None
    resolved_by: str | None = Field(default=None, max_length=64)
    note: str | None = Field(default=None, max_length=500)
