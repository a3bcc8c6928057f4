"""Use case: receive stock."""

import sqlalchemy as sa
from sqlmodel import col, select

from market.catalogue.keep import keep_stock_state
from market.catalogue.rules import stock_state_of
from market.catalogue.tables import Listing, Variant
from market.kernel.errors import Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require
from market.stock.tables import StockLevel

QUANTITY_MAX = 1_000_000


def receive_stock(market: Market, actor: Actor, *, variant_id: str, quantity: int) -> int:
    """Add pieces to what is on hand of a variant; how many are free to sell now.

    Refuses: Forbidden; NotFound; Invalid for a quantity that is not 0 to 1,000,000.
    Guards: one update of the stock row, checked by the database.
    """
    if not 0 <= quantity <= QUANTITY_MAX:
        raise Invalid(
            field="quantity",
            allowed=f"a quantity is 0 to {QUANTITY_MAX}",
            allowed_zh=f"数量为 0 到 {QUANTITY_MAX}",
        )
    with market.transaction() as session:
        sellers = session.exec(
            select(Listing.producer_id, Listing.cooperative_id)
            .join(Variant, col(Variant.listing_id) == col(Listing.id))
            .where(Variant.id == variant_id)
        ).first()
        if sellers is None:
            raise NotFound(field="variant")
        require(actor, Permission.STOCK_ADJUST, organisation_id=sellers[1] or sellers[0])
        updated = session.execute(
            sa.update(StockLevel)
            .where(col(StockLevel.variant_id) == variant_id)
            .values(on_hand=StockLevel.on_hand + quantity)
        )
        if updated.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
            session.add(StockLevel(variant_id=variant_id, on_hand=quantity))
            session.flush()
        level = session.exec(select(StockLevel).where(StockLevel.variant_id == variant_id)).one()
        session.refresh(level)
        free = level.on_hand - level.reserved
        keep_stock_state(session, variant_id, stock_state_of(free))
        return free
