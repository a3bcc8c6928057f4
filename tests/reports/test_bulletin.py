"""The monthly bulletin: figures of the month in words, the largest rows, growth; as a page and as PDF."""

import re
from dataclasses import replace
from datetime import date

import pytest

from market.kernel.errors import Forbidden, Invalid, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.reports.catalogue import REPORTS
from market.reports.declare import Column, ColumnKind, ReportAsked, ReportResult, Row
from market.reports.outputs.bulletin.gather import (
    PARTS,
    SALES,
    TREND_MONTHS,
    Bulletin,
    IndicatorLine,
    monthly_bulletin,
)
from market.reports.outputs.bulletin.page import bulletin_page
from market.reports.outputs.bulletin.pdf import bulletin_pdf
from market.reports.outputs.bulletin.words import title_of
from tests.clock import FakeClock
from tests.reports.answers import CIXI, KIND, MONTH, NET, NINGHAI, NOW, ORDERS, add_county, staff
from tests.schema.stalls import ADMIN

NAME = Column("name", "名称", "Name", ColumnKind.TEXT)
CODE = Column("nameId", "编码", "Id", ColumnKind.CODE)
EVIL = '<script>alert(1)</script>#emph[x] $a$ \\ "'


class County:
    """Answers the bulletin's questions: net by month as it is told, and three rows of everything else."""

    def __init__(self, net_fen: dict[date, int]) -> None:
        self.net_fen = net_fen
        self.asked: list[tuple[Actor, ReportAsked]] = []

    def __call__(self, market: Market, actor: Actor, asked: ReportAsked) -> ReportResult:
        self.asked.append((actor, asked))
        if asked.group_by == ("month",):
            net = self.net_fen.get(asked.start, 0)
            return self._result(asked, (MONTH, ORDERS, NET), [(asked.start, net // 100, net)], (None, net // 100, net))
        if asked.group_by == ("month", "kind"):
            rows: list[Row] = [(month, "农产品", net) for month, net in self.net_fen.items()]
            return self._result(asked, (MONTH, KIND, NET), rows, (None, None, sum(self.net_fen.values())))
        rows = [("小", "c1", 100), (EVIL, "c2", 900), ("中", "c3", 500)]
        rows += [(f"第{number}", f"d{number}", 1) for number in range(20)]
        return self._result(asked, (NAME, CODE, NET), rows, (None, None, 1_520))

    def _result(self, asked: ReportAsked, columns: tuple[Column, ...], rows: list[Row], totals: Row) -> ReportResult:
        report = REPORTS[asked.key]
        if "name" in [column.key for column in columns] and report.chart is not None:
            report = replace(report, chart=replace(report.chart, x="name", series=("net",)))
        return ReportResult(report, columns, tuple(rows), totals, NOW, asked, len(rows))


OCTOBER = date(2026, 10, 1)
NET_FEN = {OCTOBER: 1_234_500, date(2026, 9, 1): 1_000_000, date(2025, 10, 1): 2_469_000}


@pytest.fixture(name="market")
def _market_with_county(market: Market, clock: FakeClock) -> Market:
    clock.now = NOW
    add_county(market)
    return market


def bulletin(market: Market, actor: Actor, county: County | None = None) -> Bulletin:
    return monthly_bulletin(
        market, actor, region_code=NINGHAI, month=date(2026, 10, 17), language="zh-CN", run=county or County(NET_FEN)
    )


def test_the_month_stands_against_the_one_before_and_the_same_a_year_ago(market: Market) -> None:
    made = bulletin(market, ADMIN)

    assert title_of(made) == "宁海县 2026年10月 农村电商与农旅月报"
    assert [(each.label, each.value, each.on_month, each.on_year) for each in made.headlines] == [
        ("订单数", "12,345", "+23.5%", "-50.0%"),
        ("净额（元）", "12,345.00", "+23.5%", "-50.0%"),
    ]


def test_without_a_month_before_there_is_no_growth(market: Market) -> None:
    made = bulletin(market, ADMIN, County({OCTOBER: 100}))

    assert {(each.on_month, each.on_year) for each in made.headlines} == {("—", "—")}


def test_every_question_is_about_the_region_alone_and_whole_months(market: Market) -> None:
    county = County(NET_FEN)
    bulletin(market, ADMIN, county)

    assert {actor.region_codes for actor, _ in county.asked} == {frozenset({NINGHAI})}
    starts = {asked.start for _, asked in county.asked}
    assert starts == {OCTOBER, date(2026, 9, 1), date(2025, 10, 1), date(2025, 11, 1)}
    assert {asked.end for _, asked in county.asked} == {date(2026, 10, 31), date(2026, 9, 30), date(2025, 10, 31)}


def test_tables_have_the_largest_rows_names_without_codes_and_the_whole(market: Market) -> None:
    section = next(each for each in bulletin(market, ADMIN).sections if each.title == "热销类目与地标产品")

    assert section.header == ["名称", "净额（元）"]
    assert [row[0] for row in section.rows[:4]] == [EVIL, "中", "小", "第0"]
    assert (len(section.rows), section.cut, section.total) == (10, 13, ["合计", "15.20"])


def test_a_reader_gets_the_sections_of_reports_that_are_theirs(market: Market) -> None:
    county = County(NET_FEN)
    bulletin(market, staff(market, Role.STAFF_ANALYST, NINGHAI), county)

    asked = {asked.key for _, asked in county.asked}
    assert SALES in asked
    assert asked <= {part.report for part in PARTS} & set(REPORTS)
    assert TREND_MONTHS == 12


def test_who_may_have_it(market: Market) -> None:
    for actor, refusal in (
        (VISITOR, NotSignedIn),
        (Actor(ActorKind.CUSTOMER, "acc_1"), Forbidden),
        (staff(market, Role.STAFF_MODERATOR, NINGHAI), Forbidden),
        (staff(market, Role.STAFF_ANALYST, CIXI), NotFound),
    ):
        with pytest.raises(refusal):
            bulletin(market, actor)
    with pytest.raises(NotFound):
        monthly_bulletin(market, ADMIN, region_code="110000000000", month=OCTOBER, language="en", run=County({}))
    with pytest.raises(Invalid):
        monthly_bulletin(market, ADMIN, region_code=NINGHAI, month=date(2026, 12, 1), language="en", run=County({}))


def test_page_and_pdf_have_it_all_and_no_name_is_markup(market: Market) -> None:
    lines = [IndicatorLine("网络零售额（万元）", "1,200", "900", "75.0%", "正常")]
    made = replace(bulletin(market, ADMIN), indicators=lines)
    page = bulletin_page(made)

    assert all(text in page for text in ("宁海县 2026年10月", "12,345.00", "+23.5%", "规划指标进度", "网络零售额"))
    assert page.count("<svg") == len([each for each in made.sections if each.chart is not None]) > 0
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;#emph[x]" in page

    pdf = bulletin_pdf(made)
    assert pdf.startswith(b"%PDF-")
    assert re.search(rb"/BaseFont */[A-Z]{6}\+NotoSansSC", pdf) or b"NotoSansSC" in pdf
    assert bulletin_pdf(made) == pdf
