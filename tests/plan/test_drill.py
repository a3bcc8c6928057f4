"""From a scorecard's figure to the report that made it: asked as the drill says, the report gives the same number."""

from datetime import date
from random import Random

from market.kernel.clock import business_day
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from market.places.rules import subtree
from market.plan.drafts import UNIT_OF, IndicatorDraft, PlanDraft, kind_of
from market.plan.figures import NARROWED
from market.plan.manage import create_plan, define_indicator
from market.plan.rules import IndicatorSource
from market.plan.scorecard import plan_scorecard
from market.reports.catalogue import REPORTS
from market.reports.declare import ReportAsked
from market.reports.measures import MEASURES, measure
from market.reports.run import run_report
from seeds.plan import code_of
from tests.clock import FakeClock
from tests.plan.counties import key
from tests.reports.fair import live, open_fair

CITY = "330200000000"
ADMIN = Actor(ActorKind.ADMIN, "acc_admin")
COUNTED = {"sellers.active"}
"""What is the number of the report's rows, not a total of its column."""


def test_every_measure_with_a_report_names_one_that_can_be_asked_so() -> None:
    for each in MEASURES.values():
        if each.report is not None:
            report = REPORTS[each.report]
            assert each.column in {column.key for column in report.measures}
            assert {"region", *NARROWED.get(each.key, {})} <= set(report.filters)
    assert NARROWED.keys() <= MEASURES.keys()


def test_the_report_behind_a_figure_says_the_same(market: Market, clock: FakeClock) -> None:
    fair = open_fair(market, clock)
    live(fair, Random(16), steps=12)
    first = business_day(clock.now).replace(day=1)
    plan = PlanDraft(CITY, "规划", date(first.year, 1, 1), date(first.year, 12, 31))
    plan_id = create_plan(market, ADMIN, plan, key=key())
    for each in MEASURES.values():
        draft = IndicatorDraft(
            code_of(each.key), each.label_zh, kind_of(each), IndicatorSource.AUTO, UNIT_OF[each.kind], measure=each.key
        )
        define_indicator(market, ADMIN, draft, plan_id=plan_id)

    card = plan_scorecard(market, ADMIN, plan_id=plan_id)

    assert card is not None
    told, sold = 0, 0
    for row in card.rows:
        (drill,) = row.drills
        with market.read() as session:
            prefix = subtree(drill.region_code)
            again = measure(session, drill.measure, region_prefix=prefix, start=drill.start, end=drill.end)
        assert row.actual == again
        if drill.report is not None:
            asked = ReportAsked(drill.report, drill.start, drill.end, where=drill.where)
            answer = run_report(market, ADMIN, asked)
            total = answer.totals[[column.key for column in answer.columns].index(drill.column or "")]
            assert (answer.row_count if drill.measure in COUNTED else total or 0) == row.actual, drill
            told += 1
            sold += drill.measure.startswith("sales.") and bool(row.actual)
    assert told >= 10
    assert sold >= 2, "else nothing was compared"
