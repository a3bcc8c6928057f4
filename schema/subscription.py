"""The root of all subscriptions. What they listen to is in `schema/live/sources.py`; how they are executed, in
`schema/live/execution.py`: these methods only declare names, arguments and rules."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any, NoReturn

import strawberry
from graphql import GraphQLError, GraphQLResolveInfo, GraphQLSchema

from market.kernel.permissions import Permission
from schema.orders import Order, SellerOrder
from schema.permissions import PUBLIC, Rule
from schema.sessions import TourSession


def _declared(description: str, rule: Rule) -> Any:
    return strawberry.subscription(description=description, metadata={"rule": rule})


async def _elsewhere() -> AsyncGenerator[Any, None]:
    raise NotImplementedError("schema/live/execution.py executes subscriptions")
    yield  # makes it a generator


@strawberry.type(
    description="What can be listened to, by WebSocket (graphql-transport-ws) or by a POST that accepts "
    "text/event-stream (graphql-sse, distinct connections). Each event shows the thing as it is then, as the caller may "
    "see it; of several changes in quick succession the last one counts. After a break subscribe again: what can be "
    "missed is read first where that is said, and by the query of the same name otherwise."
)
class Subscription:
    @_declared("The caller's order: as it is now, then again whenever it changed.", Permission.ORDER_PLACE)  # type: ignore[untyped-decorator]
    async def order_updated(
        self, order_id: Annotated[strawberry.ID, strawberry.argument(description="The order.")]
    ) -> AsyncGenerator[Order, None]:
        del order_id
        return _elsewhere()

    @_declared(  # type: ignore[untyped-decorator]
        "Orders of a seller or sold through a cooperative, each when it is new or changed from now on.",
        Permission.ORDER_READ,
    )
    async def seller_orders(
        self,
        organisation_id: Annotated[strawberry.ID, strawberry.argument(description="The producer or cooperative.")],
    ) -> AsyncGenerator[SellerOrder, None]:
        del organisation_id
        return _elsewhere()

    @_declared(  # type: ignore[untyped-decorator]
        "Sessions as they are now, soonest first and at most 200, then each again when its vacancies, times or state "
        "changed. Either a package's or some sessions.",
        PUBLIC,
    )
    async def session_availability(
        self,
        package_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="All sessions to come of this package.")
        ] = None,
        session_ids: Annotated[
            list[strawberry.ID] | None, strawberry.argument(description="These sessions, at most 50.")
        ] = None,
    ) -> AsyncGenerator[TourSession, None]:
        del package_id, session_ids
        return _elsewhere()


def _not_here(_source: Any, _info: GraphQLResolveInfo[Any], **_arguments: Any) -> NoReturn:
    raise GraphQLError(
        "Subscribe over WebSocket (graphql-transport-ws), or ask with `Accept: text/event-stream`.",
        extensions={"code": "BAD_USER_INPUT"},
    )


def close_to_requests(schema: GraphQLSchema) -> None:
    """Let a subscription that is sent as an ordinary request say how it is to be sent."""
    assert schema.subscription_type is not None
    for field in schema.subscription_type.fields.values():
        field.resolve = _not_here
