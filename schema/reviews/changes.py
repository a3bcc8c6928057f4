"""Writing reviews, answering them, hiding them."""

from typing import Annotated

import strawberry

from market.kernel.permissions import Permission
from market.reviews.errors import EditTooLate as EditTooLateRaised
from market.reviews.errors import NotReviewable as NotReviewableRaised
from market.reviews.errors import ReviewedBefore as ReviewedBeforeRaised
from market.reviews.respond import hide_review, reply_to_review, show_review
from market.reviews.write import ReviewDraft, edit_review, write_review
from schema.enums import HiddenFor
from schema.mutations import IdempotencyKey, Info, UserError, changed, mutation, told_as
from schema.permissions import PUBLIC, ruled
from schema.reviews.reads import MANAGED_REVIEW
from schema.reviews.types import Review

ReviewId = Annotated[strawberry.ID, strawberry.argument(description="The review.")]


@strawberry.input(description="What a buyer says of what they had.")
class ReviewInput:
    rating: int = strawberry.field(description="1 to 5 stars.")
    text: str = strawberry.field(default="", description="In words, at most 1,000 characters.")
    photo_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Own uploads of kind REVIEW, 9 at most."
    )

    def draft(self) -> ReviewDraft:
        """As reviews take it."""
        return ReviewDraft(self.rating, self.text, tuple(str(each) for each in self.photo_ids))


@strawberry.type(description="A review was written, or changed.")
@ruled(PUBLIC)
class ReviewPayload:
    review_id: strawberry.Private[str]
    review: Review | None = changed(
        "The review now.", Review | None, lambda: MANAGED_REVIEW, lambda payload: payload.review_id
    )


@told_as(NotReviewableRaised)
@strawberry.type(description="It was not delivered or visited yet, or too long ago.")
@ruled(PUBLIC)
class NotReviewable(UserError):
    pass


@told_as(ReviewedBeforeRaised, lambda error, _language: {"review_id": error.facts["review"]})
@strawberry.type(description="There is a review of this line.")
@ruled(PUBLIC)
class ReviewedBefore(UserError):
    review_id: strawberry.ID = strawberry.field(description="The one that there is: `editReview` changes it.")


@told_as(EditTooLateRaised)
@strawberry.type(description="It cannot be changed any more.")
@ruled(PUBLIC)
class EditTooLate(UserError):
    pass


@strawberry.type
class ReviewMutations:
    @mutation(
        "Review a line of an order that was delivered, or a visit that took place. Once for each.",
        rule=Permission.REVIEW_WRITE,
        errors=(NotReviewable, ReviewedBefore),
    )
    async def write_review(
        self,
        info: Info,
        line_id: Annotated[strawberry.ID, strawberry.argument(description="The order line.")],
        input: Annotated[ReviewInput, strawberry.argument(description="What to say.")],  # noqa: A002 - the API's word
        idempotency_key: IdempotencyKey,
    ) -> ReviewPayload:
        done = await info.context.act(write_review, str(line_id), input.draft(), key=str(idempotency_key))
        return ReviewPayload(review_id=done)

    @mutation("Change one's review within 30 days, all of it.", rule=Permission.REVIEW_WRITE, errors=(EditTooLate,))
    async def edit_review(
        self,
        info: Info,
        review_id: ReviewId,
        input: Annotated[ReviewInput, strawberry.argument(description="What to say in its place.")],  # noqa: A002 - the API's word
    ) -> ReviewPayload:
        return ReviewPayload(review_id=await info.context.act(edit_review, str(review_id), input.draft()))

    @mutation("Answer a review as its seller, in place of the answer before.", rule=Permission.LISTING_EDIT)
    async def reply_to_review(
        self,
        info: Info,
        review_id: ReviewId,
        text: Annotated[str, strawberry.argument(description="What to say, at most 1,000 characters.")],
    ) -> ReviewPayload:
        done = await info.context.act(reply_to_review, review_id=str(review_id), text=text)
        return ReviewPayload(review_id=done)

    @mutation("Hide a review that breaks the rules: it counts no more.", rule=Permission.REVIEW_MODERATE)
    async def hide_review(
        self,
        info: Info,
        review_id: ReviewId,
        reason: Annotated[HiddenFor, strawberry.argument(description="Which rule.")],
        note: Annotated[str, strawberry.argument(description="In words, at most 200 characters.")] = "",
    ) -> ReviewPayload:
        done = await info.context.act(hide_review, review_id=str(review_id), reason=reason, note=note)
        return ReviewPayload(review_id=done)

    @mutation("Show a hidden review again: it counts again.", rule=Permission.REVIEW_MODERATE)
    async def show_review(self, info: Info, review_id: ReviewId) -> ReviewPayload:
        return ReviewPayload(review_id=await info.context.act(show_review, review_id=str(review_id)))
