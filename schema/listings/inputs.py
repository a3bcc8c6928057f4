"""What sellers send: a listing's whole content, as a draft."""

from decimal import Decimal
from typing import Any

import strawberry
from strawberry import UNSET

from market.catalogue.content.drafts import (
    GiftDraft,
    ImageDraft,
    ListingDraft,
    OptionDraft,
    PackageDraft,
    ProductDraft,
    TierDraft,
    UnitDraft,
    VariantDraft,
    WindowDraft,
)
from market.catalogue.rules.reasons import Reason
from market.kernel.errors import Invalid
from market.kernel.money import Money
from schema.enums import (
    GiftPer,
    ListingReason,
    NoteKind,
    PricingPer,
    Storage,
    UnitKind,
    WindowKind,
)

_ENGLISH = "The same in English."


def _optional(description: str) -> Any:
    return strawberry.field(default=UNSET, description=description)


def said(value: Any) -> Any:
    """A value that may be left out, None then."""
    return None if value is UNSET else value


def fen_of(amount: Decimal | None) -> int:
    """Yuan as fen; 0 for what is not said yet."""
    return 0 if amount is None or amount is UNSET else Money.parse(str(amount), field="price").amount_fen


@strawberry.input(description="A picture: one that was uploaded (`mediaId`), or one that the listing has (`key`).")
class ListingImageInput:
    media_id: strawberry.ID | None = _optional("The uploaded picture; the producer's or the cooperative's.")
    key: str | None = _optional("The key of a picture that the listing or its draft has.")
    alt: str = strawberry.field(description="What it shows, at most 200 characters.")
    alt_en: str | None = _optional(_ENGLISH)

    def draft(self) -> ImageDraft:
        """What the use case takes. Refuses with Invalid unless exactly one of the two names the picture."""
        if bool(self.media_id) == bool(self.key):
            raise Invalid(field="images", allowed="either mediaId or key", allowed_zh="mediaId 与 key 二者取一")
        if self.media_id:
            return ImageDraft.uploaded(str(self.media_id), self.alt, said(self.alt_en))
        return ImageDraft(str(self.key), self.alt, said(self.alt_en), 0, 0)


@strawberry.input(description="What products and tour packages share.")
class ListingContentInput:
    producer_id: strawberry.ID = strawberry.field(
        description="Whose it is; of an existing listing, the same as before."
    )
    cooperative_id: strawberry.ID | None = _optional("The cooperative that sells it; the producer is its member.")
    category_id: strawberry.ID = strawberry.field(description="Its category.")
    village_id: strawberry.ID = strawberry.field(description="The village it comes from or takes place in.")
    title: str = strawberry.field(description="Its title, at most 120 characters; may be empty in a draft.")
    title_en: str | None = _optional(_ENGLISH)
    summary: str = strawberry.field(default="", description="One line about it, at most 300 characters.")
    summary_en: str | None = _optional(_ENGLISH)
    description: str = strawberry.field(default="", description="All about it, at most 20,000 characters.")
    description_en: str | None = _optional(_ENGLISH)
    images: list[ListingImageInput] = strawberry.field(
        default_factory=list, description="Its pictures, the cover first, at most 30."
    )
    certificate_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Certificates of the producer or the cooperative that cover it, at most 20."
    )

    def draft(self) -> ListingDraft:
        """What the use case takes."""
        return ListingDraft(
            title=self.title,
            title_en=said(self.title_en),
            summary=self.summary,
            summary_en=said(self.summary_en),
            description=self.description,
            description_en=said(self.description_en),
            category_id=str(self.category_id),
            producer_id=str(self.producer_id),
            cooperative_id=said(self.cooperative_id),
            village_id=str(self.village_id),
            images=tuple(each.draft() for each in self.images),
            certificate_ids=tuple(map(str, self.certificate_ids)),
        )


