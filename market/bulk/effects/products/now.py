"""What products say now, a chunk at a time: for comparing with a file, and for exports."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlmodel import Session, col, select

from market.bulk.sheets.columns import Values
from market.bulk.sheets.products import Spans
from market.catalogue.content.codec import decoded
from market.catalogue.content.drafts import ListingDraft, ProductDraft, VariantDraft, WindowDraft
from market.catalogue.content.live import with_live_prices
from market.catalogue.rules import WindowKind
from market.catalogue.rules.states import OPEN_REVISIONS, RevisionState
from market.catalogue.tables import Listing, ListingRevision, Product, SeasonWindow, Variant

WINDOWS: Mapping[str, WindowKind] = MappingProxyType(
    {"sale": WindowKind.SALE, "harvest": WindowKind.HARVEST, "shipping": WindowKind.SHIPPING}
)
"""Columns of season windows."""


@dataclass(frozen=True, slots=True)
class ProductNow:
    """A product as its people see it: what its open revision would make it say, or else what buyers see. Without
    pictures and certificates, which no sheet has."""

    listing: Listing
    draft: ProductDraft | None
    live: ProductDraft | None
    revision: RevisionState | None


def products_now(session: Session, listings: Sequence[Listing]) -> dict[str, ProductNow]:
    """Step: these products, by id. Four statements for all of them."""
    ids = sorted(listing.id for listing in listings)
    products = {row.id: row for row in session.exec(select(Product).where(col(Product.id).in_(ids)))}
    offered = (col(Variant.listing_id).in_(ids), col(Variant.retired_at).is_(None))
    variants = _grouped(session.exec(select(Variant).where(*offered).order_by(col(Variant.position))))
    in_order = select(SeasonWindow).where(col(SeasonWindow.listing_id).in_(ids)).order_by(col(SeasonWindow.position))
    windows = _grouped(session.exec(in_order))
    still_open = (col(ListingRevision.listing_id).in_(ids), col(ListingRevision.state).in_(sorted(OPEN_REVISIONS)))
    revisions = {row.listing_id: row for row in session.exec(select(ListingRevision).where(*still_open))}
    found = {}
    for listing in listings:
        product, revision = products.get(listing.id), revisions.get(listing.id)
        live = None if product is None else _live(listing, product, variants[listing.id], windows[listing.id])
        said = live if revision is None else with_live_prices(decoded(revision.content), live)
        assert said is None or isinstance(said, ProductDraft), "a product's revision is of a product"
        found[listing.id] = ProductNow(listing, said, live, None if revision is None else revision.state)
    return found


def rows_of(code: str | None, draft: ProductDraft) -> list[Values]:
    """A product as rows of its sheet, with ids of producer, category and village in place of their names. What is not
    said is None, as in an empty cell."""
    shared: dict[str, Any] = {
        "code": code,
        "title": draft.listing.title,
        "title_en": draft.listing.title_en,
        "producer": draft.listing.producer_id,
        "category": draft.listing.category_id,
        "village": draft.listing.village_id,
        "summary": draft.listing.summary,
        "summary_en": draft.listing.summary_en,
        "description": draft.listing.description,
        "origin": draft.origin,
        "origin_en": draft.origin_en,
        "storage": draft.storage,
        "shelf_life_days": draft.shelf_life_days,
        **{key: spans_of(draft.windows, kind) for key, kind in WINDOWS.items()},
    }
    return [_filled({**shared, **_variant(each)}) for each in draft.variants]


def spans_of(windows: Iterable[WindowDraft], kind: WindowKind) -> Spans:
    """The spans of one kind of season window."""
    return tuple((each.start, each.end) for each in windows if each.kind is kind)


def _variant(variant: VariantDraft) -> dict[str, Any]:
    return {
        "sku": variant.sku,
        "variant": variant.name,
        "variant_en": variant.name_en,
        "net_weight_grams": variant.net_weight_grams,
        "pack_count": variant.pack_count,
        "unit": variant.unit,
        "unit_en": variant.unit_en,
        "price": variant.price_fen,
    }


def _filled(values: dict[str, Any]) -> Values:
    """As cells are read: without spaces around, one sort of line break, None for nothing."""
    return {
        key: (value.strip().replace("\r\n", "\n") if isinstance(value, str) else value) or None
        for key, value in values.items()
    }


def _live(listing: Listing, product: Product, variants: list[Variant], windows: list[SeasonWindow]) -> ProductDraft:
    return ProductDraft(
        ListingDraft(
            title=listing.title,
            title_en=listing.title_en,
            summary=listing.summary,
            summary_en=listing.summary_en,
            description=listing.description,
            description_en=listing.description_en,
            category_id=listing.category_id,
            producer_id=listing.producer_id,
            cooperative_id=listing.cooperative_id,
            village_id=listing.village_id,
        ),
        storage=listing.storage,
        shelf_life_days=product.shelf_life_days,
        origin=product.origin,
        origin_en=product.origin_en,
        variants=tuple(
            VariantDraft(
                row.sku,
                row.name,
                row.name_en,
                row.net_weight_grams,
                row.pack_count,
                row.unit,
                row.unit_en,
                row.price_fen,
                id=row.id,
            )
            for row in variants
        ),
        windows=tuple(WindowDraft(row.kind, _month_day(row.start_day), _month_day(row.end_day)) for row in windows),
    )


def _month_day(number: int) -> str:
    return f"{number // 100:02}-{number % 100:02}"


def _grouped(rows: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.listing_id].append(row)
    return found
