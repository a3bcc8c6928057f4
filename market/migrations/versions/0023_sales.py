"""Sales: the journal of what each line sold and gave back, and its sums."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from market.kernel.triggers import append_only, free

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_COUNTS = ("orders", "kind_orders", "category_orders", "listing_orders")
_SIZES = ("units", "seats", "weight_grams")
_MONEY = ("gross_fen", "delivery_fen", "platform_fen", "seller_fen", "government_fen", "commission_fen")
_BACK = ("refunded_fen", "refunded_platform_fen", "refunded_government_fen")


def _figures() -> list[sa.Column[int]]:
    return [
        *[sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS],
        *[sa.Column(name, sa.BigInteger(), nullable=False) for name in (*_SIZES, *_MONEY)],
        sa.Column("refunds", sa.Integer(), nullable=False),
        sa.Column("refunded_units", sa.BigInteger(), nullable=False),
        *[sa.Column(name, sa.BigInteger(), nullable=False) for name in _BACK],
    ]


def _text(name: str, length: int = 30) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _date(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=False)


def _place() -> list[sa.Column[str]]:
    return [_text("village_id"), _text("kind", 16), _text("channel", 16), _text("region_code", 12)]


def upgrade() -> None:
    _journal()
    op.create_table(
        "sales_unfolded",
        _text("entry_id"),
        sa.ForeignKeyConstraint(["entry_id"], ["sales_entry.id"]),
        sa.PrimaryKeyConstraint("entry_id"),
    )
    _sums()
    for statement in append_only("sales_entry", op.get_bind().dialect.name):
        op.execute(statement)


def _journal() -> None:
    txn_kind = sa.Enum(
        "SALE",
        "REFUND",
        "REFUND_PAID",
        "LATE_PAYMENT",
        "LATE_REFUND",
        "RELEASE",
        "PAYOUT",
        "PAYOUT_PAID",
        "CORRECTION",
        "REVERSAL",
        name="txn_kind",
        native_enum=False,
        create_constraint=True,
        length=32,
    )
    op.create_table(
        "sales_entry",
        *_figures(),
        _text("id"),
        sa.Column("txn_kind", txn_kind, nullable=False),
        _text("reference", 64),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        _date("business_day"),
        _date("week"),
        _date("month"),
        _text("line_id"),
        _text("order_id"),
        _text("seller_order_id"),
        _text("producer_id"),
        _text("settlement_party"),
        _text("village_id"),
        _text("region_code", 12),
        _text("listing_id"),
        _text("category_id"),
        _text("kind", 16),
        _text("channel", 16),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("line_id", "txn_kind", "reference", name="sales_entry_once"),
    )
    op.create_index("sales_entry_day", "sales_entry", ["business_day"])
    op.create_index("sales_entry_part", "sales_entry", ["seller_order_id"])
    op.create_index("sales_entry_producer", "sales_entry", ["producer_id", "business_day"])


def _sums() -> None:
    op.create_table(
        "sales_day",
        *_figures(),
        _date("business_day"),
        _text("listing_id"),
        _text("kind", 16),
        _text("channel", 16),
        *[_text(name) for name in ("settlement_party", "village_id", "category_id", "producer_id")],
        _text("region_code", 12),
        _date("week"),
        _date("month"),
        sa.PrimaryKeyConstraint(
            "business_day", "listing_id", "kind", "channel", "settlement_party", "village_id", "category_id"
        ),
    )
    op.create_index("sales_day_producer", "sales_day", ["producer_id", "business_day"])
    op.create_index("sales_day_party", "sales_day", ["settlement_party", "business_day"])
    op.create_index("sales_day_listing", "sales_day", ["listing_id", "business_day"])
    op.create_table(
        "sales_month",
        *_figures(),
        _date("month"),
        *[_text(name) for name in ("producer_id", "settlement_party", "village_id", "category_id")],
        _text("kind", 16),
        _text("channel", 16),
        _text("region_code", 12),
        sa.PrimaryKeyConstraint(
            "month", "producer_id", "settlement_party", "village_id", "category_id", "kind", "channel"
        ),
    )
    op.create_index("sales_month_producer", "sales_month", ["producer_id", "month"])
    op.create_index("sales_month_party", "sales_month", ["settlement_party", "month"])
    op.create_table(
        "sales_place_day",
        *_figures(),
        _date("business_day"),
        *_place(),
        _date("week"),
        _date("month"),
        sa.PrimaryKeyConstraint("business_day", "village_id", "kind", "channel"),
    )
    op.create_table(
        "sales_place_month",
        *_figures(),
        _date("month"),
        *_place(),
        sa.PrimaryKeyConstraint("month", "village_id", "kind", "channel"),
    )


def downgrade() -> None:
    for statement in free("sales_entry", op.get_bind().dialect.name):
        op.execute(statement)
    for table in ("sales_place_month", "sales_place_day", "sales_month", "sales_day", "sales_unfolded", "sales_entry"):
        op.drop_table(table)
