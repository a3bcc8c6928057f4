"""What to take from the shelves: a computation, so a plain resolver."""

from datetime import datetime
from typing import Annotated

import strawberry

from market.fulfilment.pick import PICKS_MAX, Pick, PickAsked, pick_list
from market.kernel.permissions import Permission
from schema.enums import DeliveryMethod, Storage
from schema.fulfilment.types import ProducerId
from schema.mutations import Info
from schema.permissions import ruled


@strawberry.type(description="So many pieces of a variant to take, for open orders.")
@ruled(Permission.ORDER_READ)
class PickItem:
    variant_id: strawberry.ID = strawberry.field(description="The variant.")
    sku: str = strawberry.field(description="Its SKU.")
    title: str = strawberry.field(description="The product, as it is called now, in the request's language.")
    variant: str = strawberry.field(description="Which form of it (规格).")
    storage: Storage = strawberry.field(description="How it is kept.")
    quantity: int = strawberry.field(description="Pieces to take.")
    orders: int = strawberry.field(description="For so many seller orders.")
    paid_at: datetime = strawberry.field(description="When the one that waits longest was paid.")

    @classmethod
    def of(cls, pick: Pick, language: str) -> "PickItem":
        """From fulfilment's own."""
        return cls(
            variant_id=strawberry.ID(pick.variant_id),
            sku=pick.sku,
            title=pick.title_en if language == "en" and pick.title_en else pick.title,
            variant=pick.variant,
            storage=pick.storage,
            quantity=pick.quantity,
            orders=pick.orders,
            paid_at=pick.paid_at,
        )


@strawberry.type(description="What to pick.")
class PickQueries:
    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover Info[…]
        description="What is still to be handed over of a producer's paid orders (拣货单), by storage class and SKU, at "
        f"most {PICKS_MAX} variants; null for a producer that is unknown or not the caller's. What to pack for whom are its "
        "`sellerOrders` with the states OPEN and PARTLY_FULFILLED.",
        metadata={"rule": Permission.ORDER_READ},
    )
    async def pick_list(
        self,
        info: Info,
        producer_id: ProducerId,
        storages: Annotated[list[Storage] | None, strawberry.argument(description="Only what is kept so.")] = None,
        methods: Annotated[
            list[DeliveryMethod] | None, strawberry.argument(description="Only what is delivered so.")
        ] = None,
        paid_before: Annotated[datetime | None, strawberry.argument(description="Only of orders paid before.")] = None,
    ) -> list[PickItem] | None:
        asked = PickAsked(str(producer_id), tuple(storages or ()), tuple(methods or ()), paid_before)
        found = await info.context.look(pick_list, asked)
        return None if found is None else [PickItem.of(each, info.context.locale) for each in found]
