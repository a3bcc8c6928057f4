"""The two deliveries of one declaration agree to the letter, nulls, refusals and the order of keys included."""

import json

from market.kernel.market import Market
from tests.schema.asking import Asker, asked
from tests.schema.comparing import random_queries
from tests.schema.oracle.data import load
from tests.schema.values import pool_of


def test_bytes_and_values_for_graphql_core_are_the_same(varied_market: Market) -> None:
    async def compare(here: Market) -> None:
        fast, walked = Asker(here), Asker(here, is_walked=True)
        for seed, document, variables, language in random_queries(await pool_of(fast, load(here))):
            one = await fast.ask(document, variables, language=language)
            other = await walked.ask(document, variables, language=language)
            # As text: dicts are equal whatever the order of their keys.
            assert json.dumps(one) == json.dumps(other), (seed, document, variables)
            assert not fast.log.masked and not walked.log.masked, (seed, document, variables)

    asked(varied_market, compare)
