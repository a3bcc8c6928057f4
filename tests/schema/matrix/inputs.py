"""Inputs made from the schema: the smallest that its types allow; ids and words from `hints.py`."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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

from schema.edge.multipart import Upload
from tests.schema.matrix.things import Side, Thing

_KEYS = count()


@dataclass(frozen=True)
class Of:
    """The id of the half's thing of this name."""

    name: str


@dataclass(frozen=True)
class Public:
    """An id that everybody may name: a village, what is on sale."""

    name: str


@dataclass(frozen=True)
class Fact:
    """What is no id, but this half's: a version, a code."""

    name: str


@dataclass(frozen=True)
class File:
    """A file to upload, a new one each time."""

    content: bytes


@dataclass
class Attempt:
    """A mutation, how it is asked, and which private things are named in it."""

    name: str
    document: str
    given: dict[str, Any]
    named: list[str] = field(default_factory=list)

    def variables(self, side: Side, **instead: str) -> dict[str, Any]:
        """For the things of one half, some of them by another id (by name)."""
        return {name: _filled(value, side, instead) for name, value in self.given.items()}

    def things(self, side: Side) -> list[Thing]:
        """The private things that are named."""
        return [side.things[name] for name in self.named]


def attempt(name: str, definition: GraphQLField, hints: Mapping[str, Any], *, more: str = "") -> Attempt:
    """A valid call of a mutation: what it requires, and what the hints give besides. `more` is asked for too.

    LookupError, saying what to add, for what nothing is known of.
    """
    given = {
        argument: _value(each.type, f"{name}.{argument}", hints)
        for argument, each in definition.args.items()
        if is_required_argument(each) or f"{name}.{argument}" in hints
    }
    declared = ", ".join(f"${argument}: {definition.args[argument].type}" for argument in given)
    passed = ", ".join(f"{argument}: ${argument}" for argument in given)
    head, call = (f"({declared})", f"({passed})") if given else ("", "")
    told = (
        "__typename ... on UserError { code message retryable } ... on NotFound { field } ... on InvalidInput { field }"
    )
    document = f"mutation Try{head} {{ it: {name}{call} {{ {told} {more} }} }}"
    return Attempt(name, document, given, sorted({each.name for each in _named(given)}))


def _named(value: Any) -> Iterator[Of]:
    if isinstance(value, Of):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _named(each)


def _filled(value: Any, side: Side, instead: Mapping[str, str]) -> Any:
    match value:
        case Of(name):
            return instead.get(name, side.things[name].id)
        case Public(name):
            return side.things[name].id
        case Fact("key"):
            return f"matrix-key-{next(_KEYS):08d}"
        case Fact(name):
            return side.facts[name]
        case File(content):
            upload = Upload()
            upload.write(io.BytesIO(content).read())
            upload.file.seek(0)
            return upload
        case dict():
            return {key: _filled(each, side, instead) for key, each in value.items()}
        case list():
            return [_filled(each, side, instead) for each in value]
    return value


def uploads(value: Any) -> Iterator[Upload]:
    """The files among variables."""
    if isinstance(value, Upload):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from uploads(each)


def _value(kind: GraphQLInputType, path: str, hints: Mapping[str, Any]) -> Any:
    """By its whole path, by what it is called, by its type."""
    called = path.rpartition(".")[2]
    if path in hints:
        return hints[path]
    if isinstance(kind, GraphQLNonNull):
        return _value(kind.of_type, path, hints)
    if isinstance(kind, GraphQLList):
        return [_value(kind.of_type, path, hints)]
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        return _object(named, path, hints)
    if called == "idempotencyKey":
        return Fact("key")
    if called in hints:
        return hints[called]
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    if named.name not in hints:
        raise LookupError(
            f"say in tests/schema/matrix/hints.py what {path} ({kind}) is: {path!r}, or {called!r} for all"
        )
    return hints[named.name]


def _object(kind: GraphQLInputObjectType, path: str, hints: Mapping[str, Any]) -> dict[str, Any]:
    """With the fields it must have and those that hints name: for all its uses (`Type.field`) or here (`path.field`)."""
    found = {}
    for name, each in kind.fields.items():
        here, everywhere = f"{path}.{name}", f"{kind.name}.{name}"
        if here in hints:
            found[name] = hints[here]
        elif everywhere in hints or (is_non_null_type(each.type) and each.default_value is Undefined):
            found[name] = _value(each.type, everywhere, hints)
    if kind.is_one_of and len(found) != 1:
        raise LookupError(f"say in tests/schema/matrix/hints.py which one of {kind.name}: '{kind.name}.<field>'")
    return {name: value for name, value in found.items() if value is not None}
