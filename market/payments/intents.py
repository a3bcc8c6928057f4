"""Use cases around a payment's life here: written down before the provider is asked, and after it has answered."""

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel, col, select

from market.kernel.errors import NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.orders.rules import OrderState
from market.orders.tables import CustomerOrder
from market.payments.errors import NotPayable, PaymentWindowOver
from market.payments.port import Intent, PayAction, Trade, TradeState
from market.payments.rules import GATEWAY_OF, LIVE, PAYMENT_MOVES, PaymentState, PayMethod
from market.payments.tables import Payment, ProviderNotice

_LETTERS = string.ascii_letters + string.digits
NUMBER_LENGTH = 32

_NOTICES = SQLModel.metadata.tables[str(ProviderNotice.__tablename__)]
_ADD_NOTICE = insert(_NOTICES).on_conflict_do_nothing().returning(_NOTICES.c.notice_id)

Paid = Callable[[Session, Market, Payment], Any]
"""What happens to the order when its payment has come, in the same transaction: checkout's `settle_paid`."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A payment as it is, and what the provider is to be asked."""

    payment_id: str
    intent: Intent
    action: PayAction | None
    """What the provider answered before, when this is asked again."""


@dataclass(frozen=True, slots=True)
class LivePayment:
    """A payment that may still bring money."""

    id: str
    order_id: str
    gateway: str
    method: PayMethod
    out_trade_no: str


def open_payment(
    market: Market, actor: Actor, *, order_id: str, method: PayMethod, payer: str | None = None, client: str = ""
) -> Opened:
    """Write down a try to pay, before the provider hears of it; or the one that is there, when it is by this method.

    Refuses: NotSignedIn; NotFound, also for somebody else's order; NotPayable; PaymentWindowOver. A live payment by
    another method must be closed at its provider first: `live_payments` names it.
    Guards: the order has one live payment; a second one meets the unique index.
    """
    mine = reach(actor, Permission.ORDER_PLACE)
    now = market.now()
    with market.transaction() as session:
        order = session.exec(
            select(CustomerOrder).where(CustomerOrder.id == order_id).with_for_update(key_share=True)
        ).first()
        if order is None or not mine.covers(owner_id=order.account_id):
            raise NotFound(field="order")
        if order.state != OrderState.PENDING_PAYMENT:
            raise NotPayable(state=order.state)
        if now >= order.pay_by:
            raise PaymentWindowOver
        payment = session.exec(
            select(Payment).where(Payment.order_id == order_id, col(Payment.state).in_(LIVE))
        ).first()
        if payment is None:
            payment = Payment(
                id=market.new_id("pay"),
                order_id=order_id,
                gateway=GATEWAY_OF[method],
                method=method,
                amount_fen=order.payable_fen,
                out_trade_no=new_number(),
                created_at=now,
                expires_at=order.pay_by,
                asked_at=now,
            )
            session.add(payment)
            session.flush()
        intent = Intent(
            payment_id=payment.id,
            order_number=order.number,
            method=payment.method,
            amount_fen=payment.amount_fen,
            currency=payment.currency,
            out_trade_no=payment.out_trade_no,
            description=f"订单 {order.number}",
            expires_at=payment.expires_at,
            payer=payer,
            client=client,
        )
        action = PayAction(**payment.action) if payment.action else None
        return Opened(payment.id, intent, action)


def live_payments(session: Session, order_id: str) -> list[LivePayment]:
    """Step: the payments of an order that may still bring money."""
    rows = session.exec(select(Payment).where(Payment.order_id == order_id, col(Payment.state).in_(LIVE))).all()
    return [LivePayment(row.id, row.order_id, row.gateway, row.method, row.out_trade_no) for row in rows]


def waiting_payments(session: Session, before: datetime, *, limit: int = 50) -> list[LivePayment]:
    """Step: payments that the provider was not asked about since, longest first: notices may never come."""
    rows = session.exec(
        select(Payment)
        .where(col(Payment.state).in_(LIVE), Payment.asked_at <= before)
        .order_by(col(Payment.asked_at), col(Payment.id))
        .limit(limit)
    ).all()
    return [LivePayment(row.id, row.order_id, row.gateway, row.method, row.out_trade_no) for row in rows]


