"""Steps that make a product's rows say what a draft says."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from market.catalogue.content.check import sku_taken
from market.catalogue.content.drafts import ProductDraft, WindowDraft
from market.catalogue.content.parts import offer_rows, replace_rows, table_of, write_one
from market.catalogue.errors import NotReady
from market.catalogue.rules import StockState, WindowKind, season_of
from market.catalogue.rules.seasons import window
from market.catalogue.rules.stock import best_of
from market.catalogue.tables import Listing, Product, SeasonWindow, Variant

_LISTING = table_of(Listing)


def write_product(session: Session, listing: Listing, draft: ProductDraft, now: datetime) -> None:
    """Step: what only produce has. Refuses with NotReady when somebody took one of its SKUs meanwhile."""
    values = {"shelf_life_days": draft.shelf_life_days, "origin": draft.origin, "origin_en": draft.origin_en}
    write_one(session, Product, listing.id, values)
    offered = [
        {
            "id": each.id,
            "sku": each.sku,
            "name": each.name,
            "name_en": each.name_en,
            "net_weight_grams": each.net_weight_grams,
            "pack_count": each.pack_count,
            "unit": each.unit,
            "unit_en": each.unit_en,
            "price_fen": each.price_fen,
        }
        for each in draft.variants
    ]
    new = {"stock_state": StockState.SOLD_OUT}
    try:
        offer_rows(session, Variant, {"listing_id": listing.id}, offered, now=now, new=new, unique="sku")
    except sa.exc.IntegrityError as error:
        # Somebody else took a SKU since the draft was checked. Nothing but SKUs can collide here.
        if "sku" not in str(error.orig):
            raise
        raise NotReady([sku_taken(number) for number, _each in enumerate(offered, start=1)]) from None
    write_windows(session, listing.id, draft.windows)
    session.execute(
        sa.update(_LISTING)
        .where(_LISTING.c.id == listing.id)
        .values(storage=draft.storage, stock_state=best_stock_state(session, listing.id))
    )


def write_windows(session: Session, listing_id: str, windows: Sequence[WindowDraft]) -> None:
    """Step: a product's season windows, and the kept season of its listing. Refuses with Invalid as `season_of` does."""
    days = [(each.kind, window(each.start, each.end)) for each in windows]
    season = season_of(each for kind, each in days if kind is WindowKind.SALE)
    rows = [
        {"position": position, "kind": kind, "start_day": each.start, "end_day": each.end}
        for position, (kind, each) in enumerate(days, start=1)
    ]
    replace_rows(session, SeasonWindow, {"listing_id": listing_id}, rows)
    session.execute(
        sa.update(_LISTING)
        .where(_LISTING.c.id == listing_id)
        .values(
            season_start_1=season.start_1,
            season_end_1=season.end_1,
            season_start_2=season.start_2,
            season_end_2=season.end_2,
        )
    )


def best_stock_state(session: Session, listing_id: str) -> StockState:
    """Step: the best of the variants that a product offers."""
    variant = table_of(Variant)
    states = sa.select(variant.c.stock_state).where(variant.c.listing_id == listing_id, variant.c.retired_at.is_(None))
    return best_of(session.execute(states).scalars())
