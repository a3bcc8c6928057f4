"""Use cases: run a report, or read its rows one by one for an export. Read `run_report` first."""

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from tempfile import SpooledTemporaryFile

from sqlmodel import Session

from market.kernel.clock import business_day
from market.kernel.errors import Forbidden, Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, Role, reach
from market.reports.catalogue import REPORTS
from market.reports.catalogue.base import CHUNK
from market.reports.declare import (
    Column,
    ColumnKind,
    Found,
    ReaderKind,
    Reading,
    Report,
    ReportAsked,
    ReportResult,
    Row,
)
from market.reports.errors import TooManyGroups
from market.reports.sales.rules import check_span

ROWS_MAX = 50_000
"""Rows of an answer in one piece: exports read more of them, one by one."""
SPOOL_BYTES = 4 * 1024 * 1024
"""Of an export's rows, before they wait on the disk and no longer in memory."""
_FIGURES = {ColumnKind.MONEY, ColumnKind.COUNT, ColumnKind.WEIGHT, ColumnKind.SHARE, ColumnKind.HOURS}


def run_report(market: Market, actor: Actor, asked: ReportAsked) -> ReportResult:
    """The answer to a question, as of now, of what the actor may see.

    Refuses: NotSignedIn; Forbidden when the report is not for such callers; NotFound for a key that is not there;
    Invalid; ReportTooLong; TooManyGroups beyond 50,000 rows; what the report itself refuses.
    """
    report = find_report(actor, asked.key)
    with market.read(patiently=True) as session:
        found, about = _open(session, actor, report, asked, now=market.now())
        size = ROWS_MAX if asked.first is None else asked.first
        sums, rows, count = _Sums(found), [], 0
        for row in found.rows:
            sums.add(row)
            if asked.after <= count < asked.after + size:
                rows.append(row)
            count += 1
            if count > ROWS_MAX:
                raise _too_long(asked)
        totals = sums.totals()
    shown = tuple(_shown(found.columns, row, totals) for row in rows)
    return replace(about, rows=shown, totals=_total_row(found.columns, totals), row_count=count)


@dataclass(frozen=True, slots=True)
class Streamed:
    """A report that is being read. `about` says its columns; its own rows are none. `totals` once the rows are read."""

    about: ReportResult
    rows: Iterator[Row]
    totals: Callable[[], Row]


@contextmanager
def read_report(
    market: Market, actor: Actor, asked: ReportAsked, *, reports: Mapping[str, Report] = REPORTS
) -> Iterator[Streamed]:
    """A report's rows as they come from the database, however many, in the memory of a few. Refuses: as `run_report`,
    but for the number of rows.

    Of a report with ratios and shares the plain figures wait in a temporary file until the whole is known: it is one
    read of the database either way, and so of one moment.
    """
    report = find_report(actor, asked.key, reports=reports)
    with market.read(patiently=True) as session:
        found, about = _open(session, actor, report, asked, now=market.now())
        sums = _Sums(found)
        has_ratios = any(column.derive is not None for column in found.columns)
        rows = _reckoned(found.columns, sums) if has_ratios else sums.added()
        yield Streamed(about, rows, lambda: _total_row(found.columns, sums.totals()))


def stream_report(market: Market, actor: Actor, asked: ReportAsked) -> Iterator[Row]:
    """The rows alone of `read_report`."""
    with read_report(market, actor, asked) as streamed:
        yield from streamed.rows


def find_report(actor: Actor, key: str, *, reports: Mapping[str, Report] = REPORTS) -> Report:
    """A report that the actor may ask for. Refuses: NotSignedIn; Forbidden; NotFound."""
    kinds = reader_kinds(actor)
    report = reports.get(key)
    if report is None:
        raise NotFound(field="report")
    if not kinds & report.readers:
        raise Forbidden
    return report


def reports_for(actor: Actor) -> Sequence[Report]:
    """The reports that the actor may ask for, in the catalogue's order. Refuses: NotSignedIn; Forbidden."""
    kinds = reader_kinds(actor)
    return [report for report in REPORTS.values() if kinds & report.readers]


def reader_kinds(actor: Actor) -> frozenset[ReaderKind]:
    """What kinds of reader the actor is. Refuses as `reach`."""
    opened = reach(actor, Permission.REPORT_READ)
    if opened.is_all:
        return frozenset(ReaderKind)
    found = set()
    if opened.organisation_ids:
        found.add(ReaderKind.SELLER)
    if opened.region_prefixes:
        found.add(ReaderKind.STAFF)
        if Role.STAFF_FINANCE in actor.staff_roles:
            found.add(ReaderKind.FINANCE)
    return frozenset(found)


