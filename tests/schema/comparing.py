"""The requests that two ways of answering are compared by."""

import os
from collections.abc import Iterator
from random import Random
from typing import Any

from graphql import GraphQLBoolean, GraphQLEnumType, GraphQLField, GraphQLInputField, get_named_type

from tests.schema.asking import SCHEMA
from tests.schema.generating import Generator, Pool, cursor_key, public

QUERIES = int(os.environ.get("MARKET_DIFFERENTIAL_QUERIES", "300"))
FIRST_SEED = int(os.environ.get("MARKET_DIFFERENTIAL_SEED", "0"))
"""Each query has a seed of its own, so that one can be made again alone."""

Asked = tuple[int, str, dict[str, Any], str]
"""Seed, document, variables, language."""


def random_queries(pool: Pool) -> Iterator[Asked]:
    """As many as there should be."""
    for seed in range(FIRST_SEED, FIRST_SEED + QUERIES):
        random = Random(seed)
        document, variables = Generator(SCHEMA, pool, random).query()
        yield seed, document, variables, random.choice(["zh", "en"])


def each_filter(pool: Pool) -> Iterator[Asked]:
    """Every filter of every list by itself: chance leaves some out."""
    for name, field in _lists():
        if "where" in field.args:
            where: Any = get_named_type(field.args["where"].type)
            for part, definition in where.fields.items():
                for number, value in enumerate(_values(pool, part, definition)):
                    more = {"query": pool["query"][number % len(pool["query"])]} if name == "search" else {}
                    yield _list(name, field, {"where": {part: value}, "first": 9, **more}, number)


def each_order(pool: Pool) -> Iterator[Asked]:
    """Every order of every list, both ways, from the start and from a cursor."""
    near = {"near": {"latitude": 29.7, "longitude": 121.4, "radiusKm": 150.0}}
    for name, field in _lists():
        by: Any = get_named_type(field.args["orderBy"].type) if "orderBy" in field.args else None
        orders = [None] if by is None else list(by.values)
        for number, order in enumerate(orders):
            cursors = pool.get(cursor_key(name, get_named_type(field.type).name, order), [])
            given = {"orderBy": order} if order else {}
            given |= {"where": near} if order == "DISTANCE" else {}
            given |= {"query": "梅"} if name == "search" else {}
            for cursor in [None, *cursors[::9]]:
                yield _list(name, field, {**given, "first": 7, "after": cursor}, number)
                yield _list(name, field, {**given, "last": 7, "before": cursor}, number)


def _lists() -> Iterator[tuple[str, GraphQLField]]:
    assert SCHEMA.query_type is not None
    for name, field in public(SCHEMA.query_type).items():
        if get_named_type(field.type).name.endswith("Connection"):
            yield name, field


def _values(pool: Pool, name: str, definition: GraphQLInputField) -> list[Any]:
    kind = get_named_type(definition.type)
    if kind is GraphQLBoolean:
        return [True, False]
    if isinstance(kind, GraphQLEnumType):
        is_list = str(definition.type).startswith("[")
        return [[each] if is_list else each for each in kind.values]
    return [Generator(SCHEMA, pool, Random(seed)).value_of(definition.type, name) for seed in range(8)]


def _list(name: str, field: GraphQLField, variables: dict[str, Any], seed: int) -> Asked:
    declared = ", ".join(f"${key}: {field.args[key].type}" for key in variables)
    given = ", ".join(f"{key}: ${key}" for key in variables)
    selection = "totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    return seed, f"query({declared}) {{ {name}({given}) {{ {selection} }} }}", variables, "zh"
