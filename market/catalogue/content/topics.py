"""Which cached answers a listing is part of."""

from typing import Any

from market.catalogue.tables import Listing


def topics_of(listing: Listing | Any) -> list[str]:
    """What changes when a listing (or a row with its id and categories) does: it, the lists of its categories, and all
    others."""
    return [listing.id, "catalogue", listing.category_1, *filter(None, (listing.category_2, listing.category_3))]
