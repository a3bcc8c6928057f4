"""Submissions and scheduled reports."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from market.kernel.triggers import append_only, free

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_figures",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for statement in append_only("report_figures", op.get_bind().dialect.name):
        op.execute(statement)
    op.create_table(
        "report_submission",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("report_key", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("digest", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("as_of", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("revises", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "SUBMITTED",
                "APPROVED",
                "RETURNED",
                name="report_submission_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("remark", sqlmodel.AutoString(length=1000), nullable=False),
        sa.Column("submitted_by", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("submitted_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("reviewed_by", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("reviewed_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("verdict", sqlmodel.AutoString(length=1000), nullable=False),
        sa.CheckConstraint("reviewed_by IS NULL OR reviewed_by <> submitted_by", name="report_submission_four_eyes"),
        sa.CheckConstraint("(state = 'SUBMITTED') = (reviewed_at IS NULL)", name="report_submission_reviewed"),
        sa.CheckConstraint("(revision = 1) = (revises IS NULL)", name="report_submission_revision"),
        sa.CheckConstraint("period_end >= period_start", name="report_submission_period"),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"]),
        sa.ForeignKeyConstraint(["revises"], ["report_submission.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("revises"),
    )
    op.create_index("report_submission_region", "report_submission", ["region_code", "id"], unique=False)
    op.create_index("report_submission_by_state", "report_submission", ["state", "id"], unique=False)
    op.create_table(
        "report_schedule",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("report_key", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column(
            "cadence",
            sa.Enum("WEEKLY", "MONTHLY", name="report_cadence", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=True),
        sa.Column("organisation_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("created_by", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "ACTIVE", "STOPPED", name="report_schedule_state", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("next_start", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("leased_until", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("stopped_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("problem_en", sa.Text(), nullable=True),
        sa.CheckConstraint("(region_code IS NULL) <> (organisation_id IS NULL)", name="report_schedule_whose"),
        sa.CheckConstraint("due_on > next_start", name="report_schedule_due_after"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "report_schedule_due",
        "report_schedule",
        ["due_on", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'ACTIVE'"),
        sqlite_where=sa.text("state = 'ACTIVE'"),
    )
    op.create_index("report_schedule_organisation", "report_schedule", ["organisation_id", "id"], unique=False)
    op.create_index("report_schedule_region", "report_schedule", ["region_code", "id"], unique=False)
    op.create_table(
        "kept_report",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("schedule_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("report_key", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("MADE", "FAILED", name="kept_report_state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("digest", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("as_of", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("problem_en", sa.Text(), nullable=True),
        sa.Column("made_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("(state = 'MADE') = (digest IS NOT NULL)", name="kept_report_made"),
        sa.ForeignKeyConstraint(["schedule_id"], ["report_schedule.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("schedule_id", "period_start", name="kept_report_once"),
    )


def downgrade() -> None:
    op.drop_table("kept_report")
    op.drop_table("report_schedule")
    op.drop_table("report_submission")
    for statement in free("report_figures", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("report_figures")
