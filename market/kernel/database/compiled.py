"""Statements are compiled once in a process, whichever pool runs them.

A writer, a reader's pool and, in tests, the next database would each compile them anew: SQLAlchemy keeps what it compiled
for each engine and each dialect object. Here all dialects of an engine are made alike, so they share.
"""

from typing import Any

from sqlalchemy.util import LRUCache

_STATEMENTS_MAX = 2_000
_kept: LRUCache[Any, Any] = LRUCache(_STATEMENTS_MAX)
"""The key names the dialect, so both engines' statements lie here."""


class Interchangeable:
    """Put before a dialect's class: each of its objects finds what another of them had compiled."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


OPTIONS: dict[str, Any] = {"compiled_cache": _kept}
"""Execution options for every `create_engine` with such a dialect."""
