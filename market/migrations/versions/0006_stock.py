"""Stock: lots with their certificates, movements, holds."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from market.kernel.clock import system_clock
from market.kernel.ids import new_id
from market.kernel.triggers import append_only, free

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_APPEND_ONLY = {"stock_movement": "id", "conformity_certificate": "lot_id"}
_OPEN = sa.text("remaining > 0")
_UNLOTTED = sa.text("harvested_on IS NULL")
_BATCH = 1000


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, sqlmodel.AutoString(length=30), nullable=False)


def upgrade() -> None:
    _widen_levels()
    _create_lots()
    _create_movements()
    _create_holds()
    _open_the_books()
    for table, key in _APPEND_ONLY.items():
        for statement in append_only(table, op.get_context().dialect.name, key=key):
            op.execute(statement)


def _widen_levels() -> None:
    op.add_column("stock_level", sa.Column("producer_id", sqlmodel.AutoString(length=30), nullable=True))
    op.add_column("stock_level", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("stock_level", sa.Column("low_at", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE stock_level SET version = CASE WHEN on_hand > 0 THEN 1 ELSE 0 END, producer_id = (SELECT producer_id"
        " FROM listing JOIN variant ON variant.listing_id = listing.id WHERE variant.id = stock_level.variant_id)"
    )
    with op.batch_alter_table("stock_level") as batch:
        batch.alter_column("producer_id", existing_type=sqlmodel.AutoString(length=30), nullable=False)
        batch.alter_column("version", existing_type=sa.Integer(), server_default=None)
        batch.create_foreign_key("stock_level_producer_id_fkey", "organisation", ["producer_id"], ["id"])
        batch.create_check_constraint("stock_level_most", "on_hand <= 100000000")
        batch.create_check_constraint("stock_level_low", "low_at >= 0")
    op.create_index("stock_level_producer", "stock_level", ["producer_id", "variant_id"])


def _create_lots() -> None:
    op.create_table(
        "stock_lot",
        _id("id"),
        _id("variant_id"),
        _id("producer_id"),
        sa.Column("code", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("harvested_on", sa.Date(), nullable=True),
        sa.Column("plot", sqlmodel.AutoString(length=200), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("best_before", sa.Date(), nullable=True),
        sa.Column(
            "conformity",
            _choice("conformity_state", "NOT_REQUIRED", "ISSUED", "MISSING"),
            nullable=False,
        ),
        sa.Column("received_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("remaining >= 0 AND received >= 0", name="stock_lot_never_overdrawn"),
        sa.CheckConstraint("best_before >= harvested_on", name="stock_lot_order"),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"]),
        sa.ForeignKeyConstraint(["producer_id"], ["organisation.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("producer_id", "code", name="stock_lot_code"),
    )
    op.create_index("stock_lot_variant", "stock_lot", ["variant_id", "id"])
    op.create_index("stock_lot_open", "stock_lot", ["variant_id"], postgresql_where=_OPEN, sqlite_where=_OPEN)
    op.create_index(
        "stock_lot_unlotted",
        "stock_lot",
        ["variant_id"],
        unique=True,
        postgresql_where=_UNLOTTED,
        sqlite_where=_UNLOTTED,
    )
    op.create_table(
        "conformity_certificate",
        _id("lot_id"),
        sa.Column("number", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column(
            "issuer",
            _choice("issuer_kind", "ENTERPRISE", "COOPERATIVE", "FARMER", "PURCHASER"),
            nullable=False,
        ),
        sa.Column(
            "basis",
            _choice("conformity_basis", "QUALITY_CONTROL", "OWN_TEST", "COMMISSIONED_TEST"),
            nullable=False,
        ),
        sa.Column("commitments", sa.JSON(), nullable=False),
        sa.Column("recorded_by", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("recorded_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["stock_lot.id"]),
        sa.PrimaryKeyConstraint("lot_id"),
    )


def _create_movements() -> None:
    op.create_table(
        "stock_movement",
        _id("id"),
        _id("variant_id"),
        _id("lot_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            _choice("movement_kind", "RECEIVED", "RETURNED", "SHIPPED", "WRITTEN_OFF", "ADJUSTED", "TRANSFERRED"),
            nullable=False,
        ),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column(
            "reason",
            _choice("adjust_reason", "DAMAGED", "SPOILED", "GIFT", "OWN_USE", "COUNTED", "OTHER"),
            nullable=True,
        ),
        sa.Column("note", sqlmodel.AutoString(length=200), nullable=False),
        sa.Column("reference", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("actor", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('RECEIVED', 'RETURNED') AND quantity > 0 OR kind IN ('SHIPPED', 'WRITTEN_OFF') AND quantity < 0"
            " OR kind IN ('ADJUSTED', 'TRANSFERRED') AND quantity <> 0",
            name="stock_movement_sign",
        ),
        sa.CheckConstraint(
            "(kind IN ('ADJUSTED', 'WRITTEN_OFF')) = (reason IS NOT NULL) AND (reason <> 'OTHER' OR note <> '')",
            name="stock_movement_reason",
        ),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"]),
        sa.ForeignKeyConstraint(["lot_id"], ["stock_lot.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("variant_id", "version", "lot_id", name="stock_movement_once"),
    )
    op.create_index("stock_movement_lot", "stock_movement", ["lot_id", "version"])


def _create_holds() -> None:
    op.create_table(
        "stock_hold",
        sa.Column("holder", sqlmodel.AutoString(length=64), nullable=False),
        _id("variant_id"),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("quantity > 0", name="stock_hold_quantity"),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"]),
        sa.PrimaryKeyConstraint("holder", "variant_id"),
    )
    op.create_index("stock_hold_variant", "stock_hold", ["variant_id", "expires_at"])
    op.create_index("stock_hold_end", "stock_hold", ["expires_at"])


def _open_the_books() -> None:
    """What was on hand before there were movements was received now, into the lot of what belongs to none; what was
    reserved before there were holds stays reserved."""
    connection, now = op.get_bind(), system_clock()
    tables = sa.MetaData()
    tables.reflect(connection, only=["stock_level", "stock_lot", "stock_movement", "stock_hold"])
    levels, lots, moves, holds = (
        tables.tables[name] for name in ("stock_level", "stock_lot", "stock_movement", "stock_hold")
    )
    at = sqlmodel.UTCDateTime()
    lots.c.received_at.type = moves.c.at.type = holds.c.created_at.type = at  # reflection knows no more than DATETIME
    rows = connection.execute(sa.select(levels).where(levels.c.on_hand > 0)).mappings().all()
    for start in range(0, len(rows), _BATCH):
        some = [(row, new_id("lot")) for row in rows[start : start + _BATCH]]
        connection.execute(
            sa.insert(lots),
            [
                {
                    "id": lot_id,
                    "variant_id": row["variant_id"],
                    "producer_id": row["producer_id"],
                    "plot": "",
                    "received": row["on_hand"],
                    "remaining": row["on_hand"],
                    "conformity": "NOT_REQUIRED",
                    "received_at": now,
                }
                for row, lot_id in some
            ],
        )
        connection.execute(
            sa.insert(moves),
            [
                {
                    "id": new_id("mov"),
                    "variant_id": row["variant_id"],
                    "lot_id": lot_id,
                    "version": 1,
                    "kind": "RECEIVED",
                    "quantity": row["on_hand"],
                    "on_hand": row["on_hand"],
                    "note": "期初",
                    "actor": "SYSTEM",
                    "at": now,
                }
                for row, lot_id in some
            ],
        )
        reserved = [
            {"holder": "opening", "variant_id": row["variant_id"], "quantity": row["reserved"], "created_at": now}
            for row, _lot_id in some
            if row["reserved"]
        ]
        if reserved:
            connection.execute(sa.insert(holds), reserved)


def downgrade() -> None:
    dialect = op.get_context().dialect.name
    for table in _APPEND_ONLY:
        for statement in free(table, dialect):
            op.execute(statement)
    for table in ("stock_hold", "stock_movement", "conformity_certificate", "stock_lot"):
        op.drop_table(table)
    op.drop_index("stock_level_producer", table_name="stock_level")
    with op.batch_alter_table("stock_level") as batch:
        batch.drop_constraint("stock_level_low", type_="check")
        batch.drop_constraint("stock_level_most", type_="check")
        batch.drop_constraint("stock_level_producer_id_fkey", type_="foreignkey")
        for column in ("low_at", "version", "producer_id"):
            batch.drop_column(column)
