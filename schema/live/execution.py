"""From a subscription to its results: listened to once, then one statement for each event, under the caller's rights
as they are at that moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import GraphQLError, GraphQLSchema, OperationType
from graphql.execution.values import get_argument_values
from graphql.language import FieldNode, FragmentDefinitionNode, OperationDefinitionNode

from market.kernel.errors import Language, LimitReached, MarketError, NotFound, NotSignedIn, Unavailable
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor
from market.live.feed import Ended, Feed, Why
from schema.authentication import Authentication
from schema.edge.documents import Document, Documents, formatted, limit_error
from schema.edge.http import Answer
from schema.edge.limits import LimitExceeded
from schema.edge.live import Stopped
from schema.edge.refusals import BadRequest, language_of
from schema.edge.requests import GraphQLRequest
from schema.errors import ErrorLog, told
from schema.execution import Execution
from schema.live.sources import SOURCES, Listening, Source
from schema.permissions import allow
from schema.projection import ById, Delivery, Slot
from schema.projection.plan import PLANS_MAX, Operation, Plan, Planner, operation_of
from schema.projection.selection import Selector
from schema.projection.viewer import Viewer

_REMEMBERED_MAX = 250
_ROW = "@row"
"""The id of the row that an event is about, among the variables; no GraphQL variable can have this name."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What executions of one schema have in common."""

    market: Market
    schema: GraphQLSchema
    documents: Documents
    planner: Planner
    delivery: Delivery
    authentication: Authentication
    log: ErrorLog


