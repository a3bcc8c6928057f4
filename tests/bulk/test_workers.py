"""Workers die, meet, and stumble; what an import does is done once all the same."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col, func, select

from market.bulk import claims
from market.bulk.claims import ATTEMPTS_MAX, LEASE, Lost, claim, save
from market.bulk.rules import ImportMode, ImportState, Outcome, SheetKind
from market.bulk.start import cancel_import
from market.bulk.tables import ImportJob, ImportRow
from market.bulk.work import work_on_imports
from market.catalogue.publish import ListingDraft, ProductDraft, VariantDraft, publish_product
from market.catalogue.rules import Storage
from market.catalogue.tables import PriceChange, Variant
from market.kernel.audit import AuditEntry
from market.kernel.database import open_database
from market.kernel.market import Market
from tests.bulk.desk import Desk, checked, csv_file, job, open_desk, outcomes, run, upload, work
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN, sell

PRICES = SheetKind.PRICES
SKUS = 240
"""More than one chunk."""
ROOT = Path(__file__).parents[2]


@pytest.fixture(name="desk")
def _desk(market: Market) -> Desk:
    """A producer with three products of eighty variants."""
    desk = open_desk(market)
    for number in range(3):
        listing = ListingDraft(
            f"桃{number}", None, "", None, "", None, desk.stalls.peach, desk.stalls.producer, None, desk.stalls.village
        )
        variants = tuple(
            VariantDraft(f"S-{number * 80 + at}", "盒装", None, 1000, 1, "盒", None, 8800) for at in range(80)
        )
        publish_product(market, ADMIN, ProductDraft(listing, Storage.AMBIENT, None, "", None, variants))
    return desk


def all_prices(fen: int = 9900) -> bytes:
    return csv_file(["sku", "price"], *([f"S-{at}", fen / 100] for at in range(SKUS)))


def ready(market: Market, desk: Desk) -> str:
    """An import of all prices that is about to run."""
    import_id = checked(market, desk, PRICES, all_prices()).id
    run(market, desk, import_id, ImportMode.ABORT)
    return import_id


def assert_done_once(market: Market, import_id: str) -> None:
    found = job(market, import_id)
    assert (found.state, found.problem, outcomes(found)) == (ImportState.DONE, None, {Outcome.CHANGED: SKUS})
    with market.read() as session:
        assert set(session.exec(select(Variant.price_fen))) == {9900}
        changes = session.exec(select(PriceChange.item_id, func.count()).group_by(PriceChange.item_id)).all()
        entries = session.exec(
            select(func.count()).where(AuditEntry.request_id == import_id, AuditEntry.action == "listing.price")
        ).one()
    assert len(changes) == SKUS
    assert {count for _, count in changes} == {1}
    assert entries == SKUS


def wait_until(condition: object) -> None:
    until = time.monotonic() + 60
    while not condition():  # type: ignore[operator]  # a function
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.005)


def test_a_worker_killed_in_the_middle_is_replaced_and_nothing_is_done_twice(
    market: Market, desk: Desk, clock: FakeClock, database_url: str
) -> None:
    import_id = ready(market, desk)
    program = [sys.executable, "-m", "tests.bulk.worker_program", database_url]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.DEVNULL) as worker:
        try:
            wait_until(lambda: job(market, import_id).rows_done > 20)
        finally:
            worker.kill()

    left = job(market, import_id)
    assert left.state is ImportState.RUNNING
    assert 20 < left.rows_done < SKUS
    with market.read() as session:
        assert session.exec(select(func.count()).where(Variant.price_fen == 9900)).one() == left.rows_done

    # Its claim holds for a while yet; then another goes on where it stopped.
    clock.now = datetime.now(UTC)
    assert work_on_imports(market) == 0
    clock.now += 2 * LEASE
    work(market)

    assert_done_once(market, import_id)


def test_a_worker_killed_while_reading_the_file_is_replaced_and_no_row_is_there_twice(
    market: Market, desk: Desk, clock: FakeClock
) -> None:
    import_id = upload(market, desk, PRICES, all_prices())
    claimed = claim(market)
    assert claimed is not None
    with market.transaction() as session:  # what a reader that died half-way leaves
        session.add(ImportRow(import_id=import_id, number=2, group_number=2, cells=["S-0", "1"]))

    clock.now += 2 * LEASE
    work(market)

    found = job(market, import_id)
    assert (found.state, found.rows_total, found.would_change) == (ImportState.CHECKED, SKUS, SKUS)


@pytest.fixture(name="rival")
def _rival(database_url: str, clock: FakeClock) -> Iterator[Market]:
    """Another process's view of the same marketplace; its clock is two minutes ahead, so that no claim of ours counts
    for it."""

    def ahead() -> datetime:
        return clock() + timedelta(minutes=2)

    with closing(Market(open_database(database_url), clock=ahead)) as market:
        yield market


def test_two_workers_that_do_not_see_each_others_claims_do_everything_once(
    market: Market, rival: Market, desk: Desk
) -> None:
    import_id = ready(market, desk)
    start = threading.Barrier(2)

    def go(mine: Market) -> None:
        start.wait()
        while job(market, import_id).state is ImportState.RUNNING or work_on_imports(mine, limit=1):
            work_on_imports(mine, limit=1)

    with ThreadPoolExecutor(2) as threads:
        for each in [threads.submit(go, market), threads.submit(go, rival)]:
            each.result(timeout=120)

    assert_done_once(market, import_id)


def test_two_workers_share_out_two_imports(market: Market, desk: Desk) -> None:
    upload(market, desk, PRICES, all_prices())
    upload(market, desk, PRICES, all_prices())

    first, second = claim(market), claim(market)

    assert first is not None
    assert second is not None
    assert first.job.id != second.job.id
    assert claim(market) is None


def test_one_import_of_an_organisation_and_kind_runs_at_a_time(market: Market, desk: Desk) -> None:
    one, two = checked(market, desk, PRICES, all_prices()), checked(market, desk, PRICES, all_prices(8800))
    stock = checked(market, desk, SheetKind.STOCK, csv_file(["sku", "盘点数量"], ["S-0", 5]))
    for found in (one, two, stock):
        run(market, desk, found.id, ImportMode.SKIP)

    running = [claim(market), claim(market), claim(market)]

    assert [claimed and claimed.job.id for claimed in running] == [one.id, stock.id, None]
    assert job(market, two.id).state is ImportState.QUEUED
    with pytest.raises(sa.exc.IntegrityError), market.transaction() as session:
        session.execute(sa.update(ImportJob).where(col(ImportJob.id) == two.id).values(state=ImportState.RUNNING))


def test_an_import_that_waited_runs_when_the_one_before_it_is_done(market: Market, desk: Desk) -> None:
    one, two = checked(market, desk, PRICES, all_prices()), checked(market, desk, PRICES, all_prices(7700))
    for found in (one, two):
        run(market, desk, found.id, ImportMode.SKIP)

    work(market)

    assert [job(market, each.id).state for each in (one, two)] == [ImportState.DONE] * 2
    with market.read() as session:
        assert set(session.exec(select(Variant.price_fen))) == {7700}


def test_what_is_saved_after_the_claim_was_lost_is_undone(market: Market, desk: Desk, clock: FakeClock) -> None:
    import_id = ready(market, desk)
    lost = claim(market)
    assert lost is not None
    clock.now += 2 * LEASE
    assert claim(market) is not None

    with pytest.raises(Lost), market.transaction() as session:
        session.execute(sa.update(Variant).values(price_fen=1))
        save(session, lost, now=clock.now, rows_done=1)

    assert job(market, import_id).rows_done == 0
    with market.read() as session:
        assert set(session.exec(select(Variant.price_fen))) == {8800}


def test_a_run_that_is_cancelled_stops_at_once_and_what_it_did_stays(market: Market, rival: Market, desk: Desk) -> None:
    import_id = ready(market, desk)
    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(work, rival)
        wait_until(lambda: job(market, import_id).rows_done > 5)
        cancel_import(market, desk.owner, import_id=import_id)
        working.result(timeout=60)

    found = job(market, import_id)
    assert found.state is ImportState.CANCELLED
    assert 5 < found.rows_done < SKUS
    with market.read() as session:
        assert session.exec(select(func.count()).where(Variant.price_fen == 9900)).one() == found.rows_done


def test_what_breaks_its_workers_is_given_up_and_holds_up_nobody(market: Market, desk: Desk, clock: FakeClock) -> None:
    broken = checked(market, desk, PRICES, all_prices()).id
    run(market, desk, broken, ImportMode.SKIP)
    with market.transaction() as session:  # as a bug would: a file whose columns nobody knows
        session.execute(sa.update(ImportJob).where(col(ImportJob.id) == broken).values(keys=["sku", "colour"]))
    for _ in range(ATTEMPTS_MAX):
        with pytest.raises(StopIteration):
            work_on_imports(market)
        clock.now += 2 * LEASE
    good = upload(market, desk, SheetKind.STOCK, csv_file(["sku", "盘点数量"], ["S-0", 5]))

    work(market)

    found = job(market, broken)
    assert (found.state, found.problem_code) == (ImportState.STOPPED, "IMPORT_BROKEN")
    assert job(market, good).state is ImportState.CHECKED
    assert claims.ATTEMPTS_MAX == 5


def test_nothing_to_do_is_nothing_done(market: Market, desk: Desk) -> None:
    sell(market, desk.stalls, "茶", desk.stalls.tea)

    assert work_on_imports(market) == 0
