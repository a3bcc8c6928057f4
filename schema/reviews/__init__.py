"""Buyers' reviews, as GraphQL shows them."""

from schema.reviews.changes import ReviewMutations
from schema.reviews.reads import MANAGED_REVIEW, REVIEW_QUERIES
from schema.reviews.types import Review, ReviewQueries

__all__ = ["MANAGED_REVIEW", "REVIEW_QUERIES", "Review", "ReviewMutations", "ReviewQueries"]
