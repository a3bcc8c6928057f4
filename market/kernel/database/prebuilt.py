"""Statements built once and run often: compiled at their first use, then given to the driver with nothing in between.

SQLAlchemy's own way from a statement to rows takes some ten times longer than the driver's: more than the database takes
for a keyed row. On the paths that everybody waits for (placing an order), that is most of the time.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import SessionTransaction
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import iterate
from sqlmodel import Session

_NO_VALUES: Mapping[str, Any] = {}
_CHANNEL = "market.channel"
Process = Callable[[Any], Any]


class Prebuilt:
    """A SELECT, INSERT, UPDATE or DELETE of tables (not of entities), for a session's own transaction.

    Values are bound by the names of `bindparam`s or, for INSERT, of columns; lists for those that are expanding. Types
    are converted, errors are SQLAlchemy's and `before_cursor_execute` is heard as if `session.execute` had run it. Rows
    are named tuples. What the session has pending is written first, as before any query.
    """

    def __init__(self, clause: sa.Select[Any] | sa.CompoundSelect[Any] | sa.UpdateBase) -> None:
        self._clause = clause
        self._has_lists = any(isinstance(part, sa.BindParameter) and part.expanding for part in iterate(clause))
        self._compiled: dict[tuple[Any, ...], _Compiled] = {}

    def all(self, session: Session, values: Mapping[str, Any] = _NO_VALUES) -> list[Any]:
        """Every row."""
        channel = channel_of(session)
        compiled = self._for(channel, values)
        return compiled.rows(channel.run(compiled.sql, compiled.bound(values)))

    def first(self, session: Session, values: Mapping[str, Any] = _NO_VALUES) -> Any:
        """The first row, None when there is none."""
        rows = self.all(session, values)
        return rows[0] if rows else None

    def one(self, session: Session, values: Mapping[str, Any] = _NO_VALUES) -> Any:
        """The only row. Refuses with NoResultFound or MultipleResultsFound."""
        rows = self.all(session, values)
        if len(rows) != 1:
            raise (sa.exc.MultipleResultsFound if rows else sa.exc.NoResultFound)(f"{len(rows)} rows, not one")
        return rows[0]

    def run(self, session: Session, values: Mapping[str, Any] = _NO_VALUES) -> int:
        """Run it for its effect; how many rows that was."""
        channel = channel_of(session)
        compiled = self._for(channel, values)
        return int(channel.run(compiled.sql, compiled.bound(values)).rowcount)

    def run_each(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it for its effect with each of these, all of which have the same names."""
        if len(rows) == 1:
            self.run(session, rows[0])
        elif rows:
            channel = channel_of(session)
            compiled = self._for(channel, rows[0])
            channel.run(compiled.sql, [compiled.bound(row) for row in rows], is_many=True)

    def _for(self, channel: "Channel", values: Mapping[str, Any]) -> "_Compiled":
        key: tuple[Any, ...] = (channel.dialect.name, *values)
        if self._has_lists:
            key += tuple([len(value) for value in values.values() if type(value) is list])
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = _Compiled(self._clause, channel.dialect, values)
        return compiled


class Channel:
    """The driver's cursor on a connection, for one transaction (or what is nested in it)."""

    __slots__ = ("_cursor", "_hears", "connection", "dialect", "transaction")

    def __init__(self, connection: sa.Connection, transaction: SessionTransaction | None) -> None:
        self.connection = connection
        self.transaction = transaction
        self.dialect = connection.dialect
        self._cursor = connection.connection.cursor()
        self._hears = tuple(connection.engine.dispatch.before_cursor_execute)

    def run(self, sql: str, values: Any = (), *, is_many: bool = False) -> Any:
        """Run a statement as the driver takes it; the cursor, which is the next call's too: fetch at once. Refuses with the
        SQLAlchemy error that the driver's is."""
        cursor = self._cursor
        for hear in self._hears:
            hear(self.connection, cursor, sql, values, None, is_many)
        try:
            (cursor.executemany if is_many else cursor.execute)(sql, values)
        except self.dialect.loaded_dbapi.Error as error:
            raise _translated(self.connection, cursor, sql, error) from error
        return cursor


