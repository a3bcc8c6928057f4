"""The journal of sales, and its roll-ups.

`sales_entry` is the journal: a row for each line of each SALE and REFUND, never changed. The roll-ups hold the same
figures added up: five groupings from coarse (villages) to fine (listings), each by day and by month; a report reads the
smallest that tells apart what it asks. Sales never wait for each other at a popular row of a sum: the sale's transaction
only adds rows (`sales_unfolded` names those that no sum has yet), the worker folds them in, and reports read sums and
unfolded rows in one statement.
"""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field, fen_field
from market.ledger.rules import TxnKind


class _Figures(SQLModel):
    """The columns of `rules.Figures`."""

    orders: int = 0
    kind_orders: int = 0
    category_orders: int = 0
    listing_orders: int = 0
    units: int = Field(default=0, sa_type=sa.BigInteger)
    seats: int = Field(default=0, sa_type=sa.BigInteger)
    weight_grams: int = Field(default=0, sa_type=sa.BigInteger)
    gross_fen: int = fen_field(default=0)
    delivery_fen: int = fen_field(default=0)
    platform_fen: int = fen_field(default=0)
    seller_fen: int = fen_field(default=0)
    government_fen: int = fen_field(default=0)
    commission_fen: int = fen_field(default=0)
    refunds: int = 0
    refunded_units: int = Field(default=0, sa_type=sa.BigInteger)
    refunded_fen: int = fen_field(default=0)
    refunded_platform_fen: int = fen_field(default=0)
    refunded_government_fen: int = fen_field(default=0)


class SalesEntry(_Figures, table=True):
    """What one order line was sold for, or what of it went back: a line of a SALE or REFUND of the ledger, on the
    ledger's day. A sale that costs nothing is here and not in the ledger."""

    __tablename__ = "sales_entry"
    __table_args__ = (
        sa.UniqueConstraint("line_id", "txn_kind", "reference", name="sales_entry_once"),
        sa.Index("sales_entry_day", "business_day"),
        sa.Index("sales_entry_part", "seller_order_id"),
        sa.Index("sales_entry_producer", "producer_id", "business_day"),
    )

    id: str = Field(primary_key=True, max_length=30)
    txn_kind: TxnKind = enum_field(TxnKind)
    reference: str = Field(max_length=64, description="The ledger's")
    at: datetime
    business_day: date = Field(description="Shanghai's")
    week: date = Field(description="Its Monday")
    month: date = Field(description="Its first day")
    line_id: str = Field(max_length=30)
    order_id: str = Field(max_length=30)
    seller_order_id: str = Field(max_length=30)
    producer_id: str = Field(max_length=30)
    settlement_party: str = Field(max_length=30)
    village_id: str = Field(max_length=30)
    region_code: str = Field(max_length=12)
    listing_id: str = Field(max_length=30)
    category_id: str = Field(max_length=30)
    kind: str = Field(max_length=16)
    channel: str = Field(max_length=16)


class SalesUnfolded(SQLModel, table=True):
    """A row of the journal that the sums do not have yet. The worker's queue: gone once folded."""

    __tablename__ = "sales_unfolded"

    entry_id: str = Field(primary_key=True, foreign_key="sales_entry.id", max_length=30)


class _Place(_Figures):
    """Village and kind."""

    village_id: str = Field(primary_key=True, max_length=30)
    kind: str = Field(primary_key=True, max_length=16)
    region_code: str = Field(max_length=12, description="The village's")


class _Channel(_Place):
    channel: str = Field(primary_key=True, max_length=16)


class _Category(_Place):
    category_id: str = Field(primary_key=True, max_length=30)


class _Seller(_Place):
    producer_id: str = Field(primary_key=True, max_length=30)
    settlement_party: str = Field(primary_key=True, max_length=30)


class _Listing(_Figures):
    listing_id: str = Field(primary_key=True, max_length=30)
    kind: str = Field(primary_key=True, max_length=16)
    channel: str = Field(primary_key=True, max_length=16)
    settlement_party: str = Field(primary_key=True, max_length=30)
    village_id: str = Field(primary_key=True, max_length=30)
    category_id: str = Field(primary_key=True, max_length=30)
    producer_id: str = Field(max_length=30, description="The listing's")
    region_code: str = Field(max_length=12, description="The village's")


class _ByDay(SQLModel):
    business_day: date = Field(primary_key=True)
    week: date
    month: date


class _ByMonth(SQLModel):
    month: date = Field(primary_key=True)


