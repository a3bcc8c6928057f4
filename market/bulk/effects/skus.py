"""What there is under the SKUs of a chunk, for the kinds whose rows name one."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.bulk.effects.base import Work
from market.catalogue.tables import Listing, Variant
from market.kernel.permissions import Permission
from market.organisations.acting import acts_for
from market.stock.tables import StockLevel

_LISTING = SQLModel.metadata.tables[str(Listing.__tablename__)].c
_VARIANT = SQLModel.metadata.tables[str(Variant.__tablename__)].c
_LEVEL = SQLModel.metadata.tables[str(StockLevel.__tablename__)].c


@dataclass(frozen=True, slots=True)
class SkuNow:
    """A variant as it is now."""

    variant_id: str
    producer_id: str
    price_fen: int
    on_hand: int | None
    """None where nothing was ever received."""


def skus_now(session: Session, work: Work, permission: Permission, skus: Iterable[str]) -> dict[str, SkuNow]:
    """Step: those of the SKUs that the actor may do this to. One statement."""
    chosen = (
        sa.select(_VARIANT.sku, _VARIANT.id, _LISTING.producer_id, _VARIANT.price_fen, _LEVEL.on_hand)
        .join_from(_VARIANT.id.table, _LISTING.id.table, _LISTING.id == _VARIANT.listing_id)
        .outerjoin(_LEVEL.variant_id.table, _LEVEL.variant_id == _VARIANT.id)
        .where(
            _VARIANT.sku.in_(sorted(skus)),
            acts_for(work.actor, permission, _LISTING.producer_id, today=work.today),
        )
    )
    return {row.sku: SkuNow(row.id, row.producer_id, row.price_fen, row.on_hand) for row in session.execute(chosen)}
