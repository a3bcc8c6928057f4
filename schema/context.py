"""What resolvers get: the marketplace, who asks, in which language, and the projected answer of a root field."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from graphql import GraphQLResolveInfo

from market.kernel.errors import Language
from market.kernel.market import Market
from market.kernel.permissions import Actor
from schema.edge.requests import GraphQLRequest
from schema.permissions import allow
from schema.projection import ById, Delivery, Slot
from schema.projection.declare import Target
from schema.projection.plan import Operation
from schema.projection.viewer import Viewer
from schema.services import Services

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Context:
    """One operation's surroundings."""

    market: Market
    locale: Language
    now: datetime
    """This minute: one answer has one time, and cached answers the same."""
    delivery: Delivery
    operation: Operation
    variables: Mapping[str, Any]
    request: GraphQLRequest
    actor: Actor
    services: Services
    cookies: list[str] = field(default_factory=list)
    """`Set-Cookie` values to answer with."""

    @property
    def client(self) -> str:
        """The peer's address: what limits are counted by when nobody is signed in."""
        return self.request.client

    @property
    def user_agent(self) -> str:
        """What the client calls itself, at most 200 characters."""
        return self.request.headers.get(b"user-agent", b"").decode("latin-1")[:200]

    async def projected(self, info: GraphQLResolveInfo[Any]) -> Any:
        """A root field's answer, for graphql-core to walk."""
        return await self._value(info, None)

    async def row(self, info: GraphQLResolveInfo[Any], target: Target, row_id: str) -> Any:
        """A row as it is now, shown by another field than a root one: what a mutation has changed."""
        return await self._value(info, ById(lambda: target, given=Slot(None, (), row_id)))

    async def act(self, use_case: Callable[Concatenate[Market, Actor, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case that writes, as who is asking."""
        return await self.market.run(use_case, self.market, self.actor, *args, **kwargs)

    async def look(self, read: Callable[Concatenate[Market, Actor, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case that only reads, as who is asking."""
        return await self.market.look(read, self.market, self.actor, *args, **kwargs)

    async def _value(self, info: GraphQLResolveInfo[Any], spec: ById | None) -> Any:
        return await self.delivery.value(
            self.operation,
            info,
            variables=self.variables,
            locale=self.locale,
            now=self.now,
            viewer=Viewer(self.actor, allow),
            spec=spec,
        )
