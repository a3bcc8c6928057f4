"""SQLite: the embedded default. WAL, foreign keys, `BEGIN IMMEDIATE` for the one writer, FULL sync (money is real)."""

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.pool import QueuePool

from market.kernel.database.compiled import OPTIONS, Interchangeable
from market.kernel.database.engine import Engine, Json, News, Reader, Text
from market.kernel.database.prebuilt import Channel
from market.kernel.topics import Topics

try:
    # The standard module with a current SQLite inside: before 3.46 nested projections overflow a fixed parser stack.
    import pysqlite3.dbapi2 as sqlite3  # type: ignore[import-untyped]  # it has no stubs; the interface is sqlite3's
except ImportError:  # no wheel for this machine: its own SQLite serves, with less deep queries
    import sqlite3

READER_THREADS = 2
"""As many as statements can really run at once on two cores; more only pass the interpreter lock around."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # what was deleted of a person is wiped, not left in free space
    "PRAGMA busy_timeout=5000",
    "PRAGMA cache_size=-16384",
    "PRAGMA mmap_size=1073741824",
    "PRAGMA temp_store=MEMORY",
)
_TIERS = ("title", "place", "body")
_ARGUMENTS_MAX = 100
"""SQLITE_MAX_FUNCTION_ARG of versions before 3.48."""


def _prepare(connection: sqlite3.Connection, *, read_only: bool) -> None:
    connection.isolation_level = None  # SQLAlchemy's begin event says BEGIN, not the driver
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    if read_only:
        connection.execute("PRAGMA query_only=ON")


class SqliteDialect(Interchangeable, sqlite_dialect.pysqlite.dialect):
    """SQLAlchemy's own."""

    supports_statement_cache = True  # it asks every class for itself


sa.dialects.registry.register("sqlite.market", __name__, SqliteDialect.__name__)


