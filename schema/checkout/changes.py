"""Carts, placing, paying: the mutations of buyers."""

from typing import Annotated, cast

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from market.checkout.carts import LineChoice, OpenCart, merge_cart, open_cart, set_cart_line
from market.checkout.errors import CartEmpty, OrderRefused
from market.checkout.extend import extend_order
from market.checkout.place import PlaceDraft, place_order
from market.checkout.read import read_cart
from market.checkout.reckon import Choices
from market.checkout.till import give_up_order
from market.kernel.money import Money as Fen
from market.kernel.permissions import Permission
from market.payments.flow import start_payment
from schema.checkout.types import Cart, CartProblem, Reading, cart_shown
from schema.enums import Channel, PayMethod
from schema.mutations import IdempotencyKey, Info, UserError, changed, mutation, told_as
from schema.orders import ORDER, Order
from schema.permissions import PUBLIC, ruled

CartToken = Annotated[
    str | None,
    strawberry.argument(description="A visitor's cart, as `openCart` gave it; left out by whoever is signed in."),
]


@told_as(
    OrderRefused,
    lambda error, language: {"problems": [CartProblem.of(each, language) for each in error.facts["problems"]]},
)
@strawberry.type(description="The order cannot be placed as it is; nothing was held.")
@ruled(PUBLIC)
class OrderNotPlaced(UserError):
    problems: list[CartProblem] = strawberry.field(description="What must be put right, line by line.")


@told_as(CartEmpty)
@strawberry.type(description="There is nothing in the cart to order.")
@ruled(PUBLIC)
class EmptyCart(UserError):
    pass


@strawberry.input(description="How many tickets of a type.")
class UnitsInput:
    unit_type_id: strawberry.ID = strawberry.field(description="The ticket type.")
    count: int = strawberry.field(description="How many, 1 to 100.")


@strawberry.input(description="Tickets of a session.")
class SessionLineInput:
    session_id: strawberry.ID = strawberry.field(description="The session.")
    units: list[UnitsInput] = strawberry.field(description="The tickets; none takes it out of the cart.")
    participants: list[str] = strawberry.field(
        default_factory=list, description="Who comes, by name, in the order of the tickets; may be left out."
    )


@strawberry.input(description="So many of a variant.")
class VariantLineInput:
    variant_id: strawberry.ID = strawberry.field(description="The variant.")
    quantity: int = strawberry.field(description="Pieces, 0 to 9,999; 0 takes it out of the cart.")


@strawberry.input(one_of=True, description="What to have in the cart: exactly one of these.")
class CartLineInput:
    variant: VariantLineInput | None = strawberry.field(default=UNSET, description="Produce.")
    session: SessionLineInput | None = strawberry.field(default=UNSET, description="A visit.")

    def choice(self) -> LineChoice:
        """As checkout takes it."""
        if self.variant:
            return LineChoice(variant_id=str(self.variant.variant_id), quantity=self.variant.quantity)
        assert self.session, "exactly one is given"
        units = {str(each.unit_type_id): each.count for each in self.session.units}
        return LineChoice(
            session_id=str(self.session.session_id), units=units, participants=tuple(self.session.participants)
        )


@strawberry.input(description="Which of a seller's offers to take.")
class DeliveryChoice:
    seller: str = strawberry.field(description="The seller's key in the cart.")
    offer_id: strawberry.ID = strawberry.field(description="The offer.")


@strawberry.input(description="How to order what is in one's cart.")
class PlaceOrderInput:
    expected_total: str = strawberry.field(description='The cart\'s `payable` that the buyer agreed to, as "88.00".')
    line_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Lines to order; all when left out."
    )
    delivery: list[DeliveryChoice] = strawberry.field(
        default_factory=list, description="Offers to take; where none is chosen, the cheapest that is brought."
    )
    codes: list[str] = strawberry.field(default_factory=list, description="Voucher codes.")
    address_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where it is sent; needed when something is."
    )
    contact_name: str = strawberry.field(default="", description="Who to call, when nothing is sent.")
    contact_phone: str = strawberry.field(default="", description="Their mobile number.")
    note: str = strawberry.field(default="", description="For the sellers, at most 200 characters.")
    channel: Channel = strawberry.field(default=Channel.WEB, description="Where it is bought.")
    confirms_no_return: bool = strawberry.field(
        default=False, description="The buyer confirmed that fresh produce cannot be sent back without a reason."
    )

    def draft(self) -> PlaceDraft:
        """As checkout takes it."""
        return PlaceDraft(
            expected_fen=Fen.parse(self.expected_total, field="expectedTotal").amount_fen,
            line_ids=tuple(str(each) for each in self.line_ids),
            delivery={each.seller: str(each.offer_id) for each in self.delivery},
            codes=tuple(self.codes),
            address_id=None if self.address_id is None else str(self.address_id),
            contact_name=self.contact_name,
            contact_phone=self.contact_phone,
            note=self.note,
            channel=self.channel,
            confirms_no_return=self.confirms_no_return,
        )


