"""Pools that sessions share, their slots, and what options and sessions draw from them."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field
from market.sessions.rules import DrawPer, PoolKind, PoolPeriod


class SeatPool(SQLModel, table=True):
    """Something of an organisation that its sessions share: a bus's seats, rooms, instructors. So much of it in each
    slot, see `PoolPeriod`."""

    __tablename__ = "seat_pool"
    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "name", name="seat_pool_name"),
        sa.CheckConstraint("capacity >= 0", name="seat_pool_capacity"),
        sa.CheckConstraint("slot_minutes > 0", name="seat_pool_slot_minutes"),
    )

    id: str = Field(primary_key=True, max_length=30)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=30)
    kind: PoolKind = enum_field(PoolKind)
    name: str = Field(max_length=80)
    period: PoolPeriod = enum_field(PoolPeriod)
    slot_minutes: int
    capacity: int = Field(description="Of each slot that has none of its own")
    created_at: datetime


class PoolDraw(SQLModel, table=True):
    """What each person or each booking of an option's sessions takes from a pool. For sessions made from then on, and
    those to come in which nobody had a seat."""

    __tablename__ = "pool_draw"
    __table_args__ = (
        sa.Index("pool_draw_pool", "pool_id", "option_id"),
        sa.CheckConstraint("units > 0", name="pool_draw_units"),
    )

    option_id: str = Field(primary_key=True, foreign_key="package_option.id", max_length=30)
    pool_id: str = Field(primary_key=True, foreign_key="seat_pool.id", max_length=30)
    units: int
    per: DrawPer = enum_field(DrawPer)


class PoolSlot(SQLModel, table=True):
    """One day, night or stretch of time of a pool, made when the first session draws on it. Units taken are held or
    confirmed; the database refuses to give out more than there are."""

    __tablename__ = "pool_slot"
    __table_args__ = (
        sa.UniqueConstraint("pool_id", "starts_at", name="pool_slot_once"),
        sa.CheckConstraint("taken >= 0 AND taken <= capacity", name="pool_slot_never_oversold"),
    )

    id: int | None = Field(default=None, primary_key=True)
    pool_id: str = Field(foreign_key="seat_pool.id", max_length=30)
    starts_at: datetime
    capacity: int
    taken: int = 0
    is_own_capacity: bool = Field(default=False, description="Set for this slot alone: the pool's does not change it")


class SessionSlot(SQLModel, table=True):
    """A slot that a session draws on, and what for. As its option's draws were when the session was made, or last
    changed while nobody had a seat in it."""

    __tablename__ = "session_slot"
    __table_args__ = (
        sa.Index("session_slot_slot", "slot_id", "session_id"),
        sa.CheckConstraint("units > 0", name="session_slot_units"),
    )

    session_id: str = Field(primary_key=True, foreign_key="tour_session.id", max_length=30)
    slot_id: int = Field(primary_key=True, foreign_key="pool_slot.id")
    units: int
    per: DrawPer = enum_field(DrawPer)
