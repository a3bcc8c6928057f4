"""Use case: a seller hands over what was bought, all of it or some. Stock, lines, states and the news move together."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.fulfilment.codes import PICKUP_CODE, digest_of, new_pickup_code
from market.fulfilment.parts import goods_of, left_of, move_on, sellers_part
from market.fulfilment.rules import Carrier, ShipmentState, TrackingState, tracking_number
from market.fulfilment.tables import Shipment, ShipmentLine
from market.kernel import audit, outbox
from market.kernel.errors import Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.orders.create import add_event
from market.orders.errors import MoreThanLeft
from market.orders.moves import add_fulfilled
from market.orders.rules import DeliveryMethod, LineKind
from market.orders.tables import OrderLine, SellerOrder
from market.stock.holds import consume_step, hold_step

_ADD_SHIPMENT = sa.insert(SQLModel.metadata.tables[str(Shipment.__tablename__)])
_ADD_LINES = sa.insert(SQLModel.metadata.tables[str(ShipmentLine.__tablename__)])
Pieces = Sequence[tuple[OrderLine, int]]
"""How many of each line, by the lines' ids."""
_AT_ONCE = timedelta(minutes=1)
BY_CARRIER = frozenset({DeliveryMethod.EXPRESS, DeliveryMethod.COLD_CHAIN})


@dataclass(frozen=True, slots=True)
class ShipDraft:
    """What is handed over at once."""

    seller_order_id: str
    lines: Mapping[str, int] = field(default_factory=dict)
    """Pieces by line; all that is left, but for gifts, when none is named."""
    carrier: Carrier | None = None
    number: str | None = None
    """The parcel's number, as its carrier knows it."""
    is_in_person: bool = False
    """Gifts that come with a visit, given to the guest."""


def ship_order(market: Market, actor: Actor, draft: ShipDraft, *, key: str) -> str:
    """Hand over goods of a seller order, by the way they were bought; the shipment's id. The pieces leave the stock.

    EXPRESS and COLD_CHAIN need a carrier and a number. PICKUP: they wait at the pick-up point, and the buyer gets a code.
    DROP: they are brought. In person: gifts are given to the guest and are DELIVERED at once.
    Refuses: NotSignedIn; Forbidden; NotFound for what is unknown, or another's; Invalid; MoreThanLeft for pieces that
    were sent or paid back before; IllegalTransition for an order that is not paid, or over; HoldExpired;
    IdempotencyConflict. Once, by `key`.
    Guards: conditional updates of lines and holds; the seller order's lock.
    """
    reach(actor, Permission.ORDER_FULFIL)
    asked = {**asdict(draft), "lines": dict(draft.lines)}
    who = actor.account_id or actor.kind.value
    mine = IdempotencyKey.of(actor=who, operation="shipOrder", key=key, asked=asked)
    with market.transaction() as session:
        return once(session, mine, lambda: _ship(session, market, actor, draft), now=market.now(), dump=str, load=str)


def _ship(session: Session, market: Market, actor: Actor, draft: ShipDraft) -> str:
    now = market.now()
    part = sellers_part(session, actor, draft.seller_order_id, now)
    method = DeliveryMethod.NONE if draft.is_in_person else DeliveryMethod(part.delivery_method)
    row = _row(market, part, method, draft, now)
    pieces = _pieces(goods_of(session, part.id), draft)
    shipment_id = hand_over(session, actor, part, pieces, row, now=now)
    audit.record(
        session,
        actor,
        action="shipment.send",
        subject=shipment_id,
        principal=part.producer_id,
        after={
            "sellerOrder": part.id,
            "method": method,
            "carrier": draft.carrier,
            "lines": {line.id: quantity for line, quantity in pieces},
        },
        now=now,
    )
    return shipment_id


def hand_over(
    session: Session, actor: Actor, part: SellerOrder, pieces: Pieces, row: dict[str, Any], *, now: datetime
) -> str:
    """Step: these pieces of a seller order's lines, locked by the caller, leave; the shipment's id. `row` is the
    shipment's own columns. Refuses and guards as `ship_order`."""
    who = actor.account_id or actor.kind.value
    demands: dict[str, int] = {}
    for line, quantity in pieces:
        add_fulfilled(session, line.id, quantity)
        assert line.variant_id is not None, "goods are of a variant"
        demands[line.variant_id] = demands.get(line.variant_id, 0) + quantity
    move_on(session, part, actor=who, now=now)
    session.execute(_ADD_SHIPMENT, row)
    session.execute(
        _ADD_LINES,
        [{"shipment_id": row["id"], "line_id": line.id, "quantity": quantity} for line, quantity in pieces],
    )
    names = ["shipment.sent", "shipment.delivered"] if row["state"] is ShipmentState.DELIVERED else ["shipment.sent"]
    facts = {"shipment": row["id"], "method": row["method"]}
    for name in names:
        add_event(session, part.order_id, name, actor=who, now=now, seller_order_id=part.id, facts=facts)
    consume_step(session, actor, demands, holder=part.order_id, reference=row["id"], now=now)
    told = {"order": part.order_id, "sellerOrder": part.id, "shipment": row["id"]}
    for name in names:
        outbox.publish(session, name, aggregate=part.order_id, payload=told, now=now)
    return str(row["id"])


