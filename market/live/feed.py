"""What happens, for whoever is connected to this process, whichever process did it.

One feed for each process, however many subscribers. It wakes when topics change: PostgreSQL notifies the process on a
connection of its own (see `kernel.topics`), SQLite's file is looked at. Then it reads what it has not seen: messages of
the outbox by their ids, and the sessions of watched packages. A notification says only that there is something, so
that nothing is lost with one; while there is no connection it looks each time, and catches up by itself.

Subscribers are told ids, not contents: what such an id shows to them, and whether, they read themselves when they can
take it. So a slow one gets the latest state once, instead of a queue of old ones.
"""

import asyncio
from collections.abc import Iterable, Sequence
from enum import StrEnum
from time import monotonic
from typing import Any, Protocol

from market.kernel.errors import Unavailable
from market.kernel.market import Market
from market.live.heard import TOPIC, News, before, last_message, messages_since, sessions_of

PENDING_MAX = 1_000
"""So many different things may wait for a subscriber: then it is too slow."""
EVERY_SECONDS = 0.1
_NARROW_MS, _WIDE_MS = 2_000, 60_000
_WIDE_EVERY_SECONDS = 5.0
_RETRY_SECONDS = 1.0


class Why(StrEnum):
    """Why a subscription came to its end without the subscriber's wish."""

    TOO_SLOW = "TOO_SLOW"
    SHUTDOWN = "SHUTDOWN"
    FAILED = "FAILED"


class Ended(Exception):
    """Nothing more comes."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


class FeedLog(Protocol):
    """Where a failure of the feed is written."""

    def error(self, event: str, **facts: Any) -> None:
        """Write it, with its traceback."""


class Watch:
    """One subscriber's news: ids of what changed, each once until it is taken, in the order in which they changed."""

    def __init__(self, first: Iterable[str] = ()) -> None:
        self._pending: dict[str, None] = dict.fromkeys(first)
        self._ready = asyncio.Event()
        self._why: Why | None = None

    def add(self, subject: str) -> None:
        """This changed. A subscriber for whom too much waits is ended instead."""
        if self._why is None:
            self._pending[subject] = None
            if len(self._pending) > PENDING_MAX:
                self.end(Why.TOO_SLOW)
            self._ready.set()

    def end(self, why: Why) -> None:
        """Nothing more comes; what waits is dropped."""
        self._why = self._why or why
        self._pending.clear()
        self._ready.set()

    async def next(self) -> str:
        """What changed next; waits for it. Raises Ended."""
        while not self._pending:
            if self._why is not None:
                raise Ended(self._why)
            self._ready.clear()
            await self._ready.wait()
        subject = next(iter(self._pending))
        del self._pending[subject]
        return subject


