"""Prepared reads on PostgreSQL with nothing in between: psycopg's connection, and then libpq itself.

A projection's answer is one value that is passed on as it came, so cursors, adapters and row factories would only cost:
about half of a short read's time. Values go as text; the statements say their types (`$1::date`).
"""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg import errors, pq

STATEMENTS_MAX = 500


def as_text(value: Any) -> bytes | None:
    """A value as PostgreSQL reads it from text. Refuses with TypeError a kind that projections do not bind.

    >>> as_text(["a", "b c"])
    b'{"a","b c"}'
    """
    match value:
        case str():
            return value.encode()
        case bool():
            return b"true" if value else b"false"
        case int() | float():
            return repr(value).encode()
        case datetime() | date():
            return value.isoformat().encode()
        case list():
            quoted = ['"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in value]
            return ("{" + ",".join(quoted) + "}").encode()
        case None:
            return None
    raise TypeError(f"a {type(value).__name__} cannot be bound")


class Pipe:
    """One connection, for one statement at a time."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection
        self._pg = connection.pgconn
        self._socket = connection.pgconn.socket
        self._loop = asyncio.get_running_loop()
        self._prepared: dict[str, bytes] = {}
        self._answer: asyncio.Future[pq.abc.PGresult] | None = None
        self._last: pq.abc.PGresult | None = None
        self._loop.add_reader(self._socket, self._readable)

    @property
    def is_open(self) -> bool:
        """Whether it can be used; a server that went away is noticed when it goes."""
        return self._pg.status == pq.ConnStatus.OK and self._loop is asyncio.get_running_loop()

    async def value(self, sql: str, values: Sequence[Any]) -> bytes | None:
        """The first value of the first row as text, None when there is no row or it is null.

        Refuses with the psycopg error that the server, or its absence, is; the connection is then to be closed.
        """
        name = self._prepared.get(sql)
        if name is None:
            name = await self._prepare(sql)
        self._pg.send_query_prepared(name, [as_text(value) for value in values])
        result = await self._result(pq.ExecStatus.TUPLES_OK)
        return result.get_value(0, 0) if result.ntuples else None

    async def _prepare(self, sql: str) -> bytes:
        if len(self._prepared) >= STATEMENTS_MAX:
            self._pg.send_query(b"DEALLOCATE ALL")
            await self._result(pq.ExecStatus.COMMAND_OK)
            self._prepared.clear()
        name = b"p%d" % len(self._prepared)
        self._pg.send_prepare(name, sql.encode())
        await self._result(pq.ExecStatus.COMMAND_OK)
        self._prepared[sql] = name
        return name

    async def _result(self, expected: pq.ExecStatus) -> pq.abc.PGresult:
        self._answer = self._loop.create_future()
        while self._pg.flush():  # noqa: ASYNC110 - libpq has no event for it; more than the socket takes at once: seldom
            await asyncio.sleep(0)
        result = await self._answer
        if result.status != expected:
            raise errors.error_from_result(result, encoding="utf-8")
        return result

    def _readable(self) -> None:
        """The socket has something: an answer's part, its end, or the end of the connection."""
        try:
            self._pg.consume_input()
            while not self._pg.is_busy():
                result = self._pg.get_result()
                if result is None:
                    self._finish()
                    return
                self._last = result
        except psycopg.Error as error:
            self._loop.remove_reader(self._socket)
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(error)

    def _finish(self) -> None:
        answer, result = self._answer, self._last
        self._answer = self._last = None
        if answer is not None and not answer.done() and result is not None:
            answer.set_result(result)

    async def close(self) -> None:
        """Give the connection back."""
        if self._loop is asyncio.get_running_loop():
            self._loop.remove_reader(self._socket)
        await self._connection.close()
