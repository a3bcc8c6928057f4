"""From a GraphQL request to its answer: cached, as one statement a root field, or walked by graphql-core."""

from collections.abc import Hashable, Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, OperationType, execute
from graphql.execution import VariableValues
from graphql.language import FragmentDefinitionNode, OperationDefinitionNode

from market.kernel.errors import Language, MarketError, Unavailable
from market.kernel.market import Market
from schema.cache import Cached, ResponseCache, etag_of
from schema.context import Context
from schema.edge.documents import Document, Documents, formatted, limit_error
from schema.edge.http import Answer
from schema.edge.limits import LimitExceeded
from schema.edge.refusals import BadRequest, language_of, mutation_by_get
from schema.edge.requests import GraphQLRequest
from schema.errors import ErrorLog, told
from schema.projection import Delivery
from schema.projection.plan import Operation, Plan, operation_of

CACHE_CONTROL = (b"cache-control", b"public, max-age=0, must-revalidate")
PRIVATE = (b"cache-control", b"private, no-store")
"""For whoever is signed in: nothing in between keeps it."""


class Execution:
    """Answers requests. One for each process."""

    def __init__(
        self,
        market: Market,
        schema: GraphQLSchema,
        documents: Documents,
        delivery: Delivery,
        *,
        cache: ResponseCache | None,
        log: ErrorLog,
        is_walked: bool = False,
    ) -> None:
        """`is_walked` lets graphql-core walk everything: what the fast way is compared with."""
        self._market = market
        self._schema = schema
        self._documents = documents
        self._delivery = delivery
        self._cache = cache
        self._log = log
        self._is_walked = is_walked

    async def __call__(self, request: GraphQLRequest) -> Answer:
        """Answer, or refuse with BadRequest what HTTP has a status for."""
        locale: Language = "en" if language_of(request.accept_language) == "en" else "zh-CN"
        now = self._market.now().replace(second=0, microsecond=0)
        key: Hashable = None
        self._market.database.news.poll()
        if self._cache is not None and request.authorization is None:
            variables = orjson.dumps(request.variables, option=orjson.OPT_SORT_KEYS) if request.variables else b""
            key = (request.query, request.operation_name, variables, locale)
            kept = self._cache.get(key, now)
            if kept is not None:
                return _public(kept.body, kept.etag, request, operation=kept.operation, cost=kept.cost, cache="hit")
        document = self._documents.get(request.query)
        if document.errors:
            return _refused(document.errors, request)
        node = document.operation(request.operation_name)
        if isinstance(node, GraphQLError):
            return _refused([node], request)
        if node.operation is OperationType.MUTATION and not request.may_mutate:
            raise mutation_by_get()
        values = self._documents.variables_for(document, node, request.variables)
        if isinstance(values, list):
            return _refused(values, request)
        assert document.limits is not None, "a document without errors has its limits"
        try:
            cost = document.limits.charge(request.operation_name, values.coerced)
        except LimitExceeded as error:
            return _refused([limit_error(error)], request)
        return await self._answer(request, document, node, values, cost=cost, locale=locale, now=now, key=key)

    async def _answer(
        self,
        request: GraphQLRequest,
        document: Document,
        node: OperationDefinitionNode,
        values: VariableValues,
        *,
        cost: int,
        locale: Language,
        now: datetime,
        key: Hashable,
    ) -> Answer:
        name = node.name.value if node.name else ""
        operation = self._operation(document, node, name)
        if node.operation is OperationType.QUERY and not self._is_walked:
            try:
                plan = self._delivery.plan(operation, values.coerced, locale)
                if plan is not None:
                    return await self._planned(request, plan, values.coerced, name=name, cost=cost, now=now, key=key)
            except Unavailable as error:
                raise unavailable(error) from error
            except MarketError:
                pass  # graphql-core says which fields it nulls, and answers the others
        result = await self._walked(request, document, operation, values, locale=locale, now=now)
        body: dict[str, Any] = {"data": result.data}
        codes: tuple[str, ...] = ()
        if result.errors:
            body = {"errors": told(result.errors, locale, request.request_id, self._log), **body}
            codes = tuple(str(entry["extensions"]["code"]) for entry in body["errors"])
        kind = node.operation.value
        return Answer(orjson.dumps(body), ok=True, operation=name, kind=kind, cost=cost, errors=codes)

    def _operation(self, document: Document, node: OperationDefinitionNode, name: str) -> Operation:
        made: Operation | None = document.kept.get(name)
        if made is None:
            assert document.ast is not None, "a document without errors was parsed"
            fragments = {
                each.name.value: each for each in document.ast.definitions if isinstance(each, FragmentDefinitionNode)
            }
            made = operation_of(self._schema, node, fragments)
            document.kept[name] = made
        return made

    async def _planned(
        self,
        request: GraphQLRequest,
        plan: Plan,
        variables: Mapping[str, Any],
        *,
        name: str,
        cost: int,
        now: datetime,
        key: Hashable,
    ) -> Answer:
        if self._cache is None or key is None:
            body = await self._delivery.body(plan, variables, now)
            return _public(body, etag_of(body), request, operation=name, cost=cost, cache="")
        topics = plan.topics(variables)
        stamp = self._market.database.topics.stamp(topics)  # before reading: see `cache`
        body = await self._delivery.body(plan, variables, now)
        etag = etag_of(body)
        expires_at = now + timedelta(minutes=1) if plan.uses_now else None
        self._cache.keep(key, Cached(body, etag, name, cost, topics, stamp, expires_at))
        return _public(body, etag, request, operation=name, cost=cost, cache="miss")

    async def _walked(
        self,
        request: GraphQLRequest,
        document: Document,
        operation: Operation,
        values: VariableValues,
        *,
        locale: Language,
        now: datetime,
    ) -> ExecutionResult:
        context = Context(
            market=self._market,
            locale=locale,
            now=now,
            delivery=self._delivery,
            operation=operation,
            variables=values.coerced,
            request_id=request.request_id,
        )
        assert document.ast is not None, "a document without errors was parsed"
        made = execute(
            self._schema,
            document.ast,
            context_value=context,
            variable_values=request.variables,
            operation_name=request.operation_name,
        )
        return made if isinstance(made, ExecutionResult) else await made


def _public(body: bytes, etag: bytes, request: GraphQLRequest, *, operation: str, cost: int, cache: str) -> Answer:
    return Answer(
        body,
        ok=True,
        headers=((b"etag", etag), CACHE_CONTROL if request.authorization is None else PRIVATE),
        not_modified=request.if_none_match is not None and etag in request.if_none_match,
        operation=operation,
        cost=cost,
        cache=cache,
    )


def unavailable(error: Unavailable) -> BadRequest:
    """The database cannot be reached: 503, come back in a second."""
    return BadRequest(503, error.code, error.message("zh-CN"), error.message("en"), headers=((b"retry-after", b"1"),))


def _refused(errors: list[GraphQLError], request: GraphQLRequest) -> Answer:
    entries = formatted(errors, request.accept_language)
    codes = tuple(str(entry["extensions"]["code"]) for entry in entries)
    return Answer(orjson.dumps({"errors": entries}), ok=False, errors=codes)
