"""Files of reports: as whoever asks, in every form, and nothing to strangers."""

import asyncio
import csv
import io
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import unquote

import httpx
import openpyxl
import pytest
from PIL import Image
from sqlmodel import select
from starlette.applications import Starlette

from market.bulk.rules import FileFormat
from market.kernel.database import open_database
from market.kernel.errors import Language, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.ledger.sales.fold import fold_sales
from market.plan.drafts import IndicatorDraft, PlanDraft
from market.plan.manage import create_plan, define_indicator
from market.plan.rules import IndicatorKind, IndicatorSource, IndicatorUnit
from market.plan.targets import TargetDraft, set_target
from market.reports.catalogue import REPORTS
from market.reports.declare import CompareWith, ReportAsked
from market.reports.outputs.chart import chart_of
from market.reports.outputs.drawing import PictureForm, draw
from market.reports.outputs.export import Gone, charted, write_report
from market.reports.run import run_report
from market.reports.schedules import ScheduleDraft, make_scheduled_reports, schedule_report
from market.reports.states import ReportCadence
from market.reports.submissions import SubmissionDraft, read_submission, submit_report
from market.reports.tables import KeptReport
from schema.authentication import Authentication
from schema.reports.files import files_of
from schema.reports.outputs.downloads import ReportDownloads
from tests.checkout.shop import peaches
from tests.clock import FakeClock
from tests.databases import ENGINES, Databases
from tests.reports.answers import key, staff
from tests.reports.fair import Fair, open_fair
from tests.schema.stalls import ADMIN
from tests.stock.farms import people_of

FENGHUA, CIXI = "330213000000", "330282000000"
DAYS = "from=2026-06-01&to=2026-06-30"
SALES = f"/downloads/reports/sales.csv?{DAYS}&groupBy=village"


@pytest.fixture(scope="module", name="fair")
def _fair(databases: Databases) -> Iterator[Fair]:
    """Two counties that sold something in June; it is July. Everybody's: what is added is left alone."""
    url, clock = databases.create(), FakeClock()
    with closing(Market(open_database(url), clock=clock)) as market:
        fair = open_fair(market, clock)
        fair.buy(0, peaches(fair.shop, 2))
        fair.buy(1, fair.pears_of(3))
        clock.now = datetime(2026, 7, 3, 2, tzinfo=UTC)
        fold_sales(market, limit=1000)
        yield fair
    databases.drop(url)


@pytest.fixture(name="market")
def _market(fair: Fair) -> Market:
    return fair.market


