"""Open a database by URL; one transaction helper; readers that cannot write."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from market.kernel.database.engine import Engine
from market.kernel.errors import Unavailable
from market.kernel.topics import TOPICS, Topics


def open_database(url: str) -> "Database":
    """The database of this URL (`sqlite:///path` or `postgresql://…`), or refuses with ValueError. Connects lazily."""
    parsed = sa.make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise ValueError("SQLite needs a file: sqlite:///var/market.db (every thread opens it for itself)")
            from market.kernel.database.sqlite import SqliteEngine  # noqa: PLC0415  # only one engine's driver is loaded

            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            return Database(SqliteEngine(parsed.database))
        case "postgresql":
            from market.kernel.database.postgresql import PostgresqlEngine  # noqa: PLC0415  # as above

            return Database(PostgresqlEngine(parsed))
        case other:
            raise ValueError(f"{other} is not supported: use sqlite:///… or postgresql://…")


class Database:
    """Connections to one database, and the only place that commits."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.topics = Topics()
        self.writer = engine.writer()
        self.readers = engine.readers()
        self.reader = engine.reader()
        self.news = engine.news(self.topics)

    @contextmanager
    def transaction(self, *, patiently: bool = False) -> Iterator[Session]:
        """One transaction: committed when the block ends, undone when it raises. `patiently`: its statements may take
        as long as those of a long read.

        Refuses with Unavailable when the engine is busy, full or cut off; nothing is then half done.
        """
        try:
            with Session(self.writer, expire_on_commit=False) as session:
                if patiently:
                    self.engine.be_patient(session.connection())
                yield session
                session.flush()
                touched: set[str] = session.info.pop(TOPICS, set())
                if touched:
                    self.engine.announce(session.connection(), sorted(touched))
                session.commit()
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
            if self.engine.is_transient(error):
                raise Unavailable from error
            raise
        self.topics.bump(touched)

    @contextmanager
    def read(self, *, patiently: bool = False) -> Iterator[Session]:
        """A session that cannot write. `patiently`: for reports and checks, whose statements look at millions of rows
        and may take a minute. Refuses with Unavailable as `transaction` does."""
        try:
            with Session(self.readers, expire_on_commit=False) as session:
                if patiently:
                    self.engine.be_patient(session.connection())
                yield session
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
            if self.engine.is_transient(error):
                raise Unavailable from error
            raise

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """For data that can be made again: within, no commit waits until it is on the disk. Nothing is ever half there,
        but a power cut may take back the last of it."""
        with self.engine.hurried(self.writer):
            yield

    async def text(self, sql: str, values: Sequence[Any], *, plan_each_time: bool) -> bytes | None:
        """The one text of a prepared read statement, None when it has no row. Refuses with Unavailable."""
        try:
            return await self.reader.text(sql, values, plan_each_time=plan_each_time)
        except Exception as error:
            if self.engine.is_transient(error):
                raise Unavailable from error
            raise

    def close(self) -> None:
        """Give all connections back. The raw reader is closed by whoever runs its event loop."""
        self.writer.dispose()
        self.readers.dispose()
