"""The end of an order: parcels that nobody said anything of count as received, and what is over is completed.

The worker does both; late is harmless. Settlement looks at the rows (`completed_at`), never waiting for the message.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.bookings.rules import BookingState
from market.bookings.tables import Booking
from market.fulfilment.deliver import move_shipment
from market.fulfilment.parts import SYSTEM, goods_of, left_of
from market.fulfilment.rules import AFTER_SALE, AFTER_VISIT, RECEIVED_AFTER, TROUBLE, ShipmentState
from market.fulfilment.ship import hand_over, in_person_row
from market.fulfilment.tables import Shipment, ShipmentLine
from market.kernel import outbox
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from market.orders.moves import move_order, move_seller_order
from market.orders.rules import LineKind, OrderState, SellerOrderState
from market.orders.tables import CustomerOrder, OrderLine, SellerOrder
from market.stock.holds import release_step
from market.stock.tables import StockHold

WORKER = Actor(ActorKind.SYSTEM)
_CHUNK = 100
_GONE = (BookingState.CANCELLED, BookingState.EXPIRED)

_PARTS, _LINES, _SHIPMENTS, _SHIPPED, _BOOKINGS = (
    SQLModel.metadata.tables[str(table.__tablename__)]
    for table in (SellerOrder, OrderLine, Shipment, ShipmentLine, Booking)
)
_OTHERS = tuple(table.alias() for table in (_LINES, _SHIPMENTS, _SHIPPED, _BOOKINGS, _SHIPMENTS, _LINES, _LINES))
"""Made once: their columns cost more than the question in which they are asked."""


def receive_silent(market: Market, *, limit: int = _CHUNK) -> int:
    """The worker's: parcels sent ten days ago of which nobody has said anything, nor their carrier anything bad, have
    come; says how many."""
    now = market.now()
    with market.transaction() as session:
        status = col(Shipment.tracking_status)
        silent = session.exec(
            select(Shipment.id)
            .where(
                Shipment.state == ShipmentState.SENT,
                Shipment.sent_at <= now - RECEIVED_AFTER,
                sa.or_(status.is_(None), status.not_in(TROUBLE)),
            )
            .order_by(col(Shipment.order_id), col(Shipment.id))
            .limit(limit)
        ).all()
        for shipment_id in silent:
            move_shipment(session, shipment_id, ShipmentState.DELIVERED, actor=SYSTEM, at=now, now=now)
        return len(silent)


def complete_orders(market: Market, *, limit: int = _CHUNK) -> int:
    """The worker's: complete what is over (`_is_over`), each part in a transaction of its own; says how many. Killed in
    the middle, it goes on where it was.

    An order is COMPLETED with the last of its parts. A part of which everything was paid back before it was sent is
    CANCELLED instead: nothing was sold.
    Guards: the part's lines and row are locked, and it is asked once more whether it is over.
    """
    with market.read() as session:
        due = session.exec(
            select(SellerOrder.id)
            .where(*_is_over(market.now()))
            .order_by(col(SellerOrder.paid_at), col(SellerOrder.id))
            .limit(limit)
        ).all()
    return sum(_complete(market, part_id) for part_id in due)


def _is_over(now: datetime) -> list[sa.ColumnElement[bool]]:
    """Paid; no claim is open; all produce is sent or paid back; every parcel came seven days ago, or went back and was
    paid back; every visit ended two days ago, or is off."""
    part = _PARTS.c
    line, sent, shipped, booking, back, sent_back, of_visit = _OTHERS
    to_send = sa.exists().where(
        line.c.seller_order_id == part.id,
        line.c.kind == LineKind.PRODUCT,
        line.c.fulfilled_quantity + line.c.refunded_quantity < line.c.quantity,
    )
    on_its_way = sa.exists().where(
        sent.c.seller_order_id == part.id,
        sa.or_(
            sent.c.state.in_([ShipmentState.READY, ShipmentState.SENT]),
            sent.c.delivered_at > now - AFTER_SALE,
        ),
    )
    owed = sa.exists().where(
        back.c.seller_order_id == part.id,
        back.c.state == ShipmentState.RETURNED,
        shipped.c.shipment_id == back.c.id,
        sent_back.c.id == shipped.c.line_id,
        sent_back.c.refunded_quantity < shipped.c.quantity,
    )
    visit = sa.exists().where(
        of_visit.c.seller_order_id == part.id,
        booking.c.line_id == of_visit.c.id,
        booking.c.state.not_in(_GONE),
        booking.c.ends_at > now - AFTER_VISIT,
    )
    unfinished = sa.text("seller_order.state IN ('OPEN', 'PARTLY_FULFILLED', 'FULFILLED')")  # as its index says
    return [unfinished, part.open_claims == 0, ~to_send, ~on_its_way, ~owed, ~visit]  # type: ignore[list-item]  # a text is a condition, too


def _complete(market: Market, part_id: str) -> int:
    now = market.now()
    with market.transaction() as session:
        lines = goods_of(session, part_id)
        session.exec(select(SellerOrder.id).where(SellerOrder.id == part_id).with_for_update(key_share=True)).one()
        part = session.exec(select(SellerOrder).where(SellerOrder.id == part_id, *_is_over(now))).first()
        if part is None:
            return 0  # somebody changed it meanwhile
        state = SellerOrderState(part.state)
        if state is SellerOrderState.OPEN and part.payable_fen and part.refunded_fen == part.payable_fen:
            move_seller_order(session, part_id, SellerOrderState.CANCELLED, actor=SYSTEM, now=now)
            _end_order(session, part.order_id, now)
            return 1
        _give_gifts(session, market, part, lines, now)
        _finish(session, part, now)
        _end_order(session, part.order_id, now)
        _let_go_gifts(session, part, now)
        told = {"order": part.order_id, "sellerOrder": part_id}
        outbox.publish(session, "seller_order.completed", aggregate=part.order_id, payload=told, now=now)
        return 1


def _finish(session: Session, part: SellerOrder, now: datetime) -> None:
    state = session.exec(select(SellerOrder.state).where(SellerOrder.id == part.id)).one()
    if state != SellerOrderState.FULFILLED:
        move_seller_order(session, part.id, SellerOrderState.FULFILLED, actor=SYSTEM, now=now)
    move_seller_order(session, part.id, SellerOrderState.COMPLETED, actor=SYSTEM, now=now)


def _end_order(session: Session, order_id: str, now: datetime) -> None:
    """The order is over with the last of its parts. Its row is locked first, so that of two parts that end at once the
    second sees the first."""
    state = session.exec(
        select(CustomerOrder.state).where(CustomerOrder.id == order_id).with_for_update(key_share=True)
    ).one()
    states = set(session.exec(select(SellerOrder.state).where(SellerOrder.order_id == order_id)).all())
    is_over = states <= {SellerOrderState.COMPLETED, SellerOrderState.CANCELLED}
    if state == OrderState.PAID and is_over and SellerOrderState.COMPLETED in states:
        move_order(session, order_id, OrderState.COMPLETED, actor=SYSTEM, now=now)


def _give_gifts(session: Session, market: Market, part: SellerOrder, lines: Sequence[OrderLine], now: datetime) -> None:
    """Gifts of visits that took place, and of which nothing was said, were given to the guests."""
    came = session.exec(
        select(Booking.line_id).where(Booking.order_id == part.order_id, Booking.state == BookingState.REDEEMED)
    ).all()
    held = _held_gifts(session, part)
    given = [
        (line, left_of(line))
        for line in lines
        if line.kind == LineKind.GIFT
        and line.snapshot.get("comesWith") in came
        and 0 < left_of(line) <= held.get(line.variant_id or "", 0)
    ]
    if given:
        hand_over(session, WORKER, part, given, in_person_row(market, part, now), now=now)


def _let_go_gifts(session: Session, part: SellerOrder, now: datetime) -> None:
    """Gifts that nobody came for are free again."""
    held = _held_gifts(session, part)
    if held:
        release_step(session, holder=part.order_id, demands=held, now=now)


def _held_gifts(session: Session, part: SellerOrder) -> dict[str, int]:
    """What is still held of the variants that the part's gifts are of. Its produce was sent before."""
    gifts = select(OrderLine.variant_id).where(OrderLine.seller_order_id == part.id, OrderLine.kind == LineKind.GIFT)
    return dict(
        session.exec(
            select(StockHold.variant_id, StockHold.quantity).where(
                StockHold.holder == part.order_id, col(StockHold.variant_id).in_(gifts)
            )
        ).all()
    )
