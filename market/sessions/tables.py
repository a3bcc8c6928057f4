"""Sessions."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field
from market.sessions.rules import SessionState


class TourSession(SQLModel, table=True):
    """One start time of a package's option. Seats taken are held or confirmed; the database refuses to oversell."""

    __tablename__ = "tour_session"
    __table_args__ = (
        sa.Index(
            "tour_session_package",
            "package_id",
            "starts_at",
            "id",
            postgresql_include=["capacity", "taken", "state", "local_date"],
        ),
        sa.Index("tour_session_start", "starts_at", "package_id"),
        sa.UniqueConstraint("option_id", "starts_at", name="tour_session_once"),
        sa.CheckConstraint("taken >= 0 AND taken <= capacity", name="tour_session_never_oversold"),
        sa.CheckConstraint("ends_at > starts_at", name="tour_session_order"),
    )

    id: str = Field(primary_key=True, max_length=30)
    package_id: str = Field(foreign_key="tour_package.id", max_length=30)
    option_id: str = Field(foreign_key="package_option.id", max_length=30)
    starts_at: datetime
    ends_at: datetime
    cutoff_at: datetime
    local_date: date
    state: SessionState = enum_field(SessionState, default=SessionState.OPEN)
    capacity: int
    taken: int = 0
