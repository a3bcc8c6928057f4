"""Where orders come from: the projections, with the scope in the statement."""

import sqlalchemy as sa
from sqlmodel import UTCDateTime

from market.kernel.ids import require_id
from market.kernel.permissions import Permission, reach
from market.orders.rules import OrderState, SellerOrderState, next_seller_states, next_states
from market.orders.tables import NOTE, CustomerOrder, LineDiscount, OrderLine
from market.orders.tables import OrderEvent as EventTable
from market.orders.tables import SellerOrder as SellerOrderTable
from market.payments.tables import Refund
from schema.bookings import BOOKING, BOOKING_FIELDS
from schema.filters import moment_order, order_number, within_region
from schema.fulfilment import SHIPMENT
from schema.node import money
from schema.orders.sealed import (
    MASK,
    contact,
    facts,
    form,
    from_snapshot,
    left,
    masked_tail,
    next_of,
    opened,
    phone_digest,
    ship_to,
)
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
from schema.reviews import MANAGED_REVIEW
from schema.scope import acts_for, found_by_index

ORDERS, PARTS, LINES = table_of(CustomerOrder), table_of(SellerOrderTable), table_of(OrderLine)


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
        "facts": facts(),
    },
)

LINE = Projection(
    "OrderLine",
    LINES,
    fields={
        "id": column("id"),
        "kind": column("kind"),
        "listingId": column("listing_id"),
        "variantId": column("variant_id"),
        "title": localized("title"),
        "variant": form(),
        "quantity": column("quantity"),
        "unitPrice": money("unit_price_fen"),
        "amount": money("amount_fen"),
        "discount": money("discount_fen"),
        "payable": money("payable_fen"),
        "refunded": money("refunded_fen"),
        "fulfilledQuantity": column("fulfilled_quantity"),
        "refundedQuantity": column("refunded_quantity"),
        "leftQuantity": left(),
        "sku": from_snapshot("sku"),
        "storage": from_snapshot("storage"),
        "weightGrams": column("weight_grams"),
        "returnBasis": column("return_basis"),
        "discounts": ToMany(
            lambda: LINE_DISCOUNT,
            lambda t, discount: discount.c.line_id == t.c.id,
            lambda discount: [discount.c.campaign_id],
        ),
        "booking": ToOne(lambda: BOOKING, lambda t, booking: booking.c.line_id == t.c.id),
        "review": ToOne(lambda: MANAGED_REVIEW, lambda t, review: review.c.line_id == t.c.id),
    },
)

_MONEY = {
    "goods": money("goods_fen"),
    "delivery": money("delivery_fen"),
    "discount": money("discount_fen"),
    "payable": money("payable_fen"),
    "refunded": money("refunded_fen"),
}

REFUND = Projection(
    "OrderRefund",
    table_of(Refund),
    fields={
        "id": column("id"),
        "amount": money("amount_fen"),
        "state": column("state"),
        "reason": column("reason"),
        "requestedAt": column("requested_at"),
        "endedAt": column("ended_at"),
    },
)

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
        "shipToName": ship_to("name"),
        "shipToPhone": ship_to("phone"),
        "shipToStreet": ship_to("street"),
        "note": opened(lambda t: _of_order(t, "note_sealed"), NOTE),
        "placedAt": column("placed_at"),
        "paidAt": column("paid_at"),
        "fulfilledAt": column("fulfilled_at"),
        "completedAt": column("completed_at"),
        "lines": ToMany(lambda: LINE, lambda t, line: line.c.seller_order_id == t.c.id, lambda line: [line.c.position]),
        "shipments": ToMany(
            lambda: SHIPMENT, lambda t, sent: sent.c.seller_order_id == t.c.id, lambda sent: [sent.c.id]
        ),
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
        "note": opened(lambda t: t.c.note_sealed, NOTE),
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
        "refunds": ToMany(lambda: REFUND, lambda t, back: back.c.order_id == t.c.id, lambda back: [back.c.id]),
    },
)