def amount_waiting(market: Market, out_trade_no: str) -> tuple[int, str] | None:
    """What a payment that may still bring money is to bring, by our number of it: fen, currency."""
    with market.read() as session:
        row = session.exec(
            select(Payment).where(Payment.out_trade_no == out_trade_no, col(Payment.state).in_(LIVE))
        ).first()
        return None if row is None else (row.amount_fen, row.currency)


def record_action(market: Market, payment_id: str, action: PayAction) -> None:
    """The provider knows of it: what the buyer's client is to do. Once: a payment that has ended since stays so."""
    with market.transaction() as session:
        session.execute(
            sa.update(Payment)
            .where(col(Payment.id) == payment_id, col(Payment.state) == PaymentState.CREATED)
            .values(
                state=PaymentState.PENDING,
                action={"kind": action.kind, "params": action.params},
                asked_at=market.now(),
            )
        )


def record_trade(
    market: Market, paid: Paid, gateway: str, trade: Trade, *, notice: tuple[str, str] | None = None
) -> str:
    """What the provider says of a trade, told by a notice (its id, its event) or asked for; what became of it here.

    Paid, in the amount asked for: the payment SUCCEEDED, and with it the order, in this transaction. Another amount or
    currency, or a second number for one payment: NEEDS_REVIEW, the order untouched. Closed: CLOSED.
    Once: a notice counts the first time; saying the same again changes nothing; CLOSED after SUCCEEDED changes nothing.
    Guards: the notice's primary key, then the payment's row.
    """
    now = market.now()
    with market.transaction() as session:
        if notice is not None and not _is_new(session, gateway, notice, now):
            return "REPEATED"
        payment = session.exec(
            select(Payment)
            .where(Payment.out_trade_no == trade.out_trade_no, Payment.gateway == gateway)
            .with_for_update(key_share=True)
        ).first()
        outcome = "UNKNOWN" if payment is None else apply_trade(session, market, paid, payment, trade)
        if notice is not None:
            session.execute(
                sa.update(ProviderNotice)
                .where(col(ProviderNotice.source) == gateway, col(ProviderNotice.notice_id) == notice[0])
                .values(outcome=outcome)
            )
        return outcome


def _is_new(session: Session, gateway: str, notice: tuple[str, str], now: datetime) -> bool:
    notice_id, event = notice
    row = {"source": gateway, "notice_id": notice_id, "event": event, "outcome": "", "received_at": now}
    return session.execute(_ADD_NOTICE, row).one_or_none() is not None


def apply_trade(session: Session, market: Market, paid: Paid, payment: Payment, trade: Trade) -> str:
    """Step: what a trade means for its payment, whose row the caller has locked: see `record_trade`."""
    payment.asked_at = market.now()
    match trade.state:
        case TradeState.PAID:
            return _succeed(session, market, paid, payment, trade)
        case TradeState.CLOSED if payment.state in LIVE:
            payment.state, payment.ended_at = PaymentState.CLOSED, market.now()
    session.flush()
    return payment.state


def _succeed(session: Session, market: Market, paid: Paid, payment: Payment, trade: Trade) -> str:
    is_same = trade.amount_fen == payment.amount_fen and trade.currency == payment.currency
    if payment.state == PaymentState.SUCCEEDED:
        # The same payment may be told under a new notice; another number for it would be other money.
        return payment.state if trade.provider_id == payment.provider_id else "OTHER_MONEY"
    if PaymentState.SUCCEEDED not in PAYMENT_MOVES[PaymentState(payment.state)]:
        return payment.state
    payment.provider_id, payment.paid_at = trade.provider_id, trade.paid_at or market.now()
    payment.ended_at = market.now()
    if not is_same:
        payment.state, payment.review = PaymentState.NEEDS_REVIEW, "AMOUNT"
        session.flush()
        return payment.state
    payment.state = PaymentState.SUCCEEDED
    session.flush()
    paid(session, market, payment)
    return payment.state


def new_number() -> str:
    """Our number for a trade or refund at a provider: 32 random letters and digits (WeChat: 6 to 32 of them)."""
    return "".join(secrets.choice(_LETTERS) for _ in range(NUMBER_LENGTH))
