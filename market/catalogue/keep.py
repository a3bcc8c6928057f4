"""Steps that keep a listing's kept columns true when what they come from changes, in the same transaction.

Whoever changes variants takes the listing's row first: what is kept on it is only true when the changes of its variants
come one after another.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.catalogue.content.product_rows import best_stock_state
from market.catalogue.content.topics import topics_of
from market.catalogue.rules import StockState
from market.catalogue.tables import Listing, Variant
from market.kernel.topics import touch


def keep_stock_state(session: Session, variant_id: str, state: StockState) -> None:
    """Step: what buyers are told about a variant, and about its product: the best of those it offers.

    The caller holds the variant's stock row, so that of one variant only one transaction comes here.
    """
    old, listing_id = session.exec(
        select(Variant.stock_state, Variant.listing_id).where(Variant.id == variant_id)
    ).one()
    if old == state:
        return
    listing = session.exec(
        select(Listing)
        .where(Listing.id == listing_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    session.execute(sa.update(Variant).where(col(Variant.id) == variant_id).values(stock_state=state))
    best = best_stock_state(session, listing_id)
    session.execute(sa.update(Listing).where(col(Listing.id) == listing_id).values(stock_state=best))
    touch(session, *topics_of(listing))


def keep_next_session(session: Session, package_id: str, next_at: datetime) -> None:
    """Step: when a package can next be joined; FAR_FUTURE when it cannot."""
    changed = session.execute(
        sa.update(Listing)
        .where(col(Listing.id) == package_id, col(Listing.next_session_at) != next_at)
        .values(next_session_at=next_at)
    )
    if changed.rowcount:  # type: ignore[attr-defined]  # an UPDATE has one
        listing = session.get(Listing, package_id)
        assert listing is not None, "the row was just updated"
        touch(session, *topics_of(listing))
