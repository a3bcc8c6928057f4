"""PostgreSQL: the production engine. READ COMMITTED, bounded pools, time-outs on everything, prepared statements."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, TSVECTOR
from sqlalchemy.dialects.postgresql import psycopg as psycopg_dialect

from market.kernel.database.alive import keep_alive
from market.kernel.database.compiled import OPTIONS, Interchangeable
from market.kernel.database.engine import Engine, Json, News, Reader, Text
from market.kernel.database.pipe import Pipe
from market.kernel.topics import Topics

READERS = 4
"""Connections for reads, of each kind: statements that run at once on two cores, and some that wait."""
CHANNEL = "market_topics"
_NOTICE_BYTES_MAX = 7900  # NOTIFY refuses payloads of 8,000 bytes
_SETTINGS = (
    "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000 -c jit=off"
    " -c timezone=UTC"
)
PATIENCE_MS = 60_000
"""How long a statement of a report or a check may take; of anything else, 5 seconds."""
_CONNECT: dict[str, Any] = {"connect_timeout": 3, "keepalives_idle": 30, "tcp_user_timeout": 5000}
_TIERS = ("title", "place", "body")
_BOUNDARY = "\ue000"
_POSITION_MAX = 16_383
"""A tsvector counts no further."""
_ARGUMENTS_MAX = 100
"""FUNC_MAX_ARGS of a default build."""


class PostgresqlDialect(Interchangeable, psycopg_dialect.dialect):
    """SQLAlchemy's own."""

    supports_statement_cache = True  # it asks every class for itself


sa.dialects.registry.register("postgresql.market", __name__, PostgresqlDialect.__name__)


