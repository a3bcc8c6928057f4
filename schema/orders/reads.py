"""Where orders come from: the projections, with the scope in the statement."""

import sqlalchemy as sa

from market.bookings.rules import BookingState
from market.bookings.rules import next_states as next_booking_states
from market.bookings.tables import Booking as BookingTable
from market.bookings.tables import Ticket
from market.kernel.ids import require_id
from market.kernel.permissions import Permission
from market.orders.rules import OrderState, SellerOrderState, next_seller_states, next_states
from market.orders.tables import NOTE, CustomerOrder, LineDiscount, OrderLine
from market.orders.tables import OrderEvent as EventTable
from market.orders.tables import SellerOrder as SellerOrderTable
from schema.catalogue.tours import TOUR_PACKAGE
from schema.filters import moment_order, within_region
from schema.node import money
from schema.orders.sealed import code, contact, from_snapshot, next_of, opened, participant
from schema.organisations import COOPERATIVE, PRODUCER
from schema.projection import (
    Args,
    Build,
    ById,
    Column,
    Projection,
    ToMany,
    ToOne,
    among,
    column,
    localized,
    looked_up,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression, Field
from schema.projection.viewer import own, reached
from schema.scope import acts_for
from schema.sessions import SESSION

ORDERS, PARTS, LINES = table_of(CustomerOrder), table_of(SellerOrderTable), table_of(OrderLine)
BOOKINGS, TICKETS = table_of(BookingTable), table_of(Ticket)


def _of_order(t: sa.FromClause, name: str) -> Expression:
    """A column of a part's order."""
    order = ORDERS.alias()
    return looked_up(order.c[name], order, where=[order.c.id == t.c.order_id])


def _own_orders(t: sa.FromClause, build: Build) -> list[Condition]:
    return [reached(build, Permission.ORDER_PLACE, owner=t.c.account_id)]


def _parts_in_reach(t: sa.FromClause, build: Build) -> list[Condition]:
    """A seller's people, its staff, and whoever bought it."""
    sellers = acts_for(build, Permission.ORDER_READ, t.c.producer_id, region=t.c.region_code)
    return [sa.or_(sellers, _of_order(t, "account_id") == own(build))]


def _bookings_in_reach(t: sa.FromClause, build: Build) -> list[Condition]:
    sellers = acts_for(build, Permission.ORDER_READ, t.c.producer_id, region=t.c.region_code)
    return [sa.or_(sellers, t.c.account_id == own(build))]


# -- the projections ---------------------------------------------------------------------------------------------------

LINE_DISCOUNT = Projection(
    "LineDiscount",
    table_of(LineDiscount),
    fields={"campaignId": column("campaign_id"), "funder": column("funder"), "amount": money("amount_fen")},
)

EVENT = Projection(
    "OrderEvent",
    table_of(EventTable),
    fields={
        "what": column("what"),
        "at": column("at"),
        "fromState": column("from_state"),
        "toState": column("to_state"),
    },
)

TICKET = Projection(
    "Ticket",
    TICKETS,
    visible=lambda t, build: [_ticket_in_reach(t, build)],
    fields={
        "id": column("id"),
        "kind": column("kind"),
        "name": column("name"),
        "pax": column("pax"),
        "price": money("price_fen"),
        "participant": participant(),
        "code": code(),
        "state": column("state"),
        "redeemedAt": column("redeemed_at"),
    },
)


def _ticket_in_reach(t: sa.FromClause, build: Build) -> Condition:
    booking = BOOKINGS.alias()
    found = sa.select(booking.c.id).where(booking.c.id == t.c.booking_id, *_bookings_in_reach(booking, build))
    return sa.exists(found.correlate_except(booking))


BOOKING = Projection(
    "Booking",
    BOOKINGS,
    visible=_bookings_in_reach,
    fields={
        "id": column("id"),
        "state": column("state"),
        "nextStates": next_of(lambda state: [each.value for each in next_booking_states(BookingState(state))]),
        "seats": column("seats"),
        "amount": money("amount_fen"),
        "startsAt": column("starts_at"),
        "endsAt": column("ends_at"),
        "localDate": column("local_date"),
        "session": ToOne(lambda: SESSION, lambda t, session: session.c.id == t.c.session_id),
        "tourPackage": ToOne(lambda: TOUR_PACKAGE, lambda t, package: package.c.id == t.c.package_id),
        "refundPercent": column("refund_percent"),
        "tickets": ToMany(
            lambda: TICKET,
            lambda t, ticket: ticket.c.booking_id == t.c.id,
            lambda ticket: [ticket.c.position],
        ),
    },
)

LINE = Projection(
    "OrderLine",
    LINES,
    fields={
        "id": column("id"),
        "kind": column("kind"),
        "title": localized("title"),
        "variant": from_snapshot("variant", "option"),
        "quantity": column("quantity"),
        "unitPrice": money("unit_price_fen"),
        "amount": money("amount_fen"),
        "discount": money("discount_fen"),
        "payable": money("payable_fen"),
        "refunded": money("refunded_fen"),
        "fulfilledQuantity": column("fulfilled_quantity"),
        "refundedQuantity": column("refunded_quantity"),
        "returnBasis": column("return_basis"),
        "discounts": ToMany(
            lambda: LINE_DISCOUNT,
            lambda t, discount: discount.c.line_id == t.c.id,
            lambda discount: [discount.c.campaign_id],
        ),
        "booking": ToOne(lambda: BOOKING, lambda t, booking: booking.c.line_id == t.c.id),
    },
)

_MONEY = {
    "goods": money("goods_fen"),
    "delivery": money("delivery_fen"),
    "discount": money("discount_fen"),
    "payable": money("payable_fen"),
    "refunded": money("refunded_fen"),
}

SELLER_ORDER = Projection(
    "SellerOrder",
    PARTS,
    visible=_parts_in_reach,
    fields={
        "id": column("id"),
        "number": Column(lambda t, _build, _args: _of_order(t, "number")),
        "state": column("state"),
        "nextStates": next_of(lambda state: [each.value for each in next_seller_states(SellerOrderState(state))]),
        "producer": ToOne(lambda: PRODUCER, lambda t, other: other.c.id == t.c.producer_id),
        "cooperative": ToOne(lambda: COOPERATIVE, lambda t, other: other.c.id == t.c.cooperative_id),
        **_MONEY,
        "deliveryMethod": column("delivery_method"),
        "weightGrams": column("weight_grams"),
        "recipient": contact("name", is_hidden=True, of=lambda t: _of_order(t, "contact_sealed")),
        "recipientPhone": contact("phone", is_hidden=True, of=lambda t: _of_order(t, "contact_sealed")),
        "deliveredTo": Column(lambda t, _build, _args: _of_order(t, "region_code")),
        "placedAt": column("placed_at"),
        "paidAt": column("paid_at"),
        "fulfilledAt": column("fulfilled_at"),
        "completedAt": column("completed_at"),
        "lines": ToMany(lambda: LINE, lambda t, line: line.c.seller_order_id == t.c.id, lambda line: [line.c.position]),
        "events": ToMany(lambda: EVENT, lambda t, event: event.c.seller_order_id == t.c.id, lambda event: [event.c.id]),
    },
)

ORDER = Projection(
    "Order",
    ORDERS,
    visible=_own_orders,
    fields={
        "id": column("id"),
        "number": column("number"),
        "state": column("state"),
        "nextStates": next_of(lambda state: [each.value for each in next_states(OrderState(state))]),
        "channel": column("channel"),
        **_MONEY,
        "recipient": contact("name", is_hidden=False),
        "recipientPhone": contact("phone", is_hidden=True),
        "street": contact("street", is_hidden=False),
        "deliveredTo": column("region_code"),
        "note": opened("note_sealed", NOTE),
        "placedAt": column("placed_at"),
        "payBy": column("pay_by"),
        "paidAt": column("paid_at"),
        "sellerOrders": ToMany(
            lambda: SELLER_ORDER, lambda t, part: part.c.order_id == t.c.id, lambda part: [part.c.id]
        ),
        "bookings": ToMany(
            lambda: BOOKING,
            lambda t, booking: booking.c.order_id == t.c.id,
            lambda booking: [booking.c.starts_at, booking.c.id],
        ),
        "events": ToMany(lambda: EVENT, lambda t, event: event.c.order_id == t.c.id, lambda event: [event.c.id]),
    },
)

# -- lists -------------------------------------------------------------------------------------------------------------


def _states(t: sa.FromClause, where: Args) -> list[Condition]:
    return [among(t.c.state, where.get("states"))] if "states" in where else []


def _orders_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    number = where.slot("number")
    return _states(t, where) + ([t.c.number == build.bind(number)] if number is not None else [])


def _parts_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions = _states(t, where)
    for name, of in (("producer", t.c.producer_id), ("cooperative", t.c.cooperative_id)):
        slot = where.slot(name)
        if slot is not None:
            conditions.append(of == build.bind(slot))
    region = where.slot("region")
    if region is not None:
        conditions.append(within_region(t.c.region_code, region, build))
    for name, of_order in (("number", "number"), ("phoneTail", "phone_tail")):
        slot = where.slot(name)
        if slot is not None:
            order = ORDERS.alias()
            found = sa.select(order.c.id).where(order.c[of_order] == build.bind(slot))
            conditions.append(t.c.order_id.in_(found))
    return conditions


def _bookings_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    session = where.slot("session")
    return _states(t, where) + ([t.c.session_id == build.bind(session)] if session is not None else [])


NEWEST = {"NEWEST": moment_order("n", "placed_at", is_descending=True)}

ORDER_QUERIES: dict[str, Field] = {
    "order": ById(lambda: ORDER, check=lambda text: require_id(text, "ord")),
    "orders": Listed(lambda: ORDER, NEWEST, "NEWEST", where=_orders_where),
    "sellerOrder": ById(lambda: SELLER_ORDER, check=lambda text: require_id(text, "sor")),
    "sellerOrders": Listed(lambda: SELLER_ORDER, NEWEST, "NEWEST", where=_parts_where),
    "booking": ById(lambda: BOOKING, check=lambda text: require_id(text, "bkg")),
    "bookings": Listed(lambda: BOOKING, {"START": moment_order("s", "starts_at")}, "START", where=_bookings_where),
}
ORDER_TARGETS: dict[str, Projection] = {"ord": ORDER, "sor": SELLER_ORDER, "bkg": BOOKING, "tkt": TICKET}
