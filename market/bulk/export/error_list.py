"""Use case: the rows of an import that are in error, to be put right and uploaded again."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from market.bulk.guard import unguarded
from market.bulk.queries import job_of, refused_rows
from market.bulk.reading.table import COMMENT
from market.bulk.tables import ImportJob, ImportRow
from market.bulk.writing.delimited import Cells, write_csv
from market.kernel.clock import business_day
from market.kernel.errors import Language
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach

_HEADERS = {"zh-CN": ("原行号", "错误"), "en": ("Row", "Errors")}


def write_error_list(market: Market, actor: Actor, *, import_id: str, language: Language, file: BinaryIO) -> int:
    """Write all rows in error as CSV: as they stand in the file, with their numbers there and what is wrong in columns
    that are not read again. Says how many rows.

    Refuses: NotSignedIn; Forbidden; NotFound.
    """
    reach(actor, Permission.IMPORT_RUN)
    with market.read() as session:
        job = job_of(session, actor, import_id, today=business_day(market.now()))
    headers = [*job.headers, *(f"{COMMENT}{name}" for name in _HEADERS[language])]
    return write_csv(file, headers, _cells(market, job, language))


def _cells(market: Market, job: ImportJob, language: Language) -> Iterator[Cells]:
    words = "en" if language == "en" else "zh"
    for row in _rows(market, job.id):
        problems = (
            f"{problem['column']}：{problem[words]}" if problem["column"] else problem[words]
            for problem in row.problems or ()
        )
        # Guarded again when written: what was guarded stays so, and what was not cannot run when this file is opened.
        cells = [unguarded(cell) for cell in row.cells[: len(job.headers)]]
        yield [*cells, row.number, "；".join(problems)]


def _rows(market: Market, import_id: str) -> Iterator[ImportRow]:
    after = 0
    while True:
        with market.read() as session:
            rows: Sequence[ImportRow] = refused_rows(session, import_id, after=after)
        if not rows:
            return
        yield from rows
        after = rows[-1].number
