"""The sales report and the catalogue by API: each caller's own figures, and the orders behind them."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.reports.catalogue import REPORTS
from market.reports.declare import Column, ColumnKind
from tests.checkout.shop import peaches, visit
from tests.databases import Databases
from tests.reports.fair import Fair, kept_fair
from tests.schema.asking import Asker, asked
from tests.schema.stalls import ADMIN

REPORT = """
query Sales($groups: [SalesDimension!], $where: SalesWhere, $to: Date = "2026-12-31", $with: CompareWith) {
  salesReport(range: { from: "2026-01-01", to: $to }, groupBy: $groups, where: $where, compareWith: $with) {
    asOf definition from to beforeFrom beforeTo
    rows {
      groups { dimension key label }
      figures { orders units seats gross { amount currency } net { amount } payable { amount } buyers occupancy }
      before { orders }
      netGrowth
    }
    totals { orders buyers paid { amount } averageOrder { amount } }
  }
}
"""
ORDERS = """
query Behind($where: SalesOrderWhere) {
  salesOrders(range: { from: "2026-06-01", to: "2026-06-30" }, where: $where) {
    totalCount
    nodes { id recipientPhone lines { title } }
  }
}
"""
TABLE = """
query Table($key: String!, $where: [ReportWhere!], $groups: [String!]) {
  report(key: $key, range: { from: "2026-01-01", to: "2026-12-31" }, where: $where, groupBy: $groups, limit: 5) {
    report { title definition chart }
    asOf columns { key label kind definition } rows totals rowCount files { csv xlsx svg png }
  }
}
"""


@pytest.fixture(name="fair", scope="module")
def _fair(databases: Databases) -> Iterator[Fair]:
    """A visit with its gift and peaches, and pears from another county. Everybody's: only read."""
    with kept_fair(databases) as fair:
        fair.buy(0, visit(fair.shop, 2), peaches(fair.shop, 1))
        fair.buy(1, fair.pears_of(3))
        yield fair


def owner(organisation: str) -> Actor:
    return Actor(ActorKind.MEMBER, "acc_owner", organisations={organisation: frozenset({Role.OWNER})})


def staff(region: str, role: Role = Role.STAFF_ANALYST) -> Actor:
    return Actor(ActorKind.STAFF, "acc_staff", staff_roles=frozenset({role}), region_codes=frozenset({region}))


def test_sales_are_grouped_compared_and_shown_to_each_their_own(fair: Fair) -> None:
    async def ask(here: Market) -> list[Any]:
        asker = Asker(here)
        groups = {"groups": ["MONTH", "COUNTY", "KIND"]}
        return [
            (await asker.data(REPORT, groups | {"with": "LAST_YEAR"}, actor=ADMIN))["salesReport"],
            (await asker.data(REPORT, groups, actor=staff("330282000000")))["salesReport"],
            (await asker.data(REPORT, {"groups": ["PRODUCER"]}, actor=owner(fair.member)))["salesReport"],
            (await asker.data(REPORT, {"where": {"kinds": ["BOOKING"]}}, actor=owner(fair.shop.stalls.producer)))[
                "salesReport"
            ],
        ]

    everything, county, member, visits = asked(fair.market, ask)

    assert [[each["key"] for each in row["groups"]] for row in everything["rows"]] == [
        ["2026-06-01", "330213000000", "BOOKING"],
        ["2026-06-01", "330282000000", "PRODUCT"],
        ["2026-06-01", "330213000000", "PRODUCT"],
        ["2026-06-01", "330213000000", "GIFT"],
    ]
    assert everything["rows"][0]["groups"][1] == {"dimension": "COUNTY", "key": "330213000000", "label": "奉化区"}
    assert everything["rows"][0]["figures"]["gross"] == {"amount": "256.00", "currency": "CNY"}
    assert everything["rows"][0]["figures"]["occupancy"] == 66
    assert everything["rows"][0]["before"] == {"orders": 0}
    assert (everything["beforeFrom"], everything["beforeTo"]) == ("2025-01-01", "2025-12-31")
    assert everything["totals"]["orders"] == 2
    assert [row["groups"][1]["label"] for row in county["rows"]] == ["慈溪市"]
    assert [row["figures"]["gross"]["amount"] for row in member["rows"]] == ["119.97"]
    assert [(row["figures"]["seats"], row["figures"]["buyers"]) for row in visits["rows"]] == [(2, 1)]


def test_the_orders_behind_a_figure_are_found_by_those_who_may_read_orders(fair: Fair) -> None:
    async def ask(here: Market) -> list[Any]:
        asker = Asker(here)
        of_kind = {"where": {"kind": "BOOKING"}}
        return [
            await asker.data(ORDERS, of_kind, actor=owner(fair.shop.stalls.producer)),
            await asker.data(ORDERS, of_kind, actor=owner(fair.member)),
            await asker.data(
                ORDERS, {"where": {"region": "330282000000"}}, actor=staff("330200000000", Role.STAFF_FINANCE)
            ),
            await asker.data(ORDERS, of_kind, actor=staff("330200000000")),
        ]

    mine, other, county, analyst = asked(fair.market, ask)

    assert [[line["title"] for line in each["lines"]] for each in mine["salesOrders"]["nodes"]] == [
        ["桃园一日", "伴手礼", "水蜜桃"]
    ]
    assert other["salesOrders"] == {"totalCount": 0, "nodes": []}
    assert county["salesOrders"]["totalCount"] == 1
    assert "13800001234" not in str(county)
    assert analyst["salesOrders"] == {"totalCount": 0, "nodes": []}  # figures, and nobody's orders


