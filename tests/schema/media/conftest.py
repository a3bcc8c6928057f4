"""A county to upload in, and a store for its pictures."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from market.kernel.market import Market
from market.media.links import Links
from market.media.objects import open_objects
from market.media.store import MediaStore
from tests.organisations.county import County


@pytest.fixture(name="county")
def _county(market: Market) -> County:
    return County(market)


@pytest.fixture(name="store")
def _store(market: Market) -> Iterator[MediaStore]:
    links = Links.of(market.sealer, public_url="/media/")
    with closing(MediaStore(open_objects("memory:///"), links)) as store:
        yield store
