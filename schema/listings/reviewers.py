"""What staff decide about listings and their sellers: each mutation is one use case."""

from typing import Annotated

import strawberry

from market.catalogue.review.decide import Decision, ReviewedListing, review_listing, review_listings
from market.catalogue.review.freezing import freeze_organisation, unfreeze_organisation
from market.catalogue.review.suspend import lift_suspension, suspend_listing
from market.kernel.permissions import Permission
from schema.enums import Verdict
from schema.listings.inputs import ListingReasonInput
from schema.listings.reads import LISTING_REVISION, MANAGED_LISTING
from schema.listings.refusals import AgencyLicenceNeeded, EditedMeanwhile, ListingNotReady, OwnListing
from schema.listings.types import ListingId, ListingRevision, ManagedListing
from schema.mutations import IdempotencyKey, Info, changed, mutation
from schema.organisations import MANAGED_ORGANISATION, Organisation
from schema.organisations.mutations.errors import OrganisationNotActive
from schema.permissions import ruled

_REVIEW, _FREEZE = Permission.LISTING_REVIEW, Permission.ORGANISATION_REVIEW

Reasons = Annotated[list[ListingReasonInput], strawberry.argument(description="1 to 10.")]
OrganisationId = Annotated[strawberry.ID, strawberry.argument(description="The organisation's id.")]
Reason = Annotated[str, strawberry.argument(description="Why, in words, at most 500 characters.")]


@strawberry.input(description="What a reviewer says about a revision.")
class ReviewListingInput:
    revision_id: strawberry.ID = strawberry.field(description="Which revision.")
    version: int = strawberry.field(
        description="Its listing's version when it was read: refused when it is another now."
    )
    verdict: Verdict = strawberry.field(description="What shall become of it.")
    reasons: list[ListingReasonInput] = strawberry.field(
        default_factory=list, description="1 to 10, but none for an approval."
    )
    confirms_agency: bool = strawberry.field(
        default=False,
        description="That a package which only a travel agency may run is in order though its seller shows no licence.",
    )

    def decision(self) -> Decision:
        """What the use case takes."""
        return Decision(
            str(self.revision_id),
            self.version,
            self.verdict,
            tuple(each.reason() for each in self.reasons),
            confirms_agency=self.confirms_agency,
        )


Review = Annotated[ReviewListingInput, strawberry.argument(name="input", description="What to decide.")]
Reviews = Annotated[list[ReviewListingInput], strawberry.argument(name="input", description="1 to 100 decisions.")]


@strawberry.type(description="The listing was taken off sale or let back.")
@ruled(_REVIEW)
class ModeratedListingPayload:
    listing_id: strawberry.Private[str]
    listing: ManagedListing | None = changed(
        "The listing now.", ManagedListing | None, lambda: MANAGED_LISTING, lambda payload: payload.listing_id
    )


@strawberry.type(description="The revision was decided about.")
@ruled(_REVIEW)
class ReviewListingPayload(ModeratedListingPayload):
    revision_id: strawberry.Private[str]
    revision: ListingRevision | None = changed(
        "The revision now.", ListingRevision | None, lambda: LISTING_REVISION, lambda payload: payload.revision_id
    )


@strawberry.type(description="One of many decisions: done, or why not.")
@ruled(_REVIEW)
class ReviewOutcome:
    revision_id: strawberry.ID = strawberry.field(description="Which revision.")
    is_done: bool = strawberry.field(description="Whether it was decided.")
    code: str | None = strawberry.field(description="Why not, for programs; null when it was decided.")
    message: str | None = strawberry.field(description="Why not, for people; null when it was decided.")


@strawberry.type(description="Each was decided by itself.")
@ruled(_REVIEW)
class ReviewListingsPayload:
    outcomes: list[ReviewOutcome] = strawberry.field(description="One for each decision, in their order.")


