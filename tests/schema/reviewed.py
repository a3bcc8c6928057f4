"""Reviews for the varied demo: of one order with a line of each of some listings, shown and hidden, with ties in time."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlmodel import Session, col, select

from market.catalogue.rules import ListingKind
from market.catalogue.tables import Listing
from market.kernel.clock import business_day
from market.kernel.ids import new_id
from market.orders.rules import DeliveryMethod, LineKind, OrderState, SellerOrderState
from market.orders.tables import CustomerOrder, OrderLine, SellerOrder
from market.people.tables import Account
from market.reviews.rules import BuyerReviewState, HiddenFor
from market.reviews.tables import Review, ReviewPhoto

NOTHING: dict[str, Any] = {"goods_fen": 0, "delivery_fen": 0, "discount_fen": 0, "payable_fen": 0}


def add_reviews(session: Session, random: Random, now: datetime) -> None:
    """Several of some listings, none of the others."""
    account = Account(id=new_id("acc"), name="林顾客", created_at=now)
    order = CustomerOrder(
        id=new_id("ord"),
        number="10000000000001",
        account_id=account.id,
        state=OrderState.PAID,
        placed_at=now,
        business_day=business_day(now),
        pay_by=now,
        **NOTHING,
    )
    session.add(account)
    session.flush()
    session.add(order)
    session.flush()
    for kind in ListingKind:
        some = session.exec(select(Listing).where(Listing.kind == kind).order_by(col(Listing.id))).all()[:8]
        for listing in some:
            part = _part(session, order, listing, now)
            for position in range(random.choice([1, 3, 7])):
                _review(session, random, _line(session, part, listing, position, now), account.id, now)


def _part(session: Session, order: CustomerOrder, listing: Listing, now: datetime) -> SellerOrder:
    part = SellerOrder(
        id=new_id("sor"),
        order_id=order.id,
        producer_id=listing.producer_id,
        settlement_party=listing.producer_id,
        village_id=listing.village_id,
        region_code=listing.region_code,
        state=SellerOrderState.FULFILLED,
        commission_fen=0,
        delivery_method=DeliveryMethod.NONE,
        delivery={},
        placed_at=now,
        **NOTHING,
    )
    session.add(part)
    session.flush()
    return part


def _line(session: Session, part: SellerOrder, listing: Listing, position: int, now: datetime) -> OrderLine:
    line = OrderLine(
        id=new_id("lin"),
        order_id=part.order_id,
        seller_order_id=part.id,
        position=position,
        kind=LineKind.PRODUCT,
        listing_id=listing.id,
        category_id=listing.category_id,
        quantity=1,
        unit_price_fen=0,
        amount_fen=0,
        discount_fen=0,
        payable_fen=0,
        commission_bp=0,
        commission_fen=0,
        title=f"{listing.title}（旧名）",
        snapshot={},
        placed_at=now,
    )
    session.add(line)
    session.flush()
    return line


def _review(session: Session, random: Random, line: OrderLine, account_id: str, now: datetime) -> None:
    is_hidden, is_answered = random.random() < 0.25, random.random() < 0.4
    written_at = (now - timedelta(days=random.choice([1, 2, 3]))).replace(microsecond=0)
    review = Review(
        id=new_id("rvw"),
        line_id=line.id,
        listing_id=line.listing_id,
        account_id=account_id,
        producer_id=session.get_one(SellerOrder, line.seller_order_id).producer_id,
        region_code="330213005208",
        state=BuyerReviewState.HIDDEN if is_hidden else BuyerReviewState.SHOWN,
        rating=random.randint(1, 5),
        text=random.choice(["", "很甜", "有点小"]),
        written_at=written_at,
        edited_at=random.choice([None, now.replace(microsecond=0)]),
        reply="谢谢" if is_answered else None,
        replied_at=now.replace(microsecond=0) if is_answered else None,
        hidden_for=HiddenFor.ABUSE if is_hidden else None,
    )
    session.add(review)
    session.flush()
    for position in range(1, random.choice([1, 1, 3])):
        key = f"2026-11-01/{position}.webp"
        photo = ReviewPhoto(review_id=review.id, position=position, media_id="mda_x", key=key, width=640, height=480)
        session.add(photo)
    session.flush()
