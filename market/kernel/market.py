"""The handle that every use case takes first: the database, the clock, and threads to run in."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from functools import partial
from typing import ParamSpec, TypeVar

from sqlmodel import Session

from market.kernel import ids
from market.kernel.clock import Clock, system_clock
from market.kernel.database import Database
from market.kernel.sealing import Sealer

P = ParamSpec("P")
T = TypeVar("T")


UNSAFE_SECRET = "development-only-secret-change-me"  # noqa: S105 - it protects nothing: production refuses it


class Market:
    """One running marketplace. Use cases are plain functions `f(market, actor, …)`; each opens its own transaction."""

    def __init__(self, database: Database, *, clock: Clock = system_clock, secret: str = UNSAFE_SECRET) -> None:
        self.database = database
        self.sealer = Sealer(secret)
        self._clock = clock
        # As many threads as writers: they queue here (on SQLite, for the one writer) instead of at a lock.
        self._writers = ThreadPoolExecutor(database.engine.writers, "market-write")
        self._readers = ThreadPoolExecutor(4, "market-read")

    def now(self) -> datetime:
        """This moment, in UTC."""
        return self._clock()

    def at(self, clock: Clock) -> "Market":
        """The same marketplace, where another clock counts: to make its past. Close only the first one."""
        other = copy(self)
        other._clock = clock  # noqa: SLF001 - its own
        return other

    def new_id(self, prefix: str) -> str:
        """A new TypeID of this kind."""
        return ids.new_id(prefix)

    @contextmanager
    def transaction(self, *, patiently: bool = False) -> Iterator[Session]:
        """One transaction, see `Database.transaction`."""
        with self.database.transaction(patiently=patiently) as session:
            yield session

    @contextmanager
    def read(self, *, patiently: bool = False) -> Iterator[Session]:
        """A session that cannot write, see `Database.read`."""
        with self.database.read(patiently=patiently) as session:
            yield session

    async def run(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case that writes, in its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, partial(act, *args, **kwargs))

    async def look(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that only reads, in a reader thread."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, partial(read, *args, **kwargs))

    def close(self) -> None:
        """Wait for running work, then give the connections back."""
        self._writers.shutdown()
        self._readers.shutdown()
        self.database.close()
