"""After-sales and reviews: claims with their photos, what buyers wrote; open claims counted on seller orders, stars on
listings."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from market.migrations.checks import replace_enum_check

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_KINDS = ("LISTING", "LICENCE", "CLAIM")


def upgrade() -> None:
    op.add_column("seller_order", sa.Column("open_claims", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("listing", sa.Column("rating_sum", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE listing SET rating_sum = rating_hundredths * rating_count / 100 WHERE rating_hundredths > 0")
    replace_enum_check("media", "kind", "media_kind", old=_KINDS, new=(*_KINDS, "REVIEW"))
    _create_claims()
    _create_reviews()


def _create_claims() -> None:
    op.create_table(
        "claim",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("line_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("order_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("seller_order_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("account_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("producer_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("cooperative_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "SPOILED",
                "DAMAGED",
                "WRONG_ITEM",
                "MISSING",
                "NOT_AS_DESCRIBED",
                "NOT_ARRIVED",
                "POOR_SERVICE",
                "NO_REASON",
                name="claim_reason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "wish",
            sa.Enum(
                "REFUND", "RESHIP", "RETURN", name="claim_wish", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "OPEN",
                "RETURN_DUE",
                "RETURN_SENT",
                "RESHIP_DUE",
                "PARTLY_REFUNDED",
                "REJECTED",
                "ESCALATED",
                "REFUNDED",
                "RESHIPPED",
                "DISMISSED",
                "WITHDRAWN",
                name="claim_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("spoilage_percent", sa.Integer(), nullable=False),
        sa.Column("asked_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("text", sqlmodel.AutoString(), nullable=False),
        sa.Column("answer", sqlmodel.AutoString(), nullable=False),
        sa.Column("appeal", sqlmodel.AutoString(), nullable=False),
        sa.Column("decision", sqlmodel.AutoString(), nullable=False),
        sa.Column("carrier", sqlmodel.AutoString(length=32), nullable=True),
        sa.Column("tracking_number", sqlmodel.AutoString(length=40), nullable=True),
        sa.Column("opened_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("answered_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("due_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("settled_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint("quantity > 0", name="claim_quantity"),
        sa.CheckConstraint("refunded_fen BETWEEN 0 AND asked_fen", name="claim_refunded"),
        sa.CheckConstraint("spoilage_percent BETWEEN 1 AND 100", name="claim_spoilage"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["cooperative_id"],
            ["organisation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["order_line.id"],
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["customer_order.id"],
        ),
        sa.ForeignKeyConstraint(
            ["producer_id"],
            ["organisation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["seller_order_id"],
            ["seller_order.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("claim_account", "claim", ["account_id", "opened_at", "id"], unique=False)
    op.create_index(
        "claim_due",
        "claim",
        ["due_at", "id"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("claim_line", "claim", ["line_id", "id"], unique=False)
    op.create_index("claim_order", "claim", ["order_id", "id"], unique=False)
    op.create_index("claim_producer", "claim", ["producer_id", "state", "opened_at", "id"], unique=False)
    op.create_index("claim_region", "claim", ["region_code", "state", "opened_at", "id"], unique=False)
    op.create_index(
        "claim_unsettled",
        "claim",
        ["line_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('OPEN', 'RETURN_DUE', 'RETURN_SENT', 'RESHIP_DUE', 'ESCALATED')"),
        sqlite_where=sa.text("state IN ('OPEN', 'RETURN_DUE', 'RETURN_SENT', 'RESHIP_DUE', 'ESCALATED')"),
    )


def _create_reviews() -> None:
    op.create_table(
        "review",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("line_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("listing_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("account_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("producer_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column(
            "state",
            sa.Enum("SHOWN", "HIDDEN", name="buyer_review_state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("text", sqlmodel.AutoString(length=1000), nullable=False),
        sa.Column("written_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("edited_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("reply", sqlmodel.AutoString(length=1000), nullable=True),
        sa.Column("replied_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column(
            "hidden_for",
            sa.Enum(
                "ABUSE",
                "PERSONAL_DATA",
                "ADVERTISING",
                "NOT_ABOUT_IT",
                "UNLAWFUL",
                name="hidden_for",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("hidden_note", sqlmodel.AutoString(length=200), nullable=True),
        sa.CheckConstraint("(state = 'HIDDEN') = (hidden_for IS NOT NULL)", name="review_hidden"),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name="review_rating"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["order_line.id"],
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
        ),
        sa.ForeignKeyConstraint(
            ["producer_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("line_id", name="review_line"),
    )
    op.create_index("review_account", "review", ["account_id", "written_at", "id"], unique=False)
    op.create_index(
        "review_listing",
        "review",
        ["listing_id", "written_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'SHOWN'"),
        sqlite_where=sa.text("state = 'SHOWN'"),
    )
    op.create_index("review_producer", "review", ["producer_id", "written_at", "id"], unique=False)
    op.create_index("review_region", "review", ["region_code", "written_at", "id"], unique=False)
    op.create_table(
        "claim_photo",
        sa.Column("claim_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("media_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.ForeignKeyConstraint(
            ["claim_id"],
            ["claim.id"],
        ),
        sa.PrimaryKeyConstraint("claim_id", "position"),
    )
    op.create_table(
        "review_photo",
        sa.Column("review_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("media_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("key", sqlmodel.AutoString(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
        ),
        sa.PrimaryKeyConstraint("review_id", "position"),
    )


def downgrade() -> None:
    for table in ("review_photo", "review", "claim_photo", "claim"):
        op.drop_table(table)
    op.execute("DELETE FROM media WHERE kind = 'REVIEW'")
    replace_enum_check("media", "kind", "media_kind", old=(*_KINDS, "REVIEW"), new=_KINDS)
    op.drop_column("listing", "rating_sum")
    op.drop_column("seller_order", "open_claims")
