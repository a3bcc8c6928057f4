"""Steps that find and take what a use case is about: whose it must be, and in which order rows are taken.

Sellers first (shared), then the listing, then what hangs off it; whoever freezes a seller takes the same way. What is
somebody else's answers like what does not exist.
"""

from collections.abc import Iterable
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.catalogue.errors import EditedMeanwhile, OwnListing
from market.catalogue.rules import ListingKind
from market.catalogue.rules.moments import to_second
from market.catalogue.tables import Listing, Product, TourPackage
from market.kernel.errors import NotFound
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.acting import act_for
from market.organisations.steps import require_selling
from market.organisations.tables import Membership, Organisation


def own_listing(session: Session, actor: Actor, permission: Permission, listing_id: str, *, today: date) -> Listing:
    """Step: a listing that the actor may do this to, for its producer. Not taken yet.

    Refuses: NotSignedIn; Forbidden; NotFound.
    """
    reach(actor, permission)
    listing = session.get(Listing, listing_id)
    if listing is None:
        raise NotFound(field="listing")
    act_for(session, actor, permission, producer_id=listing.producer_id, today=today, field="listing")
    return listing


def reviewed_listing(
    session: Session, actor: Actor, listing_id: str | None, *, field: str = "listing", region_codes: Iterable[str] = ()
) -> Listing:
    """Step: a listing in the actor's regions, which these regions are within as well. Not taken yet.

    Refuses: NotSignedIn; Forbidden; NotFound; OwnListing.
    """
    opened = reach(actor, Permission.LISTING_REVIEW)
    listing = None if listing_id is None else session.get(Listing, listing_id)
    if listing is None or not all(opened.covers(region_code=each) for each in (listing.region_code, *region_codes)):
        raise NotFound(field=field)
    check_not_own(session, actor, listing)
    return listing


def check_not_own(session: Session, actor: Actor, listing: Listing) -> None:
    """Step: refuses with OwnListing whoever holds a role in the listing's producer, in the cooperative that sells it,
    or in one that the producer is a member of."""
    theirs = set(actor.organisations)
    if not theirs:
        return
    joined = select(Membership.cooperative_id).where(
        Membership.producer_id == listing.producer_id, col(Membership.left_on).is_(None)
    )
    if theirs & {listing.producer_id, listing.cooperative_id, *session.exec(joined)}:
        raise OwnListing


def take_sellers(session: Session, organisation_ids: Iterable[str | None]) -> list[Organisation]:
    """Step: sellers as they are now and stay to the end of the transaction, whatever else happens to them. Whoever may
    put a listing on sale takes them before the listing.

    Guards: a shared lock, which a freeze waits for.
    """
    ids = sorted({each for each in organisation_ids if each is not None})
    taken = select(Organisation).where(col(Organisation.id).in_(ids)).order_by(col(Organisation.id))
    return list(session.exec(taken.with_for_update(read=True).execution_options(populate_existing=True)))


def take_active_sellers(session: Session, organisation_ids: Iterable[str | None]) -> None:
    """Step: as `take_sellers`. Refuses with NotSelling when one of them is not ACTIVE."""
    for seller in take_sellers(session, organisation_ids):
        require_selling(seller)


def take_listing(session: Session, listing_id: str) -> Listing:
    """Step: a listing's row, as it is now, for this transaction alone: whoever edits, decides or changes prices comes one
    after another."""
    # NO KEY: rows that only point at it need not wait.
    taken = select(Listing).where(Listing.id == listing_id).with_for_update(key_share=True)
    return session.exec(taken.execution_options(populate_existing=True)).one()


def bump(session: Session, listing: Listing, *, seen: int | None, now: datetime) -> None:
    """Step: raise a listing's version, for a change of its content or of a revision; takes its row.

    `seen` is the version that the change was made from; None when that is what was just read here. Refuses with
    EditedMeanwhile when it is another by now.
    Guards: the conditional update. Of two who have seen the same, one comes through.
    """
    raised = session.execute(
        sa.update(Listing)
        .where(col(Listing.id) == listing.id, col(Listing.version) == (listing.version if seen is None else seen))
        .values(version=Listing.version + 1, updated_at=to_second(now))
    )
    session.refresh(listing)
    if raised.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        raise EditedMeanwhile(version=listing.version)


def has_been_approved(session: Session, listing: Listing) -> bool:
    """Step: whether buyers could ever see it: what only its kind has is there from the first approval on."""
    own = Product if listing.kind is ListingKind.PRODUCT else TourPackage
    return session.get(own, listing.id) is not None


def who(actor: Actor) -> str:
    """How an actor is put on record: the account, or SYSTEM."""
    return actor.account_id or actor.kind.value
