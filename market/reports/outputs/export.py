"""Use cases: a report as a sheet, and as a chart."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO

from market.bulk.rules import FileFormat
from market.kernel.errors import Language, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.reports.declare import ReportAsked, ReportResult, Row
from market.reports.outputs.chart import chart_of
from market.reports.outputs.drawing import PictureForm, draw
from market.reports.outputs.sheets import write_sheet
from market.reports.run import Streamed, read_report, run_report
from market.reports.scoped import exporting

_LOOKED_EVERY = 500
"""Rows, between two looks whether anybody still waits."""


class Gone(Exception):
    """Nobody waits for the file any more. Not a refusal: there is nobody to tell."""


def write_report(
    market: Market,
    actor: Actor,
    *,
    asked: ReportAsked,
    form: FileFormat,
    language: Language,
    file: BinaryIO,
    is_gone: Callable[[], bool] = lambda: False,
) -> int:
    """Write all rows of a report as CSV or XLSX, as they come from the database; says how many. They are of one moment: it
    is one read. A cut of the question is left out: an export is whole. Once `is_gone` it breaks off with Gone, and leaves
    nothing behind.

    Refuses: NotSignedIn; Forbidden; what `run_report` refuses.
    """
    reach(actor, Permission.REPORT_EXPORT)
    whole = replace(asked, first=None, after=0)
    with read_report(market, exporting(actor), whole) as streamed:
        return write_sheet(file, replace(streamed, rows=_until(is_gone, streamed.rows)), form, language)


def _until(is_gone: Callable[[], bool], rows: Iterator[Row]) -> Iterator[Row]:
    for number, row in enumerate(rows):
        if number % _LOOKED_EVERY == 0 and is_gone():
            raise Gone
        yield row


def write_kept(result: ReportResult, *, form: FileFormat, language: Language, file: BinaryIO) -> int:
    """The same of an answer that was kept; says how many rows."""
    return write_sheet(file, Streamed(result, iter(result.rows), lambda: result.totals), form, language)


def charted(market: Market, actor: Actor, *, asked: ReportAsked) -> ReportResult:
    """The answer that a chart is drawn of. Refuses: NotSignedIn; Forbidden; what `run_report` refuses."""
    reach(actor, Permission.REPORT_EXPORT)
    return run_report(market, exporting(actor), replace(asked, first=None, after=0))


def picture_of(result: ReportResult, *, form: PictureForm, language: Language) -> bytes:
    """The chart of an answer. Takes a second, so call it in a thread that nobody waits for.

    Refuses: NotFound when there is nothing to draw; Unavailable.
    """
    chart = chart_of(result, language)
    if chart is None:
        raise NotFound(field="chart")
    return draw([chart], form)[0]
