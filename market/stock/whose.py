"""Whose stock it is, and who may change it."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.catalogue.tables import Listing, Product, Variant
from market.kernel.clock import business_day
from market.kernel.errors import NotFound
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.acting import act_for
from market.organisations.rules import OrganisationKind
from market.stock.tables import StockLot


@dataclass(frozen=True, slots=True)
class Stocked:
    """A variant whose stock the actor may change, with what stock needs to know of it. The producer is on whose behalf
    it is done: the audit trail's principal."""

    variant_id: str
    producer_id: str
    kind: OrganisationKind
    shelf_life_days: int | None


def stocked(
    session: Session,
    actor: Actor,
    *,
    now: datetime,
    variant_id: str | None = None,
    sku: str | None = None,
    lot_id: str | None = None,
) -> Stocked:
    """Step: the variant of this id, this SKU or this lot. Refuses: NotSignedIn; Forbidden; NotFound when there is none,
    or it is not of a producer whose stock the actor may change, which answer alike."""
    reach(actor, Permission.STOCK_ADJUST)
    wanted: sa.ColumnElement[bool]
    if lot_id is not None:
        field, wanted = "lot", col(Variant.id).in_(select(StockLot.variant_id).where(StockLot.id == lot_id))
    elif sku is not None:
        field, wanted = "sku", col(Variant.sku) == sku
    else:
        field, wanted = "variant", col(Variant.id) == variant_id
    row = session.exec(
        select(Variant.id, Listing.producer_id, Product.shelf_life_days)
        .join(Product, col(Variant.listing_id) == col(Product.id))
        .join(Listing, col(Listing.id) == col(Product.id))
        .where(wanted)
    ).first()
    if row is None:
        raise NotFound(field=field)
    found_id, producer_id, shelf_life_days = row
    today = business_day(now)
    producer = act_for(session, actor, Permission.STOCK_ADJUST, producer_id=producer_id, today=today, field=field)
    return Stocked(found_id, producer.id, producer.kind, shelf_life_days)
