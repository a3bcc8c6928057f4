"""Answers that are kept as they were: what was submitted, what was produced on schedule. And how far things have moved
since.

The words of columns are kept with the numbers, so that an answer reads the same when the catalogue has changed.
"""

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import orjson

from market.kernel.errors import Invalid, LimitReached
from market.reports.catalogue import REPORTS
from market.reports.declare import (
    Column,
    ColumnKind,
    CompareWith,
    Found,
    Report,
    ReportAsked,
    ReportResult,
    Row,
    Value,
)

ROWS_MAX = 20_000
"""Of an answer that is kept: more are read by nobody, and take megabytes each."""

OF_PEOPLE = frozenset({"orders.packing", "visits.manifest"})
"""Reports that tell single people's orders and visits: they are used on the day, and not kept where no erasure reaches
(PIPL art. 19: no longer than needed)."""

_NAMES = {ColumnKind.TEXT, ColumnKind.DATE, ColumnKind.CODE}


@dataclass(frozen=True, slots=True)
class Frozen:
    """An answer as it is kept. `digest` is the SHA-256, in hex, of what is in it: whoever has a copy can prove it."""

    content: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A figure that is not what it was: of the row with these names, or of the totals when there are none. None stands
    for no such row."""

    row: tuple[Value, ...]
    column: Column
    was: int | None
    is_now: int | None


def freeze(result: ReportResult) -> Frozen:
    """Keep a whole answer. Refuses: Invalid for a report about single people; LimitReached above 20,000 rows."""
    if result.report.key in OF_PEOPLE:
        raise Invalid(
            field="report",
            allowed="a report about figures, not about single people",
            allowed_zh="只能留存统计报表，不能留存涉及个人的清单",
        )
    if result.row_count > ROWS_MAX or len(result.rows) < result.row_count:
        raise LimitReached(what="rows of a report that is kept", limit=ROWS_MAX)
    asked, report = result.asked, result.report
    said = {
        "report": {
            name: getattr(report, name) for name in ("key", "title_zh", "title_en", "definition_zh", "definition_en")
        },
        "asked": asked_json(asked),
        "asOf": result.as_of.isoformat(),
        "columns": [
            {
                "key": column.key,
                "label_zh": column.label_zh,
                "label_en": column.label_en,
                "kind": column.kind.value,
                "definition_zh": column.definition_zh,
                "definition_en": column.definition_en,
                "is_summed": column.is_summed,
            }
            for column in result.columns
        ],
        "rows": result.rows,
        "totals": result.totals,
    }
    text = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    return Frozen(zlib.compress(text, 6), hashlib.sha256(text).hexdigest())


def thaw(content: bytes) -> ReportResult:
    """The answer that was kept."""
    said = orjson.loads(zlib.decompress(content))
    columns = tuple(Column(**{**each, "kind": ColumnKind(each["kind"])}) for each in said["columns"])
    return ReportResult(
        report=_report(said["report"]),
        columns=columns,
        rows=tuple(_row(columns, row) for row in said["rows"]),
        totals=_row(columns, said["totals"]),
        as_of=datetime.fromisoformat(said["asOf"]),
        asked=asked_of(said["asked"]),
        row_count=len(said["rows"]),
    )


def digest_of(content: bytes) -> str:
    """The SHA-256 of what is kept, in hex, reckoned again."""
    return hashlib.sha256(zlib.decompress(content)).hexdigest()


def asked_json(asked: ReportAsked) -> dict[str, Any]:
    """A question as JSON data."""
    return {
        "key": asked.key,
        "start": asked.start.isoformat(),
        "end": asked.end.isoformat(),
        "groupBy": list(asked.group_by),
        "where": {key: list(values) for key, values in sorted(asked.where.items())},
        "compareWith": None if asked.compare_with is None else asked.compare_with.value,
    }


def asked_of(said: Mapping[str, Any]) -> ReportAsked:
    """The question of `asked_json`."""
    return ReportAsked(
        key=said["key"],
        start=date.fromisoformat(said["start"]),
        end=date.fromisoformat(said["end"]),
        group_by=tuple(said["groupBy"]),
        where={key: tuple(values) for key, values in said["where"].items()},
        compare_with=None if said["compareWith"] is None else CompareWith(said["compareWith"]),
    )


def moved(was: ReportResult, now: ReportResult) -> Iterator[Moved]:
    """What is different now, totals first, then row by row in the order it was kept; new rows last. Columns that only one
    of the two has are left out."""
    known = {column.key: at for at, column in enumerate(now.columns)}
    figures = [column for column in was.columns if column.kind not in _NAMES and column.key in known]
    before = {column.key: at for at, column in enumerate(was.columns)}
    names = [column.key for column in was.columns if column.kind in _NAMES and column.key in known]
    then_rows = {tuple(row[before[key]] for key in names): row for row in was.rows}
    now_rows = {tuple(row[known[key]] for key in names): row for row in now.rows}
    pairs: list[tuple[tuple[Value, ...], Row | None, Row | None]] = [((), was.totals, now.totals)]
    pairs += [(name, row, now_rows.get(name)) for name, row in then_rows.items()]
    pairs += [(name, None, row) for name, row in now_rows.items() if name not in then_rows]
    for name, then, row in pairs:
        for column in figures:
            old = None if then is None else then[before[column.key]]
            new = None if row is None else row[known[column.key]]
            if old != new:
                yield Moved(name, column, _figure(old), _figure(new))


def _figure(value: Value) -> int | None:
    return value if isinstance(value, int) else None


def _row(columns: tuple[Column, ...], row: list[Any]) -> Row:
    return tuple(
        date.fromisoformat(value) if column.kind is ColumnKind.DATE and value is not None else value
        for column, value in zip(columns, row, strict=True)
    )


def _report(said: Mapping[str, Any]) -> Report:
    """The report as it is declared now, with the words that were said then; when it is gone, the words alone."""
    found = REPORTS.get(said["key"])
    if found is not None:
        return replace(found, **said)
    return Report(
        **{"dimensions": (), "measures": (), "filters": (), "readers": frozenset(), **said},
        run=lambda _session, _reading: Found((), ()),
    )
