"""Fulfilment."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pickup_point",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("producer_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("name_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("place", sqlmodel.AutoString(), nullable=False),
        sa.Column("opening", sqlmodel.AutoString(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("closed_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["producer_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("pickup_point_producer", "pickup_point", ["producer_id", "id"], unique=False)
    op.create_table(
        "delivery_rate",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("producer_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column(
            "method",
            sa.Enum(
                "EXPRESS",
                "COLD_CHAIN",
                "PICKUP",
                "DROP",
                "NONE",
                name="delivery_method",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("zone", sqlmodel.AutoString(length=12), nullable=True),
        sa.Column("first_grams", sa.Integer(), nullable=False),
        sa.Column("first_fen", sa.BigInteger(), nullable=False),
        sa.Column("next_grams", sa.Integer(), nullable=False),
        sa.Column("next_fen", sa.BigInteger(), nullable=False),
        sa.Column("promise_hours", sa.Integer(), nullable=False),
        sa.Column("max_grams", sa.Integer(), nullable=True),
        sa.Column("free_from_fen", sa.BigInteger(), nullable=True),
        sa.Column("pickup_point_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("retired_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint("(method = 'PICKUP') = (pickup_point_id IS NOT NULL)", name="delivery_rate_point"),
        sa.CheckConstraint(
            "first_grams >= 0 AND first_fen >= 0 AND next_grams > 0 AND next_fen >= 0 AND promise_hours > 0",
            name="delivery_rate_amounts",
        ),
        sa.ForeignKeyConstraint(
            ["pickup_point_id"],
            ["pickup_point.id"],
        ),
        sa.ForeignKeyConstraint(
            ["producer_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("delivery_rate_producer", "delivery_rate", ["producer_id", "method"], unique=False)


def downgrade() -> None:
    op.drop_table("delivery_rate")
    op.drop_table("pickup_point")
