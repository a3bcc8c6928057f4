"""How imports are taken in, run and given up."""

from typing import Annotated

import strawberry

from market.bulk import errors
from market.bulk.start import cancel_import, run_import
from market.bulk.upload import upload_import
from market.kernel.permissions import Permission
from schema.bulk.reads import IMPORT_JOB
from schema.bulk.types import ImportJob
from schema.edge.multipart import Upload
from schema.enums import ImportMode, SheetKind
from schema.mutations import IdempotencyKey, Info, UserError, changed, mutation, told_as
from schema.permissions import PUBLIC, ruled

_RULE = Permission.IMPORT_RUN

ImportId = Annotated[strawberry.ID, strawberry.argument(description="The import's id.")]


@told_as(errors.ImportHasErrors, lambda error, _language: {"count": error.facts["count"]})
@strawberry.type(description="ABORT was asked for, and rows are in error: nothing was imported.")
@ruled(PUBLIC)
class ImportHasErrors(UserError):
    count: int = strawberry.field(description="How many rows.")


@strawberry.input(description="A file to import.")
class UploadImportInput:
    file: Upload = strawberry.field(
        description="CSV (UTF-8, UTF-16 with BOM or GB18030) or XLSX, at most 20 MiB, 50,000 rows and 64 columns. "
        "Columns are found by their headers, Chinese or English, in any order."
    )
    file_name: str = strawberry.field(description="The file's name, to recognise it by.")
    kind: SheetKind = strawberry.field(description="What its rows are.")
    organisation: strawberry.ID = strawberry.field(
        description="The organisation it is for: a producer, or a cooperative for its members too."
    )
    is_submitting: bool = strawberry.field(
        default=False, description="Whether to hand products in for review as well; otherwise they wait as drafts."
    )


@strawberry.type(description="An import, as it is now.")
@ruled(_RULE)
class ImportPayload:
    import_id: strawberry.Private[str]
    import_job: ImportJob | None = changed(
        "The import.", ImportJob | None, lambda: IMPORT_JOB, lambda payload: payload.import_id
    )


@strawberry.type
class ImportMutations:
    """Changes of imports."""

    @mutation(
        "Take in a file to import; a worker reads and checks it next, and changes nothing. Sent as a multipart request.",
        rule=_RULE,
    )
    async def upload_import(
        self,
        info: Info,
        input: Annotated[UploadImportInput, strawberry.argument(description="The file.")],  # noqa: A002 - its name in the API
        idempotency_key: IdempotencyKey,
    ) -> ImportPayload:
        import_id = await info.context.act(
            upload_import,
            kind=input.kind,
            organisation_id=str(input.organisation),
            file=input.file.file,
            file_name=input.file_name,
            submit=input.is_submitting,
            idempotency_key=str(idempotency_key),
        )
        return ImportPayload(import_id=import_id)

    @mutation(
        "Run a checked import as soon as its turn comes. `importJob` tells its progress.",
        rule=_RULE,
        errors=(ImportHasErrors,),
    )
    async def run_import(
        self,
        info: Info,
        import_id: ImportId,
        mode: Annotated[ImportMode, strawberry.argument(description="What rows in error mean for the others.")],
        idempotency_key: IdempotencyKey,
    ) -> ImportPayload:
        await info.context.act(run_import, import_id=str(import_id), mode=mode, idempotency_key=str(idempotency_key))
        return ImportPayload(import_id=str(import_id))

    @mutation("Give an import up. What it has done stays.", rule=_RULE)
    async def cancel_import(self, info: Info, import_id: ImportId) -> ImportPayload:
        await info.context.act(cancel_import, import_id=str(import_id))
        return ImportPayload(import_id=str(import_id))
