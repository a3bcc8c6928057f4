"""Where the types of fulfilment come from: the projections, with the scope in the statement."""

import sqlalchemy as sa

from market.fulfilment.codes import PICKUP_CODE
from market.fulfilment.rules import ShipmentState, next_shipment_states
from market.fulfilment.tables import DeliveryRate, PickupPoint, Shipment, ShipmentLine, TrackingEvent
from market.kernel.ids import require_id
from market.kernel.permissions import Permission
from market.kernel.sealing import Sealer
from market.orders.tables import CustomerOrder
from schema.filters import moment_order, text_order
from schema.node import money
from schema.organisations import PRODUCER
from schema.projection import (
    Args,
    Build,
    ById,
    Computed,
    Embedded,
    Given,
    Projection,
    ToMany,
    ToOne,
    among,
    column,
    exists,
    localized,
    quoted,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression, Field
from schema.projection.viewer import own
from schema.scope import acts_for

_POINTS, _RATES, _SHIPMENTS = table_of(PickupPoint), table_of(DeliveryRate), table_of(Shipment)
_ORDERS = table_of(CustomerOrder)


def _is_buyer(t: sa.FromClause, build: Build) -> Condition:
    order = _ORDERS.alias()
    return exists(order, where=[order.c.id == t.c.order_id, order.c.account_id == own(build)])


def _shipments_in_reach(t: sa.FromClause, build: Build) -> list[Condition]:
    """A seller's people, its staff, and whoever bought it."""
    sellers = acts_for(build, Permission.ORDER_READ, t.c.producer_id, region=t.c.region_code)
    return [sa.or_(sellers, _is_buyer(t, build))]


def _rates_in_reach(t: sa.FromClause, build: Build) -> list[Condition]:
    return [acts_for(build, Permission.ORDER_FULFIL, t.c.producer_id), t.c.retired_at.is_(None)]


def _code() -> Computed:
    """A pick-up code: for its buyer, while it waits."""

    def values(t: sa.FromClause, build: Build, _args: Args) -> list[Expression]:
        return [sa.case((sa.and_(_is_buyer(t, build), t.c.state == quoted("READY")), t.c.code_sealed))]

    def act(sealed: str | None, sealer: Sealer) -> str | None:
        return None if sealed is None else sealer.open(sealed, purpose=PICKUP_CODE)

    def given(build: Build, _args: Args) -> dict[str, Given]:
        sealer = build.fact("sealer")
        return {"sealer": Given(via=lambda _nothing: sealer)}

    return Computed(act, values, given)


PICKUP_POINT = Projection(
    "PickupPoint",
    _POINTS,
    topic="fulfilment",
    fields={
        "id": column("id"),
        "name": localized("name"),
        "place": column("place"),
        "opening": column("opening"),
        "regionCode": column("region_code"),
        "location": Embedded(
            {"latitude": column("latitude"), "longitude": column("longitude")},
            present=lambda t: t.c.latitude.is_not(None),
        ),
        "producer": ToOne(lambda: PRODUCER, lambda t, producer: producer.c.id == t.c.producer_id),
        "closedAt": column("closed_at"),
    },
)

DELIVERY_RATE = Projection(
    "DeliveryRate",
    _RATES,
    visible=_rates_in_reach,
    fields={
        "id": column("id"),
        "method": column("method"),
        "zone": column("zone"),
        "firstGrams": column("first_grams"),
        "firstFee": money("first_fen"),
        "nextGrams": column("next_grams"),
        "nextFee": money("next_fen"),
        "promiseHours": column("promise_hours"),
        "maxGrams": column("max_grams"),
        "freeFrom": money("free_from_fen"),
        "pickupPoint": ToOne(lambda: PICKUP_POINT, lambda t, point: point.c.id == t.c.pickup_point_id),
    },
)

SHIPMENT_LINE = Projection(
    "ShipmentLine",
    table_of(ShipmentLine),
    fields={"lineId": column("line_id"), "quantity": column("quantity")},
)

TRACKING_EVENT = Projection(
    "TrackingEvent",
    table_of(TrackingEvent),
    fields={"at": column("at"), "status": column("status"), "text": column("text")},
)

SHIPMENT = Projection(
    "Shipment",
    _SHIPMENTS,
    visible=_shipments_in_reach,
    fields={
        "id": column("id"),
        "sellerOrderId": column("seller_order_id"),
        "state": column("state"),
        "nextStates": Computed(
            lambda state: [each.value for each in next_shipment_states(ShipmentState(state))],
            lambda t, _build, _args: [t.c.state],
        ),
        "method": column("method"),
        "carrier": column("carrier"),
        "trackingNumber": column("tracking_number"),
        "tracking": column("tracking"),
        "trackingStatus": column("tracking_status"),
        "pickupPoint": ToOne(lambda: PICKUP_POINT, lambda t, point: point.c.id == t.c.pickup_point_id),
        "pickupCode": _code(),
        "sentAt": column("sent_at"),
        "deliveredAt": column("delivered_at"),
        "returnedAt": column("returned_at"),
        "lines": ToMany(
            lambda: SHIPMENT_LINE,
            lambda t, line: line.c.shipment_id == t.c.id,
            lambda line: [line.c.line_id],
        ),
        "trackingEvents": Listed(
            lambda: TRACKING_EVENT,
            {"NEWEST": moment_order("n", "at", is_descending=True)},
            "NEWEST",
            on=lambda t, event, _build: sa.and_(event.c.shipment_id == t.c.id, event.c.number == t.c.tracking_number),
        ),
    },
)


def _shipments_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions: list[Condition] = []
    for name, of in (("states", t.c.state), ("tracking", t.c.tracking), ("trackingStatuses", t.c.tracking_status)):
        if name in where:
            conditions.append(among(of, where.get(name)))
    for name, of in (
        ("producer", t.c.producer_id),
        ("trackingNumber", t.c.tracking_number),
        ("pickupPoint", t.c.pickup_point_id),
    ):
        slot = where.slot(name)
        if slot is not None:
            conditions.append(of == build.bind(slot))
    return conditions


def _of_producer(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    slot = args.slot("producerId")
    assert slot is not None, "the schema asks for it"
    return [t.c.producer_id == build.bind(slot)]


def _open_points(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    return [*_of_producer(t, build, args), t.c.closed_at.is_(None)]


FULFILMENT_QUERIES: dict[str, Field] = {
    "pickupPoints": Listed(lambda: PICKUP_POINT, {"ID": text_order("i", "id")}, "ID", where=_open_points),
    "deliveryRates": Listed(lambda: DELIVERY_RATE, {"ID": text_order("i", "id")}, "ID", where=_of_producer),
    "shipment": ById(lambda: SHIPMENT, check=lambda text: require_id(text, "shp")),
    "shipments": Listed(
        lambda: SHIPMENT, {"NEWEST": moment_order("n", "sent_at", is_descending=True)}, "NEWEST", where=_shipments_where
    ),
}
FULFILMENT_TARGETS: dict[str, Projection] = {"ppt": PICKUP_POINT, "dlr": DELIVERY_RATE, "shp": SHIPMENT}
