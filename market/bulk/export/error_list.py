"""Use case: the rows of an import that are in error, to be put right and uploaded again."""

from collections.abc import Iterator
from typing import BinaryIO

from market.bulk.guard import unguarded
from market.bulk.queries import job_of, problems_of_rows, refused_rows
from market.bulk.reading.table import COMMENT
from market.bulk.tables import ImportJob, ImportProblem
from market.bulk.writing.delimited import Cells, write_csv
from market.kernel.clock import business_day
from market.kernel.errors import Language
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach

_PAGE = 500
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
    after = 0
    while True:
        with market.read() as session:
            rows = refused_rows(session, job.id, after=after, limit=_PAGE)
            if not rows:
                return
            problems = problems_of_rows(session, job.id, rows[0].number, rows[-1].number)
        for row in rows:
            # Guarded again when written: what was guarded stays so, and what was not cannot run when this is opened.
            cells = [unguarded(cell) for cell in row.cells[: len(job.headers)]]
            yield [*cells, row.number, "；".join(_words(each, language) for each in problems.get(row.number, ()))]
        after = rows[-1].number


def _words(problem: ImportProblem, language: Language) -> str:
    words = problem.message_en if language == "en" else problem.message
    return f"{problem.column}：{words}" if problem.column else words
