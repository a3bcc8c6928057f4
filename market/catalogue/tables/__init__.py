"""The catalogue's tables: `listing` is what both kinds share and lists filter by; the rest hangs off it."""

from market.catalogue.tables.listing import FAR_FUTURE, Category, Image, Listing, ListingCertificate
from market.catalogue.tables.produce import Product, SeasonWindow, Variant
from market.catalogue.tables.review import ExpiryWarning, ListingEvent, ListingRevision, ListingSuspension, PriceChange
from market.catalogue.tables.search import SEARCH, listing_search
from market.catalogue.tables.tours import (
    CancellationTier,
    PackageGift,
    PackageNote,
    PackageOption,
    TourPackage,
    UnitType,
)

__all__ = [
    "FAR_FUTURE",
    "SEARCH",
    "CancellationTier",
    "Category",
    "ExpiryWarning",
    "Image",
    "Listing",
    "ListingCertificate",
    "ListingEvent",
    "ListingRevision",
    "ListingSuspension",
    "PackageGift",
    "PackageNote",
    "PackageOption",
    "PriceChange",
    "Product",
    "SeasonWindow",
    "TourPackage",
    "UnitType",
    "Variant",
    "listing_search",
]
