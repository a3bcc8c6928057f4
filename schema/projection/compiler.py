"""From a declaration and a selection to one Core expression that makes the JSON in the database."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)
from sqlmodel import UTCDateTime

from market.kernel.clock import business_day
from market.kernel.database import Engine
from schema.projection import connection as connections
from schema.projection import roots
from schema.projection.arguments import Args, Slot, Structural, Variables, arguments_of
from schema.projection.columns import number, quoted
from schema.projection.declare import (
    Choice,
    Column,
    Computed,
    Condition,
    Connection,
    Embedded,
    Expression,
    Field,
    Target,
    ToMany,
    ToOne,
)
from schema.projection.frame import ACTOR, EACH, NOW, Bind, ComputedAt, Frame
from schema.projection.selection import Selector
from schema.projection.viewer import Viewer


@dataclass(slots=True)
class Compiler:
    """Compiles one root field. Implements `declare.Build`."""

    schema: GraphQLSchema
    engine: Engine
    selector: Selector
    variables: Variables
    locale: str
    facts: Mapping[str, Any]
    viewer: Viewer
    is_walked: bool
    """The answer is for graphql-core to walk: abstract types then say which object they are."""

    binds: list[Bind] = field(default_factory=list)
    checks: list[tuple[tuple[Slot, ...], Callable[..., None]]] = field(default_factory=list)
    computed: list[ComputedAt] = field(default_factory=list)
    topics: set[str] = field(default_factory=set)
    topic_slots: list[Slot] = field(default_factory=list)
    structural: list[Structural] = field(default_factory=list)
    uses_now: bool = False
    is_public: bool = True
    """The answer is the same for everybody."""
    is_planned_each_time: bool = False
    _narrowed: Slot | None = None

    # -- declare.Build -------------------------------------------------------------------------------------------------

    def bind(
        self, slot: Slot | tuple[Slot, ...], via: Callable[..., Any] | None = None, *, type_: Any = None
    ) -> Expression:
        self.is_public = self.is_public and slot is not ACTOR
        name = f"p{len(self.binds)}"
        self.binds.append(Bind(name, slot, via))
        return sa.bindparam(name, type_=type_ or sa.Text())

    def check(self, slots: tuple[Slot, ...], check: Callable[..., None]) -> None:
        self.checks.append((slots, check))

    def bind_list(self, values: Any, via: Callable[[Any], Any] | None = None) -> Expression:
        made = via or (lambda item: item)
        if isinstance(values, list):  # a literal list whose items may be variables
            slots = list(values)
            variables = [slot for slot in slots if slot.variable is not None]
            if variables:
                raise TypeError("bind literal lists of variables one by one")
            values = Slot(None, (), [slot.constant for slot in slots])
        return self.bind(values, lambda items: self.engine.bind_list([made(item) for item in items]))

    def now(self) -> Expression:
        self.uses_now = True
        return self.bind(NOW, type_=UTCDateTime())

    def today(self) -> Expression:
        self.uses_now = True
        return self.bind(NOW, business_day, type_=sa.Date())

    def structure(self, slot: Slot, of: Callable[[Any], Hashable]) -> Any:
        self.structural.append(Structural(slot, of, of.__qualname__))
        return of(slot.value(self.variables))

    def fact(self, name: str) -> Any:
        return self.facts[name]

    def narrow(self, slot: Slot) -> None:
        self._narrowed = slot

    def personal(self) -> None:
        self.is_public = False

    def plan_each_time(self) -> None:
        self.is_planned_each_time = True

    # -- topics --------------------------------------------------------------------------------------------------------

    def depend(self, target: Target) -> None:
        """The answer is stale once the target's topic changes, or what narrows it."""
        if self._narrowed is not None:
            self.topic_slots.append(self._narrowed)
            self._narrowed = None
        elif target.topic is not None:
            self.topics.add(target.topic)

    # -- who may -------------------------------------------------------------------------------------------------------

    def allow(self, definition: GraphQLField) -> None:
        """Refuse, with NotSignedIn or Forbidden, a field that the viewer's roles do not open."""
        self.viewer.allow(self.viewer.actor, definition)
        self.is_public = self.is_public and definition.extensions.get("rule") in {None, "PUBLIC"}

    # -- values --------------------------------------------------------------------------------------------------------

    def root(self, spec: Field, definition: GraphQLField, nodes: list[FieldNode]) -> sa.Select[Any]:
        """The statement of a root field: one row with one text."""
        return roots.compile_root(self, spec, definition, nodes)

    def rows(self, target: Target) -> sa.FromClause:
        """A fresh alias of the target's table."""
        if target.table is None:
            raise TypeError(f"{target.name} has no table")
        return target.table.alias()

    def visible(self, target: Target, row: sa.FromClause) -> list[Condition]:
        """Which rows the actor may see."""
        return list(target.visible(row, self)) if target.visible else []

    def object(
        self, target: Target, row: sa.FromClause, nodes: list[FieldNode], frame: Frame, *, is_abstract: bool = False
    ) -> Expression:
        """The selected fields of a row, as one JSON object."""
        if isinstance(target, Choice):
            by = target.by(row)
            cases = [
                (by.in_([quoted(value) for value in values]),
                 self.object(member, row, nodes, frame, is_abstract=True))
                for values, member in target.members().items()
            ]  # fmt: skip
            return self.engine.json_nested(sa.case(*cases))
        kind = self.schema.type_map[target.name]
        assert isinstance(kind, GraphQLObjectType)
        return self.fields(kind, target.fields, row, nodes, frame, is_abstract=is_abstract)

    def fields(
        self,
        kind: GraphQLObjectType,
        declared: Mapping[str, Field],
        row: sa.FromClause,
        nodes: list[FieldNode],
        frame: Frame,
        *,
        is_abstract: bool = False,
    ) -> Expression:
        """The selected fields of a declared type, made of a row, as one JSON object."""
        pairs: list[tuple[str, Expression]] = []
        for key, merged in self.selector.fields(kind, nodes).items():
            name = merged[0].name.value
            if name == "__typename":
                pairs.append((key, quoted(kind.name)))
            else:
                self.allow(kind.fields[name])
                inner = replace(frame.at(key), row=row)
                pairs.append((key, self.value(declared[name], kind.fields[name], merged, inner)))
        if is_abstract and self.is_walked and "__typename" not in dict(pairs):
            pairs.append(("__typename", quoted(kind.name)))
        return self.engine.json_object(pairs)

    def value(
        self,
        spec: Field,
        definition: GraphQLField,
        nodes: list[FieldNode],
        frame: Frame,
        args: Args | None = None,
    ) -> Expression:
        """One field of the row in the frame."""
        row = frame.row
        assert row is not None
        args = arguments_of(definition, nodes[0], self.variables) if args is None else args
        match spec:
            case Column():
                return spec.of(row, self, args)
            case Computed():
                return self._computed(spec, args, row, frame)
            case Embedded():
                return self._embedded(spec, definition, nodes, row, frame)
            case ToOne() | ToMany():
                return self._related(spec, args, nodes, row, frame)
            case Connection():
                return connections.compile_connection(self, spec, definition, args, nodes, frame)
            case _:
                raise TypeError(f"{type(spec).__name__} is for root fields")

    def _computed(self, spec: Computed, args: Args, row: sa.FromClause, frame: Frame) -> Expression:
        given = spec.given(self, args)
        self.uses_now = self.uses_now or any(each.is_now for each in given.values())
        mark = len(self.computed)
        self.computed.append(ComputedAt(mark, frame.path, spec.act, given))
        pairs: list[tuple[str, Expression]] = [("@", number(mark))]
        pairs += [(str(number), value) for number, value in enumerate(spec.of(row, self, args))]
        return self.engine.json_object(pairs)

    def _embedded(
        self, spec: Embedded, definition: GraphQLField, nodes: list[FieldNode], row: sa.FromClause, frame: Frame
    ) -> Expression:
        kind = get_named_type(definition.type)
        assert isinstance(kind, GraphQLObjectType)
        value = self.fields(kind, spec.fields, row, nodes, frame)
        if spec.present is None:
            return value
        return self.engine.json_nested(sa.case((spec.present(row), value)))

    def _related(
        self, spec: ToOne | ToMany, args: Args, nodes: list[FieldNode], row: sa.FromClause, frame: Frame
    ) -> Expression:
        target = spec.target()
        inner = self.rows(target)
        conditions = [spec.on(row, inner), *self.visible(target, inner)]
        if spec.where is not None:
            conditions += spec.where(inner, self, args)
        is_keyed = frame.is_keyed and spec.is_owned
        if not is_keyed:
            self.depend(target)
        deeper = replace(frame, is_keyed=is_keyed)
        if isinstance(spec, ToOne):
            value = self.object(target, inner, nodes, deeper)
            one = sa.select(value).select_from(inner).where(*conditions).correlate_except(inner)
            if spec.order is not None:
                one = one.order_by(*spec.order(inner)).limit(number(1))
            return self.engine.json_nested(one.scalar_subquery())
        ordered = sa.select(inner).where(*conditions).order_by(*spec.order(inner)).correlate_except(inner).subquery()
        value = self.object(target, ordered, nodes, deeper.at(EACH))
        return self.engine.json_nested(
            sa.select(self.engine.json_list(value)).select_from(ordered).correlate_except(ordered).scalar_subquery()
        )
