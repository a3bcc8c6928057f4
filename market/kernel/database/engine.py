"""What an engine must be able to do. `sqlite.py` and `postgresql.py` are the two; nobody else asks which one it is."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from market.kernel.topics import Topics

Text = sa.ColumnElement[str]
Json = sa.ColumnElement[Any]


class Reader(Protocol):
    """Runs prepared read statements that return one text, on the raw driver: no session, no rows, no decoding."""

    async def text(self, sql: str, values: Sequence[Any], *, plan_each_time: bool) -> bytes | None:
        """The first column of the first row in UTF-8, or None when there is no row. `plan_each_time` asks the planner to look
        at the values (search words) instead of reusing one plan (keyed lists)."""

    async def open(self) -> None:
        """Open what needs an event loop."""

    async def close(self) -> None:
        """Give everything back."""


class News(Protocol):
    """Hears of topics that other processes changed."""

    def poll(self) -> None:
        """Called before a cached answer is trusted: must take microseconds."""

    async def open(self) -> None:
        """Start listening, on the running event loop."""

    async def close(self) -> None:
        """Stop."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement as the raw driver takes it."""

    sql: str
    names: tuple[str, ...]
    """The bound parameters, in the order of their places."""
    constants: Mapping[str, Any]
    """The values of those that the statement itself knows."""
    processors: Mapping[str, Callable[[Any], Any]]
    """What a value must go through before the driver takes it."""


class Engine(ABC):
    """One database engine: connections, and the SQL that the two spell differently."""

    name: str
    dialect: sa.Dialect
    """SQLAlchemy's, with places for values as the raw driver counts them."""
    writers: int
    """How many transactions may write at once."""

    # -- connections -----------------------------------------------------------------------------------------------

    @abstractmethod
    def writer(self) -> sa.Engine:
        """Connections for transactions."""

    @abstractmethod
    def hurried(self, writer: sa.Engine) -> AbstractContextManager[None]:
        """Within, commits of this writer do not wait for the disk."""

    @abstractmethod
    def be_patient(self, connection: sa.Connection) -> None:
        """Let the statements of the connection's transaction take longer than others, but not for ever."""

    @abstractmethod
    def readers(self) -> sa.Engine:
        """Connections that can only read."""

    @abstractmethod
    def reader(self) -> Reader:
        """The raw driver, for projections."""

    @abstractmethod
    def is_transient(self, error: Exception) -> bool:
        """Whether the same work may succeed later: busy, full, cut off, restarting."""

    def prepared(self, statement: sa.Select[Any]) -> Prepared:
        """A statement as the raw driver takes it."""
        compiled = statement.compile(dialect=self.dialect)
        # The public way to these processors binds through a connection. Nothing here binds tuples, which have several.
        processors: Mapping[str, Any] = compiled._bind_processors  # noqa: SLF001
        return Prepared(str(compiled), tuple(compiled.positiontup or ()), compiled.params, processors)

    # -- topics ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def news(self, topics: Topics) -> News:
        """What brings other processes' changes to this process's topics."""

    @abstractmethod
    def announce(self, connection: sa.Connection, topics: Sequence[str]) -> None:
        """Tell other processes, at commit, that these topics changed."""

    # -- JSON, made by the database --------------------------------------------------------------------------------

    @abstractmethod
    def json_object(self, pairs: Sequence[tuple[str, sa.ColumnElement[Any]]]) -> Json:
        """One object, its keys in this order, however many."""

    @abstractmethod
    def json_list(self, item: Json, *, only: sa.ColumnElement[bool] | None = None) -> Json:
        """The aggregate of `item` over the rows in the order they come, `[]` when there are none."""

    @abstractmethod
    def json_nested(self, value: Json) -> Json:
        """A JSON value that came out of a subquery, still JSON and not text."""

    @abstractmethod
    def json_boolean(self, condition: sa.ColumnElement[Any]) -> Json:
        """`true` or `false` (or null) as JSON."""

    @abstractmethod
    def json_moment(self, column: sa.ColumnElement[Any]) -> Text:
        """A stored moment as RFC 3339 in UTC with seconds, `2026-06-02T01:30:00Z`."""

    @abstractmethod
    def json_date(self, column: sa.ColumnElement[Any]) -> Text:
        """A stored date as `2026-06-02`."""

    @abstractmethod
    def json_text(self, value: Json) -> Text:
        """The finished document as text."""

    # -- lists of bound values -------------------------------------------------------------------------------------

    @abstractmethod
    def elements(self, values: sa.ColumnElement[Any]) -> sa.FromClause:
        """A bound list of texts (see `bind_list`) as rows (`value`, `position` from 1)."""

    @abstractmethod
    def bind_list(self, values: Sequence[str]) -> Any:
        """What to bind for `elements`."""

    @abstractmethod
    def position(self, text: sa.ColumnElement[Any], part: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
        """Where a part first stands in a text, from 1; 0 when it does not."""

    # -- search ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def matches(self, search: sa.FromClause, tier: int, words: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """Whether a row of the search table has all words within its first `tier + 1` text columns, and not within
        fewer. `words` are `search_words` of the same tier."""

    @abstractmethod
    def matches_any(self, search: sa.FromClause, words: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """Whether a row of the search table has all words, wherever. `words` are `search_words` of tier None."""

    @abstractmethod
    def search_words(self, tier: int | None, phrases: Sequence[Sequence[str]], prefixes: Sequence[str]) -> str:
        """What to bind for `matches`: phrases of adjacent tokens, and beginnings of Latin words."""

    @abstractmethod
    def search_index(self, texts: Sequence[str]) -> dict[str, Any]:
        """The column values of a search row whose tiers hold these token texts (see `catalogue.search`)."""
