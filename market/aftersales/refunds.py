"""Step: money goes back for lines of an order. Everything that a refund touches is moved here, in one transaction: the
lines, the ledger, vouchers' budgets, and the payment that is to be sent back."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.aftersales.reckon import LineRefund, SoldDiscount, SoldLine
from market.checkout.paid import voucher_account
from market.checkout.till import CLEARING
from market.kernel.errors import NotFound
from market.ledger.post import post
from market.ledger.rules import AccountKey, AccountKind, Entry, TxnKind
from market.orders.create import add_event
from market.orders.moves import add_delivery_refunded, add_refunded
from market.orders.tables import LineDiscount, OrderLine, SellerOrder
from market.payments.refunds import paid_payment, request_refund
from market.payments.rules import RefundReason
from market.vouchers.rules import Funder
from market.vouchers.uses import give_back

_DISCOUNTS = SQLModel.metadata.tables[str(LineDiscount.__tablename__)]
_LINES = SQLModel.metadata.tables[str(OrderLine.__tablename__)]


def sold_lines(session: Session, line_ids: Sequence[str]) -> dict[str, SoldLine]:
    """Step: lines as they were sold and what has gone back, their rows taken in id order until the transaction ends."""
    rows = session.exec(
        select(OrderLine).where(col(OrderLine.id).in_(line_ids)).order_by(col(OrderLine.id)).with_for_update()
    ).all()
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

    `reference` names what asked for it: asking again with it changes nothing more.
    Refuses: NotFound; MoreThanLeft beyond what was paid; RefundTooLarge.
    Guards: conditional updates of lines, seller order, order and payment; the ledger balances.
    """
    part = session.exec(select(SellerOrder).where(SellerOrder.id == seller_order_id)).first()
    if part is None:
        raise NotFound(field="sellerOrder")
    for each in sorted(refunds, key=lambda refund: refund.line_id):
        _take(session, part.order_id, each)
    if delivery_fen:
        add_delivery_refunded(session, seller_order_id, delivery_fen)
    paid_back = sum(each.amount_fen for each in refunds) + delivery_fen
    refund_id = _send(session, part.order_id, paid_back, reason=reason, reference=reference, now=now)
    entries = refund_entries(part, refunds, delivery_fen)
    if entries:
        post(session, TxnKind.REFUND, reference=f"{seller_order_id}/{reference}"[:64], entries=entries, at=now)
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
