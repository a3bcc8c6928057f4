"""Price lists of delivery, pick-up points; shipments, and what carriers say of them."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.fulfilment.codes import PICKUP_CODE
from market.fulfilment.rules import CODE_TRIES_MAX, Carrier, ShipmentState, TrackingState, TrackingStatus
from market.kernel.columns import enum_field, fen_field
from market.kernel.personal import OnErasure, PersonalKind, personal
from market.orders.rules import DeliveryMethod
from market.orders.tables import TRADE_RECORD

_TO_ASK = sa.text("ask_at IS NOT NULL")
_ON_ITS_WAY = sa.text("state = 'SENT'")


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


class Shipment(SQLModel, table=True):
    """What a seller handed over at once: a parcel, a bag at a pick-up point, gifts given to a guest.

    Made with the pieces leaving the stock; then only its state, its number and what is known of its way change.
    """

    __tablename__ = "shipment"
    __table_args__ = (
        sa.Index("shipment_part", "seller_order_id", "id"),
        sa.Index("shipment_producer", "producer_id", "sent_at", "id"),
        sa.Index("shipment_region", "region_code", "sent_at", "id"),
        sa.Index("shipment_number", "tracking_number"),
        sa.Index("shipment_ask", "ask_at", postgresql_where=_TO_ASK, sqlite_where=_TO_ASK),
        sa.Index("shipment_sent", "sent_at", postgresql_where=_ON_ITS_WAY, sqlite_where=_ON_ITS_WAY),
        sa.CheckConstraint("(carrier IS NULL) = (tracking_number IS NULL)", name="shipment_carried"),
        sa.CheckConstraint(
            "(method = 'PICKUP') = (pickup_point_id IS NOT NULL)"
            " AND (method = 'PICKUP') = (code_digest IS NOT NULL)"
            " AND (code_digest IS NULL) = (code_sealed IS NULL)",
            name="shipment_fetched",
        ),
        sa.CheckConstraint(f"code_tries BETWEEN 0 AND {CODE_TRIES_MAX}", name="shipment_tries"),
        sa.CheckConstraint("(state = 'DELIVERED') = (delivered_at IS NOT NULL)", name="shipment_delivered"),
        sa.CheckConstraint("(state = 'RETURNED') = (returned_at IS NOT NULL)", name="shipment_returned"),
    )

    id: str = Field(primary_key=True, max_length=30)
    order_id: str = Field(foreign_key="customer_order.id", max_length=30)
    seller_order_id: str = Field(foreign_key="seller_order.id", max_length=30)
    producer_id: str = Field(foreign_key="organisation.id", max_length=30)
    region_code: str = Field(max_length=12, description="Where the seller is")
    method: DeliveryMethod = enum_field(DeliveryMethod, description="NONE: given by hand")
    state: ShipmentState = enum_field(ShipmentState)
    carrier: Carrier | None = enum_field(Carrier, default=None, nullable=True)
    tracking_number: str | None = Field(default=None, max_length=32)
    pickup_point_id: str | None = Field(default=None, foreign_key="pickup_point.id", max_length=30)
    code_digest: str | None = Field(default=None, max_length=64)
    code_sealed: str | None = Field(
        default=None,
        sa_column_kwargs=personal(
            PersonalKind.CREDENTIAL, OnErasure.KEEP, sealed_for=PICKUP_CODE, reason="whoever has it gets the goods"
        ),
    )
    code_tries: int = 0
    tracking: TrackingState = enum_field(TrackingState, default=TrackingState.NONE)
    ask_at: datetime | None = Field(default=None, description="When the tracking service is asked next")
    asked: int = Field(default=0, description="How often it was asked in vain")
    tracking_status: TrackingStatus | None = enum_field(TrackingStatus, default=None, nullable=True)
    tracking_at: datetime | None = Field(default=None, description="Of the newest thing the carrier said")
    sent_at: datetime
    delivered_at: datetime | None = None
    returned_at: datetime | None = None


class ShipmentLine(SQLModel, table=True):
    """So many pieces of an order's line in a shipment. From which lots they were drawn, the stock's movements say."""

    __tablename__ = "shipment_line"
    __table_args__ = (
        sa.Index("shipment_line_line", "line_id"),
        sa.CheckConstraint("quantity > 0", name="shipment_line_quantity"),
    )

    shipment_id: str = Field(primary_key=True, foreign_key="shipment.id", max_length=30)
    line_id: str = Field(primary_key=True, foreign_key="order_line.id", max_length=30)
    quantity: int


class TrackingEvent(SQLModel, table=True):
    """Something a carrier said of a parcel. The same thing said again is kept once, by its digest. Numbers of people in
    the carrier's words are masked."""

    __tablename__ = "tracking_event"
    __table_args__ = (
        sa.UniqueConstraint("shipment_id", "digest", name="tracking_event_once"),
        sa.Index("tracking_event_time", "shipment_id", "at", "id"),
    )

    id: str = Field(primary_key=True, max_length=30)
    shipment_id: str = Field(foreign_key="shipment.id", max_length=30)
    number: str = Field(max_length=32, description="The parcel's then: another after it was put right")
    at: datetime = Field(description="When it happened, as the carrier says")
    status: TrackingStatus = enum_field(TrackingStatus)
    text: str = Field(max_length=500, sa_column_kwargs=personal(PersonalKind.TEXT, OnErasure.KEEP, reason=TRADE_RECORD))
    digest: str = Field(max_length=64)
    heard_at: datetime
