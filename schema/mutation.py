"""The root of all changes: each noun's mutations are with its types."""

import strawberry


@strawberry.type(
    description="All changes. Each answers with what was done or with why not; nothing is done halfway. What creates or "
    "moves something takes an `idempotencyKey`: sent again with it, it is done once and answers the same."
)
class Mutation:
    pass
