"""What is answered from one SQL statement is what loops over the rows find."""

from typing import Any

from market.kernel.market import Market
from tests.schema.asking import SCHEMA, Asker, asked
from tests.schema.comparing import QUERIES, random_queries
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


def test_random_queries_are_answered_as_the_rows_say(varied_market: Market) -> None:

    async def compare(here: Market) -> int:
        asker, oracle = Asker(here), Oracle(here, SCHEMA)
        answered = 0
        pool = await pool_of(asker, oracle.data)
        for seed, document, variables, language in random_queries(pool):
            given = told(await asker.ask(document, variables, language=language))
            right = oracle.answer(document, variables, language=language)
            assert is_same(given, right), (seed, language, document, variables)
            assert not asker.log.masked, (seed, document, variables)
            answered += given.data is not None
        return answered

    assert asked(varied_market, compare) > QUERIES / 2
