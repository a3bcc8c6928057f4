"""Use cases: save a draft; take back what was handed in."""

from datetime import datetime

from sqlmodel import Session

from market.catalogue.access import bump, own_listing
from market.catalogue.content.codec import encoded
from market.catalogue.content.drafts import Draft
from market.catalogue.errors import NoOpenRevision
from market.catalogue.history import note
from market.catalogue.manage.drafting import SavedListing, change_step, create_step
from market.catalogue.once import once_of
from market.catalogue.revisions import move_revision, open_revision
from market.catalogue.rules.states import ListingEventKind, RevisionMove
from market.kernel.audit import record
from market.kernel.clock import business_day
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.acting import act_for


def save_draft(
    market: Market,
    actor: Actor,
    draft: Draft,
    *,
    listing_id: str | None = None,
    version: int | None = None,
    idempotency_key: str,
) -> SavedListing:
    """Save what a seller would like a listing to say: a new listing, or the open revision of one, which stays on sale as
    it is meanwhile. A draft may be incomplete. Prices and seasons of what is on sale are not taken from it.

    `version` is the listing's that the draft was written from; without it, whatever there is is written over.
    Refuses: NotSignedIn; Forbidden; NotFound, also for a producer or listing that the actor does not act for, and for
    parts and pictures of others; Invalid for what no draft may hold; EditedMeanwhile; IllegalTransition while the open
    revision is being reviewed (withdraw it first); IdempotencyConflict.
    Once: by the key; and saving the same again changes nothing. Guards: the listing's version.
    """
    reach(actor, Permission.LISTING_EDIT)
    now, engine = market.now(), market.database.engine
    today = business_day(now)
    with market.transaction() as session:

        def act() -> SavedListing:
            if listing_id is None:
                producer_id = draft.listing.producer_id
                act_for(session, actor, Permission.LISTING_EDIT, producer_id=producer_id, today=today)
                return create_step(session, actor, draft, now=now)
            listing = own_listing(session, actor, Permission.LISTING_EDIT, listing_id, today=today)
            return change_step(session, engine, actor, listing, draft, seen=version, now=now)

        asked = {"listing": listing_id, "version": version, "draft": encoded(draft)}
        return once_of(session, actor, "saveDraft", idempotency_key, asked=asked, act=act, answer=SavedListing, now=now)


def withdraw_revision(
    market: Market, actor: Actor, *, listing_id: str, version: int | None = None, idempotency_key: str
) -> str:
    """Take back the open revision of a listing, handed in or not: it is closed, and the next save begins another. The
    revision's id.

    Refuses: NotSignedIn; Forbidden; NotFound; NoOpenRevision; EditedMeanwhile; IdempotencyConflict.
    Once: by the key. Guards: the listing's version.
    """
    reach(actor, Permission.LISTING_EDIT)
    now = market.now()
    with market.transaction() as session:
        return once_of(
            session,
            actor,
            "withdrawRevision",
            idempotency_key,
            asked=[listing_id, version],
            act=lambda: _withdraw(session, actor, listing_id, version, now=now),
            answer=str,
            now=now,
        )


def _withdraw(session: Session, actor: Actor, listing_id: str, version: int | None, *, now: datetime) -> str:
    listing = own_listing(session, actor, Permission.LISTING_EDIT, listing_id, today=business_day(now))
    bump(session, listing, seen=version, now=now)
    revision = open_revision(session, listing.id)
    if revision is None:
        raise NoOpenRevision
    move_revision(session, revision, RevisionMove.WITHDRAW)
    note(session, actor, ListingEventKind.REVISION_WITHDRAWN, listing.id, revision_id=revision.id, now=now)
    record(
        session,
        actor,
        action="listing.revision.withdraw",
        subject=listing.id,
        principal=listing.producer_id,
        after={"revision": revision.id},
        now=now,
    )
    return revision.id
