"""Step: money goes back for lines of an order. Everything that a refund touches is moved here, in one transaction: the
lines, the ledger, vouchers' budgets, and the payment that is to be sent back."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.aftersales.reckon import LineRefund, SoldDiscount, SoldLine
from market.checkout.paid import voucher_account
from market.checkout.till import CLEARING
from market.fulfilment.parts import move_on
from market.kernel import outbox
from market.kernel.errors import NotFound
from market.ledger.rules import AccountKey, AccountKind, Entry, TxnKind
from market.ledger.sales.post import post_sales
from market.ledger.tables import LedgerTxn
from market.orders.create import add_event
from market.orders.errors import MoreThanLeft
from market.orders.moves import add_delivery_refunded, add_refunded, move_order, move_seller_order
from market.orders.rules import OrderState, SellerOrderState
from market.orders.sales import Returned, lines_returned
from market.orders.tables import CustomerOrder, LineDiscount, OrderLine, SellerOrder
from market.payments.refunds import paid_payment, request_refund
from market.payments.rules import RefundReason
from market.payments.tables import Refund
from market.vouchers.rules import Funder
from market.vouchers.uses import give_back

_DISCOUNTS = SQLModel.metadata.tables[str(LineDiscount.__tablename__)]
_LINES = SQLModel.metadata.tables[str(OrderLine.__tablename__)]


def sold_lines(session: Session, line_ids: Sequence[str], *, is_locked: bool = True) -> dict[str, SoldLine]:
    """Step: lines as they were sold and what has gone back, their rows taken in id order until the transaction ends
    (`is_locked`; else only looked at)."""
    asked = select(OrderLine).where(col(OrderLine.id).in_(line_ids)).order_by(col(OrderLine.id))
    if is_locked:  # as they are once they are this transaction's
        asked = asked.with_for_update(key_share=True).execution_options(populate_existing=True)
    rows = session.exec(asked).all()
    discounts: dict[str, list[SoldDiscount]] = {}
    for each in session.exec(
        select(LineDiscount).where(col(LineDiscount.line_id).in_(line_ids)).order_by(col(LineDiscount.campaign_id))
    ).all():
        made = SoldDiscount(each.campaign_id, Funder(each.funder), each.amount_fen, each.refunded_fen)
        discounts.setdefault(each.line_id, []).append(made)
    return {
        row.id: SoldLine(
            id=row.id,
            quantity=row.quantity,
            refunded_quantity=row.refunded_quantity,
            payable_fen=row.payable_fen,
            refunded_fen=row.refunded_fen,
            commission_fen=row.commission_fen,
            commission_refunded_fen=row.commission_refunded_fen,
            discounts=tuple(discounts.get(row.id, ())),
        )
        for row in rows
    }


def refund_lines(
    session: Session,
    seller_order_id: str,
    refunds: Sequence[LineRefund],
    *,
    delivery_fen: int = 0,
    reason: RefundReason,
    reference: str,
    actor: str,
    now: datetime,
) -> str | None:
    """Step: pay back these shares of a seller's lines, and so much of its delivery fee; the refund's id, None when no
    money goes back (all of it was vouchers').

    `reference` names what asked for it: asking again with it changes nothing more. When nothing of the part was handed
    over and no piece of it is left to the buyer, the rest of its delivery fee goes back too and the part is CANCELLED;
    an order is REFUNDED once all of it went back and no part of it goes on.
    Refuses: NotFound; MoreThanLeft beyond what was paid, of one that was not; RefundTooLarge.
    Guards: conditional updates of lines, seller order, order and payment; the ledger balances. Two at once wait for
    each other at the lines' rows (`sold_lines`), then at the part's.
    """
    part = session.exec(select(SellerOrder).where(SellerOrder.id == seller_order_id)).first()
    if part is None:
        raise NotFound(field="sellerOrder")
    if part.paid_at is None:
        raise MoreThanLeft(what="refund")
    posted_as = f"{seller_order_id}/{reference}"[:64]
    if _was_posted(session, posted_as):
        payment = paid_payment(session, part.order_id)
        return None if payment is None else _asked_before(session, payment.id, reference)
    for each in sorted(refunds, key=lambda refund: refund.line_id):
        _take(session, part.order_id, each)
    session.refresh(part)  # others may have changed it before its row was this transaction's
    is_undone = _is_undone(session, seller_order_id)
    if is_undone:
        delivery_fen = part.delivery_fen - part.delivery_refunded_fen
    if delivery_fen:
        add_delivery_refunded(session, seller_order_id, delivery_fen)
    paid_back = sum(each.amount_fen for each in refunds) + delivery_fen
    refund_id = _send(session, part.order_id, paid_back, reason=reason, reference=reference, now=now)
    entries = refund_entries(part, refunds, delivery_fen)
    back = lines_returned(session, part, [_returned(each) for each in refunds], delivery_fen=delivery_fen)
    post_sales(session, TxnKind.REFUND, reference=posted_as, entries=entries, lines=back, at=now)
    facts = {"fen": paid_back, "reason": reason, "lines": [each.line_id for each in refunds]}
    add_event(
        session,
        part.order_id,
        "seller_order.refunded",
        actor=actor,
        now=now,
        seller_order_id=seller_order_id,
        facts=facts,
    )
    _end(session, part, is_undone=is_undone, actor=actor, now=now)
    news = {"order": part.order_id, "sellerOrder": seller_order_id}
    outbox.publish(session, "order.refunded", aggregate=part.order_id, payload=news, now=now)
    return refund_id


def refund_entries(part: SellerOrder, refunds: Sequence[LineRefund], delivery_fen: int) -> list[Entry]:
    """How a refund is divided: the sale's division, turned around. What vouchers paid goes back to who funded them."""
    paid_back = sum(each.amount_fen for each in refunds) + delivery_fen
    commission = sum(each.commission_fen for each in refunds)
    entries = [Entry(CLEARING, -paid_back), Entry(AccountKey(AccountKind.COMMISSION), commission)]
    for each in refunds:
        entries += [
            Entry(voucher_account(funder, campaign), -fen)
            for campaign, funder, fen in each.vouchers
            if funder is not Funder.SELLER
        ]
    rest = -sum(entry.amount_fen for entry in entries)
    entries.append(Entry(AccountKey(AccountKind.SELLER_PENDING, part.settlement_party), rest))
    return entries if any(entry.amount_fen for entry in entries) else []


def _returned(refund: LineRefund) -> Returned:
    def of(funder: Funder) -> int:
        return sum(fen for _campaign, who, fen in refund.vouchers if who is funder)

    return Returned(
        line_id=refund.line_id,
        quantity=refund.quantity,
        amount_fen=refund.amount_fen,
        commission_fen=refund.commission_fen,
        platform_fen=of(Funder.PLATFORM),
        government_fen=of(Funder.GOVERNMENT),
    )


def _take(session: Session, order_id: str, refund: LineRefund) -> None:
    add_refunded(session, refund.line_id, quantity=refund.quantity, amount_fen=refund.amount_fen)
    session.execute(
        sa.update(_LINES)
        .where(_LINES.c.id == refund.line_id)
        .values(commission_refunded_fen=_LINES.c.commission_refunded_fen + refund.commission_fen)
    )
    for campaign_id, _funder, fen in refund.vouchers:
        session.execute(
            sa.update(_DISCOUNTS)
            .where(_DISCOUNTS.c.line_id == refund.line_id, _DISCOUNTS.c.campaign_id == campaign_id)
            .values(refunded_fen=_DISCOUNTS.c.refunded_fen + fen)
        )
        give_back(session, holder=order_id, campaign_id=campaign_id, amount_fen=fen)


def _send(
    session: Session, order_id: str, fen: int, *, reason: RefundReason, reference: str, now: datetime
) -> str | None:
    payment = paid_payment(session, order_id)
    if fen == 0 or payment is None:
        return None
    return request_refund(session, payment_id=payment.id, amount_fen=fen, reason=reason, reference=reference, now=now)


def _was_posted(session: Session, reference: str) -> bool:
    found = select(LedgerTxn.id).where(LedgerTxn.kind == TxnKind.REFUND, LedgerTxn.reference == reference)
    return session.exec(found).first() is not None


def _asked_before(session: Session, payment_id: str, reference: str) -> str | None:
    return session.exec(select(Refund.id).where(Refund.payment_id == payment_id, Refund.reference == reference)).first()


def _is_undone(session: Session, seller_order_id: str) -> bool:
    """Whether nothing of a part was handed over and all its pieces went back. Its row is this transaction's by now, so
    no other refund of it is halfway."""
    kept = sa.or_(_LINES.c.fulfilled_quantity > 0, _LINES.c.refunded_quantity < _LINES.c.quantity)
    left = sa.select(sa.exists().where(_LINES.c.seller_order_id == seller_order_id, kept))
    return not session.execute(left).scalar_one()


def _end(session: Session, part: SellerOrder, *, is_undone: bool, actor: str, now: datetime) -> None:
    """The states that follow from a refund."""
    if is_undone and SellerOrderState(part.state) is SellerOrderState.OPEN:
        move_seller_order(session, part.id, SellerOrderState.CANCELLED, actor=actor, now=now)
    elif SellerOrderState(part.state) is SellerOrderState.PARTLY_FULFILLED:  # what went back is not to be sent any more
        move_on(session, part, actor=actor, now=now)
    over = (SellerOrderState.CANCELLED, SellerOrderState.COMPLETED)
    going_on = sa.exists().where(col(SellerOrder.order_id) == part.order_id, col(SellerOrder.state).not_in(over))
    is_refunded = select(CustomerOrder.id).where(
        CustomerOrder.id == part.order_id,
        CustomerOrder.refunded_fen == CustomerOrder.payable_fen,
        col(CustomerOrder.state).in_([OrderState.PAID, OrderState.COMPLETED]),
        ~going_on,
    )
    if session.exec(is_refunded).first() is not None:
        move_order(session, part.order_id, OrderState.REFUNDED, actor=actor, now=now)
