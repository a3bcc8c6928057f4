"""Price lists of delivery, and pick-up points. Shipments are beside."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field, fen_field
from market.orders.rules import DeliveryMethod


class PickupPoint(SQLModel, table=True):
    """Where buyers fetch what they bought: the farm gate, a village service station."""

    __tablename__ = "pickup_point"
    __table_args__ = (sa.Index("pickup_point_producer", "producer_id", "id"),)

    id: str = Field(primary_key=True, max_length=30)
    producer_id: str = Field(foreign_key="organisation.id", max_length=30)
    region_code: str = Field(max_length=12)
    name: str
    name_en: str | None = None
    place: str = Field(description="Where exactly, in words")
    opening: str = Field(default="", description="When, in words")
    latitude: float | None = None
    longitude: float | None = None
    closed_at: datetime | None = None


class DeliveryRate(SQLModel, table=True):
    """A line of a price list: a seller's own, or the platform's for sellers that have none."""

    __tablename__ = "delivery_rate"
    __table_args__ = (
        sa.Index("delivery_rate_producer", "producer_id", "method"),
        sa.CheckConstraint(
            "first_grams >= 0 AND first_fen >= 0 AND next_grams > 0 AND next_fen >= 0 AND promise_hours > 0",
            name="delivery_rate_amounts",
        ),
        sa.CheckConstraint("(method = 'PICKUP') = (pickup_point_id IS NOT NULL)", name="delivery_rate_point"),
    )

    id: str = Field(primary_key=True, max_length=30)
    producer_id: str | None = Field(default=None, foreign_key="organisation.id", max_length=30)
    method: DeliveryMethod = enum_field(DeliveryMethod)
    zone: str | None = Field(default=None, max_length=12, description="Delivered within this region; null: anywhere")
    first_grams: int
    first_fen: int = fen_field()
    next_grams: int
    next_fen: int = fen_field()
    promise_hours: int
    max_grams: int | None = None
    free_from_fen: int | None = fen_field(default=None)
    pickup_point_id: str | None = Field(default=None, foreign_key="pickup_point.id", max_length=30)
    retired_at: datetime | None = None
