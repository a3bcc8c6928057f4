"""Settlement: releases, statements, payouts, corrections, and bills compared."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from market.kernel.triggers import append_only, free

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payout_batch",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "PROPOSED",
                "APPROVED",
                "REJECTED",
                "COMPLETED",
                name="batch_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("payout_count", sa.Integer(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("note", sqlmodel.AutoString(length=500), nullable=True),
        sa.Column("made_by", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("made_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("checked_by", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("checked_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("completed_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint("state = 'PROPOSED' OR checked_by IS NOT NULL", name="payout_batch_checked"),
        sa.CheckConstraint("checked_by IS NULL OR checked_by <> made_by", name="payout_batch_four_eyes"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("payout_batch_newest", "payout_batch", ["made_at", "id"])
    op.create_table(
        "reconciliation",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("gateway", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("paid_there_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_here_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_there_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_here_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("difference_count", sa.Integer(), nullable=False),
        sa.Column("compared_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("gateway", "day", name="reconciliation_once"),
    )
    op.create_index("reconciliation_newest", "reconciliation", ["day", "id"])
    op.create_table(
        "bill_difference",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("reconciliation_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "MISSING_HERE",
                "MISSING_THERE",
                "AMOUNT",
                "REFUND",
                "STATUS",
                name="difference_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("number", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("subject_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("here_fen", sa.BigInteger(), nullable=True),
        sa.Column("there_fen", sa.BigInteger(), nullable=True),
        sa.Column("here_state", sqlmodel.AutoString(length=32), nullable=True),
        sa.Column("there_state", sqlmodel.AutoString(length=32), nullable=True),
        sa.Column("found_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("resolved_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("resolved_by", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("note", sqlmodel.AutoString(length=500), nullable=True),
        sa.CheckConstraint("(resolved_at IS NULL) = (note IS NULL)", name="bill_difference_note"),
        sa.ForeignKeyConstraint(["reconciliation_id"], ["reconciliation.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reconciliation_id", "kind", "number", name="bill_difference_once"),
    )
    op.create_index(
        "bill_difference_open",
        "bill_difference",
        ["found_at", "id"],
        postgresql_where=sa.text("resolved_at IS NULL"),
        sqlite_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "bill_row",
        sa.Column("reconciliation_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("PAYMENT", "REFUND", name="bill_kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("number", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("provider_id", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("state", sqlmodel.AutoString(length=32), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("amount_fen >= 0", name="bill_row_amount"),
        sa.ForeignKeyConstraint(["reconciliation_id"], ["reconciliation.id"]),
        sa.PrimaryKeyConstraint("reconciliation_id", "position"),
    )
    op.create_index("bill_row_number", "bill_row", ["number", "kind"])
    op.create_table(
        "ledger_refund_netted",
        sa.Column("txn_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["txn_id"], ["ledger_txn.id"]),
        sa.PrimaryKeyConstraint("txn_id"),
    )
    op.create_table(
        "ledger_correction",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("party", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("reverses", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("reason", sqlmodel.AutoString(length=500), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "PROPOSED",
                "APPROVED",
                "REJECTED",
                name="correction_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("made_by", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("made_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("checked_by", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("checked_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint("state = 'PROPOSED' OR checked_by IS NOT NULL", name="ledger_correction_checked"),
        sa.CheckConstraint("checked_by IS NULL OR checked_by <> made_by", name="ledger_correction_four_eyes"),
        sa.ForeignKeyConstraint(["party"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["reverses"], ["ledger_txn.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ledger_correction_newest", "ledger_correction", ["made_at", "id"])
    op.create_table(
        "settlement_terms",
        sa.Column("party", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "period",
            sa.Enum(
                "HALF_MONTH", "MONTH", name="settlement_period", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["party"], ["organisation.id"]),
        sa.PrimaryKeyConstraint("party"),
    )
    op.create_table(
        "statement",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("party", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column(
            "period",
            sa.Enum(
                "HALF_MONTH", "MONTH", name="settlement_period", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "DRAFT",
                "ISSUED",
                "CONFIRMED",
                "DISPUTED",
                name="statement_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("opening_fen", sa.BigInteger(), nullable=False),
        sa.Column("released_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_out_fen", sa.BigInteger(), nullable=False),
        sa.Column("corrected_fen", sa.BigInteger(), nullable=False),
        sa.Column("closing_fen", sa.BigInteger(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("dispute", sqlmodel.AutoString(length=500), nullable=True),
        sa.Column("answer", sqlmodel.AutoString(length=500), nullable=True),
        sa.Column("drafted_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("issued_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("answered_by", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("confirmed_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint("state <> 'DISPUTED' OR dispute IS NOT NULL", name="statement_dispute_has_reason"),
        sa.CheckConstraint(
            "closing_fen = opening_fen + released_fen + refunded_fen + paid_out_fen + corrected_fen",
            name="statement_adds_up",
        ),
        sa.CheckConstraint("last_day >= first_day", name="statement_period"),
        sa.ForeignKeyConstraint(["party"], ["organisation.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("party", "first_day", name="statement_once"),
        sa.UniqueConstraint("party", "last_day", name="statement_ends_once"),
    )
    op.create_index("statement_newest", "statement", ["last_day", "id"])
    op.create_index("statement_region", "statement", ["region_code", "last_day", "id"])
    op.create_index("statement_state", "statement", ["state", "last_day", "id"])
    op.create_table(
        "ledger_release",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("subject_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "PRODUCT",
                "BOOKING",
                "DELIVERY",
                name="release_of",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("seller_order_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("party", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("producer_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("voucher_fen", sa.BigInteger(), nullable=False),
        sa.Column("commission_fen", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=False),
        sa.CheckConstraint("amount_fen = paid_fen + voucher_fen - commission_fen", name="ledger_release_adds_up"),
        sa.CheckConstraint("seq > 1 OR amount_fen >= 0", name="ledger_release_first"),
        sa.ForeignKeyConstraint(["producer_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["seller_order_id"], ["seller_order.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("subject_id", "seq", name="ledger_release_once"),
    )
    op.create_index("ledger_release_party", "ledger_release", ["party", "business_day"])
    op.create_index("ledger_release_seller_order", "ledger_release", ["seller_order_id"])
    op.create_table(
        "payout",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("batch_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("party", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("statement_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "PROPOSED",
                "APPROVED",
                "PAID",
                "FAILED",
                "DROPPED",
                name="payout_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reference", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("reason", sqlmodel.AutoString(length=200), nullable=True),
        sa.Column("made_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("ended_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name="payout_amount"),
        sa.ForeignKeyConstraint(["batch_id"], ["payout_batch.id"]),
        sa.ForeignKeyConstraint(["party"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("payout_batch_of", "payout", ["batch_id", "id"])
    op.create_index(
        "payout_open",
        "payout",
        ["party"],
        unique=True,
        postgresql_where=sa.text("state IN ('PROPOSED', 'APPROVED')"),
        sqlite_where=sa.text("state IN ('PROPOSED', 'APPROVED')"),
    )
    op.create_index("payout_party", "payout", ["party", "id"])
    op.create_table(
        "statement_line",
        sa.Column("statement_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("txn_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
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
            ),
            nullable=False,
        ),
        sa.Column("business_day", sa.Date(), nullable=False),
        sa.Column("reference", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("producer_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("seller_order_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("voucher_fen", sa.BigInteger(), nullable=False),
        sa.Column("commission_fen", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name="statement_line_moves"),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"]),
        sa.ForeignKeyConstraint(["txn_id"], ["ledger_txn.id"]),
        sa.PrimaryKeyConstraint("statement_id", "txn_id"),
    )
    op.create_index("statement_line_member", "statement_line", ["statement_id", "producer_id"])
    op.create_table(
        "statement_member",
        sa.Column("statement_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("producer_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("is_member", sa.Boolean(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("voucher_fen", sa.BigInteger(), nullable=False),
        sa.Column("commission_fen", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["producer_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"]),
        sa.PrimaryKeyConstraint("statement_id", "producer_id"),
    )
    op.add_column("seller_order", sa.Column("released_at", sqlmodel.UTCDateTime(), nullable=True))
    unreleased = sa.text("released_at IS NULL AND paid_at IS NOT NULL")
    op.create_index(
        "seller_order_unreleased",
        "seller_order",
        ["paid_at", "id"],
        postgresql_where=unreleased,
        sqlite_where=unreleased,
    )
    for statement in append_only("ledger_release", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    for statement in free("ledger_release", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_index("seller_order_unreleased", "seller_order")
    with op.batch_alter_table("seller_order") as batch_op:
        batch_op.drop_column("released_at")
    op.drop_table("statement_member")
    op.drop_table("statement_line")
    op.drop_table("payout")
    op.drop_table("ledger_release")
    op.drop_table("statement")
    op.drop_table("settlement_terms")
    op.drop_table("ledger_correction")
    op.drop_table("ledger_refund_netted")
    op.drop_table("bill_row")
    op.drop_table("bill_difference")
    op.drop_table("reconciliation")
    op.drop_table("payout_batch")
