"""What every test may ask for: a fresh marketplace on each engine, the demo to read, a clock to set."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from market.kernel.clock import business_day
from market.kernel.database import open_database
from market.kernel.market import Market
from seeds.demo import seed_demo
from tests.clock import FakeClock
from tests.databases import ENGINES, Databases, PostgresqlDatabases, SqliteDatabases, postgresql_server

DEMO_NOW = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
"""When it is in the demo: late autumn, with much in season."""


@pytest.fixture(scope="session", name="sqlite_databases")
def _sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session", name="postgresql_databases")
def _postgresql_databases() -> Iterator[PostgresqlDatabases]:
    with postgresql_server() as server:
        databases = PostgresqlDatabases(server)
        yield databases
        databases.drop_migrated()


@pytest.fixture(scope="session", name="engine_name", params=ENGINES)
def _engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session", name="databases")
def _databases(engine_name: str, request: pytest.FixtureRequest) -> Databases:
    """Where to get databases of the engine; PostgreSQL is only started when a test needs it."""
    found: Databases = request.getfixturevalue(f"{engine_name}_databases")
    return found


@pytest.fixture(name="database_url")
def _database_url(databases: Databases) -> Iterator[str]:
    """An empty migrated database, this test's own."""
    url = databases.create()
    yield url
    databases.drop(url)


@pytest.fixture(name="clock")
def _clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(name="market")
def _market(database_url: str, clock: FakeClock) -> Iterator[Market]:
    """An empty marketplace, this test's own."""
    with closing(Market(open_database(database_url), clock=clock)) as market:
        yield market


@pytest.fixture(scope="session", name="demo_media")
def _demo_media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's pictures, drawn once for all."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session", name="seeded_market")
def _seeded_market(databases: Databases, demo_media: Path) -> Iterator[Market]:
    """The demo at DEMO_NOW. Everybody's: only read it."""
    url = databases.create()
    with closing(Market(open_database(url), clock=FakeClock(DEMO_NOW))) as market:
        seed_demo(market, demo_media.as_uri(), today=business_day(DEMO_NOW))
        yield market
    databases.drop(url)


@pytest.fixture(scope="session", name="anyio_backend")
def _anyio_backend() -> str:
    return "asyncio"
