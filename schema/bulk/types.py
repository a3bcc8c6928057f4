"""The types of imports, and of the sheets that they come in."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from market.bulk.sheets import SHEETS
from market.bulk.sheets.columns import Column, Sheet
from market.kernel.errors import Language
from market.kernel.permissions import Permission
from schema.context import Context
from schema.enums import FileFormat, ImportMode, ImportState, SheetKind
from schema.node import Node
from schema.pagination import Connection, LocaleArgument, field, listed, localized_field, single
from schema.permissions import ruled

_SEEN = ruled(Permission.IMPORT_RUN)


@strawberry.type(description="How many rows come to what.")
@_SEEN
class ImportCounts:
    created: int = field("Rows of things that are new.")
    changed: int = field("Rows that differ from what there is.")
    unchanged: int = field("Rows that say what is so already.")
    failed: int = field("Rows in error, and rows left out with them.")


@strawberry.type(description="One thing that is wrong with one row, in the file's own terms.")
@_SEEN
class ImportProblem:
    row: int = field("The row's number, as Excel shows it.")
    column: str | None = field("The column's header as it stands in the file; null when it is about the whole row.")
    value: str = field("How the cell begins.")
    code: str = field("The reason, for programs.")
    message: str = localized_field("The reason and what to do.")


@strawberry.type(
    description="A file that was uploaded to be imported. It is checked first, which changes nothing; then it can be run."
)
@_SEEN
class ImportJob(Node):
    kind: SheetKind = field("What its rows are.")
    state: ImportState = field("Where it stands.")
    next_states: list[ImportState] = field("Where it can go from here.")
    mode: ImportMode | None = field("What rows in error mean for the others; null until it is run.")
    is_submitting: bool = field("Whether products are handed in for review as well.")
    organisation_id: strawberry.ID = field("The organisation it is for.")
    file_name: str = field("The file's name.")
    format: FileFormat = field("How the file is written.")
    encoding: str | None = field(
        "The encoding in which a CSV file was found to be; null for others, or until it is read."
    )
    size_bytes: int = field("The file's size.")
    rows_total: int = field("Rows of data in it; 0 until it is read.")
    rows_done: int = field("How many of those are checked or, once it runs, imported: its progress.")
    check: ImportCounts = field("What the check found so far: what a run would do.")
    result: ImportCounts = field("What the run has done so far.")
    problem_code: str | None = field("Why it was refused or stopped, for programs; null when it was not.")
    problem: str | None = single(
        "Why it was refused or stopped, and what to do. In the language asked for.", str | None, locale=LocaleArgument
    )
    problems: Connection["ImportProblem"] = listed(
        "What is wrong with its rows, in the order of the file: found by the check, and then by the run.",
        Connection["ImportProblem"],
    )
    error_list_url: str = field(
        "Where all rows in error can be fetched as CSV, each with what is wrong, to be put right and uploaded again. "
        "Needs the same sign-in; gone after thirty days."
    )
    created_at: datetime = field("When it was uploaded.")
    checked_at: datetime | None = field("When the check was finished.")
    started_at: datetime | None = field("When it began to run.")
    finished_at: datetime | None = field("When it ended, however it did.")


@strawberry.input(description="Which imports.")
class ImportJobWhere:
    organisation: strawberry.ID | None = strawberry.field(default=UNSET, description="For this organisation.")
    kinds: list[SheetKind] | None = strawberry.field(default=UNSET, description="Of one of these kinds.")
    states: list[ImportState] | None = strawberry.field(default=UNSET, description="In one of these states.")


@strawberry.type(description="A column of a sheet.")
@_SEEN
class SheetColumn:
    key: str = strawberry.field(description="Its name for programs; understood as a header as well.")
    header: str = strawberry.field(description="Its header, in the request's language. Both languages are understood.")
    help: str = strawberry.field(description="What to write in it.")
    format: str = strawberry.field(description="How to write it.")
    example: str = strawberry.field(description="A value as it may be; empty when there is none to show.")
    is_required: bool = strawberry.field(description="Whether the file must have it, filled in on every row.")

    @classmethod
    def of(cls, column: Column, language: Language) -> "SheetColumn":
        """From the sheet's declaration."""
        return cls(
            key=column.key,
            header=column.header(language),
            help=column.help(language),
            format=column.cell.en if language == "en" else column.cell.zh,
            example=column.example,
            is_required=column.is_required,
        )


@strawberry.type(description="A sheet that can be imported and exported.")
@_SEEN
class BulkSheet:
    kind: SheetKind = strawberry.field(description="What its rows are.")
    title: str = strawberry.field(description="Its name, in the request's language.")
    columns: list[SheetColumn] = strawberry.field(description="Its columns; in a file they may stand in any order.")
    template_url: str = strawberry.field(
        description="Where its template is fetched: add `.xlsx` or `.csv`. Needs the same sign-in."
    )
    export_url: str = strawberry.field(
        description="Where what there is can be fetched as this sheet: add `.xlsx` or `.csv`, and "
        "`?organisation=` with an organisation's id. Needs the same sign-in."
    )

    @classmethod
    def of(cls, sheet: Sheet, language: Language) -> "BulkSheet":
        """From its declaration."""
        path = f"/downloads/sheets/{sheet.kind.value.lower()}"
        return cls(
            kind=sheet.kind,
            title=sheet.title(language),
            columns=[SheetColumn.of(column, language) for column in sheet.columns if not column.is_note],
            template_url=f"{path}/template",
            export_url=f"{path}/export",
        )


@strawberry.type
class ImportQueries:
    """The root fields of imports."""

    import_job: ImportJob | None = single(
        "An import by its id, to whoever uploaded it and those who import for its organisation.",
        ImportJob | None,
        id=Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    )
    import_jobs: Connection[ImportJob] = listed(
        "One's own imports and those of organisations that one imports for, the newest first.",
        Connection[ImportJob],
        where=ImportJobWhere,
    )

    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover methods with Info[…]
        description="The sheets that can be imported and exported, with their columns."
    )
    def bulk_sheets(self, info: strawberry.Info[Context]) -> list[BulkSheet]:
        return [BulkSheet.of(sheet, info.context.locale) for sheet in SHEETS.values()]
