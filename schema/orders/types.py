"""The types of orders: what was bought, a part for each seller."""

from datetime import datetime
from enum import StrEnum

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from market.kernel.permissions import Permission
from schema.bookings import Booking
from schema.enums import (
    Channel,
    DeliveryMethod,
    Funder,
    LineKind,
    OrderState,
    RefundReason,
    RefundState,
    ReturnBasis,
    SellerOrderState,
    Storage,
)
from schema.fulfilment import Shipment
from schema.node import Money, Node
from schema.organisations import Cooperative, Producer
from schema.pagination import Connection, LocaleArgument, field, listed, localized_field, single
from schema.permissions import PUBLIC, ruled
from schema.reviews import Review
from schema.scalars import described

_SEEN = ruled(Permission.ORDER_READ)


@strawberry.type(description="What one campaign gave off a line.")
@_SEEN
class LineDiscount:
    campaign_id: strawberry.ID = field("The voucher campaign.")
    funder: Funder = field("Who pays for it.")
    amount: Money = field("So much.")


@strawberry.type(description="One thing bought, as it was sold: later changes of the listing do not change it.")
@_SEEN
class OrderLine:
    id: strawberry.ID = field("Its id: claims and reviews name it.")
    kind: LineKind = field("What it is of.")
    listing_id: strawberry.ID = field("The product or tour package: `nodes` fetches those still on sale.")
    variant_id: strawberry.ID | None = field("The variant, to order it again; null for bookings.")
    title: str = localized_field("What was bought, as it was called then.")
    variant: str | None = single(
        "Which form of it (规格), or which option of a package. In the language asked for.",
        str | None,
        locale=LocaleArgument,
    )
    quantity: int = field("Pieces; 1 of a booking.")
    unit_price: Money = field("For one.")
    amount: Money = field("For all, before discounts.")
    discount: Money = field("Given off.")
    payable: Money = field("What the buyer paid for it.")
    refunded: Money = field("What went back.")
    fulfilled_quantity: int = field("Pieces handed over.")
    refunded_quantity: int = field("Pieces paid back.")
    left_quantity: int = field("Pieces still to be handed over; 0 of a booking.")
    sku: str | None = field("The variant's SKU as sold; null for bookings.")
    storage: Storage | None = field("How it is kept; null for bookings.")
    weight_grams: int = field("What all of it weighs, contents only.")
    return_basis: ReturnBasis | None = field(
        "Whether it may be sent back without a reason; null for bookings and gifts."
    )
    discounts: list[LineDiscount] = field("Who paid for what was given off.")
    booking: Booking | None = field("The booking, of a line that is one.")
    review: Review | None = field("What its buyer wrote of it.")


@strawberry.type(description="Something that happened to an order. Never changed afterwards.")
@_SEEN
class OrderEvent:
    what: str = field("Such as `order.paid` or `shipment.sent`.")
    at: datetime = field("When.")
    from_state: str | None = field("The state before, of a move.")
    to_state: str | None = field("The state after, of a move.")
    facts: JSON = field("What else there is to say, by name: the `shipment`, the `reason`, the `fen` paid back.")


@strawberry.type(description="One seller's part of an order.")
@_SEEN
class SellerOrder(Node):
    number: str = field("The order's number, as people say it.")
    state: SellerOrderState = field("Where it stands.")
    next_states: list[SellerOrderState] = field("Where it can go from here.")
    producer: Producer | None = field("Who sells.")
    cooperative: Cooperative | None = field("The cooperative it is sold through; null when none.")
    goods: Money = field("For the goods, before discounts.")
    delivery: Money = field("For delivery.")
    discount: Money = field("Given off.")
    payable: Money = field("What the buyer paid for this part.")
    refunded: Money = field("What went back.")
    delivery_method: DeliveryMethod = field("How it gets to the buyer.")
    weight_grams: int = field("What it weighs, contents only.")
    recipient: str | None = field("Who gets it, all but the first character hidden; null when nobody was named.")
    recipient_phone: str | None = field("Their number, its middle hidden.")
    delivered_to: str | None = field("The region it goes to: a 12-digit code; null when nothing is sent.")
    ship_to_name: str | None = field(
        "Who gets it, in full: for whoever hands it over, once it is paid and until it is over.",
        rule=Permission.PERSON_UNMASK,
    )
    ship_to_phone: str | None = field("Their number in full, under the same conditions.", rule=Permission.PERSON_UNMASK)
    ship_to_street: str | None = field("Where exactly, under the same conditions.", rule=Permission.PERSON_UNMASK)
    note: str | None = field("What the buyer wrote to the sellers.")
    placed_at: datetime = field("When it was ordered.")
    paid_at: datetime | None = field("When it was paid.")
    fulfilled_at: datetime | None = field("When all of it was handed over.")
    completed_at: datetime | None = field("When it was over.")
    lines: list[OrderLine] = field("What it is of.")
    shipments: list[Shipment] = field("What was handed over of it, oldest first.")
    events: list[OrderEvent] = field("What happened to it, oldest first.")


