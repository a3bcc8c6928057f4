"""Every report of the catalogue runs on both engines, says what it counts, and shows each reader only their own."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from market.bookings.tables import Booking
from market.kernel.errors import Forbidden, Invalid, NotFound
from market.kernel.permissions import Actor, ActorKind, Role
from market.reports.catalogue import REPORTS
from market.reports.catalogue.base import money, of_total, share, text
from market.reports.declare import ColumnKind, Found, ReaderKind, Reading, ReportAsked, ReportResult, Row
from market.reports.measures import MEASURES, measure
from market.reports.run import ROWS_MAX, read_report, reports_for, run_report, stream_report
from tests.checkout.shop import peaches, visit
from tests.databases import Databases
from tests.reports.fair import Fair, kept_fair, live
from tests.schema.stalls import ADMIN

JUNE = (date(2026, 6, 1), date(2026, 6, 30))


@pytest.fixture(name="fair", scope="module")
def _fair(databases: Databases) -> Iterator[Fair]:
    """Visits, produce and refunds; one visit was redeemed, and its buyer came back for pears. Everybody's: only read."""
    with kept_fair(databases) as fair:
        fair.buy(0, visit(fair.shop, 2), peaches(fair.shop, 1))
        live(fair, Random(7), steps=6)
        with fair.market.transaction() as session:
            session.execute(
                sa.update(Booking)
                .where(sa.inspect(Booking).local_table.c.order_id == fair.orders[0])
                .values(state="REDEEMED", redeemed_at=fair.market.now())
            )
        fair.clock.now = fair.clock.now.replace(month=6, day=28)
        fair.buy(0, fair.pears_of(2))
        yield fair


def owner(organisation: str) -> Actor:
    return Actor(ActorKind.MEMBER, "acc_owner", organisations={organisation: frozenset({Role.OWNER})})


def staff(region: str, role: Role) -> Actor:
    return Actor(ActorKind.STAFF, "acc_staff", staff_roles=frozenset({role}), region_codes=frozenset({region}))


def asked(fair: Fair, key: str) -> ReportAsked:
    where = {"cooperative": (fair.cooperative,), "surplus": ("1000.00",)} if key == "goods.patronage" else {}
    return ReportAsked(key, *JUNE, where=where)


def figures(result: ReportResult, row: Row) -> dict[str, object]:
    return {column.key: value for column, value in zip(result.columns, row, strict=True)}


def test_every_report_runs_streams_the_same_rows_and_explains_itself(fair: Fair) -> None:
    empty = {
        "orders.shipping",
        "orders.pickup",
        "office.reconciliation",
        "office.moderation",
        "office.papers",
        "office.season",
    }

    for key, report in REPORTS.items():
        found = run_report(fair.market, ADMIN, asked(fair, key))

        assert list(stream_report(fair.market, ADMIN, asked(fair, key))) == list(found.rows), key
        assert (found.row_count == 0) == (key in empty), key
        keys = [column.key for column in found.columns]
        assert len(set(keys)) == len(keys), key
        assert all(column.label_zh and column.label_en for column in found.columns), key
        assert all((report.title_zh, report.title_en, report.definition_zh, report.definition_en)), key
        assert all(len(row) == len(keys) for row in (*found.rows, found.totals)), key
        if report.chart is not None:
            assert {report.chart.x, *report.chart.series} <= set(keys), key
        for column in found.columns:
            if column.kind in {ColumnKind.MONEY, ColumnKind.COUNT} and column.is_summed and column.derive is None:
                at = keys.index(column.key)
                own = key.startswith("sales") and column.key in {"orders", "buyers"}
                assert own or found.totals[at] == sum(row[at] or 0 for row in found.rows), (key, column.key)  # type: ignore[misc]


def test_no_report_shows_anybody_what_is_another_s(fair: Fair) -> None:
    stall, member = fair.shop.stalls.producer, fair.member
    readers = {
        ReaderKind.SELLER: (owner(stall), owner(member)),
        ReaderKind.STAFF: (staff("330213000000", Role.STAFF_ANALYST), staff("330282000000", Role.STAFF_ANALYST)),
        ReaderKind.FINANCE: (staff("330213000000", Role.STAFF_FINANCE), staff("330282000000", Role.STAFF_FINANCE)),
    }
    theirs = {"水蜜桃", "桃园一日", "伴手礼", stall, "330213000000"}
    others = {"蜜梨", member, fair.cooperative, "330282000000"}

    for key, report in REPORTS.items():
        for kind, (here, there) in readers.items():
            if kind not in report.readers:
                if not (kind is ReaderKind.FINANCE and ReaderKind.STAFF in report.readers):
                    with pytest.raises(Forbidden):
                        run_report(fair.market, here, asked(fair, key))
                continue
            mine = {value for row in run_report(fair.market, here, asked(fair, key)).rows for value in row}
            yours = {value for row in run_report(fair.market, there, asked(fair, key)).rows for value in row}
            assert not mine & others, (key, kind)
            assert not yours & theirs, (key, kind)


def test_the_ledger_s_money_is_in_the_lines_and_in_the_groups(fair: Fair) -> None:
    lines = run_report(fair.market, ADMIN, ReportAsked("orders.payables", *JUNE))
    groups = run_report(fair.market, ADMIN, ReportAsked("sales", *JUNE, group_by=("listing", "day")))
    goods = run_report(fair.market, ADMIN, ReportAsked("goods.producers", *JUNE))

    for name in ("gross", "delivery", "commission", "refunded", "payable"):
        total = figures(lines, lines.totals)
        assert name not in figures(groups, groups.totals) or total[name] == figures(groups, groups.totals)[name]
    assert figures(goods, goods.totals)["net"] == figures(groups, groups.totals)["net"]
    assert figures(goods, goods.totals)["netShare"] == 10_000


