"""What only produce has."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.catalogue.rules import StockState, WindowKind
from market.kernel.columns import enum_field, fen_field


class Product(SQLModel, table=True):
    """The part of a listing that only produce has; same id."""

    __tablename__ = "product"

    id: str = Field(primary_key=True, foreign_key="listing.id", max_length=30)
    shelf_life_days: int | None = None
    origin: str = ""
    origin_en: str | None = None


class Variant(SQLModel, table=True):
    """A sellable form (规格) of a product. One that is no longer offered is retired, for orders point at it; it comes
    after those that are, and returns under the same id when its SKU is offered again."""

    __tablename__ = "variant"
    __table_args__ = (
        sa.UniqueConstraint("listing_id", "position", name="variant_place"),
        sa.CheckConstraint("price_fen > 0", name="variant_price"),
        sa.CheckConstraint("net_weight_grams > 0 AND pack_count > 0", name="variant_pack"),
    )

    id: str = Field(primary_key=True, max_length=30)
    listing_id: str = Field(foreign_key="product.id", max_length=30)
    position: int
    sku: str = Field(unique=True, max_length=64)
    name: str
    name_en: str | None = None
    net_weight_grams: int
    pack_count: int
    unit: str
    unit_en: str | None = None
    price_fen: int = fen_field()
    stock_state: StockState = enum_field(StockState, default=StockState.SOLD_OUT)
    retired_at: datetime | None = None


class SeasonWindow(SQLModel, table=True):
    """Days of the year when a product is sold, harvested or shipped, as month * 100 + day."""

    __tablename__ = "season_window"

    listing_id: str = Field(primary_key=True, foreign_key="product.id", max_length=30)
    position: int = Field(primary_key=True)
    kind: WindowKind = enum_field(WindowKind)
    start_day: int = Field(sa_type=sa.SmallInteger)
    end_day: int = Field(sa_type=sa.SmallInteger)
