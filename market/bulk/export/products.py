"""Rows of products: as their people see them, one for each variant."""

from sqlmodel import Session, SQLModel, select

from market.bulk.effects.products.names import labels_of
from market.bulk.effects.products.now import products_now, rows_of
from market.bulk.export.scope import PAGE, Page, Scope
from market.catalogue.rules import ListingKind
from market.catalogue.tables import Listing

_LISTING = SQLModel.metadata.tables[str(Listing.__tablename__)].c


def product_rows(session: Session, scope: Scope, after: tuple[str, ...] | None) -> Page:
    """The next page, by listing. One that has no code is named by its id."""
    mine = select(Listing).where(
        _LISTING.kind == ListingKind.PRODUCT, scope.where(_LISTING.producer_id, _LISTING.region_code)
    )
    if after is not None:
        mine = mine.where(_LISTING.id > after[0])
    listings = session.exec(mine.order_by(_LISTING.id).limit(PAGE)).all()
    now = products_now(session, listings)
    said = [(listing, draft) for listing in listings if (draft := now[listing.id].draft) is not None]
    labels = labels_of(
        session, {draft.listing.producer_id for _, draft in said}, {draft.listing.village_id for _, draft in said}
    )
    rows = [
        {**row, **{key: labels.get(row[key], row[key]) for key in ("producer", "category", "village")}}
        for listing, draft in said
        for row in rows_of(listing.external_code or listing.id, draft)
    ]
    return rows, (listings[-1].id,) if len(listings) == PAGE else None
