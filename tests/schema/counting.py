"""Markets whose statements are counted, where the driver gets them."""

from collections.abc import Sequence
from typing import Any

from market.kernel.database import Database, Reader
from market.kernel.database.sqlite import SqliteEngine
from market.kernel.market import Market
from schema.projection.plan import Planner, RootPlan


class CountingReader(Reader):
    """Passes statements on, and remembers them."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.statements: list[str] = []

    async def text(self, sql: str, values: Sequence[Any], *, plan_each_time: bool) -> bytes | None:
        """Remember it, run it."""
        self.statements.append(sql)
        return await self._reader.text(sql, values, plan_each_time=plan_each_time)

    async def open(self) -> None:
        """Open the reader."""
        await self._reader.open()

    async def close(self) -> None:
        """Close the reader."""
        await self._reader.close()


class TracedEngine(SqliteEngine):
    """SQLite that says which statements its reading connections really ran."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.traced: list[str] = []

    def reading_connection(self) -> Any:
        """A connection that is traced once it is ready."""
        connection = super().reading_connection()
        connection.set_trace_callback(self._trace)
        return connection

    def _trace(self, sql: str) -> None:
        if "'main'." not in sql:  # the full-text index reads its own tables
            self.traced.append(sql)


class Counted:
    """What a market's readers have run."""

    def __init__(self, market: Market) -> None:
        engine = market.database.engine
        self._traced: TracedEngine | None = None
        if isinstance(engine, SqliteEngine):
            engine = self._traced = TracedEngine(engine.path)
        database = Database(engine)
        self._reader = database.reader = CountingReader(database.reader)
        self.market = Market(database, clock=market.now)

    def take(self) -> list[str]:
        """The statements since the last time."""
        statements, self._reader.statements = self._reader.statements, []
        if self._traced is not None:
            assert len(self._traced.traced) == len(statements), self._traced.traced
            self._traced.traced.clear()
        return statements


class CountingPlanner(Planner):
    """Counts the statements it makes."""

    compiled = 0

    def root(self, *args: Any, **kwargs: Any) -> RootPlan:
        """Count it, make it."""
        self.compiled += 1
        return super().root(*args, **kwargs)
