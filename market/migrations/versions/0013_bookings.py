"""Bookings and tickets."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("order_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("line_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("account_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("producer_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("package_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("option_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("session_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "ON_HOLD",
                "CONFIRMED",
                "REDEEMED",
                "NO_SHOW",
                "CANCELLED",
                "EXPIRED",
                name="booking_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("ends_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("cutoff_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("tiers", sa.JSON(), nullable=False),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("confirmed_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("redeemed_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("cancelled_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column(
            "cancelled_by",
            sa.Enum("BUYER", "OPERATOR", name="cancelled_by", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("refund_percent", sa.Integer(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("seats > 0", name="booking_seats"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["option_id"],
            ["package_option.id"],
        ),
        sa.ForeignKeyConstraint(
            ["package_id"],
            ["tour_package.id"],
        ),
        sa.ForeignKeyConstraint(
            ["producer_id"],
            ["organisation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["tour_session.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("line_id", name="booking_line"),
    )
    op.create_index("booking_account", "booking", ["account_id", "starts_at", "id"], unique=False)
    op.create_index("booking_order", "booking", ["order_id"], unique=False)
    op.create_index("booking_package", "booking", ["package_id", "starts_at", "id"], unique=False)
    op.create_index("booking_session", "booking", ["session_id", "state", "id"], unique=False)
    op.create_table(
        "ticket",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("booking_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("session_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("unit_type_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "ADULT",
                "YOUTH",
                "CHILD",
                "INFANT",
                "FAMILY",
                "SENIOR",
                "STUDENT",
                "OTHER",
                name="unit_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("name_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("pax", sa.Integer(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("participant_sealed", sqlmodel.AutoString(), nullable=True),
        sa.Column("code_digest", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("code_sealed", sqlmodel.AutoString(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "PENDING",
                "VALID",
                "REDEEMED",
                "NO_SHOW",
                "CANCELLED",
                name="ticket_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("redeemed_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("redeemed_by", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("gate", sqlmodel.AutoString(length=64), nullable=True),
        sa.CheckConstraint("pax >= 0 AND price_fen >= 0", name="ticket_facts"),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["booking.id"],
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["tour_session.id"],
        ),
        sa.ForeignKeyConstraint(
            ["unit_type_id"],
            ["unit_type.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("booking_id", "position", name="ticket_place"),
        sa.UniqueConstraint("code_digest"),
    )
    op.create_index("ticket_session", "ticket", ["session_id", "state", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("ticket")
    op.drop_table("booking")
