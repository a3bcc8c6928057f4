"""Imports: jobs, the pieces of their files, their rows."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_RUNNING = sa.text("state = 'RUNNING'")
_IN_HAND = sa.text("state IN ('UPLOADED', 'CHECKING', 'QUEUED', 'RUNNING')")
_REFUSED = sa.text("is_refused")
_STATES = (
    "UPLOADED",
    "CHECKING",
    "CHECKED",
    "QUEUED",
    "RUNNING",
    "DONE",
    "REFUSED",
    "STOPPED",
    "CANCELLED",
    "EXPIRED",
)
_COUNTS = (
    "rows_total",
    "rows_done",
    "done_through",
    "would_create",
    "would_change",
    "would_keep",
    "would_fail",
    "created",
    "changed",
    "unchanged",
    "failed",
)


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sqlmodel.AutoString(length=length), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sqlmodel.UTCDateTime(), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "import_job",
        _text("id", 30),
        sa.Column("kind", _choice("sheet_kind", "PRODUCTS", "PRICES", "STOCK", "SESSIONS"), nullable=False),
        sa.Column("state", _choice("import_state", *_STATES), nullable=False),
        sa.Column("mode", _choice("import_mode", "ABORT", "SKIP"), nullable=True),
        sa.Column("submit", sa.Boolean(), nullable=False),
        _text("account_id", 64),
        _text("actor_kind", 16),
        _text("organisation_id", 30),
        _text("file_name", 200),
        sa.Column("format", _choice("file_format", "CSV", "XLSX"), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        _text("sha256", 64),
        _text("encoding", 16),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        *[sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS],
        _text("problem_code", 64, nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("problem_en", sa.Text(), nullable=True),
        _text("lease", 40, nullable=True),
        _moment("leased_until", nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _moment("worked_at"),
        _moment("created_at"),
        *[_moment(f"{what}_at", nullable=True) for what in ("checked", "started", "finished", "forgotten")],
        sa.CheckConstraint("size_bytes > 0", name="import_job_bytes"),
        sa.CheckConstraint("rows_done <= rows_total", name="import_job_rows"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "import_job_runs_alone",
        "import_job",
        ["organisation_id", "kind"],
        unique=True,
        postgresql_where=_RUNNING,
        sqlite_where=_RUNNING,
    )
    op.create_index(
        "import_job_in_hand",
        "import_job",
        ["worked_at", "id"],
        postgresql_where=_IN_HAND,
        sqlite_where=_IN_HAND,
    )
    op.create_index("import_job_of_organisation", "import_job", ["organisation_id", "id"])
    op.create_index("import_job_of_account", "import_job", ["account_id", "id"])
    op.create_index("import_job_age", "import_job", ["created_at", "id"])
    op.create_table(
        "import_part",
        _text("import_id", 30),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import_job.id"]),
        sa.PrimaryKeyConstraint("import_id", "number"),
    )
    op.create_table(
        "import_row",
        _text("import_id", 30),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("group_number", sa.Integer(), nullable=False),
        sa.Column("twin_of", sa.Integer(), nullable=True),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("is_refused", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import_job.id"]),
        sa.PrimaryKeyConstraint("import_id", "number"),
    )
    op.create_index("import_row_group", "import_row", ["import_id", "group_number", "number"], unique=True)
    op.create_index(
        "import_row_refused",
        "import_row",
        ["import_id", "number"],
        postgresql_where=_REFUSED,
        sqlite_where=_REFUSED,
    )
    op.create_table(
        "import_problem",
        _text("id", 48),
        _text("import_id", 30),
        sa.Column("row_number", sa.Integer(), nullable=False),
        _text("column", 200, nullable=True),
        _text("value", 64),
        _text("code", 64),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("message_en", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import_job.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("import_problem_of_row", "import_problem", ["import_id", "row_number"])


def downgrade() -> None:
    op.drop_table("import_problem")
    op.drop_table("import_row")
    op.drop_table("import_part")
    op.drop_table("import_job")
