"""Where a report's answer can be fetched as a file: the addresses of `schema/reports/outputs/downloads.py`."""

from collections.abc import Sequence
from typing import Self
from urllib.parse import quote, urlencode

import strawberry

from market.kernel.permissions import Actor, Permission, scope_of
from market.reports.declare import ReportAsked, ReportResult
from schema.permissions import ruled


@strawberry.type(
    description="Where an answer is as a file, whole; fetched with the same sign-in. Paths of this server."
)
@ruled(Permission.REPORT_READ)
class ReportFiles:
    csv: str = strawberry.field(description="A sheet as text.")
    xlsx: str = strawberry.field(description="A sheet for Excel, with a page that says what the figures mean.")
    svg: str | None = strawberry.field(description="Its chart, to print at any size; null when it has none.")
    png: str | None = strawberry.field(description="Its chart as a picture; null when it has none.")

    @classmethod
    def at(cls, path: str, query: Sequence[tuple[str, str]], *, has_chart: bool) -> Self:
        """The files of an address without its ending."""
        asked = f"?{urlencode(query)}" if query else ""
        csv, xlsx, svg, png = (f"{path}.{form}{asked}" for form in ("csv", "xlsx", "svg", "png"))
        return cls(csv=csv, xlsx=xlsx, svg=svg if has_chart else None, png=png if has_chart else None)


def files_of(actor: Actor, result: ReportResult, *, kept_at: str | None = None) -> ReportFiles | None:
    """The files of an answer, or of one that was kept (its path); None for whoever may look at it and not take it away."""
    if scope_of(actor, Permission.REPORT_EXPORT) is None:
        return None
    has_chart = result.report.chart is not None
    if kept_at is not None:
        return ReportFiles.at(kept_at, (), has_chart=has_chart)
    return ReportFiles.at(f"/downloads/reports/{quote(result.report.key)}", _query(result.asked), has_chart=has_chart)


def _query(asked: ReportAsked) -> list[tuple[str, str]]:
    found = [("from", asked.start.isoformat()), ("to", asked.end.isoformat())]
    if asked.group_by:
        found.append(("groupBy", ",".join(asked.group_by)))
    if asked.compare_with is not None:
        found.append(("compareWith", asked.compare_with.value))
    return found + [(f"where.{name}", value) for name, values in asked.where.items() for value in values]
