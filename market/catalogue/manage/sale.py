"""Use cases: a seller takes a listing off sale, and puts it back."""

from datetime import datetime

from sqlmodel import Session

from market.catalogue.access import bump, has_been_approved, own_listing, take_active_sellers, take_listing
from market.catalogue.errors import NotApproved, StillSuspended
from market.catalogue.history import note
from market.catalogue.once import once_of
from market.catalogue.review.causes import dated_causes
from market.catalogue.revisions import move_revision, open_revision
from market.catalogue.rules import ListingState
from market.catalogue.rules.states import ListingEventKind, ListingMove, RevisionMove, SuspensionCause
from market.catalogue.standing import causes_of, drop_causes, illegal_listing_move, move_listing
from market.catalogue.tables import Listing
from market.kernel.audit import record
from market.kernel.clock import business_day
from market.kernel.database import Engine
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach

_CURABLE = frozenset({SuspensionCause.CERTIFICATE, SuspensionCause.LICENCE})
"""What a renewed paper puts right."""


def withdraw_listing(market: Market, actor: Actor, *, listing_id: str, idempotency_key: str) -> ListingState:
    """Take a listing off sale for as long as its seller likes; a draft that was never approved is given up, with its
    revision. Orders are not touched. Its state.

    Refuses: NotSignedIn; Forbidden; NotFound; IllegalTransition when it is withdrawn already; IdempotencyConflict.
    """
    reach(actor, Permission.LISTING_EDIT)
    now, engine = market.now(), market.database.engine
    with market.transaction() as session:
        return once_of(
            session,
            actor,
            "withdrawListing",
            idempotency_key,
            asked=listing_id,
            act=lambda: _withdraw(session, engine, actor, listing_id, now=now),
            answer=ListingState,
            now=now,
        )


def _withdraw(session: Session, engine: Engine, actor: Actor, listing_id: str, *, now: datetime) -> ListingState:
    own_listing(session, actor, Permission.LISTING_EDIT, listing_id, today=business_day(now))
    listing = take_listing(session, listing_id)
    before = listing.state
    move_listing(session, engine, listing, ListingMove.WITHDRAW, now=now)
    if before is ListingState.DRAFT:
        _give_up(session, actor, listing, now=now)
    note(session, actor, ListingEventKind.WITHDRAWN, listing.id, now=now)
    _record(session, actor, "listing.withdraw", listing, before=before, now=now)
    return listing.state


def _give_up(session: Session, actor: Actor, listing: Listing, *, now: datetime) -> None:
    revision = open_revision(session, listing.id)
    if revision is not None:
        bump(session, listing, seen=None, now=now)
        move_revision(session, revision, RevisionMove.WITHDRAW)
        note(session, actor, ListingEventKind.REVISION_WITHDRAWN, listing.id, revision_id=revision.id, now=now)


def relist_listing(market: Market, actor: Actor, *, listing_id: str, idempotency_key: str) -> ListingState:
    """Put a listing back on sale as it was last approved: one that its seller withdrew, or one that was suspended for a
    certificate or licence that holds again. Its state.

    Refuses: NotSignedIn; Forbidden; NotFound; NotSelling; NotApproved when it never was; StillSuspended while a cause
    holds; IllegalTransition when it is on sale; IdempotencyConflict.
    """
    reach(actor, Permission.LISTING_EDIT)
    now, engine = market.now(), market.database.engine
    with market.transaction() as session:
        return once_of(
            session,
            actor,
            "relistListing",
            idempotency_key,
            asked=listing_id,
            act=lambda: _relist(session, engine, actor, listing_id, now=now),
            answer=ListingState,
            now=now,
        )


def _relist(session: Session, engine: Engine, actor: Actor, listing_id: str, *, now: datetime) -> ListingState:
    today = business_day(now)
    found = own_listing(session, actor, Permission.LISTING_EDIT, listing_id, today=today)
    take_active_sellers(session, [found.producer_id, found.cooperative_id])
    listing = take_listing(session, listing_id)
    before = listing.state
    move = ListingMove.RESUME if before is ListingState.SUSPENDED else ListingMove.RELIST
    if before is ListingState.LIVE:
        raise illegal_listing_move(before, move)
    if not has_been_approved(session, listing):
        raise NotApproved
    held = (causes_of(session, listing.id) - _CURABLE) | dated_causes(session, listing.id, today=today)
    if held:
        raise StillSuspended(causes=sorted(held))
    drop_causes(session, listing.id, _CURABLE)
    move_listing(session, engine, listing, move, now=now)
    note(session, actor, ListingEventKind.RELISTED, listing.id, now=now)
    _record(session, actor, "listing.relist", listing, before=before, now=now)
    return listing.state


def _record(
    session: Session, actor: Actor, action: str, listing: Listing, *, before: ListingState, now: datetime
) -> None:
    record(
        session,
        actor,
        action=action,
        subject=listing.id,
        principal=listing.producer_id,
        before={"state": before.value},
        after={"state": listing.state.value},
        now=now,
    )
