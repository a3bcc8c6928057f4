"""Values for random queries, from what a marketplace has: mostly right ones, some that must be refused."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from graphql import GraphQLEnumType, get_named_type

from tests.schema.asking import SCHEMA, Asker
from tests.schema.generating import Pool, cursor_key, public
from tests.schema.oracle.data import Data

OWN_PREFIX = {
    "product": "prd",
    "tourPackage": "pkg",
    "village": "vil",
    "producer": "pdr",
    "cooperative": "cop",
    "category": "cat",
    "tourSession": "ses",
}
UNKNOWN = "0" * 26
BAD_CURSORS = ["", "bad~1", "p~x~y", "p~1", "p~1~2~3", "n~2026-01-01~x", "p~99999999999999999999~x", "r~0~x", "p~1~é"]

NESTED = {
    "children:RegionConnection": "regions(where: {level: CITY}) { nodes { children(first: 15) { edges { cursor } } } }",
    "children:CategoryConnection": "categories(where: {depth: 1}) { nodes { children { edges { cursor } } } }",
    "members:ProducerConnection": "cooperatives { nodes { members(first: 3) { edges { cursor } } } }",
    "reviews:ReviewConnection": "products(first: 40) { nodes { reviews(first: 4) { edges { cursor } } } }",
    "sessions:TourSessionConnection": "tourPackages(first: 9) { nodes { sessions(first: 9) { edges { cursor } } } }",
}


async def pool_of(asker: Asker, data: Data) -> Pool:
    """The pool of a marketplace, its lists asked for cursors first."""
    cursors = {key: given async for key, given in _cursors(asker) if given}
    every = [cursor for given in cursors.values() for cursor in given[::7]]
    ids = sorted(data.by_id)

    def of(prefix: str) -> list[str]:
        return [each for each in ids if each.startswith(prefix)]

    shown = [each for each in ids if not each.startswith("ses")] + of("ses")[::40]
    codes = [each["region_code"] for each in data.villages]
    regions = codes + [f"{code[:9]}000" for code in codes] + [f"{code[:6]}000000" for code in codes] * 3
    regions += ["330200000000", "330000000000"] * 20 + ["12", "330213"]
    own = {f"{name}.id": [*of(prefix), f"{prefix}_{UNKNOWN}"] for name, prefix in OWN_PREFIX.items()}
    return {
        **own,
        **cursors,
        "cursor": every + BAD_CURSORS,
        "node.id": [*shown, "prd_" + UNKNOWN, "nope"],
        "nodes.ids": shown,
        "ID": [*shown, "nope"],
        "packageId": [*of("pkg"), *of("pkg"), "pkg_" + UNKNOWN, of("prd")[0]],
        "category": of("cat"),
        "village": of("vil"),
        "organisation": of("cop") + of("pdr"),
        "option": of("opt"),
        "first": [1, 2, 3, 4, 5, 6, 7, 20] * 7 + [0, 101],
        "last": [1, 2, 3, 4, 5, 7] * 10 + [-1],
        "region": regions,
        "within": regions,
        "code": [*regions, "999999999999"],
        "availability.from": ["2026-11-24", "2026-11-28", "2026-12-05"],
        "availability.to": ["2026-11-29", "2026-12-05", "2026-12-20", "2027-03-31"],
        "from": ["2026-11-24", "2026-11-26", "2026-11-28", "2026-11-29", "2026-12-10"],
        "to": ["2026-11-26", "2026-11-28", "2026-11-29", "2026-12-01", "2026-12-12", "2027-01-05"],
        "Date": [f"2027-{month:02}-{day:02}" for month in range(1, 13) for day in (5, 20)] + ["2028-02-29"],
        "text": ["杨梅", "水蜜桃", "farm", "宁波 梅", "茶", "村 2", "tea"],
        "query": ["杨梅", "水蜜桃", "peach", "梅", "奉化 桃", "农家", "合作社", "t", "红美人 象山", "一日 tea", "500g"],
        "name": ["村", "家", "合作社", "杨", "x"],
        "Decimal": ["0.00", "30", "50.5", "100.00", "20.01", "-1"],
        "latitude": [29.7, 30.0, 29.2] * 9 + [91.0],
        "longitude": [121.4, 121.2, 121.9] * 9 + [-181.0],
        "radiusKm": [1.0, 20.0, 50.0, 150.0] * 8 + [0.0, 200.5],
        "depth": [1, 2, 3],
        "vacancies": [1, 5, 12, 100, 0],
        "rating": [1, 2, 3, 4, 5, 6],
        "partySize": [1, 4, 20, 0],
        "Boolean": [True, False],
        "String": ["x"],
        "Int": [1, 2],
        "Float": [1.0],
    }


async def _cursors(asker: Asker) -> AsyncIterator[tuple[str, list[str]]]:
    query = SCHEMA.query_type
    assert query is not None
    for name, field in public(query).items():
        connection = get_named_type(field.type)
        if not connection.name.endswith("Connection"):
            continue
        orders: list[str | None] = [None]
        if "orderBy" in field.args:
            kind = get_named_type(field.args["orderBy"].type)
            assert isinstance(kind, GraphQLEnumType)
            orders += list(kind.values)
        for order in orders:
            given = "first: 40" + (f", orderBy: {order}" if order else "")
            given += ', query: "梅"' if name == "search" else ""
            given += ", where: {near: {latitude: 29.7, longitude: 121.4, radiusKm: 150}}" if order == "DISTANCE" else ""
            found = list(_texts(await asker.data(f"{{ {name}({given}) {{ edges {{ cursor }} }} }}")))
            yield cursor_key(name, connection.name, order), found
    for key, text in NESTED.items():
        yield f"{key}:", list(_texts(await asker.data(f"{{ {text} }}")))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif value is not None:
        yield value
