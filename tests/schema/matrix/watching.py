"""Whether anything was written, asked of the engine itself; and a database in which what is done is undone again.

SQLite counts in `data_version` what other connections commit. PostgreSQL gives every transaction that writes a number;
those given out meanwhile are looked up. Neither can miss a write, whichever way it was made.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from market.kernel.database import Database

_LAST = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
_COMMITTED = """
SELECT bool_or(pg_xact_status(number::text::xid8) = 'committed')
FROM generate_series(CAST(:since AS bigint), CAST(:until AS bigint) - 1) AS number
"""


class Watch:
    """Says what tables were changed since it last looked."""

    def __init__(self, database: Database) -> None:
        self._connection = database.readers.connect()
        self._is_sqlite = database.engine.name == "sqlite"
        self._tables = sorted(sa.inspect(self._connection).get_table_names())
        self._connection.rollback()
        self._seen = self._mark()
        self._rows = self._all_rows()

    def changed(self) -> set[str]:
        """The tables whose rows are other ones than when it last looked."""
        before, now = self._seen, self._mark()
        self._seen = now
        if now == before or not self._is_committed(before, now):
            return set()
        rows, self._rows = self._rows, self._all_rows()
        return {name for name in self._tables if rows[name] != self._rows[name]}

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _ask(self, sql: str, **values: Any) -> Any:
        with self._connection.begin():
            return self._connection.execute(sa.text(sql), values).scalar_one()

    def _mark(self) -> int:
        return int(self._ask("PRAGMA data_version" if self._is_sqlite else _LAST))

    def _is_committed(self, since: int, until: int) -> bool:
        # A row that was only locked takes a number too: then the rows are compared for nothing.
        return self._is_sqlite or bool(self._ask(_COMMITTED, since=since, until=until))

    def _all_rows(self) -> dict[str, list[str]]:
        with self._connection.begin():
            return {
                name: sorted(map(repr, self._connection.execute(sa.text(f'SELECT * FROM "{name}"'))))
                for name in self._tables
            }


class RehearsedDatabase(Database):
    """A database that undoes, when told to, whatever was done in it: all transactions then are parts of one."""

    _stage: sa.Connection | None = None

    @contextmanager
    def rehearsal(self, *, is_kept: bool = False) -> Iterator[None]:
        """What is committed in this block is rolled back at its end; or only then committed, all at once and faster."""
        with self.writer.connect() as stage:
            whole = stage.begin()
            self._stage = stage
            try:
                yield
                if is_kept:
                    whole.commit()
            finally:
                self._stage = None
                whole.close()

    @contextmanager
    def transaction(self, *, patiently: bool = False) -> Iterator[Session]:
        """As a part of the rehearsal, if there is one."""
        if self._stage is None:
            with super().transaction(patiently=patiently) as session:
                yield session
            return
        with self._part() as session:
            yield session
            session.commit()

    @contextmanager
    def read(self, *, patiently: bool = False) -> Iterator[Session]:
        """It sees what was done in the rehearsal."""
        if self._stage is None:
            with super().read(patiently=patiently) as session:
                yield session
            return
        with self._part() as session:
            yield session

    def _part(self) -> Session:
        return Session(self._stage, expire_on_commit=False, join_transaction_mode="create_savepoint")
