"""How a type in `schema/` says where its fields come from.

    VILLAGE = Projection(
        "Village", Village.__table__, topic="places",
        fields={
            "name": localized("name"),
            "location": Embedded(LOCATION),
            "region": ToOne(lambda: REGION, lambda village, region: region.c.code == village.c.region_code),
            "products": Connection(lambda: PRODUCT, on=…, orders=…, where=…),
        },
    )

`t` in these functions is the row the expression is about: an alias of the projection's table.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from market.kernel.database import Engine
from schema.projection.arguments import Args, Slot

if TYPE_CHECKING:
    from schema.projection.viewer import Viewer

Expression = sa.ColumnElement[Any]
Condition = sa.ColumnElement[bool]


class Build(Protocol):
    """What a declaration's functions may use while a selection is compiled."""

    engine: Engine
    locale: str
    """"zh-CN" or "en"."""
    viewer: "Viewer"
    """Who reads: use `viewer.reached` and its like, which bind what is theirs."""

    def bind(
        self, slot: Slot | tuple[Slot, ...], via: Callable[..., Any] | None = None, *, type_: Any = None
    ) -> Expression:
        """An argument's value (several, through `via`), bound when the plan runs. `via` may refuse with a MarketError."""

    def check(self, slots: tuple[Slot, ...], check: Callable[..., None]) -> None:
        """Let `check` refuse, with a MarketError, values that do not go together."""

    def bind_list(self, values: Any, via: Callable[[Any], Any] | None = None) -> Expression:
        """A list argument's values, for `engine.elements`."""

    def now(self) -> Expression:
        """This minute, as a stored moment."""

    def today(self) -> Expression:
        """The business day, Shanghai's."""

    def structure(self, slot: Slot, of: Callable[[Any], Hashable]) -> Any:
        """Something of the value that the SQL must know now; the plan is only used again for the same."""

    def fact(self, name: str) -> Any:
        """Something the application knows and passes in, such as the depth of each category."""

    def narrow(self, slot: Slot) -> None:
        """This list changes only when the thing with this id says so, not with its whole room."""

    def depend(self, target: "Target") -> None:
        """The answer is stale once these rows change, too."""

    def personal(self) -> None:
        """The answer is not everybody's: it depends on who reads, even where nothing of theirs is bound."""

    def plan_each_time(self) -> None:
        """Let the planner look at the values: they are too uneven for one plan."""


# -- fields ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """A scalar of the row: an SQL expression that selects and formats, never computes a business rule."""

    of: Callable[[sa.FromClause, Build, Args], Expression]


@dataclass(frozen=True, slots=True)
class Computed:
    """A scalar or list that a Python function makes of named expressions, after the database has answered."""

    act: Callable[..., Any]
    of: Callable[[sa.FromClause, Build, Args], Sequence[Expression]]
    given: Callable[[Build, Args], Mapping[str, "Given"]] = lambda _build, _args: {}
    """Keyword arguments of `act` that come from the request."""


@dataclass(frozen=True, slots=True)
class Given:
    """A request's value for a computed field: an argument's, or the time."""

    slot: Slot | None = None
    via: Callable[[Any], Any] | None = None
    is_now: bool = False


@dataclass(frozen=True, slots=True)
class Embedded:
    """An object made of the same row, such as money or a location. Null unless `present`."""

    fields: Mapping[str, "Field"]
    present: Callable[[sa.FromClause], Condition] | None = None


@dataclass(frozen=True, slots=True)
class ToOne:
    """Another row. Null when there is none."""

    target: Callable[[], "Target"]
    on: Callable[[sa.FromClause, sa.FromClause], Condition]
    where: Callable[[sa.FromClause, Build, Args], Sequence[Condition]] | None = None
    order: Callable[[sa.FromClause], Sequence[Any]] | None = None
    """Which one, when several match: the first in this order."""
    is_owned: bool = False
    """The parent's topic changes whenever this changes."""


@dataclass(frozen=True, slots=True)
class ToMany:
    """A short list of other rows, whole. Lists that can grow are connections."""

    target: Callable[[], "Target"]
    on: Callable[[sa.FromClause, sa.FromClause], Condition]
    order: Callable[[sa.FromClause], Sequence[Any]]
    where: Callable[[sa.FromClause, Build, Args], Sequence[Condition]] | None = None
    is_owned: bool = True


