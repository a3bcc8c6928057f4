"""Runs plans. As bytes when everything asked is projected; else as values that graphql-core walks."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from market.kernel.database import Database
from schema.projection.arguments import Variables
from schema.projection.declare import Choice, Connection, Embedded, Field, Projection
from schema.projection.frame import ACTOR, EACH, NOW, ComputedAt
from schema.projection.plan import Operation, Plan, Planner, RootPlan
from schema.projection.viewer import ANYBODY, Viewer


class Delivery:
    """Answers operations, or single root fields, from the database."""

    def __init__(self, planner: Planner, database: Database) -> None:
        self._planner = planner
        self._database = database

    def plan(self, operation: Operation, variables: Variables, locale: str, viewer: Viewer = ANYBODY) -> Plan | None:
        """See `Planner.plan`."""
        return self._planner.plan(operation, variables, locale, viewer)

    async def body(self, plan: Plan, variables: Variables, now: datetime, viewer: Viewer = ANYBODY) -> bytes:
        """The whole response, `{"data": …}`. Refuses with the MarketError of an argument that cannot be bound."""
        request = _request(variables, now, viewer)
        texts = await self._texts(plan.roots, request)
        parts = [
            b'"' + root.key.encode() + b'":' + _finish(root, text, request)
            for root, text in zip(plan.roots, texts, strict=True)
        ]
        return b'{"data":{' + b",".join(parts) + b"}}"

    async def _texts(self, roots: Sequence[RootPlan], request: Mapping[str, Any]) -> list[bytes | None]:
        values = [root.values(request) for root in roots]  # all checked before any is asked
        calls = [
            self._database.text(root.sql, bound, plan_each_time=root.is_planned_each_time)
            for root, bound in zip(roots, values, strict=True)
        ]
        return [await calls[0]] if len(calls) == 1 else await asyncio.gather(*calls)

    async def value(
        self,
        operation: Operation,
        info: GraphQLResolveInfo[Any],
        *,
        variables: Variables,
        locale: str,
        now: datetime,
        viewer: Viewer = ANYBODY,
        spec: Field | None = None,
    ) -> Any:
        """One root field's answer as plain values, for graphql-core to walk; or another field's, that shows a row."""
        root = self._planner.root(
            operation,
            str(info.path.key),
            list(info.field_nodes),
            variables=variables,
            locale=locale,
            viewer=viewer,
            is_walked=True,
            spec=spec,
            definition=None if spec is None else info.parent_type.fields[info.field_name],
        )
        request = _request(variables, now, viewer)
        (text,) = await self._texts([root], request)
        value = None if text is None else orjson.loads(text)
        for each in root.computed:
            _apply(each, value, each.path, _given(each, request))
        return value


def _request(variables: Variables, now: datetime, viewer: Viewer) -> dict[str, Any]:
    assert NOW.variable is not None
    assert ACTOR.variable is not None
    return {**variables, NOW.variable: now, ACTOR.variable: viewer.actor}


def _finish(root: RootPlan, text: bytes | None, request: Mapping[str, Any]) -> bytes:
    if text is None:
        return b"null"
    if not root.computed:
        return text
    value = orjson.loads(text)
    for each in root.computed:
        _apply(each, value, each.path, _given(each, request))
    return orjson.dumps(value)


def _given(each: ComputedAt, request: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, given in each.given.items():
        slot = NOW if given.is_now else given.slot
        value = None if slot is None else slot.value(request)
        made[name] = given.via(value) if given.via is not None else value
    return made


def _apply(each: ComputedAt, value: Any, path: tuple[str, ...], given: Mapping[str, Any]) -> None:
    """Replace, at the end of the path, the values that the database put there by what the function makes of them."""
    if value is None:
        return
    if path[0] == EACH:
        for item in value:
            _apply(each, item, path[1:], given)
    elif len(path) > 1:
        _apply(each, value.get(path[0]), path[1:], given)
    else:
        held = value.get(path[0])
        if isinstance(held, dict) and held.get("@") == each.number:
            _mark, *values = held.values()
            value[path[0]] = each.act(*values, **given)


# -- for graphql-core --------------------------------------------------------------------------------------------------


def projected(source: Any, info: GraphQLResolveInfo[Any], **_arguments: Any) -> Any:
    """The resolver of a projected field: below the root the answer is there already, under its response key. A type
    that is projected in one place may be made by a plain resolver in another: then it is an object with attributes."""
    if isinstance(source, dict):
        return source[info.path.key]
    if source is not None:
        return getattr(source, info.parent_type.fields[info.field_name].extensions["strawberry-definition"].python_name)
    answer: Awaitable[Any] = info.context.projected(info)
    return answer


def attach(schema: GraphQLSchema, query: Projection) -> None:
    """Let graphql-core walk projected answers, and check every declaration against the schema.

    Refuses with TypeError, at start, a field that no declaration covers or that the schema does not have.
    """
    _attach_type(schema, query.name, query.fields, set(), is_root=True)
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            kind.resolve_type = _type_of


def _type_of(value: Any, _info: GraphQLResolveInfo[Any], _kind: Any) -> str | None:
    return value["__typename"] if isinstance(value, dict) else getattr(value, "__typename__", type(value).__name__)


def _attach_type(
    schema: GraphQLSchema, name: str, declared: Mapping[str, Field], seen: set[str], *, is_root: bool = False
) -> None:
    if name in seen:
        return
    seen.add(name)
    kind = schema.type_map.get(name)
    if not isinstance(kind, GraphQLObjectType):
        raise TypeError(f"a projection is named {name}, but the schema has no such object type")
    for field in declared:
        if field not in kind.fields:
            raise TypeError(
                f"{name}.{field} is projected, but the schema's type has no such field: remove it or add it"
            )
    for field, definition in kind.fields.items():
        spec = declared.get(field)
        if spec is None:
            if is_root:
                continue
            raise TypeError(f"{name}.{field} is in the schema, but its projection does not say where it comes from")
        if definition.resolve is None or not is_root:
            definition.resolve = projected
        _attach_field(schema, get_named_type(definition.type).name, spec, seen)
    if not is_root:
        kind.is_type_of = None


def _attach_field(schema: GraphQLSchema, name: str, spec: Field, seen: set[str]) -> None:
    if isinstance(spec, Embedded):
        _attach_type(schema, name, spec.fields, seen)
    elif isinstance(spec, Connection):
        _attach_connection(schema, name, spec, seen)
        _attach_target(schema, spec.target(), seen)
    elif hasattr(spec, "target"):
        _attach_target(schema, spec.target(), seen)
    elif hasattr(spec, "targets"):
        for target in spec.targets().values():
            _attach_target(schema, target, seen)


def _attach_target(schema: GraphQLSchema, target: Projection | Choice, seen: set[str]) -> None:
    members = target.members().values() if isinstance(target, Choice) else [target]
    for member in members:
        _attach_type(schema, member.name, member.fields, seen)


_CONNECTION = {"edges", "nodes", "pageInfo", "totalCount", "isTotalCountExact", "facets"}


def _attach_connection(schema: GraphQLSchema, name: str, spec: Connection, seen: set[str]) -> None:
    if name in seen:
        return
    seen.add(name)
    kind = schema.type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    unknown = set(kind.fields) - _CONNECTION
    if unknown:
        raise TypeError(f"{name} has fields that no connection makes: {', '.join(sorted(unknown))}")
    edge = get_named_type(kind.fields["edges"].type)
    info = get_named_type(kind.fields["pageInfo"].type)
    objects = [kind, edge, info]
    missing = set(edge.fields) - {"cursor", "node"} - set(spec.edge)
    if missing:
        raise TypeError(f"{edge.name} has fields that the connection does not declare: {', '.join(sorted(missing))}")
    if "facets" in kind.fields:
        facets = get_named_type(kind.fields["facets"].type)
        if set(facets.fields) != {*spec.facets, "isExact"}:
            raise TypeError(f"{facets.name} and the connection's facets differ: {sorted(spec.facets)}")
        counts = [get_named_type(field.type) for field in facets.fields.values()]
        objects += [facets, *[each for each in counts if isinstance(each, GraphQLObjectType)]]
        for facet in spec.facets.values():
            if facet.target is not None:
                _attach_target(schema, facet.target(), seen)
    for each in objects:
        each.is_type_of = None
        for field in each.fields.values():
            field.resolve = projected


__all__ = ["Delivery", "attach", "projected"]
