"""From a GraphQL request to its answer: cached, as one statement a root field, or walked by graphql-core."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, OperationType, execute
from graphql.language import FragmentDefinitionNode, OperationDefinitionNode

from market.kernel.errors import Language, MarketError, Unavailable
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor
from schema.authentication import Authentication
from schema.cache import Cached, ResponseCache, etag_of
from schema.context import Context
from schema.edge.documents import Document, Documents, formatted, limit_error
from schema.edge.http import Answer
from schema.edge.limits import LimitExceeded
from schema.edge.refusals import BadRequest, language_of, mutation_by_get
from schema.edge.requests import GraphQLRequest
from schema.errors import ErrorLog, told
from schema.permissions import allow
from schema.projection import Delivery
from schema.projection.plan import Operation, Plan, operation_of
from schema.projection.viewer import Viewer
from schema.services import Services

CACHE_CONTROL = (b"cache-control", b"public, max-age=0, must-revalidate")
PRIVATE = (b"cache-control", b"private, no-store")
"""For whoever is signed in: nothing in between keeps it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One operation of a good request, and who asks it."""

    request: GraphQLRequest
    document: Document
    node: OperationDefinitionNode
    variables: Mapping[str, Any]
    viewer: Viewer
    locale: Language
    now: datetime
    cost: int
    key: Hashable
    """Of the cache; None without one."""


class Execution:
    """Answers requests. One for each process."""

    def __init__(
        self,
        market: Market,
        schema: GraphQLSchema,
        documents: Documents,
        delivery: Delivery,
        *,
        authentication: Authentication,
        services: Services,
        cache: ResponseCache | None,
        log: ErrorLog,
        is_walked: bool = False,
    ) -> None:
        """`is_walked` lets graphql-core walk everything: what the fast way is compared with."""
        self._authentication = authentication
        self._services = services
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
        self._market.database.news.poll()
        actor = VISITOR
        if request.authorization is not None or b"cookie" in request.headers:
            actor = await self._actor(request, locale)
        key: Hashable = None
        if self._cache is not None and not request.has_files:
            variables = orjson.dumps(request.variables, option=orjson.OPT_SORT_KEYS) if request.variables else b""
            key = (request.query, request.operation_name, variables, locale)
            kept = self._cache.get(key, now)
            if kept is not None:
                return _kept(kept, request, actor)
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
        return await self._answer(
            Asked(request, document, node, values.coerced, Viewer(actor, allow), locale, now, cost, key)
        )

    async def _actor(self, request: GraphQLRequest, locale: Language) -> Actor:
        """Who asks, or refuses: 401 for a token that is not or no longer good, 503 when that cannot be found out."""
        try:
            return await self._authentication.actor(request, locale)
        except Unavailable as error:
            raise unavailable(error) from error
        except MarketError as error:
            raise BadRequest(
                401,
                error.code,
                error.message("zh-CN"),
                error.message("en"),
                headers=((b"www-authenticate", b'Bearer error="invalid_token"'),),
            ) from error

    async def _answer(self, asked: Asked) -> Answer:
        name = asked.node.name.value if asked.node.name else ""
        operation = self._operation(asked.document, asked.node, name)
        if asked.node.operation is OperationType.QUERY and not self._is_walked:
            try:
                plan = self._delivery.plan(operation, asked.variables, asked.locale, asked.viewer)
                if plan is not None:
                    return await self._planned(asked, plan, name)
            except Unavailable as error:
                raise unavailable(error) from error
            except MarketError:
                pass  # graphql-core says which fields it nulls, and answers the others
        cookies: list[str] = []
        result = await self._walked(asked, operation, cookies)
        body: dict[str, Any] = {"data": result.data}
        codes: tuple[str, ...] = ()
        if result.errors:
            body = {"errors": told(result.errors, asked.locale, asked.request.request_id, self._log), **body}
            codes = tuple(str(entry["extensions"]["code"]) for entry in body["errors"])
        headers = tuple([(b"set-cookie", each.encode("latin-1")) for each in cookies])
        kind = asked.node.operation.value
        return Answer(
            orjson.dumps(body), ok=True, headers=headers, operation=name, kind=kind, cost=asked.cost, errors=codes
        )

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

    async def _planned(self, asked: Asked, plan: Plan, name: str) -> Answer:
        # What is the same for everybody may be kept, whoever asked first.
        if self._cache is None or asked.key is None or not plan.is_public:
            body = await self._delivery.body(plan, asked.variables, asked.now, asked.viewer)
            return _public(body, etag_of(body), asked, operation=name, cost=asked.cost, cache="")
        topics = plan.topics(asked.variables)
        stamp = self._market.database.topics.stamp(topics)  # before reading: see `cache`
        body = await self._delivery.body(plan, asked.variables, asked.now, asked.viewer)
        etag = etag_of(body)
        expires_at = asked.now + timedelta(minutes=1) if plan.uses_now else None
        self._cache.keep(asked.key, Cached(body, etag, name, asked.cost, topics, stamp, expires_at))
        return _public(body, etag, asked, operation=name, cost=asked.cost, cache="miss")

    async def _walked(self, asked: Asked, operation: Operation, cookies: list[str]) -> ExecutionResult:
        context = Context(
            market=self._market,
            locale=asked.locale,
            now=asked.now,
            delivery=self._delivery,
            operation=operation,
            variables=asked.variables,
            request=asked.request,
            actor=asked.viewer.actor,
            services=self._services,
            cookies=cookies,
        )
        assert asked.document.ast is not None, "a document without errors was parsed"
        made = execute(
            self._schema,
            asked.document.ast,
            context_value=context,
            variable_values=asked.request.variables,
            operation_name=asked.request.operation_name,
        )
        return made if isinstance(made, ExecutionResult) else await made


def _kept(kept: Cached, request: GraphQLRequest, actor: Actor) -> Answer:
    control = CACHE_CONTROL if actor is VISITOR else PRIVATE
    return Answer(
        kept.body,
        ok=True,
        headers=((b"etag", kept.etag), control),
        not_modified=request.if_none_match is not None and kept.etag in request.if_none_match,
        operation=kept.operation,
        cost=kept.cost,
        cache="hit",
    )


def _public(body: bytes, etag: bytes, asked: Asked, *, operation: str, cost: int, cache: str) -> Answer:
    kept = Cached(body, etag, operation, cost, (), (), None)
    return replace(_kept(kept, asked.request, asked.viewer.actor), cache=cache)


def unavailable(error: Unavailable) -> BadRequest:
    """The database cannot be reached: 503, come back in a second."""
    return BadRequest(503, error.code, error.message("zh-CN"), error.message("en"), headers=((b"retry-after", b"1"),))


def _refused(errors: list[GraphQLError], request: GraphQLRequest) -> Answer:
    entries = formatted(errors, request.accept_language)
    codes = tuple(str(entry["extensions"]["code"]) for entry in entries)
    return Answer(orjson.dumps({"errors": entries}), ok=False, errors=codes)
