"""Steps: a listing's state, and what holds exactly while it is LIVE: its row in the search table."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from market.catalogue.access import who
from market.catalogue.content.indexing import index_listing, unindex_listing
from market.catalogue.content.read import content_of
from market.catalogue.content.topics import topics_of
from market.catalogue.rules import ListingState
from market.catalogue.rules.moments import to_second
from market.catalogue.rules.reasons import Reason, stored
from market.catalogue.rules.states import LISTING_MOVES, ListingMove, SuspensionCause, next_listing_states
from market.catalogue.tables import Listing, ListingSuspension
from market.kernel.database import Engine
from market.kernel.errors import IllegalTransition
from market.kernel.permissions import Actor
from market.kernel.topics import touch


def move_listing(session: Session, engine: Engine, listing: Listing, move: ListingMove, *, now: datetime) -> None:
    """Step: make a move of a listing's state, and let search follow. The caller has taken the listing.

    Refuses with IllegalTransition what `LISTING_MOVES` does not name, from the state it is in.
    """
    was, (sources, to_state) = listing.state, LISTING_MOVES[move]
    moved = session.execute(
        sa.update(Listing)
        .where(col(Listing.id) == listing.id, col(Listing.state).in_(sources))
        .values(state=to_state, updated_at=to_second(now))
    )
    if moved.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        raise illegal_listing_move(was, move)
    session.refresh(listing)
    if to_state is ListingState.LIVE:
        content = content_of(session, listing)
        assert content is not None, "only what was approved goes on sale"
        index_listing(session, engine, listing, content)
    elif was is ListingState.LIVE:
        unindex_listing(session, listing)
    if ListingState.LIVE in {was, to_state}:
        touch(session, *topics_of(listing))


def illegal_listing_move(state: ListingState, move: ListingMove) -> IllegalTransition:
    """The refusal of a move that this state does not have."""
    return IllegalTransition(
        from_state=state.value,
        to_state=LISTING_MOVES[move][1].value,
        allowed=tuple(each.value for each in next_listing_states(state)),
    )


def causes_of(session: Session, listing_id: str) -> set[SuspensionCause]:
    """Step: the causes for which a listing is off sale."""
    held = sa.select(col(ListingSuspension.cause)).where(col(ListingSuspension.listing_id) == listing_id)
    return set(session.execute(held).scalars())


def add_cause(
    session: Session,
    actor: Actor,
    listing_id: str,
    cause: SuspensionCause,
    *,
    reasons: Sequence[Reason] = (),
    now: datetime,
) -> None:
    """Step: one more cause, which the listing does not have yet."""
    session.add(
        ListingSuspension(listing_id=listing_id, cause=cause, since=now, by=who(actor), reasons=stored(reasons))
    )
    session.flush()


def drop_causes(session: Session, listing_id: str, causes: Iterable[SuspensionCause]) -> None:
    """Step: these causes hold no longer."""
    session.execute(
        sa.delete(ListingSuspension).where(
            col(ListingSuspension.listing_id) == listing_id, col(ListingSuspension.cause).in_(list(causes))
        )
    )
