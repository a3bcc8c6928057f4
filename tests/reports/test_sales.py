"""The sales report is the ledger, to the fen, whatever happened; and it shows everybody their own."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from threading import Thread

import pytest
import sqlalchemy as sa

from market.kernel.errors import Forbidden, Invalid, MarketError, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.ledger.check import ledger_check
from market.ledger.sales.check import Off
from market.ledger.sales.fold import fold_sales, rebuild_sales
from market.ledger.sales.tables import ENTRIES, SUMS, UNFOLDED
from market.reports.check import check_sales
from market.reports.declare import CompareWith
from market.reports.errors import OutOfReach, ReportTooLong, TooManyGroups, TooManyOrders
from market.reports.sales.ask import SalesAnswer, SalesAsked, sales_report
from market.reports.sales.figures import SalesFigures
from market.reports.sales.rules import SalesDimension, SalesWhere, Span, cover
from tests.checkout.shop import peaches, visit
from tests.clock import FakeClock
from tests.databases import Databases
from tests.reports.fair import Fair, kept_fair, ledger, live, open_fair
from tests.schema.stalls import ADMIN

YEAR = (date(2026, 1, 1), date(2026, 12, 31))
D = SalesDimension


def ask(market: Market, *groups: SalesDimension, where: SalesWhere | None = None, **more: object) -> SalesAnswer:
    """The administrator's report of the year, or of the days that `more` says."""
    asked = {"start": YEAR[0], "end": YEAR[1], "group_by": groups, "where": where or SalesWhere(), **more}
    return sales_report(market, ADMIN, SalesAsked(**asked))  # type: ignore[arg-type]  # a test's short hand


def equals_ledger(figures: SalesFigures, books: dict[str, int]) -> None:
    vouchers = books.get("VOUCHER_PLATFORM", 0) + books.get("VOUCHER_GOVERNMENT", 0)
    given = figures.platform_fen + figures.government_fen
    back = figures.refunded_platform_fen + figures.refunded_government_fen

    assert figures.net_fen == books.get("PROVIDER", 0) + books.get("REFUND_CLEARING", 0)
    assert given - back == vouchers
    assert figures.commission_fen == -books.get("COMMISSION", 0)
    assert figures.payable_fen == -books.get("SELLER_PENDING", 0)


def sums(market: Market) -> list[tuple[object, ...]]:
    with market.read() as session:
        return [tuple(row) for table in SUMS for row in session.execute(sa.select(table).order_by(*table.primary_key))]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_random_history_reports_what_the_ledger_says(market: Market, clock: FakeClock, seed: int) -> None:
    chance = Random(seed)
    fair = open_fair(market, clock)
    for part in range(3):
        live(fair, chance, steps=8)
        if part < 2:  # the last is not in the sums yet
            fold_sales(market, limit=chance.choice([3, 7, 1000]))

    with market.read() as session:
        assert ledger_check(session) == []
    assert check_sales(market) == []
    books = ledger(fair)
    whole = ask(market).total
    assert min(whole.refunded_fen, whole.platform_fen, whole.government_fen, whole.seller_fen, whole.seats) > 0
    for groups in [
        (),
        (D.MONTH, D.VILLAGE, D.KIND),
        (D.DAY,),
        (D.WEEK, D.CHANNEL),
        (D.LISTING, D.MONTH),
        (D.CATEGORY,),
    ]:
        equals_ledger(ask(market, *groups).total, books)
    days = (date(2026, 6, 5), clock.now.date())
    equals_ledger(
        ask(market, D.COUNTY, start=days[0], end=days[1]).total,
        ledger(fair, f"t.business_day BETWEEN '{days[0]}' AND '{days[1]}'"),
    )
    same = [
        ask(market, *groups) for groups in [(D.PRODUCER,), (D.COOPERATIVE, D.TOWNSHIP), (D.DAY, D.LISTING, D.CHANNEL)]
    ]
    assert len({str(each.total) for each in same}) == 1

    before = same[0].total
    while fold_sales(market):
        pass

    assert ask(market, D.PRODUCER).total == before
    assert check_sales(market) == []
    folded = sums(market)
    rebuild_sales(market)
    assert sums(market) == folded


