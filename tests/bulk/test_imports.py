"""From an upload to the end of a run: what is checked, done, skipped, repeated, refused."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from market.bulk.errors import ImportHasErrors
from market.bulk.rules import ImportMode, ImportState, Outcome, SheetKind
from market.catalogue.tables import Variant
from market.kernel.audit import AuditEntry
from market.kernel.market import Market
from market.sessions.tables import TourSession
from market.stock.tables import StockLevel, StockLot
from tests.bulk.desk import (
    Desk,
    checked,
    csv_file,
    everything,
    imported,
    job,
    open_desk,
    outcomes,
    prices,
    problems,
    prospects,
    rows_of,
    run,
    upload,
    work,
)
from tests.schema.stalls import offer_tour, schedule, sell

PRICES, STOCK, SESSIONS = SheetKind.PRICES, SheetKind.STOCK, SheetKind.SESSIONS
CREATED, CHANGED, UNCHANGED, FAILED = Outcome.CREATED, Outcome.CHANGED, Outcome.UNCHANGED, Outcome.FAILED


@pytest.fixture(name="desk")
def _desk(market: Market) -> Desk:
    return open_desk(market)


# -- prices ------------------------------------------------------------------------------------------------------------


def test_prices_are_changed_and_the_same_file_again_changes_nothing(market: Market, desk: Desk) -> None:
    sell(market, desk.stalls, "桃", desk.stalls.peach)
    sell(market, desk.stalls, "茶", desk.stalls.tea)
    content = csv_file(["规格编码", "价格（元）"], ["SKU-桃", "￥99.50"], ["SKU-茶", 88])

    first, again = imported(market, desk, PRICES, content), imported(market, desk, PRICES, content)

    assert prices(market, ["SKU-桃", "SKU-茶"]) == {"SKU-桃": 9950, "SKU-茶": 8800}
    assert (first.state, prospects(first), outcomes(first)) == (
        ImportState.DONE,
        {CHANGED: 1, UNCHANGED: 1},
        {CHANGED: 1, UNCHANGED: 1},
    )
    assert (again.state, prospects(again), outcomes(again)) == (ImportState.DONE, {UNCHANGED: 2}, {UNCHANGED: 2})


def test_the_check_changes_nothing_at_all(market: Market, desk: Desk) -> None:
    sell(market, desk.stalls, "桃", desk.stalls.peach)
    import_id = upload(market, desk, PRICES, csv_file(["sku", "price"], ["SKU-桃", 99], ["没有", 1], ["SKU-桃", "x"]))
    before = everything(market)

    work(market)

    found = job(market, import_id)
    assert (found.state, found.rows_total, found.rows_done) == (ImportState.CHECKED, 3, 3)
    assert prospects(found) == {CHANGED: 1, FAILED: 2}
    assert everything(market) == before


def test_problems_are_told_in_the_files_own_terms(market: Market, desk: Desk) -> None:
    sell(market, desk.stalls, "桃", desk.stalls.peach)
    content = csv_file(
        ["售价", "货号", "#备注"],
        ["88.888", "SKU-桃", ""],
        ["", "SKU-桃", ""],
        ["5", "没有", "哪里？"],
        ["=1+1", "SKU-茶", ""],
        ["7", "SKU-桃", "", "多"],
    )

    found = checked(market, desk, PRICES, content)

    assert problems(market, found.id) == [
        (2, "售价", "请填写金额（元），至多两位小数"),
        (3, "售价", "不能为空"),
        (3, "货号", "与第 2 行重复，请只保留一行"),
        (4, "货号", "没有找到“没有”，请核对"),
        (5, "售价", "这是公式，请“选择性粘贴为数值”"),
        (6, None, "所在列没有表头，请补上表头或清空"),
        (6, "货号", "与第 2 行重复，请只保留一行"),
    ]


def test_abort_changes_nothing_when_any_row_is_in_error(market: Market, desk: Desk) -> None:
    sell(market, desk.stalls, "桃", desk.stalls.peach)
    found = checked(market, desk, PRICES, csv_file(["sku", "price"], ["SKU-桃", 99], ["没有", 1]))
    before = everything(market)

    with pytest.raises(ImportHasErrors) as refused:
        run(market, desk, found.id, ImportMode.ABORT)
    work(market)

    assert refused.value.facts == {"count": 1}
    assert job(market, found.id).state is ImportState.CHECKED
    assert everything(market) == before


def test_skip_leaves_out_the_rows_in_error_and_does_the_others(market: Market, desk: Desk) -> None:
    sell(market, desk.stalls, "桃", desk.stalls.peach)

    found = imported(market, desk, PRICES, csv_file(["sku", "price"], ["没有", 1], ["SKU-桃", 99]))

    assert outcomes(found) == {CHANGED: 1, FAILED: 1}
    assert prices(market, ["SKU-桃"]) == {"SKU-桃": 9900}
    assert [row for row, _, _ in problems(market, found.id)] == [2]


def test_a_row_put_right_between_check_and_run_is_done_and_its_problem_gone(market: Market, desk: Desk) -> None:
    found = checked(market, desk, PRICES, csv_file(["sku", "price"], ["SKU-桃", 99]))
    assert prospects(found) == {FAILED: 1}

    sell(market, desk.stalls, "桃", desk.stalls.peach)
    run(market, desk, found.id, ImportMode.SKIP)
    work(market)

    assert outcomes(job(market, found.id)) == {CHANGED: 1}
    assert problems(market, found.id) == []


def test_a_run_that_must_not_skip_stops_at_a_row_that_went_wrong_since(market: Market, desk: Desk) -> None:
    for name in ("桃", "茶", "梅"):
        sell(market, desk.stalls, name, desk.stalls.peach)
    rows = [["SKU-桃", 99], ["SKU-茶", 99], ["SKU-梅", 99]]
    found = checked(market, desk, PRICES, csv_file(["sku", "price"], *rows))
    run(market, desk, found.id, ImportMode.ABORT)
    with market.transaction() as session:
        session.execute(sa.update(Variant).where(col(Variant.sku) == "SKU-茶").values(sku="SKU-别名"))

    work(market)

    found = job(market, found.id)
    assert (found.state, outcomes(found)) == (ImportState.STOPPED, {CHANGED: 1})
    assert "第 3 行" in str(found.problem)
    assert prices(market, ["SKU-桃", "SKU-梅"]) == {"SKU-桃": 9900, "SKU-梅": 8800}


def test_every_change_is_on_record_with_the_import_as_its_request(market: Market, desk: Desk) -> None:
    sell(market, desk.stalls, "桃", desk.stalls.peach)

    found = imported(market, desk, PRICES, csv_file(["sku", "price"], ["SKU-桃", 99]))

    with market.read() as session:
        of_import = select(AuditEntry).where(AuditEntry.request_id == found.id)
        changes = session.exec(of_import.where(AuditEntry.action == "listing.price")).all()
        own = session.exec(select(AuditEntry.action).where(AuditEntry.subject == found.id)).all()
    assert [(entry.actor, entry.principal) for entry in changes] == [(desk.account, desk.stalls.producer)]
    assert sorted(own) == ["import.end", "import.run", "import.upload"]


# -- stock -------------------------------------------------------------------------------------------------------------

LOT = ["sku", "入库数量", "批次号", "采收日期", "地块", "盘点数量"]


def test_stock_is_counted_and_lots_come_in_once(market: Market, desk: Desk) -> None:
    for name in ("桃", "茶"):
        sell(market, desk.stalls, name, desk.stalls.peach)
    content = csv_file(
        LOT,
        ["SKU-桃", 120, "L-1", "2026/6/1", "东山", ""],
        ["SKU-桃", 30, "L-2", "46174", "", ""],
        ["SKU-茶", "", "", "", "", 7],
    )

    first, again = imported(market, desk, STOCK, content), imported(market, desk, STOCK, content)

    assert (outcomes(first), outcomes(again)) == ({CREATED: 2, CHANGED: 1}, {UNCHANGED: 3})
    assert sorted(level.on_hand for level in rows_of(market, StockLevel)) == [7, 150]
    lots = {lot.code: lot for lot in rows_of(market, StockLot) if lot.code}
    assert [(lots[code].received, lots[code].harvested_on, lots[code].plot) for code in ("L-1", "L-2")] == [
        (120, date(2026, 6, 1), "东山"),
        (30, date(2026, 6, 1), ""),
    ]


def test_a_stock_row_that_says_too_much_or_too_little_is_refused(market: Market, desk: Desk) -> None:
    sell(market, desk.stalls, "桃", desk.stalls.peach)
    content = csv_file(
        LOT,
        ["SKU-桃", 5, "L-1", "2026-06-01", "", 5],
        ["SKU-桃", "", "L-2", "", "", ""],
        ["SKU-桃", "", "L-3", "", "", 5],
        ["SKU-桃", 5, "", "2026-06-01", "", ""],
        ["SKU-桃", 5, "L-4", "", "", ""],
        ["SKU-桃", 5, "L-5", "2027-06-01", "", ""],
    )

    found = checked(market, desk, STOCK, content)

    assert [(row, column) for row, column, _ in problems(market, found.id)] == [
        (2, None),
        (3, None),
        (4, "批次号"),
        (5, "批次号"),
        (6, "采收日期"),
        (7, "采收日期"),
    ]


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_sessions_are_made_and_changed_by_package_option_day_and_time(market: Market, desk: Desk) -> None:
    package = offer_tour(market, desk.stalls, "采摘")
    schedule(market, package, date(2026, 6, 20))
    content = csv_file(
        ["套餐编码", "方案", "日期", "时间", "容量"],
        [package, "半日", "2026-06-20", "9:00", 30],
        [package, "半日", "2026-06-20", "13:30", 20],
        [package, "全日", "2026-06-20", "13:30", 20],
        ["别的", "半日", "2026-06-20", "13:30", 20],
        [package, "半日", "2025-06-20", "13:30", 20],
    )

    first, again = imported(market, desk, SESSIONS, content), imported(market, desk, SESSIONS, content)

    assert outcomes(first) == {CHANGED: 1, CREATED: 1, FAILED: 3}
    assert outcomes(again) == {UNCHANGED: 2, FAILED: 3}
    assert sorted(each.capacity for each in rows_of(market, TourSession)) == [20, 30]
    assert [(row, column) for row, column, _ in problems(market, first.id)] == [
        (4, "方案"),
        (5, "套餐编码"),
        (6, "日期"),
    ]