BOOKING_FIELDS |= {
    "orderNumber": Column(lambda t, _build, _args: _of_order(t, "number")),
    "contact": contact("name", is_hidden=True, of=lambda t: _of_order(t, "contact_sealed")),
    "contactPhone": contact("phone", is_hidden=True, of=lambda t: _of_order(t, "contact_sealed")),
}

# -- lists -------------------------------------------------------------------------------------------------------------


def _states(t: sa.FromClause, where: Args) -> list[Condition]:
    return [among(t.c.state, where.get("states"))] if "states" in where else []


def _orders_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    number = where.slot("number")
    found = [*_states(t, where), *_between(t.c.placed_at, where, build, "placedFrom", "placedBefore")]
    return found + ([t.c.number == build.bind(number, order_number)] if number is not None else [])


_NARROWING = ("producer", "cooperative", "region", "number", "phone", "phoneTail", "paidFrom", "paidBefore")


def _parts_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions = found_by_index(build, Permission.ORDER_READ, t.c.producer_id, t.c.region_code)
    seen = reach(build.viewer.actor, Permission.ORDER_READ)
    if seen.is_all and not any(name in where for name in _NARROWING):
        conditions.append(t.c.region_code > sa.literal_column("''"))  # of all: what seller_order_newest is for
    if not (seen.is_all or seen.organisation_ids or seen.region_prefixes):
        bought = ORDERS.alias()
        conditions.append(t.c.order_id.in_(sa.select(bought.c.id).where(bought.c.account_id == own(build))))
    conditions += [*_states(t, where), *_between(t.c.paid_at, where, build, "paidFrom", "paidBefore")]
    if "deliveryMethods" in where:
        conditions.append(among(t.c.delivery_method, where.get("deliveryMethods")))
    for name, of in (("producer", t.c.producer_id), ("cooperative", t.c.cooperative_id)):
        slot = where.slot(name)
        if slot is not None:
            conditions.append(of == build.bind(slot))
    region = where.slot("region")
    if region is not None:
        conditions.append(within_region(t.c.region_code, region, build))
    phone = where.slot("phone")
    is_masked = phone is not None and build.structure(phone, lambda text: MASK in text)
    for slot, of_order, via in (
        (where.slot("number"), "number", order_number),
        (phone, "phone_tail", masked_tail) if is_masked else (phone, "phone_digest", phone_digest(build)),
        (where.slot("phoneTail"), "phone_tail", None),
    ):
        if slot is not None:
            order = ORDERS.alias()
            found = sa.select(order.c.id).where(order.c[of_order] == build.bind(slot, via))
            conditions.append(t.c.order_id.in_(found))
    return conditions


def _between(of: Expression, where: Args, build: Build, first: str, end: str) -> list[Condition]:
    """From one moment on, up to another."""
    start, stop = where.slot(first), where.slot(end)
    conditions = [of >= build.bind(start, type_=UTCDateTime())] if start is not None else []
    return conditions + ([of < build.bind(stop, type_=UTCDateTime())] if stop is not None else [])


NEWEST = {"NEWEST": moment_order("n", "placed_at", is_descending=True)}
OLDEST = {"OLDEST": moment_order("o", "placed_at")}

ORDER_QUERIES: dict[str, Field] = {
    "order": ById(lambda: ORDER, check=lambda text: require_id(text, "ord")),
    "orders": Listed(lambda: ORDER, NEWEST, "NEWEST", where=_orders_where),
    "sellerOrder": ById(lambda: SELLER_ORDER, check=lambda text: require_id(text, "sor")),
    "sellerOrders": Listed(lambda: SELLER_ORDER, NEWEST | OLDEST, "NEWEST", where=_parts_where),
}
ORDER_TARGETS: dict[str, Projection] = {"ord": ORDER, "sor": SELLER_ORDER}
