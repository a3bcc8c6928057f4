"""Every move from every state, generated from the tables: what they name is done, everything else is refused and changes
nothing."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from market.catalogue.access import take_listing
from market.catalogue.errors import NoOpenRevision, NotApproved, StillSuspended
from market.catalogue.manage.drafts import withdraw_revision
from market.catalogue.manage.sale import relist_listing, withdraw_listing
from market.catalogue.review.suspend import lift_suspension, suspend_listing
from market.catalogue.revisions import move_revision
from market.catalogue.rules import ListingState
from market.catalogue.rules.states import (
    EDITABLE_REVISIONS,
    LISTING_MOVES,
    OPEN_REVISIONS,
    REVISION_MOVES,
    ListingMove,
    RevisionMove,
    RevisionState,
    Verdict,
    next_listing_states,
    next_revision_states,
)
from market.catalogue.standing import move_listing
from market.catalogue.tables import Listing, ListingRevision
from market.kernel.errors import IllegalTransition
from tests.catalogue.fair import PLENTY, Fair, a_key, a_variant, refused


def a_listing(fair: Fair, state: ListingState, title: str) -> str:
    """A listing in this state, approved before unless it is a draft."""
    draft = fair.product(title, a_variant(title))
    if state is ListingState.DRAFT:
        return fair.save(draft).listing_id
    listing_id = fair.live(draft)
    if state is ListingState.SUSPENDED:
        suspend(fair, listing_id)
    if state is ListingState.WITHDRAWN:
        withdraw_listing(fair.market, fair.owner, listing_id=listing_id, idempotency_key=a_key())
    return listing_id


def suspend(fair: Fair, listing_id: str) -> ListingState:
    return suspend_listing(fair.market, fair.moderator, listing_id=listing_id, reasons=PLENTY, idempotency_key=a_key())


def a_revision(fair: Fair, state: RevisionState) -> str:
    """A revision in this state, of a listing that is on sale."""
    listing_id = fair.live(fair.product("水蜜桃", a_variant(a_key())))
    saved = fair.save(fair.saying(listing_id, title="黄桃"), listing_id=listing_id)
    revision_id = str(saved.revision_id)
    if state is RevisionState.WITHDRAWN:
        withdraw_revision(fair.market, fair.owner, listing_id=listing_id, idempotency_key=a_key())
    if state in {RevisionState.DRAFT, RevisionState.WITHDRAWN}:
        return revision_id
    fair.submit(listing_id)
    verdicts = {
        RevisionState.APPROVED: Verdict.APPROVE,
        RevisionState.REJECTED: Verdict.REJECT,
        RevisionState.CHANGES_REQUESTED: Verdict.REQUEST_CHANGES,
    }
    if state in verdicts:
        fair.decide(revision_id, verdicts[state])
    return revision_id


@pytest.mark.parametrize("move", ListingMove)
def test_a_listing_moves_as_the_table_says(fair: Fair, move: ListingMove) -> None:
    listing_id = fair.live(fair.product("水蜜桃"))
    sources, to_state = LISTING_MOVES[move]

    def act() -> None:
        with fair.market.transaction() as session:
            listing = take_listing(session, listing_id)
            move_listing(session, fair.market.database.engine, listing, move, now=fair.market.now())

    for state in ListingState:
        with fair.market.transaction() as session:
            session.execute(sa.update(Listing).where(col(Listing.id) == listing_id).values(state=state))
        if state in sources:
            act()
            assert fair.state(listing_id) is to_state
        else:
            refusal = refused(act)
            assert isinstance(refusal, IllegalTransition)
            assert refusal.facts["from_state"] == state.value
            assert refusal.facts["allowed"] == tuple(each.value for each in next_listing_states(state))
            assert fair.state(listing_id) is state


@pytest.mark.parametrize("move", RevisionMove)
def test_a_revision_moves_as_the_table_says(fair: Fair, move: RevisionMove) -> None:
    sources, to_state = REVISION_MOVES[move]
    now = fair.market.now()

    def act(revision_id: str) -> None:
        with fair.market.transaction() as session:
            revision = session.get_one(ListingRevision, revision_id)
            move_revision(session, revision, move, submitted_at=now, decided_at=now, decided_by="x")

    for state in RevisionState:
        revision_id = a_revision(fair, state)
        if state in sources:
            act(revision_id)
            assert fair.revision(revision_id).state is to_state
        else:
            refusal = refused(act, revision_id)
            assert isinstance(refusal, IllegalTransition)
            assert refusal.facts["from_state"] == state.value
            assert refusal.facts["allowed"] == tuple(each.value for each in next_revision_states(state))
            assert fair.revision(revision_id).state is state


ON_LISTINGS: dict[str, Callable[[Fair, str], Any]] = {
    "suspend": suspend,
    "lift": lambda fair, id_: lift_suspension(fair.market, fair.moderator, listing_id=id_, idempotency_key=a_key()),
    "withdraw": lambda fair, id_: withdraw_listing(fair.market, fair.owner, listing_id=id_, idempotency_key=a_key()),
    "relist": lambda fair, id_: relist_listing(fair.market, fair.owner, listing_id=id_, idempotency_key=a_key()),
}
MOVED_TO = {
    ("suspend", ListingState.LIVE): ListingState.SUSPENDED,
    ("lift", ListingState.SUSPENDED): ListingState.LIVE,
    ("withdraw", ListingState.DRAFT): ListingState.WITHDRAWN,
    ("withdraw", ListingState.LIVE): ListingState.WITHDRAWN,
    ("withdraw", ListingState.SUSPENDED): ListingState.WITHDRAWN,
    ("relist", ListingState.WITHDRAWN): ListingState.LIVE,
}
REFUSED_WITH = {
    ("relist", ListingState.DRAFT): NotApproved,
    ("relist", ListingState.SUSPENDED): StillSuspended,
}


@pytest.mark.parametrize("act", ON_LISTINGS)
def test_people_move_a_listing_only_from_where_they_may(fair: Fair, act: str) -> None:
    for state in ListingState:
        title = f"桃{state.lower()}"
        listing_id = a_listing(fair, state, title)
        before = (fair.causes(listing_id), fair.found(title), len(fair.audited()))

        if (act, state) in MOVED_TO:
            assert ON_LISTINGS[act](fair, listing_id) is MOVED_TO[act, state]
            assert fair.state(listing_id) is MOVED_TO[act, state]
            assert fair.found(title) == ([listing_id] if fair.state(listing_id) is ListingState.LIVE else [])
        else:
            refusal = refused(ON_LISTINGS[act], fair, listing_id)
            assert isinstance(refusal, REFUSED_WITH.get((act, state), IllegalTransition))
            assert fair.state(listing_id) is state
            assert (fair.causes(listing_id), fair.found(title), len(fair.audited())) == before


@pytest.mark.parametrize("verdict", Verdict)
def test_reviewers_decide_only_about_what_was_handed_in(fair: Fair, verdict: Verdict) -> None:
    for state in RevisionState:
        revision_id = a_revision(fair, state)
        listing_id = fair.revision(revision_id).listing_id
        before = (fair.listing(listing_id).title, len(fair.audited()))

        if state is RevisionState.SUBMITTED:
            assert fair.decide(revision_id, verdict).state is REVISION_MOVES[RevisionMove(verdict.value)][1]
            assert fair.listing(listing_id).title == ("黄桃" if verdict is Verdict.APPROVE else "水蜜桃")
        else:
            refusal = refused(fair.decide, revision_id, verdict)
            assert isinstance(refusal, IllegalTransition)
            assert refusal.facts["from_state"] == state.value
            assert fair.revision(revision_id).state is state
            assert (fair.listing(listing_id).title, len(fair.audited())) == before


def test_sellers_hand_in_and_take_back_only_what_is_open(fair: Fair) -> None:
    for state in RevisionState:
        revision_id = a_revision(fair, state)
        listing_id = fair.revision(revision_id).listing_id

        if state in EDITABLE_REVISIONS:
            assert fair.submit(listing_id).state is RevisionState.SUBMITTED
        else:
            refusal = refused(fair.submit, listing_id)
            assert isinstance(refusal, IllegalTransition if state in OPEN_REVISIONS else NoOpenRevision)
            assert fair.revision(revision_id).state is state

        withdraw: dict[str, Any] = {"listing_id": listing_id, "idempotency_key": a_key()}
        if state in OPEN_REVISIONS:
            assert withdraw_revision(fair.market, fair.owner, **withdraw) == revision_id
            assert fair.revision(revision_id).state is RevisionState.WITHDRAWN
        else:
            assert isinstance(refused(withdraw_revision, fair.market, fair.owner, **withdraw), NoOpenRevision)
