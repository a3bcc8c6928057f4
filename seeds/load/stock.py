"""Invented stock: a lot of each variant that has any, received once, some of it held."""

from datetime import timedelta
from functools import cache

from market.catalogue.rules import StockState, stock_state_of
from market.kernel.clock import business_day
from market.stock.rules import (
    Commitment,
    ConformityBasis,
    ConformityState,
    IssuerKind,
    MovementKind,
    best_before,
)
from market.stock.tables import ConformityCertificate, StockHold, StockLevel, StockLot, StockMovement
from seeds import content
from seeds.ground import SEEDER
from seeds.load.listings import Listings
from seeds.load.sellers import Seller
from seeds.load.words import Crop

Level = tuple[int, int]
"""Pieces on hand and reserved."""

_HOLDER = "load"


@cache
def _covered() -> frozenset[str]:
    """The categories whose lots need a conformity certificate: those that say so, and those below them."""
    covered: set[str] = set()
    for row in content.rows("category"):  # parents come first
        if row.get("needs_conformity_certificate") or row["parent"] in covered:
            covered.add(row["slug"])
    return frozenset(covered)


def invented_level(listings: Listings) -> Level:
    """One variant in twenty has none, one in fifteen nearly none."""
    chance = listings.chance.random()
    if chance < 0.12:
        return (0 if chance < 0.05 else listings.chance.randint(1, 5)), 0
    return listings.chance.randint(10, 600), listings.chance.randint(0, 9)


def state_of_level(level: Level) -> StockState:
    """What buyers are told."""
    on_hand, reserved = level
    return stock_state_of(on_hand - reserved)


def add_stock(listings: Listings, seller: Seller, crop: Crop, variant_id: str, level: Level) -> None:
    """The level of a variant, with the lot, the movement and the hold that it comes from."""
    rows, on_hand, reserved = listings.rows, *level
    rows.add(
        StockLevel,
        variant_id=variant_id,
        producer_id=seller.id,
        on_hand=on_hand,
        reserved=reserved,
        version=int(on_hand > 0),
    )
    if on_hand:
        _add_lot(listings, seller, crop, variant_id, on_hand)
    if reserved:
        rows.add(StockHold, holder=_HOLDER, variant_id=variant_id, quantity=reserved, created_at=listings.now)


def _add_lot(listings: Listings, seller: Seller, crop: Crop, variant_id: str, on_hand: int) -> None:
    rows, lot_id, now = listings.rows, listings.ids.new("lot"), listings.now
    is_covered = crop.category in _covered()
    harvested_on = business_day(now) - timedelta(days=1)
    rows.add(
        StockLot,
        id=lot_id,
        variant_id=variant_id,
        producer_id=seller.id,
        harvested_on=harvested_on,
        received=on_hand,
        remaining=on_hand,
        best_before=best_before(harvested_on, crop.shelf_life_days),
        conformity=ConformityState.ISSUED if is_covered else ConformityState.NOT_REQUIRED,
        received_at=now,
    )
    if is_covered:
        rows.add(
            ConformityCertificate,
            lot_id=lot_id,
            issued_on=harvested_on,
            issuer=IssuerKind.FARMER,
            basis=ConformityBasis.QUALITY_CONTROL,
            commitments=sorted(Commitment),
            recorded_by=SEEDER.account_id,
            recorded_at=now,
        )
    rows.add(
        StockMovement,
        id=listings.ids.new("mov"),
        variant_id=variant_id,
        lot_id=lot_id,
        version=1,
        kind=MovementKind.RECEIVED,
        quantity=on_hand,
        on_hand=on_hand,
        actor=SEEDER.account_id,
        at=now,
    )
