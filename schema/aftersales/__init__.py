"""After-sales, as GraphQL shows them: cancellations and refunds, claims."""

import strawberry

from schema.aftersales.claims import CLAIM, CLAIM_QUERIES, ClaimMutations, ClaimQueries
from schema.aftersales.refunds import RefundMutations, RefundQueries
from schema.permissions import PUBLIC, ruled


@strawberry.type(description="Changes after a sale.")
class AftersalesMutations(RefundMutations, ClaimMutations):
    pass


@strawberry.type(description="Reads after a sale.")
@ruled(PUBLIC)
class AftersalesQueries(RefundQueries, ClaimQueries):
    pass


__all__ = ["CLAIM", "CLAIM_QUERIES", "AftersalesMutations", "AftersalesQueries"]
