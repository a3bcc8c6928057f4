"""Answers that are the same for everybody, kept until something they depend on changes.

A key is all that decides an answer: document, operation, variables, language. An entry remembers the topics it was made
from and how often each had changed *before* it was read, so that a change in between makes it stale, never wrong.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from market.kernel.topics import Topics


@dataclass(frozen=True, slots=True)
class Cached:
    """One answer."""

    body: bytes
    etag: bytes
    operation: str
    cost: int
    topics: tuple[str, ...]
    stamp: tuple[int, ...]
    expires_at: datetime | None
    """When its "now" is over; None when it has none."""


def etag_of(body: bytes) -> bytes:
    """A strong entity tag of an answer (RFC 9110 §8.8.3)."""
    return b'"' + blake2b(body, digest_size=12).hexdigest().encode() + b'"'


class ResponseCache:
    """The most recently used answers, bounded by number and bytes. Used from one thread, the event loop's."""

    def __init__(self, topics: Topics, *, entries_max: int, bytes_max: int) -> None:
        self._topics = topics
        self._entries_max = entries_max
        self._bytes_max = bytes_max
        self._bytes = 0
        self._entries: OrderedDict[Hashable, Cached] = OrderedDict()

    def get(self, key: Hashable, now: datetime) -> Cached | None:
        """The answer, when nothing it depends on has changed since."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        is_over = entry.expires_at is not None and now >= entry.expires_at
        if is_over or entry.stamp != self._topics.stamp(entry.topics):
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def keep(self, key: Hashable, entry: Cached) -> None:
        """Keep an answer; the least recently used go when there are too many. One that takes over a sixteenth of all
        room is not worth it."""
        if len(entry.body) > self._bytes_max // 16:
            return
        self._drop(key)
        self._entries[key] = entry
        self._bytes += len(entry.body)
        while len(self._entries) > self._entries_max or self._bytes > self._bytes_max:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= len(entry.body)