def _open(
    session: Session, actor: Actor, report: Report, asked: ReportAsked, *, now: datetime
) -> tuple[Found, ReportResult]:
    check_span(asked.start, asked.end, days_max=report.days_max)
    asked = _checked(report, asked)
    found = report.run(session, Reading(actor, asked, business_day(now), now))
    return found, ReportResult(report, tuple(found.columns), (), (), now, asked, 0)


def _checked(report: Report, asked: ReportAsked) -> ReportAsked:
    """The question with the groups that go without saying; refuses with Invalid what the report does not have."""
    known = {column.key for column in report.dimensions} if report.groups_max else set()
    if len(asked.group_by) > report.groups_max or not set(asked.group_by) <= known:
        names = ", ".join(column.key for column in report.dimensions) if report.groups_max else "—"
        raise Invalid(
            field="groupBy",
            allowed=f"at most {report.groups_max} of: {names}",
            allowed_zh=f"最多 {report.groups_max} 个：{names}",
        )
    strange = [key for key, values in asked.where.items() if key not in report.filters or not values]
    if strange:
        names = ", ".join(report.filters) or "—"
        raise Invalid(field=f"where.{strange[0]}", allowed=f"one of: {names}", allowed_zh=f"可用的筛选：{names}")
    if asked.first is not None and not 0 <= asked.first <= ROWS_MAX:
        raise Invalid(field="first", allowed=f"0 to {ROWS_MAX}", allowed_zh=f"0 到 {ROWS_MAX}")
    if asked.after < 0:
        raise Invalid(field="after", allowed="0 or more", allowed_zh="不小于 0")
    return asked if asked.group_by else replace(asked, group_by=report.default_groups)


class _Sums:
    """Totals of the plain figures, as the rows go by; the report's own where it has them."""

    def __init__(self, found: Found) -> None:
        plain = [column for column in found.columns if column.derive is None]
        self._summed = [(at, column.key) for at, column in enumerate(plain) if is_summed(column)]
        self._sums = dict.fromkeys((key for _, key in self._summed), 0)
        self._found = found

    def add(self, row: Row) -> None:
        for at, key in self._summed:
            value = row[at]
            if value is not None:
                assert isinstance(value, int), f"{key} is a figure"
                self._sums[key] += value

    def added(self) -> Iterator[Row]:
        for row in self._found.rows:
            self.add(row)
            yield row

    def totals(self) -> dict[str, int]:
        return {**self._sums, **(self._found.totals or {})}


def is_summed(column: Column) -> bool:
    """Whether a total is the sum of its rows."""
    return column.kind in _FIGURES and column.kind is not ColumnKind.SHARE and column.is_summed


def _reckoned(columns: Sequence[Column], sums: _Sums) -> Iterator[Row]:
    """The rows with what follows from their figures and from the totals, which are known once all were read."""
    with SpooledTemporaryFile(max_size=SPOOL_BYTES) as kept:
        plain = sums.added()
        while some := list(islice(plain, CHUNK)):
            pickle.dump(some, kept)
        totals, size = sums.totals(), kept.tell()
        kept.seek(0)
        while kept.tell() < size:
            for row in pickle.load(kept):  # noqa: S301 - what was written a moment ago, above
                yield _shown(columns, row, totals)


def _shown(columns: Sequence[Column], row: Row, totals: dict[str, int]) -> Row:
    """A row with what follows from its figures in its places."""
    plain = iter(row)
    values = [None if column.derive is not None else next(plain) for column in columns]
    said = {column.key: value for column, value in zip(columns, values, strict=True) if isinstance(value, int)}
    return tuple(
        value if column.derive is None else column.derive(said, totals)
        for column, value in zip(columns, values, strict=True)
    )


def _total_row(columns: Sequence[Column], totals: dict[str, int]) -> Row:
    def of(column: Column) -> int | None:
        if column.derive is None:
            return totals.get(column.key)
        return column.derive(totals, totals)

    return tuple(of(column) for column in columns)


def _too_long(asked: ReportAsked) -> TooManyGroups:
    return TooManyGroups(
        limit=ROWS_MAX,
        groups=asked.group_by,
        narrow="ask for fewer days, narrow it, or export it",
        narrow_zh="请缩短时间范围、增加筛选条件，或改用导出",
    )
