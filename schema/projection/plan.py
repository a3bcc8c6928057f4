"""Plans: compiled operations, found again by what decides their SQL."""

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from graphql import (
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLSchema,
    OperationDefinitionNode,
    type_from_ast,
)

from market.kernel.database import Engine
from market.kernel.errors import Invalid
from schema.projection.arguments import Slot, Structural, Variables, shape_of
from schema.projection.compiler import Compiler
from schema.projection.declare import Field, Projection
from schema.projection.frame import ComputedAt
from schema.projection.pruning import prune
from schema.projection.selection import Selector
from schema.projection.viewer import ANYBODY, Viewer

_DERIVED = re.compile(r"\) AS (anon_\d+)(?=[\s)])")
PLANS_MAX = 64
"""Kept for one operation. A document that needs more (page sizes count) has its oldest made again."""


@dataclass(frozen=True, slots=True)
class RootPlan:
    """One statement, and how to fill it from a request."""

    key: str
    sql: str
    readers: tuple[Callable[[Variables], Any], ...]
    checks: tuple[tuple[tuple[Slot, ...], Callable[..., None]], ...]
    computed: tuple[ComputedAt, ...]
    topics: Callable[[Variables], tuple[str, ...]]
    uses_now: bool
    is_public: bool
    """The answer is the same for everybody, whoever the plan was made for."""
    is_planned_each_time: bool

    def values(self, variables: Variables) -> tuple[Any, ...]:
        """What to bind, or refuses with a MarketError that the argument's check raises."""
        for slots, check in self.checks:
            check(*[slot.value(variables) for slot in slots])
        values = tuple([read(variables) for read in self.readers])
        if any("\0" in value for value in values if isinstance(value, str)):  # PostgreSQL keeps none
            raise Invalid(field="\\u0000", allowed="no text has it", allowed_zh="文本中不能有此字符")
        return values


@dataclass(frozen=True, slots=True)
class Plan:
    """All root fields of an operation."""

    roots: tuple[RootPlan, ...]
    uses_now: bool
    is_public: bool

    def topics(self, variables: Variables) -> tuple[str, ...]:
        """What the answer depends on."""
        return tuple({topic for root in self.roots for topic in root.topics(variables)})


@dataclass(slots=True)
class Operation:
    """One operation of a document, with what its plans have in common."""

    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    kinds: tuple[tuple[str, Any], ...]
    structural: list[Structural] = field(default_factory=list)
    """What compiling has asked of variables' values so far: part of the key from then on."""
    plans: dict[Hashable, Plan | None] = field(default_factory=dict)

    def key(self, variables: Variables, locale: str, viewer: Viewer) -> Hashable:
        """What of a request decides the SQL. Refuses with a MarketError a value whose structure cannot be told."""
        shape = tuple([shape_of(kind, variables[name]) if name in variables else 0 for name, kind in self.kinds])
        asked = tuple([self._structure(each, variables) for each in self.structural])
        return (locale, viewer.key, shape, asked)

    @staticmethod
    def _structure(each: Structural, variables: Variables) -> Hashable:
        try:
            value = each.slot.value(variables)
        except (KeyError, IndexError, TypeError):
            return None  # this shape of the variables does not have it
        return None if value is None else each.of(value)