@strawberry.input(description="A form of a product.")
class VariantInput:
    variant_id: strawberry.ID | None = _optional(
        "The form it is; without it, the one with this SKU, or else a new one. A form that is left out is retired."
    )
    sku: str = strawberry.field(description="The seller's code for it, one in the whole marketplace.")
    name: str = strawberry.field(description="Its name.")
    name_en: str | None = _optional(_ENGLISH)
    net_weight_grams: int = strawberry.field(default=0, description="Net weight in grams; 0 when not said yet.")
    pack_count: int = strawberry.field(default=1, description="Pieces in a pack.")
    unit: str = strawberry.field(default="", description="What one is called: a box, a tin.")
    unit_en: str | None = _optional(_ENGLISH)
    price: Decimal | None = _optional("The price of a new one. What is on sale keeps its price: see `changePrices`.")

    def draft(self) -> VariantDraft:
        """What the use case takes."""
        return VariantDraft(
            self.sku,
            self.name,
            said(self.name_en),
            self.net_weight_grams,
            self.pack_count,
            self.unit,
            said(self.unit_en),
            fen_of(self.price),
            id=said(self.variant_id),
        )


@strawberry.input(description="Days of the year, the same each year; may run over New Year.")
class SeasonWindowInput:
    kind: WindowKind = strawberry.field(description="What for.")
    start: str = strawberry.field(name="from", description="The first day, MM-DD.")
    end: str = strawberry.field(name="to", description="The last day, MM-DD, included.")

    def draft(self) -> WindowDraft:
        """What the use cases take."""
        return WindowDraft(self.kind, self.start, self.end)


@strawberry.input(description="A product's whole content. What is not said is not kept from before.")
class ProductDraftInput:
    listing_id: strawberry.ID | None = _optional("The product to change; a new one without it.")
    version: int | None = _optional(
        "The listing's version that this was written from: refused when it is another by now. Without it, written over."
    )
    listing: ListingContentInput = strawberry.field(description="What it shares with tour packages.")
    storage: Storage | None = _optional("How it must be kept.")
    shelf_life_days: int | None = _optional("How many days it keeps as stored.")
    origin: str = strawberry.field(default="", description="Where it grows.")
    origin_en: str | None = _optional(_ENGLISH)
    variants: list[VariantInput] = strawberry.field(default_factory=list, description="Its forms, in order.")
    season_windows: list[SeasonWindowInput] = strawberry.field(
        default_factory=list,
        description="When it is sold, harvested and shipped. What is on sale keeps its seasons: see `changeSeasons`.",
    )

    def draft(self) -> ProductDraft:
        """What the use case takes."""
        return ProductDraft(
            listing=self.listing.draft(),
            storage=said(self.storage),
            shelf_life_days=said(self.shelf_life_days),
            origin=self.origin,
            origin_en=said(self.origin_en),
            variants=tuple(each.draft() for each in self.variants),
            windows=tuple(each.draft() for each in self.season_windows),
        )


@strawberry.input(description="A ticket type of an option.")
class UnitInput:
    unit_id: strawberry.ID | None = _optional(
        "The ticket type it is; without it, the one of this kind and name, or else a new one."
    )
    kind: UnitKind = strawberry.field(description="Who it is for.")
    name: str = strawberry.field(description="Its name.")
    name_en: str | None = _optional(_ENGLISH)
    pax_count: int = strawberry.field(default=1, description="How many seats one takes.")
    price: Decimal | None = _optional("The price of a new one. What is on sale keeps its price: see `changePrices`.")
    min_age: int | None = _optional("From this age.")
    max_age: int | None = _optional("To this age, included.")
    max_quantity: int | None = _optional("At most so many in a booking.")

    def draft(self) -> UnitDraft:
        """What the use case takes."""
        return UnitDraft(
            self.kind,
            self.name,
            said(self.name_en),
            self.pax_count,
            fen_of(self.price),
            said(self.min_age),
            said(self.max_age),
            said(self.max_quantity),
            id=said(self.unit_id),
        )


@strawberry.input(description="A form of a tour package.")
class OptionInput:
    option_id: strawberry.ID | None = _optional(
        "The form it is; without it, the one of this name, or else a new one. A form that is left out is retired."
    )
    name: str = strawberry.field(description="Its name.")
    name_en: str | None = _optional(_ENGLISH)
    units: list[UnitInput] = strawberry.field(default_factory=list, description="Its ticket types, in order.")

    def draft(self) -> OptionDraft:
        """What the use case takes."""
        return OptionDraft(
            self.name, said(self.name_en), tuple(each.draft() for each in self.units), id=said(self.option_id)
        )


