"""Use cases of finance: money that no provider tells of. A bank transfer that came, a refund that was sent by hand, one
that failed and goes out again."""

from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.kernel import audit
from market.kernel.errors import IllegalTransition, Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.money import Money
from market.kernel.permissions import Actor, Permission, reach
from market.orders.tables import SellerOrder
from market.payments.errors import TransferDiffers
from market.payments.intents import Paid, apply_trade, new_number
from market.payments.port import Trade, TradeState
from market.payments.refunds import Refunded, end_refund
from market.payments.rules import PAYMENT_MOVES, REFUND_MOVES, PaymentState, PayMethod, RefundState
from market.payments.tables import Payment, Refund

REFERENCE_MAX = 64

_PARTS = SQLModel.metadata.tables[str(SellerOrder.__tablename__)]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A transfer as the bank's statement has it."""

    payment_id: str
    amount_fen: int
    bank_reference: str
    received_at: datetime | None = None
    """Now, when it is not said."""


def confirm_transfer(market: Market, actor: Actor, arrived: Arrived, *, paid: Paid, key: str) -> str:
    """A bank transfer has come: its order is paid; of one that was given up or has expired, as late money. The
    payment's id.

    Refuses: Forbidden; NotFound, also for a payment with a seller outside the actor's regions, or of another method;
    IllegalTransition when it was confirmed before; TransferDiffers for any other amount: nothing is written down then,
    the money goes back and comes anew; Invalid for a bank reference that another payment has; IdempotencyConflict.
    Once, by `key`. Guards: the payment's row, then its order's.
    """
    reach(actor, Permission.PAYMENT_CONFIRM)
    _reference(arrived.bank_reference)
    now = market.now()
    if arrived.received_at is not None and arrived.received_at > now:
        raise Invalid(field="receivedAt", allowed="not in the future", allowed_zh="不能晚于现在")
    try:
        with market.transaction() as session:
            asked = _key(actor, "payment.confirm", key, asdict(arrived))
            return once(
                session, asked, lambda: _confirm(session, market, actor, arrived, paid), now=now, dump=str, load=str
            )
    except sa.exc.IntegrityError as error:  # the one constraint it can meet: payment_provider_once
        raise _known_already() from error


def _confirm(session: Session, market: Market, actor: Actor, arrived: Arrived, paid: Paid) -> str:
    number, now = _reference(arrived.bank_reference), market.now()
    payment = session.exec(
        select(Payment)
        .where(Payment.id == arrived.payment_id, Payment.method == PayMethod.BANK_TRANSFER)
        .with_for_update(key_share=True)
    ).first()
    if payment is None or not _within(session, actor, payment.order_id):
        raise NotFound(field="payment")
    before = PaymentState(payment.state)
    if PaymentState.SUCCEEDED not in PAYMENT_MOVES[before]:
        allowed = tuple(sorted(PAYMENT_MOVES[before]))
        raise IllegalTransition(from_state=before, to_state=PaymentState.SUCCEEDED, allowed=allowed)
    if arrived.amount_fen != payment.amount_fen:
        raise TransferDiffers(amount=Money(payment.amount_fen).text())
    _require_unknown(session, payment.gateway, number)
    at = arrived.received_at or now
    trade = Trade(payment.out_trade_no, TradeState.PAID, number, payment.amount_fen, payment.currency, at)
    apply_trade(session, market, paid, payment, trade)
    after = {"state": payment.state, "fen": payment.amount_fen, "bankReference": number}
    audit.record(
        session, actor, action="payment.confirm", subject=payment.id, before={"state": before}, after=after, now=now
    )
    return payment.id


def confirm_refund(
    market: Market, actor: Actor, *, refund_id: str, bank_reference: str, refunded: Refunded, key: str
) -> str:
    """A refund was sent by hand and has reached the buyer: one of a bank transfer, or one that is ABNORMAL and was put
    right at its provider. Its id.

    Refuses: Forbidden; NotFound, also for one outside the actor's regions; Invalid for one whose provider will tell;
    IllegalTransition for one that is over; IdempotencyConflict. Once, by `key`. Guards: the refund's row.
    """
    reach(actor, Permission.PAYMENT_CONFIRM)
    number, now = _reference(bank_reference), market.now()
    with market.transaction() as session:

        def act() -> str:
            refund, payment = _refund(session, actor, refund_id)
            state = RefundState(refund.state)
            _require_move(state, RefundState.SUCCEEDED)
            if payment.method != PayMethod.BANK_TRANSFER and state is not RefundState.ABNORMAL:
                raise Invalid(
                    field="refundId",
                    allowed="a refund of a bank transfer, or one that is ABNORMAL: of others the provider tells",
                    allowed_zh="银行转账的退款，或状态为 ABNORMAL 的退款；其他退款由支付渠道告知结果",
                )
            refund.provider_id = number
            end_refund(session, market, refunded, refund, RefundState.SUCCEEDED)
            _record(session, actor, "refund.confirm", refund, before=state, now=now)
            return refund.payment_id

        asked = _key(actor, "refund.confirm", key, {"refund": refund_id, "reference": number})
        return once(session, asked, act, now=now, dump=str, load=str)


