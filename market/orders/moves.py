"""Steps that change an order after it was placed: its states, what was fulfilled, what was paid back."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.kernel.clock import business_day
from market.kernel.errors import NotFound
from market.orders.create import add_event
from market.orders.errors import MoreThanLeft
from market.orders.rules import (
    ORDER_MOVES,
    SELLER_ORDER_MOVES,
    OrderState,
    SellerOrderState,
    illegal_move,
    illegal_seller_move,
)
from market.orders.tables import CustomerOrder, OrderLine, SellerOrder

_ORDERS = SQLModel.metadata.tables[str(CustomerOrder.__tablename__)]
_SELLER_ORDERS = SQLModel.metadata.tables[str(SellerOrder.__tablename__)]
_LINES = SQLModel.metadata.tables[str(OrderLine.__tablename__)]


def move_order(
    session: Session, order_id: str, to: OrderState, *, actor: str, now: datetime, reason: str | None = None
) -> OrderState:
    """Step: move an order; the state it was in.

    Refuses: NotFound; IllegalTransition, also when somebody else moved it meanwhile.
    Guards: one conditional update of the row. Records the event.
    """
    sources = [state for state in OrderState if to in ORDER_MOVES[state]]
    values: dict[str, Any] = {"state": to}
    if to is OrderState.PAID:
        values |= {"paid_at": now, "paid_day": business_day(now), "ended_at": None, "cancel_reason": None}
    elif to is not OrderState.PENDING_PAYMENT:
        values |= {"ended_at": now, "cancel_reason": reason}
    before = session.execute(
        sa.select(_ORDERS.c.state).where(_ORDERS.c.id == order_id).with_for_update(key_share=True)
    ).scalar()
    if before is None:
        raise NotFound(field="order")
    moved = session.execute(
        sa.update(_ORDERS).where(_ORDERS.c.id == order_id, _ORDERS.c.state.in_(sources)).values(**values)
    )
    if moved.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        raise illegal_move(OrderState(before), to)
    facts = {"reason": reason} if reason else {}
    what = f"order.{to.value.lower()}"
    add_event(session, order_id, what, actor=actor, now=now, from_state=before, to_state=to, facts=facts)
    return OrderState(before)


def move_seller_order(
    session: Session, seller_order_id: str, to: SellerOrderState, *, actor: str, now: datetime
) -> SellerOrderState:
    """Step: move a seller's part; the state it was in. Refuses and guards as `move_order`."""
    found = session.execute(
        sa.select(_SELLER_ORDERS.c.state, _SELLER_ORDERS.c.order_id)
        .where(_SELLER_ORDERS.c.id == seller_order_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if found is None:
        raise NotFound(field="sellerOrder")
    times = {
        SellerOrderState.OPEN: {"paid_at": now},
        SellerOrderState.FULFILLED: {"fulfilled_at": now},
        SellerOrderState.COMPLETED: {"completed_at": now},
    }
    sources = [state for state in SellerOrderState if to in SELLER_ORDER_MOVES[state]]
    moved = session.execute(
        sa.update(_SELLER_ORDERS)
        .where(_SELLER_ORDERS.c.id == seller_order_id, _SELLER_ORDERS.c.state.in_(sources))
        .values(state=to, **times.get(to, {}))
    )
    if moved.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        raise illegal_seller_move(SellerOrderState(found.state), to)
    add_event(
        session,
        found.order_id,
        f"seller_order.{to.value.lower()}",
        actor=actor,
        now=now,
        seller_order_id=seller_order_id,
        from_state=found.state,
        to_state=to,
    )
    return SellerOrderState(found.state)


def move_seller_orders(
    session: Session, order_id: str, to: SellerOrderState, *, actor: str, now: datetime
) -> list[str]:
    """Step: move all parts of an order that are not there yet, in id order; their ids. Refuses as `move_seller_order`."""
    ids = session.exec(
        select(SellerOrder.id)
        .where(SellerOrder.order_id == order_id, SellerOrder.state != to)
        .order_by(col(SellerOrder.id))
    ).all()
    for seller_order_id in ids:
        move_seller_order(session, seller_order_id, to, actor=actor, now=now)
    return list(ids)


def add_fulfilled(session: Session, line_id: str, quantity: int) -> None:
    """Step: so many more pieces of a line were handed over. Refuses: MoreThanLeft when fewer are left to be.

    Guards: one conditional update; the CHECK beneath.
    """
    done = session.execute(
        sa.update(_LINES)
        .where(
            _LINES.c.id == line_id,
            _LINES.c.fulfilled_quantity + quantity + _LINES.c.refunded_quantity <= _LINES.c.quantity,
        )
        .values(fulfilled_quantity=_LINES.c.fulfilled_quantity + quantity)
    )
    if done.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        raise MoreThanLeft(what="fulfil")


def add_refunded(session: Session, line_id: str, *, quantity: int, amount_fen: int) -> None:
    """Step: so many pieces (0: money only) and so many fen of a line were paid back, which its seller order and its
    order count too. Refuses: MoreThanLeft beyond what was paid.

    Guards: conditional updates from the line upwards; CHECKs beneath.
    """
    line = session.execute(
        sa.update(_LINES)
        .where(
            _LINES.c.id == line_id,
            _LINES.c.refunded_quantity + quantity <= _LINES.c.quantity,
            _LINES.c.refunded_fen + amount_fen <= _LINES.c.payable_fen,
        )
        .values(
            refunded_quantity=_LINES.c.refunded_quantity + quantity,
            refunded_fen=_LINES.c.refunded_fen + amount_fen,
        )
        .returning(_LINES.c.seller_order_id)
    ).one_or_none()
    if line is None:
        raise MoreThanLeft(what="refund")
    _add_refunded_above(session, line.seller_order_id, amount_fen)


def add_delivery_refunded(session: Session, seller_order_id: str, amount_fen: int) -> None:
    """Step: so many fen of a seller's delivery fee were paid back. Refuses and guards as `add_refunded`."""
    done = session.execute(
        sa.update(_SELLER_ORDERS)
        .where(
            _SELLER_ORDERS.c.id == seller_order_id,
            _SELLER_ORDERS.c.delivery_refunded_fen + amount_fen <= _SELLER_ORDERS.c.delivery_fen,
        )
        .values(delivery_refunded_fen=_SELLER_ORDERS.c.delivery_refunded_fen + amount_fen)
    )
    if done.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        raise MoreThanLeft(what="refund")
    _add_refunded_above(session, seller_order_id, amount_fen)


def count_open_claims(session: Session, seller_order_id: str, change: int) -> None:
    """Step: so many more (or fewer) claims on a seller's part wait for somebody. Whoever completes it asks for none, in
    the update that completes it: the one who comes first has the row."""
    session.execute(
        sa.update(_SELLER_ORDERS)
        .where(_SELLER_ORDERS.c.id == seller_order_id)
        .values(open_claims=_SELLER_ORDERS.c.open_claims + change)
    )


def _add_refunded_above(session: Session, seller_order_id: str, amount_fen: int) -> None:
    """The rows above a line only add up what theirs below allow; their CHECKs are the last word."""
    order_id = session.execute(
        sa.update(_SELLER_ORDERS)
        .where(
            _SELLER_ORDERS.c.id == seller_order_id,
            _SELLER_ORDERS.c.refunded_fen + amount_fen <= _SELLER_ORDERS.c.payable_fen,
        )
        .values(refunded_fen=_SELLER_ORDERS.c.refunded_fen + amount_fen)
        .returning(_SELLER_ORDERS.c.order_id)
    ).scalar_one_or_none()
    if order_id is None:
        raise MoreThanLeft(what="refund")
    done = session.execute(
        sa.update(_ORDERS)
        .where(_ORDERS.c.id == order_id, _ORDERS.c.refunded_fen + amount_fen <= _ORDERS.c.payable_fen)
        .values(refunded_fen=_ORDERS.c.refunded_fen + amount_fen)
    )
    if done.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        raise MoreThanLeft(what="refund")
