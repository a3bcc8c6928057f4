"""What is done with providers, step by step: written down here, asked there, written down what came of it. Async, and
no transaction is open while a provider is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from market.kernel.errors import Unavailable
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.payments.errors import AlreadyPaid, GatewayUnavailable, MethodNotOffered
from market.payments.intents import (
    LivePayment,
    Opened,
    Paid,
    live_payments,
    open_payment,
    record_action,
    record_trade,
    waiting_payments,
)
from market.payments.port import Gateway, PayAction, RefundAnswerState, Trade, TradeState
from market.payments.refunds import Refunded, due_refunds, record_failure, record_refund
from market.payments.rules import GATEWAY_OF, PayMethod

ASK_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Till:
    """The gateways there are, and what happens to orders when money comes or has gone back."""

    gateways: Mapping[str, Gateway]
    paid: Paid
    refunded: Refunded

    @property
    def methods(self) -> list[PayMethod]:
        """How orders can be paid here."""
        return [method for method, gateway in GATEWAY_OF.items() if gateway in self.gateways]

    def gateway(self, name: str) -> Gateway:
        """A gateway by name, or refuses with GatewayUnavailable: it is not set up here."""
        found = self.gateways.get(name)
        if found is None:
            raise GatewayUnavailable
        return found


@dataclass(frozen=True, slots=True)
class Started:
    """A payment that its buyer can make now."""

    payment_id: str
    action: PayAction


async def start_payment(
    till: Till,
    market: Market,
    actor: Actor,
    *,
    order_id: str,
    method: PayMethod,
    payer: str | None = None,
    client: str = "",
) -> Started:
    """Let a buyer pay an order: what their client is to do. Asked again, the same payment; by another method, or when its
    time is over and the order has got more, the one before is closed first.

    Refuses: MethodNotOffered, before anything is written down: a payment of a gateway that is not there could never be
    closed; NotSignedIn; NotFound; NotPayable; PaymentWindowOver; AlreadyPaid; GatewayUnavailable: then the payment is
    written down, and may be tried again.
    """
    if method not in till.methods:
        raise MethodNotOffered
    opened = await _open(till, market, actor, order_id=order_id, method=method, payer=payer, client=client)
    if opened.action is not None:
        return Started(opened.payment_id, opened.action)
    gateway = till.gateway(GATEWAY_OF[opened.intent.method])
    action = await gateway.create(opened.intent)
    await market.run(record_action, market, opened.payment_id, action)
    return Started(opened.payment_id, action)


async def _open(
    till: Till, market: Market, actor: Actor, *, order_id: str, method: PayMethod, payer: str | None, client: str
) -> Opened:
    opened = await market.run(open_payment, market, actor, order_id=order_id, method=method, payer=payer, client=client)
    if opened.intent.method is method and market.now() < opened.intent.expires_at:
        return opened
    if not await close_payments(till, market, order_id):
        raise AlreadyPaid
    return await market.run(open_payment, market, actor, order_id=order_id, method=method, payer=payer, client=client)


async def close_payments(till: Till, market: Market, order_id: str) -> bool:
    """Close at their providers all payments of an order that may still bring money; False when one of them had: it is
    paid now. Refuses with GatewayUnavailable when a provider cannot be asked: nothing may be let go then."""
    for payment in await market.look(_live, market, order_id):
        trade = await till.gateway(payment.gateway).close(payment.out_trade_no)
        await market.run(record_trade, market, till.paid, payment.gateway, trade)
        if trade.state is TradeState.PAID:
            return False
    return True


async def reconcile(till: Till, market: Market, *, limit: int = 50) -> int:
    """The worker's: ask providers about payments of which nothing was heard for two minutes; says how many it asked.

    One that cannot be asked now is left for the next time.
    """
    waiting = await market.look(_waiting, market, limit)
    for payment in waiting:
        try:
            trade = await till.gateway(payment.gateway).query(payment.out_trade_no)
        except Unavailable:
            continue
        await market.run(record_trade, market, till.paid, payment.gateway, trade)
    return len(waiting)


async def send_refunds(till: Till, market: Market, *, limit: int = 20) -> int:
    """The worker's: send what is asked back, and ask about what is on its way; says how many."""
    due = await market.run(due_refunds, market, limit=limit)
    for refund in due:
        try:
            gateway = till.gateway(refund.gateway)
            answer = await (
                gateway.query_refund(refund.intent.out_refund_no) if refund.was_sent else gateway.refund(refund.intent)
            )
            if answer.state is RefundAnswerState.UNKNOWN:  # it never arrived: the same number once more
                answer = await gateway.refund(refund.intent)
        except Unavailable as error:
            await market.run(record_failure, market, refund.id, type(error).__name__)
            continue
        await market.run(record_refund, market, till.refunded, refund.gateway, answer)
    return len(due)


async def take_trade(till: Till, market: Market, gateway: str, trade: Trade, *, notice: tuple[str, str]) -> str:
    """A provider's notice of a trade, verified: see `record_trade`."""
    return await market.run(record_trade, market, till.paid, gateway, trade, notice=notice)


def _live(market: Market, order_id: str) -> list[LivePayment]:
    with market.read() as session:
        return live_payments(session, order_id)


def _waiting(market: Market, limit: int) -> list[LivePayment]:
    with market.read() as session:
        return waiting_payments(session, market.now() - ASK_AFTER, limit=limit)
