"""What a listing is to say, whole and in both languages: for editors to go on from, and for reviewers. Shaped like what
`inputs` takes."""

from decimal import Decimal

import strawberry
from strawberry.scalars import JSON

from schema.enums import GiftPer, NoteKind, PricingPer, Storage, UnitKind, WindowKind
from schema.listings.types import READ
from schema.pagination import field
from schema.permissions import PUBLIC, ruled


@strawberry.type(description="A picture of a listing's content.")
@ruled(READ)
class ImageContent:
    key: str = field("What it is known by: give it to keep the picture when saving.")
    url: str = field("Its address.")
    alt: str = field("What it shows.")
    alt_en: str | None = field("The same in English.")
    width: int = field("Pixels.")
    height: int = field("Pixels.")


@strawberry.type(description="A form of a product's content.")
@ruled(READ)
class VariantContent:
    variant_id: strawberry.ID = field("Its id, from the first draft on: give it to keep the form when saving.")
    sku: str = field("The seller's code for it.")
    name: str = field("Its name.")
    name_en: str | None = field("The same in English.")
    net_weight_grams: int = field("Net weight in grams.")
    pack_count: int = field("Pieces in a pack.")
    unit: str = field("What one is called.")
    unit_en: str | None = field("The same in English.")
    price: Decimal = field("The price of one in yuan; once it is on sale, the price of now.")


@strawberry.type(description="Days of the year of a product's content.")
@ruled(READ)
class SeasonWindowContent:
    kind: WindowKind = field("What for.")
    start: str = strawberry.field(name="from", description="The first day, MM-DD.")
    end: str = strawberry.field(name="to", description="The last day, MM-DD, included.")


@strawberry.type(description="The part of the content that only a product has.")
@ruled(READ)
class ProductContent:
    storage: Storage | None = field("How it must be kept; null when not said yet.")
    shelf_life_days: int | None = field("How many days it keeps as stored.")
    origin: str = field("Where it grows.")
    origin_en: str | None = field("The same in English.")
    variants: list[VariantContent] = field("Its forms, in order.")
    season_windows: list[SeasonWindowContent] = field("When it is sold, harvested and shipped.")


@strawberry.type(description="A ticket type of a package's content.")
@ruled(READ)
class UnitContent:
    unit_id: strawberry.ID = field("Its id, from the first draft on: give it to keep the ticket type when saving.")
    kind: UnitKind = field("Who it is for.")
    name: str = field("Its name.")
    name_en: str | None = field("The same in English.")
    pax_count: int = field("How many seats one takes.")
    price: Decimal = field("The price of one in yuan; once it is on sale, the price of now.")
    min_age: int | None = field("From this age.")
    max_age: int | None = field("To this age, included.")
    max_quantity: int | None = field("At most so many in a booking.")


@strawberry.type(description="A form of a package's content.")
@ruled(READ)
class OptionContent:
    option_id: strawberry.ID = field("Its id, from the first draft on: give it to keep the form when saving.")
    name: str = field("Its name.")
    name_en: str | None = field("The same in English.")
    units: list[UnitContent] = field("Its ticket types, in order.")


@strawberry.type(description="One line of what is included, excluded or to bring.")
@ruled(READ)
class NoteContent:
    kind: NoteKind = field("Which of the three.")
    text: str = field("What it says.")
    text_en: str | None = field("The same in English.")


@strawberry.type(description="What comes back when cancelled so long before the start.")
@ruled(READ)
class TierContent:
    hours_before: int = field("At least so many hours before the start.")
    refund_percent: int = field("This share of the price, 0 to 100.")


@strawberry.type(description="Produce that comes with a package.")
@ruled(READ)
class GiftContent:
    variant_id: strawberry.ID = field("Of what.")
    quantity: int = field("How many.")
    per: GiftPer = field("How they are handed out.")
    note: str = field("A word about it.")
    note_en: str | None = field("The same in English.")


@strawberry.type(description="The part of the content that only a tour package has.")
@ruled(READ)
class TourPackageContent:
    meeting_point: str = field("Where to meet.")
    meeting_point_en: str | None = field("The same in English.")
    duration_minutes: int = field("How long it takes.")
    notice_minutes: int = field("Book at least so long before the start.")
    cutoff_minutes: int = field("No booking is confirmed later than this before the start.")
    pricing_per: PricingPer = field("What its prices are for.")
    needs_travel_agency: bool = field("Whether a licensed travel agency must run it (包价旅游).")
    options: list[OptionContent] = field("Its forms, in order.")
    notes: list[NoteContent] = field("What is included, what is not, what to bring.")
    cancellation_tiers: list[TierContent] = field("What comes back when cancelled.")
    gifts: list[GiftContent] = field("Produce that comes with it.")


@strawberry.type(description="What a listing says or is to say: all of it, in both languages.")
@ruled(READ)
class ListingContent:
    title: str = field("Its title.")
    title_en: str | None = field("The same in English.")
    summary: str = field("One line about it.")
    summary_en: str | None = field("The same in English.")
    description: str = field("All about it.")
    description_en: str | None = field("The same in English.")
    category_id: strawberry.ID = field("Its category.")
    producer_id: strawberry.ID = field("Whose it is.")
    cooperative_id: strawberry.ID | None = field("The cooperative that sells it.")
    village_id: strawberry.ID = field("The village it comes from or takes place in.")
    images: list[ImageContent] = field("Its pictures, the cover first.")
    certificate_ids: list[strawberry.ID] = field("The certificates that cover it.")
    product: ProductContent | None = field("What only a product has; null for a tour package.")
    tour_package: TourPackageContent | None = field("What only a tour package has; null for a product.")


@strawberry.type(description="Something that keeps a listing from going on sale.")
@ruled(PUBLIC)
class ListingProblem:
    path: str = field("Where: a field of the content, parts counted from 1: `variants.2.price`.")
    message: str = field("What to do about it, in the request's language.")


@strawberry.type(description="A field that a revision would change.")
@ruled(READ)
class FieldChange:
    path: str = field(
        "Which: a field of the content, parts named by their id or picture key: `variants.var_….name`. "
        "`variants.order` is the order of the parts."
    )
    before: JSON | None = field("Its value now; null when it is new.")
    after: JSON | None = field("Its value then; null when it goes.")
