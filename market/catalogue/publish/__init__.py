"""Use cases that make the catalogue without drafts and reviews: the category tree, and listings of seeds."""

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
from market.catalogue.publish.categories import CategoryDraft, add_category
from market.catalogue.publish.packages import publish_package
from market.catalogue.publish.products import publish_product

__all__ = [
    "CategoryDraft",
    "GiftDraft",
    "ImageDraft",
    "ListingDraft",
    "OptionDraft",
    "PackageDraft",
    "ProductDraft",
    "TierDraft",
    "UnitDraft",
    "VariantDraft",
    "WindowDraft",
    "add_category",
    "publish_package",
    "publish_product",
]
