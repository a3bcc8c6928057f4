"""What a listing says now, as the draft that would make it say so."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.catalogue.content.drafts import (
    Draft,
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
from market.catalogue.content.identity import Known
from market.catalogue.content.parts import table_of
from market.catalogue.rules import ListingKind
from market.catalogue.tables import (
    CancellationTier,
    Image,
    Listing,
    ListingCertificate,
    PackageGift,
    PackageNote,
    PackageOption,
    Product,
    SeasonWindow,
    TourPackage,
    UnitType,
    Variant,
)


def content_of(session: Session, listing: Listing) -> Draft | None:
    """Step: what a listing says to buyers (or would, if it were on sale); None before its first approval."""
    if listing.kind is ListingKind.PRODUCT:
        return _product(session, listing)
    return _package(session, listing)


def known_of(session: Session, listing_id: str) -> Known:
    """Step: the ids of a listing's rows, of retired ones too, so that what returns is what it was."""
    variants = _rows(session, Variant, "listing_id", listing_id, "position")
    options = _rows(session, PackageOption, "package_id", listing_id, "position")
    return Known(
        tuple((row.sku, row.id) for row in variants),
        tuple((row.name, row.id) for row in options),
        tuple(((row.option_id, row.kind, row.name), row.id) for row in _unit_rows(session, listing_id)),
    )


def _product(session: Session, listing: Listing) -> ProductDraft | None:
    product = session.get(Product, listing.id)
    if product is None:
        return None
    return ProductDraft(
        listing=_listing(session, listing),
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
            for row in _rows(session, Variant, "listing_id", listing.id, "position")
            if row.retired_at is None
        ),
        windows=windows_of(session, listing.id),
    )


def windows_of(session: Session, listing_id: str) -> tuple[WindowDraft, ...]:
    """Step: a product's season windows."""
    return tuple(
        WindowDraft(row.kind, _month_day(row.start_day), _month_day(row.end_day))
        for row in _rows(session, SeasonWindow, "listing_id", listing_id, "position")
    )


def _package(session: Session, listing: Listing) -> PackageDraft | None:
    package = session.get(TourPackage, listing.id)
    if package is None:
        return None
    units = _unit_rows(session, listing.id)
    return PackageDraft(
        listing=_listing(session, listing),
        meeting_point=package.meeting_point,
        meeting_point_en=package.meeting_point_en,
        duration_minutes=package.duration_minutes,
        notice_minutes=package.notice_minutes,
        cutoff_minutes=package.cutoff_minutes,
        pricing_per=package.pricing_per,
        needs_travel_agency=package.needs_travel_agency,
        options=tuple(
            OptionDraft(row.name, row.name_en, _units(units, row.id), id=row.id)
            for row in _rows(session, PackageOption, "package_id", listing.id, "position")
            if row.retired_at is None
        ),
        notes=tuple(
            (row.kind, row.text, row.text_en)
            for row in _rows(session, PackageNote, "package_id", listing.id, "position")
        ),
        tiers=tuple(
            TierDraft(row.hours_before, row.refund_percent)
            for row in reversed(_rows(session, CancellationTier, "package_id", listing.id, "hours_before"))
        ),
        gifts=tuple(
            GiftDraft(row.variant_id, row.quantity, row.per, row.note, row.note_en)
            for row in _rows(session, PackageGift, "package_id", listing.id, "position")
        ),
    )


def _units(rows: list[Any], option_id: str) -> tuple[UnitDraft, ...]:
    return tuple(
        UnitDraft(
            row.kind,
            row.name,
            row.name_en,
            row.pax_count,
            row.price_fen,
            row.min_age,
            row.max_age,
            row.max_quantity,
            id=row.id,
        )
        for row in rows
        if row.option_id == option_id and row.retired_at is None
    )


def _listing(session: Session, listing: Listing) -> ListingDraft:
    certificates = _rows(session, ListingCertificate, "listing_id", listing.id, "certificate_id")
    return ListingDraft(
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
        images=tuple(
            ImageDraft(row.key, row.alt, row.alt_en, row.width, row.height)
            for row in _rows(session, Image, "listing_id", listing.id, "position")
        ),
        certificate_ids=tuple(row.certificate_id for row in certificates),
    )


def _rows(session: Session, model: type[SQLModel], column: str, value: str, order: str) -> list[Any]:
    table = table_of(model)
    return list(session.execute(sa.select(table).where(table.c[column] == value).order_by(table.c[order])))


def _unit_rows(session: Session, package_id: str) -> list[Any]:
    option, unit = table_of(PackageOption), table_of(UnitType)
    mine = sa.select(unit).join(option, option.c.id == unit.c.option_id).where(option.c.package_id == package_id)
    return list(session.execute(mine.order_by(unit.c.option_id, unit.c.position)))


def _month_day(number: int) -> str:
    return f"{number // 100:02}-{number % 100:02}"
