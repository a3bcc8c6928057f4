"""Steps that imports take, each joining the caller's transaction."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, select

from market.catalogue.content.codec import decoded
from market.catalogue.content.drafts import ProductDraft
from market.catalogue.content.read import content_of
from market.catalogue.manage.drafting import SavedListing, SaveOutcome, change_step, create_step
from market.catalogue.manage.prices import NewPrice, change_prices_step
from market.catalogue.manage.submit import submit_step
from market.catalogue.revisions import open_revision
from market.catalogue.rules.states import EDITABLE_REVISIONS
from market.catalogue.tables import Listing, Variant
from market.kernel.clock import business_day
from market.kernel.errors import NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.acting import act_for

__all__ = ["SaveOutcome", "SavedListing", "save_product", "set_price"]


def save_product(
    session: Session,
    market: Market,
    actor: Actor,
    draft: ProductDraft,
    *,
    external_code: str,
    submit: bool,
    now: datetime,
) -> SavedListing:
    """Step: make the producer's product of this code say what the draft says, and hand it in when asked to.

    A new code makes a draft. A known one changes the open revision, or begins one; one that is being reviewed is taken
    back and replaced. Prices and seasons of what is on sale stay: `set_price` and `change_seasons` change those. Without
    pictures or certificates in the draft, those of the listing stay.
    Refuses: NotSignedIn; Forbidden; NotFound, also for a producer that the actor does not act for; Invalid; with `submit`
    as `submit_step` does. Once: what is said already is UNCHANGED, and handed in only if it never was.
    """
    producer_id = draft.listing.producer_id
    act_for(session, actor, Permission.LISTING_EDIT, producer_id=producer_id, today=business_day(now))
    listing = session.exec(
        select(Listing).where(Listing.producer_id == producer_id, Listing.external_code == external_code)
    ).first()
    engine = market.database.engine
    if listing is None:
        saved = create_step(session, actor, draft, external_code=external_code, now=now)
        listing = session.get_one(Listing, saved.listing_id)
    else:
        draft = _with_pictures(session, listing, draft)
        saved = change_step(session, engine, actor, listing, draft, seen=None, takes_back=True, now=now)
    revision = open_revision(session, listing.id)
    if not submit or revision is None or revision.state not in EDITABLE_REVISIONS:
        return saved
    submitted = submit_step(session, engine, actor, listing, seen=None, now=now)
    return SavedListing(listing.id, submitted.revision_id, submitted.version, SaveOutcome.SUBMITTED)


def _with_pictures(session: Session, listing: Listing, draft: ProductDraft) -> ProductDraft:
    revision = open_revision(session, listing.id)
    says = decoded(revision.content) if revision else content_of(session, listing)
    if says is None:
        return draft
    return replace(
        draft,
        listing=replace(
            draft.listing,
            images=draft.listing.images or says.listing.images,
            certificate_ids=draft.listing.certificate_ids or says.listing.certificate_ids,
        ),
    )


def set_price(
    session: Session, _market: Market, actor: Actor, *, sku: str, price_fen: int, reason: str, now: datetime
) -> bool:
    """Step: change the price of the variant with this SKU at once; whether it was another before.

    Refuses: NotSignedIn; Forbidden; NotFound for a SKU that is unknown, retired or of a producer that the actor does not
    act for; Invalid for a price that cannot be.
    """
    reach(actor, Permission.LISTING_EDIT)
    variant_id = session.exec(select(Variant.id).where(Variant.sku == sku)).first()
    if variant_id is None:
        raise NotFound(field="sku")
    prices = [NewPrice(variant_id, price_fen)]
    return change_prices_step(session, actor, prices, reason=reason, field="sku", now=now) == 1
