"""Money back: what a refund would come to, refunds by sellers, cancellations by buyers."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from market.aftersales.approve import LineShare, RefundDraft, RefundPlan, preview_refund, refund_order_lines
from market.aftersales.bookings import cancel_booking, cancel_departure, preview_cancellation
from market.aftersales.cancel import cancel_order_lines, preview_cancelling
from market.aftersales.errors import AlreadyHandedOver as AlreadyHandedOverRaised
from market.kernel.errors import Invalid
from market.kernel.money import Money as Fen
from market.kernel.permissions import Permission
from schema.checkout.types import money_of
from schema.mutations import IdempotencyKey, Info, UserError, changed, mutation, told_as
from schema.node import Money
from schema.orders import BOOKING, SELLER_ORDER, Booking, SellerOrder
from schema.permissions import PUBLIC, ruled
from schema.sessions import ONE_SESSION, TourSession


@strawberry.type(description="What goes back of one line.")
@ruled(Permission.ORDER_READ)
class RefundPreviewLine:
    line_id: strawberry.ID = strawberry.field(description="The order line.")
    quantity: int = strawberry.field(description="Pieces that go back; 0 when they stay with the buyer.")
    amount: Money = strawberry.field(description="Money for the buyer.")


@strawberry.type(description="What a refund would come to now, from the order as it was sold.")
@ruled(Permission.ORDER_READ)
class RefundPreview:
    amount: Money = strawberry.field(description="All that the buyer gets.")
    delivery: Money = strawberry.field(description="What of it is the delivery fee.")
    vouchers: Money = strawberry.field(description="What goes back to those who paid for discounts, besides.")
    commission: Money = strawberry.field(description="What the platform gives up of its commission.")
    lines: list[RefundPreviewLine] = strawberry.field(description="Line by line.")

    @classmethod
    def of(cls, plan: RefundPlan) -> "RefundPreview":
        """From after-sales' own."""
        return cls(
            amount=money_of(plan.amount_fen),
            delivery=money_of(plan.delivery_fen),
            vouchers=money_of(plan.vouchers_fen),
            commission=money_of(plan.commission_fen),
            lines=[
                RefundPreviewLine(
                    line_id=strawberry.ID(each.line_id), quantity=each.quantity, amount=money_of(each.amount_fen)
                )
                for each in plan.lines
            ],
        )


@strawberry.type(description="What would come back of a booking cancelled now.")
@ruled(Permission.ORDER_PLACE)
class BookingCancellation:
    percent: int = strawberry.field(description="Percent of what was paid for it, by the policy as sold.")
    amount: Money = strawberry.field(description="In money.")


@strawberry.input(one_of=True, description="How much of a line: exactly one of these.")
class RefundShareInput:
    quantity: int | None = strawberry.field(default=UNSET, description="Whole pieces, with their share of everything.")
    amount: str | None = strawberry.field(
        default=UNSET, description='An amount of money as "8.00", the pieces staying with the buyer.'
    )


@strawberry.input(description="What to pay back of a line.")
class RefundLineInput:
    line_id: strawberry.ID = strawberry.field(description="The order line.")
    share: RefundShareInput = strawberry.field(description="How much of it.")


@strawberry.input(description="What to pay back of a seller's part of an order.")
class RefundLinesInput:
    seller_order_id: strawberry.ID = strawberry.field(description="The seller order.")
    lines: list[RefundLineInput] = strawberry.field(default_factory=list, description="Its lines, each at most once.")
    delivery: str = strawberry.field(default="0.00", description='So much of its delivery fee, as "8.00".')

    def draft(self) -> RefundDraft:
        """As after-sales takes it."""
        shares = tuple(
            LineShare(
                str(each.line_id),
                quantity=each.share.quantity or None,
                amount_fen=_fen(each.share.amount, "amount") if each.share.amount else None,
            )
            for each in self.lines
        )
        return RefundDraft(str(self.seller_order_id), shares, _fen(self.delivery, "delivery"))


@strawberry.input(description="So many pieces of a line.")
class CancelLineInput:
    line_id: strawberry.ID = strawberry.field(description="The order line.")
    quantity: int = strawberry.field(description="Pieces that were not handed over yet.")


@strawberry.input(description="What not to send any more.")
class CancelOrderLinesInput:
    seller_order_id: strawberry.ID = strawberry.field(description="The seller order.")
    lines: list[CancelLineInput] = strawberry.field(
        default_factory=list, description="Its lines, each at most once; all that was not handed over when left out."
    )

    def pieces(self) -> dict[str, int]:
        """As after-sales takes it. Refuses with Invalid a line told twice."""
        found = {str(each.line_id): each.quantity for each in self.lines}
        if len(found) != len(self.lines):
            raise Invalid(field="lines", allowed="each line once", allowed_zh="每行只填一次")
        return found


def _fen(text: str, field: str) -> int:
    return Fen.parse(text, field=field).amount_fen


@strawberry.type(description="Some of a seller order was paid back, or will not be sent.")
@ruled(Permission.ORDER_READ)
class SellerOrderPayload:
    seller_order_id: strawberry.Private[str]
    seller_order: SellerOrder | None = changed(
        "The seller order now.", SellerOrder | None, lambda: SELLER_ORDER, lambda payload: payload.seller_order_id
    )


