"""Use case: change a product's season windows, at once and on record."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from market.catalogue.access import has_been_approved, own_listing, take_listing
from market.catalogue.content.bounds import COUNTS_MAX
from market.catalogue.content.drafts import WindowDraft
from market.catalogue.content.problems import window_problems
from market.catalogue.content.product_rows import write_windows
from market.catalogue.content.read import windows_of
from market.catalogue.content.topics import topics_of
from market.catalogue.errors import NotApproved, NotReady
from market.catalogue.once import once_of
from market.catalogue.rules import ListingKind
from market.catalogue.rules.moments import to_second
from market.catalogue.tables import Listing
from market.kernel.audit import record
from market.kernel.clock import business_day
from market.kernel.errors import Invalid
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.kernel.topics import touch


def change_seasons(
    market: Market, actor: Actor, *, listing_id: str, windows: Sequence[WindowDraft], idempotency_key: str
) -> str:
    """Change when a product is sold, harvested and shipped; its id. Weather does not wait for a review.

    Refuses: NotSignedIn; Forbidden; NotFound; Invalid for a tour package or too many windows; NotReady for windows that
    cannot be; NotApproved for one that only has a draft, which says its seasons itself; IdempotencyConflict.
    """
    reach(actor, Permission.LISTING_EDIT)
    now = market.now()
    with market.transaction() as session:
        return once_of(
            session,
            actor,
            "changeSeasons",
            idempotency_key,
            asked=[listing_id, list(windows)],
            act=lambda: change_seasons_step(session, actor, listing_id, windows, now=now),
            answer=str,
            now=now,
        )


def change_seasons_step(
    session: Session, actor: Actor, listing_id: str, windows: Sequence[WindowDraft], *, now: datetime
) -> str:
    """Step: as `change_seasons`."""
    found = own_listing(session, actor, Permission.LISTING_EDIT, listing_id, today=business_day(now))
    _check(found, windows)
    listing = take_listing(session, listing_id)
    if not has_been_approved(session, listing):
        raise NotApproved
    before = windows_of(session, listing_id)
    if before == tuple(windows):
        return listing_id
    write_windows(session, listing_id, windows)
    session.execute(sa.update(Listing).where(col(Listing.id) == listing_id).values(updated_at=to_second(now)))
    touch(session, *topics_of(listing))
    record(
        session,
        actor,
        action="listing.season",
        subject=listing_id,
        principal=listing.producer_id,
        before={"windows": _plain(before)},
        after={"windows": _plain(windows)},
        now=now,
    )
    return listing_id


def _check(listing: Listing, windows: Sequence[WindowDraft]) -> None:
    if listing.kind is not ListingKind.PRODUCT:
        raise Invalid(field="listing", allowed="only products have seasons", allowed_zh="只有农产品有产季")
    most = COUNTS_MAX["windows"]
    if len(windows) > most:
        raise Invalid(field="windows", allowed=f"at most {most}", allowed_zh=f"最多 {most} 个")
    problems = list(window_problems(windows))
    if problems:
        raise NotReady(problems)


def _plain(windows: Sequence[WindowDraft]) -> list[str]:
    return [f"{each.kind} {each.start} {each.end}" for each in windows]