def channel_of(session: Session) -> Channel:
    """The session's, in its transaction, begun if need be; what it has pending is written."""
    session.flush()
    found: Channel | None = session.info.get(_CHANNEL)
    current = session.get_nested_transaction() or session.get_transaction()
    if found is None or current is None or found.transaction is not current or not current.is_active:
        connection = session.connection()  # sets the savepoint of a nested one, refuses one that has failed
        current = session.get_nested_transaction() or session.get_transaction()
        found = session.info[_CHANNEL] = Channel(connection, current)
    return found


def _translated(connection: sa.Connection, cursor: Any, sql: str, error: Any) -> BaseException:
    dialect = connection.dialect
    is_lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, cursor)
    if is_lost:
        connection.invalidate(error)
    made: BaseException = sa.exc.DBAPIError.instance(
        sql,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=dialect,
    )
    return made


def _defaults(compiled: SQLCompiler) -> dict[str, Any]:
    """The defaults of columns that an INSERT does not name. ValueError for one that must be reckoned each time."""
    found = {}
    for column in compiled.insert_prefetch:
        if not isinstance(column.default, sa.ColumnDefault) or not column.default.is_scalar:
            raise ValueError(f"give {column} a value: its default is not one")
        found[column.key] = column.default.arg
    return found


class _Compiled:
    """A statement for one engine and these names (and lengths of lists)."""

    def __init__(self, clause: Any, dialect: sa.Dialect, values: Mapping[str, Any]) -> None:
        compiled: SQLCompiler = clause.compile(dialect=dialect, column_keys=list(values))
        state = compiled.construct_expanded_state(values)
        self.sql = state.statement
        self._lists = {name: tuple(parts) for name, parts in state.parameter_expansion.items()}
        processors: dict[str, Any] = {**compiled._bind_processors, **state.processors}  # noqa: SLF001 - as in `engine`
        parts = {part for names in self._lists.values() for part in names}
        given = values.keys() | parts
        constants = {**state.parameters, **_defaults(compiled)}
        self._constants = {name: value for name, value in constants.items() if name not in given}
        self._is_named = state.positiontup is None
        names = state.parameters if state.positiontup is None else state.positiontup
        self._places = [(name, processors.get(name)) for name in names]
        self._columns = tuple(clause.exported_columns)
        # A name that cannot be an attribute's is a place only.
        keys = [each.key for each in self._columns]
        row: Any = namedtuple("Row", keys, rename=True)  # type: ignore[misc]  # noqa: PYI024  # known at run time
        self._row_of = row._make
        self._dialect = dialect
        self._readers: list[tuple[int, Process]] | None = None

    def bound(self, values: Mapping[str, Any]) -> Any:
        """The values as the driver takes them: by place, or by name."""
        if self._constants:
            values = {**self._constants, **values}
        for name, parts in self._lists.items():
            values = {**values, **dict(zip(parts, values[name], strict=True))}
        if self._is_named:
            return {name: process(values[name]) if process else values[name] for name, process in self._places}
        return [process(values[name]) if process else values[name] for name, process in self._places]

    def rows(self, cursor: Any) -> list[Any]:
        """What came back, with types converted."""
        found = cursor.fetchall()
        if not found:
            return []
        readers = self._readers
        if readers is None:
            readers = self._readers = list(self._processors_of(cursor.description))
        made = self._row_of
        if not readers:
            return [made(row) for row in found]
        rows = []
        for row in found:
            values = list(row)
            for place, process in readers:
                values[place] = process(values[place])
            rows.append(made(values))
        return rows

    def _processors_of(self, description: Sequence[Sequence[Any]]) -> Iterable[tuple[int, Process]]:
        for place, (column, told) in enumerate(zip(self._columns, description, strict=True)):
            kind = column.type.dialect_impl(self._dialect)
            process = kind.result_processor(self._dialect, told[1])
            if process is not None:
                yield place, process
