"""What became payable, and which refunds were taken off it."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field, fen_field
from market.settlement.rules import ReleaseOf


class Release(SQLModel, table=True):
    """One RELEASE in the ledger, and what it is made of. Never changed or deleted, which triggers enforce.

    A line's first has `seq` 1; later ones take back what was refunded after it, and are below zero.
    """

    __tablename__ = "ledger_release"
    __table_args__ = (
        sa.UniqueConstraint("subject_id", "seq", name="ledger_release_once"),
        sa.Index("ledger_release_seller_order", "seller_order_id"),
        sa.Index("ledger_release_party", "party", "business_day"),
        sa.CheckConstraint("amount_fen = paid_fen + voucher_fen - commission_fen", name="ledger_release_adds_up"),
        sa.CheckConstraint("seq > 1 OR amount_fen >= 0", name="ledger_release_first"),
    )

    id: str = Field(primary_key=True, max_length=30, description="The ledger transaction's")
    subject_id: str = Field(max_length=30, description="An order line, or the seller order whose delivery it is")
    seq: int
    kind: ReleaseOf = enum_field(ReleaseOf)
    seller_order_id: str = Field(foreign_key="seller_order.id", max_length=30)
    party: str = Field(max_length=30, description="Whose account it is payable to")
    producer_id: str = Field(foreign_key="organisation.id", max_length=30)
    paid_fen: int = fen_field(description="Paid by the buyer")
    voucher_fen: int = fen_field(description="Paid by the platform's and governments' vouchers")
    commission_fen: int = fen_field()
    amount_fen: int = fen_field()
    at: datetime
    business_day: date


class RefundNetted(SQLModel, table=True):
    """A REFUND in the ledger whose lines were looked at: what they had released is what is left of them."""

    __tablename__ = "ledger_refund_netted"

    txn_id: str = Field(primary_key=True, foreign_key="ledger_txn.id", max_length=30)
    at: datetime
