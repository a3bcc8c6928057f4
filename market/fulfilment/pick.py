"""Use case: what is to be taken from the shelves for a seller's open orders, by SKU and how it must be kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.catalogue.rules import Storage
from market.catalogue.tables import Listing, Variant
from market.kernel.clock import business_day
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission
from market.orders.rules import DeliveryMethod, LineKind, SellerOrderState
from market.orders.tables import OrderLine, SellerOrder
from market.organisations.acting import find_acting_for

PICKS_MAX = 500

_PARTS, _LINES, _VARIANTS, _LISTINGS = (
    SQLModel.metadata.tables[str(table.__tablename__)].c for table in (SellerOrder, OrderLine, Variant, Listing)
)


@dataclass(frozen=True, slots=True)
class Pick:
    """So many pieces of a variant, for so many seller orders."""

    variant_id: str
    sku: str
    title: str
    title_en: str | None
    variant: str
    storage: Storage
    quantity: int
    orders: int
    paid_at: datetime
    """When the one that has waited longest was paid."""


@dataclass(frozen=True, slots=True)
class PickAsked:
    """Which orders to pick for."""

    producer_id: str
    storages: Sequence[Storage] = ()
    """Only what is kept so; everything when none is named."""
    methods: Sequence[DeliveryMethod] = ()
    """Only what is delivered so; everything when none is named."""
    paid_before: datetime | None = None


def pick_list(market: Market, actor: Actor, asked: PickAsked) -> list[Pick] | None:
    """What is to be handed over of the seller's paid orders, by storage class and SKU, at most 500 variants; None for a
    producer that is unknown or not theirs. Gifts are in it: they are packed for the guests.

    Refuses: NotSignedIn; Forbidden.
    """
    with market.read() as session:
        today = business_day(market.now())
        found = find_acting_for(session, actor, Permission.ORDER_READ, producer_id=asked.producer_id, today=today)
        return None if found is None else _picks(session, asked)


def _picks(session: Session, asked: PickAsked) -> list[Pick]:
    left = _LINES.quantity - _LINES.fulfilled_quantity - _LINES.refunded_quantity
    storage = sa.func.coalesce(_LISTINGS.storage, Storage.AMBIENT.value)
    wanted = [
        _PARTS.producer_id == asked.producer_id,
        _PARTS.state.in_([SellerOrderState.OPEN, SellerOrderState.PARTLY_FULFILLED]),
        _LINES.kind != LineKind.BOOKING,
        left > 0,
    ]
    if asked.storages:
        wanted.append(storage.in_([each.value for each in asked.storages]))
    if asked.methods:
        wanted.append(_PARTS.delivery_method.in_(asked.methods))
    if asked.paid_before is not None:
        wanted.append(_PARTS.paid_at < asked.paid_before)
    rows = session.execute(
        sa.select(
            _VARIANTS.id,
            _VARIANTS.sku,
            _LISTINGS.title,
            _LISTINGS.title_en,
            _VARIANTS.name,
            storage.label("storage"),
            sa.func.sum(left).label("quantity"),
            sa.func.count(sa.distinct(_PARTS.id)).label("orders"),
            sa.func.min(_PARTS.paid_at).label("paid_at"),
        )
        .join(_LINES.id.table, _LINES.seller_order_id == _PARTS.id)
        .join(_VARIANTS.id.table, _VARIANTS.id == _LINES.variant_id)
        .join(_LISTINGS.id.table, _LISTINGS.id == _VARIANTS.listing_id)
        .where(*wanted)
        .group_by(_VARIANTS.id, _VARIANTS.sku, _LISTINGS.title, _LISTINGS.title_en, _VARIANTS.name, _LISTINGS.storage)
        .order_by(storage, _VARIANTS.sku, _VARIANTS.id)
        .limit(PICKS_MAX)
    ).all()
    return [
        Pick(
            row.id,
            row.sku,
            row.title,
            row.title_en,
            row.name,
            Storage(row.storage),
            int(row.quantity),
            row.orders,
            row.paid_at,
        )
        for row in rows
    ]
