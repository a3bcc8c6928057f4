"""Organisations: registration, licence documents, invitations, powers of memberships."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "membership_power",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("membership_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "power",
            sa.Enum(
                "MANAGE_LISTINGS",
                "MANAGE_STOCK",
                "MANAGE_SESSIONS",
                "FULFIL",
                "VIEW_FINANCE",
                name="power",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("granted_by", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("granted_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("revoked_by", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("revoked_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="membership_power_order"),
        sa.ForeignKeyConstraint(["membership_id"], ["membership.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("membership_power_held", "membership_power", ["membership_id", "power"])


def downgrade() -> None:
    op.drop_table("membership_power")
