"""What use cases give, as the types of `content` show it."""

import re
from decimal import Decimal
from typing import Any

import strawberry

from market.catalogue.content.diff import Change
from market.catalogue.content.drafts import Draft, OptionDraft, PackageDraft, ProductDraft
from market.catalogue.rules.problems import Problem
from market.kernel.errors import Language
from market.kernel.money import Money
from schema.listings.content import (
    FieldChange,
    GiftContent,
    ImageContent,
    ListingContent,
    ListingProblem,
    NoteContent,
    OptionContent,
    ProductContent,
    SeasonWindowContent,
    TierContent,
    TourPackageContent,
    UnitContent,
    VariantContent,
)

_NAME = re.compile(r"[a-z]+(?:_[a-z]+)+")
"""A field as the marketplace calls it. Ids have digits."""


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
