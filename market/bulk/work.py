"""The worker's part: read, check and run imports, a piece at a time, whoever of several workers comes first.

An import is claimed for a minute by a conditional update; what is done is saved only while the claim holds, and moves
the import's cursor in the same transaction. A worker that dies leaves everything as it was after its last save, and
another goes on from there once the minute is over. Those that waited longest go first, so that a small import does not
wait for a large one.
"""

import sqlalchemy as sa

from market.bulk.actor import RIGHTS_LOST, worker_actor
from market.bulk.check import check_some
from market.bulk.claims import Claim, Lost, claim, end, release
from market.bulk.effects.base import Work
from market.bulk.queries import PARTS, PROBLEMS, ROWS, forgettable
from market.bulk.read import read_file
from market.bulk.rules import KEPT, ImportState
from market.bulk.run import run_some
from market.kernel.errors import Forbidden, NotFound
from market.kernel.market import Market


def work_on_imports(market: Market, *, limit: int = 10) -> int:
    """The worker's: do up to so many pieces of work (a file read, a chunk of rows checked or run); says how many."""
    for number in range(limit):
        claimed = claim(market)
        if claimed is None:
            return number
        try:
            _work(market, claimed)
            release(market, claimed)
        except Lost:  # cancelled, or another worker has it: nothing of this piece was saved
            continue
    return limit


def _work(market: Market, claimed: Claim) -> None:
    job, now = claimed.job, market.now()
    try:
        with market.read() as session:
            actor = worker_actor(session, job, now)
    except (Forbidden, NotFound):
        with market.transaction() as session:
            end(session, job, RIGHTS_LOST, now=now)
        return
    work = Work(market, actor, job.organisation_id, job.id, job.submit, now)
    match job.state:
        case ImportState.UPLOADED:
            read_file(market, claimed)
        case ImportState.CHECKING:
            check_some(market, claimed, work)
        case _:
            run_some(market, claimed, work)


def forget_imports(market: Market, *, limit: int = 10) -> int:
    """The worker's: delete the rows of imports older than thirty days, oldest first; says of how many. Their counts
    stay; one that was never run is EXPIRED."""
    now = market.now()
    with market.transaction() as session:
        old = forgettable(session, now - KEPT, limit=limit)
        for job in old:
            for table in (ROWS, PROBLEMS, PARTS):
                session.execute(sa.delete(table).where(table.c.import_id == job.id))
            if job.state is ImportState.CHECKED:
                job.state = ImportState.EXPIRED
            job.forgotten_at = now
        return len(old)
