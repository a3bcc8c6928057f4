"""Use case: hand in a draft for review."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from market.catalogue.access import bump, own_listing
from market.catalogue.content.diff import Change, diff
from market.catalogue.content.read import content_of
from market.catalogue.errors import NoOpenRevision, NotReady
from market.catalogue.history import SYSTEM, note
from market.catalogue.once import once_of
from market.catalogue.review.approve import approve_step, content_to_approve, take_sellers_of
from market.catalogue.revisions import add_revision, move_revision, open_revision
from market.catalogue.rules import ListingState
from market.catalogue.rules.approval import APPROVALS_MIN, REJECTION_DAYS, Record, Submission, rule_for
from market.catalogue.rules.moments import to_second
from market.catalogue.rules.problems import Problem
from market.catalogue.rules.states import ListingEventKind, RevisionMove, RevisionState
from market.catalogue.rules.words import risky_words
from market.catalogue.tables import Listing, ListingRevision
from market.kernel.audit import record
from market.kernel.clock import business_day
from market.kernel.database import Engine
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach


@dataclass(frozen=True, slots=True)
class SubmittedListing:
    """A revision that was handed in: SUBMITTED, or APPROVED at once by a rule."""

    listing_id: str
    revision_id: str
    version: int
    state: RevisionState
    rule: str | None


def submit_listing(
    market: Market, actor: Actor, *, listing_id: str, version: int | None = None, idempotency_key: str
) -> SubmittedListing:
    """Hand in a listing's open revision for review, or have it approved at once by a rule for what is low in risk. A
    suspended listing may be handed in as it is, so that it is looked at again.

    Refuses: NotSignedIn; Forbidden; NotFound; NotReady with all that is wrong; NotSelling; NoOpenRevision;
    EditedMeanwhile when `version` is not the listing's; IllegalTransition when it is handed in already;
    IdempotencyConflict. Once: by the key. Guards: the listing's version.
    """
    reach(actor, Permission.LISTING_EDIT)
    now, engine = market.now(), market.database.engine
    with market.transaction() as session:

        def act() -> SubmittedListing:
            listing = own_listing(session, actor, Permission.LISTING_EDIT, listing_id, today=business_day(now))
            return submit_step(session, engine, actor, listing, seen=version, now=now)

        asked = {"listing": listing_id, "version": version}
        return once_of(
            session, actor, "submitListing", idempotency_key, asked=asked, act=act, answer=SubmittedListing, now=now
        )


def submit_step(
    session: Session, engine: Engine, actor: Actor, listing: Listing, *, seen: int | None, now: datetime
) -> SubmittedListing:
    """Step: as `submit_listing`, of a listing that the caller has checked the actor acts for."""
    take_sellers_of(session, listing, open_revision(session, listing.id))
    bump(session, listing, seen=seen, now=now)
    live, revision = content_of(session, listing), open_revision(session, listing.id)
    if revision is None and live is not None and listing.state is ListingState.SUSPENDED:
        revision = add_revision(session, actor, listing, live, now=now)
    if revision is None:
        raise NoOpenRevision
    draft = content_to_approve(session, listing, revision, now=now)
    changes = diff(live, draft)
    if not changes and listing.state is not ListingState.SUSPENDED:
        raise NotReady([Problem("draft", "没有任何修改", "nothing differs from what is approved")])
    move_revision(session, revision, RevisionMove.SUBMIT, submitted_at=to_second(now))
    note(session, actor, ListingEventKind.SUBMITTED, listing.id, revision_id=revision.id, now=now)
    rule = rule_for(_submission(session, listing, changes, now))
    if rule is not None:
        approve_step(session, engine, SYSTEM, listing, revision, draft=draft, rule=rule, now=now)
    record(
        session,
        actor,
        action="listing.submit",
        subject=listing.id,
        principal=listing.producer_id,
        after={"revision": revision.id, "version": listing.version, "rule": rule},
        now=now,
    )
    return SubmittedListing(listing.id, revision.id, listing.version, revision.state, rule)


def _submission(session: Session, listing: Listing, changes: tuple[Change, ...], now: datetime) -> Submission:
    return Submission(
        fields=frozenset(each.path.partition(".")[0] for each in changes),
        risky_words=[word for each in changes for word in risky_words(each.text)],
        is_live=listing.state is ListingState.LIVE,
        seller=seller_record(session, listing.producer_id, now),
    )


def seller_record(session: Session, producer_id: str, now: datetime) -> Record:
    """Step: what reviewers have said of a producer's revisions."""
    mine = (col(ListingRevision.producer_id) == producer_id, col(ListingRevision.rule).is_(None))
    approved = (
        select(ListingRevision.id).where(*mine, ListingRevision.state == RevisionState.APPROVED).limit(APPROVALS_MIN)
    )
    rejected = select(ListingRevision.id).where(
        *mine,
        ListingRevision.state == RevisionState.REJECTED,
        col(ListingRevision.decided_at) > now - timedelta(days=REJECTION_DAYS),
    )
    return Record(approvals=len(session.exec(approved).all()), was_rejected=session.exec(rejected).first() is not None)
