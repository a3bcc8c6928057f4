"""Reports that are submitted and reviewed: the figures stay, two people look, what moves later is shown."""

import threading
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import select

from market.kernel import audit
from market.kernel.errors import (
    Forbidden,
    IdempotencyConflict,
    IllegalTransition,
    Invalid,
    LimitReached,
    MarketError,
    NotFound,
    NotSignedIn,
)
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.reports.catalogue import REPORTS
from market.reports.declare import CompareWith, ReaderKind, ReportAsked
from market.reports.frozen import OF_PEOPLE, ROWS_MAX, digest_of, freeze, moved, thaw
from market.reports.states import ReportDecision, ReportSubmissionState
from market.reports.submissions import (
    AlreadyRevised,
    OwnSubmission,
    PeriodNotOver,
    SubmissionDraft,
    read_submission,
    report_drift,
    review_report,
    submitted_figures,
)
from market.reports.submissions import submit_report as submit
from market.reports.tables import ReportFigures, ReportSubmission
from tests.clock import FakeClock
from tests.reports.answers import CITY, CIXI, NINGHAI, NOW, Books, add_county, key, staff, villages
from tests.schema.stalls import ADMIN

OCTOBER = ReportAsked("test-report", date(2026, 10, 1), date(2026, 10, 31), group_by=("village",))


@pytest.fixture(name="market")
def _market_with_county(market: Market, clock: FakeClock) -> Market:
    clock.now = NOW
    add_county(market)
    return market


def analyst(market: Market, region_code: str = NINGHAI) -> Actor:
    return staff(market, Role.STAFF_ANALYST, region_code)


def reviewer(market: Market, region_code: str = NINGHAI) -> Actor:
    return staff(market, Role.STAFF_FINANCE, region_code)


def draft(**changes: object) -> SubmissionDraft:
    return replace(SubmissionDraft(OCTOBER, NINGHAI, "十月报表"), **changes)  # type: ignore[arg-type]


def submit_report(market: Market, actor: Actor, draft: SubmissionDraft, *, key: str, run: Books) -> str:
    """Read and submitted, as the API does it."""
    return submit(market, actor, draft, read_submission(market, actor, draft, run=run), key=key)


def submission(market: Market, submission_id: str) -> ReportSubmission:
    with market.read() as session:
        return session.exec(select(ReportSubmission).where(ReportSubmission.id == submission_id)).one()


def count(market: Market) -> int:
    with market.read() as session:
        rows = session.execute(sa.select(sa.func.count()).select_from(ReportSubmission)).scalar_one()
        assert rows == session.execute(sa.select(sa.func.count()).select_from(ReportFigures)).scalar_one()
        return int(rows)


def test_what_is_submitted_stays_as_it_was_whatever_happens_later(market: Market) -> None:
    books, who = Books(), analyst(market)
    submitted = submit_report(market, who, draft(), key=key("one"), run=books)
    books.rows = [("葛家村", 2, 17_600)]

    kept = submitted_figures(market, who, submitted)

    assert kept.rows == (("葛家村", 3, 26_400), ("梅园村", 1, 8_800))
    assert kept.totals == (None, 4, 35_200)
    assert kept.as_of == NOW
    assert [column.label_zh for column in kept.columns] == ["村", "订单数", "净额"]
    with market.read() as session:
        content = session.exec(select(ReportFigures.content)).one()
    assert digest_of(content) == submission(market, submitted).digest


def test_the_database_itself_refuses_to_change_what_was_frozen(market: Market) -> None:
    submit_report(market, analyst(market), draft(), key=key("one"), run=Books())

    for statement in (sa.update(ReportFigures).values(content=b"x"), sa.delete(ReportFigures)):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), market.transaction() as session:
            session.execute(statement)


def test_it_is_of_the_region_that_is_said_whoever_submits_it(market: Market) -> None:
    books = Books()
    submit_report(market, analyst(market, CITY), draft(), key=key("one"), run=books)
    submit_report(market, ADMIN, draft(), key=key("two"), run=books)

    for actor, asked in books.asked:
        assert (actor.kind, actor.region_codes) == (ActorKind.STAFF, frozenset({NINGHAI}))
        assert actor.organisations == {}
        assert asked == OCTOBER


def test_it_is_submitted_whole(market: Market) -> None:
    books = Books()
    cut = replace(OCTOBER, first=5, after=10, compare_with=CompareWith.LAST_YEAR)
    submit_report(market, analyst(market), draft(asked=cut), key=key("one"), run=books)

    assert books.asked[0][1] == OCTOBER