def test_a_surplus_is_divided_to_the_fen_and_never_below_what_the_law_asks(fair: Fair) -> None:
    ask = asked(fair, "goods.patronage")
    found = run_report(fair.market, owner(fair.cooperative), ask)

    assert [figures(found, row)["refund"] for row in found.rows] == [60_000]
    for where in (
        {**ask.where, "share": ("5999",)},
        {**ask.where, "surplus": ("much",)},
        {"surplus": ("1.00",)},
        {"cooperative": (fair.cooperative,)},
    ):
        with pytest.raises(Invalid):
            run_report(fair.market, ADMIN, replace(ask, where=where))


def test_visits_bring_what_they_bring(fair: Fair) -> None:
    visits = run_report(fair.market, ADMIN, ReportAsked("visits.revenue", *JUNE))
    fusion = run_report(fair.market, ADMIN, ReportAsked("visits.fusion", *JUNE))

    guests = [figures(visits, row) for row in visits.rows]
    assert [(each["village"], each["guests"]) for each in guests] == [("滕头村", 2)]
    both = next(figures(fusion, row) for row in fusion.rows if row[0] == "两者都有")
    assert both["after"] == 3_999 * 2  # the pears; delivery is no produce


def test_pages_are_cut_and_totals_are_of_everything(fair: Fair) -> None:
    ask = ReportAsked("orders.payables", *JUNE)
    whole = run_report(fair.market, ADMIN, ask)
    page = run_report(fair.market, ADMIN, replace(ask, first=2, after=1))

    assert page.rows == whole.rows[1:3]
    assert (page.totals, page.row_count) == (whole.totals, whole.row_count)
    with read_report(fair.market, ADMIN, ask) as streamed:
        assert [column.key for column in streamed.about.columns] == [column.key for column in whole.columns]
        assert tuple(streamed.rows) == whole.rows
        assert streamed.totals() == whole.totals


def test_an_export_of_shares_is_as_long_as_it_is(fair: Fair) -> None:
    """Longer than an answer may be, so it waits in a file; every share is of the whole."""
    count = ROWS_MAX + 1_000
    producers = REPORTS["goods.producers"]

    def run(_session: Session, _reading: Reading) -> Found:
        part = share("part", "占比", "Part", "", "", of_total("net"))
        columns = (text("name", "名", "Name"), money("net", "净额", "Net"), part)
        return Found(columns, ((f"{number}", number) for number in range(count)))

    long = {"goods.producers": replace(producers, run=run)}
    with read_report(fair.market, ADMIN, ReportAsked("goods.producers", *JUNE), reports=long) as streamed:
        written = list(streamed.rows)

    whole = count * (count - 1) // 2
    assert written == [(f"{number}", number, number * 10_000 // whole) for number in range(count)]
    assert streamed.totals() == (None, whole, 10_000)


def test_what_a_report_does_not_have_is_refused(fair: Fair) -> None:
    for ask in (
        ReportAsked("sales", *JUNE, group_by=("buyer",)),
        ReportAsked("goods.producers", *JUNE, group_by=("producer",)),
        ReportAsked("sales", *JUNE, where={"phone": ("138",)}),
        ReportAsked("sales", *JUNE, where={"region": ()}),
        ReportAsked("sales", *JUNE, first=-1),
        ReportAsked("orders.packing", JUNE[0], JUNE[0] + timedelta(days=31)),
    ):
        with pytest.raises(Invalid):
            run_report(fair.market, ADMIN, ask)
    with pytest.raises(NotFound):
        run_report(fair.market, ADMIN, ReportAsked("sales.nothing", *JUNE))
    assert {each.key for each in reports_for(owner(fair.member))} < set(REPORTS)


def test_measures_are_the_figures_of_the_reports_they_name(fair: Fair) -> None:
    with fair.market.read() as session:
        found = {key: measure(session, key, region_prefix="3302", start=JUNE[0], end=JUNE[1]) for key in MEASURES}
        county = measure(session, "sales.net", region_prefix="330282", start=JUNE[0], end=JUNE[1])
        with pytest.raises(NotFound):
            measure(session, "sales.nothing", region_prefix="3302", start=JUNE[0], end=JUNE[1])

    def total(key: str, column: str, **where: tuple[str, ...]) -> object:
        result = run_report(fair.market, ADMIN, ReportAsked(key, *JUNE, where=where))
        return figures(result, result.totals)[column]

    assert found["sales.net"] == total("sales", "net")
    assert found["sales.produce"] == total("sales", "net", kind=("PRODUCT",))
    assert found["sales.tourism"] == total("sales", "net", kind=("BOOKING",))
    assert county == total("sales", "net", region=("330282000000",))
    assert found["sellers.active"] == 2
    assert found["visits.guests"] == total("visits.revenue", "guests")
    assert (found["cooperatives.members"], found["sellers.producers"]) == (1, 2)
    for each in MEASURES.values():
        assert each.report is None or each.column in {
            column.key for column in (*REPORTS[each.report].dimensions, *REPORTS[each.report].measures)
        }, each.key