class LiveExecution:
    """Performs operations of live connections: subscriptions itself, queries and mutations by `otherwise`."""

    def __init__(self, parts: Parts, feed: Feed, otherwise: Execution) -> None:
        self._parts = parts
        self._feed = feed
        self._otherwise = otherwise

    async def admit(self, request: GraphQLRequest) -> str:
        """Who a connection is from: the account, or the address of whoever is not signed in. Refuses with BadRequest."""
        actor = await self._actor(request)
        return actor.account_id or f"address {request.client}"

    async def perform(self, request: GraphQLRequest) -> "Answer | Subscribed":
        """Answer, or begin a subscription; refuses with BadRequest what HTTP has a status for."""
        document = self._parts.documents.get(request.query)
        node = None if document.errors else document.operation(request.operation_name)
        if not isinstance(node, OperationDefinitionNode) or node.operation is not OperationType.SUBSCRIPTION:
            return await self._otherwise(request)
        values = self._parts.documents.variables_for(document, node, request.variables)
        if isinstance(values, list):
            return _refused(values, request)
        assert document.limits is not None, "a document without errors has its limits"
        try:
            document.limits.charge(request.operation_name, values.coerced)
        except LimitExceeded as error:
            return _refused([limit_error(error)], request)
        actor = await self._actor(request)
        asked = self._asked(request, document, node, values.coerced)
        if asked is None:
            return _refused([GraphQLError("No field is selected.", extensions={"code": "BAD_USER_INPUT"})], request)
        try:
            arguments = get_argument_values(asked.definition, asked.nodes[0], values)
            allow(actor, asked.definition)
            self._plan(asked, actor)  # refuses what the caller may not see
            listening = await asked.source.listen(self._feed, self._parts.market, actor, arguments)
        except (MarketError, GraphQLError) as error:
            return Answer(asked.errors(error, self._parts.log), ok=False)
        except Ended as ended:
            raise Stopped(is_forbidden=False) from ended
        return Subscribed(self, asked, listening)

    def _asked(
        self, request: GraphQLRequest, document: Document, node: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> "Asked | None":
        schema, name = self._parts.schema, node.name.value if node.name else ""
        operation: Operation | None = document.kept.get(name)
        assert document.ast is not None, "a document without errors was parsed"
        assert schema.subscription_type is not None
        if operation is None:
            fragments = {
                each.name.value: each for each in document.ast.definitions if isinstance(each, FragmentDefinitionNode)
            }
            operation = document.kept[name] = operation_of(schema, node, fragments)
        selected = Selector(schema, operation.fragments, variables).root(
            schema.subscription_type, node.selection_set.selections
        )
        for key, nodes in selected.items():
            field_name = nodes[0].name.value
            if field_name in SOURCES:
                definition = schema.subscription_type.fields[field_name]
                language: Language = "en" if language_of(request.accept_language) == "en" else "zh-CN"
                return Asked(request, operation, key, nodes, definition, SOURCES[field_name], variables, language)
        return None

    async def _actor(self, request: GraphQLRequest) -> Actor:
        """Who asks now. Refuses with BadRequest: 401, 403, 503."""
        if request.authorization is None and b"cookie" not in request.headers:
            return VISITOR
        language: Language = "en" if language_of(request.accept_language) == "en" else "zh-CN"
        try:
            return await self._parts.authentication.actor(request, language)
        except Unavailable as error:
            raise _bad(503, error) from error
        except MarketError as error:
            raise _bad(401, error) from error

    def _plan(self, asked: "Asked", actor: Actor) -> Plan:
        """The statement of one event. Refuses with a MarketError what this caller may not see."""
        viewer = Viewer(actor, allow)
        operation, key = asked.operation, asked.operation.key(asked.variables, asked.locale, viewer)
        found = operation.plans.get(key)
        if found is None:
            spec = ById(asked.source.target, given=Slot(_ROW))
            root = self._parts.planner.root(
                operation,
                asked.key,
                asked.nodes,
                variables=asked.variables,
                locale=asked.locale,
                viewer=viewer,
                is_walked=False,
                spec=spec,
                definition=asked.definition,
            )
            found = Plan((root,), root.uses_now, root.is_public)
            if len(operation.plans) >= PLANS_MAX:
                del operation.plans[next(iter(operation.plans))]
            # The key again: compiling may have learnt of more that decides the SQL.
            operation.plans[operation.key(asked.variables, asked.locale, viewer)] = found
        return found

    async def event(self, asked: "Asked", row_id: str) -> bytes | None:
        """The result that shows a row now; None when the caller cannot read it. Raises Stopped for a caller whose
        sign-in has ended; refuses with MarketErrors."""
        try:
            actor = await self._actor(asked.request)
        except BadRequest as refusal:
            if refusal.status == 503:
                raise Unavailable from refusal
            raise Stopped(is_forbidden=True) from refusal
        plan = self._plan(asked, actor)
        now = self._parts.market.now().replace(second=0, microsecond=0)
        body = await self._parts.delivery.body(plan, {**asked.variables, _ROW: row_id}, now, Viewer(actor, allow))
        return None if body == asked.nothing else body

    def errors(self, asked: "Asked", error: MarketError) -> bytes:
        """The last result of a subscription that cannot go on."""
        return asked.errors(error, self._parts.log)


@dataclass(frozen=True, slots=True)
class Asked:
    """One subscription of a good request."""

    request: GraphQLRequest
    operation: Operation
    key: str
    """The response key of its one root field."""
    nodes: list[FieldNode]
    definition: Any
    source: Source
    variables: Mapping[str, Any]
    locale: Language

    @property
    def nothing(self) -> bytes:
        """The result of a row that is not there."""
        return b'{"data":{"' + self.key.encode() + b'":null}}'

    def errors(self, error: MarketError | GraphQLError, log: ErrorLog) -> bytes:
        """A result that says why there is none."""
        located = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
        return orjson.dumps({"errors": told([located], self.locale, self.request.request_id, log)})


@dataclass(slots=True)
class Subscribed:
    """A subscription that goes on: a `Stream` of the edge."""

    execution: LiveExecution
    asked: Asked
    listening: Listening
    _sent: dict[str, bytes] = field(default_factory=dict)
    """What was shown last of each row: what did not change is not shown again."""
    _is_over: bool = False
    _is_left: bool = False

    async def next(self) -> bytes | None:
        """The next result; None when there are no more. Raises Stopped."""
        while not self._is_over:
            try:
                row_id = await self.listening.watch.next()
                result = await self.execution.event(self.asked, row_id)
                if result is None:
                    self._check_missing(row_id)
                elif self._sent.get(row_id) != result:
                    self._remember(row_id, result)
                    return result
            except Ended as ended:
                if ended.why is Why.SHUTDOWN:
                    raise Stopped(is_forbidden=False) from ended
                return self._over(_too_slow() if ended.why is Why.TOO_SLOW else Unavailable())
            except NotSignedIn as error:
                raise Stopped(is_forbidden=True) from error
            except MarketError as error:
                return self._over(error)
        return None

    async def close(self) -> None:
        """Listen no more. Once."""
        if not self._is_left:
            self._is_left = True
            self.listening.leave()

    def _check_missing(self, row_id: str) -> None:
        """A subscription to one row ends when it cannot be read: foreign and unknown answer alike."""
        self._sent.pop(row_id, None)
        if self.asked.source.missing is not None:
            raise NotFound(field=self.asked.source.missing)

    def _remember(self, row_id: str, result: bytes) -> None:
        self._sent[row_id] = result
        if len(self._sent) > _REMEMBERED_MAX:
            del self._sent[next(iter(self._sent))]

    def _over(self, error: MarketError) -> bytes:
        self._is_over = True
        return self.execution.errors(self.asked, error)


def _too_slow() -> LimitReached:
    return LimitReached(what="unread events", limit=1_000)


def _bad(status: int, error: MarketError) -> BadRequest:
    return BadRequest(status, error.code, error.message("zh-CN"), error.message("en"))


def _refused(errors: list[GraphQLError], request: GraphQLRequest) -> Answer:
    return Answer(orjson.dumps({"errors": formatted(errors, request.accept_language)}), ok=False, kind="subscription")
