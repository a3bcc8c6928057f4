"""GraphQL documents parsed, bounded and validated exactly once per text, refusals included.

A document's text is its key. Valid and refused ones are kept apart, so that a client sending
invented errors cannot push the shop's own queries out of memory.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    VariableValues,
    get_variable_values,
    parse,
    validate,
)

from schema.edge.limits import DocumentLimits, LimitExceeded, Limits, StaticCheck
from schema.edge.refusals import language_of

ERRORS_MAX = 5
"""Errors told at once: more help nobody, and each costs bytes that the client chose."""

_KEPT_CHARACTERS_MAX = 32 * 1024
"""Longer texts are processed each time: 2,000 tokens fit into a fraction of this."""
_KEPT_TOKENS_MAX = 200_000
"""Over all kept documents; a token with its nodes takes about 300 bytes of memory."""
_MESSAGE_MAX = 500
_SUGGESTION = re.compile(r" Did you mean [^?]*\?")
_UNKNOWN_VALUE = re.compile(r"does not exist in '(\w+)' enum\.")
_VALUES_MAX = 30
"""Values of an enum that are told when one was not among them."""
_LIMIT_REACHED = re.compile(r"more than (\d+) (tokens|comments)")
_NO_VALUES = VariableValues({}, {})


@dataclass(slots=True)
class Document:
    """One text and what is known of it; if `errors` is not empty it must not be executed."""

    text: str
    ast: DocumentNode | None = None
    """None if the text could not be parsed, or was not parsed to its end."""
    operations: dict[str, OperationDefinitionNode] = field(default_factory=dict)
    """By name; an operation without one has the name ""."""
    limits: StaticCheck | None = None
    """Figures and price; None if the document is refused."""
    errors: list[GraphQLError] = field(default_factory=list)
    """At most `ERRORS_MAX`, each with `extensions.code`."""
    uses_introspection: bool = False
    """Whether __schema or __type occurs, for callers who refuse that to some actors only."""
    tokens: int = 0
    kept: dict[str, Any] = field(default_factory=dict)
    """By operation name: what the executor made of it, kept as long as the document is."""

    def operation(self, name: str | None) -> OperationDefinitionNode | GraphQLError:
        """Find the operation to execute (GraphQL specification 6.1), or give a request error.

        Without a name the document must hold exactly one operation. An empty name is no name.
        """
        if not name:
            if len(self.operations) == 1:
                return next(iter(self.operations.values()))
            message = "operationName is required: the document holds several operations."
            if not self.operations:
                message = "The document holds no operation."
            return _error(message, "BAD_USER_INPUT")
        found = self.operations.get(name)
        if found is None:
            return _error(f"Unknown operation named '{name[:100]}'.", "BAD_USER_INPUT")
        return found


class Documents:
    """The documents of one schema, kept by text; used from one thread (the event loop's).

    Without `suggestions` messages do not propose names ("Did you mean"), which would tell a
    schema piece by piece; without `introspection` __schema and __type are refused.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits | None = None,
        *,
        max_documents: int = 500,
        suggestions: bool = False,
        introspection: bool = True,
    ) -> None:
        """Keep up to `max_documents` valid documents and a quarter of that of refused ones."""
        self.schema = schema
        self.limits = limits or Limits()
        self._checker = DocumentLimits(schema, self.limits)
        self._suggestions = suggestions
        self._introspection = introspection
        self._valid = _Kept(max_documents)
        self._refused = _Kept(max(max_documents // 4, 1))

    def get(self, query: str) -> Document:
        """Give the document of a text: kept, or parsed, bounded and validated now. Never raises."""
        document = self._valid.get(query) or self._refused.get(query)
        if document is None:
            document = self._read(query)
            (self._refused if document.errors else self._valid).keep(document)
        return document

    def variables_for(
        self,
        document: Document,
        operation: OperationDefinitionNode,
        raw: dict[str, Any],
    ) -> VariableValues | list[GraphQLError]:
        """Coerce variables to the operation's types (`.coerced`), or give up to 5 errors.

        Variables that the operation does not declare are ignored, as the specification says.
        """
        if not operation.variable_definitions:
            return _NO_VALUES
        values = get_variable_values(
            self.schema,
            operation.variable_definitions,
            raw,
            max_errors=ERRORS_MAX,
            hide_suggestions=not self._suggestions,
        )
        if isinstance(values, VariableValues):
            return values
        return self._coded(values, "BAD_USER_INPUT")

    def _read(self, query: str) -> Document:
        document = Document(query)
        try:
            document.ast = parse(query, max_lexical_tokens=self.limits.tokens, max_comments=self.limits.comments)
            document.tokens = document.ast.token_count or 0
            document.limits = self._checker.check(document.ast)
        except GraphQLSyntaxError as error:
            document.errors = [self._syntax_error(error)]
            return document
        except LimitExceeded as error:
            document.errors = [limit_error(error)]
            return document
        document.uses_introspection = document.limits.uses_introspection
        document.errors = self._validated(document)
        if document.errors:
            document.limits = None
            return document
        for definition in document.ast.definitions:
            if isinstance(definition, OperationDefinitionNode):
                name = definition.name.value if definition.name else ""
                document.operations[name] = definition
        return document

    def _validated(self, document: Document) -> list[GraphQLError]:
        if document.uses_introspection and not self._introspection:
            message = "Introspection is switched off: __schema and __type are not available."
            return [_error(message, "GRAPHQL_VALIDATION_FAILED")]
        if document.ast is None:  # for the type checker: only called once parsed
            return []
        errors = validate(
            self.schema,
            document.ast,
            max_errors=ERRORS_MAX,
            hide_suggestions=not self._suggestions,
        )
        return self._coded(errors, "GRAPHQL_VALIDATION_FAILED")

    def _syntax_error(self, error: GraphQLSyntaxError) -> GraphQLError:
        reached = _LIMIT_REACHED.search(error.message)
        if reached and error.message.endswith("Parsing aborted."):
            limit = int(reached[1])
            return limit_error(LimitExceeded(reached[2], limit=limit, actual=limit + 1))
        return self._coded([error], "GRAPHQL_PARSE_FAILED")[0]

    def _coded(self, errors: Sequence[GraphQLError], code: str) -> list[GraphQLError]:
        """Give each error its code; graphql-core's sixth, "too many errors", is left out."""
        return [
            GraphQLError(
                self._worded(error.message),
                error.nodes,
                error.source,
                error.positions,
                extensions={"code": code},
            )
            for error in errors[:ERRORS_MAX]
        ]

    def _allowed(self, enum: str) -> str:
        """The values that would have been right."""
        found = self.schema.type_map.get(enum)
        names = list(found.values) if isinstance(found, GraphQLEnumType) else []
        return f" Allowed: {', '.join(names)}." if 0 < len(names) <= _VALUES_MAX else ""

    def _worded(self, message: str) -> str:
        """Cut a message to size, as it may quote a value of any length that the client sent."""
        if not self._suggestions:
            message = _SUGGESTION.sub("", message)
        elif unknown := _UNKNOWN_VALUE.search(message):
            message = _SUGGESTION.sub("", message) + self._allowed(unknown[1])
        return message if len(message) <= _MESSAGE_MAX else message[:_MESSAGE_MAX] + "…"


class _Kept:
    """The most recently used documents, bounded by number and by the tokens they hold."""

    __slots__ = ("_by_text", "_documents_max", "_tokens")

    def __init__(self, documents_max: int) -> None:
        self._by_text: OrderedDict[str, Document] = OrderedDict()
        self._documents_max = documents_max
        self._tokens = 0

    def get(self, query: str) -> Document | None:
        document = self._by_text.get(query)
        if document is not None:
            self._by_text.move_to_end(query)
        return document

    def keep(self, document: Document) -> None:
        if len(document.text) > _KEPT_CHARACTERS_MAX:
            return
        self._by_text[document.text] = document
        self._tokens += document.tokens
        while len(self._by_text) > self._documents_max or self._tokens > _KEPT_TOKENS_MAX:
            _, dropped = self._by_text.popitem(last=False)
            self._tokens -= dropped.tokens

    def __len__(self) -> int:
        return len(self._by_text)


def _error(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


def limit_error(error: LimitExceeded) -> GraphQLError:
    """Give a refused limit as a request error, whose message `formatted` translates."""
    return GraphQLError(error.message_en, original_error=error, extensions=error.extensions)


def formatted(errors: Sequence[GraphQLError], accept_language: str) -> list[dict[str, Any]]:
    """Give errors as the response's `errors` list, limits in the caller's language.

    Other messages are graphql-core's and English: they speak to programmers, in their terms.
    """
    language = language_of(accept_language)
    entries: list[dict[str, Any]] = []
    for error in errors:
        entry = dict(error.formatted)
        if isinstance(error.original_error, LimitExceeded):
            entry["message"] = error.original_error.message(language)
        entries.append(entry)
    return entries
