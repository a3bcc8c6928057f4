"""Orders."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from market.kernel.triggers import append_only, free

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_order",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("number", sqlmodel.AutoString(length=20), nullable=False),
        sa.Column("account_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "PENDING_PAYMENT",
                "PAID",
                "COMPLETED",
                "REFUNDED",
                "CANCELLED",
                "EXPIRED",
                name="order_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum(
                "MINI_PROGRAM",
                "WEB",
                "APP",
                "LIVESTREAM",
                "STAFF",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("goods_fen", sa.BigInteger(), nullable=False),
        sa.Column("delivery_fen", sa.BigInteger(), nullable=False),
        sa.Column("discount_fen", sa.BigInteger(), nullable=False),
        sa.Column("payable_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("contact_sealed", sqlmodel.AutoString(), nullable=True),
        sa.Column("phone_digest", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("phone_tail", sqlmodel.AutoString(length=4), nullable=True),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=True),
        sa.Column("note_sealed", sqlmodel.AutoString(), nullable=True),
        sa.Column("cancel_reason", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("placed_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=False),
        sa.Column("pay_by", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("paid_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("paid_day", sa.Date(), nullable=True),
        sa.Column("ended_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "payable_fen = goods_fen + delivery_fen - discount_fen AND payable_fen >= 0", name="customer_order_adds_up"
        ),
        sa.CheckConstraint("refunded_fen >= 0 AND refunded_fen <= payable_fen", name="customer_order_refunded"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index("customer_order_account", "customer_order", ["account_id", "placed_at", "id"], unique=False)
    op.create_index(
        "customer_order_due",
        "customer_order",
        ["pay_by", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'PENDING_PAYMENT'"),
        sqlite_where=sa.text("state = 'PENDING_PAYMENT'"),
    )
    op.create_index("customer_order_phone", "customer_order", ["phone_digest", "placed_at"], unique=False)
    op.create_index("customer_order_phone_tail", "customer_order", ["phone_tail", "placed_at"], unique=False)
    op.create_index("customer_order_state", "customer_order", ["state", "placed_at", "id"], unique=False)
    op.create_table(
        "order_event",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("order_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("seller_order_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("actor", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("what", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("from_state", sqlmodel.AutoString(length=32), nullable=True),
        sa.Column("to_state", sqlmodel.AutoString(length=32), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["customer_order.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("order_event_order", "order_event", ["order_id", "id"], unique=False)
    op.create_table(
        "commission_rule",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("organisation_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("category_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("basis_points", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("basis_points BETWEEN 0 AND 3000", name="commission_rule_share"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="commission_rule_order"),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["category.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("commission_rule_for", "commission_rule", ["organisation_id", "category_id"], unique=False)
    op.create_table(
        "seller_order",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("order_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("producer_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("cooperative_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("settlement_party", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("village_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "PENDING",
                "OPEN",
                "PARTLY_FULFILLED",
                "FULFILLED",
                "COMPLETED",
                "CANCELLED",
                name="seller_order_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("goods_fen", sa.BigInteger(), nullable=False),
        sa.Column("delivery_fen", sa.BigInteger(), nullable=False),
        sa.Column("discount_fen", sa.BigInteger(), nullable=False),
        sa.Column("payable_fen", sa.BigInteger(), nullable=False),
        sa.Column("commission_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("delivery_refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "delivery_method",
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
        sa.Column("delivery", sa.JSON(), nullable=False),
        sa.Column("weight_grams", sa.Integer(), nullable=False),
        sa.Column("placed_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("paid_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("ship_by", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("fulfilled_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("completed_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "payable_fen = goods_fen + delivery_fen - discount_fen AND payable_fen >= 0", name="seller_order_adds_up"
        ),
        sa.CheckConstraint("refunded_fen >= 0 AND refunded_fen <= payable_fen", name="seller_order_refunded"),
        sa.ForeignKeyConstraint(
            ["cooperative_id"],
            ["organisation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["customer_order.id"],
        ),
        sa.ForeignKeyConstraint(
            ["producer_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("seller_order_cooperative", "seller_order", ["cooperative_id", "placed_at", "id"], unique=False)
    op.create_index("seller_order_order", "seller_order", ["order_id"], unique=False)
    op.create_index("seller_order_producer", "seller_order", ["producer_id", "placed_at", "id"], unique=False)
    op.create_index(
        "seller_order_producer_state", "seller_order", ["producer_id", "state", "placed_at", "id"], unique=False
    )
    op.create_index("seller_order_region", "seller_order", ["region_code", "placed_at", "id"], unique=False)
    op.create_table(
        "order_line",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("order_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("seller_order_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "PRODUCT", "BOOKING", "GIFT", name="line_kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("listing_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("variant_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("session_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("category_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price_fen", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("discount_fen", sa.BigInteger(), nullable=False),
        sa.Column("payable_fen", sa.BigInteger(), nullable=False),
        sa.Column("commission_bp", sa.Integer(), nullable=False),
        sa.Column("commission_fen", sa.BigInteger(), nullable=False),
        sa.Column("fulfilled_quantity", sa.Integer(), nullable=False),
        sa.Column("refunded_quantity", sa.Integer(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("commission_refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("weight_grams", sa.Integer(), nullable=False),
        sa.Column(
            "return_basis",
            sa.Enum(
                "SEVEN_DAYS",
                "PERISHABLE",
                "MADE_TO_ORDER",
                "AGREED",
                name="return_basis",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("title", sqlmodel.AutoString(), nullable=False),
        sa.Column("title_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("placed_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "fulfilled_quantity >= 0 AND refunded_quantity >= 0 AND fulfilled_quantity <= quantity AND refunded_quantity <= quantity",
            name="order_line_quantities",
        ),
        sa.CheckConstraint("payable_fen = amount_fen - discount_fen AND payable_fen >= 0", name="order_line_adds_up"),
        sa.CheckConstraint("quantity > 0 AND amount_fen = quantity * unit_price_fen", name="order_line_amount"),
        sa.CheckConstraint(
            "refunded_fen >= 0 AND refunded_fen <= payable_fen AND commission_refunded_fen >= 0 AND commission_refunded_fen <= commission_fen",
            name="order_line_refunded",
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["customer_order.id"],
        ),
        sa.ForeignKeyConstraint(
            ["seller_order_id"],
            ["seller_order.id"],
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
    )
    op.create_index("order_line_listing", "order_line", ["listing_id", "placed_at"], unique=False)
    op.create_index("order_line_order", "order_line", ["order_id", "position"], unique=False)
    op.create_index("order_line_seller_order", "order_line", ["seller_order_id", "position"], unique=False)
    op.create_index("order_line_session", "order_line", ["session_id"], unique=False)
    op.create_index("order_line_variant", "order_line", ["variant_id", "placed_at"], unique=False)
    op.create_table(
        "line_discount",
        sa.Column("line_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("campaign_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "funder",
            sa.Enum(
                "PLATFORM", "SELLER", "GOVERNMENT", name="funder", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0 AND refunded_fen BETWEEN 0 AND amount_fen", name="line_discount_amount"),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["order_line.id"],
        ),
        sa.PrimaryKeyConstraint("line_id", "campaign_id"),
    )
    op.create_index("line_discount_campaign", "line_discount", ["campaign_id"], unique=False)
    for statement in append_only("order_event", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    for statement in free("order_event", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("line_discount")
    op.drop_table("order_line")
    op.drop_table("seller_order")
    op.drop_table("commission_rule")
    op.drop_table("order_event")
    op.drop_table("customer_order")
