"""How sellers change their listings: each mutation is one use case."""

from decimal import Decimal
from typing import Annotated

import strawberry
from strawberry import UNSET

from market.catalogue.manage.drafting import SavedListing, SaveOutcome
from market.catalogue.manage.drafts import save_draft, withdraw_revision
from market.catalogue.manage.prices import NewPrice, change_prices
from market.catalogue.manage.sale import relist_listing, withdraw_listing
from market.catalogue.manage.seasons import change_seasons
from market.catalogue.manage.submit import submit_listing
from market.kernel.permissions import Permission
from schema.listings.inputs import ProductDraftInput, SeasonWindowInput, TourPackageDraftInput, fen_of, said
from schema.listings.reads import LISTING_REVISION, MANAGED_LISTING
from schema.listings.refusals import (
    EditedMeanwhile,
    ListingNotApproved,
    ListingNotReady,
    ListingStillSuspended,
    NoOpenRevision,
)
from schema.listings.types import ListingId, ListingRevision, ManagedListing
from schema.mutations import IdempotencyKey, Info, changed, mutation
from schema.organisations.mutations.errors import OrganisationNotActive
from schema.permissions import ruled

_EDIT = Permission.LISTING_EDIT

ProductContentArgument = Annotated[
    ProductDraftInput, strawberry.argument(name="input", description="The whole content.")
]
PackageContentArgument = Annotated[
    TourPackageDraftInput, strawberry.argument(name="input", description="The whole content.")
]
Version = Annotated[
    int | None,
    strawberry.argument(description="The listing's version that was read: refused when it is another by now."),
]
Windows = Annotated[list[SeasonWindowInput], strawberry.argument(description="All of them, at most 12.")]
Note = Annotated[str, strawberry.argument(description="What to remember about it, at most 200 characters.")]


@strawberry.input(description="What something costs from now on.")
class NewPriceInput:
    item_id: strawberry.ID = strawberry.field(description="A variant or a ticket type that is offered.")
    price: Decimal = strawberry.field(description="In yuan. A variant costs more than nothing.")


Prices = Annotated[list[NewPriceInput], strawberry.argument(description="1 to 100, each thing once; all or none.")]


@strawberry.type(description="The listing was changed.")
@ruled(_EDIT)
class ListingPayload:
    listing_id: strawberry.Private[str]
    listing: ManagedListing | None = changed(
        "The listing now.", ManagedListing | None, lambda: MANAGED_LISTING, lambda payload: payload.listing_id
    )


@strawberry.type(description="The draft was saved.")
@ruled(_EDIT)
class SaveDraftPayload(ListingPayload):
    revision_id: strawberry.Private[str | None]
    is_changed: bool = strawberry.field(description="Whether it says anything that was not saved or approved before.")
    revision: ListingRevision | None = changed(
        "The open revision; null when the listing says all that already.",
        ListingRevision | None,
        lambda: LISTING_REVISION,
        lambda payload: payload.revision_id,
    )


@strawberry.type(description="The revision was handed in or taken back.")
@ruled(_EDIT)
class ListingRevisionPayload(ListingPayload):
    revision_id: strawberry.Private[str]
    revision: ListingRevision | None = changed(
        "The revision now. Handed in, it is SUBMITTED, or APPROVED at once where `rule` says by which rule.",
        ListingRevision | None,
        lambda: LISTING_REVISION,
        lambda payload: payload.revision_id,
    )


@strawberry.type(description="Prices were changed.")
@ruled(_EDIT)
class ChangePricesPayload:
    count: int = strawberry.field(description="How many are others now.")


def _saved(saved: SavedListing) -> SaveDraftPayload:
    return SaveDraftPayload(
        listing_id=saved.listing_id,
        revision_id=saved.revision_id,
        is_changed=saved.outcome is not SaveOutcome.UNCHANGED,
    )


