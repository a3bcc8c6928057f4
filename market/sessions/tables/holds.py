"""Seats held in sessions, and what they hold of pools."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class SeatHold(SQLModel, table=True):
    """Seats promised to a holder (an order) until a moment, or, with none, for good: confirmed.

    Counted in the session's `taken` while the row exists. One that ended is ignored by reads and taken back by whoever
    needs the seats.
    """

    __tablename__ = "seat_hold"
    __table_args__ = (
        sa.Index("seat_hold_session", "session_id", "expires_at"),
        sa.CheckConstraint("seats > 0", name="seat_hold_seats"),
    )

    holder: str = Field(primary_key=True, max_length=64)
    session_id: str = Field(primary_key=True, foreign_key="tour_session.id", max_length=30)
    seats: int
    expires_at: datetime | None = None
    created_at: datetime


class SeatHoldSlot(SQLModel, table=True):
    """Units of a pool's slot that go with a hold, counted in the slot's `taken` while the row exists."""

    __tablename__ = "seat_hold_slot"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["holder", "session_id"], ["seat_hold.holder", "seat_hold.session_id"], name="seat_hold_slot_hold"
        ),
        sa.Index("seat_hold_slot_slot", "slot_id", "holder", "session_id"),
        sa.CheckConstraint("units > 0", name="seat_hold_slot_units"),
    )

    holder: str = Field(primary_key=True, max_length=64)
    session_id: str = Field(primary_key=True, max_length=30)
    slot_id: int = Field(primary_key=True, foreign_key="pool_slot.id")
    units: int
