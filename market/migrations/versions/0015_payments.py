"""Payments."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provider_notice",
        sa.Column("source", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("notice_id", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("event", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("outcome", sqlmodel.AutoString(length=32), nullable=False),
        sa.Column("received_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source", "notice_id"),
    )
    op.create_table(
        "payment",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("order_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("gateway", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "WECHAT_JSAPI",
                "WECHAT_NATIVE",
                "WECHAT_H5",
                "BANK_TRANSFER",
                "SANDBOX",
                name="pay_method",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "currency",
            sa.Enum("CNY", name="currency", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "CREATED",
                "PENDING",
                "SUCCEEDED",
                "CLOSED",
                "NEEDS_REVIEW",
                name="payment_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("out_trade_no", sqlmodel.AutoString(length=32), nullable=False),
        sa.Column("provider_id", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("action", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("review", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("asked_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("paid_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("ended_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name="payment_amount"),
        sa.CheckConstraint("refunded_fen BETWEEN 0 AND amount_fen", name="payment_refunded"),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["customer_order.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("gateway", "provider_id", name="payment_provider_once"),
        sa.UniqueConstraint("out_trade_no"),
    )
    op.create_index(
        "payment_live",
        "payment",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('CREATED', 'PENDING')"),
        sqlite_where=sa.text("state IN ('CREATED', 'PENDING')"),
    )
    op.create_index("payment_order", "payment", ["order_id", "id"], unique=False)
    op.create_index("payment_state", "payment", ["state", "created_at", "id"], unique=False)
    op.create_index(
        "payment_waiting",
        "payment",
        ["asked_at", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('CREATED', 'PENDING')"),
        sqlite_where=sa.text("state IN ('CREATED', 'PENDING')"),
    )
    op.create_table(
        "refund",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("payment_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("order_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "LATE_MONEY",
                "CANCELLED",
                "OPERATOR_CANCELLED",
                "CLAIM",
                "RETURN",
                "RESCHEDULE",
                "OTHER",
                name="refund_reason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reference", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "REQUESTED",
                "PROCESSING",
                "SUCCEEDED",
                "FAILED",
                "ABNORMAL",
                name="refund_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("out_refund_no", sqlmodel.AutoString(length=32), nullable=False),
        sa.Column("provider_id", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("last_error", sqlmodel.AutoString(length=200), nullable=True),
        sa.Column("requested_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("ended_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name="refund_amount"),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["customer_order.id"],
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["payment.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("out_refund_no"),
        sa.UniqueConstraint("payment_id", "reference", name="refund_once"),
    )
    op.create_index(
        "refund_due",
        "refund",
        ["next_at", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('REQUESTED', 'PROCESSING')"),
        sqlite_where=sa.text("state IN ('REQUESTED', 'PROCESSING')"),
    )
    op.create_index("refund_order", "refund", ["order_id", "id"], unique=False)
    op.create_index("refund_payment", "refund", ["payment_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("refund")
    op.drop_table("payment")
    op.drop_table("provider_notice")
