"""Use case: put a tour package on sale."""

from sqlmodel import Session

from market.catalogue.publish.drafts import PackageDraft
from market.catalogue.publish.listing import add_listing, index_listing
from market.catalogue.rules import ListingKind
from market.catalogue.tables import (
    CancellationTier,
    PackageGift,
    PackageNote,
    PackageOption,
    TourPackage,
    UnitType,
    Variant,
)
from market.kernel.errors import Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require


def publish_package(market: Market, actor: Actor, draft: PackageDraft) -> str:
    """Put a tour package on sale, or refuse; its id. It has no sessions yet.

    Refuses: Forbidden; NotFound, also for a gift's variant; Invalid for no option, an option without a unit, a price
    below zero, a cutoff longer than the notice, cancellation tiers that give more for less notice, or what
    `add_listing` refuses.
    """
    seller = draft.listing.cooperative_id or draft.listing.producer_id
    require(actor, Permission.LISTING_EDIT, organisation_id=seller)
    check_package(draft)
    prices = [unit.price_fen for option in draft.options for unit in option.units if unit.price_fen > 0]
    with market.transaction() as session:
        listing = add_listing(
            session,
            draft.listing,
            kind=ListingKind.TOUR_PACKAGE,
            price_fen=min(prices, default=0),
            now=market.now(),
        )
        session.add(
            TourPackage(
                id=listing.id,
                meeting_point=draft.meeting_point,
                meeting_point_en=draft.meeting_point_en,
                duration_minutes=draft.duration_minutes,
                notice_minutes=draft.notice_minutes,
                cutoff_minutes=draft.cutoff_minutes,
                pricing_per=draft.pricing_per,
                needs_travel_agency=draft.needs_travel_agency,
            )
        )
        session.flush()
        _add_options(session, market, listing.id, draft)
        _add_texts(session, listing.id, draft)
        session.flush()
        more = " ".join([draft.meeting_point, *[text for _kind, text, _text_en in draft.notes]])
        index_listing(session, market.database.engine, listing, more=more)
        return listing.id


def _add_options(session: Session, market: Market, package_id: str, draft: PackageDraft) -> None:
    for position, option in enumerate(draft.options, start=1):
        row = PackageOption(
            id=market.new_id("opt"),
            package_id=package_id,
            position=position,
            name=option.name,
            name_en=option.name_en,
        )
        session.add(row)
        session.flush()
        for number, unit in enumerate(option.units, start=1):
            session.add(
                UnitType(
                    id=market.new_id("unt"),
                    option_id=row.id,
                    position=number,
                    kind=unit.kind,
                    name=unit.name,
                    name_en=unit.name_en,
                    pax_count=unit.pax_count,
                    price_fen=unit.price_fen,
                    min_age=unit.min_age,
                    max_age=unit.max_age,
                    max_quantity=unit.max_quantity,
                )
            )


def _add_texts(session: Session, package_id: str, draft: PackageDraft) -> None:
    for number, (kind, text, text_en) in enumerate(draft.notes, start=1):
        session.add(PackageNote(package_id=package_id, kind=kind, position=number, text=text, text_en=text_en))
    for tier in draft.tiers:
        session.add(
            CancellationTier(package_id=package_id, hours_before=tier.hours_before, refund_percent=tier.refund_percent)
        )
    for number, gift in enumerate(draft.gifts, start=1):
        if session.get(Variant, gift.variant_id) is None:
            raise NotFound(field="gifts")
        session.add(
            PackageGift(
                package_id=package_id,
                position=number,
                variant_id=gift.variant_id,
                quantity=gift.quantity,
                per=gift.per,
                note=gift.note,
                note_en=gift.note_en,
            )
        )


def check_package(draft: PackageDraft) -> None:
    """Refuses with Invalid what no package can be."""
    if not draft.options or not all(option.units for option in draft.options):
        raise Invalid(
            field="options",
            allowed="a package has an option, and each option a ticket type",
            allowed_zh="套餐至少有一个方案，每个方案至少有一种票型",
        )
    if any(unit.price_fen < 0 or unit.pax_count < 0 for option in draft.options for unit in option.units):
        raise Invalid(field="units", allowed="prices and seats are not negative", allowed_zh="价格与占位数不能为负")
    if draft.duration_minutes <= 0 or not 0 <= draft.cutoff_minutes <= draft.notice_minutes:
        raise Invalid(
            field="cutoff_minutes",
            allowed="a package takes time, and its cutoff is not longer than its notice",
            allowed_zh="时长须大于零，截止时间不长于提前预订时间",
        )
    tiers = sorted(draft.tiers, key=lambda tier: tier.hours_before)
    percents = [tier.refund_percent for tier in tiers]
    if percents != sorted(percents) or not all(0 <= percent <= 100 for percent in percents):
        raise Invalid(
            field="tiers",
            allowed="refunds are 0 to 100 percent, and more notice never gives back less",
            allowed_zh="退款比例为 0 到 100，提前越久退款不少于之后",
        )
