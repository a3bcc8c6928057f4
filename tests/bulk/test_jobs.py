"""Imports as jobs: uploaded, read, waiting, started once, given up, forgotten."""

import io
from datetime import timedelta

import pytest

from market.bulk.errors import FileTooLarge, NoRows, NotASheet
from market.bulk.rules import FileFormat, ImportMode, ImportState, Outcome, SheetKind
from market.bulk.start import cancel_import, run_import
from market.bulk.tables import ImportPart, ImportRow
from market.bulk.upload import IN_HAND_MAX, upload_import
from market.bulk.work import forget_imports, work_on_imports
from market.kernel.errors import IdempotencyConflict, IllegalTransition, LimitReached
from market.kernel.market import Market
from tests.bulk.desk import (
    Desk,
    checked,
    csv_file,
    everything,
    imported,
    job,
    key,
    open_desk,
    outcomes,
    prices,
    rows_of,
    run,
    upload,
    work,
)
from tests.clock import FakeClock
from tests.schema.stalls import sell

PRICES, STOCK, SESSIONS = SheetKind.PRICES, SheetKind.STOCK, SheetKind.SESSIONS
CREATED, CHANGED, UNCHANGED, FAILED = Outcome.CREATED, Outcome.CHANGED, Outcome.UNCHANGED, Outcome.FAILED


@pytest.fixture(name="desk")
def _desk(market: Market) -> Desk:
    return open_desk(market)


def test_a_file_that_cannot_be_read_ends_with_the_reason_and_leaves_no_rows(market: Market, desk: Desk) -> None:
    found = checked(market, desk, PRICES, "规格编码,价格\n桃,8".encode() + b"\xff\n")

    assert (found.state, found.problem_code) == (ImportState.REFUSED, "FILE_BAD_ENCODING")
    assert (rows_of(market, ImportRow), rows_of(market, ImportPart)) == ([], [])
    with pytest.raises(IllegalTransition):
        run(market, desk, found.id, ImportMode.SKIP)


def test_what_is_kept_of_a_file_that_was_read_are_its_rows(market: Market, desk: Desk) -> None:
    found = checked(market, desk, PRICES, csv_file(["sku", "price", "#注"], ["x", 1, "好"], encoding="gb18030"))

    assert (found.encoding, found.headers, found.keys) == ("gb18030", ["sku", "price", "#注"], ["sku", "price", None])
    assert rows_of(market, ImportPart) == []
    assert [row.cells for row in rows_of(market, ImportRow)] == [["x", "1", "好"]]


@pytest.mark.parametrize(
    ("content", "refusal"),
    [(b"", NoRows), (b"%PDF-1.7", NotASheet), (b"a" * (20 * 1024 * 1024 + 1), FileTooLarge)],
)
def test_what_can_be_seen_at_once_is_refused_at_once(
    market: Market, desk: Desk, content: bytes, refusal: type[Exception]
) -> None:
    before = everything(market)

    with pytest.raises(refusal):
        upload(market, desk, PRICES, content)

    assert everything(market) == before
    assert not work_on_imports(market)


def test_a_name_is_kept_without_folders_and_what_cannot_be_seen(market: Market, desk: Desk) -> None:
    import_id = upload(market, desk, PRICES, b"sku,price\nx,1", name="C:\\桌面\\..\\价\x00格\u202e.csv")

    assert job(market, import_id).file_name == "价格.csv"
    assert job(market, import_id).format is FileFormat.CSV


def test_the_same_upload_again_is_the_same_import(market: Market, desk: Desk) -> None:
    def again(content: bytes) -> str:
        return upload_import(
            market,
            desk.owner,
            kind=PRICES,
            organisation_id=desk.stalls.producer,
            file=io.BytesIO(content),
            file_name="价格.csv",
            idempotency_key="once-and-for-all-1",
        )

    first = again(b"sku,price\nx,1")

    assert again(b"sku,price\nx,1") == first
    with pytest.raises(IdempotencyConflict):
        again(b"sku,price\nx,2")


def test_starting_twice_with_one_key_is_starting_once(market: Market, desk: Desk) -> None:
    found, one_key = checked(market, desk, PRICES, b"sku,price\nx,1"), key()
    start = {"import_id": found.id, "mode": ImportMode.SKIP, "idempotency_key": one_key}

    assert run_import(market, desk.owner, **start) == run_import(market, desk.owner, **start) == found.id  # type: ignore[arg-type]  # a mapping
    with pytest.raises(IllegalTransition):
        run(market, desk, found.id, ImportMode.SKIP)


def test_at_most_twenty_wait(market: Market, desk: Desk) -> None:
    for _ in range(IN_HAND_MAX):
        upload(market, desk, PRICES, b"sku,price\nx,1")

    with pytest.raises(LimitReached):
        upload(market, desk, PRICES, b"sku,price\nx,1")
    work(market)
    upload(market, desk, PRICES, b"sku,price\nx,1")


def test_a_cancelled_import_does_no_more(market: Market, desk: Desk) -> None:
    sell(market, desk.stalls, "桃", desk.stalls.peach)
    found = checked(market, desk, PRICES, csv_file(["sku", "price"], ["SKU-桃", 99]))
    run(market, desk, found.id, ImportMode.SKIP)

    cancel_import(market, desk.owner, import_id=found.id)
    work(market)

    assert (job(market, found.id).state, prices(market, ["SKU-桃"])) == (ImportState.CANCELLED, {"SKU-桃": 8800})
    with pytest.raises(IllegalTransition):
        cancel_import(market, desk.owner, import_id=found.id)


def test_after_thirty_days_rows_are_forgotten_and_counts_stay(market: Market, desk: Desk, clock: FakeClock) -> None:
    done, waiting = imported(market, desk, PRICES, b"sku,price\nx,1"), checked(market, desk, PRICES, b"sku,price\nx,1")
    clock.now += timedelta(days=30) - timedelta(seconds=1)
    assert forget_imports(market) == 0

    clock.advance(seconds=1)

    assert (forget_imports(market), forget_imports(market)) == (2, 0)
    assert rows_of(market, ImportRow) == []
    assert (job(market, done.id).state, outcomes(job(market, done.id))) == (ImportState.DONE, {FAILED: 1})
    assert job(market, waiting.id).state is ImportState.EXPIRED


def test_a_small_import_does_not_wait_for_a_large_one(market: Market, desk: Desk, clock: FakeClock) -> None:
    large = upload(market, desk, PRICES, csv_file(["sku", "price"], *([f"S-{at}", 1] for at in range(3000))))
    work_on_imports(market, limit=3)
    clock.advance(seconds=1)
    small = upload(market, desk, PRICES, b"sku,price\nx,1")

    for _ in range(8):
        clock.advance(seconds=1)
        work_on_imports(market, limit=1)

    assert job(market, small).state is ImportState.CHECKED
    assert 0 < job(market, large).rows_done < 3000
