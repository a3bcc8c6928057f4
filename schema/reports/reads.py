"""The reads of reports: sales, whatever the catalogue has, and the orders behind a figure."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import sqlalchemy as sa
import strawberry
from strawberry import UNSET
from strawberry.types.nodes import SelectedField, Selection

from market.kernel.errors import Language
from market.kernel.money import Money
from market.kernel.permissions import Permission
from market.ledger.sales.tables import ENTRIES
from market.reports.declare import Column, ColumnKind, ReportAsked, ReportResult, Value
from market.reports.declare import Report as Declared
from market.reports.run import reports_for, run_report
from market.reports.sales.ask import SalesAsked, sales_report
from market.reports.sales.rules import SalesWhere as NoWhere
from schema.context import Context
from schema.enums.orders import Channel, LineKind
from schema.enums.reports import ChartKind, CompareWith, SalesDimension
from schema.enums.reports import ColumnKind as ColumnKindEnum
from schema.filters import within_region
from schema.mutations import Info
from schema.orders.reads import NEWEST, SELLER_ORDER
from schema.orders.types import SellerOrder
from schema.pagination import Connection, listed
from schema.permissions import ruled
from schema.projection import Args, Build
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Field
from schema.reports.files import ReportFiles, files_of
from schema.reports.types import DateRange, SalesReport, SalesWhere

ROWS_SHOWN = 500
ROWS_MAX = 5_000

Range = Annotated[DateRange, strawberry.argument(description="Which days.")]
Compare = Annotated[
    CompareWith | None, strawberry.argument(description="Set the figures against another period's as well.")
]


@strawberry.type(description="A column of a report.")
@ruled(Permission.REPORT_READ)
class ReportColumn:
    key: str = strawberry.field(description="Its name in the system: what `groupBy` takes, of a dimension.")
    label: str = strawberry.field(description="Its name, in the request's language.")
    kind: ColumnKindEnum = strawberry.field(description="What its values are.")
    definition: str | None = strawberry.field(description="How it is reckoned, in the request's language.")

    @classmethod
    def of(cls, column: Column, language: Language) -> "ReportColumn":
        """From the catalogue's own."""
        label = column.label_en if language == "en" else column.label_zh
        definition = column.definition_en if language == "en" else column.definition_zh
        return cls(key=column.key, label=label, kind=column.kind, definition=definition or None)


@strawberry.type(description="A report of the catalogue: what it can be asked.")
@ruled(Permission.REPORT_READ)
class Report:
    key: str = strawberry.field(description="What `report` takes.")
    title: str = strawberry.field(description="Its name, in the request's language.")
    definition: str = strawberry.field(description="What it counts, in the request's language.")
    dimensions: list[ReportColumn] = strawberry.field(description="What it can be grouped by, or its names.")
    measures: list[ReportColumn] = strawberry.field(description="Its figures.")
    filters: list[str] = strawberry.field(description="What `where` takes.")
    group_by: list[str] = strawberry.field(description="What it is grouped by when nothing is said.")
    groups_max: int = strawberry.field(description="How many dimensions at once; 0: its columns are fixed.")
    days_max: int = strawberry.field(description="How many days it may be asked about.")
    chart: ChartKind | None = strawberry.field(description="How it is drawn; null when it is not.")

    @classmethod
    def of(cls, report: Declared, language: Language) -> "Report":
        """From the catalogue's own."""
        is_en = language == "en"
        return cls(
            key=report.key,
            title=report.title_en if is_en else report.title_zh,
            definition=report.definition_en if is_en else report.definition_zh,
            dimensions=[ReportColumn.of(each, language) for each in report.dimensions],
            measures=[ReportColumn.of(each, language) for each in report.measures],
            filters=list(report.filters),
            group_by=list(report.default_groups),
            groups_max=report.groups_max,
            days_max=report.days_max,
            chart=None if report.chart is None else report.chart.kind,
        )


@strawberry.type(description="A report's answer: cells as text, in the order of the columns.")
@ruled(Permission.REPORT_READ)
class ReportTable:
    report: Report = strawberry.field(description="Which report.")
    as_of: str = strawberry.field(description="When it was asked: RFC 3339, in UTC.")
    columns: list[ReportColumn] = strawberry.field(description="Its columns.")
    rows: list[list[str | None]] = strawberry.field(
        description="Cells as their column's kind says. Null: there is none."
    )
    totals: list[str | None] = strawberry.field(description="Of all rows, also those left out. Null: it has no total.")
    row_count: int = strawberry.field(description="How many rows there are in all.")
    files: ReportFiles | None = strawberry.field(description="It as a file; null for whoever may not export.")

    @classmethod
    def of(cls, result: ReportResult, context: Context, *, kept_at: str | None = None) -> "ReportTable":
        """From the room's own. `kept_at`: the path of its files, of one that was kept."""
        language = context.locale
        return cls(
            report=Report.of(result.report, language),
            as_of=result.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
            columns=[ReportColumn.of(each, language) for each in result.columns],
            rows=[_cells(result.columns, row) for row in result.rows],
            totals=_cells(result.columns, result.totals),
            row_count=result.row_count,
            files=files_of(context.actor, result, kept_at=kept_at),
        )


def _cells(columns: Sequence[Column], row: Sequence[Value]) -> list[str | None]:
    return [cell_text(column.kind, value) for column, value in zip(columns, row, strict=True)]


def cell_text(kind: ColumnKind, value: Value) -> str | None:
    """A cell as the API shows it: money as yuan, everything else as it is."""
    if value is None:
        return None
    if kind is ColumnKind.MONEY and isinstance(value, int):
        return Money(value).text()
    return str(value)


