"""The schema's text, with each rule as a directive: what `schema.graphql` holds."""

from dataclasses import replace
from typing import Any

import strawberry
from graphql import (
    ArgumentNode,
    DirectiveNode,
    FieldDefinitionNode,
    GraphQLSchema,
    InputValueDefinitionNode,
    NameNode,
    StringValueNode,
    TypeDefinitionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from schema.permissions import AUTH


def printed(schema: strawberry.Schema) -> str:
    """The SDL."""
    core: GraphQLSchema = schema._schema  # noqa: SLF001 - Strawberry has no public way to it
    document = visit(parse(schema.as_str()), _Marking(core))
    return f"{print_ast(document)}\n"


class _Marking(Visitor):
    """Puts the rules of a schema on the nodes of its text."""

    def __init__(self, schema: GraphQLSchema) -> None:
        super().__init__()
        self._schema = schema

    def enter(self, node: Any, _key: Any, _parent: Any, _path: Any, ancestors: list[Any]) -> Any:
        """A copy of a definition with its rule; nothing for what has none."""
        of: Any = None
        if isinstance(node, TypeDefinitionNode):
            of = self._schema.type_map.get(node.name.value)
        elif isinstance(node, FieldDefinitionNode | InputValueDefinitionNode):
            of = self._found([each for each in ancestors if hasattr(each, "name")], node.name.value)
        if of is None or "rule" not in of.extensions:
            return None
        return replace(node, directives=(*(node.directives or ()), _auth(str(of.extensions["rule"]))))

    def _found(self, above: list[Any], name: str) -> Any:
        """A field or argument by the definitions around it."""
        kind: Any = self._schema.type_map.get(above[0].name.value) if above else None
        if kind is None:
            return None
        if len(above) == 1:
            return kind.fields.get(name)
        return kind.fields[above[1].name.value].args.get(name)


def _auth(rule: str) -> DirectiveNode:
    value = StringValueNode(value=rule)
    return DirectiveNode(
        name=NameNode(value=AUTH.name), arguments=(ArgumentNode(name=NameNode(value="rule"), value=value),)
    )
