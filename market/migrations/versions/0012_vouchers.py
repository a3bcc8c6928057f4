"""Vouchers."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "voucher_campaign",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("code", sqlmodel.AutoString(length=32), nullable=True),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("name_en", sqlmodel.AutoString(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "DRAFT",
                "ACTIVE",
                "PAUSED",
                "ENDED",
                name="campaign_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "funder",
            sa.Enum(
                "PLATFORM", "SELLER", "GOVERNMENT", name="funder", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("owner_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("authority_region", sqlmodel.AutoString(length=12), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "PERCENT",
                "FIXED",
                "THRESHOLD",
                name="discount_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("minimum_fen", sa.BigInteger(), nullable=False),
        sa.Column("cap_fen", sa.BigInteger(), nullable=True),
        sa.Column("scope_producer_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("scope_village_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("scope_region", sqlmodel.AutoString(length=12), nullable=True),
        sa.Column("scope_category_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("scope_listing_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("scope_kind", sqlmodel.AutoString(length=32), nullable=True),
        sa.Column("early_days", sa.Integer(), nullable=True),
        sa.Column("budget_fen", sa.BigInteger(), nullable=True),
        sa.Column("spent_fen", sa.BigInteger(), nullable=False),
        sa.Column("total_limit", sa.Integer(), nullable=True),
        sa.Column("used_count", sa.Integer(), nullable=False),
        sa.Column("person_limit", sa.Integer(), nullable=True),
        sa.Column("starts_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("ends_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'PERCENT' AND percent BETWEEN 1 AND 100 AND amount_fen = 0) OR (kind <> 'PERCENT' AND percent = 0 AND amount_fen > 0)",
            name="voucher_campaign_gives",
        ),
        sa.CheckConstraint("funder <> 'GOVERNMENT' OR budget_fen IS NOT NULL", name="voucher_campaign_budgeted"),
        sa.CheckConstraint("ends_at > starts_at", name="voucher_campaign_order"),
        sa.CheckConstraint(
            "spent_fen >= 0 AND (budget_fen IS NULL OR spent_fen <= budget_fen)",
            name="voucher_campaign_never_overspent",
        ),
        sa.CheckConstraint(
            "used_count >= 0 AND (total_limit IS NULL OR used_count <= total_limit)",
            name="voucher_campaign_never_overused",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index("voucher_campaign_owner", "voucher_campaign", ["owner_id", "id"], unique=False)
    op.create_index("voucher_campaign_running", "voucher_campaign", ["state", "starts_at", "id"], unique=False)
    op.create_table(
        "voucher_person",
        sa.Column("campaign_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("account_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("used_count", sa.Integer(), nullable=False),
        sa.CheckConstraint("used_count >= 0", name="voucher_person_counted"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["voucher_campaign.id"],
        ),
        sa.PrimaryKeyConstraint("campaign_id", "account_id"),
    )
    op.create_table(
        "voucher_use",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("campaign_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("account_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("holder", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "state",
            sa.Enum("HELD", "USED", "RETURNED", name="use_state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("returned_fen", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("amount_fen > 0 AND returned_fen BETWEEN 0 AND amount_fen", name="voucher_use_amount"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["voucher_campaign.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("holder", "campaign_id", name="voucher_use_once"),
    )
    op.create_index("voucher_use_account", "voucher_use", ["account_id", "created_at"], unique=False)
    op.create_index(
        "voucher_use_held",
        "voucher_use",
        ["campaign_id", "expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'HELD'"),
        sqlite_where=sa.text("state = 'HELD'"),
    )


def downgrade() -> None:
    op.drop_table("voucher_use")
    op.drop_table("voucher_person")
    op.drop_table("voucher_campaign")
