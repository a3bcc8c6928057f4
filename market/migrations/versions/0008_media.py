"""Media: pictures and the room they take."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "media",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("owner_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "LISTING",
                "LICENCE",
                "CLAIM",
                name="media_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "NEW",
                "USED",
                "REMOVED",
                name="media_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("key", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("sha256", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint("width > 0 AND height > 0 AND size_bytes > 0", name="media_size"),
        sa.CheckConstraint("(state = 'USED') = (expires_at IS NULL)", name="media_expiry"),
        sa.PrimaryKeyConstraint("id"),
    )
    is_there = sa.text("state != 'REMOVED'")
    op.create_index(
        "media_once",
        "media",
        ["owner_id", "kind", "sha256"],
        unique=True,
        postgresql_where=is_there,
        sqlite_where=is_there,
    )
    op.create_index("media_newest", "media", ["owner_id", "created_at", "id"])
    op.create_index("media_expiring", "media", ["expires_at"])
    op.create_index("media_key", "media", ["key"])
    op.create_table(
        "media_usage",
        sa.Column("owner_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("size_bytes >= 0", name="media_usage_size"),
        sa.PrimaryKeyConstraint("owner_id"),
    )


def downgrade() -> None:
    op.drop_table("media_usage")
    op.drop_table("media")
