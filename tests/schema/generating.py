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
    get_named_type,
    is_leaf_type,
)

DEPTH_MAX = 7
Pool = Mapping[str, Sequence[Any]]
"""Values by `field.argument`, by argument or input field name, else by scalar name."""


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
        names = self.random.choices([name for name in self.schema.query_type.fields if name != "availability"], k=roots)
        body = " ".join(self._field(self.schema.query_type.fields[name], name, 1, alias=True) for name in names)
        declared = f"({', '.join(self.declarations)})" if self.declarations else ""
        return f"query Q{declared} {{ {body} }} {' '.join(self.fragments)}", self.variables

    def _field(self, definition: GraphQLField, name: str, depth: int, *, alias: bool = False) -> str:
        given = self._arguments(definition.args, name)
        # Fields with arguments are always aliased: two of them under one name would have to be the same.
        key = f"{self._key()}: " if alias or given or self.random.random() < 0.15 else ""
        kind = get_named_type(definition.type)
        directive = self._directive()
        if is_leaf_type(kind):
            return f"{key}{name}{given}{directive}"
        return f"{key}{name}{given}{directive} {{ {self._selection(kind, depth + 1)} }}"

    def _selection(self, kind: Any, depth: int) -> str:
        leaves = [name for name, each in kind.fields.items() if is_leaf_type(get_named_type(each.type))]
        composites = [name for name in kind.fields if name not in leaves]
        if depth >= DEPTH_MAX:
            composites = []
        chosen = self.random.sample(leaves, min(len(leaves), self.random.randint(0, 4)))
        chosen += self.random.sample(composites, min(len(composites), self.random.choice([0, 1, 1, 2])))
        parts = [self._field(kind.fields[name], name, depth) for name in chosen]
        if self.random.random() < 0.3 or not parts:
            parts.append("__typename")
        if isinstance(kind, GraphQLInterfaceType):
            member = self.random.choice(self.schema.get_possible_types(kind))
            parts.append(f"... on {member.name} {{ {self._selection(member, depth + 1)} }}")
        elif self.random.random() < 0.1 and isinstance(kind, GraphQLObjectType):
            name = f"F{len(self.fragments)}"
            self.fragments.append("")  # its place, before nested ones
            self.fragments[int(name[1:])] = f"fragment {name} on {kind.name} {{ {self._selection(kind, DEPTH_MAX)} }}"
            parts.append(f"...{name}")
        self.random.shuffle(parts)
        return " ".join(parts)

    def _directive(self) -> str:
        if self.random.random() > 0.06:
            return ""
        word, value = self.random.choice(["include", "skip"]), self.random.random() < 0.5
        if self.random.random() < 0.5:
            return f" @{word}(if: {json.dumps(value)})"
        return f" @{word}(if: ${self._variable('Boolean!', value)})"

    def _key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    def _variable(self, kind: str, value: Any) -> str:
        name = f"v{len(self.variables)}"
        self.variables[name] = value
        self.declarations.append(f"${name}: {kind}")
        return name

    def _arguments(self, arguments: Mapping[str, GraphQLArgument], field_name: str) -> str:
        chosen: dict[str, GraphQLArgument] = {
            name: each
            for name, each in arguments.items()
            if isinstance(each.type, GraphQLNonNull) or self.random.random() < 0.35
        }
        chosen = self._pages(chosen)
        if not chosen:
            return ""
        return f"({', '.join(f'{name}: {self._given(each.type, name, field_name)}' for name, each in chosen.items())})"

    def _pages(self, chosen: dict[str, GraphQLArgument]) -> dict[str, GraphQLArgument]:
        """Mostly possible pages, seldom a cursor (it is of another order then); the others must be refused alike."""
        if self.random.random() < 0.85:
            chosen = {name: each for name, each in chosen.items() if name not in {"after", "before"}}
        if self.random.random() < 0.9:
            direction = {"first", "after"} if self.random.random() < 0.7 else {"last", "before"}
            chosen = {
                name: each
                for name, each in chosen.items()
                if name not in {"first", "after", "last", "before"} - direction
            }
            if "before" in chosen and "last" not in chosen:
                del chosen["before"]
        return chosen

    def _given(self, kind: GraphQLInputType, name: str, field_name: str) -> str:
        special = f"{field_name}.{name}"
        value = self._value(kind, special if special in self.pool else name)
        if self.random.random() < 0.5:
            return f"${self._variable(str(kind), value)}"
        return self._literal(kind, value)

    def _value(self, kind: GraphQLInputType, name: str) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self._value(kind.of_type, name)
        if self.random.random() < 0.03:
            return self._value(GraphQLNonNull(kind), name)
        if isinstance(kind, GraphQLList):
            return [self._value(kind.of_type, name) for _ in range(self.random.randint(1, 3))]
        if isinstance(kind, GraphQLEnumType):
            return self.random.choice(list(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            return {key: self._value(each.type, key) for key, each in kind.fields.items() if self._has(each)}
        return self.random.choice(self.pool.get(name) or self.pool[kind.name])

    def _has(self, each: GraphQLInputField) -> bool:
        return isinstance(each.type, GraphQLNonNull) or self.random.random() < 0.25

    def _literal(self, kind: GraphQLInputType, value: Any) -> str:
        if isinstance(kind, GraphQLNonNull):
            return self._literal(kind.of_type, value)
        if isinstance(kind, GraphQLList):
            return f"[{', '.join(self._literal(kind.of_type, each) for each in value)}]"
        if isinstance(kind, GraphQLEnumType):
            return str(value)
        if isinstance(kind, GraphQLInputObjectType):
            return f"{{{', '.join(f'{k}: {self._literal(kind.fields[k].type, v)}' for k, v in value.items())}}}"
        return json.dumps(value)