def fetch(market: Market, path: str, who: Actor | None, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """What a client gets, its token being good for this actor."""

    def actor_for(_market: Market, credential: str, *, request_id: str, locale: Language) -> Actor:
        assert request_id
        assert locale
        if credential != "good" or who is None:
            raise NotSignedIn
        return who

    async def get() -> httpx.Response:
        app = Starlette(routes=ReportDownloads(market, Authentication(market, actor_for)).routes())
        sent = {} if who is None else {"authorization": "Bearer good"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as client:
            return await client.get(path, headers={**sent, **(headers or {})})

    return asyncio.run(get())


def rows(response: httpx.Response) -> list[list[str]]:
    assert response.status_code == 200, response.text
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def villages(response: httpx.Response) -> set[str]:
    return {row[0] for row in rows(response)[1:]}


def test_a_report_comes_in_every_form(market: Market) -> None:
    sheet = fetch(market, SALES, ADMIN)
    assert villages(sheet) == {"滕头村", "梅园村"}
    assert sheet.headers["content-type"] == "text/csv; charset=utf-8"
    assert unquote(sheet.headers["content-disposition"]).endswith("销售总览 2026-06-01 2026-06-30.csv")
    assert sheet.headers["cache-control"] == "private, no-store"

    book = openpyxl.load_workbook(io.BytesIO(fetch(market, SALES.replace(".csv", ".xlsx"), ADMIN).content))
    assert [cell.value for cell in book.worksheets[0]["A"]] == [*[row[0] for row in rows(sheet)], "合计"]

    svg = fetch(market, SALES.replace(".csv", ".svg"), ADMIN)
    assert svg.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in svg.headers["content-security-policy"]
    assert "梅园村" in svg.text
    png = Image.open(io.BytesIO(fetch(market, SALES.replace(".csv", ".png"), ADMIN).content))
    assert (png.format, png.width > 1_000) == ("PNG", True)


def test_every_report_of_the_catalogue_can_be_exported_and_drawn(market: Market, fair: Fair, engine_name: str) -> None:
    needed = {"goods.patronage": {"cooperative": (fair.cooperative,), "surplus": ("1000",)}}
    days = (datetime(2026, 6, 1, tzinfo=UTC).date(), datetime(2026, 6, 30, tzinfo=UTC).date())
    charts = []
    for report in REPORTS.values():
        asked = ReportAsked(report.key, *days, where=needed.get(report.key, {}))
        for form in FileFormat:
            file = io.BytesIO()
            count = write_report(market, ADMIN, asked=asked, form=form, language="zh-CN", file=file)
            assert file.getvalue()
        result = charted(market, ADMIN, asked=asked)
        assert count == result.row_count, report.key
        chart = chart_of(result, "zh-CN")
        assert (chart is None) or report.chart is not None
        charts += [chart] if chart else []

    assert len(charts) > 5
    if engine_name == ENGINES[0]:  # what is drawn depends on no engine, and takes seconds
        assert all(svg.startswith(b"<svg") for svg in draw(charts, PictureForm.SVG))


def test_the_language_is_the_requests(market: Market) -> None:
    header = rows(fetch(market, SALES, ADMIN, {"accept-language": "en"}))[0]

    assert header[0] == "Village"
    assert "Net (CNY)" in header


def test_a_key_with_a_dot_filters_and_comparisons_reach_the_report(market: Market) -> None:
    path = f"/downloads/reports/sales.regions.csv?{DAYS}&groupBy=village&where.region={CIXI}"

    assert villages(fetch(market, path, ADMIN)) == {"梅园村"}
    both = fetch(market, f"{path}&where.region={FENGHUA}&compareWith=PREVIOUS_PERIOD", ADMIN)
    assert villages(both) == {"滕头村", "梅园村"}
    assert len(rows(both)[0]) > len(rows(fetch(market, path, ADMIN))[0])


def test_the_files_that_an_answer_names_are_its_own(market: Market) -> None:
    asked = ReportAsked(
        "sales",
        date(2026, 6, 1),
        date(2026, 6, 30),
        group_by=("village", "kind"),
        where={"kind": ("PRODUCT",), "region": (CIXI,)},
        compare_with=CompareWith.PREVIOUS_PERIOD,
    )
    answer = run_report(market, ADMIN, asked)
    files = files_of(ADMIN, answer)
    assert files is not None

    sheet = rows(fetch(market, files.csv, ADMIN))

    assert [row[0] for row in sheet[1:]] == [row[0] for row in answer.rows] == ["梅园村"]
    assert len(sheet[0]) == len(answer.columns)


def test_everybody_gets_their_own_rows(market: Market, fair: Fair) -> None:
    owner = people_of(market, fair.member, Role.OWNER)
    analyst = staff(market, Role.STAFF_ANALYST, FENGHUA)

    assert villages(fetch(market, SALES, owner)) == {"梅园村"}
    assert villages(fetch(market, SALES, analyst)) == {"滕头村"}


def test_what_one_may_only_look_at_is_not_exported(market: Market, fair: Fair) -> None:
    """A moderator of one county who owns a farm in another exports the farm's figures, not the county's."""
    owner = people_of(market, fair.member, Role.OWNER)
    both = Actor(
        ActorKind.STAFF,
        owner.account_id,
        organisations=owner.organisations,
        staff_roles=frozenset({Role.STAFF_MODERATOR}),
        region_codes=frozenset({FENGHUA}),
    )

    assert villages(fetch(market, SALES, both)) == {"梅园村"}


def test_refusals_have_their_status(market: Market, fair: Fair) -> None:
    customer, viewer = Actor(ActorKind.CUSTOMER, "acc_1"), people_of(market, fair.member, Role.VIEWER)
    moderator = staff(market, Role.STAFF_MODERATOR, FENGHUA)
    analyst = staff(market, Role.STAFF_ANALYST, FENGHUA)
    asked: list[tuple[str, Actor | None, int]] = [
        (SALES, None, 401),
        (SALES, customer, 403),
        (SALES, viewer, 403),
        (SALES, moderator, 403),
        (SALES.replace(".csv", ".png"), moderator, 403),
        (SALES.replace(".csv", ".exe"), analyst, 404),
        (SALES.replace("sales", "nothing"), analyst, 404),
        (SALES.replace("2026-06-30", "2026-02-30"), analyst, 400),
        (SALES.replace("village", "colour"), analyst, 400),
        (f"{SALES}&compareWith=LAST_CENTURY", analyst, 400),
        (f"{SALES}&where.colour=red", analyst, 400),
        (SALES.replace("2026-06-01", "2016-06-01"), analyst, 400),
        (f"{SALES}&where.region={CIXI}", analyst, 403),
        (f"/downloads/reports/bulletin.pdf?region={CIXI}&month=2026-06", analyst, 404),
        (f"/downloads/reports/bulletin.pdf?region={FENGHUA}&month=June", analyst, 400),
        (f"/downloads/reports/bulletin.pdf?region={FENGHUA}&month=2026-06", moderator, 403),
    ]

    assert [(path, fetch(market, path, who).status_code) for path, who, _ in asked] == [
        (path, status) for path, _, status in asked
    ]


def test_submitted_and_kept_reports_come_as_they_were(market: Market) -> None:
    analyst, foreign = staff(market, Role.STAFF_ANALYST, CIXI), staff(market, Role.STAFF_ANALYST, FENGHUA)
    days = (datetime(2026, 6, 1, tzinfo=UTC).date(), datetime(2026, 6, 30, tzinfo=UTC).date())
    draft = SubmissionDraft(ReportAsked("sales", *days, group_by=("village",)), CIXI)
    submitted = submit_report(market, analyst, draft, read_submission(market, analyst, draft), key=key("one"))
    schedule_report(
        market,
        analyst,
        ScheduleDraft("sales", ReportCadence.MONTHLY, ("village",), region_code=CIXI, start=days[0]),
        key=key("two"),
    )
    assert make_scheduled_reports(market, limit=5) == 1
    with market.read() as session:
        kept = session.exec(select(KeptReport.id)).one()
    for path in (f"/downloads/reports/submissions/{submitted}", f"/downloads/reports/kept/{kept}"):
        assert villages(fetch(market, f"{path}.csv", analyst)) == {"梅园村"}
        assert openpyxl.load_workbook(io.BytesIO(fetch(market, f"{path}.xlsx", analyst).content)).sheetnames == [
            "销售总览",
            "说明",
        ]
        assert fetch(market, f"{path}.svg", analyst).status_code == 200
        theirs, unknown = (fetch(market, each, foreign) for each in (f"{path}.csv", f"{path[:-4]}zzzz.csv"))
        assert (theirs.status_code, theirs.content) == (404, unknown.content)
        assert fetch(market, f"{path}.csv", None).status_code == 401
        assert fetch(market, f"{path}.csv", staff(market, Role.STAFF_MODERATOR, CIXI)).status_code == 403


def test_a_countys_bulletin_as_page_and_pdf(market: Market) -> None:
    analyst = staff(market, Role.STAFF_ANALYST, FENGHUA)
    path = f"/downloads/reports/bulletin.html?region={FENGHUA}&month=2026-06"
    page, pdf = (fetch(market, each, analyst) for each in (path, path.replace(".html", ".pdf")))

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert (
        unquote(page.headers["content-disposition"])
        == "inline; filename*=UTF-8''奉化区 2026年6月 农村电商与农旅月报.html"
    )
    assert "萧王庙街道" in page.text
    assert "梅园" not in page.text
    assert pdf.content.startswith(b"%PDF-")


def test_the_plans_targets_stand_in_the_bulletin(market: Market) -> None:
    days = (datetime(2026, 1, 1, tzinfo=UTC).date(), datetime(2026, 12, 31, tzinfo=UTC).date())
    plan = create_plan(market, ADMIN, PlanDraft("330200000000", "宁波规划", *days), key=key("plan"))
    shops = IndicatorDraft("shops", "网店", IndicatorKind.FLOW, IndicatorSource.MANUAL, IndicatorUnit.YUAN)
    indicator = define_indicator(market, ADMIN, shops, plan_id=plan)
    set_target(market, ADMIN, TargetDraft(indicator, FENGHUA, *days, value="1234567.50"))
    path = "/downloads/reports/bulletin.html?region={}&month=2026-06"
    here, there = (fetch(market, path.format(region), ADMIN).text for region in (FENGHUA, CIXI))

    assert all(text in here for text in ("规划指标进度", "网店（¥）", "1,234,567.50", "缺数据"))
    assert "网店" not in there


def test_an_export_that_nobody_waits_for_breaks_off(market: Market) -> None:
    days = (datetime(2026, 6, 1, tzinfo=UTC).date(), datetime(2026, 6, 30, tzinfo=UTC).date())
    file = io.BytesIO()
    with pytest.raises(Gone):
        write_report(
            market,
            ADMIN,
            asked=ReportAsked("sales", *days),
            form=FileFormat.CSV,
            language="en",
            file=file,
            is_gone=lambda: True,
        )
    assert not file.closed


def test_a_client_that_hangs_up_ends_its_export(market: Market) -> None:
    def write(*_args: object, is_gone: Callable[[], bool], **_named: object) -> int:
        """Writes for as long as somebody waits; a minute at most, after which nobody was told that they are gone."""
        for _ in range(600):
            if is_gone():
                raise Gone
            time.sleep(0.1)
        return 0

    def actor_for(*_args: object, **_named: object) -> Actor:
        return ADMIN

    app = Starlette(routes=ReportDownloads(market, Authentication(market, actor_for), write=write).routes())
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/downloads/reports/sales.csv",
        "query_string": DAYS.encode(),
        "headers": [(b"authorization", b"Bearer good")],
    }
    asyncio.run(asyncio.wait_for(app(scope, receive, send), 120))

    assert sent[0]["status"] == 499
