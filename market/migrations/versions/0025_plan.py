"""Plans, indicators, targets, observations."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from market.kernel.triggers import append_only, free

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("name_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("authority", sqlmodel.AutoString(), nullable=False),
        sa.Column("source_url", sqlmodel.AutoString(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("amber_behind_bp", sa.Integer(), nullable=False),
        sa.Column("red_behind_bp", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("amber_behind_bp >= 0 AND red_behind_bp >= amber_behind_bp", name="plan_lights"),
        sa.CheckConstraint("ends_on >= starts_on", name="plan_order"),
        sa.ForeignKeyConstraint(
            ["region_code"],
            ["region.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("plan_region", "plan", ["region_code", "id"], unique=False)
    op.create_table(
        "plan_indicator",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("plan_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("code", sqlmodel.AutoString(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("name_en", sqlmodel.AutoString(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "FLOW", "STOCK", "RATIO", name="indicator_kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "source",
            sa.Enum(
                "MANUAL",
                "AUTO",
                "DERIVED",
                name="indicator_source",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "unit",
            sa.Enum(
                "COUNT",
                "YUAN",
                "PERCENT",
                "NUMBER",
                name="indicator_unit",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("unit_label", sqlmodel.AutoString(), nullable=False),
        sa.Column("unit_label_en", sqlmodel.AutoString(), nullable=True),
        sa.Column(
            "direction",
            sa.Enum("UP", "DOWN", name="indicator_direction", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("definition", sqlmodel.AutoString(), nullable=False),
        sa.Column("definition_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("authority", sqlmodel.AutoString(), nullable=False),
        sa.Column("measure", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("formula", sqlmodel.AutoString(length=200), nullable=True),
        sa.Column(
            "level",
            sa.Enum(
                "PROVINCE",
                "CITY",
                "COUNTY",
                "TOWNSHIP",
                "VILLAGE",
                name="region_level",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "frequency",
            sa.Enum("MONTH", "QUARTER", "YEAR", name="frequency", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("retired_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint("(source = 'AUTO') = (measure IS NOT NULL)", name="plan_indicator_measured"),
        sa.CheckConstraint("(source = 'DERIVED') = (formula IS NOT NULL)", name="plan_indicator_derived"),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["plan.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("plan_id", "code", name="plan_indicator_code"),
    )
    op.create_table(
        "plan_snapshot",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("plan_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("kept_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("kept_by", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["plan.id"],
        ),
        sa.ForeignKeyConstraint(
            ["region_code"],
            ["region.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("plan_id", "region_code", "as_of", name="plan_snapshot_once"),
    )
    op.create_table(
        "plan_observation",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("indicator_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "DRAFT",
                "SUBMITTED",
                "RETURNED",
                "VERIFIED",
                "SUPERSEDED",
                name="observation_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=True),
        sa.Column("evidence", sqlmodel.AutoString(), nullable=False),
        sa.Column("evidence_url", sqlmodel.AutoString(), nullable=True),
        sa.Column("note", sqlmodel.AutoString(), nullable=False),
        sa.Column("submitted_by", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("submitted_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("verified_by", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("verified_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "state NOT IN ('VERIFIED', 'SUPERSEDED') OR (verified_by IS NOT NULL AND submitted_by IS NOT NULL)",
            name="plan_observation_verified",
        ),
        sa.CheckConstraint("denominator IS NULL OR denominator > 0", name="plan_observation_whole"),
        sa.CheckConstraint("verified_by IS NULL OR verified_by <> submitted_by", name="plan_observation_four_eyes"),
        sa.ForeignKeyConstraint(
            ["indicator_id"],
            ["plan_indicator.id"],
        ),
        sa.ForeignKeyConstraint(
            ["region_code"],
            ["region.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("indicator_id", "region_code", "starts_on", "revision", name="plan_observation_revision"),
    )
    op.create_index(
        "plan_observation_counted",
        "plan_observation",
        ["indicator_id", "region_code", "starts_on"],
        unique=True,
        postgresql_where=sa.text("state = 'VERIFIED'"),
        sqlite_where=sa.text("state = 'VERIFIED'"),
    )
    op.create_index(
        "plan_observation_open",
        "plan_observation",
        ["indicator_id", "region_code", "starts_on"],
        unique=True,
        postgresql_where=sa.text("state IN ('DRAFT', 'SUBMITTED', 'RETURNED')"),
        sqlite_where=sa.text("state IN ('DRAFT', 'SUBMITTED', 'RETURNED')"),
    )
    op.create_index("plan_observation_state", "plan_observation", ["state", "id"], unique=False)
    op.create_table(
        "plan_target",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("indicator_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("baseline", sa.BigInteger(), nullable=True),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name="plan_target_order"),
        sa.ForeignKeyConstraint(
            ["indicator_id"],
            ["plan_indicator.id"],
        ),
        sa.ForeignKeyConstraint(
            ["region_code"],
            ["region.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("indicator_id", "region_code", "starts_on", "ends_on", name="plan_target_period"),
    )
    for statement in append_only("plan_snapshot", op.get_context().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    for statement in free("plan_snapshot", op.get_context().dialect.name):
        op.execute(statement)
    op.drop_table("plan_snapshot")
    op.drop_table("plan_observation")
    op.drop_table("plan_target")
    op.drop_table("plan_indicator")
    op.drop_table("plan")
