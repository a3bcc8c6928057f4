"""Steps: what a seller would like a listing to say becomes a new listing, or a revision of one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col

from market.catalogue.access import bump
from market.catalogue.content.bounds import check_bounds
from market.catalogue.content.codec import decoded, encoded
from market.catalogue.content.drafts import Draft, ImageDraft, kind_of
from market.catalogue.content.identity import Known, identified, known_in
from market.catalogue.content.live import with_live_prices
from market.catalogue.content.read import content_of, known_of
from market.catalogue.content.rows import add_listing, lowest_price, stated
from market.catalogue.history import note
from market.catalogue.revisions import add_revision, move_revision, open_revision, rewrite_revision
from market.catalogue.rules import ListingState
from market.catalogue.rules.states import EDITABLE_REVISIONS, ListingEventKind, ListingMove, RevisionMove
from market.catalogue.standing import move_listing
from market.catalogue.tables import Listing, ListingRevision
from market.kernel.audit import record
from market.kernel.database import Engine
from market.kernel.errors import Conflict, Invalid, NotFound
from market.kernel.permissions import Actor
from market.media.keep import use_media
from market.media.rules import MediaKind


class SaveOutcome(StrEnum):
    """What saving did. SUBMITTED: created or changed, and handed in as well."""

    CREATED = "CREATED"
    CHANGED = "CHANGED"
    UNCHANGED = "UNCHANGED"
    SUBMITTED = "SUBMITTED"


@dataclass(frozen=True, slots=True)
class SavedListing:
    """What became of a saved draft. UNCHANGED without a revision: the listing says all that already."""

    listing_id: str
    revision_id: str | None
    version: int
    outcome: SaveOutcome


def create_step(
    session: Session, actor: Actor, draft: Draft, *, external_code: str | None = None, now: datetime
) -> SavedListing:
    """Step: a new listing in DRAFT, with its first revision. The caller has checked that the actor acts for its producer.

    Refuses: NotFound for a category, village, cooperative or picture; Invalid for what no draft may hold; Conflict when
    the producer's external code was taken this moment.
    """
    draft = _prepared(session, draft, before=(), known=Known())
    try:
        listing = add_listing(session, draft, state=ListingState.DRAFT, now=now, external_code=external_code)
    except sa.exc.IntegrityError:
        # Everything else that a new listing points to was looked up; its external code was free a moment ago.
        raise Conflict from None
    revision = add_revision(session, actor, listing, draft, now=now)
    note(session, actor, ListingEventKind.CREATED, listing.id, revision_id=revision.id, now=now)
    _record(session, actor, "listing.create", listing, revision, now=now)
    return SavedListing(listing.id, revision.id, listing.version, SaveOutcome.CREATED)


def change_step(
    session: Session,
    engine: Engine,
    actor: Actor,
    listing: Listing,
    draft: Draft,
    *,
    seen: int | None,
    takes_back: bool = False,
    now: datetime,
) -> SavedListing:
    """Step: the listing's open revision says what the draft says; there is one when there was none. The caller has
    checked that the actor acts for its producer. `takes_back` withdraws one that is being reviewed and writes another.

    Refuses: EditedMeanwhile when `seen` is not the listing's version; IllegalTransition while it is being reviewed;
    Invalid for another producer or kind; and as `create_step` does.
    """
    if kind_of(draft) is not listing.kind or draft.listing.producer_id != listing.producer_id:
        raise Invalid(field="producer", allowed="a listing stays its producer's", allowed_zh="商品不能换生产者或类型")
    live, revision = content_of(session, listing), open_revision(session, listing.id)
    before = [*([decoded(revision.content)] if revision else ()), *([live] if live else ())]
    known = sum((known_in(each) for each in before), Known()) + known_of(session, listing.id)
    draft = with_live_prices(_prepared(session, draft, before=before, known=known), live)
    if before and encoded(draft) == encoded(with_live_prices(before[0], live)):
        return SavedListing(listing.id, revision.id if revision else None, listing.version, SaveOutcome.UNCHANGED)
    bump(session, listing, seen=seen, now=now)
    if revision is not None and takes_back and revision.state not in EDITABLE_REVISIONS:
        move_revision(session, revision, RevisionMove.WITHDRAW)
        note(session, actor, ListingEventKind.REVISION_WITHDRAWN, listing.id, revision_id=revision.id, now=now)
        revision = None
    if revision is None:
        revision = add_revision(session, actor, listing, draft, now=now)
    else:
        rewrite_revision(session, actor, revision, draft, now=now)
    if live is None:
        _keep_draft_row(session, engine, listing, draft, now=now)
    _record(session, actor, "listing.save", listing, revision, now=now)
    return SavedListing(listing.id, revision.id, listing.version, SaveOutcome.CHANGED)


def _prepared(session: Session, draft: Draft, *, before: Sequence[Draft], known: Known) -> Draft:
    """The draft as it can be kept: within bounds, its pictures this seller's, each of its parts with an id."""
    check_bounds(draft)
    has = {image.key: image for each in reversed(before) for image in each.listing.images}
    owner_ids = [*filter(None, (draft.listing.producer_id, draft.listing.cooperative_id))]
    images = tuple(_image(session, each, has, owner_ids) for each in draft.listing.images)
    if len({each.key for each in images}) < len(images):
        raise Invalid(field="images", allowed="each picture once", allowed_zh="同一张图片只能出现一次")
    return identified(replace(draft, listing=replace(draft.listing, images=images)), known)


def _image(session: Session, image: ImageDraft, has: dict[str, ImageDraft], owner_ids: Iterable[str]) -> ImageDraft:
    if image.media_id is not None:
        picture = use_media(session, image.media_id, owner_ids=list(owner_ids), kind=MediaKind.LISTING, field="images")
        return ImageDraft(picture.key, image.alt, image.alt_en, picture.width, picture.height)
    if image.key not in has:
        raise NotFound(field="images")
    return replace(has[image.key], alt=image.alt, alt_en=image.alt_en)


def _keep_draft_row(session: Session, engine: Engine, listing: Listing, draft: Draft, *, now: datetime) -> None:
    """What was never approved shows its draft in its own row, so that its people find it in their lists."""
    if listing.state is ListingState.WITHDRAWN:
        move_listing(session, engine, listing, ListingMove.REDRAFT, now=now)
    values = {**stated(session, draft.listing, listing.kind), "price_fen": lowest_price(draft)}
    session.execute(sa.update(Listing).where(col(Listing.id) == listing.id).values(values))
    session.refresh(listing)


def _record(
    session: Session, actor: Actor, action: str, listing: Listing, revision: ListingRevision, *, now: datetime
) -> None:
    record(
        session,
        actor,
        action=action,
        subject=listing.id,
        principal=listing.producer_id,
        after={"revision": revision.id, "version": listing.version},
        now=now,
    )
