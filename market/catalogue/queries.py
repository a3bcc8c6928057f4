"""Named reads of the catalogue."""

from sqlmodel import Session, select

from market.catalogue.rules import ListingState
from market.catalogue.tables import Category, Listing


def is_live(session: Session, listing_id: str) -> bool:
    """Whether a listing is on sale."""
    state = session.exec(select(Listing.state).where(Listing.id == listing_id)).first()
    return state == ListingState.LIVE


def category_depths(session: Session) -> dict[str, int]:
    """How deep each category lies: 1 for a root."""
    return {row.id: row.depth for row in session.exec(select(Category))}
