"""Pooled connections are looked at before they are used, so that a server that was restarted costs no transaction.

SQLAlchemy's own way (`pool_pre_ping`) asks the server each time, which a short transaction feels. A server that goes
away says so on the socket; only one that nothing has come from for a while may have gone silently.
"""

import select
import time
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import event

TRUSTED_SECONDS = 1.0
"""So long after its last use a connection on which nothing has come in is taken to be there."""
_USED = "market.used"


def keep_alive(engine: sa.Engine) -> sa.Engine:
    """The same engine, whose pool replaces connections that are gone when they are next wanted."""

    @event.listens_for(engine, "checkin")
    def note(_connection: Any, record: Any) -> None:
        record.info[_USED] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def look(connection: Any, record: Any, _proxy: Any) -> None:
        used = record.info.get(_USED)
        if used is None:
            return  # just opened
        if time.monotonic() - used < TRUSTED_SECONDS and not _has_word(connection):
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise sa.exc.InvalidatePoolError from error  # the pool's others are as old: each is replaced

    return engine


def _has_word(connection: psycopg.Connection[Any]) -> bool:
    """Whether something waits to be read: a server that ends says so, and nothing else comes unasked."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))
