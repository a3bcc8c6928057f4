"""Step: a listing that goes on sale without a review."""

from market.catalogue.content.drafts import Draft
from market.catalogue.content.identity import Known, identified
from market.catalogue.content.indexing import index_listing
from market.catalogue.content.problems import problems_of
from market.catalogue.content.rows import add_listing, write_content
from market.catalogue.content.topics import topics_of
from market.catalogue.errors import NotReady
from market.catalogue.rules import ListingState
from market.kernel.audit import record
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require
from market.kernel.topics import touch


def publish(market: Market, actor: Actor, draft: Draft, popularity: int) -> str:
    """Put a listing on sale past drafts and reviews: for seeds and administrators. Refuses as its callers say."""
    require(actor, Permission.LISTING_REVIEW)
    problems = problems_of(draft)
    if problems:
        raise NotReady(problems)
    draft, now = identified(draft, Known()), market.now()
    with market.transaction() as session:
        listing = add_listing(session, draft, state=ListingState.LIVE, now=now, popularity=popularity)
        write_content(session, listing, draft, now=now)
        index_listing(session, market.database.engine, listing, draft)
        touch(session, *topics_of(listing))
        record(session, actor, action="listing.publish", subject=listing.id, principal=listing.producer_id, now=now)
        return listing.id
