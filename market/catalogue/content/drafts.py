"""What a listing is made of, before it is one.

A draft may be incomplete: an empty text, a zero or None where something must stand says "not said yet", and `problems`
in `content.check` lists what is missing. The parts that others point at (variants, options, ticket types) carry their
ids once they have one; without an id they are new.
"""

from dataclasses import dataclass

from market.catalogue.rules import GiftPer, ListingKind, NoteKind, PricingPer, Storage, UnitKind, WindowKind


@dataclass(frozen=True, slots=True)
class ImageDraft:
    """A picture. One that was uploaded comes with its `media_id` alone and gets key and size when it is saved; one that
    the listing has already is known by its key."""

    key: str
    alt: str
    alt_en: str | None
    width: int
    height: int
    media_id: str | None = None

    @classmethod
    def uploaded(cls, media_id: str, alt: str, alt_en: str | None = None) -> "ImageDraft":
        """A picture that the listing does not have yet."""
        return cls("", alt, alt_en, 0, 0, media_id)


@dataclass(frozen=True, slots=True)
class ListingDraft:
    """What produce and tour packages share."""

    title: str
    title_en: str | None
    summary: str
    summary_en: str | None
    description: str
    description_en: str | None
    category_id: str
    producer_id: str
    cooperative_id: str | None
    village_id: str
    images: tuple[ImageDraft, ...] = ()
    certificate_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VariantDraft:
    """A sellable form."""

    sku: str
    name: str
    name_en: str | None
    net_weight_grams: int
    pack_count: int
    unit: str
    unit_en: str | None
    price_fen: int
    id: str | None = None


@dataclass(frozen=True, slots=True)
class WindowDraft:
    """Days of the year, as `MM-DD`."""

    kind: WindowKind
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class ProductDraft:
    """Produce."""

    listing: ListingDraft
    storage: Storage | None
    shelf_life_days: int | None
    origin: str
    origin_en: str | None
    variants: tuple[VariantDraft, ...]
    windows: tuple[WindowDraft, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitDraft:
    """A ticket type."""

    kind: UnitKind
    name: str
    name_en: str | None
    pax_count: int
    price_fen: int
    min_age: int | None = None
    max_age: int | None = None
    max_quantity: int | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class OptionDraft:
    """A form of a package."""

    name: str
    name_en: str | None
    units: tuple[UnitDraft, ...]
    id: str | None = None


@dataclass(frozen=True, slots=True)
class TierDraft:
    """What share comes back when cancelled so long before the start."""

    hours_before: int
    refund_percent: int


@dataclass(frozen=True, slots=True)
class GiftDraft:
    """Produce that comes with a package."""

    variant_id: str
    quantity: int
    per: GiftPer
    note: str = ""
    note_en: str | None = None


@dataclass(frozen=True, slots=True)
class PackageDraft:
    """A tour package."""

    listing: ListingDraft
    meeting_point: str
    meeting_point_en: str | None
    duration_minutes: int
    notice_minutes: int
    cutoff_minutes: int
    pricing_per: PricingPer
    needs_travel_agency: bool
    options: tuple[OptionDraft, ...]
    notes: tuple[tuple[NoteKind, str, str | None], ...] = ()
    tiers: tuple[TierDraft, ...] = ()
    gifts: tuple[GiftDraft, ...] = ()


Draft = ProductDraft | PackageDraft


def kind_of(draft: Draft) -> ListingKind:
    """Which kind of listing a draft is of."""
    return ListingKind.PRODUCT if isinstance(draft, ProductDraft) else ListingKind.TOUR_PACKAGE
