"""The type of buyers' reviews, and which ones to list."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.enums import BuyerReviewState, HiddenFor
from schema.node import SIZE, Node
from schema.pagination import Connection, field, listed, single
from schema.permissions import PUBLIC, SIGNED_IN, ruled


@strawberry.type(description="A picture that a buyer took.")
@ruled(PUBLIC)
class ReviewPhoto:
    url: str = single("Its address.", str, size=SIZE)
    width: int = field("Pixels of the LARGE size; the others have the same proportions.")
    height: int = field("Pixels of the LARGE size.")


@strawberry.type(
    description="What a buyer wrote of what they had: verified, of a delivered line or a visit they came to."
)
@ruled(PUBLIC)
class Review(Node):
    listing_id: strawberry.ID = field("The product or tour package: `nodes` fetches them.")
    bought: str = field("What was bought, as it was called then.")
    rating: int = field("1 to 5 stars.")
    text: str = field("In words; may be empty.")
    author: str = field("Who wrote it, all but the first character hidden.")
    photos: list[ReviewPhoto] = field("Pictures of it, 9 at most.")
    written_at: datetime = field("When it was written.")
    edited_at: datetime | None = field("When it was last changed by its writer.")
    reply: str | None = field("What the seller says to it.")
    replied_at: datetime | None = field("When the seller last said so.")
    state: BuyerReviewState = field(
        "Whether everybody sees it. Hidden ones are shown to their writer, seller and staff."
    )
    hidden_for: HiddenFor | None = field("Why it is hidden; null unless it is.")
    hidden_note: str | None = field("The same in words.")


@strawberry.input(description="Which reviews.")
class ReviewWhere:
    rating: int | None = strawberry.field(default=UNSET, description="With so many stars.")
    has_photos: bool | None = strawberry.field(default=UNSET, description="Whether they have pictures.")


@strawberry.input(description="Which reviews, among all that the caller may see.")
class ManagedReviewWhere(ReviewWhere):
    states: list[BuyerReviewState] | None = strawberry.field(default=UNSET, description="In any of these states.")
    producer: strawberry.ID | None = strawberry.field(default=UNSET, description="Of what this producer sold.")
    region: str | None = strawberry.field(
        default=UNSET, description="Of what sellers in this region's subtree sold: its 12-digit code."
    )
    is_mine: bool | None = strawberry.field(default=UNSET, description="Whether the caller wrote it.")
    is_answered: bool | None = strawberry.field(default=UNSET, description="Whether the seller has replied.")


@strawberry.type(description="Reads of reviews.")
@ruled(PUBLIC)
class ReviewQueries:
    review: Review | None = single(
        "A review by its id.",
        Review | None,
        rule=SIGNED_IN,
        id=Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    )
    reviews: Connection[Review] = listed(
        "Reviews, hidden ones too where the caller may see them, newest first. A product's are with the product.",
        Connection[Review],
        where=ManagedReviewWhere,
        rule=SIGNED_IN,
    )
