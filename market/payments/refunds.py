"""Money back: asked for inside the transaction that decides it, sent afterwards, asked about until it has ended."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.kernel.errors import NotFound
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.payments.errors import RefundTooLarge
from market.payments.intents import new_number
from market.payments.port import RefundAnswer, RefundAnswerState, RefundIntent
from market.payments.rules import REFUND_MOVES, PaymentState, RefundReason, RefundState
from market.payments.tables import Payment, Refund

AGAIN = (60, 300, 900, 3_600, 6 * 3_600, 24 * 3_600)
"""Seconds until a refund is sent or asked about again; the last one from then on (WeChat: a minute between tries)."""

Refunded = Callable[[Session, Market, Refund], Any]
"""What happens when a refund has reached the buyer, in the same transaction."""

_STATES = {
    RefundAnswerState.PROCESSING: RefundState.PROCESSING,
    RefundAnswerState.SUCCEEDED: RefundState.SUCCEEDED,
    RefundAnswerState.CLOSED: RefundState.FAILED,
    RefundAnswerState.ABNORMAL: RefundState.ABNORMAL,
}


@dataclass(frozen=True, slots=True)
class DueRefund:
    """A refund to send, or to ask about."""

    id: str
    gateway: str
    intent: RefundIntent
    was_sent: bool


def paid_payment(session: Session, order_id: str) -> Payment | None:
    """Step: the payment that paid an order, its first that succeeded; None for one that cost nothing."""
    return session.exec(
        select(Payment)
        .where(Payment.order_id == order_id, Payment.state == PaymentState.SUCCEEDED)
        .order_by(col(Payment.paid_at), col(Payment.id))
    ).first()


def request_refund(
    session: Session, *, payment_id: str, amount_fen: int, reason: RefundReason, reference: str, now: datetime
) -> str:
    """Step: ask for money back; the refund's id. It is sent after the transaction.

    Refuses: NotFound for a payment that did not succeed; RefundTooLarge beyond what is left of it.
    Once, by payment and reference: asking again gives the same refund.
    Guards: one conditional update of the payment, and its CHECK.
    """
    before = session.exec(
        select(Refund.id).where(Refund.payment_id == payment_id, Refund.reference == reference)
    ).first()
    if before is not None:
        return before
    payment = session.exec(select(Payment).where(Payment.id == payment_id).with_for_update(key_share=True)).first()
    if payment is None or payment.state != PaymentState.SUCCEEDED:
        raise NotFound(field="payment")
    taken = session.execute(
        sa.update(Payment)
        .where(col(Payment.id) == payment_id, col(Payment.refunded_fen) + amount_fen <= col(Payment.amount_fen))
        .values(refunded_fen=col(Payment.refunded_fen) + amount_fen)
    )
    if taken.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        raise RefundTooLarge(left_fen=payment.amount_fen - payment.refunded_fen)
    refund = Refund(
        id=new_id("rfd"),
        payment_id=payment_id,
        order_id=payment.order_id,
        amount_fen=amount_fen,
        reason=reason,
        reference=reference,
        out_refund_no=new_number(),
        next_at=now,
        requested_at=now,
    )
    session.add(refund)
    session.flush()
    return refund.id


def due_refunds(market: Market, *, limit: int = 20) -> list[DueRefund]:
    """The worker's: take refunds to send or to ask about. Each is left to this worker for a minute."""
    now = market.now()
    with market.transaction() as session:
        rows = session.exec(
            select(Refund, Payment)
            .join(Payment, col(Payment.id) == col(Refund.payment_id))
            .where(col(Refund.state).in_([RefundState.REQUESTED, RefundState.PROCESSING]), Refund.next_at <= now)
            .order_by(col(Refund.next_at), col(Refund.id))
            .limit(limit)
            .with_for_update(skip_locked=True, of=Refund)
        ).all()
        found = []
        for refund, payment in rows:
            wait = AGAIN[min(refund.attempts, len(AGAIN) - 1)]
            refund.attempts += 1
            refund.next_at = now + timedelta(seconds=wait)
            intent = RefundIntent(
                out_trade_no=payment.out_trade_no,
                provider_id=payment.provider_id,
                out_refund_no=refund.out_refund_no,
                amount_fen=refund.amount_fen,
                total_fen=payment.amount_fen,
                currency=payment.currency,
                reason=refund.reason,
            )
            found.append(DueRefund(refund.id, payment.gateway, intent, refund.state == RefundState.PROCESSING))
        return found


def record_refund(market: Market, refunded: Refunded, gateway: str, answer: RefundAnswer) -> str:
    """What the provider says of a refund; its state here. FAILED and ABNORMAL wait for finance: the buyer is still owed
    it, so it stays taken off what is left of the payment.

    Once: what has ended stays so. Guards: the refund's row.
    """
    with market.transaction() as session:
        refund = session.exec(
            select(Refund)
            .join(Payment, col(Payment.id) == col(Refund.payment_id))
            .where(Refund.out_refund_no == answer.out_refund_no, Payment.gateway == gateway)
            .with_for_update(of=Refund)
        ).first()
        if refund is None:
            return "UNKNOWN"
        to = _STATES.get(answer.state)
        if to is None or to not in REFUND_MOVES[RefundState(refund.state)]:
            return refund.state
        if answer.amount_fen is not None and answer.amount_fen != refund.amount_fen:
            to = RefundState.ABNORMAL
        refund.provider_id = answer.provider_id or refund.provider_id
        end_refund(session, market, refunded, refund, to)
        return refund.state


def end_refund(session: Session, market: Market, refunded: Refunded, refund: Refund, to: RefundState) -> None:
    """Step: a refund goes to a state that its moves have, its row locked by the caller."""
    refund.state = to
    if to is not RefundState.PROCESSING:
        refund.ended_at = market.now()
    session.flush()
    if to is RefundState.SUCCEEDED:
        refunded(session, market, refund)


def record_failure(market: Market, refund_id: str, error: str) -> None:
    """Sending failed: what the provider said, for whoever looks. It is tried again at its time."""
    with market.transaction() as session:
        session.execute(sa.update(Refund).where(col(Refund.id) == refund_id).values(last_error=error[:200]))
