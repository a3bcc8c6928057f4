"""Where a compiler is, and what it leaves for the plan: bound values, computed fields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from schema.projection.arguments import Slot
from schema.projection.declare import Given

NOW = Slot("@now")
"""The time, among the variables; no GraphQL variable can have this name."""
ACTOR = Slot("@actor")
"""Who reads, among the variables."""
EACH = "*"
"""In a path: every item of the list."""


@dataclass(frozen=True, slots=True)
class Bind:
    """A bound value of a plan: from where in the request, and through what."""

    name: str
    slot: Slot | tuple[Slot, ...]
    via: Callable[..., Any] | None


@dataclass(frozen=True, slots=True)
class ComputedAt:
    """Where in the answer a Python function replaces the values that the database put there."""

    number: int
    """Which computed field of the statement: stands in the answer beside the values, as `@`."""
    path: tuple[str, ...]
    act: Callable[..., Any]
    given: Mapping[str, Given]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the compiler is: the row that the parent object is made of, and the path to here."""

    row: sa.FromClause | None = None
    path: tuple[str, ...] = ()
    is_keyed: bool = False
    """Within a row that is a topic of its own: what it owns adds no other."""

    def at(self, key: str) -> "Frame":
        """One step further down."""
        return replace(self, path=(*self.path, key))


COUNT_MAX = 2_000
"""`totalCount` counts no further: more would take longer than the page itself."""
FACET_ROWS_MAX = 10_000
"""Facets look at no more rows than this."""