def test_whole_months_and_days_make_up_any_span_with_the_fewest_days() -> None:
    def days(spans: tuple[Span, ...]) -> Counter[date]:
        return Counter(each.start + timedelta(days=at) for each in spans for at in range(each.days))

    chance = Random(26)
    for _time in range(500):
        start = date(2024, 1, 1) + timedelta(days=chance.randrange(800))
        span = Span(start, start + timedelta(days=chance.choice([0, 5, 27, 30, 90, 364, 1_000]) + chance.randrange(20)))

        said = cover(span)
        found = days(said.months) + days(said.days)
        found.subtract(days(said.less))

        assert +found == days((span,))
        assert min(found.values()) >= 0
        assert all(each.is_whole_months for each in said.months)
        assert days(said.days).total() + days(said.less).total() <= 2 * 15 + 1
    assert cover(span, by_day=True).days == (span,)


def test_a_part_of_a_month_is_reported_alike_by_months_and_by_days(still: Fair) -> None:
    for first, last in ((1, 2), (2, 30), (3, 28), (3, 5), (5, 30), (6, 30), (1, 30)):
        start, end = date(2026, 5 if first > 4 else 6, first), date(2026, 6, last)

        whole, by_day = (
            ask(still.market, D.VILLAGE, D.KIND, start=start, end=end),
            ask(still.market, D.DAY, D.VILLAGE, D.KIND, start=start, end=end),
        )

        assert whole.total == by_day.total
        assert {row.key for row in whole.rows} == {row.key[1:] for row in by_day.rows}


def staff(region: str) -> Actor:
    return Actor(
        ActorKind.STAFF, "acc_staff", staff_roles=frozenset({Role.STAFF_ANALYST}), region_codes=frozenset({region})
    )


def owner(organisation: str) -> Actor:
    return Actor(ActorKind.MEMBER, "acc_owner", organisations={organisation: frozenset({Role.OWNER})})


def begin(fair: Fair) -> Fair:
    """One order of a visit with its gift and of peaches, then one of peaches and pears; each by somebody else."""
    fair.buy(0, visit(fair.shop, 2), peaches(fair.shop, 1))
    fair.clock.advance(days=3)
    fair.buy(1, peaches(fair.shop, 2), fair.pears_of(3))
    return fair


@pytest.fixture(name="fair")
def _fair(market: Market, clock: FakeClock) -> Fair:
    """This test's own."""
    return begin(open_fair(market, clock))


@pytest.fixture(name="still", scope="module")
def _still(databases: Databases) -> Iterator[Fair]:
    """Everybody's: only read."""
    with kept_fair(databases) as fair:
        begin(fair)
        fold_sales(fair.market, limit=3)  # some of it is in the sums, the rest is not yet
        yield fair


def test_an_order_and_a_person_count_once_in_a_group_and_once_in_the_total(fair: Fair) -> None:
    fair.buy(1, peaches(fair.shop, 1))

    kinds = ask(fair.market, D.KIND, with_buyers=True)
    places = ask(fair.market, D.COUNTY, with_buyers=True)

    assert {row.key: (row.now.orders, row.now.buyers) for row in kinds.rows} == {
        ("PRODUCT",): (4, 2),
        ("BOOKING",): (1, 1),
        ("GIFT",): (1, 1),
    }
    assert (kinds.total.orders, kinds.total.buyers) == (4, 2)
    assert {row.key: (row.now.orders, row.now.buyers) for row in places.rows} == {
        ("330213000000",): (3, 2),
        ("330282000000",): (1, 1),
    }
    assert (places.total.orders, places.total.buyers) == (4, 2)
    assert [row.labels for row in places.rows] == [("奉化区",), ("慈溪市",)]