class SqliteEngine(Engine):
    """One file, one writer, a few readers."""

    name = "sqlite"
    dialect = sqlite_dialect.dialect(paramstyle="qmark")
    writers = 1

    def __init__(self, path: str) -> None:
        self.path = path

    def writer(self) -> sa.Engine:
        # One connection: writers queue for it, so "database is locked" cannot happen within a process.
        return self._engine(read_only=False, pool_size=self.writers, begin="IMMEDIATE")

    @contextmanager
    def hurried(self, writer: sa.Engine) -> Iterator[None]:
        def synchronise(how: str) -> None:
            with closing(writer.raw_connection()) as connection:
                connection.cursor().execute(f"PRAGMA synchronous={how}")

        synchronise("NORMAL")
        try:
            yield
        finally:
            synchronise("FULL")

    def be_patient(self, connection: sa.Connection) -> None:
        """Statements have no limit here."""

    def readers(self) -> sa.Engine:
        return self._engine(read_only=True, pool_size=4, begin="DEFERRED")

    def _engine(self, *, read_only: bool, pool_size: int, begin: str) -> sa.Engine:
        engine = sa.create_engine(
            f"sqlite+market:///{self.path}",
            execution_options=OPTIONS,
            module=sqlite3,
            poolclass=QueuePool,
            pool_size=pool_size,
            max_overflow=0,
            hide_parameters=True,  # what people wrote has no place in errors and logs
            pool_timeout=10,
            connect_args={"check_same_thread": False},
        )

        @event.listens_for(engine, "connect")
        def connect(connection: sqlite3.Connection, _record: object) -> None:
            _prepare(connection, read_only=read_only)

        @event.listens_for(engine, "begin")
        def start(connection: sa.Connection) -> None:
            Channel(connection, None).run(f"BEGIN {begin}")

        return engine

    def reader(self) -> "SqliteReader":
        return SqliteReader(self)

    def reading_connection(self) -> sqlite3.Connection:
        """A raw connection that cannot write, for one thread."""
        connection = sqlite3.connect(self.path, cached_statements=512, check_same_thread=False)
        _prepare(connection, read_only=True)
        return connection

    def news(self, topics: Topics) -> "SqliteNews":
        return SqliteNews(self, topics)

    def is_transient(self, error: Exception) -> bool:
        if isinstance(error, sa.exc.TimeoutError):
            return True
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        return code in {
            sqlite3.SQLITE_BUSY,
            sqlite3.SQLITE_LOCKED,
            sqlite3.SQLITE_FULL,
            sqlite3.SQLITE_IOERR,
            sqlite3.SQLITE_CANTOPEN,
        }

    def announce(self, connection: sa.Connection, topics: Sequence[str]) -> None:
        version = connection.exec_driver_sql("SELECT coalesce(max(version), 0) + 1 FROM topic_version").scalar_one()
        connection.exec_driver_sql(
            "INSERT INTO topic_version (topic, version) VALUES (?, ?)"
            " ON CONFLICT (topic) DO UPDATE SET version = excluded.version",
            [(topic, version) for topic in topics],
        )

    def json_object(self, pairs: Sequence[tuple[str, sa.ColumnElement[Any]]]) -> Json:
        half = _ARGUMENTS_MAX // 2
        if len(pairs) <= half:
            return _object(pairs)
        parts = [pairs[i : i + half] for i in range(0, len(pairs), half)]
        joined: sa.ColumnElement[str] = sa.literal_column("'{'")
        for number, part in enumerate(parts):
            text = sa.cast(_object(part), sa.Text)
            inner = sa.func.substr(text, 2, sa.func.length(text) - 2)
            joined = joined.concat("," if number else "").concat(inner)
        return sa.func.json(joined.concat("}"), type_=sa.Text)

    def json_list(self, item: Json, *, only: sa.ColumnElement[bool] | None = None) -> Json:
        gathered = sa.func.json_group_array(item, type_=sa.Text)
        return gathered if only is None else gathered.filter(only)

    def json_nested(self, value: Json) -> Json:
        # A subquery's result loses SQLite's JSON mark; json() gives it back.
        return sa.func.json(value, type_=sa.Text)

    def json_boolean(self, condition: sa.ColumnElement[Any]) -> Json:
        true, false = sa.literal_column("'true'", sa.Text), sa.literal_column("'false'", sa.Text)
        one, zero = sa.literal_column("1", sa.Integer), sa.literal_column("0", sa.Integer)
        return sa.func.json(sa.case((one, true), (zero, false), value=condition), type_=sa.Text)

    def json_moment(self, column: sa.ColumnElement[Any]) -> Text:
        return sa.func.strftime("%Y-%m-%dT%H:%M:%SZ", column, type_=sa.Text)

    def json_date(self, column: sa.ColumnElement[Any]) -> Text:
        return sa.type_coerce(column, sa.Text)

    def json_text(self, value: Json) -> Text:
        return value

    def elements(self, values: sa.ColumnElement[Any]) -> sa.FromClause:
        rows = sa.func.json_each(values).table_valued("key", "value", name="element")
        return sa.select(
            sa.type_coerce(rows.c.value, sa.Text).label("value"),
            (sa.type_coerce(rows.c.key, sa.Integer) + 1).label("position"),
        ).subquery("elements")

    def bind_list(self, values: Sequence[str]) -> Any:
        return json.dumps(list(values))

    def position(self, text: sa.ColumnElement[Any], part: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
        return sa.func.instr(text, part, type_=sa.Integer)

    def matches(self, search: sa.FromClause, tier: int, words: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        # `search_words` names the columns, so the table itself is matched.
        return sa.literal_column("listing_search", sa.Text).op("MATCH", is_comparison=True)(words)

    def matches_any(self, search: sa.FromClause, words: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        return self.matches(search, 0, words)

    def search_words(self, tier: int | None, phrases: Sequence[Sequence[str]], prefixes: Sequence[str]) -> str:
        terms = [f'"{" ".join(phrase)}"' for phrase in phrases] + [f'"{word}"*' for word in prefixes]
        wanted = " AND ".join(terms)
        if tier is None or tier == len(_TIERS) - 1:
            found = f"({wanted})"
        else:
            found = f"({{{' '.join(_TIERS[: tier + 1])}}} : ({wanted}))"
        # Not what a nearer tier has found already.
        return f"{found} NOT ({{{' '.join(_TIERS[:tier])}}} : ({wanted}))" if tier else found

    def search_index(self, texts: Sequence[str]) -> dict[str, Any]:
        return dict(zip(_TIERS, texts, strict=True))


def _object(pairs: Sequence[tuple[str, sa.ColumnElement[Any]]]) -> Json:
    flat: list[Any] = []
    for key, value in pairs:
        flat += [sa.literal_column("'" + key + "'"), value]
    return sa.func.json_object(*flat, type_=sa.Text)


class SqliteReader(Reader):
    """A few threads, each with its own connection: no lock, no hand-over, the statement cache stays warm."""

    def __init__(self, engine: SqliteEngine) -> None:
        self._engine = engine
        self._own = threading.local()
        self._threads: ThreadPoolExecutor | None = None

    def _open(self) -> None:
        self._own.connection = self._engine.reading_connection()

    def _run(self, sql: str, values: Sequence[Any]) -> bytes | None:
        row = self._own.connection.execute(sql, values).fetchone()
        return None if row is None or row[0] is None else row[0].encode()

    async def text(self, sql: str, values: Sequence[Any], *, plan_each_time: bool) -> bytes | None:
        if self._threads is None:
            await self.open()
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, sql, values)

    async def open(self) -> None:
        self._threads = ThreadPoolExecutor(READER_THREADS, "sqlite-reader", initializer=self._open)

    async def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown()
            self._threads = None


class SqliteNews(News):
    """Asks the file whether anybody else committed (a look at shared memory), and only then what."""

    def __init__(self, engine: SqliteEngine, topics: Topics) -> None:
        self._engine = engine
        self._topics = topics
        self._connection: sqlite3.Connection | None = None
        self._seen = (0, 0)
        """`PRAGMA data_version`, and the highest topic version read."""

    def poll(self) -> None:
        connection = self._connection
        if connection is None:
            self._topics.bump_all()  # not listening: trust nothing
            return
        (data_version,) = connection.execute("PRAGMA data_version").fetchone()
        if data_version == self._seen[0]:
            return
        rows = connection.execute(
            "SELECT topic, version FROM topic_version WHERE version > ?", (self._seen[1],)
        ).fetchall()
        self._topics.bump(topic for topic, _version in rows)
        self._seen = (data_version, max([version for _topic, version in rows], default=self._seen[1]))

    async def open(self) -> None:
        connection = self._engine.reading_connection()
        (version,) = connection.execute("SELECT coalesce(max(version), 0) FROM topic_version").fetchone()
        self._seen = (0, version)
        self._connection = connection

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
