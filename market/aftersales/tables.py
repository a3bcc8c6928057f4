"""Claims and what shows them. One row each, which moves; `order_event` has its history."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.aftersales.claims.rules import UNSETTLED, ClaimReason, ClaimState, ClaimWish
from market.kernel.columns import enum_field, fen_field
from market.kernel.personal import OnErasure, PersonalKind, part_of, personal
from market.orders.tables import TRADE_RECORD

_UNSETTLED = sa.text("state IN (" + ", ".join(f"'{each.value}'" for each in UNSETTLED) + ")")
_WAITING = sa.text("due_at IS NOT NULL")
_WRITTEN = personal(PersonalKind.TEXT, OnErasure.KEEP, reason=TRADE_RECORD)


class Claim(SQLModel, table=True):
    """A buyer says that something is wrong with a line, or sends it back. Whose it is, is copied from the order, which
    never changes."""

    __tablename__ = "claim"
    __table_args__ = (
        sa.Index("claim_unsettled", "line_id", unique=True, postgresql_where=_UNSETTLED, sqlite_where=_UNSETTLED),
        sa.Index("claim_due", "due_at", "id", postgresql_where=_WAITING, sqlite_where=_WAITING),
        sa.Index("claim_line", "line_id", "id"),
        sa.Index("claim_order", "order_id", "id"),
        sa.Index("claim_account", "account_id", "opened_at", "id"),
        sa.Index("claim_producer", "producer_id", "state", "opened_at", "id"),
        sa.Index("claim_region", "region_code", "state", "opened_at", "id"),
        sa.CheckConstraint("quantity > 0", name="claim_quantity"),
        sa.CheckConstraint("spoilage_percent BETWEEN 1 AND 100", name="claim_spoilage"),
        sa.CheckConstraint("refunded_fen BETWEEN 0 AND asked_fen", name="claim_refunded"),
    )

    id: str = Field(primary_key=True, max_length=30)
    line_id: str = Field(foreign_key="order_line.id", max_length=30)
    order_id: str = Field(foreign_key="customer_order.id", max_length=30)
    seller_order_id: str = Field(foreign_key="seller_order.id", max_length=30)
    account_id: str = Field(foreign_key="account.id", max_length=30)
    producer_id: str = Field(foreign_key="organisation.id", max_length=30)
    cooperative_id: str | None = Field(default=None, foreign_key="organisation.id", max_length=30)
    region_code: str = Field(max_length=12, description="Where the seller is")
    reason: ClaimReason = enum_field(ClaimReason)
    wish: ClaimWish = enum_field(ClaimWish)
    state: ClaimState = enum_field(ClaimState, default=ClaimState.OPEN)
    quantity: int = Field(description="Pieces; of a booking, 1")
    spoilage_percent: int = Field(default=100, description="How much of each piece is worthless")
    asked_fen: int = fen_field(description="What it comes to, from the line as it was sold")
    refunded_fen: int = fen_field(default=0)
    text: str = Field(default="", sa_column_kwargs=_WRITTEN, description="What the buyer says")
    answer: str = Field(default="", description="What the seller said last")
    appeal: str = Field(default="", sa_column_kwargs=_WRITTEN, description="Why the buyer asked staff")
    decision: str = Field(default="", description="What staff said")
    carrier: str | None = Field(default=None, max_length=32, description="Of what is under way, back or again")
    tracking_number: str | None = Field(default=None, max_length=40)
    opened_at: datetime
    answered_at: datetime | None = None
    due_at: datetime | None = Field(default=None, description="Until when somebody has to act in this state")
    settled_at: datetime | None = None


class ClaimPhoto(SQLModel, table=True):
    """A picture of what arrived, private: for the two sides and staff."""

    __tablename__ = "claim_photo"

    claim_id: str = Field(primary_key=True, foreign_key="claim.id", max_length=30, sa_column_kwargs=part_of())
    position: int = Field(primary_key=True)
    media_id: str = Field(max_length=30)
