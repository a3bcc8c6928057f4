"""Use cases: a buyer cancels what was paid and not handed over yet."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from market.aftersales.approve import LineShare, RefundPlan, pay_back, plan, unsent_of
from market.aftersales.errors import AlreadyHandedOver
from market.kernel import audit
from market.kernel.errors import NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.orders.rules import LineKind, SellerOrderState, illegal_seller_move
from market.orders.tables import CustomerOrder, OrderLine, SellerOrder
from market.payments.rules import RefundReason

Pieces = Mapping[str, int]
"""How many pieces of which lines; none named means all that are not handed over."""


def preview_cancelling(market: Market, actor: Actor, *, seller_order_id: str, pieces: Pieces) -> RefundPlan:
    """What a buyer would get back now for not sending these pieces. Refuses as `cancel_order_lines` does."""
    reach(actor, Permission.ORDER_PLACE)
    with market.read() as session:
        return _plan(session, _own_part(session, actor, seller_order_id), pieces, is_locked=False)


def cancel_order_lines(market: Market, actor: Actor, *, seller_order_id: str, pieces: Pieces, key: str) -> str:
    """A buyer cancels pieces that a seller has not handed over, paid as they are; the seller order's id. Their money
    goes back and they are in stock again; with the last of them the delivery fee, too, when nothing was sent.

    Refuses: NotSignedIn; NotFound, also for somebody else's; AlreadyHandedOver; IllegalTransition when the part is not
    to be fulfilled; IdempotencyConflict. Once, by `key`.
    Guards: the lines' rows: a shipment of the same pieces waits, and finds them gone.
    """
    reach(actor, Permission.ORDER_PLACE)
    asked = {"sellerOrder": seller_order_id, "pieces": dict(pieces)}
    mine = IdempotencyKey.of(actor=actor.account_id or "", operation="cancelOrderLines", key=key, asked=asked)
    with market.transaction() as session:
        now = market.now()

        def act() -> str:
            _cancel(session, actor, seller_order_id, pieces, now=now)
            return seller_order_id

        return once(session, mine, act, now=now, dump=str, load=str)


def _cancel(session: Session, actor: Actor, seller_order_id: str, pieces: Pieces, *, now: datetime) -> None:
    part = _own_part(session, actor, seller_order_id)
    found = _plan(session, part, pieces)
    refund_id = pay_back(session, part, found, reason=RefundReason.CANCELLED, actor=actor, now=now)
    audit.record(
        session,
        actor,
        action="order.cancel_lines",
        subject=part.id,
        after={"fen": found.amount_fen, "lines": [each.line_id for each in found.lines], "refund": refund_id},
        now=now,
    )


def _own_part(session: Session, actor: Actor, seller_order_id: str) -> SellerOrder:
    mine = reach(actor, Permission.ORDER_PLACE)
    found = session.exec(
        select(SellerOrder, CustomerOrder.account_id)
        .join(CustomerOrder, col(CustomerOrder.id) == col(SellerOrder.order_id))
        .where(SellerOrder.id == seller_order_id)
    ).first()
    if found is None or not mine.covers(owner_id=found[1]):
        raise NotFound(field="sellerOrder")
    return found[0]


def _plan(session: Session, part: SellerOrder, pieces: Pieces, *, is_locked: bool = True) -> RefundPlan:
    if part.state not in {SellerOrderState.OPEN, SellerOrderState.PARTLY_FULFILLED}:
        raise illegal_seller_move(SellerOrderState(part.state), SellerOrderState.CANCELLED)
    asked = select(OrderLine).where(OrderLine.seller_order_id == part.id, OrderLine.kind == LineKind.PRODUCT)
    if is_locked:
        asked = asked.with_for_update(key_share=True).execution_options(populate_existing=True)
    rows = session.exec(asked.order_by(col(OrderLine.id))).all()
    left = {row.id: unsent_of(row) for row in rows}
    if not pieces.keys() <= left.keys():
        raise NotFound(field="lines")
    wanted = dict(pieces) or {line_id: quantity for line_id, quantity in left.items() if quantity}
    short = min((left[line_id] for line_id in wanted if wanted[line_id] > left[line_id]), default=None)
    if not wanted or short is not None:
        raise AlreadyHandedOver(left=short or 0)
    shares = [LineShare(line_id, quantity=quantity) for line_id, quantity in wanted.items()]
    found = plan(session, part, shares, is_locked=is_locked)
    others = session.exec(
        select(OrderLine.id).where(
            OrderLine.seller_order_id == part.id,
            OrderLine.kind != LineKind.PRODUCT,
            OrderLine.refunded_quantity < OrderLine.quantity,
        )
    ).first()
    is_all = others is None and all(
        row.fulfilled_quantity == 0 and wanted.get(row.id, 0) == left[row.id] for row in rows
    )
    # The refund gives back the fee by the same rule: this is for whoever looks before.
    rest = part.delivery_fen - part.delivery_refunded_fen if is_all else 0
    return RefundPlan(found.lines, rest, found.unsent)
