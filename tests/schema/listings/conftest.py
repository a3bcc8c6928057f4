"""What the tests of listings' face ask for."""

import pytest

from market.kernel.market import Market
from tests.catalogue.fair import Fair
from tests.schema.listings.walking import Walk


@pytest.fixture(name="walk")
def _walk(market: Market) -> Walk:
    return Walk(Fair(market))