def operation_of(
    schema: GraphQLSchema, node: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Operation:
    """An operation of a validated document, ready to be planned."""
    kinds = tuple(
        (variable.variable.name.value, type_from_ast(schema, variable.type))
        for variable in node.variable_definitions or ()
    )
    return Operation(node, fragments, kinds)


def _check_correlation(sql: str) -> None:
    """Refuses with TypeError a statement that writes a derived table twice: a condition was meant to look at the row
    around it and got a copy of the whole table instead (use `columns.exists` and `looked_up`)."""
    names = _DERIVED.findall(sql)
    if len(names) != len(set(names)):
        raise TypeError(f"a row around a condition was not correlated in: {sql}")


class Planner:
    """Makes and keeps plans for one schema on one engine."""

    def __init__(self, schema: GraphQLSchema, query: Projection, engine: Engine, facts: Mapping[str, Any]) -> None:
        self._schema = schema
        self._query = query
        self._engine = engine
        self._facts = facts

    def plan(self, operation: Operation, variables: Variables, locale: str, viewer: Viewer = ANYBODY) -> Plan | None:
        """The plan of an operation whose every root field is projected, else None.

        Refuses with a MarketError when an argument's value decides the SQL and is impossible, or when the viewer may
        not see something that is asked for.
        """
        key = operation.key(variables, locale, viewer)
        if key in operation.plans:
            return operation.plans[key]
        made = self._make(operation, variables, locale, viewer)
        if len(operation.plans) >= PLANS_MAX:
            del operation.plans[next(iter(operation.plans))]
        # The key again: compiling may have learnt of more that decides the SQL.
        operation.plans[operation.key(variables, locale, viewer)] = made
        return made

    def _make(self, operation: Operation, variables: Variables, locale: str, viewer: Viewer) -> Plan | None:
        assert self._schema.query_type is not None
        selector = Selector(self._schema, operation.fragments, variables)
        fields = selector.root(self._schema.query_type, operation.node.selection_set.selections)
        if any(nodes[0].name.value not in self._query.fields for nodes in fields.values()):
            return None
        roots = tuple(
            self.root(operation, key, nodes, variables=variables, locale=locale, viewer=viewer, is_walked=False)
            for key, nodes in fields.items()
        )
        return Plan(roots, any(root.uses_now for root in roots), all(root.is_public for root in roots))

    def root(
        self,
        operation: Operation,
        key: str,
        nodes: list[Any],
        *,
        variables: Variables,
        locale: str,
        viewer: Viewer,
        is_walked: bool,
        spec: Field | None = None,
        definition: GraphQLField | None = None,
    ) -> RootPlan:
        """Compile one root field; or another field that shows a row, as `spec` says where from."""
        assert self._schema.query_type is not None
        name = nodes[0].name.value
        compiler = Compiler(
            schema=self._schema,
            engine=self._engine,
            selector=Selector(self._schema, operation.fragments, variables),
            variables=variables,
            locale=locale,
            facts=self._facts,
            viewer=viewer,
            is_walked=is_walked,
        )
        statement = compiler.root(
            spec or self._query.fields[name], definition or self._schema.query_type.fields[name], nodes
        )
        for each in compiler.structural:
            if each.slot.variable is not None and each not in operation.structural:
                operation.structural.append(each)
        return self._finished(key, compiler, statement)

    def _finished(self, key: str, compiler: Compiler, statement: sa.Select[Any]) -> RootPlan:
        prune(statement)
        prepared = self._engine.prepared(statement)
        _check_correlation(prepared.sql)
        binds = {bind.name: bind for bind in compiler.binds}
        # What the statement does not read after all is checked none the less.
        unread = [
            (bind.slot if isinstance(bind.slot, tuple) else (bind.slot,), bind.via)
            for bind in compiler.binds
            if bind.via is not None and bind.name not in prepared.names
        ]

        def reader(name: str) -> Callable[[Variables], Any]:
            bind = binds.get(name)
            process = prepared.processors.get(name)
            if bind is None:  # a constant of the declaration
                constant = prepared.constants[name]
                value = process(constant) if process else constant
                return lambda _variables: value
            slot, via = bind.slot, bind.via
            if isinstance(slot, tuple):
                assert via is not None
                joined = via
                slots = slot
                if process is None:
                    return lambda variables: joined(*[each.value(variables) for each in slots])
                return lambda variables: process(joined(*[each.value(variables) for each in slots]))
            if via is None and process is None:
                return slot.value
            if process is None:
                assert via is not None
                return lambda variables: via(slot.value(variables))
            if via is None:
                return lambda variables: process(slot.value(variables))
            return lambda variables: process(via(slot.value(variables)))

        fixed, slots = tuple(sorted(compiler.topics)), tuple(compiler.topic_slots)
        return RootPlan(
            key=key,
            sql=prepared.sql,
            readers=tuple([reader(name) for name in prepared.names]),
            checks=(*compiler.checks, *unread),
            computed=tuple(compiler.computed),
            topics=lambda variables: (*fixed, *[str(slot.value(variables)) for slot in slots]),
            uses_now=compiler.uses_now,
            is_public=compiler.is_public,
            is_planned_each_time=compiler.is_planned_each_time,
        )