class PostgresqlEngine(Engine):
    """A server, spoken to by psycopg for transactions and projections alike."""

    name = "postgresql"
    dialect = psycopg_dialect.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # SQLAlchemy has no annotation
    writers = 8

    def __init__(self, url: sa.URL) -> None:
        self.url = url.set(drivername="postgresql+market")

    def writer(self) -> sa.Engine:
        return self._engine(self.writers, _SETTINGS)

    @contextmanager
    def hurried(self, writer: sa.Engine) -> Iterator[None]:
        def begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")

        event.listen(writer, "begin", begin)
        try:
            yield
        finally:
            event.remove(writer, "begin", begin)

    def be_patient(self, connection: sa.Connection) -> None:
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.exec_driver_sql(f"SET LOCAL {limit} = {PATIENCE_MS}")

    def readers(self) -> sa.Engine:
        return self._engine(4, _SETTINGS + " -c default_transaction_read_only=on")

    def _engine(self, size: int, settings: str) -> sa.Engine:
        engine = sa.create_engine(
            self.url,
            execution_options=OPTIONS,
            pool_size=size,
            max_overflow=0,
            hide_parameters=True,  # what people wrote has no place in errors and logs
            pool_timeout=10,
            connect_args=_CONNECT | {"options": settings},
        )
        return keep_alive(engine)

    def reader(self) -> "PostgresqlReader":
        return PostgresqlReader(self._conninfo())

    def news(self, topics: Topics) -> "PostgresqlNews":
        return PostgresqlNews(self._conninfo(), topics)

    def _conninfo(self) -> str:
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def is_transient(self, error: Exception) -> bool:
        if isinstance(error, sa.exc.TimeoutError):
            return True
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        # Cut off, restarting, out of connections or space, timed out, deadlock, serialization.
        return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)

    def announce(self, connection: sa.Connection, topics: Sequence[str]) -> None:
        payload = ",".join(topics)
        if len(payload.encode()) > _NOTICE_BYTES_MAX:
            payload = "*"
        connection.execute(sa.select(sa.func.pg_notify(CHANNEL, payload)))

    def json_object(self, pairs: Sequence[tuple[str, sa.ColumnElement[Any]]]) -> Json:
        half = _ARGUMENTS_MAX // 2
        if len(pairs) <= half:
            return _object(pairs)
        parts = [pairs[i : i + half] for i in range(0, len(pairs), half)]
        joined: sa.ColumnElement[str] = sa.literal_column("'{'")
        for number, part in enumerate(parts):
            text = sa.cast(_object(part), sa.Text)
            joined = joined.concat(sa.literal_column("','" if number else "''"))
            joined = joined.concat(sa.func.substr(text, 2, sa.func.length(text) - 2))
        return sa.cast(joined.concat(sa.literal_column("'}'")), sa.JSON)

    def json_list(self, item: Json, *, only: sa.ColumnElement[bool] | None = None) -> Json:
        gathered = sa.func.json_agg(item, type_=sa.JSON)
        chosen = gathered if only is None else gathered.filter(only)
        return sa.func.coalesce(chosen, sa.literal_column("'[]'::json"))

    def json_nested(self, value: Json) -> Json:
        return value

    def json_boolean(self, condition: sa.ColumnElement[Any]) -> Json:
        return condition

    def json_moment(self, column: sa.ColumnElement[Any]) -> Text:
        return sa.func.to_char(column, sa.literal_column("""'YYYY-MM-DD"T"HH24:MI:SS"Z"'"""))

    def json_date(self, column: sa.ColumnElement[Any]) -> Text:
        return column

    def json_text(self, value: Json) -> Text:
        return sa.cast(value, sa.Text)

    def elements(self, values: sa.ColumnElement[Any]) -> sa.FromClause:
        rows = (
            sa.func.unnest(sa.cast(values, ARRAY(sa.Text)))
            .table_valued(sa.column("value", sa.Text), with_ordinality="position", name="element")
            .render_derived()
        )
        return sa.select(rows.c.value, rows.c.position).subquery("elements")

    def bind_list(self, values: Sequence[str]) -> Any:
        return list(values)

    def position(self, text: sa.ColumnElement[Any], part: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
        return sa.func.strpos(text, part, type_=sa.Integer)

    def matches(self, search: sa.FromClause, tier: int, words: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        found = _has(search, tier, words)
        return found if tier == 0 else sa.and_(found, sa.not_(_has(search, tier - 1, words)))

    def matches_any(self, search: sa.FromClause, words: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        return _has(search, len(_TIERS) - 1, words)

    def search_words(self, tier: int | None, phrases: Sequence[Sequence[str]], prefixes: Sequence[str]) -> str:
        terms = [" <-> ".join(f"'{token}'" for token in phrase) for phrase in phrases]
        return " & ".join([f"({term})" for term in terms] + [f"'{word}':*" for word in prefixes])

    def search_index(self, texts: Sequence[str]) -> dict[str, Any]:
        # Each column holds its own tier and the nearer ones, so that words may be spread over them.
        lexemes: dict[str, str] = {}
        columns, position = {}, 0
        for name, text in zip(_TIERS, texts, strict=True):
            position = _gather(lexemes, text, position)
            columns[name] = " ".join(lexemes.values())
        return columns


def _object(pairs: Sequence[tuple[str, sa.ColumnElement[Any]]]) -> Json:
    flat: list[Any] = []
    for key, value in pairs:
        flat += [sa.literal_column("'" + key + "'"), value]
    return sa.func.json_build_object(*flat, type_=sa.JSON)


def _has(search: sa.FromClause, tier: int, words: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    vector = sa.type_coerce(search.c[_TIERS[tier]], TSVECTOR)
    return vector.bool_op("@@")(sa.cast(words, TSQUERY))


def _gather(lexemes: dict[str, str], text: str, last: int) -> int:
    """Add a text's tokens to a tsvector literal to be, made here so that no server-side parser or locale has a say in
    it; the position of the last. The boundary token only takes up a position: phrases do not reach over it."""
    tokens = text.split()
    for position, token in enumerate(tokens, start=last + 1):
        if token != _BOUNDARY and position < _POSITION_MAX:
            found = lexemes.get(token)
            lexemes[token] = f"'{token}':{position}" if found is None else f"{found},{position}"
    return last + len(tokens)


class PostgresqlReader(Reader):
    """A few connections of the async driver for keyed lists, whose plans are made once, and a few for statements that
    are planned for their values each time."""

    def __init__(self, conninfo: str) -> None:
        self._keyed = _Connections(conninfo, "force_generic_plan")
        self._valued = _Connections(conninfo, "force_custom_plan")

    async def text(self, sql: str, values: Sequence[Any], *, plan_each_time: bool) -> bytes | None:
        return await (self._valued if plan_each_time else self._keyed).text(sql, values)

    async def open(self) -> None:
        await self._keyed.open()

    async def close(self) -> None:
        await self._keyed.close()
        await self._valued.close()


class _Connections:
    """Connections with one way of planning; the last used is the first used again, so that its plans stay warm."""

    def __init__(self, conninfo: str, plans: str) -> None:
        self._conninfo = conninfo
        self._options = f"{_SETTINGS} -c default_transaction_read_only=on -c plan_cache_mode={plans}"
        self._free: list[Pipe] = []
        self._gate = asyncio.Semaphore(READERS)

    async def _connect(self) -> Pipe:
        return Pipe(
            await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True, options=self._options, **_CONNECT)
        )

    async def text(self, sql: str, values: Sequence[Any]) -> bytes | None:
        async with self._gate:
            pipe = self._free.pop() if self._free else await self._connect()
            if not pipe.is_open:
                await pipe.close()
                pipe = await self._connect()
            try:
                found = await pipe.value(sql, values)
            except BaseException:
                await pipe.close()  # whatever state it is in, the next one starts clean
                raise
            self._free.append(pipe)
        return found

    async def open(self) -> None:
        self._free.append(await self._connect())

    async def close(self) -> None:
        while self._free:
            await self._free.pop().close()


class PostgresqlNews(News):
    """Listens on a connection of its own. While it cannot, nothing cached is trusted."""

    def __init__(self, conninfo: str, topics: Topics) -> None:
        self._conninfo = conninfo
        self._topics = topics
        self._task: asyncio.Task[None] | None = None
        self._is_listening = False

    def poll(self) -> None:
        if not self._is_listening:
            self._topics.bump_all()

    async def _listen(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._conninfo, autocommit=True, **_CONNECT
                ) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self._topics.bump_all()  # what was said before is lost
                    self._is_listening = True
                    async for notice in connection.notifies():
                        if notice.payload == "*":
                            self._topics.bump_all()
                        else:
                            self._topics.bump(notice.payload.split(","))
            except psycopg.Error:
                self._is_listening = False
                await asyncio.sleep(1)
            finally:
                self._is_listening = False

    async def open(self) -> None:
        self._task = asyncio.create_task(self._listen())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