@strawberry.type(description="A booking was cancelled.")
@ruled(Permission.ORDER_PLACE)
class CancelBookingPayload:
    booking_id: strawberry.Private[str]
    booking: Booking | None = changed(
        "The booking now.", Booking | None, lambda: BOOKING, lambda payload: payload.booking_id
    )


@strawberry.type(description="A departure was cancelled.")
@ruled(Permission.SESSION_MANAGE)
class CancelDeparturePayload:
    session_id: strawberry.Private[str]
    session: TourSession | None = changed(
        "The session now. Its bookings are cancelled and paid back in full one after another.",
        TourSession | None,
        lambda: ONE_SESSION,
        lambda payload: payload.session_id,
    )


@told_as(AlreadyHandedOverRaised, lambda error, _language: {"left": error.facts["left"]})
@strawberry.type(description="So many pieces are not waiting to be sent any more: claim, or send them back.")
@ruled(PUBLIC)
class AlreadyHandedOver(UserError):
    left: int = strawberry.field(description="Pieces that can still be cancelled.")


@strawberry.type
class RefundMutations:
    @mutation(
        "Pay back pieces of lines, an amount, or some of the delivery fee. Pieces not handed over are in stock again.",
        rule=Permission.REFUND_APPROVE,
    )
    async def refund_lines(
        self,
        info: Info,
        input: RefundLinesInput,  # noqa: A002 - the API's word
        idempotency_key: IdempotencyKey,
    ) -> SellerOrderPayload:
        await info.context.act(refund_order_lines, input.draft(), key=str(idempotency_key))
        return SellerOrderPayload(seller_order_id=str(input.seller_order_id))

    @mutation(
        "Cancel what was paid and not handed over yet; its money goes back, and the delivery fee with the last of it.",
        rule=Permission.ORDER_PLACE,
        errors=(AlreadyHandedOver,),
    )
    async def cancel_order_lines(
        self,
        info: Info,
        input: CancelOrderLinesInput,  # noqa: A002 - the API's word
        idempotency_key: IdempotencyKey,
    ) -> SellerOrderPayload:
        part, pieces = str(input.seller_order_id), input.pieces()
        await info.context.act(cancel_order_lines, seller_order_id=part, pieces=pieces, key=str(idempotency_key))
        return SellerOrderPayload(seller_order_id=part)

    @mutation(
        "Cancel a booking: its seats are free again, and what its policy as sold says goes back.",
        rule=Permission.ORDER_PLACE,
    )
    async def cancel_booking(
        self,
        info: Info,
        booking_id: Annotated[strawberry.ID, strawberry.argument(description="The booking.")],
        idempotency_key: IdempotencyKey,
    ) -> CancelBookingPayload:
        done = await info.context.act(cancel_booking, booking_id=str(booking_id), key=str(idempotency_key))
        return CancelBookingPayload(booking_id=done)

    @mutation(
        "Cancel a session that people have booked, as for a typhoon: everybody gets everything back.",
        rule=Permission.SESSION_MANAGE,
    )
    async def cancel_departure(
        self,
        info: Info,
        session_id: Annotated[strawberry.ID, strawberry.argument(description="The session.")],
        reason: Annotated[str, strawberry.argument(description="Why, at most 200 characters.")] = "",
    ) -> CancelDeparturePayload:
        await info.context.act(cancel_departure, session_id=str(session_id), reason=reason)
        return CancelDeparturePayload(session_id=str(session_id))


@strawberry.type
class RefundQueries:
    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover Info[…]
        description="What paying this back would come to. Nothing is changed.",
        metadata={"rule": Permission.REFUND_APPROVE},
    )
    async def refund_preview(
        self,
        info: Info,
        input: Annotated[RefundLinesInput, strawberry.argument(description="What to pay back.")],  # noqa: A002 - the API's word
    ) -> RefundPreview:
        return RefundPreview.of(await info.context.look(preview_refund, input.draft()))

    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover Info[…]
        description="What the buyer would get back for not having this sent. Nothing is changed.",
        metadata={"rule": Permission.ORDER_PLACE},
    )
    async def cancellation_preview(
        self,
        info: Info,
        input: Annotated[CancelOrderLinesInput, strawberry.argument(description="What not to send.")],  # noqa: A002 - the API's word
    ) -> RefundPreview:
        part = str(input.seller_order_id)
        found = await info.context.look(preview_cancelling, seller_order_id=part, pieces=input.pieces())
        return RefundPreview.of(found)

    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover Info[…]
        description="What would come back of a booking cancelled now. Nothing is changed.",
        metadata={"rule": Permission.ORDER_PLACE},
    )
    async def booking_cancellation(
        self, info: Info, booking_id: Annotated[strawberry.ID, strawberry.argument(description="The booking.")]
    ) -> BookingCancellation:
        found = await info.context.look(preview_cancellation, booking_id=str(booking_id))
        return BookingCancellation(percent=found.percent, amount=money_of(found.refund_fen))
