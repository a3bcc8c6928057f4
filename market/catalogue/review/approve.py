"""Steps: whether a revision can go on sale, and what its approval does."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from market.catalogue.access import take_active_sellers, who
from market.catalogue.content.check import problems_at
from market.catalogue.content.codec import decoded
from market.catalogue.content.drafts import Draft
from market.catalogue.content.indexing import index_listing
from market.catalogue.content.live import with_live_prices
from market.catalogue.content.read import content_of
from market.catalogue.content.rows import write_content
from market.catalogue.content.topics import topics_of
from market.catalogue.errors import NotReady
from market.catalogue.history import note
from market.catalogue.review.causes import DATED, dated_causes, resume_if_free
from market.catalogue.revisions import move_revision
from market.catalogue.rules import ListingState
from market.catalogue.rules.moments import to_second
from market.catalogue.rules.problems import Problem
from market.catalogue.rules.states import ListingEventKind, ListingMove, RevisionMove, SuspensionCause
from market.catalogue.standing import drop_causes, move_listing
from market.catalogue.tables import Listing, ListingRevision, ListingSuspension
from market.kernel.clock import business_day
from market.kernel.database import Engine
from market.kernel.permissions import Actor
from market.kernel.topics import touch


def take_sellers_of(session: Session, listing: Listing, revision: ListingRevision | None) -> None:
    """Step: take the sellers of a listing as it is and as the revision would have it. Refuses with NotSelling."""
    wanted = decoded(revision.content).listing.cooperative_id if revision else None
    take_active_sellers(session, [listing.producer_id, listing.cooperative_id, wanted])


def content_to_approve(session: Session, listing: Listing, revision: ListingRevision, *, now: datetime) -> Draft:
    """Step: what an approval would make the listing say, with the prices of now. Refuses: NotReady with all that is
    wrong today. The caller has taken the listing, so that no price changes meanwhile."""
    today = business_day(now)
    draft = with_live_prices(decoded(revision.content), content_of(session, listing))
    problems = [*problems_at(session, draft, today=today)]
    if SuspensionCause.LICENCE in dated_causes(session, listing.id, today=today):
        problems.append(
            Problem("producer_id", "销售方的证照已到期，请先更新", "renew the seller's licence, it has ended")
        )
    if problems:
        raise NotReady(problems)
    return draft


def approve_step(
    session: Session,
    engine: Engine,
    actor: Actor,
    listing: Listing,
    revision: ListingRevision,
    *,
    draft: Draft,
    rule: str | None = None,
    now: datetime,
) -> None:
    """Step: the revision is approved and the listing says what it says. It is on sale from now on, unless its seller has
    withdrawn it, or staff took it off sale after this was handed in: then it does not answer them. `rule` is by which
    the system did it. The caller has checked the papers that it is sold under.

    Refuses: IllegalTransition unless it was handed in; NotReady when one of its SKUs was taken this moment.
    """
    move_revision(session, revision, RevisionMove.APPROVE, decided_at=now, decided_by=who(actor), rule=rule, reasons=[])
    if listing.state is ListingState.LIVE:
        touch(session, *topics_of(listing))  # it may leave a category
    write_content(session, listing, draft, now=now)
    drop_causes(session, listing.id, _answered(session, listing, revision))
    match listing.state:
        case ListingState.DRAFT:
            on_sale = {"published_at": to_second(now)}
            session.execute(sa.update(Listing).where(col(Listing.id) == listing.id).values(on_sale))
            move_listing(session, engine, listing, ListingMove.APPROVE, now=now)
        case ListingState.SUSPENDED:
            resume_if_free(session, engine, listing, now=now)
        case ListingState.LIVE:
            index_listing(session, engine, listing, draft)
            touch(session, *topics_of(listing))
        case ListingState.WITHDRAWN:
            pass  # only its seller brings it back
    note(
        session,
        actor,
        ListingEventKind.APPROVED,
        listing.id,
        revision_id=revision.id,
        now=now,
        **({} if rule is None else {"rule": rule}),
    )


def _answered(session: Session, listing: Listing, revision: ListingRevision) -> set[SuspensionCause]:
    """The causes that an approval of this revision puts right."""
    moderated = session.get(ListingSuspension, (listing.id, SuspensionCause.MODERATION))
    assert revision.submitted_at is not None, "what is approved was handed in"
    if moderated is None or to_second(moderated.since) > revision.submitted_at:
        return set(DATED)
    return {*DATED, SuspensionCause.MODERATION}
