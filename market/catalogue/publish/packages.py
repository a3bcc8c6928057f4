"""Use case: put a tour package on sale."""

from market.catalogue.content.drafts import PackageDraft
from market.catalogue.publish.listing import publish
from market.kernel.market import Market
from market.kernel.permissions import Actor


def publish_package(market: Market, actor: Actor, draft: PackageDraft, *, popularity: int = 0) -> str:
    """Put a tour package on sale at once, past drafts and reviews: for seeds and administrators; its id. It has no
    sessions yet.

    Refuses: Forbidden unless the actor may review listings everywhere; NotFound; NotReady with all that is wrong.
    """
    return publish(market, actor, draft, popularity)
