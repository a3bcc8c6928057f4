"""Ways through the schema: for every field of every type, a document that asks for it, made from the schema alone."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    is_composite_type,
    is_non_null_type,
)

from schema.permissions import Rule

Sample = Callable[[str, GraphQLArgument], str]
"""What to write for a required argument of a field ("Query.product"): GraphQL text."""


@dataclass(frozen=True)
class Step:
    """One field on the way, or one `... on Type`."""

    text: str
    rule: Rule | None


@dataclass(frozen=True)
class Way:
    """How to get to a type's fields from the root."""

    type: str
    steps: tuple[Step, ...]

    def document(self, selection: str) -> str:
        """The document that asks for this at the end of the way."""
        for step in reversed(self.steps):
            selection = f"{step.text} {{ {selection} }}"
        return f"{{ {selection} }}"

    @property
    def rules(self) -> list[Rule]:
        """What must be met on the way."""
        return [step.rule for step in self.steps if step.rule is not None]


def selection_of(kind: str, name: str, field: GraphQLField, sample: Sample) -> str:
    """The field with its required arguments, and something beneath it when it has fields."""
    text = _call(kind, name, field, sample)
    return f"{text} {{ __typename }}" if is_composite_type(get_named_type(field.type)) else text


def ways(schema: GraphQLSchema, sample: Sample, by_id: Mapping[str, str]) -> Iterator[Way]:
    """A shortest way to every object type that queries reach; to those with an id (`by_id`: type → id), by `node`."""
    assert schema.query_type is not None
    node = schema.query_type.fields["node"]
    found: dict[str, Way] = {"Query": Way("Query", ())}
    for name, row_id in by_id.items():
        steps = (Step(f'node(id: "{row_id}")', node.extensions["rule"]), Step(f"... on {name}", None))
        found[name] = Way(name, steps)
    waiting = deque(found.values())
    while waiting:
        way = waiting.popleft()
        yield way
        kind = schema.type_map[way.type]
        assert isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items():
            step = Step(_call(kind.name, name, field, sample), field.extensions["rule"])
            for reached, more in _objects(schema, get_named_type(field.type)):
                if reached not in found:
                    found[reached] = Way(reached, (*way.steps, step, *more))
                    waiting.append(found[reached])


def _objects(schema: GraphQLSchema, kind: GraphQLNamedType) -> Iterator[tuple[str, tuple[Step, ...]]]:
    if isinstance(kind, GraphQLObjectType):
        yield kind.name, ()
    elif isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
        for member in schema.get_possible_types(kind):
            yield member.name, (Step(f"... on {member.name}", None),)


def _call(kind: str, name: str, field: GraphQLField, sample: Sample) -> str:
    given: dict[str, Any] = {
        argument: sample(f"{kind}.{name}.{argument}", definition)
        for argument, definition in field.args.items()
        if is_non_null_type(definition.type) and definition.default_value is Undefined
    }
    return name + (f"({', '.join(f'{key}: {value}' for key, value in given.items())})" if given else "")
