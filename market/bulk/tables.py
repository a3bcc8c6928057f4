"""Imports: the job, its file until it is read, its rows until they are forgotten."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.bulk.rules import FileFormat, ImportMode, ImportState, SheetKind
from market.kernel.columns import enum_field

_RUNNING = sa.text("state = 'RUNNING'")
_IN_HAND = sa.text("state IN ('UPLOADED', 'CHECKING', 'QUEUED', 'RUNNING')")
_REFUSED = sa.text("is_refused")


class ImportJob(SQLModel, table=True):
    """One file that somebody uploaded for an organisation, from the upload to the end of its run.

    It does what it does as `account_id`, with that account's rights of the moment. `done_through`, its cursor, is the last
    group of rows that is finished in the state at hand; in a run it moves in the transaction that does what they say.
    A worker has it while `leased_until` lies ahead and `lease` is the worker's.
    """

    __tablename__ = "import_job"
    __table_args__ = (
        sa.Index(
            "import_job_runs_alone",
            "organisation_id",
            "kind",
            unique=True,
            postgresql_where=_RUNNING,
            sqlite_where=_RUNNING,
        ),
        sa.Index("import_job_in_hand", "worked_at", "id", postgresql_where=_IN_HAND, sqlite_where=_IN_HAND),
        sa.Index("import_job_of_organisation", "organisation_id", "id"),
        sa.Index("import_job_of_account", "account_id", "id"),
        sa.Index("import_job_age", "created_at", "id"),
        sa.CheckConstraint("size_bytes > 0", name="import_job_bytes"),
        sa.CheckConstraint("rows_done <= rows_total", name="import_job_rows"),
    )

    id: str = Field(primary_key=True, max_length=30)
    kind: SheetKind = enum_field(SheetKind)
    state: ImportState = enum_field(ImportState, default=ImportState.UPLOADED)
    mode: ImportMode | None = enum_field(ImportMode, default=None, nullable=True)
    submit: bool = Field(default=False, description="Whether products are handed in for review as well")
    account_id: str = Field(
        max_length=64, description="The account or API key that uploaded it; later, that let it run"
    )
    actor_kind: str = Field(max_length=16, description="What it was then: it acts as no more than that later")
    organisation_id: str = Field(foreign_key="organisation.id", max_length=30)
    file_name: str = Field(max_length=200)
    format: FileFormat = enum_field(FileFormat)
    size_bytes: int
    sha256: str = Field(max_length=64, description="Of the file, in hex")
    encoding: str = Field(default="", max_length=16, description="Of a CSV file, once read")
    headers: list[str] = Field(default_factory=list, sa_type=sa.JSON, description="As they stand in the file")
    keys: list[str | None] = Field(default_factory=list, sa_type=sa.JSON, description="The column under each header")

    rows_total: int = 0
    rows_done: int = Field(default=0, description="In the state at hand")
    done_through: int = Field(default=0, description="The number of the first row of the last finished group")
    would_create: int = 0
    would_change: int = 0
    would_keep: int = 0
    would_fail: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    problem_code: str | None = Field(default=None, max_length=64, description="Why it was refused or stopped")
    problem: str | None = Field(default=None, sa_type=sa.Text)
    problem_en: str | None = Field(default=None, sa_type=sa.Text)

    lease: str | None = Field(default=None, max_length=40)
    leased_until: datetime | None = None
    attempts: int = Field(default=0, description="Since something last went well")
    worked_at: datetime
    created_at: datetime
    checked_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    forgotten_at: datetime | None = Field(default=None, description="When its rows went")


class ImportPart(SQLModel, table=True):
    """A piece of an uploaded file, until it is read."""

    __tablename__ = "import_part"

    import_id: str = Field(primary_key=True, foreign_key="import_job.id", max_length=30)
    number: int = Field(primary_key=True)
    content: bytes


class ImportRow(SQLModel, table=True):
    """A row of data as it stands in the file. Rows of one group (a product's variants) share `group_number`, the number
    of the first of them; `twin_of` is an earlier row that means the same thing, which is an error."""

    __tablename__ = "import_row"
    __table_args__ = (
        sa.Index("import_row_group", "import_id", "group_number", "number", unique=True),
        sa.Index("import_row_refused", "import_id", "number", postgresql_where=_REFUSED, sqlite_where=_REFUSED),
    )

    import_id: str = Field(primary_key=True, foreign_key="import_job.id", max_length=30)
    number: int = Field(primary_key=True, description="As Excel numbers it")
    group_number: int
    twin_of: int | None = None
    cells: list[str] = Field(sa_type=sa.JSON)
    is_refused: bool = Field(default=False, description="It has problems")


class ImportProblem(SQLModel, table=True):
    """What is wrong with a row, in the file's own terms: of the check, and later of the run."""

    __tablename__ = "import_problem"
    __table_args__ = (sa.Index("import_problem_of_row", "import_id", "row_number"),)

    id: str = Field(primary_key=True, max_length=48, description="Import, row, place: by which they are in order")
    import_id: str = Field(foreign_key="import_job.id", max_length=30)
    row_number: int = Field(description="As Excel numbers it")
    column: str | None = Field(default=None, max_length=200, description="Its header in the file; null: the whole row")
    value: str = Field(max_length=64, description="How the cell begins")
    code: str = Field(max_length=64)
    message: str = Field(sa_type=sa.Text)
    message_en: str = Field(sa_type=sa.Text)
