"""Inputs made from the schema: the smallest that its types allow, ids and texts from a table of samples."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    Undefined,
    get_named_type,
    is_non_null_type,
    is_required_argument,
)

Samples = Mapping[str, Any]
"""By `Type.field`, `mutation.argument`, or a scalar's name."""

_KEYS = count()


def variables_for(name: str, field: GraphQLField, samples: Samples) -> dict[str, Any]:
    """All required arguments of a mutation, and the optional ones that the samples name."""
    return {
        argument: _value(definition.type, f"{name}.{argument}", samples)
        for argument, definition in field.args.items()
        if is_required_argument(definition) or f"{name}.{argument}" in samples
    }


def document_for(name: str, field: GraphQLField, given: dict[str, Any]) -> str:
    """The mutation with these arguments as variables, asking which member of the result it is and why."""
    declared = ", ".join(f"${argument}: {field.args[argument].type}" for argument in given)
    passed = ", ".join(f"{argument}: ${argument}" for argument in given)
    head, call = (f"({declared})", f"({passed})") if given else ("", "")
    return f"mutation Try{head} {{ it: {name}{call} {{ __typename ... on UserError {{ code message }} }} }}"


def _value(kind: GraphQLInputType, path: str, samples: Samples) -> Any:
    if path in samples:
        return samples[path]
    if isinstance(kind, GraphQLNonNull):
        return _value(kind.of_type, path, samples)
    if isinstance(kind, GraphQLList):
        return [_value(kind.of_type, path, samples)]
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        return _object(named, samples)
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    if path.endswith((".idempotencyKey", ".idempotency_key")):
        return f"matrix-key-{next(_KEYS):08d}"
    if named.name not in samples:
        raise LookupError(f"say what {path} is: add it to the samples")
    return samples[named.name]


def _object(kind: GraphQLInputObjectType, samples: Samples) -> dict[str, Any]:
    chosen = {
        name: field
        for name, field in kind.fields.items()
        if f"{kind.name}.{name}" in samples or (is_non_null_type(field.type) and field.default_value is Undefined)
    }
    if kind.is_one_of and not chosen:
        raise LookupError(f"say which of {kind.name} to give: add {kind.name}.<field> to the samples")
    return {name: _value(field.type, f"{kind.name}.{name}", samples) for name, field in chosen.items()}
