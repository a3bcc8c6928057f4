"""The types of orders: what was bought, a part for each seller, bookings and tickets."""

from datetime import date, datetime

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from schema.enums import (
    BookingState,
    Channel,
    DeliveryMethod,
    Funder,
    LineKind,
    OrderState,
    ReturnBasis,
    SellerOrderState,
    TicketState,
    UnitKind,
)
from schema.node import Money, Node
from schema.organisations import Cooperative, Producer
from schema.pagination import Connection, field, lazy, listed, localized_field, single
from schema.permissions import PUBLIC, ruled

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
    title: str = localized_field("What was bought, as it was called then.")
    variant: str | None = field("Which form of it (规格), or which option of a package.")
    quantity: int = field("Pieces; 1 of a booking.")
    unit_price: Money = field("For one.")
    amount: Money = field("For all, before discounts.")
    discount: Money = field("Given off.")
    payable: Money = field("What the buyer paid for it.")
    refunded: Money = field("What went back.")
    fulfilled_quantity: int = field("Pieces handed over.")
    refunded_quantity: int = field("Pieces paid back.")
    return_basis: ReturnBasis | None = field(
        "Whether it may be sent back without a reason; null for bookings and gifts."
    )
    discounts: list[LineDiscount] = field("Who paid for what was given off.")
    booking: "Booking | None" = field("The booking, of a line that is one.")


@strawberry.type(description="Something that happened to an order. Never changed afterwards.")
@_SEEN
class OrderEvent:
    what: str = field("Such as `order.paid` or `shipment.sent`.")
    at: datetime = field("When.")
    from_state: str | None = field("The state before, of a move.")
    to_state: str | None = field("The state after, of a move.")


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
    placed_at: datetime = field("When it was ordered.")
    paid_at: datetime | None = field("When it was paid.")
    fulfilled_at: datetime | None = field("When all of it was handed over.")
    completed_at: datetime | None = field("When it was over.")
    lines: list[OrderLine] = field("What it is of.")
    events: list[OrderEvent] = field("What happened to it, oldest first.")


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
    bookings: "list[Booking]" = field("Its bookings, soonest first.")
    events: list[OrderEvent] = field("What happened to it, oldest first.")


@strawberry.type(description="One unit booked, and the code that lets it in.")
@_SEEN
class Ticket(Node):
    kind: UnitKind = field("What kind of guest.")
    name: str = field("What the ticket type was called.")
    pax: int = field("How many people it lets in.")
    price: Money = field("What it cost.")
    participant: str | None = field("Who comes, as the buyer wrote.", rule=Permission.ORDER_PLACE)
    code: str | None = field(
        "What is shown at the gate, of one that is VALID; for its buyer alone.", rule=Permission.ORDER_PLACE
    )
    state: TicketState = field("Where it stands.")
    redeemed_at: datetime | None = field("When it was used.")


@strawberry.type(description="A party's place in a session.")
@_SEEN
class Booking(Node):
    state: BookingState = field("Where it stands.")
    next_states: list[BookingState] = field("Where it can go from here.")
    seats: int = field("How many people.")
    amount: Money = field("What it cost, before discounts.")
    starts_at: datetime = field("When it starts, as sold or moved to.")
    ends_at: datetime = field("When it ends.")
    local_date: date = field("The day in Shanghai.")
    session: lazy("sessions", "TourSession") | None = field("Its session.")  # type: ignore[valid-type]
    tour_package: lazy("catalogue.tours", "TourPackage") | None = field(  # type: ignore[valid-type]
        "Its package; null once that is no longer on sale."
    )
    refund_percent: int | None = field("What share of the price came back, of a cancelled one.")
    tickets: list[Ticket] = field("Its tickets.")


@strawberry.input(description="Which orders.")
class OrderWhere:
    states: list[OrderState] | None = strawberry.field(default=UNSET, description="In any of these states.")
    number: str | None = strawberry.field(default=UNSET, description="With this number.")


@strawberry.input(description="Which seller orders.")
class SellerOrderWhere:
    producer: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this producer.")
    cooperative: strawberry.ID | None = strawberry.field(default=UNSET, description="Sold through this cooperative.")
    region: str | None = strawberry.field(
        default=UNSET, description="Of sellers in this region's subtree: its 12-digit code."
    )
    states: list[SellerOrderState] | None = strawberry.field(default=UNSET, description="In any of these states.")
    number: str | None = strawberry.field(default=UNSET, description="Of the order with this number.")
    phone_tail: str | None = strawberry.field(
        default=UNSET, description="Whose recipient's number ends in these four digits."
    )


@strawberry.input(description="Which bookings.")
class BookingWhere:
    states: list[BookingState] | None = strawberry.field(default=UNSET, description="In any of these states.")
    session: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this session.")


Id = strawberry.ID


@strawberry.type(description="Reads of orders.")
@ruled(PUBLIC)
class OrderQueries:
    order: Order | None = single("An order of one's own by its id.", Order | None, id=strawberry.ID)
    orders: Connection[Order] = listed("One's own orders, newest first.", Connection[Order], where=OrderWhere)
    seller_order: SellerOrder | None = single(
        "A seller's part of an order: for its people, its buyer, and staff.", SellerOrder | None, id=strawberry.ID
    )
    seller_orders: Connection[SellerOrder] = listed(
        "Sellers' parts that the caller may see, newest first.", Connection[SellerOrder], where=SellerOrderWhere
    )
    booking: Booking | None = single("A booking by its id.", Booking | None, id=strawberry.ID)
    bookings: Connection[Booking] = listed(
        "Bookings that the caller may see, by their start.", Connection[Booking], where=BookingWhere
    )
