"""Many rows at once, for load data only: what the two engines do differently when they take in millions.

Rows go past the use cases, so whoever calls this keeps the kept columns true. Indexes are dropped before and made
again after, in the same transaction: many times faster than growing them row by row.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from random import Random
from typing import Any, Protocol

import psycopg
import sqlalchemy as sa
from sqlmodel import Session

from market.kernel.market import Market

Row = Sequence[Any]

_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [a + b for a in _BASE32 for b in _BASE32]


class Ids:
    """TypeIDs in bulk: the same for the same chance, each later than the one before it, as version 7 wants."""

    def __init__(self, chance: Random, milliseconds: int) -> None:
        self._chance = chance
        self._count = milliseconds << 12

    def new(self, prefix: str) -> str:
        """The next id of this kind."""
        self._count += 1
        high = self._count >> 12 << 16 | 0x7000 | self._count & 0xFFF
        value = high << 64 | 0b10 << 62 | self._chance.getrandbits(62)
        return f"{prefix}_" + "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])


class _Bulk(Protocol):
    """What an engine must be able to do."""

    def open(self, market: Market) -> None:
        """Before the transaction: whatever cannot be changed within one."""

    def prepare(self, session: Session) -> None:
        """Lift what bounds ordinary transactions, for this one."""

    def insert(self, session: Session, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Insert rows whose values are as the driver wants them."""

    def aside(self, session: Session, tables: Sequence[str]) -> list[tuple[str, str]]:
        """What is dropped of these tables before and made again after, each as its two statements: indexes that guard
        no constraint, and foreign keys where checking them all at once is faster."""

    def later(self, column: sa.ColumnElement[Any], days: int) -> sa.ColumnElement[Any]:
        """A day or a moment, so many days later."""

    def month_of(self, day: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """The first day of a day's month."""

    def settle(self, market: Market) -> None:
        """Gather statistics and tidy up, outside a transaction."""


class _Sqlite:
    def open(self, market: Market) -> None:
        """A rollback journal in place of the log, when nobody else has the file open: what is only added is then
        written once, not to the log and again to the file. `settle` goes back to the log."""
        market.database.readers.dispose()
        with market.database.writer.connect() as connection:
            raw: Any = connection.connection.driver_connection
            with suppress(raw.OperationalError):  # somebody has: the log serves as well
                raw.execute("PRAGMA journal_mode=DELETE")

    def prepare(self, session: Session) -> None:
        """A cache that holds what is being sorted and looked up; `settle` opens the connection anew."""
        session.connection().exec_driver_sql("PRAGMA cache_size=-1048576")

    def insert(self, session: Session, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        connection: Any = session.connection().connection.driver_connection  # sqlite3, or a newer one from a wheel
        marks = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608 - names of our own tables

    def aside(self, session: Session, tables: Sequence[str]) -> list[tuple[str, str]]:
        query = sa.text("SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        rows = session.connection().execute(query).all()
        return [(f"DROP INDEX {name}", sql) for name, sql, table in rows if table in tables]

    def later(self, column: sa.ColumnElement[Any], days: int) -> sa.ColumnElement[Any]:
        by = f"{days:+} days"
        if isinstance(column.type, sa.Date):
            return sa.func.date(column, by)
        return sa.func.strftime("%Y-%m-%d %H:%M:%f", column, by).concat("000")  # as SQLAlchemy writes them

    def month_of(self, day: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.func.date(day, "start of month")

    def settle(self, market: Market) -> None:
        with market.transaction() as session:
            session.connection().exec_driver_sql("ANALYZE")
            session.connection().exec_driver_sql("INSERT INTO listing_search (listing_search) VALUES ('optimize')")
        with market.database.writer.connect() as connection:
            raw: Any = connection.connection.driver_connection
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the log is as large as the data now
        market.database.writer.dispose()


class _Postgresql:
    def open(self, market: Market) -> None:
        """Nothing."""

    def prepare(self, session: Session) -> None:
        for setting in ("statement_timeout = 0", "idle_in_transaction_session_timeout = 0"):
            session.connection().exec_driver_sql(f"SET LOCAL {setting}")
        session.connection().exec_driver_sql("SET LOCAL maintenance_work_mem = '256MB'")

    def insert(self, session: Session, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        connection = session.connection().connection.driver_connection
        assert isinstance(connection, psycopg.Connection)
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()) as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def aside(self, session: Session, tables: Sequence[str]) -> list[tuple[str, str]]:
        indexes = sa.text(
            "SELECT indexname, indexdef, tablename FROM pg_indexes WHERE schemaname = current_schema()"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        )
        keys = sa.text(
            "SELECT conname, pg_get_constraintdef(oid), conrelid::regclass::text FROM pg_constraint"
            " WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
        )
        connection = session.connection()
        found = [(f"DROP INDEX {name}", sql) for name, sql, table in connection.execute(indexes) if table in tables]
        return found + [
            (f"ALTER TABLE {table} DROP CONSTRAINT {name}", f"ALTER TABLE {table} ADD CONSTRAINT {name} {sql}")
            for name, sql, table in connection.execute(keys)
            if table in tables
        ]

    def later(self, column: sa.ColumnElement[Any], days: int) -> sa.ColumnElement[Any]:
        moved = column + sa.literal_column(f"interval '{days} days'", sa.Interval())
        return sa.cast(moved, sa.Date) if isinstance(column.type, sa.Date) else moved

    def month_of(self, day: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.cast(sa.func.date_trunc("month", day), sa.Date)

    def settle(self, market: Market) -> None:
        with market.database.writer.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("VACUUM ANALYZE")
            connection.exec_driver_sql("RESET statement_timeout")


_ENGINES: dict[str, _Bulk] = {"sqlite": _Sqlite(), "postgresql": _Postgresql()}


def bulk_of(session: Session) -> _Bulk:
    """What the session's engine does."""
    return _ENGINES[session.connection().dialect.name]


def bulk_insert(session: Session, table: sa.Table, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Step: insert rows with values in the order of the columns: COPY or executemany, whichever the driver has."""
    dialect = session.connection().dialect
    found = [(at, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for at, name in enumerate(columns)]
    processors = [(at, process) for at, process in found if process is not None]

    def ready(row: Row) -> Row:
        values = list(row)
        for at, process in processors:
            values[at] = process(values[at])
        return values

    bulk_of(session).insert(session, table.name, columns, map(ready, rows) if processors else rows)


@contextmanager
def bulk_transaction(market: Market, tables: Sequence[str]) -> Iterator[Session]:
    """One transaction without the time limits of others, in which these tables have no indexes until its end."""
    bulk = _ENGINES[market.database.engine.name]
    bulk.open(market)
    with market.transaction() as session:
        bulk.prepare(session)
        aside = bulk.aside(session, tables)
        for drop, _make in aside:
            session.connection().exec_driver_sql(drop)
        yield session
        for _drop, make in aside:
            session.connection().exec_driver_sql(make)


def settle(market: Market) -> None:
    """Let the planner know what there is now, and leave the files tidy."""
    _ENGINES[market.database.engine.name].settle(market)
