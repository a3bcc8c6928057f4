"""Where the types of imports come from."""

import sqlalchemy as sa

from market.bulk.rules import ImportState, next_states
from market.bulk.tables import ImportJob, ImportProblem
from market.kernel.ids import prefix_of, require_id
from market.kernel.permissions import Permission
from schema.filters import text_order
from schema.projection import (
    Args,
    Build,
    ById,
    Column,
    Computed,
    Connection,
    Embedded,
    Projection,
    among,
    column,
    localized,
    table_of,
)
from schema.projection.declare import Condition, Expression, Field
from schema.projection.viewer import own
from schema.scope import acts_for


def _visible(t: sa.FromClause, build: Build) -> list[Condition]:
    theirs = acts_for(build, Permission.IMPORT_RUN, t.c.organisation_id)
    return [sa.or_(t.c.account_id == own(build), theirs)]


def _next(state: str) -> list[str]:
    return [each.value for each in next_states(ImportState(state))]


def _error_list(import_id: str) -> str:
    return f"/downloads/imports/{import_id}/errors.csv"


def _encoding(t: sa.FromClause, _build: Build, _args: Args) -> Expression:
    return sa.func.nullif(t.c.encoding, sa.literal_column("''", sa.Text))


def _where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions: list[Condition] = []
    organisation = where.slot("organisation")
    if organisation is not None:
        conditions.append(t.c.organisation_id == build.bind(organisation, _organisation_id))
    for name, value in (("kinds", t.c.kind), ("states", t.c.state)):
        if where.get(name) is not None:
            conditions.append(among(value, where.get(name)))
    return conditions


def _organisation_id(text: str) -> str:
    prefix_of(text, field="where.organisation")
    return text


IMPORT_PROBLEM = Projection(
    "ImportProblem",
    table_of(ImportProblem),
    fields={
        "row": column("row_number"),
        "column": column("column"),
        "value": column("value"),
        "code": column("code"),
        "message": localized("message"),
    },
)

IMPORT_JOB = Projection(
    "ImportJob",
    table_of(ImportJob),
    visible=_visible,
    fields={
        "id": column("id"),
        "kind": column("kind"),
        "state": column("state"),
        "nextStates": Computed(_next, lambda t, _build, _args: [t.c.state]),
        "mode": column("mode"),
        "isSubmitting": column("submit"),
        "organisationId": column("organisation_id"),
        "fileName": column("file_name"),
        "format": column("format"),
        "encoding": Column(_encoding),
        "sizeBytes": column("size_bytes"),
        "rowsTotal": column("rows_total"),
        "rowsDone": column("rows_done"),
        "check": Embedded(
            {
                "created": column("would_create"),
                "changed": column("would_change"),
                "unchanged": column("would_keep"),
                "failed": column("would_fail"),
            }
        ),
        "result": Embedded({name: column(name) for name in ("created", "changed", "unchanged", "failed")}),
        "problemCode": column("problem_code"),
        "problem": localized("problem"),
        "problems": Connection(
            lambda: IMPORT_PROBLEM,
            {"ROW": text_order("r", "id")},
            "ROW",
            on=lambda t, problem, _build: problem.c.import_id == t.c.id,
        ),
        "errorListUrl": Computed(_error_list, lambda t, _build, _args: [t.c.id]),
        "createdAt": column("created_at"),
        "checkedAt": column("checked_at"),
        "startedAt": column("started_at"),
        "finishedAt": column("finished_at"),
    },
)

IMPORT_QUERIES: dict[str, Field] = {
    "importJob": ById(lambda: IMPORT_JOB, check=lambda text: require_id(text, "imp")),
    "importJobs": Connection(
        lambda: IMPORT_JOB, {"NEWEST": text_order("n", "id", is_descending=True)}, "NEWEST", where=_where
    ),
}
