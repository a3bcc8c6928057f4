"""Arguments of a field as a declaration sees them while it is compiled.

Enums, booleans, nulls and which keys are present decide what the SQL looks like: they are plain values here and part of
the plan's key. All other scalars are slots: they are bound when the plan runs. A slot whose value decides the SQL too
(a page size, a region's level) is asked for its `structure`.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    is_enum_type,
    is_list_type,
    is_non_null_type,
)
from graphql.language import FieldNode
from graphql.utilities import coerce_input_literal

from market.kernel.errors import Invalid

Path = tuple[str | int, ...]
Variables = Mapping[str, Any]
"""Coerced variables: defaults applied, scalars parsed."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A scalar that is bound when the plan runs: a variable's part, or a constant of the document."""

    variable: str | None
    path: Path = ()
    constant: Any = None

    def value(self, variables: Variables) -> Any:
        """What it stands for in this request."""
        if self.variable is None:
            return self.constant
        found: Any = variables[self.variable]
        for step in self.path:
            found = found[step]
        return found


@dataclass(frozen=True, slots=True)
class Structural:
    """Something of a slot's value that decides what the SQL looks like, and so is part of the plan's key."""

    slot: Slot
    of: Callable[[Any], Hashable] = field(compare=False)
    """Made anew by each compilation, so `name` tells two questions about one slot apart."""
    name: str


@dataclass(slots=True)
class Args:
    """The arguments that are present and not null: nested `Args`, `Slot`s, enum values as text, booleans, lists."""

    present: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """The argument, None when absent or null."""
        return self.present.get(name)

    def slot(self, name: str) -> Slot | None:
        """The scalar argument, None when absent or null."""
        found = self.present.get(name)
        if found is not None and not isinstance(found, Slot):
            raise TypeError(f"the argument {name} is not a scalar")
        return found

    def nested(self, name: str) -> "Args":
        """The input object, empty when absent or null."""
        found = self.present.get(name)
        return found if isinstance(found, Args) else Args()

    def __contains__(self, name: str) -> bool:
        return name in self.present


def arguments_of(definition: GraphQLField, node: FieldNode, variables: Variables) -> Args:
    """The arguments of one field of the document. The document is valid and the variables are coerced."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    read = {name: _given(declared, given.get(name), variables) for name, declared in definition.args.items()}
    return Args({name: value for name, value in read.items() if value is not None})


def _given(declared: GraphQLArgument | GraphQLInputField, node: ValueNode | None, variables: Variables) -> Any:
    """What was written for an argument or a part of one; its default when nothing was."""
    if node is None or (isinstance(node, VariableNode) and node.name.value not in variables):
        if declared.default_value is Undefined:
            return None
        return _coerced(declared.type, declared.default_value, None, ())
    return _read(declared.type, node, variables)


def _read(kind: GraphQLInputType, node: ValueNode, variables: Variables) -> Any:
    if isinstance(node, VariableNode):
        name = node.name.value
        value = variables.get(name)
        if value is None and isinstance(kind, GraphQLNonNull):  # a nullable variable where a default could stand in
            raise Invalid(field=name, allowed="it may be left out, but not null", allowed_zh="可以省略，但不能为 null")
        return _coerced(kind, value, name, ())
    if isinstance(node, NullValueNode):
        return None
    inner = kind.of_type if is_non_null_type(kind) else kind
    if isinstance(node, ObjectValueNode) and isinstance(inner, GraphQLInputObjectType):
        fields = {part.name.value: part.value for part in node.fields}
        read = {name: _given(each, fields.get(name), variables) for name, each in inner.fields.items()}
        return Args({name: value for name, value in read.items() if value is not None})
    if isinstance(node, ListValueNode) and is_list_type(inner):
        return [_read(inner.of_type, item, variables) for item in node.values]
    return _coerced(kind, coerce_input_literal(node, kind), None, ())


def _coerced(kind: GraphQLInputType, value: Any, variable: str | None, path: Path) -> Any:
    """A coerced value, its scalars as slots that know where to find it again in the next request's variables."""
    if value is None:
        return None
    if isinstance(kind, GraphQLNonNull):
        return _coerced(kind.of_type, value, variable, path)
    if isinstance(kind, GraphQLList):
        if is_enum_type(get_named_type(kind)):
            items = value if isinstance(value, list) else [value]
            return [_coerced(kind.of_type, item, variable, (*path, number)) for number, item in enumerate(items)]
        return Slot(variable, path, None if variable else value)
    if isinstance(kind, GraphQLInputObjectType):
        given = {name: part for name, part in value.items() if part is not None}
        return Args(
            {name: _coerced(kind.fields[name].type, part, variable, (*path, name)) for name, part in given.items()}
        )
    if is_enum_type(kind):
        return str(getattr(value, "value", value))
    if kind is GraphQLBoolean:
        return value
    return Slot(variable, path, None if variable else value)


def shape_of(kind: GraphQLInputType, value: Any) -> Hashable:
    """What of a coerced variable decides the SQL: presence, enums, booleans. Equal shapes compile alike."""
    if value is None:
        return None
    if isinstance(kind, GraphQLNonNull):
        return shape_of(kind.of_type, value)
    if isinstance(kind, GraphQLList):
        if not is_enum_type(get_named_type(kind)):
            return "list"
        return tuple(shape_of(kind.of_type, item) for item in (value if isinstance(value, list) else [value]))
    if isinstance(kind, GraphQLInputObjectType):
        given = sorted((name, part) for name, part in value.items() if part is not None)
        return tuple([(name, shape_of(kind.fields[name].type, part)) for name, part in given])
    if is_enum_type(kind):
        return str(getattr(value, "value", value))
    if kind is GraphQLBoolean:
        return bool(value)
    return "scalar"
