"""Password hashes: argon2id, a few at once, and never a sign of whether a log-in name is known.

A hash takes 19 MiB and some 30 ms of a core: outside of transactions, and no more than two at a time in a process.
"""

import asyncio
import base64
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import BoundedSemaphore
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from market.kernel.errors import Unavailable
from market.people.rules import normal_password

P = ParamSpec("P")
T = TypeVar("T")

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's minimum for argon2id (Password Storage Cheat Sheet). When it is raised, hashes follow at each sign-in."""
AT_ONCE = 2
WAIT_SECONDS_MAX = 5.0


def _unpadded(raw: bytes) -> str:
    return base64.b64encode(raw).decode().rstrip("=")


NOBODYS = (
    f"$argon2id$v=19$m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}"
    f"${_unpadded(bytes(16))}${_unpadded(bytes(32))}"
)
"""A hash that no password has, and that takes as long to find that out."""


class Hashing:
    """Hashes and compares passwords, no more than two at a time: the others wait, and are told to come later when that
    takes too long."""

    def __init__(self, hasher: PasswordHasher, *, wait_seconds_max: float = WAIT_SECONDS_MAX) -> None:
        self._hasher = hasher
        self._wait_seconds_max = wait_seconds_max
        self._turns = BoundedSemaphore(AT_ONCE)

    def hash_of(self, password: str) -> str:
        """The argon2id hash of a password, its parameters and salt in it. Refuses with Unavailable."""
        with self.turn():
            return self._hasher.hash(normal_password(password))

    def verified(self, hashed: str | None, password: str) -> bool:
        """Whether the password has this hash. None, for a log-in name that nobody has, takes as long. Refuses with
        Unavailable."""
        with self.turn():
            try:
                return self._hasher.verify(hashed or NOBODYS, normal_password(password))
            except (VerificationError, InvalidHashError):
                return False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One of the two places."""
        if not self._turns.acquire(timeout=self._wait_seconds_max):
            raise Unavailable
        try:
            yield
        finally:
            self._turns.release()


_HASHING = Hashing(HASHER)  # one for the process, since it is the machine's memory and cores that are shared
hash_of, verified = _HASHING.hash_of, _HASHING.verified


def is_outdated(hashed: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(hashed)


_THREADS = ThreadPoolExecutor(AT_ONCE, "password")


async def apart(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a use case that hashes in threads of its own: writers and readers must not wait behind it."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, partial(act, *args, **kwargs))