@strawberry.type
class SellerListingMutations:
    """What sellers do."""

    @mutation(
        "Save what a product is to say: a new one, or the open revision of one, which stays on sale as it is until a "
        "reviewer approves. A draft may be incomplete.",
        rule=_EDIT,
        errors=(EditedMeanwhile,),
    )
    async def save_product_draft(
        self, info: Info, given: ProductContentArgument, idempotency_key: IdempotencyKey
    ) -> SaveDraftPayload:
        return _saved(
            await info.context.act(
                save_draft,
                given.draft(),
                listing_id=said(given.listing_id),
                version=said(given.version),
                idempotency_key=idempotency_key,
            )
        )

    @mutation(
        "Save what a tour package is to say: a new one, or the open revision of one, which stays on sale as it is until a "
        "reviewer approves. A draft may be incomplete.",
        rule=_EDIT,
        errors=(EditedMeanwhile,),
    )
    async def save_tour_package_draft(
        self, info: Info, given: PackageContentArgument, idempotency_key: IdempotencyKey
    ) -> SaveDraftPayload:
        return _saved(
            await info.context.act(
                save_draft,
                given.draft(),
                listing_id=said(given.listing_id),
                version=said(given.version),
                idempotency_key=idempotency_key,
            )
        )

    @mutation(
        "Hand in a listing's open revision for review. Other words and pictures of a seller with a good record are approved "
        "at once, by a rule. A suspended listing may be handed in as it is.",
        rule=_EDIT,
        errors=(ListingNotReady, NoOpenRevision, EditedMeanwhile, OrganisationNotActive),
    )
    async def submit_listing(
        self, info: Info, listing_id: ListingId, idempotency_key: IdempotencyKey, version: Version = UNSET
    ) -> ListingRevisionPayload:
        done = await info.context.act(
            submit_listing, listing_id=str(listing_id), version=said(version), idempotency_key=idempotency_key
        )
        return ListingRevisionPayload(listing_id=done.listing_id, revision_id=done.revision_id)

    @mutation(
        "Take back a listing's open revision, handed in or not. The next save begins another.",
        rule=_EDIT,
        errors=(NoOpenRevision, EditedMeanwhile),
    )
    async def withdraw_revision(
        self, info: Info, listing_id: ListingId, idempotency_key: IdempotencyKey, version: Version = UNSET
    ) -> ListingRevisionPayload:
        revision_id = await info.context.act(
            withdraw_revision, listing_id=str(listing_id), version=said(version), idempotency_key=idempotency_key
        )
        return ListingRevisionPayload(listing_id=str(listing_id), revision_id=revision_id)

    @mutation(
        "Take a listing off sale for as long as its seller likes, or give up a draft. Orders are not touched.",
        rule=_EDIT,
    )
    async def withdraw_listing(
        self, info: Info, listing_id: ListingId, idempotency_key: IdempotencyKey
    ) -> ListingPayload:
        await info.context.act(withdraw_listing, listing_id=str(listing_id), idempotency_key=idempotency_key)
        return ListingPayload(listing_id=str(listing_id))

    @mutation(
        "Put a listing back on sale as it was last approved: one that was withdrawn, or suspended for a certificate or "
        "licence that holds again.",
        rule=_EDIT,
        errors=(ListingNotApproved, ListingStillSuspended, OrganisationNotActive),
    )
    async def relist_listing(
        self, info: Info, listing_id: ListingId, idempotency_key: IdempotencyKey
    ) -> ListingPayload:
        await info.context.act(relist_listing, listing_id=str(listing_id), idempotency_key=idempotency_key)
        return ListingPayload(listing_id=str(listing_id))

    @mutation(
        "Change prices at once, without a review. Every change is kept; orders keep the price they were placed at.",
        rule=_EDIT,
    )
    async def change_prices(
        self, info: Info, prices: Prices, idempotency_key: IdempotencyKey, reason: Note = ""
    ) -> ChangePricesPayload:
        wanted = [NewPrice(str(each.item_id), fen_of(each.price)) for each in prices]
        count = await info.context.act(change_prices, wanted, reason=reason, idempotency_key=idempotency_key)
        return ChangePricesPayload(count=count)

    @mutation(
        "Change when a product is sold, harvested and shipped, at once, without a review.",
        rule=_EDIT,
        errors=(ListingNotReady, ListingNotApproved),
    )
    async def change_seasons(
        self, info: Info, listing_id: ListingId, season_windows: Windows, idempotency_key: IdempotencyKey
    ) -> ListingPayload:
        await info.context.act(
            change_seasons,
            listing_id=str(listing_id),
            windows=[each.draft() for each in season_windows],
            idempotency_key=idempotency_key,
        )
        return ListingPayload(listing_id=str(listing_id))
