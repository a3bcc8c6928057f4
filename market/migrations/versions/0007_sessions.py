"""Sessions: series, seat pools, holds, what happened to them."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from market.kernel.triggers import append_only, free

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_REASONS = ("WEATHER", "STAFF", "VENUE", "SERIES", "OTHER")
_ACTIVE = sa.text("state = 'ACTIVE'")
_OF_SERIES = sa.text("series_id IS NOT NULL")
_HELD = sa.text("lapses_at IS NOT NULL")
_COVERED = ["capacity", "taken", "state", "local_date"]


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sqlmodel.AutoString(length=30), nullable=nullable)


def upgrade() -> None:
    _create_series()
    _create_pools()
    _extend_sessions()
    _create_session_slots()
    _create_holds()
    _create_events()


def _create_series() -> None:
    op.create_table(
        "session_series",
        _id(),
        _id("package_id"),
        _id("option_id"),
        sa.Column("state", _choice("series_state", "ACTIVE", "ENDED"), nullable=False),
        sa.Column("rule", sqlmodel.AutoString(length=200), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("times", sa.JSON(), nullable=False),
        sa.Column("exceptions", sa.JSON(), nullable=False),
        sa.Column("extra_days", sa.JSON(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("made_through", sa.Date(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("capacity > 0", name="session_series_capacity"),
        sa.CheckConstraint("last_day >= first_day", name="session_series_order"),
        sa.ForeignKeyConstraint(["option_id"], ["package_option.id"]),
        sa.ForeignKeyConstraint(["package_id"], ["tour_package.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("session_series_option", "session_series", ["option_id", "id"])
    op.create_index("session_series_package", "session_series", ["package_id", "id"])
    op.create_index(
        "session_series_due",
        "session_series",
        ["made_through", "last_day"],
        postgresql_where=_ACTIVE,
        sqlite_where=_ACTIVE,
    )


def _create_pools() -> None:
    op.create_table(
        "seat_pool",
        _id(),
        _id("organisation_id"),
        sa.Column(
            "kind",
            _choice("pool_kind", "BUS_SEAT", "ROOM", "INSTRUCTOR", "EQUIPMENT", "VENUE", "OTHER"),
            nullable=False,
        ),
        sa.Column("name", sqlmodel.AutoString(length=80), nullable=False),
        sa.Column("period", _choice("pool_period", "DAY", "NIGHT", "TIME"), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("capacity >= 0", name="seat_pool_capacity"),
        sa.CheckConstraint("slot_minutes > 0", name="seat_pool_slot_minutes"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organisation_id", "name", name="seat_pool_name"),
    )
    op.create_table(
        "pool_draw",
        _id("option_id"),
        _id("pool_id"),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("per", _choice("draw_per", "PERSON", "BOOKING"), nullable=False),
        sa.CheckConstraint("units > 0", name="pool_draw_units"),
        sa.ForeignKeyConstraint(["option_id"], ["package_option.id"]),
        sa.ForeignKeyConstraint(["pool_id"], ["seat_pool.id"]),
        sa.PrimaryKeyConstraint("option_id", "pool_id"),
    )
    op.create_index("pool_draw_pool", "pool_draw", ["pool_id", "option_id"])
    op.create_table(
        "pool_slot",
        sa.Column("id", sa.Integer(), nullable=False),
        _id("pool_id"),
        sa.Column("starts_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("is_own_capacity", sa.Boolean(), nullable=False),
        sa.CheckConstraint("taken >= 0 AND taken <= capacity", name="pool_slot_never_oversold"),
        sa.ForeignKeyConstraint(["pool_id"], ["seat_pool.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("pool_id", "starts_at", name="pool_slot_once"),
    )


def _extend_sessions() -> None:
    # Constraints stand with their columns: SQLite adds them so without copying the table, and so does PostgreSQL.
    op.execute("ALTER TABLE tour_session ADD COLUMN series_id VARCHAR(30) REFERENCES session_series (id)")
    allowed = ", ".join(map(repr, _REASONS))
    op.execute(
        "ALTER TABLE tour_session ADD COLUMN closed_for VARCHAR(32)"
        f" CONSTRAINT close_reason CHECK (closed_for IN ({allowed}))"
    )
    op.add_column("tour_session", sa.Column("pool_vacancies", sa.Integer(), nullable=True))
    op.add_column("tour_session", sa.Column("lapses_at", sqlmodel.UTCDateTime(), nullable=True))
    op.add_column("tour_session", sa.Column("draw_revision", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index("tour_session_package", table_name="tour_session")
    op.create_index(
        "tour_session_package",
        "tour_session",
        ["package_id", "starts_at", "id"],
        postgresql_include=[*_COVERED, "pool_vacancies", "lapses_at"],
    )
    op.create_index(
        "tour_session_series",
        "tour_session",
        ["series_id", "starts_at"],
        postgresql_where=_OF_SERIES,
        sqlite_where=_OF_SERIES,
    )
    op.create_index("tour_session_lapse", "tour_session", ["lapses_at"], postgresql_where=_HELD, sqlite_where=_HELD)


def _create_session_slots() -> None:
    op.create_table(
        "session_slot",
        _id("session_id"),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("per", _choice("draw_per", "PERSON", "BOOKING"), nullable=False),
        sa.CheckConstraint("units > 0", name="session_slot_units"),
        sa.ForeignKeyConstraint(["session_id"], ["tour_session.id"]),
        sa.ForeignKeyConstraint(["slot_id"], ["pool_slot.id"]),
        sa.PrimaryKeyConstraint("session_id", "slot_id"),
    )
    op.create_index("session_slot_slot", "session_slot", ["slot_id", "session_id"])


def _create_holds() -> None:
    op.create_table(
        "seat_hold",
        sa.Column("holder", sqlmodel.AutoString(length=64), nullable=False),
        _id("session_id"),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("seats > 0", name="seat_hold_seats"),
        sa.ForeignKeyConstraint(["session_id"], ["tour_session.id"]),
        sa.PrimaryKeyConstraint("holder", "session_id"),
    )
    op.create_index("seat_hold_session", "seat_hold", ["session_id", "expires_at"])
    op.create_table(
        "seat_hold_slot",
        sa.Column("holder", sqlmodel.AutoString(length=64), nullable=False),
        _id("session_id"),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.CheckConstraint("units > 0", name="seat_hold_slot_units"),
        sa.ForeignKeyConstraint(
            ["holder", "session_id"], ["seat_hold.holder", "seat_hold.session_id"], name="seat_hold_slot_hold"
        ),
        sa.ForeignKeyConstraint(["slot_id"], ["pool_slot.id"]),
        sa.PrimaryKeyConstraint("holder", "session_id", "slot_id"),
    )
    op.create_index("seat_hold_slot_slot", "seat_hold_slot", ["slot_id", "holder", "session_id"])


def _create_events() -> None:
    op.create_table(
        "session_event",
        _id(),
        _id("session_id"),
        sa.Column(
            "kind",
            _choice("session_event_kind", "CLOSED", "REOPENED", "CANCELLED", "CAPACITY_CHANGED"),
            nullable=False,
        ),
        sa.Column("actor", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("reason", _choice("close_reason", *_REASONS), nullable=True),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("after", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["tour_session.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("session_event_session", "session_event", ["session_id", "id"])
    for statement in append_only("session_event", op.get_context().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    for statement in free("session_event", op.get_context().dialect.name):
        op.execute(statement)
    for table in ("session_event", "seat_hold_slot", "seat_hold", "session_slot"):
        op.drop_table(table)
    for index in ("tour_session_lapse", "tour_session_series", "tour_session_package"):
        op.drop_index(index, table_name="tour_session")
    for column in ("draw_revision", "lapses_at", "pool_vacancies", "closed_for", "series_id"):
        op.execute(f"ALTER TABLE tour_session DROP COLUMN {column}")
    op.create_index(
        "tour_session_package", "tour_session", ["package_id", "starts_at", "id"], postgresql_include=_COVERED
    )
    for table in ("pool_slot", "pool_draw", "seat_pool", "session_series"):
        op.drop_table(table)
