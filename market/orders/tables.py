"""Orders, seller orders, lines. What was sold stays as it was sold: nothing here follows the catalogue."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field, fen_field
from market.kernel.personal import OnErasure, PersonalKind, personal
from market.orders.rules import (
    Channel,
    DeliveryMethod,
    LineKind,
    OrderState,
    ReturnBasis,
    SellerOrderState,
)
from market.vouchers.rules import Funder

CONTACT, NOTE = "order.contact", "order.note"
"""The sealer's purposes."""
TRADE_RECORD = "a platform keeps the records of a trade for at least three years (E-commerce Law art. 31)"

_PENDING = sa.text("state = 'PENDING_PAYMENT'")
_UNRELEASED = sa.text("released_at IS NULL AND paid_at IS NOT NULL")
_UNFINISHED = sa.text("state IN ('OPEN', 'PARTLY_FULFILLED', 'FULFILLED')")
_ANYWHERE = sa.text("region_code > ''")
_ADDS_UP = "payable_fen = goods_fen + delivery_fen - discount_fen AND payable_fen >= 0"
_REFUNDED = "refunded_fen >= 0 AND refunded_fen <= payable_fen"


class CustomerOrder(SQLModel, table=True):
    """One purchase: one payment, a part for each seller. Contact and address are sealed (`order.contact`)."""

    __tablename__ = "customer_order"
    __table_args__ = (
        sa.Index("customer_order_account", "account_id", "placed_at", "id"),
        sa.Index("customer_order_state", "state", "placed_at", "id"),
        sa.Index("customer_order_due", "pay_by", "id", postgresql_where=_PENDING, sqlite_where=_PENDING),
        sa.Index("customer_order_phone", "phone_digest", "placed_at"),
        sa.Index("customer_order_phone_tail", "phone_tail", "placed_at"),
        sa.CheckConstraint(_ADDS_UP, name="customer_order_adds_up"),
        sa.CheckConstraint(_REFUNDED, name="customer_order_refunded"),
    )

    id: str = Field(primary_key=True, max_length=30)
    number: str = Field(unique=True, max_length=20, description="What people see: random digits")
    account_id: str = Field(foreign_key="account.id", max_length=30)
    state: OrderState = enum_field(OrderState, default=OrderState.PENDING_PAYMENT)
    channel: Channel = enum_field(Channel, default=Channel.WEB)
    goods_fen: int = fen_field()
    delivery_fen: int = fen_field()
    discount_fen: int = fen_field()
    payable_fen: int = fen_field()
    refunded_fen: int = fen_field(default=0)
    contact_sealed: str | None = Field(
        default=None,
        sa_column_kwargs=personal(PersonalKind.ADDRESS, OnErasure.KEEP, sealed_for=CONTACT, reason=TRADE_RECORD),
    )
    phone_digest: str | None = Field(
        default=None,
        max_length=64,
        sa_column_kwargs=personal(PersonalKind.CREDENTIAL, OnErasure.KEEP, reason=TRADE_RECORD),
    )
    phone_tail: str | None = Field(
        default=None,
        max_length=4,
        description="The last four digits, to search by",
        sa_column_kwargs=personal(PersonalKind.PHONE, OnErasure.KEEP, reason=TRADE_RECORD),
    )
    region_code: str | None = Field(default=None, max_length=12, description="Where it is delivered to")
    note_sealed: str | None = Field(
        default=None, sa_column_kwargs=personal(PersonalKind.TEXT, OnErasure.CLEAR, sealed_for=NOTE)
    )
    cancel_reason: str | None = Field(default=None, max_length=64)
    placed_at: datetime
    business_day: date = Field(description="Shanghai's, of placing")
    pay_by: datetime
    paid_at: datetime | None = None
    paid_day: date | None = None
    ended_at: datetime | None = None


class SellerOrder(SQLModel, table=True):
    """One seller's part of an order: what it fulfils, and what it earns."""

    __tablename__ = "seller_order"
    __table_args__ = (
        sa.Index("seller_order_order", "order_id"),
        sa.Index("seller_order_producer", "producer_id", "placed_at", "id"),
        sa.Index("seller_order_producer_state", "producer_id", "state", "placed_at", "id"),
        sa.Index("seller_order_cooperative", "cooperative_id", "placed_at", "id"),
        sa.Index("seller_order_region", "region_code", "placed_at", "id"),
        # Only for who lists all sellers' parts, and says so: walked for one seller's it would find them last.
        sa.Index("seller_order_newest", "placed_at", "id", postgresql_where=_ANYWHERE, sqlite_where=_ANYWHERE),
        sa.Index("seller_order_paid", "paid_at"),
        sa.Index("seller_order_unreleased", "paid_at", "id", postgresql_where=_UNRELEASED, sqlite_where=_UNRELEASED),
        sa.Index("seller_order_unfinished", "paid_at", "id", postgresql_where=_UNFINISHED, sqlite_where=_UNFINISHED),
        sa.CheckConstraint(_ADDS_UP, name="seller_order_adds_up"),
        sa.CheckConstraint(_REFUNDED, name="seller_order_refunded"),
    )

    id: str = Field(primary_key=True, max_length=30)
    order_id: str = Field(foreign_key="customer_order.id", max_length=30)
    producer_id: str = Field(foreign_key="organisation.id", max_length=30)
    cooperative_id: str | None = Field(default=None, foreign_key="organisation.id", max_length=30)
    settlement_party: str = Field(max_length=30, description="Who is paid: the cooperative it sells through, or itself")
    village_id: str = Field(max_length=30)
    region_code: str = Field(max_length=12, description="Where the seller is")
    state: SellerOrderState = enum_field(SellerOrderState, default=SellerOrderState.PENDING)
    goods_fen: int = fen_field()
    delivery_fen: int = fen_field()
    discount_fen: int = fen_field()
    payable_fen: int = fen_field()
    commission_fen: int = fen_field()
    refunded_fen: int = fen_field(default=0)
    delivery_refunded_fen: int = fen_field(default=0)
    delivery_method: DeliveryMethod = enum_field(DeliveryMethod)
    delivery: dict[str, Any] = Field(sa_type=sa.JSON, description="The offer as taken: promise, pick-up point")
    weight_grams: int = 0
    placed_at: datetime
    paid_at: datetime | None = None
    ship_by: datetime | None = None
    fulfilled_at: datetime | None = None
    completed_at: datetime | None = None
    open_claims: int = Field(
        default=0,
        sa_column_kwargs={"server_default": "0"},
        description="Claims that somebody is to act on: it is not completed meanwhile",
    )
    released_at: datetime | None = Field(default=None, description="When the last of its money became payable")


