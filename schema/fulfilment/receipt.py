"""What buyers say of their goods: they have come."""

from typing import Annotated

import strawberry

from market.fulfilment.deliver import confirm_receipt
from market.kernel.permissions import Permission
from schema.mutations import Info, changed, mutation
from schema.orders import SELLER_ORDER, SellerOrder
from schema.permissions import ruled


@strawberry.type(description="What was sent has come.")
@ruled(Permission.ORDER_PLACE)
class ConfirmReceiptPayload:
    seller_order_id: strawberry.Private[str]
    seller_order: SellerOrder | None = changed(
        "The seller order now.", SellerOrder | None, lambda: SELLER_ORDER, lambda payload: payload.seller_order_id
    )


@strawberry.type(description="Receiving.")
class ReceiptMutations:
    @mutation(
        "Say that all that was sent of a seller's part has come (确认收货). The seven days for claims run from then.",
        rule=Permission.ORDER_PLACE,
    )
    async def confirm_receipt(
        self,
        info: Info,
        seller_order_id: Annotated[strawberry.ID, strawberry.argument(description="The seller order's id.")],
    ) -> ConfirmReceiptPayload:
        await info.context.act(confirm_receipt, seller_order_id=str(seller_order_id))
        return ConfirmReceiptPayload(seller_order_id=str(seller_order_id))
