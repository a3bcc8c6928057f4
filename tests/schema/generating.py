"""Random queries over the schema: every field, argument, fragment and directive comes up, values from a pool."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_leaf_type,
)

from schema.permissions import PUBLIC

DEPTH_MAX = 7
CURSORS = {"after", "before"}
PAGES = {"first", "last"} | CURSORS
WEIGHTS = {"products": 4, "tourPackages": 4, "search": 4, "producers": 2, "cooperatives": 2, "payMethods": 0}
"""Lists with many filters are asked more often; what comes from settings and not from rows, never."""
Pool = Mapping[str, Sequence[Any]]
"""Values by `field.argument`, by argument or input field name, else by scalar name; cursors by `cursor_key`."""


def cursor_key(field_name: str, connection: str, order: str | None) -> str:
    """Where a pool keeps the cursors that a list has given out in this order (None for its usual one)."""
    return f"{field_name}:{connection}:{order or ''}"


def public(kind: Any) -> dict[str, GraphQLField]:
    """The fields of a type that everybody may see: what random visitors ask for."""
    return {name: each for name, each in kind.fields.items() if each.extensions["rule"] == PUBLIC}


@dataclass
class Generator:
    """Makes one query."""

    schema: GraphQLSchema
    pool: Pool
    random: Random
    variables: dict[str, Any] = field(default_factory=dict)
    declarations: list[str] = field(default_factory=list)
    fragments: list[str] = field(default_factory=list)
    keys: int = 0

    def query(self, roots: int = 2) -> tuple[str, dict[str, Any]]:
        """The document and its variables."""
        assert self.schema.query_type is not None
        fields = public(self.schema.query_type)
        names = self.random.choices(list(fields), weights=[WEIGHTS.get(name, 1) for name in fields], k=roots)
        body = " ".join(self._field(fields[name], name, 1, alias=True) for name in names)
        declared = f"({', '.join(self.declarations)})" if self.declarations else ""
        return f"query Q{declared} {{ {body} }} {' '.join(self.fragments)}", self.variables

    def _chance(self, probability: float) -> bool:
        return self.random.random() < probability

    # -- fields --------------------------------------------------------------------------------------------------------

    def _field(self, definition: GraphQLField, name: str, depth: int, *, alias: bool = False) -> str:
        kind = get_named_type(definition.type)
        given = self._arguments(definition.args, name, kind.name)
        # Fields with arguments are always aliased: two of them under one name would have to be the same.
        key = f"{self._key()}: " if alias or given or self._chance(0.15) else ""
        directive = self._directive()
        if is_leaf_type(kind):
            return f"{key}{name}{given}{directive}"
        return f"{key}{name}{given}{directive} {{ {self._selection(kind, depth + 1)} }}"

    def _selection(self, kind: Any, depth: int) -> str:
        fields = public(kind)
        leaves = [name for name, each in fields.items() if is_leaf_type(get_named_type(each.type))]
        composites = [name for name in fields if name not in leaves]
        if depth >= DEPTH_MAX:
            composites = []
        chosen = self.random.sample(leaves, min(len(leaves), self.random.randint(0, 4)))
        chosen += self.random.sample(composites, min(len(composites), self.random.choice([0, 1, 1, 2])))
        parts = [self._field(fields[name], name, depth) for name in chosen]
        if self._chance(0.3) or not parts:
            parts.append("__typename")
        if isinstance(kind, GraphQLInterfaceType):
            member = self.random.choice([each for each in self.schema.get_possible_types(kind) if public(each)])
            parts.append(f"... on {member.name} {{ {self._selection(member, depth + 1)} }}")
        elif self._chance(0.1) and isinstance(kind, GraphQLObjectType):
            name = f"F{len(self.fragments)}"
            self.fragments.append("")  # its place, before nested ones
            self.fragments[int(name[1:])] = f"fragment {name} on {kind.name} {{ {self._selection(kind, DEPTH_MAX)} }}"
            parts.append(f"...{name}")
        elif self._chance(0.08) and isinstance(kind, GraphQLObjectType) and kind.interfaces:
            shared = self.random.choice(kind.interfaces)
            parts.append(f"... on {shared.name} {{ {self._selection(shared, DEPTH_MAX)} }}")
        self.random.shuffle(parts)
        return " ".join(parts)

    def _directive(self) -> str:
        if not self._chance(0.06):
            return ""
        word, value = self.random.choice(["include", "skip"]), self._chance(0.5)
        if self._chance(0.5):
            return f" @{word}(if: {json.dumps(value)})"
        return f" @{word}(if: ${self._variable('Boolean!', value)})"

    def _key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    def value_of(self, kind: GraphQLInputType, name: str) -> Any:
        """A value that is not null, for an argument or a part of one."""
        return self._some(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, name)

    # -- arguments -----------------------------------------------------------------------------------------------------

    def _arguments(self, arguments: Mapping[str, GraphQLArgument], field_name: str, returns: str) -> str:
        chosen = self._pages(
            {name: each for name, each in arguments.items() if self._has(each, 0.6 if name == "where" else 0.35)}
        )
        values = {
            name: self._value(each.type, f"{field_name}.{name}" if f"{field_name}.{name}" in self.pool else name)
            for name, each in chosen.items()
            if name not in CURSORS
        }
        for name in chosen:
            if name in CURSORS:
                values[name] = self._cursor(field_name, returns, values.get("orderBy"))
        given = [f"{name}: {self._given(chosen[name], value)}" for name, value in values.items()]
        return f"({', '.join(given)})" if given else ""

    def _pages(self, chosen: dict[str, GraphQLArgument]) -> dict[str, GraphQLArgument]:
        """Mostly possible pages; the others must be refused alike."""
        if self._chance(0.06):
            return chosen
        direction = {"first", "after"} if self._chance(0.7) else {"last", "before"}
        kept = {name: each for name, each in chosen.items() if name not in PAGES - direction}
        if "before" in kept and "last" not in kept:
            del kept["before"]
        return kept

    def _cursor(self, field_name: str, returns: str, order: str | None) -> Any:
        """Mostly one that this list has given out in this order."""
        given = self.pool.get(cursor_key(field_name, returns, order))
        return self.random.choice(given if given and self._chance(0.95) else self.pool["cursor"])

    def _has(self, each: GraphQLArgument | GraphQLInputField, probability: float) -> bool:
        if isinstance(each.type, GraphQLNonNull):
            return each.default_value is Undefined or self._chance(0.5)
        return self._chance(probability)

    def _value(self, kind: GraphQLInputType, name: str) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self._some(kind.of_type, name)
        return None if self._chance(0.03) else self._some(kind, name)

    def _some(self, kind: GraphQLInputType, name: str) -> Any:
        if isinstance(kind, GraphQLList):
            return [self._value(kind.of_type, name) for _ in range(self.random.choice([0, 1, 1, 2, 3]))]
        if isinstance(kind, GraphQLEnumType):
            return self.random.choice(list(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            # One or two filters at once: with more there is mostly nothing left to compare.
            few = self.random.sample(
                list(kind.fields), min(len(kind.fields), self.random.choice([0, 1, 1, 1, 2, 2, 3]))
            )
            given = {name: each for name, each in kind.fields.items() if name in few or self._has(each, 0)}
            return {name: self._value(each.type, name) for name, each in given.items()}
        return self.random.choice(self.pool.get(name) or self.pool[get_named_type(kind).name])

    # -- how they are written ------------------------------------------------------------------------------------------

    def _given(self, each: GraphQLArgument | GraphQLInputField, value: Any, *, probability: float = 0.5) -> str:
        """As a variable, or as a literal whose parts may be variables."""
        if self._chance(probability):
            return self._by_variable(each.type, value, is_optional=each.default_value is not Undefined)
        return self._literal(each.type, value, probability=min(probability, 0.15))

    def _by_variable(self, kind: GraphQLInputType, value: Any, *, is_optional: bool) -> str:
        inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if kind is inner and self._chance(0.05):  # declared, but not given
            return f"${self._variable(str(kind), value, is_sent=False)}"
        if is_optional and kind is not inner and self._chance(0.3):  # may be left out, where the default stands in
            return f"${self._variable(str(inner), value, is_sent=self._chance(0.7))}"
        if value is not None and self._chance(0.1):
            default = self._constant(inner, value)
            return f"${self._variable(f'{inner} = {default}', value, is_sent=self._chance(0.3))}"
        return f"${self._variable(str(kind), value)}"

    def _variable(self, kind: str, value: Any, *, is_sent: bool = True) -> str:
        name = f"v{len(self.declarations)}"
        if is_sent:
            self.variables[name] = value
        self.declarations.append(f"${name}: {kind}")
        return name

    def _literal(self, kind: GraphQLInputType, value: Any, *, probability: float = 0.15) -> str:
        inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if value is None:
            return "null"
        if isinstance(inner, GraphQLList):
            return f"[{', '.join(self._item(inner.of_type, item, probability) for item in value)}]"
        if isinstance(inner, GraphQLInputObjectType):
            parts = [
                f"{name}: {self._given(inner.fields[name], part, probability=probability)}"
                for name, part in value.items()
            ]
            return f"{{{', '.join(parts)}}}"
        return str(value) if isinstance(inner, GraphQLEnumType) else json.dumps(value)

    def _item(self, kind: GraphQLInputType, value: Any, probability: float) -> str:
        if self._chance(probability):
            return f"${self._variable(str(kind), value)}"
        return self._literal(kind, value, probability=probability)

    def _constant(self, kind: GraphQLInputType, value: Any) -> str:
        """A literal without variables."""
        before = self.declarations
        made = self._literal(kind, value, probability=0.0)
        assert self.declarations is before
        return made
