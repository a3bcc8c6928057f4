"""What the catalogue's tests ask for."""

import pytest

from market.kernel.market import Market
from tests.catalogue.fair import Fair


@pytest.fixture(name="fair")
def _fair(market: Market) -> Fair:
    """A fair to sell at, on each engine."""
    return Fair(market)
