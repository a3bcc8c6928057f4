"""One pass over a document, before validation: counts what it asks for and compiles its price.

Each definition is walked once, fragments before those that spread them, and a spread adds the
fragment's finished figures. So the work is linear in the text however fragments are nested, where
a walk that follows every spread is exponential (twenty fragments, each spread twice by the one
before, are a million visits). Types are looked up leniently: what is wrong with a document is for
the validation to say.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from schema.edge.limits.bounds import LimitExceeded, Limits
from schema.edge.limits.cost import Program, StaticCheck, Sum
from schema.edge.limits.prices import Price, is_connection, price_of

_INTROSPECTION_POINTS = {"__schema": 100, "__type": 10, "__typename": 0}
"""Flat, whatever is selected beneath: the answer is the same for everybody and needs no data."""


@dataclass(slots=True)
class _Figures:
    """What one selection set adds up to, spreads included."""

    depth: int = 0
    """Levels of fields on paths that stay outside introspection."""
    introspection_depth: int = 0
    """Levels of fields on paths that enter it, 0 if none does."""
    fields: int = 0
    """Fields of this level itself."""
    price: Sum = field(default_factory=Sum)
    items: Sum = field(default_factory=Sum)
    """In a connection: the price beneath one item; its own points are `rows`."""
    rows: int = 0
    """In a connection: how often its items are selected (edges, nodes)."""

    def add(self, other: "_Figures") -> None:
        """Add what stands at the same level: a spread or an inline fragment."""
        self.deepen(other.depth, other.introspection_depth)
        self.fields += other.fields
        self.price.add(other.price)
        self.items.add(other.items)
        self.rows += other.rows

    def deepen(self, depth: int, introspection_depth: int) -> None:
        """Keep the larger depths."""
        self.depth = max(self.depth, depth)
        self.introspection_depth = max(self.introspection_depth, introspection_depth)


class DocumentLimits:
    """Checks documents of one schema against one set of limits; prices of fields are kept."""

    def __init__(self, schema: GraphQLSchema, limits: Limits | None = None) -> None:
        """Take the schema whose fields are priced."""
        self.schema = schema
        self.limits = limits or Limits()
        self._prices: dict[tuple[str, str], Price | None] = {}

    def check(self, document: DocumentNode) -> StaticCheck:
        """Count and compile a parsed document, or refuse with `LimitExceeded`.

        Fragment cycles and unknown names are passed over: validation reports them.
        """
        return _Pass(self, document).run()

    def price(self, parent: GraphQLNamedType | None, name: str) -> Price | None:
        """Look up the price of a field, None if there is no such field."""
        if parent is None:
            return None
        key = (parent.name, name)
        if key not in self._prices:
            definition = getattr(parent, "fields", {}).get(name)
            # Only names that exist are kept, or a client could fill the memory with invented ones.
            if definition is None:
                return None
            self._prices[key] = price_of(self.schema, self.limits, parent, definition)
        return self._prices[key]


class _Pass:
    """The state of one check."""

    def __init__(self, owner: DocumentLimits, document: DocumentNode) -> None:
        self._owner = owner
        self._limits = owner.limits
        self._document = document
        self._program = Program()
        self._fragments: dict[str, _Figures] = {}
        self._aliases = 0
        self._directives = 0
        self._repeats: defaultdict[str, int] = defaultdict(int)
        self._uses_introspection = False

    def run(self) -> StaticCheck:
        definitions = self._document.definitions
        fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
        types = self._owner.schema.type_map
        deepest = 0
        for name in _innermost_first(fragments):
            fragment = fragments[name]
            self._count_directives(fragment)
            parent = types.get(fragment.type_condition.name.value)
            figures = self._selections(fragment.selection_set, parent)
            self._fragments[name] = replace(
                figures,
                price=self._program.shared(figures.price),
                items=self._program.shared(figures.items),
            )
            deepest = max(deepest, self._bounded(figures))
        operations: dict[str, Sum] = {}
        for operation in definitions:
            if isinstance(operation, OperationDefinitionNode):
                figures = self._operation(operation)
                deepest = max(deepest, self._bounded(figures))
                operations[operation.name.value if operation.name else ""] = figures.price
        return StaticCheck(
            self._limits,
            operations,
            self._program,
            depth=deepest,
            uses_introspection=self._uses_introspection,
        )

    def _operation(self, operation: OperationDefinitionNode) -> _Figures:
        self._count_directives(operation)
        for variable in operation.variable_definitions or ():
            self._count_directives(variable)
        root = self._owner.schema.get_root_type(operation.operation)
        figures = self._selections(operation.selection_set, root)
        self._refuse_above("root_fields", figures.fields)
        return figures

    def _bounded(self, figures: _Figures) -> int:
        self._refuse_above("depth", figures.depth)
        self._refuse_above("introspection_depth", figures.introspection_depth)
        return max(figures.depth, figures.introspection_depth)

    def _refuse_above(self, what: str, actual: int) -> None:
        limit: int = getattr(self._limits, what)
        if actual > limit:
            raise LimitExceeded(what, limit=limit, actual=actual)

    def _count_directives(self, node: object) -> None:
        directives = getattr(node, "directives", None)
        if directives:
            self._directives += len(directives)
            self._refuse_above("directives", self._directives)

    def _selections(self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None) -> _Figures:
        """Add up one selection set; recursion is bounded, as the parser refuses 200 levels."""
        figures = _Figures()
        for selection in selection_set.selections:
            self._count_directives(selection)
            if isinstance(selection, FieldNode):
                figures.fields += 1
                self._field(selection, parent, figures)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                known = self._owner.schema.type_map
                inner = known.get(condition.name.value) if condition else parent
                figures.add(self._selections(selection.selection_set, inner))
            elif isinstance(selection, FragmentSpreadNode):
                spread = self._fragments.get(selection.name.value)
                if spread is not None:  # else unknown, or closing a cycle
                    figures.add(spread)
        return figures

    def _field(
        self,
        node: FieldNode,
        parent: GraphQLNamedType | None,
        figures: _Figures,
    ) -> None:
        name = node.name.value
        if node.alias:
            self._aliases += 1
            self._refuse_above("aliases", self._aliases)
        if node.arguments or node.selection_set:
            answered_as = node.alias.value if node.alias else name
            self._repeats[answered_as] += 1
            self._refuse_above("repeats", self._repeats[answered_as])
        if name in {"__schema", "__type"}:
            self._uses_introspection = True
        price = self._owner.price(parent, name)
        returns = price.returns if price else self._introspected(name)
        inner = self._selections(node.selection_set, returns) if node.selection_set else _Figures()
        if parent is not None and parent.name.startswith("__"):
            figures.deepen(0, 1 + max(inner.introspection_depth, inner.depth))
        else:
            deep = inner.introspection_depth
            figures.deepen(1 + inner.depth, 1 + deep if deep else 0)
        if name in _INTROSPECTION_POINTS:
            figures.price.number += _INTROSPECTION_POINTS[name]
        elif price is not None:
            self._charge(node, parent, price, inner, figures)

    def _introspected(self, name: str) -> GraphQLNamedType | None:
        """Give the type of a meta field, which no type lists among its fields."""
        meta = {"__schema": "__Schema", "__type": "__Type"}.get(name)
        return self._owner.schema.type_map.get(meta) if meta else None

    def _charge(
        self,
        node: FieldNode,
        parent: GraphQLNamedType | None,
        price: Price,
        inner: _Figures,
        figures: _Figures,
    ) -> None:
        """Add the price of one field: own points once, items by their number."""
        name = node.name.value
        if is_connection(parent) and name in {"edges", "nodes"}:
            figures.items.add(inner.price)
            figures.rows += 1
            return
        if _is_free(parent, name):
            figures.price.add(inner.price)
            return
        if price.is_connection:
            amount = Sum(price.per_item * inner.rows)
            amount.add(inner.items)
            figures.price.number += price.own
            figures.price.add(inner.price)
            figures.price.add(self._program.times(price.count(node), amount))
        elif price.is_list and price.is_composite:
            amount = Sum(price.per_item)
            amount.add(inner.price)
            figures.price.number += price.own
            figures.price.add(self._program.times(price.count(node), amount))
        else:
            figures.price.add(self._program.times(price.ids(node), Sum(price.own)))
            figures.price.add(inner.price)


def _is_free(parent: GraphQLNamedType | None, name: str) -> bool:
    """Tell the fields that a connection's own price covers: an edge's node, and pageInfo."""
    if parent is None:
        return False
    return name == "pageInfo" if is_connection(parent) else (name == "node" and parent.name.endswith("Edge"))


def _spreads(selection_set: SelectionSetNode) -> Iterable[str]:
    stack: list[SelectionNode] = list(selection_set.selections)
    while stack:
        selection = stack.pop()
        if isinstance(selection, FragmentSpreadNode):
            yield selection.name.value
        else:
            inner: SelectionSetNode | None = getattr(selection, "selection_set", None)
            if inner:
                stack.extend(inner.selections)


def _innermost_first(fragments: dict[str, FragmentDefinitionNode]) -> list[str]:
    """Order fragments so that each comes after those it spreads; a cycle is cut somewhere."""
    order: list[str] = []
    entered: set[str] = set()
    for root, fragment in fragments.items():
        if root in entered:
            continue
        entered.add(root)
        path = [(root, iter(_spreads(fragment.selection_set)))]
        while path:
            name, rest = path[-1]
            for spread in rest:
                if spread in fragments and spread not in entered:
                    entered.add(spread)
                    path.append((spread, iter(_spreads(fragments[spread].selection_set))))
                    break
            else:
                path.pop()
                order.append(name)
    return order