def test_everybody_sees_their_own(still: Fair) -> None:
    def nets(actor: Actor) -> dict[object, int]:
        found = sales_report(still.market, actor, SalesAsked(*YEAR, (D.PRODUCER,)))
        return {row.key[0]: row.now.gross_fen for row in found.rows}

    stall, member = still.shop.stalls.producer, still.member

    assert nets(ADMIN) == {stall: 52_000, member: 11_997}
    assert nets(staff("330200000000")) == nets(ADMIN)
    assert nets(staff("330282114000")) == {member: 11_997}
    assert nets(owner(stall)) == {stall: 52_000}
    assert nets(owner(member)) == nets(owner(still.cooperative)) == {member: 11_997}


def test_whoever_may_not_is_refused(still: Fair) -> None:
    asked = SalesAsked(*YEAR, (D.COUNTY,), SalesWhere(regions=("330213000000",)))

    assert len(sales_report(still.market, staff("330200000000"), asked).rows) == 1
    with pytest.raises(OutOfReach, match="330282000000"):
        sales_report(still.market, staff("330282000000"), asked)
    with pytest.raises(NotSignedIn):
        sales_report(still.market, VISITOR, asked)
    with pytest.raises(Forbidden):
        sales_report(still.market, still.people[0], asked)


REFUSED: list[tuple[dict[str, object], type[MarketError]]] = [
    ({"end": date(2029, 12, 31)}, ReportTooLong),
    ({"end": date(2025, 12, 31)}, Invalid),
    ({"group_by": (D.DAY, D.KIND, D.CHANNEL, D.VILLAGE)}, Invalid),
    ({"group_by": (D.DAY, D.MONTH)}, Invalid),
    ({"group_by": (D.KIND, D.KIND)}, Invalid),
    ({"group_by": (D.LISTING,), "rows_max": 3}, TooManyGroups),
    ({"with_buyers": True, "orders_max": 2}, TooManyOrders),
    ({"group_by": (D.CHANNEL,), "with_occupancy": True}, Invalid),
    ({"where": SalesWhere(regions=("33",))}, Invalid),
]


def test_what_is_too_much_or_makes_no_sense_is_refused(still: Fair) -> None:
    for asked, refusal in REFUSED:
        with pytest.raises(MarketError) as told:
            sales_report(still.market, ADMIN, SalesAsked(**{"start": YEAR[0], "end": YEAR[1], **asked}))  # type: ignore[arg-type]

        assert refusal in told.type.__mro__, asked
        assert all("{" not in told.value.message(language) for language in ("zh-CN", "en"))


def test_a_period_is_set_beside_the_one_before(fair: Fair, clock: FakeClock) -> None:
    clock.advance(days=40)
    fair.buy(2, peaches(fair.shop, 4))

    july = ask(
        fair.market,
        D.MONTH,
        D.KIND,
        start=date(2026, 7, 1),
        end=date(2026, 7, 31),
        compare_with=CompareWith.PREVIOUS_PERIOD,
    )
    rows = {row.key: (row.now.gross_fen, row.before and row.before.gross_fen) for row in july.rows}
    next_year = ask(
        fair.market, D.DAY, start=date(2027, 6, 1), end=date(2027, 6, 30), compare_with=CompareWith.LAST_YEAR
    )

    assert rows[date(2026, 7, 1), "PRODUCT"] == (35_200, 38_397)
    assert rows[date(2026, 7, 1), "BOOKING"] == (0, 25_600)
    assert july.total_before is not None
    assert july.total_before.gross_fen == 63_997
    assert [(row.key, row.before and row.before.orders) for row in next_year.rows] == [
        ((date(2027, 6, 2),), 1),
        ((date(2027, 6, 5),), 2),
    ]


def test_a_late_refund_counts_on_its_own_day_and_leaves_earlier_ones_alone(fair: Fair, clock: FakeClock) -> None:
    june = SalesAsked(date(2026, 6, 1), date(2026, 6, 30), (D.DAY, D.LISTING))
    before = sales_report(fair.market, ADMIN, june)
    clock.advance(days=50)

    while ask(fair.market).total.refunded_fen == 0:
        fair.give_back(fair.orders[-1], Random(4))

    assert sales_report(fair.market, ADMIN, june).rows == before.rows
    assert ask(fair.market, start=clock.now.date(), end=clock.now.date()).total.refunds > 0


