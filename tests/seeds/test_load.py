"""Load data: inserted past the use cases, and still as true as if made by them."""

from datetime import UTC, datetime
from random import Random

import pytest
import sqlalchemy as sa
from sqlmodel import col, func, select
from typeid import TypeID

from market.catalogue.tables import Listing
from market.kernel.market import Market
from market.migrations import differences
from seeds.load import Amount, seed_load
from seeds.load.bulk import Ids
from tests.seeds.kept import assert_every_listing_can_be_found, assert_kept_columns_are_true, titles_found
from tests.seeds.snapshot import rows

NOW = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)
LITTLE = Amount(products=1200, packages=60)


@pytest.fixture(name="morning")
def _morning(market: Market) -> Market:
    return Market(market.database, clock=lambda: NOW)


def test_load_data_is_true_and_found(morning: Market) -> None:
    report = seed_load(morning, LITTLE)

    assert (report.counts["products"], report.counts["packages"], report.counts["sessions"]) == (1200, 60, 1800)
    assert (report.counts["villages"], report.counts["cooperatives"], report.counts["producers"]) == (200, 100, 2000)
    with morning.read() as session:
        assert_kept_columns_are_true(session, NOW)
        assert_every_listing_can_be_found(session)
        bayberries = select(func.count()).where(col(Listing.title).contains("杨梅"))
        assert session.exec(bayberries).one() == 100
        titles = set(session.exec(select(Listing.title).where(col(Listing.title).contains("杨梅"))))
    assert titles_found(morning, "杨梅") == titles


def test_a_database_with_load_data_is_left_alone_and_has_its_indexes(morning: Market) -> None:
    indexes = index_names(morning)
    seed_load(morning, LITTLE)
    with morning.read() as session:
        before = rows(session)

    report = seed_load(morning, "large")

    assert not report.is_new
    with morning.read() as session:
        assert rows(session) == before
    assert index_names(morning) == indexes
    assert differences(morning.database) == []


def index_names(market: Market) -> set[str]:
    with market.read() as session:
        inspector = sa.inspect(session.connection())
        tables = inspector.get_table_names()
        return {str(index["name"]) for table in tables for index in inspector.get_indexes(table)}


def test_bulk_ids_are_those_of_the_reference_and_grow() -> None:
    ids = Ids(Random(1), 1_780_000_000_000)
    made = [ids.new("prd") for _ in range(10_000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)
    for each in made[::1000]:
        uuid = TypeID.from_string(each).uuid
        assert (uuid.version, uuid.variant) == (7, "specified in RFC 4122")
        assert 0 <= (uuid.int >> 80) - 1_780_000_000_000 <= 10
