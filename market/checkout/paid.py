"""Steps: money has come. In time, what was held becomes the buyer's; late, everything is had again or the money is owed
back. Never "paid, no order", never sold twice."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.bookings.steps import confirm_bookings
from market.kernel import outbox
from market.kernel.errors import Conflict, NotFound
from market.kernel.market import Market
from market.ledger.post import post
from market.ledger.rules import AccountKey, AccountKind, Entry, TxnKind
from market.ledger.sales.post import post_sales
from market.orders.moves import move_order, move_seller_orders
from market.orders.rules import LineKind, OrderState, SellerOrderState
from market.orders.sales import lines_sold
from market.orders.tables import CustomerOrder, LineDiscount, OrderLine, SellerOrder
from market.sessions.holds.steps import hold_seats, release_seats
from market.stock.holds import extend_step, hold_step, release_step
from market.vouchers.rules import Funder
from market.vouchers.uses import Use, confirm_uses, hold_uses, release_uses

_ORDERS = SQLModel.metadata.tables[str(CustomerOrder.__tablename__)]
_SOON = timedelta(minutes=10)
FREE = "FREE"
"""The provider of orders that cost nothing."""
SYSTEM = "SYSTEM"


class PaidOutcome(StrEnum):
    """What became of money that came."""

    PAID = "PAID"
    OWED_BACK = "OWED_BACK"


@dataclass(frozen=True, slots=True)
class Received:
    """Money that a provider has, for an order."""

    order_id: str
    payment_id: str
    gateway: str
    amount_fen: int


def settle_paid(session: Session, market: Market, received: Received) -> PaidOutcome:
    """Step: an order's money has come, the amount that was asked for.

    In time: what is held is the buyer's for good. Late (expired, cancelled, or its holds gone): everything is taken
    anew, all or nothing. When something cannot be had any more, or the order was paid already, the money is owed back
    in full (LATE_MONEY), and the caller sends it.
    Refuses: NotFound. Once, by payment: the ledger knows its reference.
    Guards: the order's row is locked first, so that one payment settles it.
    """
    now = market.now()
    state = session.execute(
        sa.select(_ORDERS.c.state).where(_ORDERS.c.id == received.order_id).with_for_update(key_share=True)
    ).scalar_one_or_none()
    if state is None:
        raise NotFound(field="order")
    if state in {OrderState.PENDING_PAYMENT, OrderState.CANCELLED, OrderState.EXPIRED} and _secure(
        session, received.order_id, is_late=state != OrderState.PENDING_PAYMENT, now=now
    ):
        _sell(session, received, now)
        return PaidOutcome.PAID
    owed = AccountKey(AccountKind.LATE_MONEY, received.order_id)
    post(
        session,
        TxnKind.LATE_PAYMENT,
        reference=received.payment_id,
        entries=[Entry(_provider(received.gateway), received.amount_fen), Entry(owed, -received.amount_fen)],
        at=now,
    )
    return PaidOutcome.OWED_BACK


def settle_free(session: Session, market: Market, *, order_id: str) -> None:
    """Step: an order that costs nothing is paid as soon as it is placed."""
    settle_paid(session, market, Received(order_id, order_id, FREE, 0))


def _secure(session: Session, order_id: str, *, is_late: bool, now: datetime) -> bool:
    """Make what the order holds its own for good, taking anew what it no longer holds; False when that cannot be."""
    try:
        with session.begin_nested():  # what was taken is given back when the rest cannot be had
            if is_late:
                _take_again(session, order_id, now)
            _keep(session, order_id, now)
    except Conflict:
        if is_late:
            return False
    else:
        return True
    try:  # in time, but its holds had ended: the worker was slow, or the clock was put on
        with session.begin_nested():
            _take_again(session, order_id, now)
            _keep(session, order_id, now)
    except Conflict:
        return False
    return True


def _take_again(session: Session, order_id: str, now: datetime) -> None:
    """What the order still holds goes back first: some of it may, when a clock was put back. Rows of stock are not taken in
    one order with those of other orders here, so two late payments may deadlock: the database then refuses one, and its
    notice comes again."""
    demand, seats = pieces_of(session, order_id), seats_of(session, order_id)
    release_uses(session, holder=order_id)
    release_step(session, holder=order_id, now=now)
    release_seats(session, list(seats), holder=order_id, now=now)
    order = session.exec(select(CustomerOrder).where(CustomerOrder.id == order_id)).one()
    uses = session.execute(
        sa.select(LineDiscount.campaign_id, sa.func.sum(LineDiscount.amount_fen))  # type: ignore[call-overload]
        .join(OrderLine, OrderLine.id == LineDiscount.line_id)
        .where(OrderLine.order_id == order_id)
        .group_by(LineDiscount.campaign_id)
    ).all()
    wanted = [Use(campaign_id, int(amount)) for campaign_id, amount in uses]
    hold_uses(session, wanted, account_id=order.account_id, holder=order_id, until=now + _SOON, now=now)
    if demand:
        hold_step(session, demand, until=now + _SOON, holder=order_id, now=now)
    if seats:
        hold_seats(session, seats, until=now + _SOON, holder=order_id, now=now)


def _keep(session: Session, order_id: str, now: datetime) -> None:
    kept = confirm_uses(session, holder=order_id, now=now)
    wanted = session.exec(
        select(LineDiscount.campaign_id)
        .join(OrderLine, col(OrderLine.id) == col(LineDiscount.line_id))
        .where(OrderLine.order_id == order_id)
        .distinct()
    ).all()
    if set(wanted) - set(kept):
        raise Conflict
    demand = pieces_of(session, order_id)
    if demand:
        extend_step(session, demand, until=None, holder=order_id, now=now)
    confirm_bookings(session, order_id=order_id, now=now)


def pieces_of(session: Session, order_id: str) -> dict[str, int]:
    """Step: the pieces that an order is of, by variant, gifts included."""
    rows = session.exec(
        select(OrderLine.variant_id, sa.func.sum(col(OrderLine.quantity)))
        .where(OrderLine.order_id == order_id, col(OrderLine.variant_id).is_not(None))
        .group_by(col(OrderLine.variant_id))
    ).all()
    return {str(variant_id): int(quantity) for variant_id, quantity in rows}


def seats_of(session: Session, order_id: str) -> dict[str, int]:
    """Step: the seats that an order is of, by session."""
    rows = session.exec(
        select(OrderLine.session_id, col(OrderLine.seats)).where(
            OrderLine.order_id == order_id, OrderLine.kind == LineKind.BOOKING
        )
    ).all()
    return {str(session_id): seats for session_id, seats in rows}


def _sell(session: Session, received: Received, now: datetime) -> None:
    """The order is paid: states, the ledger, the news."""
    move_order(session, received.order_id, OrderState.PAID, actor=SYSTEM, now=now)
    move_seller_orders(session, received.order_id, SellerOrderState.OPEN, actor=SYSTEM, now=now)
    parts = session.exec(
        select(SellerOrder).where(SellerOrder.order_id == received.order_id).order_by(col(SellerOrder.id))
    ).all()
    for part in parts:
        entries = sale_entries(session, part, received.gateway)
        sold = lines_sold(session, part)
        post_sales(session, TxnKind.SALE, reference=part.id, entries=entries, lines=sold, at=now)
    outbox.publish(session, "order.paid", aggregate=received.order_id, payload={"order": received.order_id}, now=now)


def sale_entries(session: Session, part: SellerOrder, gateway: str) -> list[Entry]:
    """Step: how the money of a seller's part is divided. What vouchers pay in the buyer's place is the seller's income;
    what the seller gave off itself is not. Nothing for a part that costs nothing."""
    rows = session.execute(
        sa.select(LineDiscount.funder, LineDiscount.campaign_id, sa.func.sum(LineDiscount.amount_fen))  # type: ignore[call-overload]
        .join(OrderLine, OrderLine.id == LineDiscount.line_id)
        .where(OrderLine.seller_order_id == part.id)
        .group_by(LineDiscount.funder, LineDiscount.campaign_id)
    ).all()
    entries = [Entry(_provider(gateway), part.payable_fen)]
    entries += [
        Entry(voucher_account(Funder(funder), campaign), int(fen))
        for funder, campaign, fen in rows
        if funder != Funder.SELLER
    ]
    earned = sum(entry.amount_fen for entry in entries)
    entries.append(Entry(AccountKey(AccountKind.COMMISSION), -part.commission_fen))
    entries.append(Entry(AccountKey(AccountKind.SELLER_PENDING, part.settlement_party), part.commission_fen - earned))
    return entries if earned else []


def voucher_account(funder: Funder, campaign_id: str) -> AccountKey:
    """Who owes what a voucher gives: the platform itself, or the authority, by batch."""
    kind = AccountKind.VOUCHER_PLATFORM if funder is Funder.PLATFORM else AccountKind.VOUCHER_GOVERNMENT
    return AccountKey(kind, campaign_id)


def _provider(gateway: str) -> AccountKey:
    return AccountKey(AccountKind.PROVIDER, gateway)
