"""Use cases: decide about revisions that were handed in, one or many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from market.catalogue.access import bump, reviewed_listing, who
from market.catalogue.content.drafts import Draft, PackageDraft
from market.catalogue.errors import AgencyLicenceNeeded, EditedMeanwhile, OwnListing
from market.catalogue.history import note
from market.catalogue.once import once_of
from market.catalogue.queries import has_agency_licence
from market.catalogue.review.approve import approve_step, content_to_approve, take_sellers_of
from market.catalogue.revisions import illegal_revision_move, move_revision
from market.catalogue.rules import ListingState
from market.catalogue.rules.reasons import Reason, check_reasons, codes, stored
from market.catalogue.rules.states import ListingEventKind, RevisionMove, RevisionState, Verdict
from market.catalogue.tables import Listing, ListingRevision
from market.kernel import outbox
from market.kernel.audit import record
from market.kernel.clock import business_day
from market.kernel.database import Engine
from market.kernel.errors import Invalid, MarketError, NotFound
from market.kernel.idempotency import canonical
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach

REVIEWED = "listing.reviewed"
"""The outbox topic that says what became of a revision: `{"listing": …, "revision": …, "organisation": …, "verdict": …}`."""
MANY_MAX = 100
"""Decisions at once: each is a transaction of its own, and the reviewer waits for all."""

_EVENTS = {
    Verdict.APPROVE: ListingEventKind.APPROVED,
    Verdict.REJECT: ListingEventKind.REJECTED,
    Verdict.REQUEST_CHANGES: ListingEventKind.CHANGES_REQUESTED,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer says about the revision that they read at this version of its listing.

    `confirms_agency` says that a package which only a travel agency may run is in order though its seller shows no such
    licence; somebody else runs it, say.
    """

    revision_id: str
    version: int
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    confirms_agency: bool = False


@dataclass(frozen=True, slots=True)
class ReviewedListing:
    """What became of a revision and of its listing."""

    listing_id: str
    revision_id: str
    version: int
    state: RevisionState
    listing_state: ListingState


def review_listing(market: Market, actor: Actor, decision: Decision, *, idempotency_key: str) -> ReviewedListing:
    """Approve a revision, so that the listing says what it says and is on sale; or reject it; or ask for changes, after
    which its seller goes on with it.

    Refuses: NotSignedIn; Forbidden; NotFound outside the actor's regions (a move to another village needs somebody who
    reviews both); OwnListing, also for what they wrote themselves; IllegalTransition unless it is handed in;
    EditedMeanwhile when it was handed in again since it was read; Invalid for no reasons where there must be some. An
    approval also: NotReady with all that is wrong today; NotSelling; AgencyLicenceNeeded.
    Once: by the key. Guards: the listing's version; of two reviewers one wins.
    """
    reach(actor, Permission.LISTING_REVIEW)
    if decision.verdict is Verdict.APPROVE:
        if decision.reasons:
            raise Invalid(field="reasons", allowed="an approval has none", allowed_zh="批准时不填写理由")
    else:
        check_reasons(decision.reasons)
    now, engine = market.now(), market.database.engine
    with market.transaction() as session:
        return once_of(
            session,
            actor,
            "reviewListing",
            idempotency_key,
            asked=decision,
            act=lambda: _decide(session, engine, actor, decision, now=now),
            answer=ReviewedListing,
            now=now,
        )


def review_listings(
    market: Market, actor: Actor, decisions: Sequence[Decision], *, idempotency_key: str
) -> list[ReviewedListing | MarketError]:
    """Decide about at most 100 revisions, each by itself as `review_listing` does: its result, or why it was refused, in
    the order asked.

    Refuses as a whole: NotSignedIn; Forbidden; Invalid for none or too many. Once: each by the key and its revision.
    """
    reach(actor, Permission.LISTING_REVIEW)
    if not 1 <= len(decisions) <= MANY_MAX:
        raise Invalid(
            field="decisions", allowed=f"1 to {MANY_MAX} decisions at once", allowed_zh=f"一次 1 到 {MANY_MAX} 条"
        )
    results: list[ReviewedListing | MarketError] = []
    for decision in decisions:
        key = canonical([idempotency_key, decision.revision_id])
        try:
            results.append(review_listing(market, actor, decision, idempotency_key=key))
        except MarketError as refused:
            results.append(refused)
    return results


def _decide(session: Session, engine: Engine, actor: Actor, decision: Decision, *, now: datetime) -> ReviewedListing:
    revision = session.get(ListingRevision, decision.revision_id)
    if revision is None:
        raise NotFound(field="revision")
    listing = reviewed_listing(
        session, actor, revision.listing_id, field="revision", region_codes=[revision.region_code]
    )
    if revision.author == who(actor):
        raise OwnListing
    if decision.verdict is Verdict.APPROVE:
        take_sellers_of(session, listing, revision)
    _take(session, listing, revision, decision, now=now)
    before = {"revision": revision.state.value, "listing": listing.state.value}
    if decision.verdict is Verdict.APPROVE:
        draft = content_to_approve(session, listing, revision, now=now)
        _check_agency(session, listing, draft, decision, now=now)
        approve_step(session, engine, actor, listing, revision, draft=draft, now=now)
    else:
        move_revision(
            session,
            revision,
            RevisionMove(decision.verdict.value),
            decided_at=now,
            decided_by=who(actor),
            reasons=stored(decision.reasons),
        )
        note(
            session,
            actor,
            _EVENTS[decision.verdict],
            listing.id,
            revision_id=revision.id,
            now=now,
            reasons=codes(decision.reasons),
        )
    news = {
        "listing": listing.id,
        "revision": revision.id,
        "organisation": listing.producer_id,
        "verdict": decision.verdict.value,
    }
    # By the revision: a phone that cannot be reached holds back nothing else about the listing.
    outbox.publish(session, REVIEWED, aggregate=revision.id, payload=news, now=now)
    record(
        session,
        actor,
        action="listing.review",
        subject=listing.id,
        principal=listing.producer_id,
        before=before,
        after={
            "revision": revision.state.value,
            "listing": listing.state.value,
            "id": revision.id,
            "reasons": codes(decision.reasons),
            "confirms_agency": decision.confirms_agency,
        },
        now=now,
    )
    return ReviewedListing(listing.id, revision.id, listing.version, revision.state, listing.state)


def _take(session: Session, listing: Listing, revision: ListingRevision, decision: Decision, *, now: datetime) -> None:
    try:
        bump(session, listing, seen=decision.version, now=now)
    except EditedMeanwhile:
        session.refresh(revision)
        if revision.state is not RevisionState.SUBMITTED:  # somebody has decided or taken it back: say so
            raise illegal_revision_move(revision, RevisionMove(decision.verdict.value)) from None
        raise


def _check_agency(session: Session, listing: Listing, draft: Draft, decision: Decision, *, now: datetime) -> None:
    if not isinstance(draft, PackageDraft) or not draft.needs_travel_agency or decision.confirms_agency:
        return
    sellers = [each for each in (listing.producer_id, draft.listing.cooperative_id) if each is not None]
    if not has_agency_licence(session, sellers, business_day(now)):
        raise AgencyLicenceNeeded
