"""What one pool's engine compiled, another's runs."""

from contextlib import closing

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import CacheStats
from sqlmodel import select

from market.kernel.database import open_database
from market.kernel.outbox import OutboxMessage
from tests.databases import Databases


def test_a_statement_is_compiled_once_for_all_pools_and_databases(databases: Databases) -> None:
    statement = select(OutboxMessage.id).where(OutboxMessage.topic == sa.literal("only this test asks so"))
    found = []
    for url in (databases.create(), databases.create()):
        with closing(open_database(url)) as database:
            for engine in (database.writer, database.readers):
                with engine.connect() as connection:
                    found.append(connection.execute(statement).context.cache_hit)
        databases.drop(url)

    assert found == [CacheStats.CACHE_MISS, *[CacheStats.CACHE_HIT] * 3]
