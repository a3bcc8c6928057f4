"""What resolvers get: the marketplace, who asks, in which language, and the projected answer of a root field."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphql import GraphQLResolveInfo

from market.kernel.market import Market
from schema.projection import Delivery
from schema.projection.plan import Operation


@dataclass(frozen=True, slots=True)
class Context:
    """One operation's surroundings."""

    market: Market
    locale: str
    """"zh-CN" or "en"."""
    now: datetime
    """This minute: one answer has one time, and cached answers the same."""
    delivery: Delivery
    operation: Operation
    variables: Mapping[str, Any]
    request_id: str

    async def projected(self, info: GraphQLResolveInfo[Any]) -> Any:
        """A root field's answer, for graphql-core to walk."""
        return await self.delivery.value(self.operation, info, self.variables, self.locale, self.now)
