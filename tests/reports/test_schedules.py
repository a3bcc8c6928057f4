"""Scheduled reports: each period once, what was missed made up, with the rights of the day."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from market.kernel.errors import Forbidden, Invalid, Language, LimitReached, NotFound, NotSignedIn, Unavailable
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Permission, Role
from market.organisations.manage import OrganisationDraft, register_organisation
from market.organisations.rules import OrganisationKind
from market.people.tables import RoleHeld
from market.places.manage import VillageDraft, add_village
from market.reports.bulletins import BULLETIN
from market.reports.outputs.bulletin.gather import Bulletin, IndicatorLine, monthly_bulletin
from market.reports.outputs.bulletin.page import bulletin_page
from market.reports.schedules import (
    ScheduleDraft,
    kept_bulletin,
    kept_figures,
    make_scheduled_reports,
    stop_schedule,
    try_schedule,
)
from market.reports.schedules import schedule_report as add_schedule
from market.reports.states import KeptReportState, ReportCadence, ReportScheduleState
from market.reports.tables import KeptReport, ReportFigures, ReportSchedule
from tests.clock import FakeClock
from tests.reports.answers import CIXI, NINGHAI, NOW, Books, add_county, key, staff
from tests.schema.stalls import ADMIN
from tests.stock.farms import people_of

MONTHLY = ScheduleDraft("test-report", ReportCadence.MONTHLY, region_code=NINGHAI)
WEEKLY = ScheduleDraft("test-report", ReportCadence.WEEKLY, region_code=NINGHAI)


@pytest.fixture(name="market")
def _market_with_county(market: Market, clock: FakeClock) -> Market:
    clock.now = NOW  # a Tuesday: 24 November 2026
    add_county(market)
    return market


@pytest.fixture(name="analyst")
def _analyst(market: Market) -> Actor:
    return staff(market, Role.STAFF_ANALYST, NINGHAI)


def schedule_report(market: Market, actor: Actor, draft: ScheduleDraft, *, key: str, run: Books) -> str:
    """Tried and scheduled, as the API does it."""
    try_schedule(market, actor, draft, run=run)
    return add_schedule(market, actor, draft, key=key)


def make(market: Market, books: Books) -> int:
    return make_scheduled_reports(market, limit=20, run=books)


def kept(market: Market) -> list[KeptReport]:
    with market.read() as session:
        return list(session.exec(select(KeptReport).order_by(col(KeptReport.period_start), col(KeptReport.id))))


def periods(market: Market) -> list[tuple[date, date]]:
    return [(each.period_start, each.period_end) for each in kept(market)]


def schedule(market: Market, schedule_id: str) -> ReportSchedule:
    with market.read() as session:
        return session.exec(select(ReportSchedule).where(ReportSchedule.id == schedule_id)).one()


def test_a_month_is_produced_on_the_first_day_after_it(market: Market, clock: FakeClock, analyst: Actor) -> None:
    books = Books()
    schedule_report(market, analyst, MONTHLY, key=key("one"), run=books)
    clock.now = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    assert make(market, books) == 0

    clock.now = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    assert make(market, books) == 1
    assert periods(market) == [(date(2026, 11, 1), date(2026, 11, 30))]
    actor, asked = books.asked[-1]
    assert (asked.start, asked.end) == (date(2026, 11, 1), date(2026, 11, 30))
    assert (actor.account_id, actor.region_codes) == (analyst.account_id, frozenset({NINGHAI}))


def test_a_week_runs_from_monday_to_sunday(market: Market, clock: FakeClock, analyst: Actor) -> None:
    schedule_report(market, analyst, WEEKLY, key=key("one"), run=Books())
    clock.now = datetime(2026, 11, 29, 16, 0, tzinfo=UTC)  # Monday in Shanghai

    assert make(market, Books()) == 1
    assert periods(market) == [(date(2026, 11, 23), date(2026, 11, 29))]


def test_what_was_produced_stays_as_it_was(market: Market, clock: FakeClock, analyst: Actor) -> None:
    books = Books()
    schedule_report(market, analyst, MONTHLY, key=key("one"), run=books)
    clock.advance(days=10)
    make(market, books)
    books.rows = []

    result = kept_figures(market, analyst, kept(market)[0].id)
    assert result.rows == (("葛家村", 3, 26_400), ("梅园村", 1, 8_800))
    assert (kept(market)[0].row_count, kept(market)[0].as_of) == (2, clock.now)


def test_what_was_missed_is_made_up_period_by_period_and_never_twice(
    market: Market, clock: FakeClock, analyst: Actor
) -> None:
    schedule_report(market, analyst, MONTHLY, key=key("one"), run=Books())
    clock.now = datetime(2027, 3, 2, tzinfo=UTC)

    assert make(market, Books()) == 4
    assert make(market, Books()) == 0
    clock.advance(hours=2)
    assert make(market, Books()) == 0
    assert [start for start, _ in periods(market)] == [
        date(2026, 11, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
        date(2027, 2, 1),
    ]


def test_a_schedule_may_begin_with_periods_that_are_over(market: Market, analyst: Actor) -> None:
    early = ScheduleDraft("test-report", ReportCadence.MONTHLY, region_code=NINGHAI, start=date(2026, 9, 20))
    schedule_report(market, analyst, early, key=key("one"), run=Books())
    make(market, Books())

    assert [start for start, _ in periods(market)] == [date(2026, 9, 1), date(2026, 10, 1)]
    with pytest.raises(LimitReached):
        long_ago = ScheduleDraft("test-report", ReportCadence.WEEKLY, region_code=NINGHAI, start=date(2020, 1, 1))
        schedule_report(market, analyst, long_ago, key=key("two"), run=Books())


def test_many_workers_at_once_produce_each_period_once(market: Market, clock: FakeClock, analyst: Actor) -> None:
    for number in range(3):
        schedule_report(market, analyst, WEEKLY, key=key(f"key{number}"), run=Books())
    clock.advance(days=28)
    workers = 4
    with ThreadPoolExecutor(workers) as threads:
        done = list(threads.map(lambda _: make(market, Books()), range(workers)))

    # Whoever came first: a worker may leave a period to the next round, and none is done twice.
    assert sum(done) + make(market, Books()) == 3 * 4
    assert len({(each.schedule_id, each.period_start) for each in kept(market)}) == len(kept(market)) == 12


def test_a_worker_whose_lease_ran_out_adds_nothing_to_what_another_did(
    market: Market, clock: FakeClock, analyst: Actor
) -> None:
    schedule_report(market, analyst, MONTHLY, key=key("one"), run=Books())
    clock.advance(days=10)
    faster = Books()

    class Slow(Books):
        """While it reads, its lease runs out and another worker does it all."""

        def __call__(self, market: Market, actor: Actor, asked):  # type: ignore[no-untyped-def]
            clock.advance(minutes=11)
            assert make(market, faster) == 1
            return super().__call__(market, actor, asked)

    assert make(market, Slow()) == 0
    assert len(kept(market)) == 1
    with market.read() as session:
        assert session.execute(sa.select(sa.func.count()).select_from(ReportFigures)).scalar_one() == 1


def test_a_report_that_is_refused_is_kept_as_failed_and_the_next_is_tried(
    market: Market, clock: FakeClock, analyst: Actor
) -> None:
    schedule_report(market, analyst, MONTHLY, key=key("one"), run=Books())
    clock.advance(days=10)
    refusal = Invalid(field="where", allowed="a village that is there", allowed_zh="现有的村")
    assert make(market, Books(refusal=refusal)) == 1
    failed = kept(market)[0]
    assert (failed.state, failed.problem) == (KeptReportState.FAILED, "“where”无效：现有的村。")
    with pytest.raises(NotFound):
        kept_figures(market, analyst, failed.id)

    clock.advance(days=31)
    make(market, Books())
    assert [each.state for each in kept(market)] == [KeptReportState.FAILED, KeptReportState.MADE]


def test_a_database_that_is_away_is_no_failure_of_the_report(market: Market, clock: FakeClock, analyst: Actor) -> None:
    schedule_report(market, analyst, MONTHLY, key=key("one"), run=Books())
    schedule_report(market, analyst, MONTHLY, key=key("two"), run=Books())
    clock.advance(days=10)
    with pytest.raises(Unavailable):
        make(market, Books(refusal=Unavailable()))
    assert kept(market) == []

    assert make(market, Books()) == 1  # the other one: the first is leased out
    clock.advance(minutes=10)
    assert make(market, Books()) == 1


def test_whoever_lost_the_right_gets_no_more_and_the_schedule_says_why(
    market: Market, clock: FakeClock, analyst: Actor
) -> None:
    made = schedule_report(market, analyst, MONTHLY, key=key("one"), run=Books())
    with market.transaction() as session:
        session.execute(sa.delete(RoleHeld).where(col(RoleHeld.account_id) == analyst.account_id))
    clock.advance(days=10)
    books = Books()
    make(market, books)

    assert (kept(market), books.asked) == ([], [])
    found = schedule(market, made)
    assert found.state is ReportScheduleState.STOPPED
    assert found.problem == "创建该定时报表的账号已无权查看此报表，定时已停止。"


def test_a_stopped_schedule_produces_nothing_and_what_it_made_stays(
    market: Market, clock: FakeClock, analyst: Actor
) -> None:
    made = schedule_report(market, analyst, MONTHLY, key=key("one"), run=Books())
    clock.advance(days=10)
    make(market, Books())
    stop_schedule(market, analyst, made)
    stop_schedule(market, analyst, made)
    clock.advance(days=62)

    assert make(market, Books()) == 0
    assert len(kept(market)) == 1
    assert kept_figures(market, analyst, kept(market)[0].id).row_count == 2


def test_what_cannot_work_is_refused_when_it_is_scheduled(market: Market, analyst: Actor) -> None:
    with pytest.raises(Invalid):
        schedule_report(
            market, analyst, MONTHLY, key=key("one"), run=Books(refusal=Invalid(field="groupBy", allowed="less"))
        )
    with pytest.raises(NotFound):
        schedule_report(market, analyst, ScheduleDraft("x", ReportCadence.WEEKLY), key=key("two"), run=Books())
    with market.read() as session:
        assert session.exec(select(ReportSchedule)).all() == []


def test_the_same_key_schedules_once(market: Market, analyst: Actor) -> None:
    first = schedule_report(market, analyst, MONTHLY, key=key("one"), run=Books())

    assert schedule_report(market, analyst, MONTHLY, key=key("one"), run=Books()) == first


def test_who_may_schedule_and_who_sees_what_came_of_it(market: Market, clock: FakeClock, analyst: Actor) -> None:
    made = schedule_report(market, analyst, MONTHLY, key=key("one"), run=Books())
    clock.advance(days=10)
    make(market, Books())
    one = kept(market)[0].id
    stranger = staff(market, Role.STAFF_ANALYST, CIXI)
    moderator = staff(market, Role.STAFF_MODERATOR, NINGHAI)
    key_actor = Actor(
        ActorKind.MEMBER,
        "key_1",
        organisations={"cop_1": frozenset({Role.OWNER})},
        limits=frozenset({Permission.REPORT_EXPORT}),
    )

    for actor, refusal in ((VISITOR, NotSignedIn), (moderator, Forbidden), (stranger, NotFound)):
        with pytest.raises(refusal):
            schedule_report(market, actor, MONTHLY, key=key("two"), run=Books())
        with pytest.raises(refusal):
            kept_figures(market, actor, one)
        with pytest.raises(refusal):
            stop_schedule(market, actor, made)
    with pytest.raises(Forbidden):
        schedule_report(
            market,
            key_actor,
            ScheduleDraft("x", ReportCadence.WEEKLY, organisation_id="cop_1"),
            key=key("two"),
            run=Books(),
        )
    assert kept_figures(market, staff(market, Role.STAFF_FINANCE, NINGHAI), one).row_count == 2


def test_a_bulletin_is_produced_every_month_and_stays_as_it_was(
    market: Market, clock: FakeClock, analyst: Actor
) -> None:
    with_plan = IndicatorLine("网络零售额（元）", "100", "50", "50.0%", "正常")

    def gather(market: Market, actor: Actor, *, region_code: str, month: date, language: Language) -> Bulletin:
        made = monthly_bulletin(market, actor, region_code=region_code, month=month, language=language)
        return replace(made, indicators=[with_plan])

    draft = ScheduleDraft(BULLETIN, ReportCadence.MONTHLY, region_code=NINGHAI, start=date(2026, 10, 1))
    try_schedule(market, analyst, draft, gather=gather)
    add_schedule(market, analyst, draft, key=key("bulletin"))
    assert make_scheduled_reports(market, limit=5, gather=gather) == 1
    (made,) = kept(market)
    clock.advance(days=40)

    found = kept_bulletin(market, analyst, made.id)

    assert (made.state, made.period_start) == (KeptReportState.MADE, date(2026, 10, 1))
    assert found == replace(
        monthly_bulletin(market, ADMIN, region_code=NINGHAI, month=made.period_start, language="zh-CN"),
        as_of=NOW,
        indicators=[with_plan],
    )
    assert "网络零售额" in bulletin_page(found)
    for who, ask in ((analyst, kept_figures), (staff(market, Role.STAFF_ANALYST, CIXI), kept_bulletin)):
        with pytest.raises(NotFound):
            ask(market, who, made.id)


def test_what_is_no_bulletin_is_not_scheduled(market: Market, analyst: Actor) -> None:
    fine = ScheduleDraft(BULLETIN, ReportCadence.MONTHLY, region_code=NINGHAI)
    for wrong in (
        replace(fine, cadence=ReportCadence.WEEKLY),
        replace(fine, group_by=("month",)),
        replace(fine, where={"kind": ("PRODUCT",)}),
    ):
        with pytest.raises(Invalid):
            add_schedule(market, analyst, wrong, key=key("bulletin"))
    village = add_village(
        market, ADMIN, VillageDraft(NINGHAI, "葛家村", None, "", None, 29.4, 121.4, is_place_checked=True)
    )
    owned = register_organisation(
        market, ADMIN, OrganisationDraft(OrganisationKind.HOUSEHOLD, "老王家", None, "", None, village)
    )
    seller = people_of(market, owned, Role.OWNER)
    with pytest.raises(Invalid):
        add_schedule(market, seller, replace(fine, region_code=None, organisation_id=owned), key=key("bulletin"))


def test_an_organisations_report_is_of_that_organisation_alone(market: Market, clock: FakeClock) -> None:
    village = add_village(
        market, ADMIN, VillageDraft(NINGHAI, "葛家村", None, "", None, 29.4, 121.4, is_place_checked=True)
    )
    mine, other = (
        register_organisation(
            market, ADMIN, OrganisationDraft(OrganisationKind.HOUSEHOLD, name, None, "", None, village)
        )
        for name in ("老葛家", "老王家")
    )
    owner = people_of(market, mine, Role.OWNER)
    draft = ScheduleDraft("test-report", ReportCadence.MONTHLY, organisation_id=mine)
    schedule_report(market, owner, draft, key=key("one"), run=Books())
    clock.advance(days=10)
    books = Books()
    make(market, books)

    assert dict(books.asked[0][0].organisations) == {mine: frozenset({Role.OWNER})}
    with pytest.raises(NotFound):
        schedule_report(
            market,
            owner,
            ScheduleDraft("test-report", ReportCadence.MONTHLY, organisation_id=other),
            key=key("two"),
            run=Books(),
        )
    with pytest.raises(NotFound):
        kept_figures(market, people_of(market, other, Role.OWNER), kept(market)[0].id)
    assert kept_figures(market, owner, kept(market)[0].id).row_count == 2
