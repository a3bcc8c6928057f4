"""The reports of the catalogue whose columns are fixed, each as a field with types of its own: made from their
declarations, so that a report that is declared is here."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from market.reports.catalogue import REPORTS
from market.reports.declare import Column, ColumnKind, Report, ReportAsked, Row, Value
from market.reports.run import reader_kinds, run_report
from schema.checkout.types import money_of
from schema.mutations import Info
from schema.node import Money
from schema.permissions import ruled
from schema.reports.files import ReportFiles, files_of
from schema.reports.reads import ROWS_MAX, ROWS_SHOWN, Range, ReportWhere

_TYPES: dict[ColumnKind, Any] = {
    ColumnKind.MONEY: Money,
    ColumnKind.COUNT: int,
    ColumnKind.WEIGHT: str,
    ColumnKind.SHARE: int,
    ColumnKind.HOURS: int,
    ColumnKind.TEXT: str,
    ColumnKind.DATE: date,
    ColumnKind.CODE: str,
}
_UNITS = {
    ColumnKind.WEIGHT: " In grams, as text: it may be beyond an Int.",
    ColumnKind.SHARE: " In basis points.",
    ColumnKind.HOURS: " In hours.",
}
_NAMES = (ColumnKind.TEXT, ColumnKind.DATE, ColumnKind.CODE)


def _words(column: Column) -> str:
    said = f"{column.label_en}. {column.definition_en}".strip().rstrip(".")
    return f"{said}.{_UNITS.get(column.kind, '')}"


def _value(kind: ColumnKind, value: Value) -> Any:
    if value is None:
        return None
    if kind is ColumnKind.MONEY:
        assert isinstance(value, int)
        return money_of(value)
    return str(value) if _TYPES[kind] is str else value


def _type(name: str, description: str, fields: Sequence[tuple[str, str, Any, str]]) -> type:
    """A type of these fields: attribute, name in the API, type, description."""
    body: dict[str, Any] = {"__annotations__": {attribute: kind for attribute, _, kind, _ in fields}}
    for attribute, shown, _, words in fields:
        body[attribute] = strawberry.field(name=shown, description=words)
    made = ruled(Permission.REPORT_READ)(type(name, (), body))
    return strawberry.type(made, name=name, description=description)


def _figures(name: str, description: str, columns: Sequence[Column]) -> type:
    return _type(
        name,
        description,
        [(f"{column.key}_", column.key, _TYPES[column.kind] | None, _words(column)) for column in columns],
    )


def _name(report: Report) -> str:
    """As `goodsCategories` of `goods.categories`."""
    room, _, rest = report.key.partition(".")
    return f"{room}{rest[:1].upper()}{rest[1:]}"


def _field(report: Report) -> Any:
    """The field that answers a report."""
    name = _name(report)
    name = f"{name[0].upper()}{name[1:]}"
    columns = (*report.dimensions, *report.measures)
    measures = [column for column in report.measures if column.kind not in _NAMES]
    row = _figures(f"{name}Row", f"A row of `{report.key}`.", columns)
    totals = _figures(f"{name}Totals", f"The totals of `{report.key}`: null where a total means nothing.", measures)
    answer = _type(
        f"{name}Report",
        report.definition_en,
        [
            ("title", "title", str, "Its name, in the request's language."),
            ("definition", "definition", str, "What it counts, in the request's language."),
            ("as_of", "asOf", datetime, "When it was asked."),
            ("rows", "rows", list[row], "Its rows."),  # type: ignore[valid-type]  # made just now
            ("totals", "totals", totals, "Of all rows, also those left out."),
            ("row_count", "rowCount", int, "How many rows there are in all."),
            ("files", "files", ReportFiles | None, "It as a file; null for whoever may not export."),
        ],
    )

    async def resolve(
        self: Any,  # noqa: ARG001 - the catalogue says nothing by itself
        info: Info,
        *,
        range: Range,  # noqa: A002 - what the API calls it
        where: Annotated[
            list[ReportWhere] | None,
            strawberry.argument(description=f"Only rows that meet all of these: {', '.join(report.filters)}."),
        ] = UNSET,
        limit: Annotated[int, strawberry.argument(description=f"How many rows, at most {ROWS_MAX:,}.")] = ROWS_SHOWN,
        skip: Annotated[int, strawberry.argument(description="Leave out so many rows from the start.")] = 0,
    ) -> Any:
        if not report.readers & reader_kinds(info.context.actor):
            return None
        filters = {each.key: tuple(each.values) for each in where or ()}
        asked = ReportAsked(report.key, range.start, range.end, where=filters, first=min(limit, ROWS_MAX), after=skip)
        found = await info.context.look(run_report, asked)
        is_en = info.context.locale == "en"
        return answer(
            title=report.title_en if is_en else report.title_zh,
            definition=report.definition_en if is_en else report.definition_zh,
            as_of=found.as_of,
            rows=[_made(row, found.columns, each) for each in found.rows],
            totals=_made(totals, found.columns, found.totals, only=measures),
            row_count=found.row_count,
            files=files_of(info.context.actor, found),
        )

    resolve.__annotations__["return"] = answer | None
    return strawberry.field(resolver=resolve, name=_name(report), description=report.definition_en)


def _made(
    kind: Callable[..., Any], columns: Sequence[Column], row: Row, *, only: Sequence[Column] | None = None
) -> Any:
    keys = None if only is None else {column.key for column in only}
    return kind(
        **{
            f"{column.key}_": _value(column.kind, value)
            for column, value in zip(columns, row, strict=True)
            if keys is None or column.key in keys
        }
    )


def _catalogue() -> type:
    fixed = [report for report in REPORTS.values() if not report.groups_max]
    made = ruled(Permission.REPORT_READ)(
        type("ReportCatalogue", (), {report.key.replace(".", "_"): _field(report) for report in fixed})
    )
    return strawberry.type(
        made,
        description="The reports whose columns are fixed, each with its own types. Sales by dimensions that one chooses "
        "are `salesReport`; any report as a table of texts is `report`.",
    )


REPORT_CATALOGUE = _catalogue()


@strawberry.type(description="The catalogue, typed.")
class ReportCatalogueQueries:
    @strawberry.field(  # type: ignore[untyped-decorator]  # as in `reads.py`
        description="Reports with types of their own; one that is not for such callers is null.",
        graphql_type=REPORT_CATALOGUE,
        metadata={"rule": Permission.REPORT_READ},
    )
    def report_catalogue(self) -> Any:
        return REPORT_CATALOGUE()
