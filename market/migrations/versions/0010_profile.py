"""Profile: addresses, preferences, consents, privacy requests; the audit trail's indexes."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from market.kernel.triggers import append_only, free

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

DEFAULT = sa.text("is_default")
REQUESTED = sa.text("state = 'REQUESTED'")
READY = sa.text("state = 'READY'")
AUDIT_INDEXES = {
    "audit_entry_at": ["at", "seq"],
    "audit_entry_subject": ["subject", "at", "seq"],
    "audit_entry_actor": ["actor", "at", "seq"],
    "audit_entry_principal": ["principal", "at", "seq"],
    "audit_entry_action": ["action", "at", "seq"],
}


def words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "address",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("account_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("street_sealed", sa.Text(), nullable=False),
        sa.Column("recipient_sealed", sa.Text(), nullable=False),
        sa.Column("phone_sealed", sa.Text(), nullable=False),
        sa.Column("phone_digest", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("label", sqlmodel.AutoString(length=20), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("address_account", "address", ["account_id", "id"])
    op.create_index(
        "address_default", "address", ["account_id"], unique=True, postgresql_where=DEFAULT, sqlite_where=DEFAULT
    )
    op.create_index("address_phone", "address", ["phone_digest"])
    op.create_table(
        "preference",
        sa.Column("account_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("language", words("message_language", "ZH_CN", "EN"), nullable=False),
        sa.Column("updated_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_table(
        "consent",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("account_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("kind", words("consent_kind", "TERMS", "PRIVACY", "MARKETING", "SENSITIVE_DATA"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("decision", words("consent_decision", "GIVEN", "WITHDRAWN"), nullable=False),
        sa.Column("version", sqlmodel.AutoString(length=32), nullable=False),
        sa.Column("source", words("consent_source", "MINI_PROGRAM", "APP", "WEB", "PAPER"), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("number >= 1", name="consent_counted"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "kind", "number", name="consent_numbered_once"),
    )
    for statement in append_only("consent", op.get_bind().dialect.name):
        op.execute(statement)
    privacy()
    op.drop_index("ix_audit_entry_subject", table_name="audit_entry")
    for name, columns in AUDIT_INDEXES.items():
        op.create_index(name, "audit_entry", columns)


def privacy() -> None:
    op.create_table(
        "privacy_request",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("account_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("kind", words("privacy_kind", "EXPORT", "ERASURE"), nullable=False),
        sa.Column(
            "state",
            words("privacy_state", "REQUESTED", "READY", "EXPIRED", "WITHDRAWN", "ERASED"),
            nullable=False,
        ),
        sa.Column("requested_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("due_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("finished_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("leased_until", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("obligations", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint("state <> 'READY' OR expires_at IS NOT NULL", name="privacy_request_ready_expires"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("privacy_request_account", "privacy_request", ["account_id", "id"])
    op.create_index(
        "privacy_request_once",
        "privacy_request",
        ["account_id", "kind"],
        unique=True,
        postgresql_where=REQUESTED,
        sqlite_where=REQUESTED,
    )
    op.create_index(
        "privacy_request_due",
        "privacy_request",
        ["kind", "due_at"],
        postgresql_where=REQUESTED,
        sqlite_where=REQUESTED,
    )
    op.create_index(
        "privacy_request_expiry", "privacy_request", ["expires_at"], postgresql_where=READY, sqlite_where=READY
    )
    op.create_table(
        "privacy_export",
        sa.Column("request_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content_sealed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["privacy_request.id"]),
        sa.PrimaryKeyConstraint("request_id", "attempt", "position"),
    )


def downgrade() -> None:
    for name in AUDIT_INDEXES:
        op.drop_index(name, table_name="audit_entry")
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject", "seq"])
    op.drop_table("privacy_export")
    op.drop_table("privacy_request")
    for statement in free("consent", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("consent")
    op.drop_table("preference")
    op.drop_table("address")
