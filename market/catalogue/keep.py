"""Steps that keep a listing's kept columns true when what they come from changes, in the same transaction."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.catalogue.publish.listing import topics_of
from market.catalogue.rules import StockState
from market.catalogue.tables import Listing, Variant
from market.kernel.topics import touch

_BEST_FIRST = (StockState.IN_STOCK, StockState.LOW, StockState.SOLD_OUT)


def keep_stock_state(session: Session, variant_id: str, state: StockState) -> None:
    """Step: what buyers are told about a variant, and about its product: the best of its variants'."""
    changed = session.execute(
        sa.update(Variant)
        .where(col(Variant.id) == variant_id, col(Variant.stock_state) != state)
        .values(stock_state=state)
    )
    if changed.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        return
    listing_id = session.exec(select(Variant.listing_id).where(Variant.id == variant_id)).one()
    states = set(session.exec(select(Variant.stock_state).where(Variant.listing_id == listing_id)))
    best = next(each for each in _BEST_FIRST if each in states)
    session.execute(sa.update(Listing).where(col(Listing.id) == listing_id).values(stock_state=best))
    _touch(session, listing_id)


def keep_next_session(session: Session, package_id: str, next_at: datetime) -> None:
    """Step: when a package can next be joined; FAR_FUTURE when it cannot."""
    changed = session.execute(
        sa.update(Listing)
        .where(col(Listing.id) == package_id, col(Listing.next_session_at) != next_at)
        .values(next_session_at=next_at)
    )
    if changed.rowcount:  # type: ignore[attr-defined]  # an UPDATE has one
        _touch(session, package_id)


def _touch(session: Session, listing_id: str) -> None:
    listing = session.get(Listing, listing_id)
    assert listing is not None, "the row was just updated"
    touch(session, *topics_of(listing))
