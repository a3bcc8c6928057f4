"""Which fields a document asks for of one object type: fragments spread, directives applied, same keys merged
(GraphQL specification, CollectFields)."""

from collections.abc import Iterable, Mapping, Sequence

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    SelectionNode,
    VariableNode,
    is_abstract_type,
)

from schema.projection.arguments import Variables

Fields = dict[str, list[FieldNode]]
"""The nodes of each response key, in order."""


class Selector:
    """Collects fields of one operation, for one set of the variables that steer `@include` and `@skip`."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: Variables
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables

    def fields(self, of: GraphQLObjectType, nodes: Iterable[FieldNode]) -> Fields:
        """The fields that these merged nodes select of a type."""
        found: Fields = {}
        seen: set[str] = set()
        for node in nodes:
            if node.selection_set is not None:
                self._collect(of, node.selection_set.selections, found, seen)
        return found

    def root(self, of: GraphQLObjectType, selections: Sequence[SelectionNode]) -> Fields:
        """The root fields of an operation."""
        found: Fields = {}
        self._collect(of, selections, found, set())
        return found

    def _collect(
        self, of: GraphQLObjectType, selections: Sequence[SelectionNode], found: Fields, seen: set[str]
    ) -> None:
        for node in selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                found.setdefault(key, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if self._applies(of, node.type_condition):
                    self._collect(of, node.selection_set.selections, found, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self._fragments[node.name.value]
                if self._applies(of, fragment.type_condition):
                    self._collect(of, fragment.selection_set.selections, found, seen)

    def _is_included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name in {"skip", "include"} and self._flag(directive) is (name == "skip"):
                return False
        return True

    def _flag(self, directive: DirectiveNode) -> bool:
        (argument,) = directive.arguments or ()  # validated: `if`
        value = argument.value
        if isinstance(value, VariableNode):
            return bool(self._variables[value.name.value])
        assert isinstance(value, BooleanValueNode)
        return value.value

    def _applies(self, of: GraphQLObjectType, condition: NamedTypeNode | None) -> bool:
        if condition is None or condition.name.value == of.name:
            return True
        kind = self._schema.get_type(condition.name.value)
        return kind is not None and is_abstract_type(kind) and self._schema.is_sub_type(kind, of)
