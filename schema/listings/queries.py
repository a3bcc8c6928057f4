"""Root fields of managed listings."""

import strawberry

from market.catalogue.reading import read_draft, read_revision
from market.kernel.ids import prefix_of, require_id
from market.kernel.permissions import Permission
from schema.listings.content import FieldChange, ListingContent, ListingProblem
from schema.listings.reads import LISTING_REVISION, MANAGED_LISTING, MANAGED_LISTINGS, TO_REVIEW
from schema.listings.showing import change_of, content_of, problem_of
from schema.listings.types import (
    READ,
    ListingId,
    ListingRevision,
    ManagedListing,
    ManagedListingWhere,
    RevisionId,
    ToReviewWhere,
)
from schema.mutations import Info, changed
from schema.pagination import Connection, listed, single
from schema.permissions import ruled
from schema.projection import ById
from schema.projection.declare import Field


@strawberry.type(description="What a listing is to say, to go on writing it.")
@ruled(READ)
class ListingDraft:
    listing_id: strawberry.Private[str]
    revision_id: strawberry.Private[str | None]
    content: ListingContent = strawberry.field(
        description="Its open revision's, or what is approved; prices and seasons of what is on sale are those of now."
    )
    version: int = strawberry.field(description="The listing's version: give it when saving.")
    problems: list[ListingProblem] = strawberry.field(description="What keeps it from being handed in today.")
    listing: ManagedListing | None = changed(
        "The listing.", ManagedListing | None, lambda: MANAGED_LISTING, lambda root: root.listing_id
    )
    revision: ListingRevision | None = changed(
        "Its open revision; null when there is none.",
        ListingRevision | None,
        lambda: LISTING_REVISION,
        lambda root: root.revision_id,
    )


@strawberry.type(description="A revision as a reviewer reads it.")
@ruled(READ)
class RevisionReview:
    revision_id: strawberry.Private[str]
    content: ListingContent = strawberry.field(description="All that the listing is to say.")
    version: int = strawberry.field(description="The listing's version: give it with the decision.")
    changes: list[FieldChange] = strawberry.field(
        description="What is different from what buyers see now; everything, when they see nothing yet."
    )
    risky_words: list[str] = strawberry.field(
        description="Words in what it changes that the Advertising Law forbids or wants proof of, and ways to reach the "
        "seller past the marketplace (CONTACT)."
    )
    problems: list[ListingProblem] = strawberry.field(description="What an approval would be refused for today.")
    revision: ListingRevision | None = changed(
        "The revision.", ListingRevision | None, lambda: LISTING_REVISION, lambda root: root.revision_id
    )


@strawberry.type
class ListingQueries:
    """Root fields of listings that are not for everybody."""

    managed_listing: ManagedListing | None = single(
        "A listing in any state; null for whoever neither manages nor reviews it.",
        ManagedListing | None,
        listing_id=ListingId,
    )
    managed_listings: Connection[ManagedListing] = listed(
        "Listings in any state that the caller manages or reviews, the last changed first.",
        Connection[ManagedListing],
        where=ManagedListingWhere,
    )
    listings_to_review: Connection[ListingRevision] = listed(
        "Revisions that wait for staff, in the caller's regions; what waits longest first.",
        Connection[ListingRevision],
        where=ToReviewWhere,
        rule=Permission.LISTING_REVIEW,
    )

    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover async methods with Info[…]
        description="What a listing is to say, to go on writing it; null for whoever neither manages nor reviews it.",
        metadata={"rule": READ},
    )
    async def listing_draft(self, info: Info, listing_id: ListingId) -> ListingDraft | None:
        found = await info.context.look(read_draft, listing_id=_listing_id(str(listing_id)))
        if found is None:
            return None
        return ListingDraft(
            listing_id=str(listing_id),
            revision_id=found.revision_id,
            content=content_of(found.draft, info.context.services.media_url),
            version=found.version,
            problems=[problem_of(each, info.context.locale) for each in found.problems],
        )

    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover async methods with Info[…]
        description="A revision beside what buyers see; null for whoever neither manages nor reviews it.",
        metadata={"rule": READ},
    )
    async def revision_review(self, info: Info, revision_id: RevisionId) -> RevisionReview | None:
        known = require_id(str(revision_id), "rev", field="revisionId")
        found = await info.context.look(read_revision, revision_id=known)
        if found is None:
            return None
        return RevisionReview(
            revision_id=known,
            content=content_of(found.draft, info.context.services.media_url),
            version=found.version,
            changes=[change_of(each) for each in found.changes],
            risky_words=list(found.risky_words),
            problems=[problem_of(each, info.context.locale) for each in found.problems],
        )


def _listing_id(text: str) -> str:
    return text if prefix_of(text, field="listingId") == "pkg" else require_id(text, "prd", field="listingId")


LISTING_QUERIES: dict[str, Field] = {
    "managedListing": ById(lambda: MANAGED_LISTING, argument="listingId", check=_listing_id),
    "managedListings": MANAGED_LISTINGS,
    "listingsToReview": TO_REVIEW,
}
