"""A draft as the JSON that revisions keep, and back."""

from typing import Any

from pydantic import TypeAdapter

from market.catalogue.content.drafts import Draft, PackageDraft, ProductDraft, kind_of
from market.catalogue.rules import ListingKind

FORMAT = 1
"""Counts changes of the form that old revisions would be misread in. Fields with a default may be added without."""

_ADAPTERS: dict[ListingKind, TypeAdapter[Any]] = {
    ListingKind.PRODUCT: TypeAdapter(ProductDraft),
    ListingKind.TOUR_PACKAGE: TypeAdapter(PackageDraft),
}


def encoded(draft: Draft) -> dict[str, Any]:
    """A draft as JSON data. Equal drafts give equal data, and `decoded` gives the same draft again."""
    kind = kind_of(draft)
    return {"format": FORMAT, "kind": kind.value, "draft": _ADAPTERS[kind].dump_python(draft, mode="json")}


def decoded(data: dict[str, Any]) -> Draft:
    """The draft of such data. ValueError for data that `encoded` has not made."""
    if data["format"] != FORMAT:
        raise ValueError(f"a draft of format {data['format']} cannot be read")
    draft: Draft = _ADAPTERS[ListingKind(data["kind"])].validate_python(data["draft"])
    return draft
