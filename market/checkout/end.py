"""Orders that are not paid: cancelled by their buyer, or expired. What they hold is let go, once."""

from datetime import datetime

from sqlmodel import Session, col, select

from market.bookings.steps import cancel_unpaid_bookings, expire_bookings
from market.checkout.paid import SYSTEM
from market.kernel import outbox
from market.kernel.errors import NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.orders.moves import move_order, move_seller_orders
from market.orders.rules import OrderState, SellerOrderState
from market.orders.tables import CustomerOrder
from market.stock.holds import release_step
from market.vouchers.uses import release_uses


def end_unpaid(
    session: Session, order_id: str, to: OrderState, *, actor: str, now: datetime, reason: str | None = None
) -> None:
    """Step: end an order that was not paid, CANCELLED or EXPIRED, and let go what it holds.

    Only after its order at the payment provider is closed: else money may still come for what somebody else has then
    (it would be taken anew or owed back, but the buyer would have to wait).
    Refuses: NotFound; IllegalTransition when it was paid or ended meanwhile.
    Guards: the conditional update of the order's row comes first; holds are dropped by whoever got it.
    """
    move_order(session, order_id, to, actor=actor, now=now, reason=reason)
    move_seller_orders(session, order_id, SellerOrderState.CANCELLED, actor=actor, now=now)
    let_go(session, order_id, now, to=to)
    outbox.publish(session, f"order.{to.value.lower()}", aggregate=order_id, payload={"order": order_id}, now=now)


def let_go(session: Session, order_id: str, now: datetime, *, to: OrderState = OrderState.EXPIRED) -> None:
    """Step: give back what an unpaid order holds of vouchers, stock and seats. Once: what is gone is left alone."""
    release_uses(session, holder=order_id)
    release_step(session, holder=order_id, now=now)
    if to is OrderState.CANCELLED:
        cancel_unpaid_bookings(session, order_id=order_id, now=now)
    else:
        expire_bookings(session, order_id=order_id, now=now)


def cancel_order(market: Market, actor: Actor, *, order_id: str, reason: str | None = None) -> None:
    """The buyer gives up an order before paying. Its payment must be closed at the provider before.

    Refuses: NotSignedIn; NotFound, also for somebody else's; IllegalTransition once it was paid.
    """
    with market.transaction() as session:
        own_order(session, actor, order_id)
        who = actor.account_id or SYSTEM
        end_unpaid(session, order_id, OrderState.CANCELLED, actor=who, now=market.now(), reason=reason)


def own_order(session: Session, actor: Actor, order_id: str) -> CustomerOrder:
    """Step: an order of the actor's own. Refuses: NotSignedIn; NotFound, also for somebody else's."""
    mine = reach(actor, Permission.ORDER_PLACE)
    order = session.exec(select(CustomerOrder).where(CustomerOrder.id == order_id)).first()
    if order is None or not mine.covers(owner_id=order.account_id):
        raise NotFound(field="order")
    return order


def due_orders(session: Session, now: datetime, *, limit: int = 100) -> list[str]:
    """Step: the orders whose time to pay is over, the longest due first."""
    return list(
        session.exec(
            select(CustomerOrder.id)
            .where(CustomerOrder.state == OrderState.PENDING_PAYMENT, CustomerOrder.pay_by <= now)
            .order_by(col(CustomerOrder.pay_by), col(CustomerOrder.id))
            .limit(limit)
        ).all()
    )
