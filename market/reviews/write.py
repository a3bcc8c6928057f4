"""Use cases: a buyer writes what it was like, once for each line, and may change it for a time."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel, col, select

from market.bookings.rules import BookingState
from market.bookings.tables import Booking
from market.fulfilment.parts import delivered_pieces
from market.kernel import audit, outbox
from market.kernel.errors import Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.media.keep import use_media
from market.media.rules import MediaKind
from market.orders.rules import LineKind
from market.orders.tables import CustomerOrder, OrderLine, SellerOrder
from market.reviews.errors import EditTooLate, NotReviewable, ReviewedBefore
from market.reviews.rating import count_stars
from market.reviews.rules import EDIT_WITHIN, PHOTOS_MAX, STARS, TEXT_MAX, WRITE_WITHIN, BuyerReviewState
from market.reviews.tables import Review, ReviewPhoto

_REVIEWS = SQLModel.metadata.tables[str(Review.__tablename__)]


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """What a buyer says. `photo_ids` are their own uploads, of kind REVIEW."""

    rating: int
    text: str = ""
    photo_ids: tuple[str, ...] = ()


def write_review(market: Market, actor: Actor, line_id: str, draft: ReviewDraft, *, key: str) -> str:
    """A buyer reviews a line of an order that was delivered, or a visit they came to; the review's id. It is shown at
    once and counts in the listing's stars.

    Refuses: NotSignedIn; NotFound for a line or picture, also for somebody else's; Invalid; NotReviewable;
    ReviewedBefore; IdempotencyConflict. Once, by `key`, and once for each line.
    Guards: UNIQUE (line); the listing's row, which counts.
    """
    reach(actor, Permission.REVIEW_WRITE)
    _check(draft)
    asked = {"line": line_id, **asdict(draft)}
    mine = IdempotencyKey.of(actor=actor.account_id or "", operation="writeReview", key=key, asked=asked)
    with market.transaction() as session:
        now = market.now()
        return once(session, mine, lambda: _write(session, market, actor, line_id, draft), now=now, dump=str, load=str)


def edit_review(market: Market, actor: Actor, review_id: str, draft: ReviewDraft) -> str:
    """A buyer changes their review, all of it; its id.

    Refuses: NotSignedIn; NotFound, also for somebody else's; Invalid; EditTooLate after 30 days, or once it is hidden.
    Once: the same again changes nothing. Guards: the review's row.
    """
    mine = reach(actor, Permission.REVIEW_WRITE)
    _check(draft)
    with market.transaction() as session:
        now = market.now()
        review = session.exec(select(Review).where(Review.id == review_id).with_for_update(key_share=True)).first()
        if review is None or not mine.covers(owner_id=review.account_id):
            raise NotFound(field="review")
        if review.state == BuyerReviewState.HIDDEN or now > review.written_at + EDIT_WITHIN:
            raise EditTooLate
        change = draft.rating - review.rating
        before = {"rating": review.rating}
        review.rating, review.text, review.edited_at = draft.rating, draft.text.strip(), now
        _show_photos(session, review_id, review.account_id, draft.photo_ids)
        session.flush()
        count_stars(session, review.listing_id, reviews=0, stars=change)
        audit.record(
            session,
            actor,
            action="review.edit",
            subject=review_id,
            before=before,
            after={"rating": draft.rating},
            now=now,
        )
        return review_id


def _check(draft: ReviewDraft) -> None:
    if draft.rating not in STARS:
        raise Invalid(field="rating", allowed="1 to 5 stars", allowed_zh="1 到 5 星")
    if len(draft.text) > TEXT_MAX:
        raise Invalid(field="text", allowed=f"at most {TEXT_MAX} characters", allowed_zh=f"最多 {TEXT_MAX} 个字")
    if len(draft.photo_ids) > PHOTOS_MAX or len(set(draft.photo_ids)) != len(draft.photo_ids):
        raise Invalid(
            field="photoIds",
            allowed=f"at most {PHOTOS_MAX} pictures, each once",
            allowed_zh=f"最多 {PHOTOS_MAX} 张照片",
        )


def _write(session: Session, market: Market, actor: Actor, line_id: str, draft: ReviewDraft) -> str:
    now = market.now()
    mine = reach(actor, Permission.REVIEW_WRITE)
    found = session.exec(
        select(OrderLine, SellerOrder, CustomerOrder.account_id)
        .join(SellerOrder, col(SellerOrder.id) == col(OrderLine.seller_order_id))
        .join(CustomerOrder, col(CustomerOrder.id) == col(OrderLine.order_id))
        .where(OrderLine.id == line_id)
    ).first()
    if found is None or not mine.covers(owner_id=found[2]):
        raise NotFound(field="line")
    line, part, account_id = found
    had_at = _had_at(session, line)
    if had_at is None or now > had_at + WRITE_WITHIN:
        raise NotReviewable
    review = Review(
        id=market.new_id("rvw"),
        line_id=line_id,
        listing_id=line.listing_id,
        account_id=account_id,
        producer_id=part.producer_id,
        region_code=part.region_code,
        rating=draft.rating,
        text=draft.text.strip(),
        written_at=now.replace(microsecond=0),  # cursors of lists say whole seconds
    )
    added = insert(_REVIEWS).values(review.model_dump()).on_conflict_do_nothing(index_elements=[_REVIEWS.c.line_id])
    if session.execute(added.returning(_REVIEWS.c.id)).first() is None:
        before = session.exec(select(Review.id).where(Review.line_id == line_id)).one()
        raise ReviewedBefore(review=before)
    _show_photos(session, review.id, account_id, draft.photo_ids)
    session.flush()
    count_stars(session, line.listing_id, reviews=1, stars=draft.rating)
    news = {"review": review.id, "listing": line.listing_id}
    outbox.publish(session, "review.written", aggregate=line.listing_id, payload=news, now=now)
    after = {"line": line_id, "listing": line.listing_id, "rating": draft.rating}
    audit.record(session, actor, action="review.write", subject=review.id, after=after, now=now)
    return review.id


def _had_at(session: Session, line: OrderLine) -> datetime | None:
    """When the buyer had it: the first pieces came, or the visit took place; None before."""
    match LineKind(line.kind):
        case LineKind.PRODUCT:
            return delivered_pieces(session, [line.id]).get(line.id, (0, None))[1]
        case LineKind.BOOKING:
            booking = session.exec(select(Booking).where(Booking.line_id == line.id)).one()
            return booking.redeemed_at if booking.state == BookingState.REDEEMED else None
        case LineKind.GIFT:
            return None


def _show_photos(session: Session, review_id: str, account_id: str, media_ids: Sequence[str]) -> None:
    """The review shows these pictures and no others. What it no longer shows stays with its owner."""
    session.execute(sa.delete(ReviewPhoto).where(col(ReviewPhoto.review_id) == review_id))
    for position, media_id in enumerate(media_ids, start=1):
        picture = use_media(session, media_id, owner_ids=[account_id], kind=MediaKind.REVIEW, field="photoIds")
        session.add(
            ReviewPhoto(
                review_id=review_id,
                position=position,
                media_id=media_id,
                key=picture.key,
                width=picture.width,
                height=picture.height,
            )
        )
