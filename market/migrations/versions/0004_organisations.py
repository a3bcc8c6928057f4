"""Organisations: registration, licence documents, invitations, powers of memberships."""

from typing import Any

import sqlalchemy as sa
import sqlmodel
from alembic import op

from market.kernel.triggers import append_only, free
from market.migrations.checks import replace_enum_check

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_STATES_BEFORE = ("ACTIVE", "FROZEN")
_STATES = ("DRAFT", "SUBMITTED", "RETURNED", "REJECTED", "ACTIVE", "FROZEN", "CLOSED")
_DOCUMENT_STATES = ("PENDING", "ACCEPTED", "RETURNED")
_FACTS: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("legal_name", sqlmodel.AutoString()),
    ("credit_code", sqlmodel.AutoString(length=18)),
    ("representative_sealed", sqlmodel.AutoString()),
    ("contact_phone_sealed", sqlmodel.AutoString()),
    ("submitted_at", sqlmodel.UTCDateTime()),
)
_REVIEWED: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("scan_id", sqlmodel.AutoString(length=30)),
    ("submitted_by", sqlmodel.AutoString(length=64)),
    ("submitted_at", sqlmodel.UTCDateTime()),
    ("reviewed_by", sqlmodel.AutoString(length=64)),
    ("reviewed_at", sqlmodel.UTCDateTime()),
    ("reasons", sa.JSON(none_as_null=True)),
)


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _only(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    clause = sa.text(where)
    op.create_index(name, table, columns, unique=unique, postgresql_where=clause, sqlite_where=clause)


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    replace_enum_check("organisation", "state", "organisation_state", old=_STATES_BEFORE, new=_STATES)
    for name, kind in _FACTS:
        op.add_column("organisation", sa.Column(name, kind, nullable=True))
    _only(
        "organisation_credit_code_once", "organisation", ["credit_code"], "state IN ('ACTIVE', 'FROZEN')", unique=True
    )
    _only("organisation_waiting", "organisation", ["submitted_at", "id"], "state = 'SUBMITTED'")
    # As text: both engines take a named check with a new column, Alembic would add it afterwards, which SQLite cannot.
    op.execute(
        "ALTER TABLE certificate ADD COLUMN state VARCHAR(32) DEFAULT 'ACCEPTED' NOT NULL"
        f" CONSTRAINT document_state CHECK (state IN ({', '.join(map(repr, _DOCUMENT_STATES))}))"
    )
    for name, kind in _REVIEWED:
        op.add_column("certificate", sa.Column(name, kind, nullable=True))
    _only("certificate_waiting", "certificate", ["submitted_at", "id"], "state = 'PENDING'")
    _only("membership_once", "membership", ["cooperative_id", "producer_id"], "left_on IS NULL", unique=True)
    _membership_power()
    _membership_request()
    _invitation()
    _licence()
    _organisation_event()
    for statement in append_only("organisation_event", dialect):
        op.execute(statement)


def _membership_power() -> None:
    op.create_table(
        "membership_power",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("membership_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "power",
            sa.Enum(
                "MANAGE_LISTINGS",
                "MANAGE_STOCK",
                "MANAGE_SESSIONS",
                "FULFIL",
                "VIEW_FINANCE",
                name="power",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("granted_by", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("granted_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("revoked_by", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("revoked_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="membership_power_order"),
        sa.ForeignKeyConstraint(["membership_id"], ["membership.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("membership_power_held", "membership_power", ["membership_id", "power"])
    _only("membership_power_once", "membership_power", ["membership_id", "power"], "revoked_at IS NULL", unique=True)


def _membership_request() -> None:
    op.create_table(
        "membership_request",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("cooperative_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("producer_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("asked_by", _enum("membership_side", "COOPERATIVE", "PRODUCER"), nullable=False),
        sa.Column(
            "state", _enum("membership_request_state", "REQUESTED", "ACCEPTED", "DECLINED", "WITHDRAWN"), nullable=False
        ),
        sa.Column("requested_by", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("requested_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("answered_by", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("answered_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["cooperative_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["producer_id"], ["organisation.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("membership_request_cooperative", "membership_request", ["cooperative_id", "state"])
    op.create_index("membership_request_producer", "membership_request", ["producer_id", "state"])
    _only(
        "membership_request_once",
        "membership_request",
        ["cooperative_id", "producer_id"],
        "state = 'REQUESTED'",
        unique=True,
    )


def _invitation() -> None:
    states = _enum("invitation_state", "OPEN", "ACCEPTED", "DECLINED", "CANCELLED", "EXPIRED")
    op.create_table(
        "invitation",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("organisation_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("phone_sealed", sqlmodel.AutoString(), nullable=True),
        sa.Column("phone_digest", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("state", states, nullable=False),
        sa.Column("invited_by", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("invited_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("sent_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("sent_count", sa.Integer(), nullable=False),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("answered_by", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("answered_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint("sent_count >= 1", name="invitation_sent"),
        sa.CheckConstraint("state <> 'OPEN' OR phone_digest IS NOT NULL", name="invitation_open_has_phone"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("invitation_organisation", "invitation", ["organisation_id", "state"])
    op.create_index("invitation_phone", "invitation", ["phone_digest", "state"])
    _only("invitation_once", "invitation", ["organisation_id", "phone_digest"], "state = 'OPEN'", unique=True)


def _licence() -> None:
    kinds = ("BUSINESS_LICENCE", "FOOD_PRODUCTION", "FOOD_OPERATION", "LODGING", "TRAVEL_AGENCY", "IDENTITY")
    op.create_table(
        "licence",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("organisation_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("kind", _enum("licence_kind", *kinds), nullable=False),
        sa.Column("number", sqlmodel.AutoString(), nullable=True),
        sa.Column("scan_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("state", _enum("document_state", *_DOCUMENT_STATES), nullable=False),
        sa.Column("submitted_by", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("submitted_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("reviewed_by", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("reviewed_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint("kind <> 'IDENTITY' OR number IS NULL", name="licence_identity_number_not_kept"),
        sa.CheckConstraint("valid_from IS NULL OR valid_to IS NULL OR valid_to >= valid_from", name="licence_order"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("licence_organisation", "licence", ["organisation_id"])
    op.create_index("licence_end", "licence", ["valid_to"])
    _only("licence_waiting", "licence", ["submitted_at", "id"], "state = 'PENDING'")


def _organisation_event() -> None:
    op.create_table(
        "organisation_event",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("organisation_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("from_state", sqlmodel.AutoString(length=32), nullable=True),
        sa.Column("to_state", _enum("organisation_state", *_STATES), nullable=False),
        sa.Column("actor", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("organisation_event_of", "organisation_event", ["organisation_id", "at", "id"])


def downgrade() -> None:
    for statement in free("organisation_event", op.get_bind().dialect.name):
        op.execute(statement)
    for table in ("organisation_event", "licence", "invitation", "membership_request", "membership_power"):
        op.drop_table(table)
    op.drop_index("membership_once", "membership")
    op.drop_index("certificate_waiting", "certificate")
    for name, _kind in reversed(_REVIEWED):
        op.drop_column("certificate", name)
    op.drop_column("certificate", "state")
    op.drop_index("organisation_waiting", "organisation")
    op.drop_index("organisation_credit_code_once", "organisation")
    for name, _kind in reversed(_FACTS):
        op.drop_column("organisation", name)
    # Whoever may not sell still may not.
    op.execute("UPDATE organisation SET state = 'FROZEN' WHERE state NOT IN ('ACTIVE', 'FROZEN')")
    replace_enum_check("organisation", "state", "organisation_state", old=_STATES, new=_STATES_BEFORE)