@strawberry.type(description="The organisation was frozen or freed, with all that it sells.")
@ruled(_FREEZE)
class FreezePayload:
    organisation_id: strawberry.Private[str]
    count: int = strawberry.field(description="How many listings went off sale, or back on it.")
    organisation: Organisation | None = changed(
        "The organisation now.",
        Organisation | None,
        lambda: MANAGED_ORGANISATION,
        lambda payload: payload.organisation_id,
    )


@strawberry.type
class ReviewerListingMutations:
    """What staff do."""

    @mutation(
        "Decide about a revision: approve it, so that its listing is on sale and says what it says; reject it; or send it "
        "back for changes. Of two reviewers at once one decides.",
        rule=_REVIEW,
        errors=(ListingNotReady, EditedMeanwhile, AgencyLicenceNeeded, OwnListing, OrganisationNotActive),
    )
    async def review_listing(self, info: Info, given: Review, idempotency_key: IdempotencyKey) -> ReviewListingPayload:
        done = await info.context.act(review_listing, given.decision(), idempotency_key=idempotency_key)
        return ReviewListingPayload(listing_id=done.listing_id, revision_id=done.revision_id)

    @mutation(
        "Decide about several revisions, each by itself: some may be refused while others are done.", rule=_REVIEW
    )
    async def review_listings(
        self, info: Info, given: Reviews, idempotency_key: IdempotencyKey
    ) -> ReviewListingsPayload:
        decisions = [each.decision() for each in given]
        results = await info.context.act(review_listings, decisions, idempotency_key=idempotency_key)
        language = info.context.locale
        return ReviewListingsPayload(
            outcomes=[
                ReviewOutcome(
                    revision_id=strawberry.ID(decision.revision_id),
                    is_done=isinstance(result, ReviewedListing),
                    code=None if isinstance(result, ReviewedListing) else result.code,
                    message=None if isinstance(result, ReviewedListing) else result.message(language),
                )
                for decision, result in zip(decisions, results, strict=True)
            ]
        )

    @mutation("Take a listing off sale. Orders are not touched.", rule=_REVIEW, errors=(OwnListing,))
    async def suspend_listing(
        self, info: Info, listing_id: ListingId, reasons: Reasons, idempotency_key: IdempotencyKey
    ) -> ModeratedListingPayload:
        await info.context.act(
            suspend_listing,
            listing_id=str(listing_id),
            reasons=[each.reason() for each in reasons],
            idempotency_key=idempotency_key,
        )
        return ModeratedListingPayload(listing_id=str(listing_id))

    @mutation(
        "Undo `suspendListing`: it is on sale again, unless it is off sale for another cause or was withdrawn.",
        rule=_REVIEW,
        errors=(OwnListing,),
    )
    async def lift_listing_suspension(
        self, info: Info, listing_id: ListingId, idempotency_key: IdempotencyKey
    ) -> ModeratedListingPayload:
        await info.context.act(lift_suspension, listing_id=str(listing_id), idempotency_key=idempotency_key)
        return ModeratedListingPayload(listing_id=str(listing_id))

    @mutation(
        "Freeze an organisation and take all that it grows, hosts or sells for others off sale. Its orders go on being "
        "served.",
        rule=_FREEZE,
    )
    async def freeze_organisation(
        self, info: Info, organisation_id: OrganisationId, reason: Reason, idempotency_key: IdempotencyKey
    ) -> FreezePayload:
        count = await info.context.act(
            freeze_organisation,
            organisation_id=str(organisation_id),
            reason=reason,
            idempotency_key=idempotency_key,
        )
        return FreezePayload(organisation_id=str(organisation_id), count=count)

    @mutation(
        "Undo `freezeOrganisation`: what is off sale for nothing else is on sale again.",
        rule=_FREEZE,
    )
    async def unfreeze_organisation(
        self, info: Info, organisation_id: OrganisationId, reason: Reason, idempotency_key: IdempotencyKey
    ) -> FreezePayload:
        count = await info.context.act(
            unfreeze_organisation,
            organisation_id=str(organisation_id),
            reason=reason,
            idempotency_key=idempotency_key,
        )
        return FreezePayload(organisation_id=str(organisation_id), count=count)
