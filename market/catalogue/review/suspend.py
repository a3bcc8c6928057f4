"""Use cases: staff take a listing off sale, and let it back."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from market.catalogue.access import reviewed_listing, take_listing, take_sellers
from market.catalogue.history import note
from market.catalogue.once import once_of
from market.catalogue.review.causes import resume_if_free
from market.catalogue.rules import ListingState
from market.catalogue.rules.reasons import Reason, check_reasons, codes
from market.catalogue.rules.states import ListingEventKind, ListingMove, SuspensionCause
from market.catalogue.standing import add_cause, causes_of, drop_causes, illegal_listing_move, move_listing
from market.kernel.audit import record
from market.kernel.database import Engine
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach

_CAUSE = SuspensionCause.MODERATION


def suspend_listing(
    market: Market, actor: Actor, *, listing_id: str, reasons: Sequence[Reason], idempotency_key: str
) -> ListingState:
    """Take a listing off sale, also one that is off sale for another cause. It returns when staff lift it or approve a
    revision of it. Orders are not touched. Its state.

    Refuses: NotSignedIn; Forbidden; NotFound outside the actor's regions; OwnListing; Invalid without a reason;
    IllegalTransition unless it is on sale or suspended for another cause; IdempotencyConflict.
    """
    reach(actor, Permission.LISTING_REVIEW)
    check_reasons(reasons)
    now, engine = market.now(), market.database.engine
    with market.transaction() as session:
        return once_of(
            session,
            actor,
            "suspendListing",
            idempotency_key,
            asked=[listing_id, list(reasons)],
            act=lambda: _suspend(session, engine, actor, listing_id, reasons, now=now),
            answer=ListingState,
            now=now,
        )


def _suspend(
    session: Session, engine: Engine, actor: Actor, listing_id: str, reasons: Sequence[Reason], *, now: datetime
) -> ListingState:
    reviewed_listing(session, actor, listing_id)
    listing = take_listing(session, listing_id)
    before = listing.state
    if before is not ListingState.SUSPENDED or _CAUSE in causes_of(session, listing_id):
        move_listing(session, engine, listing, ListingMove.SUSPEND, now=now)
    add_cause(session, actor, listing_id, _CAUSE, reasons=reasons, now=now)
    note(session, actor, ListingEventKind.SUSPENDED, listing_id, now=now, cause=_CAUSE.value, reasons=codes(reasons))
    record(
        session,
        actor,
        action="listing.suspend",
        subject=listing_id,
        principal=listing.producer_id,
        before={"state": before.value},
        after={"state": listing.state.value, "reasons": codes(reasons)},
        now=now,
    )
    return listing.state


def lift_suspension(market: Market, actor: Actor, *, listing_id: str, idempotency_key: str) -> ListingState:
    """Undo `suspend_listing`: the listing is on sale again, unless it is off sale for another cause or was withdrawn
    meanwhile. Its state.

    Refuses: NotSignedIn; Forbidden; NotFound outside the actor's regions; OwnListing; IllegalTransition unless staff
    have suspended it; IdempotencyConflict.
    """
    reach(actor, Permission.LISTING_REVIEW)
    now, engine = market.now(), market.database.engine
    with market.transaction() as session:
        return once_of(
            session,
            actor,
            "liftSuspension",
            idempotency_key,
            asked=listing_id,
            act=lambda: _lift(session, engine, actor, listing_id, now=now),
            answer=ListingState,
            now=now,
        )


def _lift(session: Session, engine: Engine, actor: Actor, listing_id: str, *, now: datetime) -> ListingState:
    found = reviewed_listing(session, actor, listing_id)
    # So that no freeze comes between looking at the causes and going on sale.
    take_sellers(session, [found.producer_id, found.cooperative_id])
    listing = take_listing(session, listing_id)
    before = listing.state
    if _CAUSE not in causes_of(session, listing_id):
        raise illegal_listing_move(before, ListingMove.RESUME)
    drop_causes(session, listing_id, [_CAUSE])
    resume_if_free(session, engine, listing, now=now)
    note(session, actor, ListingEventKind.RESUMED, listing_id, now=now, cause=_CAUSE.value)
    record(
        session,
        actor,
        action="listing.resume",
        subject=listing_id,
        principal=listing.producer_id,
        before={"state": before.value},
        after={"state": listing.state.value},
        now=now,
    )
    return listing.state
