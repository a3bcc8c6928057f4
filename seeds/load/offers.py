"""What load orders are of: the load listings by their sellers."""

from dataclasses import dataclass

from sqlmodel import Session, select

from market.catalogue.rules import ListingKind
from market.catalogue.tables import Listing, Variant


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be bought."""

    listing_id: str
    variant_id: str | None
    category_id: str
    is_tour: bool
    title: str
    price_fen: int
    weight_grams: int


@dataclass(frozen=True, slots=True)
class OrderSeller:
    """Who sells what."""

    producer_id: str
    cooperative_id: str | None
    village_id: str
    region_code: str
    offers: tuple[Offer, ...]


def read_sellers(session: Session) -> list[OrderSeller]:
    """Step: who sells what, the most popular sellers first."""
    variants: dict[str, tuple[str, int, int]] = {}
    for row in session.exec(select(Variant.listing_id, Variant.id, Variant.price_fen, Variant.net_weight_grams)):
        variants.setdefault(row[0], (row[1], row[2], row[3]))
    found: dict[str, tuple[Listing, list[Offer]]] = {}
    for listing in session.exec(select(Listing).order_by(Listing.search_rank)):  # type: ignore[arg-type]  # a column
        is_tour = listing.kind is ListingKind.TOUR_PACKAGE
        variant_id, price, weight = variants.get(listing.id, (None, listing.price_fen, 0))
        offer = Offer(listing.id, variant_id, listing.category_id, is_tour, listing.title, price or 9_900, weight)
        found.setdefault(listing.producer_id, (listing, []))[1].append(offer)
    return [
        OrderSeller(each.producer_id, each.cooperative_id, each.village_id, each.region_code, tuple(offers))
        for each, offers in found.values()
    ]
