"""Who may ask for what: a rule on every type, field, argument and mutation, checked at start and printed in the SDL.

A type says its rule with `@ruled(…)`, a field that differs from its type with `rule=…`; everything else takes over what
is around it: a field its type's rule, an argument its field's, a list's connection its rows'. What ends up without a
rule stops the server. A rule says which permission opens a field at all; which rows it opens is in the SQL.
"""

import inspect
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, TypeVar

from graphql import (
    DirectiveLocation,
    GraphQLArgument,
    GraphQLDirective,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    get_named_type,
    is_specified_scalar_type,
)

from market.kernel.errors import Forbidden, NotSignedIn
from market.kernel.permissions import Actor, ActorKind, Permission, scope_of

C = TypeVar("C", bound=type)


class Access(StrEnum):
    """Rules that no permission says."""

    PUBLIC = "PUBLIC"
    """Everybody."""
    SIGNED_IN = "SIGNED_IN"
    """Whoever has signed in, and API keys."""


Rule = Access | Permission
PUBLIC, SIGNED_IN = Access.PUBLIC, Access.SIGNED_IN

AUTH = GraphQLDirective(
    name="auth",
    locations=[
        DirectiveLocation.OBJECT,
        DirectiveLocation.INTERFACE,
        DirectiveLocation.UNION,
        DirectiveLocation.ENUM,
        DirectiveLocation.SCALAR,
        DirectiveLocation.FIELD_DEFINITION,
        DirectiveLocation.ARGUMENT_DEFINITION,
        DirectiveLocation.INPUT_OBJECT,
        DirectiveLocation.INPUT_FIELD_DEFINITION,
    ],
    args={
        "rule": GraphQLArgument(
            GraphQLNonNull(GraphQLString),
            description="PUBLIC, SIGNED_IN, or the permission that one of the caller's roles must grant.",
        )
    },
    description="Who may ask for this. Which rows a permission opens depends on the caller's organisations and regions.",
)


def ruled(rule: Rule) -> Callable[[C], C]:
    """Class decorator, below `@strawberry.type`: who may see this type's fields, unless a field says otherwise."""

    def mark(kind: C) -> C:
        kind.__rule__ = rule  # type: ignore[attr-defined]  # read by `declare_rules`
        return kind

    return mark


def words(rule: Rule) -> str:
    """The rule as descriptions end with it."""
    match rule:
        case Access.PUBLIC:
            return "Open to everybody."
        case Access.SIGNED_IN:
            return "Needs sign-in."
        case _:
            return f"Needs `{rule}`."


def check_rule(actor: Actor, rule: Rule) -> None:
    """Refuses, with NotSignedIn or Forbidden, an actor none of whose roles meets the rule."""
    if rule is Access.PUBLIC:
        return
    is_allowed = (
        actor.account_id is not None if rule is Access.SIGNED_IN else scope_of(actor, Permission(rule)) is not None
    )
    if not is_allowed:
        raise NotSignedIn if actor.kind is ActorKind.VISITOR else Forbidden


def allow(actor: Actor, field: GraphQLField) -> None:
    """`check_rule` for a field of the schema."""
    check_rule(actor, field.extensions["rule"])


def declare_rules(schema: GraphQLSchema) -> None:
    """Give every type, field and argument its rule, its words and its guard.

    Refuses with TypeError, at start, what has no rule.
    """
    types = [
        kind
        for name, kind in schema.type_map.items()
        if not name.startswith("__") and not is_specified_scalar_type(kind)
    ]
    made = {kind.name: _rule_of_type(schema, kind) for kind in types}
    for kind in types:
        _mark(kind, made[kind.name])
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                rule = _rule_of_field(field) or made[kind.name]
                if kind in (schema.query_type, schema.mutation_type) and _rule_of_field(field) is None:
                    rule = _rule_of_root(kind, name, field, made, schema)
                _mark(field, rule)
                for argument in field.args.values():
                    _mark(argument, rule)
                is_open = rule is Access.PUBLIC or kind is schema.mutation_type
                if isinstance(kind, GraphQLObjectType) and not is_open:
                    field.resolve = _guarded(field.resolve, rule)
        elif isinstance(kind, GraphQLInputObjectType):
            for part in kind.fields.values():
                _mark(part, made[kind.name])
    schema.directives = (*schema.directives, AUTH)


def rules(schema: GraphQLSchema) -> Iterator[tuple[str, str, Rule]]:
    """Every field with its rule: (type, field, rule), in the schema's order."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                yield kind.name, name, field.extensions["rule"]


def _rule_of_root(
    kind: GraphQLNamedType, name: str, field: GraphQLField, made: dict[str, Rule], schema: GraphQLSchema
) -> Rule:
    if kind is schema.mutation_type:
        raise TypeError(f"the mutation {name} has no rule: give it one, rule=…")
    row = get_named_type(field.type)
    if not isinstance(row, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
        raise TypeError(f"the query {name} shows no object, so it has no rule: give it one, rule=…")
    return made[row.name]


def _rule_of_type(schema: GraphQLSchema, kind: GraphQLNamedType) -> Rule:
    """What the type's class says; a connection and an edge as the rows they hold; inputs, enums, scalars and unions
    open nothing by themselves."""
    if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return Access.PUBLIC
    if kind in (schema.query_type, schema.mutation_type, schema.subscription_type):
        return Access.PUBLIC
    definition = kind.extensions.get("strawberry-definition")
    # Its own word only: a type must not become public because its interface is.
    said: Rule | None = vars(definition.origin).get("__rule__") if definition is not None else None
    if said is not None:
        return said
    rows = next((kind.fields[each] for each in ("node", "nodes") if each in kind.fields), None)
    if rows is not None:
        row = get_named_type(rows.type)
        return (
            Access.PUBLIC
            if not isinstance(row, GraphQLObjectType | GraphQLInterfaceType)
            else _rule_of_type(schema, row)
        )
    raise TypeError(f"the type {kind.name} has no rule: decorate its class with @ruled(PUBLIC) or a permission")


def _rule_of_field(field: GraphQLField) -> Rule | None:
    definition = field.extensions.get("strawberry-definition")
    found: Rule | None = definition.metadata.get("rule") if definition is not None else None
    return found


def _mark(of: Any, rule: Rule) -> None:
    of.extensions = {**of.extensions, "rule": rule}
    of.description = f"{of.description} {words(rule)}" if of.description else words(rule)


def _guarded(resolve: Callable[..., Any] | None, rule: Rule) -> Callable[..., Any]:
    """The resolver behind the rule. Mutations check their own, so that a refusal is a member of their result."""
    if resolve is None:
        raise TypeError("a field without a resolver")

    def guarded(source: Any, info: Any, **arguments: Any) -> Any:
        check_rule(info.context.actor, rule)
        return resolve(source, info, **arguments)

    async def guarded_later(source: Any, info: Any, **arguments: Any) -> Any:
        check_rule(info.context.actor, rule)
        return await resolve(source, info, **arguments)

    return guarded_later if inspect.iscoroutinefunction(resolve) else guarded
