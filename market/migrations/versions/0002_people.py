"""People: accounts and the roles they hold."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "role_held",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("account_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "VISITOR",
                "CUSTOMER",
                "OWNER",
                "EDITOR",
                "FULFILMENT",
                "FINANCE",
                "VIEWER",
                "STAFF_MODERATOR",
                "STAFF_ANALYST",
                "STAFF_FINANCE",
                "ADMIN",
                "SYSTEM",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("within", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("organisation_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=True),
        sa.CheckConstraint("organisation_id IS NULL OR region_code IS NULL", name="role_held_within_one"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["region_code"],
            ["region.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "role", "within", name="role_held_once"),
    )


def downgrade() -> None:
    op.drop_table("role_held")
    op.drop_table("account")
