"""An execution over a market, asked without HTTP: what the schema's tests talk to."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graphql import GraphQLSchema

from market.kernel.database import Database
from market.kernel.errors import Language
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor
from schema.authentication import Authentication
from schema.build import build_schema, core_schema
from schema.cache import ResponseCache
from schema.edge.documents import Documents
from schema.edge.http import Answer
from schema.edge.limits import Limits
from schema.edge.media import MediaType
from schema.edge.requests import GraphQLRequest
from schema.execution import Execution
from schema.facts import facts
from schema.projection import Delivery
from schema.projection.plan import Planner
from schema.query import QUERY
from schema.services import Services

Result = TypeVar("Result")

SCHEMA: GraphQLSchema = core_schema(build_schema())
NO_SERVICES = Services()
GENEROUS = Limits(cost=1_000_000, aliases=500, root_fields=100, repeats=500, depth=20)


@dataclass
class Log:
    """Remembers what was masked."""

    masked: list[BaseException] = field(default_factory=list)

    def error(self, event: str, **facts: Any) -> None:
        """Remember it."""
        self.masked.append(facts["exc_info"])


class Asker:
    """One execution of a market."""

    def __init__(
        self,
        market: Market,
        *,
        is_walked: bool = False,
        is_cached: bool = False,
        limits: Limits = GENEROUS,
        services: Services = NO_SERVICES,
        schema: GraphQLSchema = SCHEMA,
        planner: type[Planner] = Planner,
        through: Callable[[Delivery], Delivery] = lambda delivery: delivery,
    ) -> None:
        self.market = market
        self.log = Log()
        self._actors: dict[str, Actor] = {}
        self.documents = Documents(schema, limits)
        self.planner = planner(schema, QUERY, market.database.engine, facts(market, media_url="/media/"))
        self.delivery = through(Delivery(self.planner, market.database))
        cache = ResponseCache(market.database.topics, entries_max=100, bytes_max=10_000_000) if is_cached else None
        self.execute = Execution(
            market,
            schema,
            self.documents,
            self.delivery,
            authentication=Authentication(market, self._who),
            services=services,
            cache=cache,
            log=self.log,
            is_walked=is_walked,
        )

    def _who(self, _market: Market, credential: str, *, request_id: str, locale: Language) -> Actor:
        """Credentials here are names of actors."""
        return self._actors[credential]

    async def answer(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        *,
        language: str = "zh",
        actor: Actor = VISITOR,
        operation: str | None = None,
    ) -> Answer:
        """The answer as the edge gets it."""
        credential = str(id(actor))
        self._actors[credential] = actor
        request = GraphQLRequest(
            query=query,
            operation_name=operation,
            variables=variables or {},
            accept_language=language,
            authorization=None if actor is VISITOR else f"Bearer {credential}",
            request_id="test",
            media_type=MediaType.GRAPHQL,
            may_mutate=True,
            if_none_match=None,
            client="",
        )
        return await self.execute(request)

    async def ask(self, query: str, variables: dict[str, Any] | None = None, **asked_by: Any) -> Any:
        """The whole response; `asked_by` as `answer` has it."""
        return json.loads((await self.answer(query, variables, **asked_by)).body)

    async def data(self, query: str, variables: dict[str, Any] | None = None, **asked_by: Any) -> Any:
        """The data of an answer that must have no errors."""
        response = await self.ask(query, variables, **asked_by)
        assert "errors" not in response, (response["errors"], self.log.masked)
        return response["data"]


def asked(market: Market, ask: Callable[[Market], Coroutine[Any, Any, Result]]) -> Result:
    """Run one coroutine over a marketplace, with raw connections of its own: those belong to an event loop."""
    here = Market(Database(market.database.engine), clock=market.now)

    async def run() -> Result:
        try:
            return await ask(here)
        finally:
            await here.database.reader.close()

    with closing(here):
        return asyncio.run(run())
