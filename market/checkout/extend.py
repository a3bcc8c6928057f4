"""Use case: more time to pay (OCTO: extend). What an order holds, its bookings among it, is held by the order, so that all
of it is held longer or nothing is."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.bookings.steps import extend_bookings
from market.bookings.tables import Booking
from market.checkout.errors import NoMoreTime
from market.checkout.paid import pieces_of, seats_of
from market.checkout.place import HOLD_LONGER, PAY_WITHIN
from market.kernel.errors import NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.orders.create import add_event
from market.orders.rules import OrderState
from market.orders.tables import CustomerOrder
from market.payments.errors import NotPayable, PaymentWindowOver
from market.sessions.holds import extend_seats
from market.stock.holds import extend_step
from market.vouchers.uses import extend_uses

PAY_WITHIN_MOST = timedelta(minutes=45)
"""After placing: nobody keeps the last seats from others for longer without paying."""
_ORDERS = SQLModel.metadata.tables[str(CustomerOrder.__tablename__)]


def extend_order(market: Market, actor: Actor, *, order_id: str, key: str) -> str:
    """The buyer gets another quarter of an hour to pay, from now; the order's id. In all no more than 45 minutes, and no
    later than its seats could still be confirmed. A payment that was begun keeps its own end at its provider, which cannot
    be moved there; after it, `start_payment` closes it and begins another. Money that came for either pays the order.

    Refuses: NotSignedIn; NotFound, also for somebody else's; NotPayable once it was paid or has ended; PaymentWindowOver
    when the time is over; NoMoreTime when it has as much as it can have; HoldExpired; IdempotencyConflict. Once, by `key`.
    Guards: the order's row; conditional updates of what is held.
    """
    mine = reach(actor, Permission.ORDER_PLACE)
    now = market.now()
    who = actor.account_id or actor.kind.value
    request = IdempotencyKey.of(actor=who, operation="extendOrder", key=key, asked={"order": order_id})
    with market.transaction() as session:

        def act() -> str:
            order = session.exec(
                select(CustomerOrder).where(CustomerOrder.id == order_id).with_for_update(key_share=True)
            ).first()
            if order is None or not mine.covers(owner_id=order.account_id):
                raise NotFound(field="order")
            if order.state != OrderState.PENDING_PAYMENT:
                raise NotPayable(state=order.state)
            if now >= order.pay_by:
                raise PaymentWindowOver
            pay_by = _pay_by(session, order, now)
            if pay_by <= order.pay_by:
                raise NoMoreTime(until=order.pay_by)
            _extend(session, order_id, pay_by, now)
            add_event(session, order_id, "order.extended", actor=who, now=now, facts={"payBy": pay_by.isoformat()})
            return order_id

        return once(session, request, act, now=now, dump=str, load=str)


def _pay_by(session: Session, order: CustomerOrder, now: datetime) -> datetime:
    cutoffs = session.exec(select(Booking.cutoff_at).where(Booking.order_id == order.id)).all()
    return min([now + PAY_WITHIN, order.placed_at + PAY_WITHIN_MOST, *(each - HOLD_LONGER for each in cutoffs)])


def _extend(session: Session, order_id: str, pay_by: datetime, now: datetime) -> None:
    until = pay_by + HOLD_LONGER
    session.execute(
        sa.update(_ORDERS)
        .where(_ORDERS.c.id == order_id, col(CustomerOrder.state) == OrderState.PENDING_PAYMENT)
        .values(pay_by=pay_by)
    )
    extend_uses(session, holder=order_id, until=until, now=now)
    pieces = pieces_of(session, order_id)
    if pieces:
        extend_step(session, pieces, until=until, holder=order_id, now=now)
    seats = seats_of(session, order_id)
    if seats:
        extend_seats(session, list(seats), until=until, holder=order_id, now=now)
        extend_bookings(session, order_id=order_id, until=until)