def test_a_period_that_is_not_over_is_not_submitted(market: Market) -> None:
    who = analyst(market)
    today = replace(OCTOBER, end=date(2026, 11, 24))
    with pytest.raises(PeriodNotOver):
        submit_report(market, who, draft(asked=today), key=key("one"), run=Books())

    submit_report(market, who, draft(asked=replace(today, end=date(2026, 11, 23))), key=key("one"), run=Books())


def test_who_may_submit(market: Market) -> None:
    refusals: list[tuple[Actor, type[MarketError]]] = [
        (VISITOR, NotSignedIn),
        (Actor(ActorKind.CUSTOMER, "acc"), Forbidden),
        (reviewer(market), Forbidden),
        (analyst(market, CIXI), NotFound),
    ]
    for actor, refusal in refusals:
        with pytest.raises(refusal):
            submit_report(market, actor, draft(), key=key("one"), run=Books())
    with pytest.raises(NotFound):
        submit_report(market, analyst(market), draft(region_code="nowhere"), key=key("one"), run=Books())

    assert count(market) == 0


def test_the_same_key_submits_once(market: Market) -> None:
    who = analyst(market)
    first = submit_report(market, who, draft(), key=key("one"), run=Books())

    assert submit_report(market, who, draft(), key=key("one"), run=Books()) == first
    with pytest.raises(IdempotencyConflict):
        submit_report(market, who, draft(remark="另一份"), key=key("one"), run=Books())
    assert count(market) == 1


def test_somebody_else_approves_and_the_trail_tells_both(market: Market) -> None:
    submitter, other = analyst(market), reviewer(market)
    submitted = submit_report(market, submitter, draft(), key=key("one"), run=Books())
    review_report(market, other, submission_id=submitted, decision=ReportDecision.APPROVE)

    found = submission(market, submitted)
    assert (found.state, found.reviewed_by, found.reviewed_at) == (
        ReportSubmissionState.APPROVED,
        other.account_id,
        NOW,
    )
    with market.read() as session:
        entries = session.execute(
            sa.select(audit.ENTRIES.c.action, audit.ENTRIES.c.actor).where(audit.ENTRIES.c.subject == submitted)
        ).all()
    assert [tuple(entry) for entry in entries] == [
        ("report.submit", submitter.account_id),
        ("report.review", other.account_id),
    ]


def test_a_return_says_what_is_to_be_put_right(market: Market) -> None:
    who = reviewer(market)
    submitted = submit_report(market, analyst(market), draft(), key=key("one"), run=Books())
    with pytest.raises(Invalid):
        review_report(market, who, submission_id=submitted, decision=ReportDecision.RETURN, verdict="  ")
    review_report(market, who, submission_id=submitted, decision=ReportDecision.RETURN, verdict="缺少退款说明")

    found = submission(market, submitted)
    assert (found.state, found.verdict) == (ReportSubmissionState.RETURNED, "缺少退款说明")


def test_nobody_reviews_their_own_not_even_an_administrator(market: Market) -> None:
    submitted = submit_report(market, ADMIN, draft(), key=key("one"), run=Books())
    with pytest.raises(OwnSubmission):
        review_report(market, ADMIN, submission_id=submitted, decision=ReportDecision.APPROVE)

    with pytest.raises(sa.exc.IntegrityError), market.transaction() as session:
        session.execute(sa.update(ReportSubmission).values(reviewed_by=ADMIN.account_id))
    assert submission(market, submitted).state is ReportSubmissionState.SUBMITTED


def test_what_was_decided_stays(market: Market) -> None:
    submitted = submit_report(market, analyst(market), draft(), key=key("one"), run=Books())
    review_report(market, reviewer(market), submission_id=submitted, decision=ReportDecision.APPROVE)

    with pytest.raises(IllegalTransition):
        review_report(
            market, reviewer(market), submission_id=submitted, decision=ReportDecision.RETURN, verdict="再看看"
        )
    assert submission(market, submitted).state is ReportSubmissionState.APPROVED