def test_reports_of_the_catalogue_come_with_their_definitions(fair: Fair) -> None:
    async def ask(here: Market) -> list[Any]:
        asker = Asker(here)
        listed = await asker.data("{ reports { key title definition measures { key label } } }", actor=ADMIN)
        table = await asker.data(TABLE, {"key": "sales", "groups": ["village"]}, actor=ADMIN)
        return [listed["reports"], table["report"]]

    listed, table = asked(fair.market, ask)

    assert {"sales", "sales.regions"} <= {each["key"] for each in listed}
    assert all(each["title"] and each["definition"] for each in listed)
    keys = [each["key"] for each in table["columns"]]
    assert keys[:2] == ["village", "villageId"]
    row = dict(zip(keys, table["rows"][0], strict=True))
    assert (row["village"], row["gross"], row["orders"]) == ("滕头村", "344.00", "1")
    assert dict(zip(keys, table["totals"], strict=True))["gross"] == "463.97"
    assert table["rowCount"] == 2


def test_each_report_of_the_catalogue_has_types_of_its_own(fair: Fair) -> None:
    lines, whole = _typed("orders.suppliers"), '{ from: "2026-01-01", to: "2026-12-31" }'

    async def ask(here: Market) -> list[Any]:
        asker = Asker(here)
        typed = await asker.data(lines, actor=ADMIN)
        table = await asker.data(TABLE, {"key": "orders.suppliers"}, actor=ADMIN)
        mine = await asker.data(
            f"{{ reportCatalogue {{ goodsProducers(range: {whole}) {{ rows {{ producerId net {{ amount }} }} }}"
            f" officeModeration(range: {whole}) {{ title }} }} }}",
            actor=owner(fair.member),
        )
        return [typed["reportCatalogue"]["ordersSuppliers"], table["report"], mine["reportCatalogue"]]

    typed, table, mine = asked(fair.market, ask)

    assert (typed["title"], typed["rowCount"]) == ("应付结算", 2)
    keys = [each["key"] for each in table["columns"]]
    for shown, cells in zip(typed["rows"], table["rows"], strict=True):
        told = {key: each["amount"] if isinstance(each, dict) else each for key, each in shown.items()}
        assert {key: str(value) for key, value in told.items()} == dict(zip(keys, cells, strict=True))
    assert typed["totals"]["payable"]["amount"] == dict(zip(keys, table["totals"], strict=True))["payable"]
    assert [row["producerId"] for row in mine["goodsProducers"]["rows"]] == [fair.member]
    assert mine["officeModeration"] is None  # it is for staff


def _field(key: str) -> str:
    room, _, rest = key.partition(".")
    return f"{room}{rest[0].upper()}{rest[1:]}"


def _typed(key: str) -> str:
    """A report asked for all it has."""
    report = REPORTS[key]

    def fields(columns: Sequence[Column]) -> str:
        return " ".join(f"{each.key} {{ amount }}" if each.kind is ColumnKind.MONEY else each.key for each in columns)

    rows, totals = fields((*report.dimensions, *report.measures)), fields(report.measures)
    return (
        f'{{ reportCatalogue {{ {_field(key)}(range: {{ from: "2026-01-01", to: "2026-12-31" }}) '
        f"{{ title definition asOf rowCount rows {{ {rows} }} totals {{ {totals} }} files {{ csv png }} }} }} }}"
    )


def test_a_report_says_where_its_files_are_to_whoever_may_have_them(fair: Fair) -> None:
    where = [{"key": "kind", "values": ["PRODUCT"]}]

    async def ask(here: Market) -> list[Any]:
        asker = Asker(here)
        given = {"key": "sales", "groups": ["village", "kind"], "where": where}
        analyst = await asker.data(TABLE, given, actor=staff("330200000000"))
        viewer = await asker.data(TABLE, given, actor=staff("330200000000", Role.STAFF_MODERATOR))
        without = await asker.data(TABLE, {"key": "orders.payables"}, actor=ADMIN)
        return [analyst["report"]["files"], viewer["report"]["files"], without["report"]["files"]]

    files, none, sheets = asked(fair.market, ask)

    asked_so = "from=2026-01-01&to=2026-12-31&groupBy=village%2Ckind&where.kind=PRODUCT"
    assert files == {form: f"/downloads/reports/sales.{form}?{asked_so}" for form in ("csv", "xlsx", "svg", "png")}
    assert none is None
    assert (sheets["csv"][:36], sheets["svg"]) == ("/downloads/reports/orders.payables.c", None)


def test_what_may_not_or_cannot_be_asked_says_why(fair: Fair) -> None:
    async def ask(here: Market) -> list[Any]:
        asker = Asker(here)
        found = [
            await asker.ask(REPORT, {}, actor=VISITOR),
            await asker.ask(REPORT, {}, actor=fair.people[0]),
            await asker.ask(REPORT, {"to": "2031-01-01"}, actor=ADMIN),
            await asker.ask(REPORT, {"where": {"regions": ["330213000000"]}}, actor=staff("330282000000")),
            await asker.ask(TABLE, {"key": "sales.regions"}, actor=owner(fair.member)),
            await asker.ask(TABLE, {"key": "nonsense"}, actor=ADMIN),
            await asker.ask(TABLE, {"key": "sales", "where": [{"key": "buyer", "values": ["x"]}]}, actor=ADMIN),
        ]
        return [each["errors"][0] for each in found]

    told = asked(fair.market, ask)

    assert [each["extensions"]["code"] for each in told] == [
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "REPORT_TOO_LONG",
        "FORBIDDEN",
        "FORBIDDEN",
        "NOT_FOUND",
        "BAD_USER_INPUT",
    ]
    assert "1100" in told[2]["message"]
    assert "330282000000" in told[3]["message"]
