"""Claims, as GraphQL shows them."""

from schema.aftersales.claims.changes import ClaimMutations
from schema.aftersales.claims.reads import CLAIM, CLAIM_QUERIES
from schema.aftersales.claims.types import Claim, ClaimQueries

__all__ = ["CLAIM", "CLAIM_QUERIES", "Claim", "ClaimMutations", "ClaimQueries"]
