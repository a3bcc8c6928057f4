"""What is answered from one SQL statement is what loops over the rows find."""

from collections.abc import Iterable
from typing import Any

from market.kernel.market import Market
from tests.schema.asking import SCHEMA, Asker, asked
from tests.schema.comparing import QUERIES, Asked, each_filter, each_order, random_queries
from tests.schema.oracle.answers import Oracle, Told
from tests.schema.values import pool_of


def told(response: dict[str, Any]) -> Told:
    """A response as the oracle tells it."""
    errors = response.get("errors", [])
    refusals = frozenset((tuple(each.get("path", ())), each["extensions"]["code"]) for each in errors)
    return Told(response.get("data"), refusals)


def is_same(given: Told, right: Told) -> bool:
    """Same data; and the same refusals, or some of them when the first has already taken everything with it."""
    if given.data != right.data or bool(given.refusals) != bool(right.refusals):
        return False
    return given.refusals == right.refusals if given.data is not None else given.refusals <= right.refusals


async def compare(asker: Asker, oracle: Oracle, requests: Iterable[Asked]) -> int:
    """Ask both; how many had data."""
    answered = 0
    for seed, document, variables, language in requests:
        given = told(await asker.ask(document, variables, language=language))
        right = oracle.answer(document, variables, language=language)
        assert is_same(given, right), (seed, language, document, variables)
        assert not asker.log.masked, (seed, document, variables)
        answered += given.data is not None
    return answered


def test_random_queries_are_answered_as_the_rows_say(varied_market: Market) -> None:
    async def ask(here: Market) -> int:
        asker, oracle = Asker(here), Oracle(here, SCHEMA)
        return await compare(asker, oracle, random_queries(await pool_of(asker, oracle.data)))

    assert asked(varied_market, ask) > QUERIES / 2


def test_each_filter_and_order_alone_is_what_the_rows_say(varied_market: Market) -> None:
    async def ask(here: Market) -> tuple[int, int]:
        asker, oracle = Asker(here), Oracle(here, SCHEMA)
        pool = await pool_of(asker, oracle.data)
        filters, orders = list(each_filter(pool)), list(each_order(pool))
        assert len(filters) > 200
        return await compare(asker, oracle, filters), await compare(asker, oracle, orders)

    filters, orders = asked(varied_market, ask)
    assert filters > 150
    assert orders > 100
