"""What a seller has earned of each line and delivery of its part of an order, and what of that was released."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.bookings.rules import BookingState
from market.bookings.tables import Booking
from market.kernel.clock import business_day, day_bounds
from market.kernel.errors import NotFound
from market.orders.rules import LineKind
from market.orders.tables import LineDiscount, OrderLine, SellerOrder
from market.settlement.rules import AFTER_SALE, Earned, ReleaseOf
from market.settlement.tables import Release
from market.vouchers.rules import Funder

_DISCOUNTS = SQLModel.metadata.tables[str(LineDiscount.__tablename__)]
_RELEASES = SQLModel.metadata.tables[str(Release.__tablename__)]
OVER = {BookingState.CONFIRMED, BookingState.REDEEMED, BookingState.NO_SHOW, BookingState.CANCELLED}
"""What can be left of a booking when its session is over: its money, or the part that cancelling did not give back."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A line or a delivery: what its seller has of it now, and what was released."""

    id: str
    kind: ReleaseOf
    seller_order_id: str
    party: str
    producer_id: str
    due_at: datetime | None
    """From when on it is payable; None while that cannot be said."""
    earned: Earned
    released: Earned
    seq: int
    """How many releases it had."""


def subjects_of(session: Session, seller_order_id: str) -> dict[str, Subject]:
    """Step: all of a seller order's, their rows taken as a refund takes them: lines in id order, then their part.

    Refuses: NotFound.
    """
    lines = session.exec(
        select(OrderLine)
        .where(OrderLine.seller_order_id == seller_order_id, OrderLine.kind != LineKind.GIFT)
        .order_by(col(OrderLine.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    part = session.exec(
        select(SellerOrder)
        .where(SellerOrder.id == seller_order_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).first()
    if part is None:
        raise NotFound(field="sellerOrder")
    ids = [line.id for line in lines]
    vouchers, released, ends = _vouchers(session, ids), _released(session, part.id), _ends(session, ids)
    handed_over = part.fulfilled_at + AFTER_SALE if part.fulfilled_at is not None else None

    def subject(of: str, kind: ReleaseOf, due_at: datetime | None, earned: Earned) -> Subject:
        before, seq = released.get(of, (Earned(), 0))
        if part.open_claims:
            due_at = None
        return Subject(of, kind, part.id, part.settlement_party, part.producer_id, due_at, earned, before, seq)

    found = {}
    for line in lines:
        earned = Earned(
            line.payable_fen - line.refunded_fen,
            vouchers.get(line.id, 0),
            line.commission_fen - line.commission_refunded_fen,
        )
        is_booking = line.kind == LineKind.BOOKING
        kind = ReleaseOf.BOOKING if is_booking else ReleaseOf.PRODUCT
        found[line.id] = subject(line.id, kind, ends.get(line.id) if is_booking else handed_over, earned)
    delivery = Earned(part.delivery_fen - part.delivery_refunded_fen)
    found[part.id] = subject(part.id, ReleaseOf.DELIVERY, handed_over, delivery)
    return found


def _vouchers(session: Session, line_ids: list[str]) -> dict[str, int]:
    """What others' vouchers still pay of each line."""
    rows = session.execute(
        sa.select(_DISCOUNTS.c.line_id, sa.func.sum(_DISCOUNTS.c.amount_fen - _DISCOUNTS.c.refunded_fen).label("fen"))
        .where(_DISCOUNTS.c.line_id.in_(line_ids), _DISCOUNTS.c.funder != Funder.SELLER)
        .group_by(_DISCOUNTS.c.line_id)
    )
    return {row.line_id: int(row.fen) for row in rows}


def _released(session: Session, seller_order_id: str) -> dict[str, tuple[Earned, int]]:
    """What of each subject was released, and in how many steps."""

    def total(name: str) -> Any:
        return sa.func.sum(_RELEASES.c[name]).label(name)

    rows = session.execute(
        sa.select(
            _RELEASES.c.subject_id,
            total("paid_fen"),
            total("voucher_fen"),
            total("commission_fen"),
            sa.func.max(_RELEASES.c.seq).label("seq"),
        )
        .where(_RELEASES.c.seller_order_id == seller_order_id)
        .group_by(_RELEASES.c.subject_id)
    )
    return {
        row.subject_id: (Earned(int(row.paid_fen), int(row.voucher_fen), int(row.commission_fen)), row.seq)
        for row in rows
    }


def _ends(session: Session, line_ids: list[str]) -> dict[str, datetime]:
    """When the day of each booking's session is over."""
    rows = session.exec(select(Booking).where(col(Booking.line_id).in_(line_ids), col(Booking.state).in_(OVER))).all()
    return {row.line_id: day_bounds(business_day(row.ends_at))[1] for row in rows}