def test_occupancy_is_of_the_departures_in_the_range(still: Fair) -> None:
    found = ask(still.market, D.MONTH, D.VILLAGE, with_occupancy=True)

    assert {row.key[0]: (row.now.taken, row.now.capacity) for row in found.rows if row.now.capacity} == {
        date(2026, 6, 1): (2, 300)
    }
    assert found.total.occupancy_bp == 66


def test_whatever_a_hand_or_a_crash_did_to_the_sums_is_found_and_made_good(fair: Fair) -> None:
    right = ask(fair.market, D.MONTH, D.VILLAGE).total
    fold_sales(fair.market)
    folded = sums(fair.market)
    table = SUMS[0]
    with fair.market.transaction() as session:
        session.execute(sa.update(table).values(gross_fen=table.c.gross_fen + 1))
        session.execute(sa.delete(SUMS[-1]).where(SUMS[-1].c.kind == "BOOKING"))

    found = check_sales(fair.market)

    assert {each.kind for each in found} == {Off.SUM_IS_NOT_JOURNAL}
    assert {each.subject.split("/")[0] for each in found} == {table.name, SUMS[-1].name}
    rebuild_sales(fair.market)
    assert check_sales(fair.market) == []
    assert sums(fair.market) == folded
    assert ask(fair.market, D.MONTH, D.VILLAGE).total == right


def test_what_waits_to_be_folded_is_neither_lost_nor_doubled_by_a_rebuild(fair: Fair) -> None:
    right = ask(fair.market, D.LISTING).total
    assert fold_sales(fair.market, limit=2) == 2

    rebuild_sales(fair.market)

    assert check_sales(fair.market) == []
    assert ask(fair.market, D.LISTING).total == right
    assert fold_sales(fair.market) == 3
    assert check_sales(fair.market) == []
    assert ask(fair.market, D.LISTING).total == right


def test_an_order_that_says_something_else_than_the_journal_is_found(fair: Fair) -> None:
    with fair.market.transaction() as session:
        part = session.execute(sa.text("SELECT id FROM seller_order ORDER BY id LIMIT 1")).scalar_one()
        session.execute(sa.text("UPDATE seller_order SET refunded_fen = refunded_fen + 1 WHERE id = :id"), {"id": part})

    assert [(each.kind, each.figure, each.off) for each in check_sales(fair.market)] == [
        (Off.JOURNAL_IS_NOT_ORDER, "refunded", 1)
    ]


def test_the_journal_cannot_be_changed(fair: Fair) -> None:
    for statement in (sa.update(ENTRIES).values(gross_fen=0), sa.delete(ENTRIES)):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), fair.market.transaction() as session:
            session.execute(statement)


def test_folding_by_several_while_people_buy_loses_and_doubles_nothing(fair: Fair) -> None:
    failures: list[BaseException] = []

    def fold() -> None:
        try:
            for _time in range(6):
                fold_sales(fair.market, limit=3)
                rebuild_sales(fair.market)
        except BaseException as error:  # noqa: BLE001 - told by the test
            failures.append(error)

    def buy(person: int) -> None:
        try:
            for _time in range(3):
                fair.buy(person, peaches(fair.shop, 1), fair.pears_of(1))
        except BaseException as error:  # noqa: BLE001 - told by the test
            failures.append(error)

    acts = [Thread(target=fold), Thread(target=fold), *[Thread(target=buy, args=(person,)) for person in range(3)]]
    for act in acts:
        act.start()
    for act in acts:
        act.join(timeout=120)

    assert not [error for error in failures if not isinstance(error, MarketError)]
    while fold_sales(fair.market):
        pass
    assert check_sales(fair.market) == []
    with fair.market.read() as session:
        assert session.execute(sa.select(sa.func.count()).select_from(UNFOLDED)).scalar_one() == 0
    equals_ledger(ask(fair.market, D.LISTING).total, ledger(fair))
