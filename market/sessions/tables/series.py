"""Series: the rule by which sessions of an option recur."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field
from market.sessions.rules import SeriesState

_ACTIVE = sa.text("state = 'ACTIVE'")


class SessionSeries(SQLModel, table=True):
    """Sessions of an option on recurring days, at the same times of Shanghai, each with so much room.

    `rule` is an RFC 5545 recurrence, `exceptions` its EXDATEs and `extra_days` its RDATEs. The sessions exist up to
    `made_through`, which the worker moves on; `last_day` is the last day that has any.
    """

    __tablename__ = "session_series"
    __table_args__ = (
        sa.Index("session_series_option", "option_id", "id"),
        sa.Index("session_series_package", "package_id", "id"),
        sa.Index("session_series_due", "made_through", "last_day", postgresql_where=_ACTIVE, sqlite_where=_ACTIVE),
        sa.CheckConstraint("capacity > 0", name="session_series_capacity"),
        sa.CheckConstraint("last_day >= first_day", name="session_series_order"),
    )

    id: str = Field(primary_key=True, max_length=30)
    package_id: str = Field(foreign_key="tour_package.id", max_length=30)
    option_id: str = Field(foreign_key="package_option.id", max_length=30)
    state: SeriesState = enum_field(SeriesState, default=SeriesState.ACTIVE)
    rule: str = Field(max_length=200)
    first_day: date
    last_day: date
    valid_to: date | None = Field(default=None, description="The end that was asked for beside the rule's own")
    times: list[str] = Field(sa_type=sa.JSON, description="Start times of day, HH:MM")
    exceptions: list[str] = Field(sa_type=sa.JSON, description="Days left out, YYYY-MM-DD")
    extra_days: list[str] = Field(sa_type=sa.JSON, description="Further days, YYYY-MM-DD")
    capacity: int
    made_through: date
    created_at: datetime
    updated_at: datetime
