"""What live protocols share: an operation that answers once or again and again, and how many one caller may have."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from schema.edge.http import Answer
from schema.edge.refusals import BadRequest
from schema.edge.requests import GraphQLRequest


class Stream(Protocol):
    """The results of a subscription, one after another."""

    async def next(self) -> bytes | None:
        """The next result as JSON, `{"data": …}` or `{"errors": …}`; None when there are no more.

        Raises `Stopped`.
        """

    async def close(self) -> None:
        """Nobody listens any more."""


class Stopped(Exception):
    """The server ends a subscription that could go on: its caller is no longer who they were, or it shuts down."""

    def __init__(self, *, is_forbidden: bool) -> None:
        super().__init__()
        self.is_forbidden = is_forbidden
        """Whether to sign in anew before coming back; else the same subscription may be tried again at once."""


Perform = Callable[[GraphQLRequest], Awaitable[Answer | Stream]]
"""Executes an operation: an answer, also for whatever is refused; a stream for a subscription. May raise BadRequest."""
Admit = Callable[[GraphQLRequest], Awaitable[str]]
"""Who a connection is from, as text to count by; raises BadRequest for credentials that are not, or no longer, good."""


@dataclass(frozen=True, slots=True)
class LiveLimits:
    """Bounds of connections that stay open."""

    init_seconds_max: float = 5.0
    """How long a WebSocket may take to say who it is."""
    operations_max: int = 10
    """At once on one connection."""
    connections_max: int = 20
    """At once of one caller: an account, or an address of nobody signed in."""
    message_bytes_max: int = 256 * 1024
    json_levels_max: int = 64
    beat_seconds: float = 15.0
    """How often a silent connection is shown to be alive, and its caller's credentials are looked at again."""
    send_seconds_max: float = 30.0
    """How long a client may take to read one message."""


class Places:
    """Connections that are open, by caller."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[str] = Counter()

    @contextmanager
    def place(self, caller: str) -> Iterator[None]:
        """One of the caller's places, while the block runs; or refuses with BadRequest 429."""
        if self._taken[caller] >= self._most:
            raise BadRequest(
                429,
                "LIMIT_REACHED",
                f"同时最多 {self._most} 个实时连接。",
                f"At most {self._most} live connections at once.",
                headers=((b"retry-after", b"5"),),
            )
        self._taken[caller] += 1
        try:
            yield
        finally:
            self._taken[caller] -= 1
            if not self._taken[caller]:
                del self._taken[caller]
