"""What happens to orders when money comes or has gone back: what payments calls, and the flows that need both."""

from sqlmodel import Session

from market.checkout.end import cancel_order, due_orders, end_unpaid, own_order
from market.checkout.paid import SYSTEM, PaidOutcome, Received, settle_paid
from market.kernel.errors import IllegalTransition, Unavailable
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.ledger.post import post
from market.ledger.rules import AccountKey, AccountKind, Entry, TxnKind
from market.orders.rules import OrderState
from market.payments.errors import AlreadyPaid
from market.payments.flow import Till, close_payments
from market.payments.refunds import request_refund
from market.payments.rules import RefundReason
from market.payments.tables import Payment, Refund

CLEARING = AccountKey(AccountKind.REFUND_CLEARING)
"""What is on its way back to buyers."""


def on_paid(session: Session, market: Market, payment: Payment) -> PaidOutcome:
    """Step: a payment succeeded. When its order cannot be had any more, all of it goes back at once."""
    received = Received(payment.order_id, payment.id, payment.gateway, payment.amount_fen)
    outcome = settle_paid(session, market, received)
    if outcome is PaidOutcome.OWED_BACK:
        now = market.now()
        refund_id = request_refund(
            session,
            payment_id=payment.id,
            amount_fen=payment.amount_fen,
            reason=RefundReason.LATE_MONEY,
            reference=payment.id,
            now=now,
        )
        owed = AccountKey(AccountKind.LATE_MONEY, payment.order_id)
        entries = [Entry(owed, payment.amount_fen), Entry(CLEARING, -payment.amount_fen)]
        post(session, TxnKind.LATE_REFUND, reference=refund_id, entries=entries, at=now)
    return outcome


def on_refunded(session: Session, market: Market, refund: Refund) -> None:
    """Step: a refund has reached the buyer: it is no longer on its way, and the provider has less."""
    payment = session.get(Payment, refund.payment_id)
    assert payment is not None, "a refund is of a payment"
    provider = AccountKey(AccountKind.PROVIDER, payment.gateway)
    entries = [Entry(CLEARING, refund.amount_fen), Entry(provider, -refund.amount_fen)]
    post(session, TxnKind.REFUND_PAID, reference=refund.id, entries=entries, at=market.now())


async def give_up_order(till: Till, market: Market, actor: Actor, *, order_id: str, reason: str | None = None) -> None:
    """The buyer gives up an order: its payment is closed at the provider first, then what it holds is let go.

    Refuses: as `cancel_order`; AlreadyPaid when the money had come; GatewayUnavailable: nothing is let go then.
    """
    await market.run(require_own, market, actor, order_id)
    if not await close_payments(till, market, order_id):
        raise AlreadyPaid
    await market.run(cancel_order, market, actor, order_id=order_id, reason=reason)


async def expire_orders(till: Till, market: Market, *, limit: int = 100) -> int:
    """The worker's: end the orders whose time to pay is over, each after its payment is closed at the provider; says
    how many ended. One whose provider cannot be asked now keeps what it holds until it can."""
    ended = 0
    for order_id in await market.look(_due, market, limit):
        try:
            if await close_payments(till, market, order_id):
                await market.run(_expire, market, order_id)
                ended += 1
        except (Unavailable, IllegalTransition):
            continue  # asked again next time; or paid meanwhile
    return ended


def require_own(market: Market, actor: Actor, order_id: str) -> None:
    """Refuse, as `cancel_order` does, an order that the actor may not give up: before its provider is asked."""
    with market.read() as session:
        own_order(session, actor, order_id)


def _expire(market: Market, order_id: str) -> None:
    with market.transaction() as session:
        end_unpaid(session, order_id, OrderState.EXPIRED, actor=SYSTEM, now=market.now())


def _due(market: Market, limit: int) -> list[str]:
    with market.read() as session:
        return due_orders(session, market.now(), limit=limit)
