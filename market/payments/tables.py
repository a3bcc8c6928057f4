"""Payments, refunds, and what providers told us."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field, fen_field
from market.kernel.money import Currency
from market.payments.rules import PaymentState, PayMethod, RefundReason, RefundState

_LIVE = sa.text("state IN ('CREATED', 'PENDING')")
_OPEN = sa.text("state IN ('REQUESTED', 'PROCESSING')")


class Payment(SQLModel, table=True):
    """A try to pay an order. An order has one live one at a time; the database sees to that."""

    __tablename__ = "payment"
    __table_args__ = (
        sa.Index("payment_live", "order_id", unique=True, postgresql_where=_LIVE, sqlite_where=_LIVE),
        sa.Index("payment_waiting", "asked_at", "id", postgresql_where=_LIVE, sqlite_where=_LIVE),
        sa.Index("payment_order", "order_id", "id"),
        sa.Index("payment_state", "state", "created_at", "id"),
        sa.UniqueConstraint("gateway", "provider_id", name="payment_provider_once"),
        sa.CheckConstraint("amount_fen > 0", name="payment_amount"),
        sa.CheckConstraint("refunded_fen BETWEEN 0 AND amount_fen", name="payment_refunded"),
    )

    id: str = Field(primary_key=True, max_length=30)
    order_id: str = Field(foreign_key="customer_order.id", max_length=30)
    gateway: str = Field(max_length=16)
    method: PayMethod = enum_field(PayMethod)
    amount_fen: int = fen_field()
    currency: Currency = enum_field(Currency, default=Currency.CNY)
    state: PaymentState = enum_field(PaymentState, default=PaymentState.CREATED)
    out_trade_no: str = Field(unique=True, max_length=32, description="Our number at the provider")
    provider_id: str | None = Field(default=None, max_length=64, description="The provider's number")
    action: dict[str, Any] | None = Field(
        default=None, sa_type=sa.JSON(none_as_null=True), description="What the buyer's client does to pay"
    )
    refunded_fen: int = fen_field(default=0, description="Asked back, less what failed")
    review: str | None = Field(default=None, max_length=64, description="What is wrong with it")
    created_at: datetime
    expires_at: datetime
    asked_at: datetime = Field(description="When the provider was last asked about it")
    paid_at: datetime | None = None
    ended_at: datetime | None = None


class Refund(SQLModel, table=True):
    """Money on its way back to the buyer."""

    __tablename__ = "refund"
    __table_args__ = (
        sa.Index("refund_due", "next_at", "id", postgresql_where=_OPEN, sqlite_where=_OPEN),
        sa.Index("refund_payment", "payment_id", "id"),
        sa.Index("refund_order", "order_id", "id"),
        sa.UniqueConstraint("payment_id", "reference", name="refund_once"),
        sa.CheckConstraint("amount_fen > 0", name="refund_amount"),
    )

    id: str = Field(primary_key=True, max_length=30)
    payment_id: str = Field(foreign_key="payment.id", max_length=30)
    order_id: str = Field(foreign_key="customer_order.id", max_length=30)
    amount_fen: int = fen_field()
    reason: RefundReason = enum_field(RefundReason)
    reference: str = Field(max_length=64, description="What asked for it: a claim, a cancelled booking")
    state: RefundState = enum_field(RefundState, default=RefundState.REQUESTED)
    out_refund_no: str = Field(unique=True, max_length=32, description="Our number at the provider, the same each try")
    provider_id: str | None = Field(default=None, max_length=64)
    attempts: int = 0
    next_at: datetime = Field(description="When to send it, or to ask about it again")
    last_error: str | None = Field(default=None, max_length=200)
    requested_at: datetime
    ended_at: datetime | None = None


class ProviderNotice(SQLModel, table=True):
    """A message of a provider that was taken in: each once, however often it is sent."""

    __tablename__ = "provider_notice"

    source: str = Field(primary_key=True, max_length=16)
    notice_id: str = Field(primary_key=True, max_length=64)
    event: str = Field(max_length=64)
    outcome: str = Field(max_length=32)
    received_at: datetime