_IN_KEY_ORDER = {"sqlite_with_rowid": False}
"""SQLite keeps the rows themselves in the order of their key, in which reports read and group them."""


class SalesPlaceDay(_Place, _ByDay, table=True):
    """By day, village and kind."""

    __tablename__ = "sales_place_day"
    __table_args__ = _IN_KEY_ORDER


class SalesPlaceMonth(_Place, _ByMonth, table=True):
    """By month, village and kind."""

    __tablename__ = "sales_place_month"
    __table_args__ = _IN_KEY_ORDER


class SalesChannelDay(_Channel, _ByDay, table=True):
    """By day, village, kind and channel."""

    __tablename__ = "sales_channel_day"
    __table_args__ = _IN_KEY_ORDER


class SalesChannelMonth(_Channel, _ByMonth, table=True):
    """By month, village, kind and channel."""

    __tablename__ = "sales_channel_month"
    __table_args__ = _IN_KEY_ORDER


class SalesCategoryDay(_Category, _ByDay, table=True):
    """By day, village, kind and category."""

    __tablename__ = "sales_category_day"
    __table_args__ = _IN_KEY_ORDER


class SalesCategoryMonth(_Category, _ByMonth, table=True):
    """By month, village, kind and category."""

    __tablename__ = "sales_category_month"
    __table_args__ = _IN_KEY_ORDER


class SalesSellerDay(_Seller, _ByDay, table=True):
    """By day, producer and whoever is paid for it."""

    __tablename__ = "sales_seller_day"
    __table_args__ = (
        sa.Index("sales_seller_day_producer", "producer_id", "business_day"),
        sa.Index("sales_seller_day_party", "settlement_party", "business_day"),
    )


class SalesSellerMonth(_Seller, _ByMonth, table=True):
    """By month, producer and whoever is paid for it."""

    __tablename__ = "sales_seller_month"
    __table_args__ = (
        sa.Index("sales_seller_month_producer", "producer_id", "month"),
        sa.Index("sales_seller_month_party", "settlement_party", "month"),
    )


class SalesDay(_Listing, _ByDay, table=True):
    """By day and listing, all that there is to tell apart."""

    __tablename__ = "sales_day"
    __table_args__ = (
        sa.Index("sales_day_producer", "producer_id", "business_day"),
        sa.Index("sales_day_party", "settlement_party", "business_day"),
        sa.Index("sales_day_listing", "listing_id", "business_day"),
    )


class SalesMonth(_Listing, _ByMonth, table=True):
    """By month and listing, all that there is to tell apart."""

    __tablename__ = "sales_month"
    __table_args__ = (
        sa.Index("sales_month_producer", "producer_id", "month"),
        sa.Index("sales_month_party", "settlement_party", "month"),
        sa.Index("sales_month_listing", "listing_id", "month"),
    )


def _table(model: type[SQLModel]) -> sa.Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


@dataclass(frozen=True, slots=True)
class RollUp:
    """One grouping of the journal, by day and by month: the same columns and figures."""

    day: sa.Table
    month: sa.Table

    @property
    def columns(self) -> frozenset[str]:
        """What it tells apart, besides time."""
        return frozenset(of_sum(self.month)) - {"month"}


ENTRIES, UNFOLDED = _table(SalesEntry), _table(SalesUnfolded)
FIGURES: tuple[str, ...] = tuple(_Figures.model_fields)
DAY, PLACE_DAY = _table(SalesDay), _table(SalesPlaceDay)


FRESH = (
    sa.select(ENTRIES).where(ENTRIES.c.id.in_(sa.select(UNFOLDED.c.entry_id))).cte("fresh").prefix_with("MATERIALIZED")
)
"""The journal's rows that no sum has yet: few, and found by the queue first, whatever else is asked of them."""


def of_sum(table: sa.Table) -> tuple[str, ...]:
    """The columns that a sum is by."""
    return tuple(column.name for column in table.columns if column.name not in FIGURES)


ROLL_UPS = tuple(
    RollUp(_table(day), _table(month))
    for day, month in (
        (SalesPlaceDay, SalesPlaceMonth),
        (SalesChannelDay, SalesChannelMonth),
        (SalesCategoryDay, SalesCategoryMonth),
        (SalesSellerDay, SalesSellerMonth),
        (SalesDay, SalesMonth),
    )
)
"""The smallest first."""
SUMS = tuple(table for each in ROLL_UPS for table in (each.month, each.day))
"""All their tables."""
