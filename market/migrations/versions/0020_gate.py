"""Check-in, manifests, rescheduling."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from market.kernel.triggers import append_only, free

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    confirmed = sa.text("state = 'CONFIRMED'")
    op.create_index("booking_to_come", "booking", ["ends_at", "id"], postgresql_where=confirmed, sqlite_where=confirmed)
    op.create_table(
        "gate_manifest",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("session_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("issued_to", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("issued_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["tour_session.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("gate_manifest_session", "gate_manifest", ["session_id", "id"])
    op.create_table(
        "redemption",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("ticket_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("session_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("manifest_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "REDEEMED",
                "ALREADY_REDEEMED",
                "CANCELLED",
                "NOT_PAID",
                "MOVED",
                "WRONG_TIME",
                "UNKNOWN",
                name="check_outcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("scanned_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("received_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("actor", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("gate", sqlmodel.AutoString(length=64), nullable=True),
        sa.CheckConstraint("outcome <> 'REDEEMED' OR ticket_id IS NOT NULL", name="redemption_of_ticket"),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
        sa.ForeignKeyConstraint(["session_id"], ["tour_session.id"]),
        sa.ForeignKeyConstraint(["manifest_id"], ["gate_manifest.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    let_in = sa.text("outcome = 'REDEEMED'")
    op.create_index(
        "redemption_once", "redemption", ["ticket_id"], unique=True, postgresql_where=let_in, sqlite_where=let_in
    )
    op.create_index("redemption_session", "redemption", ["session_id", "id"])
    op.create_index("redemption_manifest", "redemption", ["manifest_id", "ticket_id"])
    for table in ("gate_manifest", "redemption"):
        for statement in append_only(table, op.get_bind().dialect.name):
            op.execute(statement)


def downgrade() -> None:
    for table in ("redemption", "gate_manifest"):
        for statement in free(table, op.get_bind().dialect.name):
            op.execute(statement)
        op.drop_table(table)
    op.drop_index("booking_to_come", "booking")
