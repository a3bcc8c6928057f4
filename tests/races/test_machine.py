"""Whatever happens in a shop in whatever order, see `machine`; and the guards that `unguarded` takes out are there."""

import os
from contextlib import closing

from market.kernel.database import open_database
from market.kernel.market import Market
from tests.clock import FakeClock
from tests.databases import Databases
from tests.races.fair import open_fair
from tests.races.machine import Shopping

RUNS, STEPS = int(os.environ.get("MARKET_TEST_MACHINE_RUNS", "6")), 60
"""`unguarded` asks for more runs."""


def test_whatever_happens_in_whatever_order(databases: Databases) -> None:
    template = databases.create()
    with closing(Market(open_database(template), clock=FakeClock())) as market:
        fair = open_fair(market)
    for seed in range(RUNS):
        url, clock = databases.create(template=template), FakeClock()
        with closing(Market(open_database(url), clock=clock)) as market:
            Shopping(market, clock, fair, seed).run(STEPS)
        databases.drop(url)
    databases.drop(template)
