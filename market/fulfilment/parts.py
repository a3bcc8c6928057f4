"""Steps that sending and ending share: whose a seller's part is, what of it is left to hand over, where it stands then.

Rows are taken in the order that refunds take them, so that nobody waits in a circle: lines by id, the seller order, the
order; then stock, by its own steps; the outbox; the audit trail.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.bookings.rules import BookingState
from market.bookings.tables import Booking
from market.fulfilment.rules import ShipmentState
from market.fulfilment.tables import Shipment, ShipmentLine
from market.kernel.clock import business_day
from market.kernel.errors import NotFound
from market.kernel.permissions import Actor, Permission
from market.orders.moves import move_seller_order
from market.orders.rules import LineKind, SellerOrderState, illegal_seller_move
from market.orders.tables import OrderLine, SellerOrder
from market.organisations.acting import act_for

SYSTEM = "SYSTEM"
"""Who did what the worker did."""


def sellers_part(session: Session, actor: Actor, seller_order_id: str, now: datetime) -> SellerOrder:
    """Step: a seller order that the actor fulfils. Refuses: NotSignedIn; Forbidden; NotFound, also for another's."""
    part = session.exec(select(SellerOrder).where(SellerOrder.id == seller_order_id)).first()
    if part is None:
        raise NotFound(field="sellerOrder")
    act_for(
        session,
        actor,
        Permission.ORDER_FULFIL,
        producer_id=part.producer_id,
        today=business_day(now),
        field="sellerOrder",
    )
    return part


def goods_of(session: Session, seller_order_id: str) -> Sequence[OrderLine]:
    """Step: the lines of goods, gifts included, taken in id order until the transaction ends."""
    return session.exec(
        select(OrderLine)
        .where(OrderLine.seller_order_id == seller_order_id, OrderLine.kind != LineKind.BOOKING)
        .order_by(col(OrderLine.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def left_of(line: OrderLine) -> int:
    """Pieces still to be handed over: not those that were paid back."""
    return max(0, line.quantity - line.fulfilled_quantity - line.refunded_quantity)


def move_on(session: Session, part: SellerOrder, *, actor: str, now: datetime) -> SellerOrderState:
    """Step: after pieces were handed over, the state that the seller order has then.

    FULFILLED when nothing is left of its goods and its visits are over, else PARTLY_FULFILLED. Refuses:
    IllegalTransition for one that is not paid, cancelled or over.
    Guards: the caller has locked the lines (`goods_of`), and the row is locked before what is left is looked at, so that
    of two at once the second sees the first.
    """
    state = session.exec(
        select(SellerOrder.state).where(SellerOrder.id == part.id).with_for_update(key_share=True)
    ).one()
    if state not in {SellerOrderState.OPEN, SellerOrderState.PARTLY_FULFILLED}:
        raise illegal_seller_move(SellerOrderState(state), SellerOrderState.PARTLY_FULFILLED)
    to = SellerOrderState.PARTLY_FULFILLED if _has_more(session, part.id) else SellerOrderState.FULFILLED
    if to != state:
        move_seller_order(session, part.id, to, actor=actor, now=now)
    return to


def delivered_pieces(session: Session, line_ids: Sequence[str]) -> dict[str, tuple[int, datetime]]:
    """Step: of these lines, how many pieces have come, and when the last did; lines of which none has are left out."""
    rows = session.exec(
        select(ShipmentLine.line_id, sa.func.sum(ShipmentLine.quantity), sa.func.max(Shipment.delivered_at))
        .join(Shipment, col(Shipment.id) == col(ShipmentLine.shipment_id))
        .where(col(ShipmentLine.line_id).in_(line_ids), Shipment.state == ShipmentState.DELIVERED)
        .group_by(col(ShipmentLine.line_id))
    ).all()
    return {line_id: (int(quantity), at) for line_id, quantity, at in rows if at is not None}


def _has_more(session: Session, seller_order_id: str) -> bool:
    """Whether there are goods to hand over, or visits to come."""
    done = col(OrderLine.fulfilled_quantity) + col(OrderLine.refunded_quantity)
    goods = select(OrderLine.id).where(
        OrderLine.seller_order_id == seller_order_id,
        OrderLine.kind != LineKind.BOOKING,
        done < col(OrderLine.quantity),
    )
    visits = (
        select(Booking.id)
        .join(OrderLine, col(OrderLine.id) == col(Booking.line_id))
        .where(
            OrderLine.seller_order_id == seller_order_id,
            col(Booking.state).in_([BookingState.ON_HOLD, BookingState.CONFIRMED]),
        )
    )
    return session.exec(goods.limit(1)).first() is not None or session.exec(visits.limit(1)).first() is not None
