"""The types of fulfilment."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from schema.enums import Carrier, DeliveryMethod, ShipmentState, TrackingState, TrackingStatus
from schema.node import Location, Money, Node
from schema.organisations import Producer
from schema.pagination import Connection, field, listed, localized_field, single
from schema.permissions import PUBLIC, SIGNED_IN, ruled

_SEEN = ruled(Permission.ORDER_READ)

ProducerId = Annotated[strawberry.ID, strawberry.argument(description="The producer's id.")]


@strawberry.type(description="Where buyers fetch what they bought: a farm's gate, a village's service station.")
@ruled(PUBLIC)
class PickupPoint(Node):
    name: str = localized_field("What it is called.")
    place: str = field("Where exactly, in words.")
    opening: str = field("When it is open, in words.")
    region_code: str = field("The region it lies in: a 12-digit code.")
    location: Location | None = field("On the map; null when nobody said.")
    producer: Producer | None = field("Whose it is.")
    closed_at: datetime | None = field("Since when nothing new is fetched there; null while it is open.")


@strawberry.type(
    description="A line of a seller's price list of delivery: the first so many grams cost so much, each further part "
    "so much more. Of each method the rate with the smallest zone counts."
)
@ruled(Permission.ORDER_FULFIL)
class DeliveryRate(Node):
    method: DeliveryMethod = field("How.")
    zone: str | None = field("Delivered within this region (a 12-digit code); null: anywhere.")
    first_grams: int = field("Up to so many grams for the first fee.")
    first_fee: Money = field("The first fee.")
    next_grams: int = field("Each further part of so many grams, begun, costs the next fee.")
    next_fee: Money = field("The next fee.")
    promise_hours: int = field("How soon it comes, in hours.")
    max_grams: int | None = field("Nothing heavier; null: no limit.")
    free_from: Money | None = field("Delivered for nothing from so much worth of goods on; null: never.")
    pickup_point: PickupPoint | None = field("Where it is fetched, of PICKUP.")


@strawberry.type(description="So many pieces of an order's line, in a shipment.")
@_SEEN
class ShipmentLine:
    line_id: strawberry.ID = field("The order line's id.")
    quantity: int = field("Pieces.")


@strawberry.type(description="Something a carrier said of a parcel. Numbers of people are masked.")
@_SEEN
class TrackingEvent:
    at: datetime = field("When it happened.")
    status: TrackingStatus = field("What it means.")
    text: str = field("In the carrier's words.")


@strawberry.type(
    description="What a seller handed over at once: a parcel, a bag at a pick-up point, gifts for a guest."
)
@_SEEN
class Shipment(Node):
    seller_order_id: strawberry.ID = field("The seller order it belongs to: `node` fetches it.")
    state: ShipmentState = field("Where it stands.")
    next_states: list[ShipmentState] = field("Where it can go from here.")
    method: DeliveryMethod = field("How it gets to the buyer; NONE: it was given by hand.")
    carrier: Carrier | None = field("Who carries it; null when its seller does.")
    tracking_number: str | None = field("Its carrier's number.")
    tracking: TrackingState = field("Whether it is followed.")
    tracking_status: TrackingStatus | None = field("What its carrier said last; null when nothing yet.")
    pickup_point: PickupPoint | None = field("Where it waits, of a pick-up.")
    pickup_code: str | None = field(
        "What is said to get it, while it waits; for its buyer alone.", rule=Permission.ORDER_PLACE
    )
    sent_at: datetime = field("When it was handed over.")
    delivered_at: datetime | None = field("When it came.")
    returned_at: datetime | None = field("When it went back.")
    lines: list[ShipmentLine] = field("What is in it.")
    tracking_events: Connection[TrackingEvent] = listed(
        "What its carrier said of it, newest first.", Connection[TrackingEvent]
    )


@strawberry.input(description="Which shipments.")
class ShipmentWhere:
    producer: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this producer.")
    states: list[ShipmentState] | None = strawberry.field(default=UNSET, description="In any of these states.")
    tracking: list[TrackingState] | None = strawberry.field(
        default=UNSET, description="Followed so; FAILED finds numbers that are probably wrong."
    )
    tracking_statuses: list[TrackingStatus] | None = strawberry.field(
        default=UNSET, description="Of which their carriers said any of these last."
    )
    tracking_number: str | None = strawberry.field(default=UNSET, description="With this number.")
    pickup_point: strawberry.ID | None = strawberry.field(default=UNSET, description="Waiting at, or fetched from, it.")


@strawberry.type(description="Reads of fulfilment.")
@ruled(PUBLIC)
class FulfilmentQueries:
    pickup_points: Connection[PickupPoint] = listed(
        "A producer's open pick-up points.", Connection[PickupPoint], rule=SIGNED_IN, producer_id=ProducerId
    )
    delivery_rates: Connection[DeliveryRate] = listed(
        "A producer's own price list of delivery. The platform's counts for whoever has none beside pick-up.",
        Connection[DeliveryRate],
        producer_id=ProducerId,
    )
    shipment: Shipment | None = single("A shipment by its id.", Shipment | None, id=strawberry.ID)
    shipments: Connection[Shipment] = listed(
        "Shipments that the caller may see, newest first.", Connection[Shipment], where=ShipmentWhere
    )