@dataclass(frozen=True, slots=True)
class Order:
    """A stable order of a list: a key, then the id, both in one direction, so that one index serves it."""

    tag: str
    """One letter that its cursors begin with."""
    key: Callable[[sa.FromClause, Build, Args], Expression]
    parse: Callable[[str], Any]
    """A cursor's key text back to a value to bind; raises ValueError when it is not one."""
    type_: Any
    text: Callable[[Expression, Build], Expression] | None = None
    """How a key is written in a cursor; as the database writes it unless given."""
    is_descending: bool = False
    tie: str = "id"
    needs: tuple[str, str] | None = None
    """(argument path, its name for people) without which the order means nothing."""


@dataclass(frozen=True, slots=True)
class Facet:
    """Counts of a list by one value, most first."""

    by: Callable[[sa.FromClause, Build], Expression]
    """The value that rows are counted by; null is left out."""
    joined: Callable[[sa.FromClause, Build], tuple[sa.FromClause, Condition]] | None = None
    """Another table that has the value, and how it joins."""
    target: Callable[[], "Target"] | None = None
    """The row that the value names, shown as `node`."""
    key: str = "id"
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Tiers:
    """Relevance: a search table whose `rowid` is the target's rank is walked tier after tier until a page is full."""

    table: sa.Table
    rank: str
    """The target's column that `rowid` equals."""
    matches: Callable[[Build, Args], Sequence[Condition]]
    """One condition on the search table for each tier, nearest first. Only visible rows are in the table."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A Relay connection: keyset pages both ways, orders, filters, a count and facets when selected."""

    target: Callable[[], "Target"]
    orders: Mapping[str, Order]
    default: str
    on: Callable[[sa.FromClause, sa.FromClause, Build], Condition] | None = None
    """Below another row: how a row of the list belongs to it."""
    alternatives: Callable[[sa.FromClause, sa.FromClause], Sequence[Condition]] | None = None
    """Instead of `on`: ways to belong that exclude one another, each served by an index of its own."""
    where: Callable[[sa.FromClause, Build, Args], Sequence[Condition]] | None = None
    """Filters from all the field's arguments."""
    tiers: "Tiers | None" = None
    """For relevance: used for the order named in `tiered`."""
    tiered: str | None = None
    found: Callable[[sa.FromClause, Build, Args], Sequence[Condition]] | None = None
    """What all tiers find together, as a filter: for other orders, counts and facets."""
    facets: Mapping[str, Facet] = field(default_factory=dict)
    edge: Mapping[str, "Field"] = field(default_factory=dict)
    """More fields of an edge, of the row and the connection's own arguments."""
    is_owned: bool = False


@dataclass(frozen=True, slots=True)
class ById:
    """A root field: one row by its id (or another unique column); null when unknown or hidden."""

    target: Callable[[], "Target"]
    argument: str = "id"
    key: str = "id"
    check: Callable[[str], str] = str
    """The argument's value to bind; refuses with InvalidId what cannot be one."""
    is_keyed: bool = False
    """The id is a topic of its own."""
    given: Slot | None = None
    """The id itself, of a row that a mutation has changed: there is no argument then."""


@dataclass(frozen=True, slots=True)
class Mine:
    """A root field: the row that is the viewer's own; null for whoever has none."""

    target: Callable[[], "Target"]
    key: str = "id"


@dataclass(frozen=True, slots=True)
class ByIds:
    """A root field: the rows of these ids, of whatever type their prefixes say, null for each unknown one."""

    targets: Callable[[], Mapping[str, "Target"]]
    prefix: Callable[[str], str]
    """The prefix of an id; refuses with InvalidId."""
    argument: str = "ids"
    is_single: bool = False
    check: Callable[[list[str]], list[str]] = list
    """The ids to bind; refuses with a MarketError when they are too many."""


Field = Column | Computed | Embedded | ToOne | ToMany | Connection | ById | ByIds | Mine


# -- types -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Projection:
    """A GraphQL object type over the rows of one table. `Query` is one without a table."""

    name: str
    table: sa.FromClause | None
    fields: Mapping[str, Field]
    topic: str | None = None
    """What changes when its rows do; None when they belong to their parent."""
    visible: Callable[[sa.FromClause, Build], Sequence[Condition]] | None = None
    """Which rows the actor may see at all."""
    is_wide: bool = False
    """Its rows are wide: lists find ids by an index alone, and fetch only the page's rows."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An interface or union over the rows of one table: a column says which member a row is."""

    name: str
    by: Callable[[sa.FromClause], Expression]
    members: Callable[[], Mapping[tuple[str, ...], Projection]]
    """Column values → the member they mean."""
    table: sa.FromClause
    topic: str | None = None
    visible: Callable[[sa.FromClause, Build], Sequence[Condition]] | None = None
    is_wide: bool = False


Target = Projection | Choice