@strawberry.type(description="Money on its way back to a buyer, or there.")
@ruled(Permission.ORDER_PLACE)
class OrderRefund:
    id: strawberry.ID = field("Its id.")
    amount: Money = field("How much.")
    state: RefundState = field("Where it stands. FAILED and ABNORMAL: somebody of ours sees to it.")
    reason: RefundReason = field("Why.")
    requested_at: datetime = field("When it was asked for.")
    ended_at: datetime | None = field("When it arrived.")


@strawberry.type(description="A purchase: one payment, a part for each seller.")
@ruled(Permission.ORDER_PLACE)
class Order(Node):
    number: str = field("What people call it by.")
    state: OrderState = field("Where it stands.")
    next_states: list[OrderState] = field("Where it can go from here.")
    channel: Channel = field("Where it was bought.")
    goods: Money = field("For the goods, before discounts.")
    delivery: Money = field("For delivery.")
    discount: Money = field("Given off.")
    payable: Money = field("To be paid, or what was paid.")
    refunded: Money = field("What went back.")
    recipient: str | None = field("Who gets it.")
    recipient_phone: str | None = field("Their number, its middle hidden.")
    street: str | None = field("Where exactly it is sent.")
    delivered_to: str | None = field("The region it goes to: a 12-digit code; null when nothing is sent.")
    note: str | None = field("What the buyer wrote to the sellers.")
    placed_at: datetime = field("When it was placed.")
    pay_by: datetime = field("Until when it must be paid; what it holds is let go afterwards.")
    paid_at: datetime | None = field("When it was paid.")
    seller_orders: list[SellerOrder] = field("Its sellers' parts.")
    bookings: list[Booking] = field("Its bookings, soonest first.")
    events: list[OrderEvent] = field("What happened to it, oldest first.")
    refunds: list[OrderRefund] = field("What goes back of it, oldest first.")


@strawberry.input(description="Which orders.")
class OrderWhere:
    states: list[OrderState] | None = strawberry.field(default=UNSET, description="In any of these states.")
    number: str | None = strawberry.field(default=UNSET, description="With this number.")
    placed_from: datetime | None = strawberry.field(default=UNSET, description="Placed at this moment or later.")
    placed_before: datetime | None = strawberry.field(default=UNSET, description="Placed before this moment.")


@strawberry.input(description="Which seller orders.")
class SellerOrderWhere:
    producer: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this producer.")
    cooperative: strawberry.ID | None = strawberry.field(default=UNSET, description="Sold through this cooperative.")
    region: str | None = strawberry.field(
        default=UNSET, description="Of sellers in this region's subtree: its 12-digit code."
    )
    states: list[SellerOrderState] | None = strawberry.field(default=UNSET, description="In any of these states.")
    number: str | None = strawberry.field(
        default=UNSET, description="Of the order with this number; spaces and dashes do not matter."
    )
    delivery_methods: list[DeliveryMethod] | None = strawberry.field(
        default=UNSET, description="To be had in any of these ways."
    )
    paid_from: datetime | None = strawberry.field(default=UNSET, description="Paid at this moment or later.")
    paid_before: datetime | None = strawberry.field(default=UNSET, description="Paid before this moment.")
    phone: str | None = strawberry.field(
        default=UNSET,
        description="Whose recipient has this mobile number, in full; or masked as it is shown, 138****1234: then its last "
        "four digits are compared.",
    )
    phone_tail: str | None = strawberry.field(
        default=UNSET, description="Whose recipient's number ends in these four digits."
    )


class SellerOrderOrder(StrEnum):
    """Orders of seller orders."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"


described(SellerOrderOrder, "The order of seller orders.", NEWEST="Newest first.", OLDEST="Oldest first.")


@strawberry.type(description="Reads of orders.")
@ruled(PUBLIC)
class OrderQueries:
    order: Order | None = single("An order of one's own by its id.", Order | None, id=strawberry.ID)
    orders: Connection[Order] = listed("One's own orders, newest first.", Connection[Order], where=OrderWhere)
    seller_order: SellerOrder | None = single(
        "A seller's part of an order: for its people, its buyer, and staff.", SellerOrder | None, id=strawberry.ID
    )
    seller_orders: Connection[SellerOrder] = listed(
        "Sellers' parts that the caller may see. A seller's packing list: those that are OPEN or PARTLY_FULFILLED, OLDEST "
        "first.",
        Connection[SellerOrder],
        where=SellerOrderWhere,
        order=SellerOrderOrder,
        usual="NEWEST",
    )
