"""The types of bookings and tickets."""

from datetime import date, datetime

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from schema.enums import BookingState, TicketState, UnitKind
from schema.node import Money, Node
from schema.pagination import Connection, field, lazy, listed, single
from schema.permissions import PUBLIC, ruled

_SEEN = ruled(Permission.ORDER_READ)


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
    qr: str | None = field(
        "The code as a QR code, an SVG image to put into a page; for its buyer alone.", rule=Permission.ORDER_PLACE
    )
    state: TicketState = field("Where it stands.")
    redeemed_at: datetime | None = field("When it was used.")
    gate: str | None = field("Where it was used, as the people there call the place or device.")
    redeemed_by: str | None = field(
        "Who took it: the name of their account; null for a program.", rule=Permission.ORDER_FULFIL
    )


@strawberry.type(description="A party's place in a session.")
@_SEEN
class Booking(Node):
    order_number: str | None = field("The number of its order, as people say it.")
    state: BookingState = field("Where it stands.")
    next_states: list[BookingState] = field("Where it can go from here.")
    seats: int = field("How many people.")
    amount: Money = field("What it cost, before discounts.")
    starts_at: datetime = field("When it starts, as sold or moved to.")
    ends_at: datetime = field("When it ends.")
    local_date: date = field("The day in Shanghai.")
    expires_at: datetime | None = field("Until when its seats are held, of one that is ON_HOLD.")
    confirmed_at: datetime | None = field("When it was paid.")
    redeemed_at: datetime | None = field("When all who came had come.")
    cancelled_at: datetime | None = field("When it was cancelled.")
    change_until: datetime = field("Until when it could be moved to another session, by the policy as sold.")
    session: lazy("sessions", "TourSession") | None = field("Its session.")  # type: ignore[valid-type]
    tour_package: lazy("catalogue.tours", "TourPackage") | None = field(  # type: ignore[valid-type]
        "Its package; null once that is no longer on sale."
    )
    contact: str | None = field("Who to call, all but the first character hidden.")
    contact_phone: str | None = field("Their number, its middle hidden.")
    refund_percent: int | None = field("What share of the price came back, of a cancelled one.")
    tickets: list[Ticket] = field("Its tickets.")


@strawberry.input(description="Which bookings.")
class BookingWhere:
    states: list[BookingState] | None = strawberry.field(default=UNSET, description="In any of these states.")
    session: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this session.")
    number: str | None = strawberry.field(default=UNSET, description="Of the order with this number.")
    phone_tail: str | None = strawberry.field(
        default=UNSET, description="Whose contact's number ends in these four digits."
    )
    start: date | None = strawberry.field(name="from", default=UNSET, description="From this day, Shanghai's.")
    end: date | None = strawberry.field(name="to", default=UNSET, description="To this day, included.")


@strawberry.input(description="Which tickets.")
class TicketWhere:
    states: list[TicketState] | None = strawberry.field(default=UNSET, description="In any of these states.")


@strawberry.type(description="Reads of bookings.")
@ruled(PUBLIC)
class BookingQueries:
    booking: Booking | None = single("A booking by its id.", Booking | None, id=strawberry.ID)
    bookings: Connection[Booking] = listed(
        "Bookings that the caller may see, by their start.", Connection[Booking], where=BookingWhere
    )