def retry_refund(market: Market, actor: Actor, *, refund_id: str, key: str) -> str:
    """Send a refund again that its provider refused (FAILED), under a new number: the old one is closed there.
    The payment's id.

    Refuses: Forbidden; NotFound, also for one outside the actor's regions; IllegalTransition in any other state: an
    ABNORMAL one is put right at the provider, then confirmed; IdempotencyConflict. Once, by `key`.
    """
    reach(actor, Permission.PAYMENT_CONFIRM)
    now = market.now()
    with market.transaction() as session:

        def act() -> str:
            refund, _payment = _refund(session, actor, refund_id)
            state = RefundState(refund.state)
            if state is RefundState.ABNORMAL:  # a second refund beside one that is stuck could pay twice
                allowed: tuple[str, ...] = (RefundState.SUCCEEDED,)
                raise IllegalTransition(from_state=state, to_state=RefundState.REQUESTED, allowed=allowed)
            _require_move(state, RefundState.REQUESTED)
            refund.state, refund.out_refund_no = RefundState.REQUESTED, new_number()
            refund.next_at, refund.attempts, refund.ended_at = now, 0, None
            session.flush()
            _record(session, actor, "refund.retry", refund, before=state, now=now)
            return refund.payment_id

        return once(session, _key(actor, "refund.retry", key, refund_id), act, now=now, dump=str, load=str)


def _refund(session: Session, actor: Actor, refund_id: str) -> tuple[Refund, Payment]:
    found = session.exec(
        select(Refund, Payment)
        .join(Payment, col(Payment.id) == col(Refund.payment_id))
        .where(Refund.id == refund_id)
        .with_for_update(of=Refund)
    ).first()
    if found is None or not _within(session, actor, found[1].order_id):
        raise NotFound(field="refund")
    return found[0], found[1]


def _within(session: Session, actor: Actor, order_id: str) -> bool:
    """Whether all sellers of an order lie where the actor's word counts: one payment pays them all."""
    mine = reach(actor, Permission.PAYMENT_CONFIRM)
    codes = session.execute(sa.select(_PARTS.c.region_code).where(_PARTS.c.order_id == order_id)).scalars()
    return all(mine.covers(region_code=code) for code in codes)


def _require_move(state: RefundState, to: RefundState) -> None:
    allowed = REFUND_MOVES[state]
    if to not in allowed:
        raise IllegalTransition(from_state=state, to_state=to, allowed=tuple(sorted(allowed)))


def _require_unknown(session: Session, gateway: str, number: str) -> None:
    """One line of the bank's statement pays one order; the unique index of provider numbers is beneath."""
    taken = select(Payment.id).where(Payment.gateway == gateway, Payment.provider_id == number)
    if session.exec(taken).first() is not None:
        raise _known_already()


def _known_already() -> Invalid:
    return Invalid(
        field="bankReference",
        allowed="the number of a transfer that confirmed no other payment",
        allowed_zh="该流水号已用于确认另一笔付款，请核对后填写",
    )


def _record(session: Session, actor: Actor, action: str, refund: Refund, *, before: RefundState, now: datetime) -> None:
    after = {"state": refund.state, "fen": refund.amount_fen}
    audit.record(session, actor, action=action, subject=refund.id, before={"state": before}, after=after, now=now)


def _reference(text: str) -> str:
    found = text.strip()
    if not 0 < len(found) <= REFERENCE_MAX:
        raise Invalid(
            field="bankReference",
            allowed=f"the bank's number of it, 1 to {REFERENCE_MAX} characters",
            allowed_zh=f"银行流水号，1 到 {REFERENCE_MAX} 个字符",
        )
    return found


def _key(actor: Actor, operation: str, key: str, asked: object) -> IdempotencyKey:
    return IdempotencyKey.of(actor=actor.account_id or actor.kind.value, operation=operation, key=key, asked=asked)
