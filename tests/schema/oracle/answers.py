"""A second opinion on every read: the schema answered by loops over lists of rows, without SQL and without pages cut by
a database. Written from the schema's descriptions and the rooms' rules; slow, and meant to be obvious.

- `data.py`: all rows of all tables, kept columns recomputed from what they come from.
- `filters.py`, `words.py`: which rows a list has.
- `lists.py`: orders, cursors, pages, counts, facets.
- `things.py`: the fields of each type; `roots.py`: those of Query.

This module parses, validates, refuses and executes, as `Asker` does.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    VariableValues,
    build_schema,
    execute_sync,
    get_argument_values,
    get_directive_values,
    get_named_type,
    get_variable_values,
    parse,
    print_schema,
    validate,
)

from market.kernel.errors import MarketError
from market.kernel.market import Market
from tests.schema.oracle import lists, roots, things
from tests.schema.oracle.data import load
from tests.schema.oracle.filters import Args, Request
from tests.schema.oracle.lists import Page
from tests.schema.oracle.words import segments

Refusal = tuple[tuple[str | int, ...], str]


@dataclass(frozen=True)
class Told:
    """A response: its data, and where it refuses with which code."""

    data: Any
    refusals: frozenset[Refusal]


class Oracle:
    """Answers as the marketplace should."""

    def __init__(self, market: Market, schema: GraphQLSchema) -> None:
        self.data = load(market)
        self.schema = build_schema(print_schema(schema))
        for name, read in {"Date": _date, "Decimal": _decimal}.items():
            scalar: Any = self.schema.type_map[name]
            scalar.parse_value = scalar.coerce_input_value = read

    def answer(self, query: str, variables: dict[str, Any], *, language: str = "zh") -> Told:
        """The response to a document with one operation."""
        document = parse(query)
        if validate(self.schema, document):
            return Told(None, frozenset({((), "GRAPHQL_VALIDATION_FAILED")}))
        (operation,) = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
        values = get_variable_values(self.schema, operation.variable_definitions or (), variables)
        if not isinstance(values, VariableValues):
            return Told(None, frozenset({((), "BAD_USER_INPUT")}))
        request = Request(self.data, language)
        fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
        refused = _Checks(self.schema, fragments, values, request).refused(operation)
        if self._is_nothing_left(operation, refused, fragments, values):
            return Told(None, frozenset(refused.items()))
        result = execute_sync(
            self.schema,
            document,
            context_value=_Context(request, {path[0] for path in refused}),
            variable_values=variables,
            field_resolver=_resolve,
            type_resolver=lambda value, *_more: str(value["__typename"]),
        )
        unforeseen = [each for each in result.errors or () if not isinstance(each.original_error, _AlreadyRefusedError)]
        if unforeseen:
            raise unforeseen[0]
        return Told(result.data, frozenset(refused.items()))

    def _is_nothing_left(
        self, operation: OperationDefinitionNode, refused: Any, fragments: Any, values: VariableValues
    ) -> bool:
        """Whether a root field that may not be null is refused."""
        query = self.schema.query_type
        assert query is not None
        nodes = _fields(self.schema, query, operation.selection_set.selections, fragments, values)
        return any(
            (node.alias or node.name).value == path[0]
            and isinstance(query.fields[node.name.value].type, GraphQLNonNull)
            for node in nodes
            for path in refused
        )


class _AlreadyRefusedError(Exception):
    """Counted among the refusals."""


@dataclass(frozen=True)
class _Context:
    request: Request
    refused: set[str | int]


def _date(value: Any) -> date:
    if not isinstance(value, str) or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError(value)
    return date.fromisoformat(value)


def _decimal(value: Any) -> Decimal:
    if not isinstance(value, str) or len(value) > 18 or not re.fullmatch(r"-?[0-9]+(\.[0-9]{1,2})?", value):
        raise ValueError(value)
    return Decimal(value)


# -- arguments, before anything is read --------------------------------------------------------------------------------


def _fields(
    schema: GraphQLSchema,
    kind: GraphQLObjectType,
    selections: Iterable[SelectionNode],
    fragments: dict[str, FragmentDefinitionNode],
    values: VariableValues,
) -> Iterable[FieldNode]:
    for node in selections:
        skipped = get_directive_values(GraphQLSkipDirective, node, values)
        included = get_directive_values(GraphQLIncludeDirective, node, values)
        if (skipped and skipped["if"]) or (included and not included["if"]):
            continue
        if isinstance(node, FieldNode):
            yield node
            continue
        assert isinstance(node, InlineFragmentNode | FragmentSpreadNode)
        fragment = node if isinstance(node, InlineFragmentNode) else fragments[node.name.value]
        condition = fragment.type_condition
        wanted = kind if condition is None else schema.type_map[condition.name.value]
        if wanted is kind or (isinstance(wanted, GraphQLInterfaceType) and schema.is_sub_type(wanted, kind)):
            yield from _fields(schema, kind, fragment.selection_set.selections, fragments, values)


@dataclass
class _Checks:
    """A refused argument anywhere beneath a root field refuses that root field, rows or not."""

    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    values: VariableValues
    request: Request

    def refused(self, operation: OperationDefinitionNode) -> dict[tuple[str | int, ...], str]:
        """The root fields that are refused, and with which code."""
        query = self.schema.query_type
        assert query is not None
        found: dict[tuple[str | int, ...], str] = {}
        selections = operation.selection_set.selections
        for node in _fields(self.schema, query, selections, self.fragments, self.values):
            try:
                self._check(query, node)
            except MarketError as error:
                found[(node.alias or node.name).value,] = error.code
            except GraphQLError:
                found[(node.alias or node.name).value,] = "BAD_USER_INPUT"
        return found

    def _check(self, kind: GraphQLObjectType, node: FieldNode) -> None:
        name = node.name.value
        if name == "__typename":
            return
        args = get_argument_values(kind.fields[name], node, self.values)
        returned = get_named_type(kind.fields[name].type)
        types = [returned]
        if isinstance(returned, GraphQLInterfaceType):
            types = list(self.schema.get_possible_types(returned))
        if kind is self.schema.query_type:
            roots.check(self.request, name, args)
            if name in {"node", "nodes"}:
                types = [each for each in types if each.name in roots.types_of(name, args)]
        elif (kind.name, name) in things.LISTS:
            lists.cut_of(self.request, things.LISTS[kind.name, name], args)
        for each in types:
            if isinstance(each, GraphQLObjectType) and node.selection_set is not None:
                selections = node.selection_set.selections
                for inner in _fields(self.schema, each, selections, self.fragments, self.values):
                    self._check(each, inner)


# -- fields ------------------------------------------------------------------------------------------------------------


def _resolve(source: Any, info: GraphQLResolveInfo[Any], **args: Any) -> Any:
    context: _Context = info.context
    kind, name = info.parent_type.name, info.field_name
    if source is None:
        if info.path.key in context.refused:
            raise _AlreadyRefusedError
        return roots.value(context.request, name, args)
    if isinstance(source, Page):
        return _of_page(source, name)
    if isinstance(source, tuple):
        page, row = source
        return _of_edge(page, row, name)
    return _of_row(context.request, kind, source, name, args)


def _of_page(page: Page, name: str) -> Any:
    match name:
        case "edges":
            return [(page, row) for row in page.rows]
        case "nodes":
            return page.rows
        case "pageInfo":
            return lists.page_info(page)
        case "totalCount":
            return min(len(page.matching), lists.COUNT_MAX)
        case "isTotalCountExact":
            return len(page.matching) <= lists.COUNT_MAX
        case "facets":
            return page
        case "isExact":
            return len(page.matching) <= lists.FACET_ROWS_MAX
        case _:
            return lists.facet(page, name)


def _of_edge(page: Page, row: Any, name: str) -> Any:
    match name:
        case "node":
            return row
        case "cursor":
            return lists.cursor_of(page.cut, row)
        case "titleSegments":
            title = things.plain(page.cut.request, row, "title", {})
            return segments(title, page.cut.args["query"])
        case _:
            return things.distance(page, row)


def _of_row(request: Request, kind: str, row: Any, name: str, args: Args) -> Any:
    spec = things.LISTS.get((kind, name))
    if spec is not None:
        return lists.page_of(lists.cut_of(request, spec, args), spec.rows(request.data, row))
    resolver = things.FIELDS.get(kind, {}).get(name)
    if resolver is not None:
        return resolver(request, row, args)
    return things.plain(request, row, name, args)