def test_of_two_reviewers_at_once_one_decides(market: Market) -> None:
    submitted = submit_report(market, analyst(market), draft(), key=key("one"), run=Books())
    both, start, outcomes = [reviewer(market), reviewer(market)], threading.Barrier(2), []

    def decide(who: Actor, decision: ReportDecision) -> None:
        start.wait(60)
        try:
            review_report(market, who, submission_id=submitted, decision=decision, verdict="已核")
            outcomes.append((who.account_id, decision))
        except IllegalTransition:
            pass

    threads = [threading.Thread(target=decide, args=pair) for pair in zip(both, ReportDecision, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    found = submission(market, submitted)
    assert len(outcomes) == 1
    assert found.reviewed_by == outcomes[0][0]


def test_a_foreign_submission_is_an_unknown_one(market: Market) -> None:
    submitted = submit_report(market, analyst(market), draft(), key=key("one"), run=Books())
    foreign = reviewer(market, CIXI)

    def refusal(submission_id: str) -> str:
        with pytest.raises(NotFound) as refused:
            review_report(market, foreign, submission_id=submission_id, decision=ReportDecision.APPROVE)
        return refused.value.message("zh-CN")

    assert refusal(submitted) == refusal(market.new_id("rps"))
    for read in (submitted_figures, report_drift):
        with pytest.raises(NotFound):
            read(market, foreign, submitted)
        with pytest.raises(NotSignedIn):
            read(market, VISITOR, submitted)


def test_what_a_report_shows_to_some_readers_only_its_submission_does_too(market: Market) -> None:
    """What sellers are owed is not the analysts' business, though they see that it was submitted."""
    assert not REPORTS["orders.payables"].readers & {ReaderKind.STAFF}
    asked = replace(OCTOBER, key="orders.payables")
    submitted = submit_report(market, ADMIN, draft(asked=asked), key=key("one"), run=Books())

    for read in (submitted_figures, report_drift):
        with pytest.raises(Forbidden):
            read(market, analyst(market), submitted)
    assert submitted_figures(market, reviewer(market), submitted).row_count == 2


def test_late_refunds_show_as_drift_figure_by_figure(market: Market, clock: FakeClock) -> None:
    books, who = Books(), analyst(market)
    submitted = submit_report(market, who, draft(), key=key("one"), run=books)
    assert report_drift(market, who, submitted, run=books).moved == ()

    books.rows = [("葛家村", 3, 17_600), ("双林村", 1, 5_000)]
    clock.advance(days=3)
    drift = report_drift(market, reviewer(market, CITY), submitted, run=books)

    assert drift.as_of == clock.now
    assert [(each.row, each.column.key, each.was, each.is_now) for each in drift.moved] == [
        ((), "net", 35_200, 22_600),
        (("葛家村",), "net", 26_400, 17_600),
        (("梅园村",), "orders", 1, None),
        (("梅园村",), "net", 8_800, None),
        (("双林村",), "orders", None, 1),
        (("双林村",), "net", None, 5_000),
    ]
    assert {actor.region_codes for actor, _ in books.asked} == {frozenset({NINGHAI})}


def test_a_revision_takes_the_place_of_a_submission_once(market: Market) -> None:
    who = analyst(market)
    first = submit_report(market, who, draft(), key=key("one"), run=Books())
    second = submit_report(market, who, draft(revises=first), key=key("two"), run=Books([("葛家村", 3, 17_600)]))

    assert (submission(market, second).revision, submission(market, second).revises) == (2, first)
    with pytest.raises(AlreadyRevised) as refused:
        submit_report(market, who, draft(revises=first), key=key("three"), run=Books())
    assert refused.value.facts["revision_id"] == second


def test_a_revision_is_of_the_same_thing(market: Market) -> None:
    who = analyst(market, CITY)
    first = submit_report(market, who, draft(), key=key("one"), run=Books())
    others = [
        draft(revises=first, region_code=CIXI),
        draft(revises=first, asked=replace(OCTOBER, end=date(2026, 10, 30))),
        draft(revises=first, asked=replace(OCTOBER, key="another")),
    ]

    for number, other in enumerate(others):
        with pytest.raises(Invalid):
            submit_report(market, who, other, key=key(f"key{number}"), run=Books())
    with pytest.raises(NotFound):
        submit_report(
            market, analyst(market, CIXI), draft(revises=first, region_code=CIXI), key=key("foreign"), run=Books()
        )
    assert count(market) == 1


def test_an_answer_too_large_to_be_read_is_not_kept(market: Market) -> None:
    books = Books([(f"村{number}", 1, 1) for number in range(ROWS_MAX + 1)])
    with pytest.raises(LimitReached):
        submit_report(market, analyst(market), draft(), key=key("one"), run=books)


@pytest.mark.parametrize("report", sorted(OF_PEOPLE))
def test_lists_of_people_are_not_kept(report: str) -> None:
    result = villages(("葛家村", 1, 1))

    assert report in REPORTS
    with pytest.raises(Invalid):
        freeze(replace(result, report=replace(result.report, key=report)))


def test_the_longest_answer_comes_back_as_it_was() -> None:
    result = villages(*[(f"村{number}", number, number * 7) for number in range(ROWS_MAX)])
    back = thaw(freeze(result).content)

    assert (back.rows, back.totals, back.asked) == (result.rows, result.totals, result.asked)
    assert list(moved(result, back)) == []
    assert freeze(back).digest == freeze(result).digest
