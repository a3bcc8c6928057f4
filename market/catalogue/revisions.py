"""Steps: a listing's revisions as rows, and the moves of their state."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from market.catalogue.access import who
from market.catalogue.content.codec import encoded
from market.catalogue.content.drafts import Draft
from market.catalogue.rules.states import (
    EDITABLE_REVISIONS,
    OPEN_REVISIONS,
    REVISION_MOVES,
    RevisionMove,
    RevisionState,
    next_revision_states,
)
from market.catalogue.tables import Listing, ListingRevision
from market.kernel.errors import IllegalTransition
from market.kernel.ids import new_id
from market.kernel.permissions import Actor
from market.places.manage import village_of


def open_revision(session: Session, listing_id: str) -> ListingRevision | None:
    """Step: a listing's revision that is not decided yet, as it is now."""
    found = select(ListingRevision).where(
        ListingRevision.listing_id == listing_id, col(ListingRevision.state).in_(OPEN_REVISIONS)
    )
    return session.exec(found.execution_options(populate_existing=True)).first()


def add_revision(session: Session, actor: Actor, listing: Listing, draft: Draft, *, now: datetime) -> ListingRevision:
    """Step: a listing's next revision, in DRAFT.

    Guards: a listing has at most one open revision, by a unique index beneath.
    """
    last = session.exec(select(func.max(ListingRevision.number)).where(ListingRevision.listing_id == listing.id)).one()
    revision = ListingRevision(
        id=new_id("rev"),
        listing_id=listing.id,
        number=(last or 0) + 1,
        producer_id=listing.producer_id,
        created_at=now,
        **_saved(session, actor, draft, now),
    )
    session.add(revision)
    session.flush()
    return revision


def rewrite_revision(session: Session, actor: Actor, revision: ListingRevision, draft: Draft, *, now: datetime) -> None:
    """Step: other content for an open revision. Refuses with IllegalTransition while it is being reviewed."""
    rewritten = session.execute(
        sa.update(ListingRevision)
        .where(col(ListingRevision.id) == revision.id, col(ListingRevision.state).in_(EDITABLE_REVISIONS))
        .values(**_saved(session, actor, draft, now))
    )
    session.refresh(revision)
    if rewritten.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        raise _illegal(revision.state, RevisionState.DRAFT)


def move_revision(session: Session, revision: ListingRevision, move: RevisionMove, **changes: Any) -> None:
    """Step: make a move of a revision's state; `changes` are columns to set with it.

    Refuses with IllegalTransition, from the state it is really in, what `REVISION_MOVES` does not name or somebody else
    was quicker to do.
    """
    sources, to_state = REVISION_MOVES[move]
    moved = session.execute(
        sa.update(ListingRevision)
        .where(col(ListingRevision.id) == revision.id, col(ListingRevision.state).in_(sources))
        .values(state=to_state, **changes)
    )
    session.refresh(revision)
    if moved.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        raise illegal_revision_move(revision, move)


def illegal_revision_move(revision: ListingRevision, move: RevisionMove) -> IllegalTransition:
    """The refusal of a move that this state does not have."""
    return _illegal(revision.state, REVISION_MOVES[move][1])


def _illegal(state: RevisionState, to_state: RevisionState) -> IllegalTransition:
    return IllegalTransition(
        from_state=state.value,
        to_state=to_state.value,
        allowed=tuple(each.value for each in next_revision_states(state)),
    )


def _saved(session: Session, actor: Actor, draft: Draft, now: datetime) -> dict[str, Any]:
    village = village_of(session, draft.listing.village_id)
    return {
        "content": encoded(draft),
        "region_code": village.region_code,
        "author": who(actor),
        "saved_at": now,
    }
