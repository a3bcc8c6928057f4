"""Marketplaces to ask."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from market.kernel.database import open_database
from market.kernel.market import Market
from tests.clock import FakeClock
from tests.databases import Databases
from tests.schema.varied import copy_rows, vary


@pytest.fixture(scope="session", name="varied_market")
def _varied_market(databases: Databases, seeded_market: Market) -> Iterator[Market]:
    """The demo three days on, with all that it lacks. Everybody's: only read it."""
    url = databases.create()
    clock = FakeClock(seeded_market.now() + timedelta(days=3))
    with closing(Market(open_database(url), clock=clock)) as market:
        copy_rows(seeded_market, market)
        vary(market)
        yield market
    databases.drop(url)