@strawberry.input(description="One line of what is included, excluded or to bring.")
class PackageNoteInput:
    kind: NoteKind = strawberry.field(description="Which of the three.")
    text: str = strawberry.field(description="What it says.")
    text_en: str | None = _optional(_ENGLISH)


@strawberry.input(description="What comes back when cancelled so long before the start.")
class CancellationTierInput:
    hours_before: int = strawberry.field(description="At least so many hours before the start.")
    refund_percent: int = strawberry.field(description="This share of the price, 0 to 100.")


@strawberry.input(description="Produce that comes with a package.")
class PackageGiftInput:
    variant_id: strawberry.ID = strawberry.field(description="Of what.")
    quantity: int = strawberry.field(description="How many.")
    per: GiftPer = strawberry.field(description="How they are handed out.")
    note: str = strawberry.field(default="", description="A word about it.")
    note_en: str | None = _optional(_ENGLISH)

    def draft(self) -> GiftDraft:
        """What the use case takes."""
        return GiftDraft(str(self.variant_id), self.quantity, self.per, self.note, said(self.note_en))


@strawberry.input(description="A tour package's whole content. What is not said is not kept from before.")
class TourPackageDraftInput:
    listing_id: strawberry.ID | None = _optional("The package to change; a new one without it.")
    version: int | None = _optional(
        "The listing's version that this was written from: refused when it is another by now. Without it, written over."
    )
    listing: ListingContentInput = strawberry.field(description="What it shares with products.")
    meeting_point: str = strawberry.field(default="", description="Where to meet.")
    meeting_point_en: str | None = _optional(_ENGLISH)
    duration_minutes: int = strawberry.field(default=0, description="How long it takes; 0 when not said yet.")
    notice_minutes: int = strawberry.field(default=0, description="Book at least so long before the start.")
    cutoff_minutes: int = strawberry.field(
        default=0, description="No booking is confirmed later than this before the start."
    )
    pricing_per: PricingPer = strawberry.field(default=PricingPer.UNIT, description="What its prices are for.")
    needs_travel_agency: bool = strawberry.field(
        default=False, description="Whether it bundles transport, lodging or meals (包价旅游)."
    )
    options: list[OptionInput] = strawberry.field(default_factory=list, description="Its forms, in order.")
    notes: list[PackageNoteInput] = strawberry.field(
        default_factory=list, description="What is included, what is not, what to bring."
    )
    cancellation_tiers: list[CancellationTierInput] = strawberry.field(
        default_factory=list, description="What comes back when cancelled; more notice never gives back less."
    )
    gifts: list[PackageGiftInput] = strawberry.field(default_factory=list, description="Produce that comes with it.")

    def draft(self) -> PackageDraft:
        """What the use case takes."""
        return PackageDraft(
            listing=self.listing.draft(),
            meeting_point=self.meeting_point,
            meeting_point_en=said(self.meeting_point_en),
            duration_minutes=self.duration_minutes,
            notice_minutes=self.notice_minutes,
            cutoff_minutes=self.cutoff_minutes,
            pricing_per=self.pricing_per,
            needs_travel_agency=self.needs_travel_agency,
            options=tuple(each.draft() for each in self.options),
            notes=tuple((each.kind, each.text, said(each.text_en)) for each in self.notes),
            tiers=tuple(TierDraft(each.hours_before, each.refund_percent) for each in self.cancellation_tiers),
            gifts=tuple(each.draft() for each in self.gifts),
        )


@strawberry.input(description="Why a reviewer says no, or staff take a listing off sale.")
class ListingReasonInput:
    code: ListingReason = strawberry.field(description="What is wrong.")
    note: str | None = _optional("In words for the seller, at most 500 characters; OTHER needs some.")

    def reason(self) -> Reason:
        """What the use cases take."""
        return Reason(self.code, self.note or "")
