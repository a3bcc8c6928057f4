"""Listings as their sellers and staff manage them: drafts, revisions, reviews, causes to be off sale, prices.

`types` and `reads` are what is shown, `content` and `inputs` what a listing is to say, `queries` the root fields,
`sellers` and `reviewers` the changes, `refusals` why not. What buyers see is in `schema/catalogue/`.
"""

from schema.listings.queries import LISTING_QUERIES, ListingQueries
from schema.listings.reads import LISTING_REVISION
from schema.listings.reviewers import ReviewerListingMutations
from schema.listings.sellers import SellerListingMutations

__all__ = [
    "LISTING_QUERIES",
    "LISTING_REVISION",
    "ListingQueries",
    "ReviewerListingMutations",
    "SellerListingMutations",
]
