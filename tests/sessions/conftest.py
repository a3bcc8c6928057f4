"""A farm for every test of sessions, and two packages of it that share a bus."""

from datetime import time

import pytest

from market.kernel.market import Market
from tests.sessions.buses import PERSON, draw, pool
from tests.sessions.farm import Farm, add_session, another_package, set_up_farm


@pytest.fixture(name="farm")
def _farm(market: Market) -> Farm:
    return set_up_farm(market)


@pytest.fixture(name="on_bus")
def _on_bus(market: Market, farm: Farm) -> tuple[str, str]:
    """Two packages' sessions of 20 on one day, with one bus of 8 seats."""
    bus = pool(market, farm, 8)
    _package, other = another_package(market, farm, "另一个")
    for option in (farm.option, other):
        draw(market, option, (bus, 1, PERSON))
    return add_session(market, farm.option), add_session(market, other, at=time(14))
