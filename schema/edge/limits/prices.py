"""The price of one schema field, read from its type, its arguments and its `extensions`.

Defaults follow Shopify's published scale: scalar and enum 0, object 1, mutation 10, a connection
1 and its items by page size. A field overrides them in `GraphQLField.extensions`:

- `cost`: points for the field itself in place of 1 (10 for a mutation); a leaf may have one too;
- `cost_per_item`: points for each item of a connection or list in place of 1;
- `items`: the assumed length of a list or page when no argument says one.

So a search five times as dear as a listing is `{"cost": 5, "cost_per_item": 5}`.
"""

from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)

from schema.edge.limits.bounds import Limits
from schema.edge.limits.cost import Count

_PAGE_ARGUMENTS = ("first", "last", "limit")
_MUTATION_POINTS = 10


@dataclass(frozen=True, slots=True)
class Price:
    """How a field is charged, apart from what is selected beneath it."""

    returns: GraphQLNamedType
    own: int
    per_item: int
    is_composite: bool
    """Whether it returns objects, and not scalars or enums."""
    is_list: bool
    is_connection: bool
    items: int
    """Assumed number of items."""
    most: int | None
    """What a page holds at most, if it is one."""
    page_arguments: tuple[str, ...]
    id_arguments: tuple[str, ...]
    """List arguments that name single objects, one unit of work each."""

    def count(self, node: FieldNode) -> Count:
        """Read how many items this use of the field asks for."""
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        by_id = [name for name in self.id_arguments if name in given]
        if by_id and not self.is_connection:  # a connection is bounded by its page anyway
            values = [given[name] for name in by_id]
            if by_id == ["ids"]:  # one object per id; all of them if the list is null
                return _length(values, default=self.items)
            return _length(values, each=self.items)  # so many per owner
        return self._page([given[name] for name in self.page_arguments if name in given])

    def _page(self, values: list[ValueNode]) -> Count:
        fixed = 0
        for value in values:
            if isinstance(value, IntValueNode):
                fixed = max(fixed, _int(value.value))
        names = tuple(value.name.value for value in values if isinstance(value, VariableNode))
        return Count(fixed, names, self.items, by_length=False, most=self.most)

    def ids(self, node: FieldNode) -> Count:
        """Read how many objects the id lists of a field that returns no list name (else 1)."""
        values = [a.value for a in node.arguments or () if a.name.value in self.id_arguments]
        return _length(values) if values else Count(1, (), 1, by_length=True)


def _length(values: list[ValueNode], *, default: int = 1, each: int = 1) -> Count:
    fixed = 0
    names: list[str] = []
    for value in values:
        if isinstance(value, VariableNode):
            names.append(value.name.value)
        elif isinstance(value, ListValueNode):
            fixed += len(value.values)
        elif not isinstance(value, NullValueNode):
            fixed += 1  # a single value stands for a list of one (input coercion of lists)
    return Count(fixed, tuple(names), default, by_length=True, each=each)


def _int(text: str) -> int:
    digits_max = 18  # beyond any Int; the conversion itself is quadratic in the digits
    return int(text) if len(text) <= digits_max else 10**digits_max


def _default(argument: GraphQLArgument) -> int:
    """Read a page argument's default out of the schema, 0 if it has none."""
    if argument.default is not None:
        literal = argument.default.literal
        value = _int(literal.value) if isinstance(literal, IntValueNode) else argument.default.value
    else:
        value = argument.default_value
    return value if isinstance(value, int) else 0


def _list_levels(field: GraphQLField) -> int:
    levels = 0
    kind: Any = field.type
    while isinstance(kind, GraphQLList | GraphQLNonNull):
        levels += isinstance(kind, GraphQLList)
        kind = kind.of_type
    return levels


def _id_arguments(field: GraphQLField) -> tuple[str, ...]:
    names: list[str] = []
    for name, argument in field.args.items():
        kind: Any = argument.type
        if isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        is_ids = name == "ids" or name.endswith("Ids") or get_named_type(kind).name == "ID"
        if isinstance(kind, GraphQLList) and is_ids:
            names.append(name)
    return tuple(names)


def is_connection(kind: object) -> bool:
    """Tell a connection by the Relay specification: its name, and items under edges or nodes."""
    fields = getattr(kind, "fields", {})
    name = str(getattr(kind, "name", ""))
    return name.endswith("Connection") and ("edges" in fields or "nodes" in fields)


def price_of(schema: GraphQLSchema, limits: Limits, parent: GraphQLNamedType, field: GraphQLField) -> Price:
    """Work out the price of a field of `parent`; no field that returns objects is free unasked."""
    extensions = field.extensions
    returns = get_named_type(field.type)
    levels = _list_levels(field)
    connection = is_connection(returns)
    page_arguments = tuple(name for name in _PAGE_ARGUMENTS if name in field.args)
    sizes = [size for name in page_arguments if (size := _default(field.args[name]))]
    assumed = limits.page_items if connection else limits.list_items
    items = int(extensions.get("items", max(sizes, default=assumed)))
    composite = is_composite_type(returns)
    own = 1 if composite else 0
    if parent is schema.mutation_type:
        own = _MUTATION_POINTS
    return Price(
        returns=returns,
        own=int(extensions.get("cost", own)),
        # Lists within lists: each inner one is assumed to be full as well.
        per_item=int(extensions.get("cost_per_item", 1)),
        is_composite=composite,
        is_list=levels > 0,
        is_connection=connection,
        items=items * limits.list_items ** max(levels - 1, 0),
        most=limits.page_items_max if connection else None,
        page_arguments=page_arguments,
        id_arguments=_id_arguments(field),
    )
