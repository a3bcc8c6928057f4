"""The cart as a read: a computation, so a plain resolver."""

from typing import Annotated

import strawberry

from market.checkout.read import read_cart
from market.checkout.reckon import Choices
from schema.checkout.changes import CartToken, DeliveryChoice
from schema.checkout.types import Cart, Reading, cart_shown
from schema.mutations import Info
from schema.permissions import PUBLIC


@strawberry.type(description="Reads of carts.")
class CheckoutQueries:
    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover Info[…]
        description="The caller's cart with what it would cost, delivered there with these choices; null when there is "
        "none.",
        metadata={"rule": PUBLIC},
    )
    async def cart(
        self,
        info: Info,
        token: CartToken = None,
        region: Annotated[
            str | None, strawberry.argument(description="Where to: a 12-digit code. Without it, only pick-up.")
        ] = None,
        delivery: Annotated[
            list[DeliveryChoice] | None, strawberry.argument(description="Offers to take, by seller.")
        ] = None,
        codes: Annotated[list[str] | None, strawberry.argument(description="Voucher codes.")] = None,
    ) -> Cart | None:
        choices = Choices(region, {each.seller: str(each.offer_id) for each in delivery or ()}, tuple(codes or ()))
        found = await info.context.look(read_cart, token=token, choices=choices)
        return None if found is None else cart_shown(Reading(*found), info.context.locale)
