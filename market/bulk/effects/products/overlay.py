"""A product's draft with what the rows of a file say over it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from market.bulk.effects.products.now import WINDOWS
from market.bulk.sheets.columns import Values
from market.catalogue.content.drafts import ListingDraft, ProductDraft, VariantDraft, WindowDraft

_LISTING = ("title", "title_en", "summary", "summary_en", "description")
_OPTIONAL = frozenset({"title_en", "summary_en", "origin_en", "shelf_life_days"})
"""What is None and not an empty text when nothing is said."""
_VARIANT: Mapping[str, str] = {
    "variant": "name",
    "variant_en": "name_en",
    "net_weight_grams": "net_weight_grams",
    "pack_count": "pack_count",
    "unit": "unit",
    "unit_en": "unit_en",
    "price": "price_fen",
}
"""The fields of a variant by the columns that say them."""


def overlaid(base: ProductDraft, rows: Sequence[Values]) -> ProductDraft:
    """The draft that the rows make of a base. A column that is not in the file leaves its field alone, an empty cell
    empties it. Variants that have no row stay as they are: leaving a row out takes nothing off sale."""
    first = rows[0]
    listing = replace(
        base.listing,
        **{key: _said(key, first[key]) for key in _LISTING if key in first},
        category_id=first["category"],
        village_id=first["village"],
    )
    own = {key: _said(key, first[key]) for key in ("origin", "origin_en", "storage", "shelf_life_days") if key in first}
    return replace(
        base, listing=listing, **own, windows=_windows(base.windows, first), variants=_variants(base.variants, rows)
    )


def blank(producer_id: str, cooperative_id: str | None) -> ProductDraft:
    """A draft that says nothing yet."""
    listing = ListingDraft("", None, "", None, "", None, "", producer_id, cooperative_id, "")
    return ProductDraft(listing, None, None, "", None, ())


def _said(key: str, value: Any) -> Any:
    return value if value is not None or key in _OPTIONAL else ""


def _windows(base: tuple[WindowDraft, ...], first: Values) -> tuple[WindowDraft, ...]:
    kept = [each for each in base if not any(kind is each.kind and key in first for key, kind in WINDOWS.items())]
    said = [WindowDraft(kind, start, end) for key, kind in WINDOWS.items() for start, end in first.get(key) or ()]
    return tuple(kept + said)


def _variants(base: tuple[VariantDraft, ...], rows: Sequence[Values]) -> tuple[VariantDraft, ...]:
    by_sku = {each.sku: each for each in base}
    for row in rows:
        known = by_sku.get(row["sku"]) or VariantDraft(row["sku"], "", None, 0, 1, "", None, 0)
        by_sku[row["sku"]] = replace(known, **{name: row[key] for key, name in _VARIANT.items() if key in row})
    return tuple(by_sku.values())
