"""Checkout: carts."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cart",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("account_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("token_digest", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("(account_id IS NULL) <> (token_digest IS NULL)", name="cart_of_somebody"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id"),
        sa.UniqueConstraint("token_digest"),
    )
    op.create_index("cart_stale", "cart", ["updated_at"], unique=False)
    op.create_table(
        "cart_line",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("cart_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("variant_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("session_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("units", sa.JSON(), nullable=False),
        sa.Column("participants_sealed", sqlmodel.AutoString(), nullable=True),
        sa.Column("seen_fen", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("(variant_id IS NULL) <> (session_id IS NULL)", name="cart_line_of_one"),
        sa.CheckConstraint("quantity > 0", name="cart_line_quantity"),
        sa.ForeignKeyConstraint(
            ["cart_id"],
            ["cart.id"],
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["tour_session.id"],
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"],
            ["variant.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("cart_id", "session_id", name="cart_line_session"),
        sa.UniqueConstraint("cart_id", "variant_id", name="cart_line_variant"),
    )


def downgrade() -> None:
    op.drop_table("cart_line")
    op.drop_table("cart")
