"""One statement for each root field, however many rows and however deep; made once for each shape of a request."""

from typing import Any

import pytest

from market.kernel.market import Market
from tests.schema.asking import Asker, asked
from tests.schema.counting import Counted, CountingPlanner

OPERATIONS = {
    "a list": ("{ products(first: %d) { nodes { id title price { amount } } } }", 1),
    "everything about a list": (
        """{ products(first: %d, where: {region: "330200000000"}) {
             totalCount isTotalCountExact pageInfo { hasNextPage endCursor }
             facets { isExact categories { node { name } count } producers { node { name } count } }
             edges { cursor node { title images { url } variants { name price { amount } }
               producer { name village { name county { name } } } certificates { kind isValid } } } } }""",
        1,
    ),
    "lists in lists": (
        """{ cooperatives(first: %d) { nodes { name members(first: 3) { nodes { name products(first: 3) {
             totalCount nodes { title village { producers(first: 2) { nodes { name } } } } } } } } } }""",
        1,
    ),
    "sessions of packages": (
        """{ tourPackages(last: %d) { nodes { title nextSession { status startsAt }
             sessions(first: 5, where: {vacancies: 1}) { totalCount nodes { status vacancies option { name } } } } } }""",
        1,
    ),
    "search": (
        """{ search(query: "梅", first: %d) { totalCount edges { titleSegments cursor node { title
             ... on TourPackage { gifts { variant { name } product { title } } } } } } }""",
        1,
    ),
    "a tree": (
        """{ categories(first: %d, where: {depth: 1}) { nodes { name children { nodes { name children {
             nodes { name products(first: 1) { nodes { title } } } } } } } } }""",
        1,
    ),
    "several lists": ("{ villages { nodes { name } } regions(first: %d) { nodes { name } } }", 2),
    "walked by graphql-core": (
        """{ products(first: %d) { nodes { title } } availability(packageId: "pkg_00000000000000000000000000",
             from: "2026-12-01", to: "2026-12-02") { date } }""",
        1,
    ),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_statements_do_not_grow_with_rows(seeded_market: Market, name: str) -> None:
    document, roots = OPERATIONS[name]
    counted = Counted(seeded_market)

    async def ask(_here: Market) -> list[int]:
        asker, found = Asker(counted.market), []
        for size in (1, 20, 100):
            await asker.data(document % size)
            found.append(len(counted.take()))
        await counted.market.database.reader.close()
        return found

    assert asked(seeded_market, ask) == [roots] * 3
    counted.market.close()


def test_things_by_their_ids_are_one_statement_of_any_type(seeded_market: Market) -> None:
    counted = Counted(seeded_market)

    async def ask(_here: Market) -> tuple[int, int]:
        asker = Asker(counted.market)
        found = await asker.data("{ products(first: 40) { nodes { id village { id } producer { id } } } }")
        ids = [each["id"] for each in found["products"]["nodes"]]
        ids += [each["village"]["id"] for each in found["products"]["nodes"]]
        counted.take()
        document = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename ... on Product { variants { name } } } }"
        shown = await asker.data(document, {"ids": ids})
        assert [each["id"] for each in shown["nodes"]] == ids
        await counted.market.database.reader.close()
        return len(ids), len(counted.take())

    assert asked(seeded_market, ask) == (80, 1)
    counted.market.close()


PAGE = """query Page($first: Int, $after: String, $where: ProductWhere, $order: ProductOrder, $more: Boolean = false) {
  products(first: $first, after: $after, where: $where, orderBy: $order) {
    edges { cursor node { title } } totalCount @include(if: $more) } }"""
SAME_SHAPE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"first": 3, "where": {"price": {"min": "1.00"}}}, {"first": 3, "where": {"price": {"min": "150"}}}),
    ({"where": {"region": "330213000000"}}, {"where": {"region": "330212000000"}}),
    ({"where": {"text": "茶"}}, {"where": {"text": "水蜜桃 tea"}}),
    ({"where": {"inSeasonOn": "2026-12-01"}}, {"where": {"inSeasonOn": "2027-06-01"}}),
    ({"after": "p~9000~prd_x"}, {"after": "p~6000~prd_y"}),
    (
        {"where": {"near": {"latitude": 29.7, "longitude": 121.4}}, "order": "DISTANCE"},
        {"where": {"near": {"latitude": 30, "longitude": 121, "radiusKm": 5}}, "order": "DISTANCE"},
    ),
]
OTHER_SHAPES: list[tuple[dict[str, Any], str]] = [
    ({"first": 3}, "zh"),
    ({"first": 4}, "zh"),
    ({"first": 4}, "en"),
    ({"first": 4, "order": "NEWEST"}, "en"),
    ({"first": 4, "order": "NEWEST", "more": True}, "en"),
    ({"first": 4, "where": {"storages": ["CHILLED"]}}, "en"),
    ({"first": 4, "where": {"storages": ["CHILLED", "FROZEN"]}}, "en"),
    ({"first": 4, "where": {"region": "330213000000"}}, "en"),
    ({"first": 4, "where": {"region": "330213005000"}}, "en"),
    ({"first": 4, "after": "p~100~prd_x"}, "en"),
]


@pytest.mark.parametrize(("one", "other"), SAME_SHAPE)
def test_other_values_of_one_shape_use_the_same_plan(
    seeded_market: Market, one: dict[str, Any], other: dict[str, Any]
) -> None:
    async def ask(here: Market) -> tuple[int, list[Any]]:
        asker = Asker(here, planner=CountingPlanner)
        assert isinstance(asker.planner, CountingPlanner)
        answers = [await asker.data(PAGE, each) for each in (one, other, one)]
        return asker.planner.compiled, answers

    compiled, answers = asked(seeded_market, ask)
    assert compiled == 1
    assert answers[0] == answers[2]
    assert answers[0] != answers[1]


def test_each_shape_is_compiled_and_then_kept(seeded_market: Market) -> None:
    async def ask(here: Market) -> list[int]:
        asker, found = Asker(here, planner=CountingPlanner), []
        assert isinstance(asker.planner, CountingPlanner)
        # A shape may be compiled twice: when a later one has shown that more of a value decides the statement.
        for _round in range(3):
            asker.planner.compiled = 0
            for variables, language in OTHER_SHAPES:
                await asker.data(PAGE, variables, language=language)
            found.append(asker.planner.compiled)
        return found

    first, second, third = asked(seeded_market, ask)
    assert first == len(OTHER_SHAPES)
    assert second <= first
    assert third == 0