class Feed:
    """Tells this process's subscribers. All of it runs on one event loop; it rests while nobody is subscribed."""

    def __init__(self, market: Market, log: FeedLog, *, every_seconds: float = EVERY_SECONDS) -> None:
        self._market = market
        self._log = log
        self._every = every_seconds
        self._watchers: dict[str, set[Watch]] = {}
        self._packages: dict[str, int] = {}
        """How many watch each package."""
        self._sessions: dict[str, dict[str, tuple[Any, ...]]] = {}
        self._stamps: dict[str, tuple[int, ...]] = {}
        self._last = ""
        self._seen: set[str] = set()
        self._wide_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._is_drained = False

    async def watch(self, keys: Sequence[str], *, packages: Sequence[str] = ()) -> Watch:
        """Begin to listen: to orders and sellers by their ids, to packages and to sessions of `packages`.

        Whatever is committed from now on is told; what is read afterwards is not older. Raises Ended while the server
        shuts down, and refuses with Unavailable.
        """
        watch = Watch()
        async with self._starting:
            if self._is_drained:
                raise Ended(Why.SHUTDOWN)
            if self._task is None or self._task.done():
                await self._begin()
            unknown = [each for each in packages if each not in self._packages]
            if unknown:
                self._stamps |= {each: self._stamp(each) for each in unknown}
                self._sessions |= await self._market.look(sessions_of, self._market, unknown)
            for each in packages:
                self._packages[each] = self._packages.get(each, 0) + 1
            for key in keys:
                self._watchers.setdefault(key, set()).add(watch)
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._run())
        return watch

    def leave(self, watch: Watch, keys: Sequence[str], *, packages: Sequence[str] = ()) -> None:
        """Listen no more."""
        for key in keys:
            others = self._watchers.get(key, set())
            others.discard(watch)
            if not others:
                self._watchers.pop(key, None)
        for each in packages:
            self._packages[each] -= 1
            if not self._packages[each]:
                del self._packages[each], self._sessions[each], self._stamps[each]

    def drain(self) -> None:
        """End everybody, for good: the server shuts down."""
        self._is_drained = True
        self._end_all(Why.SHUTDOWN)

    async def close(self) -> None:
        """Drain, and stop."""
        self.drain()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _begin(self) -> None:
        self._stamps[TOPIC] = self._stamp(TOPIC)
        self._last = await self._market.look(last_message, self._market)
        self._seen = {self._last}
        self._wide_at = monotonic()

    async def _run(self) -> None:
        """Until nobody listens."""
        while self._watchers:
            await asyncio.sleep(self._every)
            try:
                await self._tick()
            except Unavailable:
                await asyncio.sleep(_RETRY_SECONDS)
            except Exception as error:  # noqa: BLE001 - whatever it was, nobody may wait for news in vain
                self._log.error("live: the feed failed", exc_info=error)
                self._end_all(Why.FAILED)
                return

    async def _tick(self) -> None:
        self._market.database.news.poll()
        stamp, now = self._stamp(TOPIC), monotonic()
        is_wide = now - self._wide_at >= _WIDE_EVERY_SECONDS
        if stamp != self._stamps[TOPIC] or is_wide:
            # Ids are made before the commit, so a later commit may have an earlier id: what was seen is looked at again.
            since = before(self._last, _WIDE_MS if is_wide else _NARROW_MS)
            self._tell(await self._market.look(messages_since, self._market, since), since)
            self._stamps[TOPIC] = stamp
            self._wide_at = now if is_wide else self._wide_at
        changed = {each: self._stamp(each) for each in self._packages}
        changed = {each: stamp for each, stamp in changed.items() if stamp != self._stamps[each]}
        if changed:
            self._compare(await self._market.look(sessions_of, self._market, list(changed)), changed)

    def _tell(self, messages: Sequence[News], since: str) -> None:
        for message in messages:
            if message.id not in self._seen:
                self._seen.add(message.id)
                self._last = max(self._last, message.id)
                for key, subject in message.told:
                    self._publish(key, subject)
        oldest = min(since, before(self._last, _WIDE_MS))
        self._seen = {each for each in self._seen if each >= oldest}

    def _compare(self, now: dict[str, dict[str, tuple[Any, ...]]], stamps: dict[str, tuple[int, ...]]) -> None:
        for package, sessions in now.items():
            if package not in self._packages:
                continue  # nobody watches it any more
            known = self._sessions[package]
            for session_id in {*known, *sessions}:
                if known.get(session_id) != sessions.get(session_id):
                    self._publish(package, session_id)
                    self._publish(session_id, session_id)
            self._sessions[package], self._stamps[package] = sessions, stamps[package]

    def _stamp(self, topic: str) -> tuple[int, ...]:
        return self._market.database.topics.stamp((topic,))

    def _publish(self, key: str, subject: str) -> None:
        for watch in self._watchers.get(key, ()):
            watch.add(subject)

    def _end_all(self, why: Why) -> None:
        for watch in {each for watchers in self._watchers.values() for each in watchers}:
            watch.end(why)
