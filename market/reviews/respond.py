"""Use cases: a seller answers a review, staff hide one that breaks the rules, or show it again."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, select

from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.errors import IllegalTransition, Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.kernel.topics import touch
from market.organisations.acting import act_for
from market.reviews.rating import count_stars
from market.reviews.rules import MOVES, TEXT_MAX, BuyerReviewState, HiddenFor
from market.reviews.tables import Review

_REVIEWS = SQLModel.metadata.tables[str(Review.__tablename__)]
NOTE_MAX = 200


def reply_to_review(market: Market, actor: Actor, *, review_id: str, text: str) -> str:
    """A seller's people answer a review, in place of what they said before; the review's id. Everybody sees it.

    Refuses: NotSignedIn; Forbidden; NotFound, also for another seller's; Invalid for no words or too many.
    Once: the same again changes nothing. Guards: the review's row.
    """
    reach(actor, Permission.LISTING_EDIT)
    said = text.strip()
    if not 0 < len(said) <= TEXT_MAX:
        raise Invalid(field="text", allowed=f"1 to {TEXT_MAX} characters", allowed_zh=f"请填写，最多 {TEXT_MAX} 个字")
    with market.transaction() as session:
        now = market.now()
        review = _review(session, review_id)
        act_for(
            session,
            actor,
            Permission.LISTING_EDIT,
            producer_id=review.producer_id,
            today=business_day(now),
            field="review",
        )
        session.execute(sa.update(_REVIEWS).where(_REVIEWS.c.id == review_id).values(reply=said, replied_at=now))
        touch(session, "reviews")
        audit.record(session, actor, action="review.reply", subject=review_id, principal=review.producer_id, now=now)
        return review_id


def hide_review(market: Market, actor: Actor, *, review_id: str, reason: HiddenFor, note: str = "") -> str:
    """Staff hide a review that breaks the rules; its id. It counts no more.

    Refuses: NotSignedIn; Forbidden; NotFound, also outside their region; Invalid; IllegalTransition.
    Guards: one conditional update, so that its stars are taken away once.
    """
    if len(note) > NOTE_MAX:
        raise Invalid(field="note", allowed=f"at most {NOTE_MAX} characters", allowed_zh=f"最多 {NOTE_MAX} 个字")
    values = {"hidden_for": reason, "hidden_note": note.strip() or None}
    return _move(market, actor, review_id, BuyerReviewState.HIDDEN, values)


def show_review(market: Market, actor: Actor, *, review_id: str) -> str:
    """Staff show a hidden review again; its id. It counts again. Refuses and guards as `hide_review`."""
    return _move(market, actor, review_id, BuyerReviewState.SHOWN, {"hidden_for": None, "hidden_note": None})


def _move(market: Market, actor: Actor, review_id: str, to: BuyerReviewState, values: dict[str, Any]) -> str:
    opened = reach(actor, Permission.REVIEW_MODERATE)
    with market.transaction() as session:
        review = _review(session, review_id)
        if not opened.covers(region_code=review.region_code):
            raise NotFound(field="review")
        was = BuyerReviewState(review.state)
        if to not in MOVES[was]:
            raise IllegalTransition(from_state=was, to_state=to, allowed=tuple(MOVES[was]))
        session.execute(
            sa.update(_REVIEWS).where(_REVIEWS.c.id == review_id, _REVIEWS.c.state == was).values(state=to, **values)
        )
        sign = 1 if to is BuyerReviewState.SHOWN else -1
        count_stars(session, review.listing_id, reviews=sign, stars=sign * review.rating)
        audit.record(
            session,
            actor,
            action="review.show" if to is BuyerReviewState.SHOWN else "review.hide",
            subject=review_id,
            before={"state": was},
            after={"state": to, "for": values["hidden_for"]},
            now=market.now(),
        )
        return review_id


def _review(session: Session, review_id: str) -> Review:
    """Its row is this transaction's."""
    review = session.exec(select(Review).where(Review.id == review_id).with_for_update(key_share=True)).first()
    if review is None:
        raise NotFound(field="review")
    return review