@strawberry.type(description="A cart, as it is now.")
@ruled(PUBLIC)
class CartPayload:
    token: str | None = strawberry.field(description="A new visitor's token, told once; null else.")
    cart_token: strawberry.Private[str | None]

    @strawberry.field(description="The cart.")  # type: ignore[untyped-decorator]  # its overloads do not cover Info[…]
    async def cart(self, info: Info) -> Cart:
        made = await info.context.look(read_cart, token=self.cart_token, choices=Choices())
        assert made is not None, "the mutation has just seen it"
        return cart_shown(Reading(*made), info.context.locale)


@strawberry.type(description="An order that was placed, or changed.")
@ruled(Permission.ORDER_PLACE)
class OrderPayload:
    order_id: strawberry.Private[str]
    order: Order | None = changed("The order now.", Order | None, lambda: ORDER, lambda payload: payload.order_id)


@strawberry.type(description="What the buyer's client is to do to pay.")
@ruled(Permission.ORDER_PLACE)
class PaymentPayload:
    payment_id: strawberry.ID = strawberry.field(description="The payment.")
    action: str = strawberry.field(
        description="WECHAT_JSAPI: call `wx.requestPayment` with the parameters. QR: show `codeUrl` as a QR code. PAGE: open "
        "`url`. TRANSFER: show the account and the reference."
    )
    parameters: JSON = strawberry.field(description="By name, as the action says.")


@strawberry.type(description="Buying.")
class CheckoutMutations:
    @mutation("Open the caller's cart: a visitor gets a new one and its token.", rule=PUBLIC)
    async def open_cart(self, info: Info, token: CartToken = None) -> CartPayload:
        made: OpenCart = await info.context.act(open_cart, token=token)
        return CartPayload(token=made.token, cart_token=made.token or token)

    @mutation("Put a thing into the cart, change how many, or take it out.", rule=PUBLIC)
    async def set_cart_line(self, info: Info, line: CartLineInput, token: CartToken = None) -> CartPayload:
        await info.context.act(set_cart_line, line.choice(), token=token)
        return CartPayload(token=None, cart_token=token)

    @mutation("After signing in, take over what is in the cart one had as a visitor.", rule=Permission.ORDER_PLACE)
    async def merge_cart(self, info: Info, token: str) -> CartPayload:
        await info.context.act(merge_cart, token=token)
        return CartPayload(token=None, cart_token=None)

    @mutation(
        "Order what is in the cart: stock, seats and vouchers are held until it must be paid.",
        rule=Permission.ORDER_PLACE,
        errors=(OrderNotPlaced, EmptyCart),
    )
    async def place_order(self, info: Info, input: PlaceOrderInput, idempotency_key: IdempotencyKey) -> OrderPayload:  # noqa: A002 - the API's word
        return OrderPayload(order_id=await info.context.act(place_order, input.draft(), key=str(idempotency_key)))

    @mutation(
        "Get another quarter of an hour to pay an order: what it holds, seats of its bookings too, is held for longer. At "
        "most 45 minutes in all.",
        rule=Permission.ORDER_PLACE,
    )
    async def extend_order(self, info: Info, order_id: strawberry.ID, idempotency_key: IdempotencyKey) -> OrderPayload:
        made = await info.context.act(extend_order, order_id=str(order_id), key=str(idempotency_key))
        return OrderPayload(order_id=made)

    @mutation("Pay an order: what the buyer's client is to do.", rule=Permission.ORDER_PLACE)
    async def start_payment(
        self, info: Info, order_id: strawberry.ID, method: PayMethod, openid: str | None = None
    ) -> PaymentPayload:
        context = info.context
        started = await start_payment(
            context.services.till,
            context.market,
            context.actor,
            order_id=str(order_id),
            method=method,
            payer=openid,
            client=context.client,
        )
        return PaymentPayload(
            payment_id=strawberry.ID(started.payment_id),
            action=started.action.kind,
            parameters=cast("JSON", started.action.params),
        )

    @mutation("Give up an order that is not paid.", rule=Permission.ORDER_PLACE)
    async def cancel_order(self, info: Info, order_id: strawberry.ID, reason: str | None = None) -> OrderPayload:
        context = info.context
        await give_up_order(context.services.till, context.market, context.actor, order_id=str(order_id), reason=reason)
        return OrderPayload(order_id=str(order_id))
