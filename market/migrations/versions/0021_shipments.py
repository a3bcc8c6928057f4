"""Shipments and tracking."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from market.kernel.triggers import append_only, free

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_UNFINISHED = sa.text("state IN ('OPEN', 'PARTLY_FULFILLED', 'FULFILLED')")
_TO_ASK = sa.text("ask_at IS NOT NULL")
_ON_ITS_WAY = sa.text("state = 'SENT'")


def upgrade() -> None:
    op.create_index(
        "seller_order_unfinished",
        "seller_order",
        ["paid_at", "id"],
        unique=False,
        postgresql_where=_UNFINISHED,
        sqlite_where=_UNFINISHED,
    )
    op.create_table(
        "shipment",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("order_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("seller_order_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("producer_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column(
            "method",
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
        sa.Column(
            "state",
            sa.Enum(
                "READY",
                "SENT",
                "DELIVERED",
                "RETURNED",
                name="shipment_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "carrier",
            sa.Enum(
                "SF",
                "JD",
                "EMS",
                "CHINA_POST",
                "ZTO",
                "YTO",
                "STO",
                "YUNDA",
                "JT",
                "DEPPON",
                "OTHER",
                name="carrier",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("tracking_number", sqlmodel.AutoString(length=32), nullable=True),
        sa.Column("pickup_point_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("code_digest", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("code_sealed", sqlmodel.AutoString(), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column(
            "tracking",
            sa.Enum(
                "NONE",
                "WANTED",
                "FOLLOWED",
                "ENDED",
                "FAILED",
                name="tracking_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("ask_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column(
            "tracking_status",
            sa.Enum(
                "COLLECTED",
                "IN_TRANSIT",
                "OUT_FOR_DELIVERY",
                "DELIVERED",
                "PROBLEM",
                "REFUSED",
                "RETURNING",
                "RETURNED",
                name="tracking_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("tracking_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("sent_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("delivered_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("returned_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint("(carrier IS NULL) = (tracking_number IS NULL)", name="shipment_carried"),
        sa.CheckConstraint(
            "(method = 'PICKUP') = (pickup_point_id IS NOT NULL)"
            " AND (method = 'PICKUP') = (code_digest IS NOT NULL)"
            " AND (code_digest IS NULL) = (code_sealed IS NULL)",
            name="shipment_fetched",
        ),
        sa.CheckConstraint("code_tries BETWEEN 0 AND 5", name="shipment_tries"),
        sa.CheckConstraint("(state = 'DELIVERED') = (delivered_at IS NOT NULL)", name="shipment_delivered"),
        sa.CheckConstraint("(state = 'RETURNED') = (returned_at IS NOT NULL)", name="shipment_returned"),
        sa.ForeignKeyConstraint(["order_id"], ["customer_order.id"]),
        sa.ForeignKeyConstraint(["pickup_point_id"], ["pickup_point.id"]),
        sa.ForeignKeyConstraint(["producer_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["seller_order_id"], ["seller_order.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("shipment_part", "shipment", ["seller_order_id", "id"], unique=False)
    op.create_index("shipment_producer", "shipment", ["producer_id", "sent_at", "id"], unique=False)
    op.create_index("shipment_region", "shipment", ["region_code", "sent_at", "id"], unique=False)
    op.create_index("shipment_number", "shipment", ["tracking_number"], unique=False)
    op.create_index(
        "shipment_ask", "shipment", ["ask_at"], unique=False, postgresql_where=_TO_ASK, sqlite_where=_TO_ASK
    )
    op.create_index(
        "shipment_sent", "shipment", ["sent_at"], unique=False, postgresql_where=_ON_ITS_WAY, sqlite_where=_ON_ITS_WAY
    )
    op.create_table(
        "shipment_line",
        sa.Column("shipment_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("line_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name="shipment_line_quantity"),
        sa.ForeignKeyConstraint(["line_id"], ["order_line.id"]),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"]),
        sa.PrimaryKeyConstraint("shipment_id", "line_id"),
    )
    op.create_index("shipment_line_line", "shipment_line", ["line_id"], unique=False)
    op.create_table(
        "tracking_event",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("shipment_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("number", sqlmodel.AutoString(length=32), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "COLLECTED",
                "IN_TRANSIT",
                "OUT_FOR_DELIVERY",
                "DELIVERED",
                "PROBLEM",
                "REFUSED",
                "RETURNING",
                "RETURNED",
                name="tracking_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("text", sqlmodel.AutoString(length=500), nullable=False),
        sa.Column("digest", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("heard_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("shipment_id", "digest", name="tracking_event_once"),
    )
    op.create_index("tracking_event_time", "tracking_event", ["shipment_id", "at", "id"], unique=False)
    for statement in append_only("tracking_event", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    for statement in free("tracking_event", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("tracking_event")
    op.drop_table("shipment_line")
    op.drop_table("shipment")
    op.drop_index("seller_order_unfinished", "seller_order")
