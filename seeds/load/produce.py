"""Invented produce: variants, seasons and stock."""

from functools import cache

from market.catalogue.rules import (
    ListingKind,
    Season,
    StockState,
    WindowKind,
    season_of,
)
from market.catalogue.rules.seasons import Window, window
from market.catalogue.tables import ListingCertificate, Product, SeasonWindow, Variant
from seeds.load import words
from seeds.load.listings import Listings
from seeds.load.sellers import Seller
from seeds.load.stock import add_stock, invented_level, state_of_level
from seeds.load.words import Crop, Words

_BEST_FIRST = (StockState.IN_STOCK, StockState.LOW, StockState.SOLD_OUT)


@cache
def _windows(crop: Crop) -> tuple[Season, tuple[Window, ...]]:
    windows = tuple(window(start, end) for start, end in crop.sale)
    return season_of(windows), windows


@cache
def _weight(grams: int) -> Words:
    if grams < 1000:
        return f"{grams}克", f"{grams} g"
    return f"{grams / 1000:g}千克", f"{grams / 1000:g} kg"


def add_product(listings: Listings, sellers: list[Seller], number: int) -> str:
    """One more product; the id of its first variant."""
    chance = listings.chance
    crop = words.CROPS[number % len(words.CROPS)]
    seller, variety, grade = chance.choice(sellers), chance.choice(crop.varieties), chance.choice(words.GRADES)
    packs = chance.sample(crop.pack_grams, chance.choice((1, 1, 2, 2, 3)))
    fen_per_kg = chance.randint(*crop.fen_per_kg)
    prices = [max(500, fen_per_kg * grams // 100_000 * 100 - 20) for grams in packs]
    levels = [invented_level(listings) for _ in packs]
    states = [state_of_level(level) for level in levels]
    season, windows = _windows(crop)
    zh, en = _weight(packs[0])
    listing_id = listings.ids.new("prd")
    listings.add(
        ListingKind.PRODUCT,
        listing_id,
        title=(
            f"{seller.place.name}{grade[0]}{variety[0]} {zh}",
            f"{grade[1]} {variety[1]} {en}, {seller.place.name_en}",
        ),
        category=crop.category,
        motif=crop.motif,
        seller=seller,
        more=(seller.place.name, seller.place.name_en, *[_weight(grams)[0] for grams in packs]),
        price_fen=min(prices),
        storage=crop.storage,
        stock_state=next(state for state in _BEST_FIRST if state in states),
        season_start_1=season.start_1,
        season_end_1=season.end_1,
        season_start_2=season.start_2,
        season_end_2=season.end_2,
    )
    _add_parts(listings, listing_id, crop, seller, windows)
    variants = [
        _add_variant(listings, listing_id, position, f"LD-{number:06}-{position}", grams, price, state)
        for position, (grams, price, state) in enumerate(zip(packs, prices, states, strict=True), 1)
    ]
    for variant_id, level in zip(variants, levels, strict=True):
        add_stock(listings, seller, crop, variant_id, level)
    return variants[0]


def _add_parts(listings: Listings, listing_id: str, crop: Crop, seller: Seller, windows: tuple[Window, ...]) -> None:
    rows, place = listings.rows, seller.place
    rows.add(
        Product,
        id=listing_id,
        shelf_life_days=crop.shelf_life_days,
        origin=place.name,
        origin_en=place.name_en,
    )
    kinds = [WindowKind.SALE] * len(windows) + [WindowKind.HARVEST] * len(windows)
    for position, (kind, days) in enumerate(zip(kinds, windows * 2, strict=True), 1):
        rows.add(
            SeasonWindow,
            listing_id=listing_id,
            position=position,
            kind=kind,
            start_day=days.start,
            end_day=days.end,
        )
    if seller.certificate_id is not None and listings.chance.random() < 0.5:
        rows.add(ListingCertificate, listing_id=listing_id, certificate_id=seller.certificate_id)


def _add_variant(
    listings: Listings,
    listing_id: str,
    position: int,
    sku: str,
    grams: int,
    price_fen: int,
    state: StockState,
) -> str:
    variant_id = listings.ids.new("var")
    name, name_en = _weight(grams)
    listings.rows.add(
        Variant,
        id=variant_id,
        listing_id=listing_id,
        position=position,
        sku=sku,
        name=name,
        name_en=name_en,
        net_weight_grams=grams,
        pack_count=1,
        unit="箱",
        unit_en="box",
        price_fen=price_fen,
        stock_state=state,
    )
    return variant_id
