"""What produce and tour packages share."""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.catalogue.rules import ListingKind, ListingState, StockState, Storage
from market.kernel.columns import enum_field, fen_field

FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)
"""`next_session_at` of a listing with no session to come: it sorts last and needs no null."""

_LIVE = sa.text("state = 'LIVE'")
_COVERED = ["season_start_1", "season_end_1", "season_start_2", "season_end_2", "price_fen", "published_at"]
"""What lists filter and order by most: an index that has them need not look at the wide rows."""


def _live_index(name: str, *columns: str) -> sa.Index:
    """An index over what is on sale, in the order of a list, with what is filtered by behind it (as keys, since SQLite
    has no INCLUDE)."""
    more = [column for column in _COVERED if column not in columns]
    return sa.Index(f"listing_{name}", *columns, *more, postgresql_where=_LIVE, sqlite_where=_LIVE)


class Category(SQLModel, table=True):
    """A node of the category tree, at most three levels deep, for listings of one kind."""

    __tablename__ = "category"
    __table_args__ = (sa.Index("category_parent", "parent_id", "position", "id"),)

    id: str = Field(primary_key=True, max_length=30)
    parent_id: str | None = Field(default=None, foreign_key="category.id", max_length=30)
    kind: ListingKind = enum_field(ListingKind)
    slug: str = Field(unique=True)
    name: str
    name_en: str | None = None
    depth: int = Field(description="1 for a root, at most 3")
    position: int
    needs_conformity_certificate: bool = Field(
        default=False,
        description="Lots of what is in it or below it need a 承诺达标合格证 (MARA Order 2025 No. 4, from 1 February 2026)",
    )


class Listing(SQLModel, table=True):
    """What is offered. Kept columns (price, season, popularity, rating, stock, next session, places) are set by steps
    in the transaction that changes what they come from, so that lists only select."""

    __tablename__ = "listing"
    __table_args__ = (
        _live_index("popularity", "kind", "popularity", "id"),
        _live_index("newest", "kind", "published_at", "id"),
        _live_index("price", "kind", "price_fen", "id"),
        _live_index("next_session", "kind", "next_session_at", "id"),
        _live_index("category_1", "kind", "category_1", "popularity", "id"),
        _live_index("category_2", "kind", "category_2", "popularity", "id"),
        _live_index("category_3", "kind", "category_3", "popularity", "id"),
        _live_index("county", "kind", "county_code", "popularity", "id"),
        _live_index("township", "kind", "township_code", "popularity", "id"),
        _live_index("region", "kind", "region_code", "popularity", "id"),
        _live_index("producer", "producer_id", "kind", "popularity", "id"),
        _live_index("cooperative", "cooperative_id", "kind", "popularity", "id"),
        _live_index("place", "latitude", "longitude"),
        # What its people and staff look through, whatever its state.
        sa.Index("listing_of_producer", "producer_id", "updated_at", "id"),
        sa.Index("listing_of_cooperative", "cooperative_id", "updated_at", "id"),
        sa.Index("listing_in_region", "region_code", "updated_at", "id"),
        sa.Index("listing_updated", "updated_at", "id"),
        sa.Index("listing_in_state", "state", "updated_at", "id"),
        sa.Index("listing_external_code", "producer_id", "external_code", unique=True),
        sa.CheckConstraint("price_fen >= 0", name="listing_price"),
        sa.CheckConstraint("rating_count >= 0", name="listing_rating"),
    )

    id: str = Field(primary_key=True, max_length=30)
    kind: ListingKind = enum_field(ListingKind)
    state: ListingState = enum_field(ListingState, default=ListingState.DRAFT)
    title: str
    title_en: str | None = None
    summary: str = ""
    summary_en: str | None = None
    description: str = ""
    description_en: str | None = None

    producer_id: str = Field(foreign_key="organisation.id", max_length=30)
    cooperative_id: str | None = Field(default=None, foreign_key="organisation.id", max_length=30)
    category_id: str = Field(foreign_key="category.id", max_length=30)
    category_1: str = Field(max_length=30, description="The category's root")
    category_2: str | None = Field(default=None, max_length=30)
    category_3: str | None = Field(default=None, max_length=30)
    village_id: str = Field(foreign_key="village.id", max_length=30)
    region_code: str = Field(max_length=12)
    township_code: str = Field(max_length=12)
    county_code: str = Field(max_length=12)
    latitude: float
    longitude: float

    price_fen: int = fen_field(default=0, description="The lowest price to start from")
    storage: Storage | None = enum_field(Storage, default=None, nullable=True)
    stock_state: StockState | None = enum_field(StockState, default=None, nullable=True)
    season_start_1: int = Field(default=101, sa_type=sa.SmallInteger)
    season_end_1: int = Field(default=1231, sa_type=sa.SmallInteger)
    season_start_2: int = Field(default=0, sa_type=sa.SmallInteger)
    season_end_2: int = Field(default=0, sa_type=sa.SmallInteger)
    next_session_at: datetime = FAR_FUTURE
    popularity: int = 0
    rating_hundredths: int | None = Field(default=None, description="Average of the reviews, 100 to 500")
    rating_count: int = 0
    rating_sum: int = Field(
        default=0, sa_column_kwargs={"server_default": "0"}, description="Of the stars, so that the average stays exact"
    )
    search_rank: int = Field(sa_type=sa.BigInteger, unique=True, description="Popularity and a serial: search order")
    external_code: str | None = Field(default=None, max_length=64, description="The seller's own, from its imports")
    version: int = Field(default=1, description="Counts changes of its content and revisions: see access.bump")
    published_at: datetime = Field(description="When it first went on sale; while a draft, when it was made")
    created_at: datetime
    updated_at: datetime


class Image(SQLModel, table=True):
    """A picture of a listing, in order."""

    __tablename__ = "image"
    __table_args__ = (sa.UniqueConstraint("listing_id", "position", name="image_place"),)

    id: str = Field(primary_key=True, max_length=30)
    listing_id: str = Field(foreign_key="listing.id", max_length=30)
    position: int
    key: str = Field(description="Storage key")
    alt: str
    alt_en: str | None = None
    width: int
    height: int


class ListingCertificate(SQLModel, table=True):
    """A certificate of the seller that covers a listing."""

    __tablename__ = "listing_certificate"
    __table_args__ = (sa.Index("listing_certificate_back", "certificate_id", "listing_id"),)

    listing_id: str = Field(primary_key=True, foreign_key="listing.id", max_length=30)
    certificate_id: str = Field(primary_key=True, foreign_key="certificate.id", max_length=30)
