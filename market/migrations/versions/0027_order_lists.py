"""Indexes for lists of sellers' parts of orders: the newest of all, and those paid on some days."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_ANYWHERE = sa.text("region_code > ''")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")  # however many orders there are
    op.create_index(
        "seller_order_newest",
        "seller_order",
        ["placed_at", "id"],
        unique=False,
        postgresql_where=_ANYWHERE,
        sqlite_where=_ANYWHERE,
    )
    op.create_index("seller_order_paid", "seller_order", ["paid_at"], unique=False)


def downgrade() -> None:
    op.drop_index("seller_order_paid", "seller_order")
    op.drop_index("seller_order_newest", "seller_order")
