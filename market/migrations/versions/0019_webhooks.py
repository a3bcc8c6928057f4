"""Subscriptions and webhooks: whoever leaves a message in the outbox wakes those who listen."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# What `kernel.topics.touch(session, "outbox")` would do in every `publish`, and for whoever writes by hand as well.
# The channel and the table are those of the engines' `announce`.
_WAKE = {
    "sqlite": [
        "CREATE TRIGGER outbox_message_wakes AFTER INSERT ON outbox_message BEGIN"
        " INSERT INTO topic_version (topic, version)"
        " VALUES ('outbox', (SELECT coalesce(max(version), 0) + 1 FROM topic_version))"
        " ON CONFLICT (topic) DO UPDATE SET version = excluded.version; END",
    ],
    "postgresql": [
        "CREATE FUNCTION outbox_message_wake() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_notify('market_topics', 'outbox'); RETURN NULL; END $$",
        "CREATE TRIGGER outbox_message_wakes AFTER INSERT ON outbox_message"
        " FOR EACH STATEMENT EXECUTE FUNCTION outbox_message_wake()",
    ],
}
_LET_SLEEP = {
    "sqlite": ["DROP TRIGGER outbox_message_wakes"],
    "postgresql": ["DROP TRIGGER outbox_message_wakes ON outbox_message", "DROP FUNCTION outbox_message_wake()"],
}


_PENDING = sa.text("state = 'PENDING'")


def _enum(*values: str, name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("organisation_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("url", sqlmodel.AutoString(length=2000), nullable=False),
        sa.Column("note", sqlmodel.AutoString(length=200), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("state", _enum("ACTIVE", "DISABLED", name="webhook_state"), nullable=False),
        sa.Column("disabled_for", _enum("OWNER", "GONE", "FAILING", name="webhook_disabled_for"), nullable=True),
        sa.Column("secret_sealed", sqlmodel.AutoString(), nullable=False),
        sa.Column("old_secret_sealed", sqlmodel.AutoString(), nullable=True),
        sa.Column("old_secret_until", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("paused_until", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("failures >= 0", name="webhook_endpoint_failures_counted"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("webhook_endpoint_organisation", "webhook_endpoint", ["organisation_id", "id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("endpoint_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("message_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("topic", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("aggregate", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("state", _enum("PENDING", "DELIVERED", "DEAD", name="webhook_delivery_state"), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("available_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("claimed_until", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("answered", sa.Integer(), nullable=True),
        sa.Column("error", sqlmodel.AutoString(length=200), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("ended_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint("attempts >= 0", name="webhook_delivery_attempts_counted"),
        sa.ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoint.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("endpoint_id", "message_id", name="webhook_delivery_once"),
    )
    op.create_index(
        "webhook_delivery_due",
        "webhook_delivery",
        ["endpoint_id", "aggregate", "seq"],
        postgresql_where=_PENDING,
        sqlite_where=_PENDING,
    )
    op.create_index("webhook_delivery_endpoint", "webhook_delivery", ["endpoint_id", "id"])
    for statement in _WAKE[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    for statement in _LET_SLEEP[op.get_bind().dialect.name]:
        op.execute(statement)
    op.drop_table("webhook_delivery")
    op.drop_table("webhook_endpoint")
