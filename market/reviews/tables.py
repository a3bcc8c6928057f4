"""What buyers wrote of what they had: one review of a line, and its pictures."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field
from market.kernel.personal import OnErasure, PersonalKind, part_of, personal
from market.reviews.rules import BuyerReviewState, HiddenFor

_SHOWN = sa.text("state = 'SHOWN'")


class Review(SQLModel, table=True):
    """A buyer's review of one line: produce that was delivered, or a visit that took place. Written once; its writer
    may change it for a time, its seller answer it, staff hide it."""

    __tablename__ = "review"
    __table_args__ = (
        sa.UniqueConstraint("line_id", name="review_line"),
        sa.Index("review_listing", "listing_id", "written_at", "id", postgresql_where=_SHOWN, sqlite_where=_SHOWN),
        sa.Index("review_account", "account_id", "written_at", "id"),
        sa.Index("review_producer", "producer_id", "written_at", "id"),
        sa.Index("review_region", "region_code", "written_at", "id"),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name="review_rating"),
        sa.CheckConstraint("(state = 'HIDDEN') = (hidden_for IS NOT NULL)", name="review_hidden"),
    )

    id: str = Field(primary_key=True, max_length=30)
    line_id: str = Field(foreign_key="order_line.id", max_length=30)
    listing_id: str = Field(foreign_key="listing.id", max_length=30)
    account_id: str = Field(foreign_key="account.id", max_length=30)
    producer_id: str = Field(foreign_key="organisation.id", max_length=30)
    region_code: str = Field(max_length=12, description="Where the seller is")
    state: BuyerReviewState = enum_field(BuyerReviewState, default=BuyerReviewState.SHOWN)
    rating: int
    text: str = Field(
        default="", sa_column_kwargs=personal(PersonalKind.TEXT, OnErasure.CLEAR, replacement=""), max_length=1000
    )
    written_at: datetime
    edited_at: datetime | None = None
    reply: str | None = Field(default=None, max_length=1000, description="The seller's")
    replied_at: datetime | None = None
    hidden_for: HiddenFor | None = enum_field(HiddenFor, default=None, nullable=True)
    hidden_note: str | None = Field(default=None, max_length=200, description="For the writer: why, in words")


class ReviewPhoto(SQLModel, table=True):
    """A picture that a review shows to everybody, while it is shown. `key` is where it is kept."""

    __tablename__ = "review_photo"

    review_id: str = Field(primary_key=True, foreign_key="review.id", max_length=30, sa_column_kwargs=part_of())
    position: int = Field(primary_key=True)
    media_id: str = Field(max_length=30)
    key: str = Field(description="Storage key", sa_column_kwargs=personal(PersonalKind.TEXT, OnErasure.DELETE))
    width: int
    height: int
