"""Endpoints, and what was sent to them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field
from market.live.webhooks.rules import WebhookDeliveryState, WebhookDisabledFor, WebhookState

SECRET = "webhook-secret"  # noqa: S105 - what secrets are sealed for
_PENDING = sa.text("state = 'PENDING'")


class WebhookEndpoint(SQLModel, table=True):
    """An address of an organisation's system that is told what happens to the organisation's orders and sessions."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        sa.Index("webhook_endpoint_organisation", "organisation_id", "id"),
        sa.CheckConstraint("failures >= 0", name="webhook_endpoint_failures_counted"),
    )

    id: str = Field(primary_key=True, max_length=30)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=30)
    url: str = Field(max_length=2_000)
    note: str = Field(default="", max_length=200)
    topics: list[str] = Field(sa_type=sa.JSON)
    state: WebhookState = enum_field(WebhookState, default=WebhookState.ACTIVE)
    disabled_for: WebhookDisabledFor | None = enum_field(WebhookDisabledFor, default=None, nullable=True)
    secret_sealed: str
    old_secret_sealed: str | None = None
    old_secret_until: datetime | None = None
    failures: int = Field(default=0, description="In a row")
    failing_since: datetime | None = None
    paused_until: datetime | None = None
    created_at: datetime


class WebhookDelivery(SQLModel, table=True):
    """One message to one endpoint. Those of an endpoint about one thing go out in the order of `seq`, the outbox's."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        sa.UniqueConstraint("endpoint_id", "message_id", name="webhook_delivery_once"),
        sa.Index(
            "webhook_delivery_due",
            "endpoint_id",
            "aggregate",
            "seq",
            postgresql_where=_PENDING,
            sqlite_where=_PENDING,
        ),
        sa.Index("webhook_delivery_endpoint", "endpoint_id", "id"),
        sa.CheckConstraint("attempts >= 0", name="webhook_delivery_attempts_counted"),
    )

    id: str = Field(primary_key=True, max_length=30)
    endpoint_id: str = Field(foreign_key="webhook_endpoint.id", max_length=30)
    message_id: str = Field(max_length=30, description="The outbox's, and `webhook-id`")
    topic: str = Field(max_length=64)
    aggregate: str = Field(max_length=64)
    seq: int = Field(sa_type=sa.BigInteger)
    body: dict[str, Any] = Field(sa_type=sa.JSON)
    state: WebhookDeliveryState = enum_field(WebhookDeliveryState, default=WebhookDeliveryState.PENDING)
    attempts: int = 0
    available_at: datetime
    claimed_until: datetime | None = None
    answered: int | None = Field(default=None, description="The status of the last answer; None when there was none")
    error: str | None = Field(default=None, max_length=200, description="Why the last try failed")
    created_at: datetime
    ended_at: datetime | None = None
