"""Listings as their sellers and staff see them: in any state, with revisions, causes and history. What buyers see is in
`schema/catalogue/`."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from schema.catalogue.categories import Category
from schema.catalogue.listing import Image
from schema.catalogue.options import PackageOption
from schema.catalogue.products import Product, Variant
from schema.catalogue.tours import TourPackage
from schema.enums import (
    ListingEventKind,
    ListingKind,
    ListingReason,
    ListingState,
    RevisionState,
    SuspensionCause,
)
from schema.node import Money, Node
from schema.organisations import Organisation
from schema.pagination import Connection, field, lazy, listed, localized_field, single
from schema.permissions import ruled
from schema.places import Village

READ = Permission.LISTING_READ
ListingId = Annotated[strawberry.ID, strawberry.argument(description="The listing's id: a product's or a package's.")]
RevisionId = Annotated[strawberry.ID, strawberry.argument(description="The revision's id.")]


@strawberry.type(description="A revision of a listing: the whole content as its seller wants it.")
@ruled(READ)
class ListingRevision(Node):
    number: int = field("1 for the listing's first.")
    state: RevisionState = field("Where it stands.")
    next_states: list[RevisionState] = field("The states it can go to now.")
    created_at: datetime = field("When it was begun.")
    saved_at: datetime = field("When its content was last saved.")
    submitted_at: datetime | None = field("When it was last handed in.")
    waiting_hours: int | None = field("How long it waits for a reviewer, in whole hours; null in any other state.")
    decided_at: datetime | None = field("When it was last decided about.")
    rule: str | None = field("The rule by which the system approved it; null when a person decided.")
    reasons: list[ListingReason] = field("Why it was rejected or sent back.")
    reason_notes: list[str] = field("The reviewer's words for each reason, empty without any.")
    listing = single("The listing it is of.", lazy("listings.types", "ManagedListing") | None)


@strawberry.type(description="A cause for which a listing is off sale.")
@ruled(READ)
class ListingSuspension:
    cause: SuspensionCause = field("What it is.")
    since: datetime = field("Since when.")
    reasons: list[ListingReason] = field("Why, where staff must say it.")
    reason_notes: list[str] = field("Their words for each reason, empty without any.")


@strawberry.type(description="Something that happened to a listing.")
@ruled(READ)
class ListingEvent:
    kind: ListingEventKind = field("What.")
    at: datetime = field("When.")
    revision: ListingRevision | None = field("The revision it was about, if about one.")
    cause: SuspensionCause | None = field("The cause that began or ended.")
    rule: str | None = field("The rule by which the system approved.")
    reasons: list[ListingReason] = field("Why, where a reviewer must say it.")


@strawberry.type(description="A price that was changed.")
@ruled(READ)
class PriceChange:
    item_id: strawberry.ID = field("The variant or ticket type.")
    before: Money = field("The price before.")
    after: Money = field("The price after.")
    reason: str = field("What the seller noted.")
    at: datetime = field("When.")


@strawberry.type(
    description="A listing in any state, for its producer's people, those of cooperatives that manage its listings, and "
    "staff of its region."
)
@ruled(READ)
class ManagedListing:
    listing_id: strawberry.ID = field("Its id; once it is on sale, buyers see the product or package with this id.")
    kind: ListingKind = field("What it offers.")
    state: ListingState = field("Where it stands.")
    next_states: list[ListingState] = field("The states it can go to now.")
    version: int = field("Counts its edits and decisions: give it when saving and deciding, so that none is lost.")
    external_code: str | None = field("The seller's own code for it, from imports.")
    title: str = localized_field("Its title; of one that was never approved, its draft's.")
    price: Money = field("The lowest price it starts from.")
    cover: Image | None = field("Its first approved picture.")
    category: Category = field("Its category.")
    producer: Organisation | None = field("Whose it is.")
    cooperative: Organisation | None = field("The cooperative that sells it; null when the producer sells alone.")
    village: Village = field("The village it comes from or takes place in.")
    created_at: datetime = field("When its first draft was saved.")
    updated_at: datetime = field("When it was last changed.")
    published_at: datetime | None = field("When it first went on sale; null while it is a draft.")
    variants: list[Variant] = field("The forms of a product that are offered, as approved.")
    options: list[PackageOption] = field("The forms of a tour package that are offered, as approved.")
    product: Product | None = field("What buyers see; null unless it is a product on sale.")
    tour_package: TourPackage | None = field("What buyers see; null unless it is a tour package on sale.")
    suspensions: list[ListingSuspension] = field("Why it is off sale, one entry for each cause.")
    open_revision: ListingRevision | None = field("What is being written or reviewed; null when nothing is.")
    revisions: Connection[ListingRevision] = listed("All its revisions, the newest first.", Connection[ListingRevision])
    history: Connection[ListingEvent] = listed("What happened to it, the newest first.", Connection[ListingEvent])
    price_changes: Connection[PriceChange] = listed(
        "Prices that were changed, the newest first.", Connection[PriceChange]
    )


@strawberry.input(description="Which listings, of those the caller manages or reviews.")
class ManagedListingWhere:
    kind: ListingKind | None = strawberry.field(default=UNSET, description="Of this kind.")
    states: list[ListingState] | None = strawberry.field(default=UNSET, description="In any of these states.")
    revision_states: list[RevisionState] | None = strawberry.field(
        default=UNSET, description="With an open revision in any of these states."
    )
    causes: list[SuspensionCause] | None = strawberry.field(
        default=UNSET, description="Off sale for any of these causes."
    )
    region: str | None = strawberry.field(default=UNSET, description="In this region's subtree: its 12-digit code.")
    category: strawberry.ID | None = strawberry.field(default=UNSET, description="In this category or below it.")
    organisation: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Of this producer, or sold by this cooperative."
    )
    external_code: str | None = strawberry.field(default=UNSET, description="With this code of the seller's.")


@strawberry.input(description="Which revisions, of those that wait for the caller.")
class ToReviewWhere:
    kind: ListingKind | None = strawberry.field(default=UNSET, description="Of listings of this kind.")
    region: str | None = strawberry.field(default=UNSET, description="In this region's subtree: its 12-digit code.")
    category: strawberry.ID | None = strawberry.field(default=UNSET, description="In this category or below it.")
    organisation: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Of this producer, or sold by this cooperative."
    )
    submitted_before: datetime | None = strawberry.field(default=UNSET, description="Handed in before this moment.")
