"""Sessions, and what happened to them."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field
from market.sessions.rules import CloseReason, SessionEventKind, SessionState

_OF_SERIES = sa.text("series_id IS NOT NULL")
_HELD = sa.text("lapses_at IS NOT NULL")


class TourSession(SQLModel, table=True):
    """One start time of a package's option. Seats taken are held or confirmed; the database refuses to oversell.

    Kept columns, by the transactions that change what they come from: `pool_vacancies`, how many people the pools that
    it draws on still take (null when they set no limit), and `lapses_at`, before which no hold in it or in its slots
    ends. How many seats are left is said by `market.sessions.vacancies` alone.
    """

    __tablename__ = "tour_session"
    __table_args__ = (
        sa.Index(
            "tour_session_package",
            "package_id",
            "starts_at",
            "id",
            postgresql_include=["capacity", "taken", "state", "local_date", "pool_vacancies", "lapses_at"],
        ),
        sa.Index("tour_session_start", "starts_at", "package_id"),
        sa.Index("tour_session_series", "series_id", "starts_at", postgresql_where=_OF_SERIES, sqlite_where=_OF_SERIES),
        sa.Index("tour_session_lapse", "lapses_at", postgresql_where=_HELD, sqlite_where=_HELD),
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
    series_id: str | None = Field(default=None, foreign_key="session_series.id", max_length=30)
    closed_for: CloseReason | None = enum_field(CloseReason, default=None, nullable=True)
    pool_vacancies: int | None = None
    lapses_at: datetime | None = None
    draw_revision: int = Field(default=0, description="Counts changes of what it draws from pools")


class SessionEvent(SQLModel, table=True):
    """One thing that happened to a session after it was made. Never changed or deleted, which triggers enforce."""

    __tablename__ = "session_event"
    __table_args__ = (sa.Index("session_event_session", "session_id", "id"),)

    id: str = Field(primary_key=True, max_length=30)
    session_id: str = Field(foreign_key="tour_session.id", max_length=30)
    kind: SessionEventKind = enum_field(SessionEventKind)
    actor: str = Field(max_length=64, description="The account, or SYSTEM")
    at: datetime
    reason: CloseReason | None = enum_field(CloseReason, default=None, nullable=True)
    before: int | None = Field(default=None, description="The capacity before, of a change of capacity")
    after: int | None = Field(default=None, description="The capacity after")
