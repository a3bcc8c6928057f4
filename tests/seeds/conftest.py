from collections.abc import Iterator
from pathlib import Path
import psycopg, pytest
from market.kernel.database import open_database
from market.kernel.market import Market
from market.migrations import upgrade

@pytest.fixture(params=["sqlite", "postgresql"])
def market(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Market]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/m.db"
    else:
        with psycopg.connect("postgresql://postgres:@/postgres?host=/tmp/pg/data", autocommit=True) as c:
            c.execute("drop database if exists seedtest with (force)"); c.execute("create database seedtest")
        url = "postgresql://postgres:@/seedtest?host=/tmp/pg/data"
    database = open_database(url)
    upgrade(database)
    m = Market(database)
    yield m
    m.close()
