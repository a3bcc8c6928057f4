"""What a listing is to say, whole and in both languages: for editors to go on from, and for reviewers. Shaped like what
`inputs` takes."""

import re
from decimal import Decimal
from typing import Any

import strawberry
from strawberry.scalars import JSON

from market.catalogue.content.diff import Change
from market.catalogue.content.drafts import Draft, OptionDraft, PackageDraft, ProductDraft
from market.catalogue.rules.problems import Problem
from market.kernel.errors import Language
from market.kernel.money import Money
from schema.enums import GiftPer, NoteKind, PricingPer, Storage, UnitKind, WindowKind
from schema.listings.types import READ
from schema.pagination import field
from schema.permissions import PUBLIC, ruled

_NAME = re.compile(r"[a-z]+(?:_[a-z]+)+")
"""A field as the marketplace calls it. Ids have digits."""


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


# -- made of what use cases give ---------------------------------------------------------------------------------------


def content_of(draft: Draft, media_url: str) -> ListingContent:
    """A draft as it is shown."""
    shared = draft.listing
    return ListingContent(
        title=shared.title,
        title_en=shared.title_en,
        summary=shared.summary,
        summary_en=shared.summary_en,
        description=shared.description,
        description_en=shared.description_en,
        category_id=strawberry.ID(shared.category_id),
        producer_id=strawberry.ID(shared.producer_id),
        cooperative_id=strawberry.ID(shared.cooperative_id) if shared.cooperative_id else None,
        village_id=strawberry.ID(shared.village_id),
        images=[
            ImageContent(
                key=each.key,
                url=media_url + each.key,
                alt=each.alt,
                alt_en=each.alt_en,
                width=each.width,
                height=each.height,
            )
            for each in shared.images
        ],
        certificate_ids=[strawberry.ID(each) for each in shared.certificate_ids],
        product=_product(draft) if isinstance(draft, ProductDraft) else None,
        tour_package=_package(draft) if isinstance(draft, PackageDraft) else None,
    )


def _product(draft: ProductDraft) -> ProductContent:
    return ProductContent(
        storage=draft.storage,
        shelf_life_days=draft.shelf_life_days,
        origin=draft.origin,
        origin_en=draft.origin_en,
        variants=[
            VariantContent(
                variant_id=strawberry.ID(str(each.id)),
                sku=each.sku,
                name=each.name,
                name_en=each.name_en,
                net_weight_grams=each.net_weight_grams,
                pack_count=each.pack_count,
                unit=each.unit,
                unit_en=each.unit_en,
                price=_yuan(each.price_fen),
            )
            for each in draft.variants
        ],
        season_windows=[SeasonWindowContent(kind=each.kind, start=each.start, end=each.end) for each in draft.windows],
    )


def _package(draft: PackageDraft) -> TourPackageContent:
    return TourPackageContent(
        meeting_point=draft.meeting_point,
        meeting_point_en=draft.meeting_point_en,
        duration_minutes=draft.duration_minutes,
        notice_minutes=draft.notice_minutes,
        cutoff_minutes=draft.cutoff_minutes,
        pricing_per=draft.pricing_per,
        needs_travel_agency=draft.needs_travel_agency,
        options=[_option(each) for each in draft.options],
        notes=[NoteContent(kind=kind, text=text, text_en=text_en) for kind, text, text_en in draft.notes],
        cancellation_tiers=[
            TierContent(hours_before=each.hours_before, refund_percent=each.refund_percent) for each in draft.tiers
        ],
        gifts=[
            GiftContent(
                variant_id=strawberry.ID(each.variant_id),
                quantity=each.quantity,
                per=each.per,
                note=each.note,
                note_en=each.note_en,
            )
            for each in draft.gifts
        ],
    )


def _option(option: OptionDraft) -> OptionContent:
    return OptionContent(
        option_id=strawberry.ID(str(option.id)),
        name=option.name,
        name_en=option.name_en,
        units=[
            UnitContent(
                unit_id=strawberry.ID(str(each.id)),
                kind=each.kind,
                name=each.name,
                name_en=each.name_en,
                pax_count=each.pax_count,
                price=_yuan(each.price_fen),
                min_age=each.min_age,
                max_age=each.max_age,
                max_quantity=each.max_quantity,
            )
            for each in option.units
        ],
    )


def _yuan(fen: int) -> Decimal:
    return Decimal(Money(fen).text())


def problem_of(problem: Problem, language: Language) -> ListingProblem:
    """A problem as it is shown."""
    return ListingProblem(path=camel_path(problem.path), message=problem.en if language == "en" else problem.zh)


def change_of(change: Change) -> FieldChange:
    """A change as it is shown."""
    before, after = (_shown(value, change.path.rpartition(".")[2]) for value in (change.before, change.after))
    return FieldChange(path=camel_path(change.path), before=before, after=after)


def camel_path(path: str) -> str:
    """A path as clients name fields.

    >>> camel_path("variants.2.price_fen"), camel_path("variants.var_01k0000000000000000000000a.net_weight_grams")
    ('variants.2.price', 'variants.var_01k0000000000000000000000a.netWeightGrams')
    """
    return ".".join(_camel(part) for part in path.split("."))


def _camel(name: str) -> str:
    known = {"price_fen": "price", "tiers": "cancellationTiers", "windows": "seasonWindows"}
    if name in known or not _NAME.fullmatch(name):
        return known.get(name, name)
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _shown(value: Any, name: str) -> Any:
    match value:
        case int() if name == "price_fen":
            return Money(value).text()
        case dict():
            return {_camel(key): _shown(each, key) for key, each in value.items()}
        case list():
            return [_shown(each, name) for each in value]
    return value
