"""Carts. A cart holds nothing: no stock, no seats, no price. All that is looked at anew each time."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import fen_field
from market.kernel.personal import OnErasure, PersonalKind, part_of, personal

PARTICIPANTS = "cart.participants"
"""The sealer's purpose."""


class Cart(SQLModel, table=True):
    """What somebody means to buy: of a visitor, who holds its token, or of a person, who has one."""

    __tablename__ = "cart"
    __table_args__ = (
        sa.CheckConstraint("(account_id IS NULL) <> (token_digest IS NULL)", name="cart_of_somebody"),
        sa.Index("cart_stale", "updated_at"),
    )

    id: str = Field(primary_key=True, max_length=30)
    account_id: str | None = Field(default=None, foreign_key="account.id", unique=True, max_length=30)
    token_digest: str | None = Field(default=None, unique=True, max_length=64)
    created_at: datetime
    updated_at: datetime


class CartLine(SQLModel, table=True):
    """One thing in a cart: so many of a variant, or tickets of a session."""

    __tablename__ = "cart_line"
    __table_args__ = (
        sa.UniqueConstraint("cart_id", "variant_id", name="cart_line_variant"),
        sa.UniqueConstraint("cart_id", "session_id", name="cart_line_session"),
        sa.CheckConstraint("(variant_id IS NULL) <> (session_id IS NULL)", name="cart_line_of_one"),
        sa.CheckConstraint("quantity > 0", name="cart_line_quantity"),
    )

    id: str = Field(primary_key=True, max_length=30)
    cart_id: str = Field(foreign_key="cart.id", max_length=30, sa_column_kwargs=part_of())
    variant_id: str | None = Field(default=None, foreign_key="variant.id", max_length=30)
    session_id: str | None = Field(default=None, foreign_key="tour_session.id", max_length=30)
    quantity: int = Field(description="Pieces; 1 of a session")
    units: dict[str, Any] = Field(sa_type=sa.JSON, description="Tickets by ticket type, of a session")
    participants_sealed: str | None = Field(
        default=None, sa_column_kwargs=personal(PersonalKind.NAME, OnErasure.DELETE, sealed_for=PARTICIPANTS)
    )
    seen_fen: int = fen_field(
        description="What it cost when it was put in or last confirmed: to tell a change of price"
    )
    created_at: datetime
