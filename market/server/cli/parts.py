"""What the command line needs of the layers above this one, handed in by the composition root."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:  # `--help` must not wait for SQLAlchemy
    from market.kernel.market import Market

Progress = Callable[[str, int, int], None]
"""Told what is being made, how many are done, and how many there are to be."""


LoadName = Literal["small", "large", "orders-1m", "orders-10m"]
"""How much load data, and whether a year of orders with it."""


class Seeded(Protocol):
    """What a seeding says of itself when it is done."""

    @property
    def is_new(self) -> bool:
        """False when everything was there already."""

    @property
    def seconds(self) -> float:
        """How long it took."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many there are now, by noun."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The application as the command line sees it. The callables import what they need when they are called, so that
    `market --help` is quick."""

    app: str
    """The factory of the ASGI application, `module:name`, which reads its settings itself."""
    schema: Callable[[], str]
    """The GraphQL schema's text."""
    breaking: Callable[[str, str], list[str]]
    """What in the second schema would break clients of the first, in words."""
    snapshot: Path
    """The committed schema."""
    seed_demo: Callable[["Market", str, date | None, Progress], Seeded]
    """Takes the pictures' store, as a URL."""
    seed_year: Callable[["Market", date | None, Progress], Seeded]
    """Needs the demo."""
    seed_load: Callable[["Market", LoadName, Progress], Seeded]
    is_empty: Callable[["Market"], bool]
    """Whether nothing is on sale yet."""
    examples: Callable[["Market"], Mapping[str, str]]
    """What to try first."""
