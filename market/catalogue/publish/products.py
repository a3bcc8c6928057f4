"""Use case: put produce on sale."""

from market.catalogue.content.drafts import ProductDraft
from market.catalogue.publish.listing import publish
from market.kernel.market import Market
from market.kernel.permissions import Actor


def publish_product(market: Market, actor: Actor, draft: ProductDraft, *, popularity: int = 0) -> str:
    """Put produce on sale at once, past drafts and reviews: for seeds and administrators; its id. It shows as sold out
    until stock is received.

    Refuses: Forbidden unless the actor may review listings everywhere; NotFound; NotReady with all that is wrong.
    Guards: a SKU names one variant in the whole marketplace.
    """
    return publish(market, actor, draft, popularity)
