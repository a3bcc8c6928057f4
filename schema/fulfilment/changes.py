"""How sellers deliver, and hand over: each mutation is one use case, and answers with the rows as they are then."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from market.fulfilment.deliver import confirm_pickup, correct_shipment, mark_delivered
from market.fulfilment.drafts import PointDraft, PointPatch, RateDraft
from market.fulfilment.errors import PickupCodeWrong, PickupLocked
from market.fulfilment.manage import (
    add_delivery_rate,
    add_pickup_point,
    change_pickup_point,
    close_pickup_point,
    retire_delivery_rate,
)
from market.fulfilment.ship import ShipDraft, ship_order
from market.kernel.money import Money as Fen
from market.kernel.permissions import Permission
from schema.enums import Carrier, DeliveryMethod
from schema.fulfilment.reads import DELIVERY_RATE, PICKUP_POINT, SHIPMENT
from schema.fulfilment.types import DeliveryRate, PickupPoint, Shipment
from schema.mutations import IdempotencyKey, Info, UserError, changed, mutation, told_as
from schema.orders import SELLER_ORDER, SellerOrder
from schema.permissions import PUBLIC, ruled

_RULE = Permission.ORDER_FULFIL

ShipmentId = Annotated[strawberry.ID, strawberry.argument(description="The shipment's id.")]
PointId = Annotated[strawberry.ID, strawberry.argument(description="The pick-up point's id.")]


@told_as(PickupCodeWrong, lambda error, _language: {"tries_left": error.facts["tries_left"]})
@strawberry.type(description="That is not the shipment's pick-up code.")
@ruled(PUBLIC)
class WrongPickupCode(UserError):
    tries_left: int = strawberry.field(description="How many more tries there are.")


@told_as(PickupLocked)
@strawberry.type(description="There were too many wrong codes: its buyer confirms the receipt instead.")
@ruled(PUBLIC)
class PickupCodeLocked(UserError):
    pass


@strawberry.input(description='A line of a price list of delivery. Amounts as text, such as "8.00".')
class DeliveryRateInput:
    producer_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose; left out, the platform's own, which only administrators change."
    )
    method: DeliveryMethod = strawberry.field(description="EXPRESS, COLD_CHAIN or DROP.")
    zone: str | None = strawberry.field(default=None, description="Within this region (12 digits); else anywhere.")
    first_grams: int = strawberry.field(default=1_000, description="Up to so many grams for the first fee.")
    first_fee: str = strawberry.field(description="The first fee.")
    next_grams: int = strawberry.field(default=1_000, description="For each further part of so many grams.")
    next_fee: str = strawberry.field(default="0.00", description="The next fee.")
    promise_hours: int = strawberry.field(description="How soon it comes, in hours, 1 to 1,440.")
    max_grams: int | None = strawberry.field(default=None, description="Nothing heavier.")
    free_from: str | None = strawberry.field(default=None, description="For nothing from so much worth of goods on.")

    def draft(self) -> RateDraft:
        """As the use case takes it."""
        return RateDraft(
            producer_id=None if self.producer_id is None else str(self.producer_id),
            method=self.method,
            zone=self.zone,
            first_grams=self.first_grams,
            first_fen=Fen.parse(self.first_fee, field="firstFee").amount_fen,
            next_grams=self.next_grams,
            next_fen=Fen.parse(self.next_fee, field="nextFee").amount_fen,
            promise_hours=self.promise_hours,
            max_grams=self.max_grams,
            free_from_fen=None if self.free_from is None else Fen.parse(self.free_from, field="freeFrom").amount_fen,
        )


@strawberry.input(description="A new pick-up point.")
class PickupPointInput:
    producer_id: strawberry.ID = strawberry.field(description="Whose.")
    name: str = strawberry.field(description="What it is called, at most 200 characters.")
    name_en: str | None = strawberry.field(default=None, description="The same in English.")
    place: str = strawberry.field(description="Where exactly, in words.")
    opening: str = strawberry.field(default="", description="When it is open, in words.")
    region_code: str | None = strawberry.field(
        default=None, description="The region it lies in (12 digits); the producer's when left out."
    )
    latitude: float | None = strawberry.field(default=None, description="Degrees north, WGS 84.")
    longitude: float | None = strawberry.field(default=None, description="Degrees east, WGS 84.")
    fee: str = strawberry.field(default="0.00", description="What it costs to fetch something there.")
    ready_hours: int = strawberry.field(default=24, description="How soon after payment, in hours.")

    def draft(self) -> PointDraft:
        """As the use case takes it."""
        return PointDraft(
            producer_id=str(self.producer_id),
            name=self.name,
            name_en=self.name_en,
            place=self.place,
            opening=self.opening,
            region_code=self.region_code,
            latitude=self.latitude,
            longitude=self.longitude,
            fee_fen=Fen.parse(self.fee, field="fee").amount_fen,
            ready_hours=self.ready_hours,
        )


@strawberry.input(description="What to change of a pick-up point; what is left out stays.")
class PickupPointChangeInput:
    point_id: strawberry.ID = strawberry.field(description="Which.")
    name: str | None = strawberry.field(default=UNSET, description="What it is called.")
    name_en: str | None = strawberry.field(default=UNSET, description="The same in English.")
    place: str | None = strawberry.field(default=UNSET, description="Where exactly, in words.")
    opening: str | None = strawberry.field(default=UNSET, description="When it is open, in words.")

    def patch(self) -> PointPatch:
        """As the use case takes it."""
        given = {name: getattr(self, name) for name in ("name", "name_en", "place", "opening")}
        return PointPatch(**{name: value for name, value in given.items() if value is not UNSET})


@strawberry.input(description="So many pieces of a line.")
class ShipLineInput:
    line_id: strawberry.ID = strawberry.field(description="The order line.")
    quantity: int = strawberry.field(description="Pieces, 1 or more.")


@strawberry.input(
    description="What is handed over at once. A carrier and a number for EXPRESS and COLD_CHAIN; neither else."
)
class ShipOrderInput:
    seller_order_id: strawberry.ID = strawberry.field(description="Of this seller order.")
    lines: list[ShipLineInput] = strawberry.field(
        default_factory=list, description="What goes; all that is left, but for gifts, when left out."
    )
    carrier: Carrier | None = strawberry.field(default=None, description="Who carries it.")
    tracking_number: str | None = strawberry.field(default=None, description="Its carrier's number.")
    in_person: bool = strawberry.field(
        default=False, description="Gifts that come with a visit, given to the guest: all that are left, or `lines`."
    )

    def draft(self) -> ShipDraft:
        """As the use case takes it."""
        lines: dict[str, int] = {}
        for each in self.lines:
            lines[str(each.line_id)] = lines.get(str(each.line_id), 0) + each.quantity
        return ShipDraft(
            str(self.seller_order_id), lines, self.carrier, self.tracking_number, is_in_person=self.in_person
        )


@strawberry.type(description="The price list was changed.")
@ruled(_RULE)
class DeliveryRatePayload:
    rate_id: strawberry.Private[str]
    rate: DeliveryRate | None = changed(
        "The line; null once it is off the list, and for the platform's own.",
        DeliveryRate | None,
        lambda: DELIVERY_RATE,
        lambda payload: payload.rate_id,
    )


@strawberry.type(description="A pick-up point was changed.")
@ruled(_RULE)
class PickupPointPayload:
    point_id: strawberry.Private[str]
    pickup_point: PickupPoint | None = changed(
        "The pick-up point now.", PickupPoint | None, lambda: PICKUP_POINT, lambda payload: payload.point_id
    )


@strawberry.type(description="Something was handed over, or has come.")
@ruled(_RULE)
class ShipmentPayload:
    shipment_id: strawberry.Private[str]
    shipment: Shipment | None = changed(
        "The shipment now.", Shipment | None, lambda: SHIPMENT, lambda payload: payload.shipment_id
    )


@strawberry.type(description="Goods of a seller order were handed over.")
@ruled(_RULE)
class ShipOrderPayload(ShipmentPayload):
    seller_order_id: strawberry.Private[str]
    seller_order: SellerOrder | None = changed(
        "The seller order now.", SellerOrder | None, lambda: SELLER_ORDER, lambda payload: payload.seller_order_id
    )


@strawberry.type(description="Delivering.")
class FulfilmentMutations:
    @mutation("Add a line to a price list of delivery. To change one, add another and retire it.", rule=_RULE)
    async def add_delivery_rate(
        self,
        info: Info,
        input: DeliveryRateInput,  # noqa: A002 - the API's word
        idempotency_key: IdempotencyKey,
    ) -> DeliveryRatePayload:
        return DeliveryRatePayload(
            rate_id=await info.context.act(add_delivery_rate, input.draft(), key=str(idempotency_key))
        )

    @mutation("Take a line off a price list. Orders already placed keep what they paid.", rule=_RULE)
    async def retire_delivery_rate(
        self, info: Info, rate_id: Annotated[strawberry.ID, strawberry.argument(description="The line's id.")]
    ) -> DeliveryRatePayload:
        await info.context.act(retire_delivery_rate, rate_id=str(rate_id))
        return DeliveryRatePayload(rate_id=str(rate_id))

    @mutation("Open a pick-up point: buyers are offered it from then on.", rule=_RULE)
    async def add_pickup_point(
        self,
        info: Info,
        input: PickupPointInput,  # noqa: A002 - the API's word
        idempotency_key: IdempotencyKey,
    ) -> PickupPointPayload:
        return PickupPointPayload(
            point_id=await info.context.act(add_pickup_point, input.draft(), key=str(idempotency_key))
        )

    @mutation("Say otherwise what a pick-up point is called, where it is, when it is open.", rule=_RULE)
    async def change_pickup_point(self, info: Info, input: PickupPointChangeInput) -> PickupPointPayload:  # noqa: A002 - the API's word
        await info.context.act(change_pickup_point, point_id=str(input.point_id), patch=input.patch())
        return PickupPointPayload(point_id=str(input.point_id))

    @mutation("Offer a pick-up point to nobody any more. What was ordered there is fetched there.", rule=_RULE)
    async def close_pickup_point(self, info: Info, point_id: PointId) -> PickupPointPayload:
        await info.context.act(close_pickup_point, point_id=str(point_id))
        return PickupPointPayload(point_id=str(point_id))

    @mutation(
        "Hand over goods of a paid seller order, all or some: a parcel sent, a bag put at the pick-up point, gifts given. "
        "The pieces leave the stock.",
        rule=_RULE,
    )
    async def ship_order(self, info: Info, input: ShipOrderInput, idempotency_key: IdempotencyKey) -> ShipOrderPayload:  # noqa: A002 - the API's word
        shipment_id = await info.context.act(ship_order, input.draft(), key=str(idempotency_key))
        return ShipOrderPayload(shipment_id=shipment_id, seller_order_id=str(input.seller_order_id))

    @mutation("Put a parcel's carrier and number right: it is followed anew.", rule=_RULE)
    async def correct_shipment(
        self, info: Info, shipment_id: ShipmentId, carrier: Carrier, tracking_number: str
    ) -> ShipmentPayload:
        await info.context.act(correct_shipment, shipment_id=str(shipment_id), carrier=carrier, number=tracking_number)
        return ShipmentPayload(shipment_id=str(shipment_id))

    @mutation("Say that what its seller brought, or sent with a carrier that cannot be followed, has come.", rule=_RULE)
    async def mark_delivered(self, info: Info, shipment_id: ShipmentId) -> ShipmentPayload:
        await info.context.act(mark_delivered, shipment_id=str(shipment_id))
        return ShipmentPayload(shipment_id=str(shipment_id))

    @mutation(
        "Give out what waits at a pick-up point to whoever has its code. Five wrong codes lock it.",
        rule=_RULE,
        errors=(WrongPickupCode, PickupCodeLocked),
    )
    async def confirm_pickup(
        self,
        info: Info,
        shipment_id: ShipmentId,
        code: Annotated[str, strawberry.argument(description="As the buyer says or shows it.")],
    ) -> ShipmentPayload:
        await info.context.act(confirm_pickup, shipment_id=str(shipment_id), code=code)
        return ShipmentPayload(shipment_id=str(shipment_id))