@strawberry.input(description="One filter of a report.")
class ReportWhere:
    key: str = strawberry.field(description="One of the report's `filters`.")
    values: list[str] = strawberry.field(description="Any of these ids, codes or words.")


@strawberry.input(description="Which orders: those with a line of which all of this holds.")
class SalesOrderWhere:
    region: str | None = strawberry.field(default=UNSET, description="Of a seller in this region's subtree.")
    village: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this village.")
    cooperative: strawberry.ID | None = strawberry.field(default=UNSET, description="Sold through this cooperative.")
    producer: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this producer.")
    category: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this category, as sold.")
    listing: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this listing.")
    kind: LineKind | None = strawberry.field(default=UNSET, description="Of this kind.")
    channel: Channel | None = strawberry.field(default=UNSET, description="Bought through this channel.")


def _behind(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    """Parts of orders that anything was sold or given back of in a range, as the journal of sales says."""
    days, where = args.nested("range"), args.nested("where")
    entry = ENTRIES.alias()
    conditions = [entry.c.seller_order_id == t.c.id]
    start, end = days.slot("from"), days.slot("to")
    assert start is not None
    assert end is not None
    conditions.append(
        entry.c.business_day.between(build.bind(start, type_=sa.Date()), build.bind(end, type_=sa.Date()))
    )
    for name, column in (
        ("village", entry.c.village_id),
        ("cooperative", entry.c.settlement_party),
        ("producer", entry.c.producer_id),
        ("category", entry.c.category_id),
        ("listing", entry.c.listing_id),
    ):
        slot = where.slot(name)
        if slot is not None:
            conditions.append(column == build.bind(slot))
    for name, column in (("kind", entry.c.kind), ("channel", entry.c.channel)):
        word = where.get(name)
        if word is not None:
            conditions.append(column == str(word))
    region = where.slot("region")
    if region is not None:
        conditions.append(within_region(entry.c.region_code, region, build))
    return [t.c.id.in_(sa.select(entry.c.seller_order_id).where(*conditions))]


@strawberry.type(description="Reads of reports.")
class ReportQueries:
    sales_orders: Connection[SellerOrder] = listed(
        "The orders behind a figure of `salesReport`: sellers' parts of which something was sold or went back in the "
        "range, the newest first. For those who may read orders; people are masked as there.",
        Connection[SellerOrder],
        where=SalesOrderWhere,
        range=Range,
    )

    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover async methods with Info[…]
        description="What was sold and given back in a range, grouped by up to three dimensions: organisations see their "
        "own, staff their regions'. Refused when the range or the grouping is too wide, with what to narrow.",
        metadata={"rule": Permission.REPORT_READ},
    )
    async def sales_report(
        self,
        info: Info,
        *,
        range: Range,  # noqa: A002 - what the API calls it
        group_by: Annotated[
            list[SalesDimension] | None,
            strawberry.argument(description="At most three, only one of them of time; without any, one row."),
        ] = UNSET,
        where: Annotated[SalesWhere | None, strawberry.argument(description="Only some sales.")] = UNSET,
        compare_with: Compare = None,
    ) -> SalesReport:
        selected = set(_names(info.selected_fields))
        asked = SalesAsked(
            start=range.start,
            end=range.end,
            group_by=tuple(group_by or ()),
            where=where.asked() if where else NoWhere(),
            compare_with=compare_with,
            with_buyers="buyers" in selected,
            with_occupancy="occupancy" in selected,
        )
        found = await info.context.look(sales_report, asked)
        return SalesReport.of(found, language=info.context.locale)

    @strawberry.field(  # type: ignore[untyped-decorator]  # the same
        description="A report of the catalogue, see `reports`.", metadata={"rule": Permission.REPORT_READ}
    )
    async def report(
        self,
        info: Info,
        *,
        key: Annotated[str, strawberry.argument(description="Which report.")],
        range: Range,  # noqa: A002 - what the API calls it
        group_by: Annotated[
            list[str] | None, strawberry.argument(description="Keys of its dimensions; its own choice when left out.")
        ] = UNSET,
        where: Annotated[
            list[ReportWhere] | None, strawberry.argument(description="Only rows that meet all of these.")
        ] = UNSET,
        compare_with: Compare = None,
        limit: Annotated[int, strawberry.argument(description=f"How many rows, at most {ROWS_MAX:,}.")] = ROWS_SHOWN,
        skip: Annotated[int, strawberry.argument(description="Leave out so many rows from the start.")] = 0,
    ) -> ReportTable:
        asked = ReportAsked(
            key=key,
            start=range.start,
            end=range.end,
            group_by=tuple(group_by or ()),
            where={each.key: tuple(each.values) for each in where or ()},
            compare_with=compare_with,
            first=min(limit, ROWS_MAX),
            after=skip,
        )
        found = await info.context.look(run_report, asked)
        return ReportTable.of(found, info.context)

    @strawberry.field(  # type: ignore[untyped-decorator]  # the same
        description="The reports that the caller may ask for.", metadata={"rule": Permission.REPORT_READ}
    )
    def reports(self, info: Info) -> list[Report]:
        return [Report.of(each, info.context.locale) for each in reports_for(info.context.actor)]


def _names(selections: Sequence[Selection]) -> Iterator[str]:
    """The names of all fields selected, however deep, in fragments too."""
    for each in selections:
        if isinstance(each, SelectedField):
            yield each.name
        yield from _names(each.selections)


REPORT_QUERIES: dict[str, Field] = {
    "salesOrders": Listed(lambda: SELLER_ORDER, NEWEST, "NEWEST", where=_behind),
}
