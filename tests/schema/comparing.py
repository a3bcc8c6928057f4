"""How many random queries, and the values they are made of."""

import os
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.schema.asking import SCHEMA
from tests.schema.generating import Generator, Pool

QUERIES = int(os.environ.get("MARKET_DIFFERENTIAL_QUERIES", "300"))
FIRST_SEED = int(os.environ.get("MARKET_DIFFERENTIAL_SEED", "0"))
"""Each query has a seed of its own, so that one can be made again alone."""

Asked = tuple[int, str, dict[str, Any], str]


def random_queries(pool: Pool) -> Iterator[Asked]:
    """(seed, document, variables, language) of each."""
    for seed in range(FIRST_SEED, FIRST_SEED + QUERIES):
        random = Random(seed)
        document, variables = Generator(SCHEMA, pool, random).query()
        yield seed, document, variables, random.choice(["zh", "en"])
