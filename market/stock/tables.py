"""Stock: what is on hand of a variant, in which lots, how it came to be, and for whom it is held.

Four sums hold at every commit, by construction, and `market.stock.check` finds where they do not: a variant's movements
and its lots each make what is on hand; a lot's movements make what remains of it; a variant's holds make what is reserved.
"""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field
from market.stock.rules import (
    AdjustReason,
    ConformityBasis,
    ConformityState,
    IssuerKind,
    MovementKind,
)

_OPEN = sa.text("remaining > 0")
_UNLOTTED = sa.text("harvested_on IS NULL")


class StockLevel(SQLModel, table=True):
    """How much of a variant is on hand, and how much of that is promised. Free to sell is the difference.

    Made with the first receipt, then only changed by the conditional updates of `market.stock.levels`. `version` counts
    the changes of what is on hand; each of them wrote its movements under its number.
    """

    __tablename__ = "stock_level"
    __table_args__ = (
        sa.CheckConstraint("on_hand >= 0 AND reserved >= 0 AND reserved <= on_hand", name="stock_level_never_oversold"),
        sa.CheckConstraint("on_hand <= 100000000", name="stock_level_most"),
        sa.CheckConstraint("low_at >= 0", name="stock_level_low"),
        sa.Index("stock_level_producer", "producer_id", "variant_id"),
    )

    variant_id: str = Field(primary_key=True, foreign_key="variant.id", max_length=30)
    producer_id: str = Field(foreign_key="organisation.id", max_length=30)
    on_hand: int
    reserved: int = 0
    version: int = 0
    low_at: int | None = Field(default=None, description="At so many or fewer, buyers are told that it is LOW")


class StockLot(SQLModel, table=True):
    """A harvest or batch (批次) of a variant, or the one of its pieces that belong to none (未分批), which has no date.

    Made by a receipt. `remaining` falls as pieces are drawn; nothing else changes but `conformity`, once.
    """

    __tablename__ = "stock_lot"
    __table_args__ = (
        sa.UniqueConstraint("producer_id", "code", name="stock_lot_code"),
        sa.Index("stock_lot_variant", "variant_id", "id"),
        sa.Index("stock_lot_open", "variant_id", postgresql_where=_OPEN, sqlite_where=_OPEN),
        sa.Index("stock_lot_unlotted", "variant_id", unique=True, postgresql_where=_UNLOTTED, sqlite_where=_UNLOTTED),
        sa.CheckConstraint("remaining >= 0 AND received >= 0", name="stock_lot_never_overdrawn"),
        sa.CheckConstraint("best_before >= harvested_on", name="stock_lot_order"),
    )

    id: str = Field(primary_key=True, max_length=30)
    variant_id: str = Field(foreign_key="variant.id", max_length=30)
    producer_id: str = Field(foreign_key="organisation.id", max_length=30)
    code: str | None = Field(default=None, max_length=64, description="The producer's own name for it")
    harvested_on: date | None = Field(default=None, description="Or made, for what is not harvested")
    plot: str = Field(default="", max_length=200, description="Where on the farm it comes from")
    received: int = Field(description="As received, before corrections")
    remaining: int
    best_before: date | None = None
    conformity: ConformityState = enum_field(ConformityState)
    received_at: datetime


class ConformityCertificate(SQLModel, table=True):
    """The conformity certificate (承诺达标合格证) of a lot, in the words of its issuer. Never changed or deleted: issuers
    must keep such records for two years, and what was promised stays promised."""

    __tablename__ = "conformity_certificate"

    lot_id: str = Field(primary_key=True, foreign_key="stock_lot.id", max_length=30)
    number: str | None = Field(default=None, max_length=64, description="Its serial number, where it has one")
    issued_on: date
    issuer: IssuerKind = enum_field(IssuerKind)
    basis: ConformityBasis = enum_field(ConformityBasis)
    commitments: list[str] = Field(sa_type=sa.JSON)
    recorded_by: str = Field(max_length=64, description="The account that recorded it")
    recorded_at: datetime


class StockMovement(SQLModel, table=True):
    """So many pieces came to a lot, or went. Made with the change of what is on hand; never changed or deleted, which
    triggers enforce. A change that touches several lots has a movement for each, under one version."""

    __tablename__ = "stock_movement"
    __table_args__ = (
        sa.UniqueConstraint("variant_id", "version", "lot_id", name="stock_movement_once"),
        sa.Index("stock_movement_lot", "lot_id", "version"),
        sa.CheckConstraint(
            "kind IN ('RECEIVED', 'RETURNED') AND quantity > 0 OR kind IN ('SHIPPED', 'WRITTEN_OFF') AND quantity < 0"
            " OR kind IN ('ADJUSTED', 'TRANSFERRED') AND quantity <> 0",
            name="stock_movement_sign",
        ),
        sa.CheckConstraint(
            "(kind IN ('ADJUSTED', 'WRITTEN_OFF')) = (reason IS NOT NULL) AND (reason <> 'OTHER' OR note <> '')",
            name="stock_movement_reason",
        ),
    )

    id: str = Field(primary_key=True, max_length=30)
    variant_id: str = Field(foreign_key="variant.id", max_length=30)
    lot_id: str = Field(foreign_key="stock_lot.id", max_length=30)
    version: int = Field(description="Of the level, by which movements are in order")
    kind: MovementKind = enum_field(MovementKind)
    quantity: int = Field(description="Pieces, below zero when they went")
    on_hand: int = Field(description="Of the variant, once the whole change was done")
    reason: AdjustReason | None = enum_field(AdjustReason, default=None, nullable=True)
    note: str = Field(default="", max_length=200)
    reference: str | None = Field(default=None, max_length=64, description="The order, claim or import it belongs to")
    actor: str = Field(max_length=64, description="The account, or VISITOR, SYSTEM")
    at: datetime


class StockHold(SQLModel, table=True):
    """Pieces promised to a holder (an order) until a moment, or, with none, until they are shipped or given up.

    Counted in the level's `reserved` while the row exists. One that ended is ignored by reads and taken back by whoever
    needs the pieces.
    """

    __tablename__ = "stock_hold"
    __table_args__ = (
        sa.Index("stock_hold_variant", "variant_id", "expires_at"),
        sa.Index("stock_hold_end", "expires_at"),
        sa.CheckConstraint("quantity > 0", name="stock_hold_quantity"),
    )

    holder: str = Field(primary_key=True, max_length=64)
    variant_id: str = Field(primary_key=True, foreign_key="variant.id", max_length=30)
    quantity: int
    expires_at: datetime | None = None
    created_at: datetime
