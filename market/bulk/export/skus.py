"""Rows of prices and of stock: one for each SKU that is offered."""

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.bulk.export.scope import PAGE, Page, Scope
from market.catalogue.tables import Listing, Variant
from market.stock.tables import StockLevel

_LISTING = SQLModel.metadata.tables[str(Listing.__tablename__)].c
_VARIANT = SQLModel.metadata.tables[str(Variant.__tablename__)].c
_LEVEL = SQLModel.metadata.tables[str(StockLevel.__tablename__)].c


def sku_rows(session: Session, scope: Scope, after: tuple[str, ...] | None) -> Page:
    """The next page, by listing and place in it. Has the columns of both sheets."""
    key = sa.tuple_(_VARIANT.listing_id, _VARIANT.id)
    chosen = (
        sa.select(
            _VARIANT.listing_id,
            _VARIANT.id,
            _VARIANT.sku,
            _VARIANT.name,
            _VARIANT.price_fen,
            _LISTING.title,
            sa.func.coalesce(_LEVEL.on_hand, 0).label("on_hand"),
        )
        .join_from(_VARIANT.id.table, _LISTING.id.table, _LISTING.id == _VARIANT.listing_id)
        .outerjoin(_LEVEL.variant_id.table, _LEVEL.variant_id == _VARIANT.id)
        .where(_VARIANT.retired_at.is_(None), scope.where(_LISTING.producer_id, _LISTING.region_code))
        .order_by(_VARIANT.listing_id, _VARIANT.id)
        .limit(PAGE)
    )
    found = session.execute(chosen if after is None else chosen.where(key > sa.tuple_(*after))).all()
    rows = [
        {
            "sku": row.sku,
            "product_note": row.title,
            "variant_note": row.name,
            "price": row.price_fen,
            "counted": row.on_hand,
        }
        for row in found
    ]
    return rows, (found[-1].listing_id, found[-1].id) if len(found) == PAGE else None
