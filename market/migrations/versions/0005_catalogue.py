"""Catalogue: revisions, suspensions, the history of listings and of prices."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from market.kernel.triggers import append_only, free

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('DRAFT', 'SUBMITTED', 'CHANGES_REQUESTED')")
_SUBMITTED = sa.text("state = 'SUBMITTED'")
_HISTORY = ("listing_event", "price_change")
_RETIRABLE = ("variant", "package_option", "unit_type")


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.add_column(
        "category",
        sa.Column("needs_conformity_certificate", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("listing", sa.Column("external_code", sqlmodel.AutoString(length=64), nullable=True))
    op.add_column("listing", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    for table in _RETIRABLE:
        op.add_column(table, sa.Column("retired_at", sqlmodel.UTCDateTime(), nullable=True))
    op.create_index("listing_of_producer", "listing", ["producer_id", "updated_at", "id"])
    op.create_index("listing_of_cooperative", "listing", ["cooperative_id", "updated_at", "id"])
    op.create_index("listing_in_region", "listing", ["region_code", "updated_at", "id"])
    op.create_index("listing_updated", "listing", ["updated_at", "id"])
    op.create_index("listing_in_state", "listing", ["state", "updated_at", "id"])
    op.create_index("listing_external_code", "listing", ["producer_id", "external_code"], unique=True)
    _create_revisions()
    op.create_table(
        "listing_suspension",
        sa.Column("listing_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "cause",
            _choice("suspension_cause", "MODERATION", "CERTIFICATE", "LICENCE", "FROZEN"),
            nullable=False,
        ),
        sa.Column("since", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("by", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"]),
        sa.PrimaryKeyConstraint("listing_id", "cause"),
    )
    op.create_index("listing_suspension_cause", "listing_suspension", ["cause", "listing_id"])
    _create_histories()
    op.create_table(
        "expiry_warning",
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("subject_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("warned_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("ends_on", "days", "subject_id"),
    )


def _create_revisions() -> None:
    op.create_table(
        "listing_revision",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("listing_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            _choice("revision_state", "DRAFT", "SUBMITTED", "CHANGES_REQUESTED", "APPROVED", "REJECTED", "WITHDRAWN"),
            nullable=False,
        ),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("producer_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("author", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("saved_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("submitted_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("decided_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("decided_by", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("rule", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "state NOT IN ('SUBMITTED', 'APPROVED', 'REJECTED') OR submitted_at IS NOT NULL",
            name="listing_revision_submitted",
        ),
        sa.CheckConstraint(
            "state NOT IN ('APPROVED', 'REJECTED') OR (decided_at IS NOT NULL AND decided_by IS NOT NULL)",
            name="listing_revision_decided",
        ),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"]),
        sa.ForeignKeyConstraint(["producer_id"], ["organisation.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("listing_id", "number", name="listing_revision_number"),
    )
    op.create_index(
        "listing_revision_open",
        "listing_revision",
        ["listing_id"],
        unique=True,
        postgresql_where=_OPEN,
        sqlite_where=_OPEN,
    )
    for name, columns in (
        ("listing_revision_queue", ["submitted_at", "id", "region_code", "listing_id"]),
        ("listing_revision_queue_region", ["region_code", "submitted_at", "id", "listing_id"]),
    ):
        op.create_index(name, "listing_revision", columns, postgresql_where=_SUBMITTED, sqlite_where=_SUBMITTED)
    op.create_index("listing_revision_record", "listing_revision", ["producer_id", "state", "decided_at"])


def _create_histories() -> None:
    op.create_table(
        "listing_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("revision_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column(
            "kind",
            _choice(
                "listing_event_kind",
                "CREATED",
                "SUBMITTED",
                "APPROVED",
                "REJECTED",
                "CHANGES_REQUESTED",
                "REVISION_WITHDRAWN",
                "WITHDRAWN",
                "RELISTED",
                "SUSPENDED",
                "RESUMED",
            ),
            nullable=False,
        ),
        sa.Column("actor", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"]),
        sa.ForeignKeyConstraint(["revision_id"], ["listing_revision.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("listing_event_listing", "listing_event", ["listing_id", "id"])
    op.create_table(
        "price_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("item_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("before_fen", sa.BigInteger(), nullable=False),
        sa.Column("after_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sqlmodel.AutoString(), nullable=False),
        sa.Column("actor", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("before_fen >= 0 AND after_fen >= 0 AND before_fen <> after_fen", name="price_change_fen"),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("price_change_item", "price_change", ["item_id", "id"])
    op.create_index("price_change_listing", "price_change", ["listing_id", "id"])
    for table in _HISTORY:
        for statement in append_only(table, op.get_context().dialect.name):
            op.execute(statement)


def downgrade() -> None:
    for table in _HISTORY:
        for statement in free(table, op.get_context().dialect.name):
            op.execute(statement)
    for table in ("expiry_warning", "price_change", "listing_event", "listing_suspension", "listing_revision"):
        op.drop_table(table)
    for name in (
        "listing_external_code",
        "listing_in_state",
        "listing_updated",
        "listing_in_region",
        "listing_of_cooperative",
        "listing_of_producer",
    ):
        op.drop_index(name, table_name="listing")
    for table in _RETIRABLE:
        op.drop_column(table, "retired_at")
    for column in ("version", "external_code"):
        op.drop_column("listing", column)
    op.drop_column("category", "needs_conformity_certificate")