class OrderLine(SQLModel, table=True):
    """One thing bought, as sold. Refunds are reckoned from it alone."""

    __tablename__ = "order_line"
    __table_args__ = (
        sa.Index("order_line_order", "order_id", "position"),
        sa.Index("order_line_seller_order", "seller_order_id", "position"),
        sa.Index("order_line_listing", "listing_id", "placed_at"),
        sa.Index("order_line_variant", "variant_id", "placed_at"),
        sa.Index("order_line_session", "session_id"),
        sa.CheckConstraint("quantity > 0 AND amount_fen = quantity * unit_price_fen", name="order_line_amount"),
        sa.CheckConstraint("payable_fen = amount_fen - discount_fen AND payable_fen >= 0", name="order_line_adds_up"),
        sa.CheckConstraint(
            "fulfilled_quantity >= 0 AND refunded_quantity >= 0 AND fulfilled_quantity <= quantity "
            "AND refunded_quantity <= quantity",
            name="order_line_quantities",
        ),
        sa.CheckConstraint(
            f"{_REFUNDED} AND commission_refunded_fen >= 0 AND commission_refunded_fen <= commission_fen",
            name="order_line_refunded",
        ),
    )

    id: str = Field(primary_key=True, max_length=30)
    order_id: str = Field(foreign_key="customer_order.id", max_length=30)
    seller_order_id: str = Field(foreign_key="seller_order.id", max_length=30)
    position: int
    kind: LineKind = enum_field(LineKind)
    listing_id: str = Field(foreign_key="listing.id", max_length=30)
    variant_id: str | None = Field(default=None, foreign_key="variant.id", max_length=30)
    session_id: str | None = Field(default=None, foreign_key="tour_session.id", max_length=30)
    category_id: str = Field(max_length=30)
    quantity: int = Field(description="Pieces; of a booking, 1")
    unit_price_fen: int = fen_field()
    amount_fen: int = fen_field()
    discount_fen: int = fen_field()
    payable_fen: int = fen_field()
    commission_bp: int = Field(description="Hundredths of a percent, as sold")
    commission_fen: int = fen_field()
    fulfilled_quantity: int = 0
    refunded_quantity: int = 0
    refunded_fen: int = fen_field(default=0)
    commission_refunded_fen: int = fen_field(default=0)
    seats: int = Field(default=0, description="People, of a booking")
    weight_grams: int = Field(default=0, description="Of all pieces")
    return_basis: ReturnBasis | None = enum_field(ReturnBasis, default=None, nullable=True)
    title: str
    title_en: str | None = None
    snapshot: dict[str, Any] = Field(sa_type=sa.JSON, description="Variant, producer, village, times, policy as sold")
    placed_at: datetime


class LineDiscount(SQLModel, table=True):
    """One campaign's share in a line's discount, and who pays for it."""

    __tablename__ = "line_discount"
    __table_args__ = (
        sa.Index("line_discount_campaign", "campaign_id"),
        sa.CheckConstraint("amount_fen > 0 AND refunded_fen BETWEEN 0 AND amount_fen", name="line_discount_amount"),
    )

    line_id: str = Field(primary_key=True, foreign_key="order_line.id", max_length=30)
    campaign_id: str = Field(primary_key=True, max_length=30)
    funder: Funder = enum_field(Funder)
    amount_fen: int = fen_field()
    refunded_fen: int = fen_field(default=0)


class OrderEvent(SQLModel, table=True):
    """Something that happened to an order. Never changed or deleted, which triggers enforce."""

    __tablename__ = "order_event"
    __table_args__ = (sa.Index("order_event_order", "order_id", "id"),)

    id: str = Field(primary_key=True, max_length=30)
    order_id: str = Field(foreign_key="customer_order.id", max_length=30)
    seller_order_id: str | None = Field(default=None, max_length=30)
    at: datetime
    actor: str = Field(max_length=64)
    what: str = Field(max_length=64, description="As `order.paid`, `shipment.sent`")
    from_state: str | None = Field(default=None, max_length=32)
    to_state: str | None = Field(default=None, max_length=32)
    facts: dict[str, Any] = Field(sa_type=sa.JSON)


class CommissionRule(SQLModel, table=True):
    """What the platform takes: the most particular rule that holds on the day (organisation, then category, then
    everybody)."""

    __tablename__ = "commission_rule"
    __table_args__ = (
        sa.Index("commission_rule_for", "organisation_id", "category_id"),
        sa.CheckConstraint("basis_points BETWEEN 0 AND 3000", name="commission_rule_share"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="commission_rule_order"),
    )

    id: str = Field(primary_key=True, max_length=30)
    organisation_id: str | None = Field(default=None, foreign_key="organisation.id", max_length=30)
    category_id: str | None = Field(default=None, foreign_key="category.id", max_length=30)
    basis_points: int
    valid_from: date
    valid_to: date | None = None