def send_again(
    session: Session,
    actor: Actor,
    part: SellerOrder,
    line: OrderLine,
    *,
    quantity: int,
    row: dict[str, Any],
    holder: str,
    now: datetime,
) -> str:
    """Step: so many pieces of a line leave once more, for nothing, because something was wrong with those that came; the
    shipment's id. What of the line was handed over stays as it is: the same purchase, sent again.

    Refuses: SoldOut. Guards: one conditional update of the stock, which is held for `holder` and leaves at once.
    """
    assert line.variant_id is not None, "goods are of a variant"
    demand = {line.variant_id: quantity}
    session.execute(_ADD_SHIPMENT, row)
    session.execute(_ADD_LINES, [{"shipment_id": row["id"], "line_id": line.id, "quantity": quantity}])
    who = actor.account_id or actor.kind.value
    facts = {"shipment": row["id"], "method": row["method"], "again": holder}
    add_event(session, part.order_id, "shipment.sent", actor=who, now=now, seller_order_id=part.id, facts=facts)
    hold_step(session, demand, until=now + _AT_ONCE, holder=holder, now=now)
    consume_step(session, actor, demand, holder=holder, reference=row["id"], now=now)
    told = {"order": part.order_id, "sellerOrder": part.id, "shipment": row["id"]}
    outbox.publish(session, "shipment.sent", aggregate=part.order_id, payload=told, now=now)
    return str(row["id"])


def parcel_row(
    market: Market, part: SellerOrder, carrier: Carrier, number: str, *, is_again: bool = False, now: datetime
) -> dict[str, Any]:
    """The columns of a parcel of a seller order. One that is sent again goes by express where the first did not."""
    method = DeliveryMethod(part.delivery_method)
    if is_again and method not in BY_CARRIER:
        method = DeliveryMethod.EXPRESS
    on_its_way = {"method": method, "state": ShipmentState.SENT, "delivered_at": None}
    return {**in_person_row(market, part, now), **on_its_way, **carried(carrier, number, now)}


def in_person_row(market: Market, part: SellerOrder, now: datetime) -> dict[str, Any]:
    """The columns of a shipment that was given by hand."""
    return {
        "id": market.new_id("shp"),
        "order_id": part.order_id,
        "seller_order_id": part.id,
        "producer_id": part.producer_id,
        "region_code": part.region_code,
        "method": DeliveryMethod.NONE,
        "state": ShipmentState.DELIVERED,
        "code_tries": 0,
        "tracking": TrackingState.NONE,
        "asked": 0,
        "sent_at": now.replace(microsecond=0),  # cursors of lists say whole seconds
        "delivered_at": now,
    }


def carried(carrier: Carrier, number: str, now: datetime) -> dict[str, Any]:
    """The columns of a parcel with a carrier: to be followed, where that can be."""
    is_followed = carrier is not Carrier.OTHER
    return {
        "carrier": carrier,
        "tracking_number": number,
        "tracking": TrackingState.WANTED if is_followed else TrackingState.NONE,
        "ask_at": now if is_followed else None,
        "asked": 0,
    }


def _row(market: Market, part: SellerOrder, method: DeliveryMethod, draft: ShipDraft, now: datetime) -> dict[str, Any]:
    row = in_person_row(market, part, now)
    if method is DeliveryMethod.NONE and not draft.is_in_person:
        raise Invalid(
            field="inPerson",
            allowed="there is nothing to deliver but gifts, given in person",
            allowed_zh="该订单无需配送，赠品请选择当面交付",
        )
    if {draft.carrier is not None, draft.number is not None} != {method in BY_CARRIER}:
        raise Invalid(
            field="carrier",
            allowed="a carrier and a number for what is sent by express, else neither",
            allowed_zh="快递与冷链须填写承运商和单号，其他方式不填",
        )
    if method is DeliveryMethod.NONE:
        return row
    row |= {"method": method, "state": ShipmentState.SENT, "delivered_at": None}
    if method in BY_CARRIER:
        assert draft.number is not None, "checked above"
        assert draft.carrier is not None, "checked above"
        row |= carried(draft.carrier, tracking_number(draft.number), now)
    if method is DeliveryMethod.PICKUP:
        code = new_pickup_code()
        row |= {
            "state": ShipmentState.READY,
            "pickup_point_id": part.delivery["pickupPoint"],
            "code_digest": digest_of(market.sealer, code),
            "code_sealed": market.sealer.seal(code, purpose=PICKUP_CODE),
        }
    return row


def _pieces(lines: Sequence[OrderLine], draft: ShipDraft) -> Pieces:
    """What is to go, by line in id order."""
    known = {line.id: line for line in lines}
    kind = LineKind.GIFT if draft.is_in_person else LineKind.PRODUCT
    wanted = dict(draft.lines) or {line.id: left_of(line) for line in lines if line.kind == kind and left_of(line)}
    if not wanted:
        raise MoreThanLeft(what="fulfil")
    for line_id, quantity in wanted.items():
        if line_id not in known:
            raise NotFound(field="lines")
        if quantity < 1:
            raise Invalid(field="lines", allowed="1 or more pieces of a line", allowed_zh="每行至少 1 件")
        if draft.is_in_person and known[line_id].kind != LineKind.GIFT:
            raise Invalid(field="inPerson", allowed="only gifts are given in person", allowed_zh="只有赠品可以当面交付")
    return [(known[line_id], wanted[line_id]) for line_id in sorted(wanted)]
