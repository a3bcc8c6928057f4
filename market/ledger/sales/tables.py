"""The journal of sales, and its sums.

`sales_entry` is the journal: a row for each line of each SALE and REFUND, never changed. The four sums hold the same
figures added up, fine and coarse, by day and by month; a report reads the smallest that answers it. Sales never wait
for each other at a popular row of a sum: the sale's transaction only adds rows (`sales_unfolded` names those that no
sum has yet), the worker folds them in, and reports read sums and unfolded rows in one statement.
"""

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


class SalesDay(_Figures, table=True):
    """By day and listing: what answers every question."""

    __tablename__ = "sales_day"
    __table_args__ = (
        sa.Index("sales_day_producer", "producer_id", "business_day"),
        sa.Index("sales_day_party", "settlement_party", "business_day"),
        sa.Index("sales_day_listing", "listing_id", "business_day"),
    )

    business_day: date = Field(primary_key=True)
    listing_id: str = Field(primary_key=True, max_length=30)
    kind: str = Field(primary_key=True, max_length=16)
    channel: str = Field(primary_key=True, max_length=16)
    settlement_party: str = Field(primary_key=True, max_length=30)
    village_id: str = Field(primary_key=True, max_length=30)
    category_id: str = Field(primary_key=True, max_length=30)
    producer_id: str = Field(max_length=30)
    region_code: str = Field(max_length=12)
    week: date
    month: date


class SalesMonth(_Figures, table=True):
    """By month, producer and category."""

    __tablename__ = "sales_month"
    __table_args__ = (
        sa.Index("sales_month_producer", "producer_id", "month"),
        sa.Index("sales_month_party", "settlement_party", "month"),
    )

    month: date = Field(primary_key=True)
    producer_id: str = Field(primary_key=True, max_length=30)
    settlement_party: str = Field(primary_key=True, max_length=30)
    village_id: str = Field(primary_key=True, max_length=30)
    category_id: str = Field(primary_key=True, max_length=30)
    kind: str = Field(primary_key=True, max_length=16)
    channel: str = Field(primary_key=True, max_length=16)
    region_code: str = Field(max_length=12)


class SalesPlaceDay(_Figures, table=True):
    """By day and village."""

    __tablename__ = "sales_place_day"

    business_day: date = Field(primary_key=True)
    village_id: str = Field(primary_key=True, max_length=30)
    kind: str = Field(primary_key=True, max_length=16)
    channel: str = Field(primary_key=True, max_length=16)
    region_code: str = Field(max_length=12)
    week: date
    month: date


class SalesPlaceMonth(_Figures, table=True):
    """By month and village."""

    __tablename__ = "sales_place_month"

    month: date = Field(primary_key=True)
    village_id: str = Field(primary_key=True, max_length=30)
    kind: str = Field(primary_key=True, max_length=16)
    channel: str = Field(primary_key=True, max_length=16)
    region_code: str = Field(max_length=12)


def _table(model: type[SQLModel]) -> sa.Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


ENTRIES, UNFOLDED = _table(SalesEntry), _table(SalesUnfolded)
FIGURES: tuple[str, ...] = tuple(_Figures.model_fields)
DAY, MONTH, PLACE_DAY, PLACE_MONTH = (_table(each) for each in (SalesDay, SalesMonth, SalesPlaceDay, SalesPlaceMonth))
SUMS = (PLACE_MONTH, PLACE_DAY, MONTH, DAY)
"""The smallest first."""


def of_sum(table: sa.Table) -> tuple[str, ...]:
    """The columns that a sum is by."""
    return tuple(column.name for column in table.columns if column.name not in FIGURES)
