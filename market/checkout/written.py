"""From what an order would be to what is written down: lines with everything as it was sold."""

from collections.abc import Mapping
from typing import Any

from market.checkout.facts import VariantFacts
from market.checkout.reckon import Reckoned, ReckonedLine, gifts_of
from market.kernel.market import Market
from market.orders.create import LineDraft
from market.orders.rules import LineKind


def line_drafts(
    market: Market, line: ReckonedLine, found: Reckoned, gifts: Mapping[str, VariantFacts]
) -> list[LineDraft]:
    """A line, followed by the gifts that come with it."""
    priced = next(each for each in found.priced.lines if each.key == line.wish.key)
    is_booking = line.session is not None
    made = LineDraft(
        id=market.new_id("lin"),
        kind=LineKind.BOOKING if is_booking else LineKind.PRODUCT,
        listing_id=line.offer.listing_id,
        category_id=line.offer.category_id,
        quantity=line.wish.quantity,
        unit_price_fen=line.unit_price_fen,
        discount_fen=priced.discount_fen,
        commission_bp=line.commission_bp,
        commission_fen=priced.commission_fen,
        title=line.offer.title,
        title_en=line.offer.title_en,
        snapshot={"wish": line.wish.key, **(_session(line) if is_booking else _variant(line.variant))},
        variant_id=line.variant.id if line.variant else None,
        session_id=line.session.id if line.session else None,
        seats=line.party.seats if line.party else 0,
        weight_grams=line.wish.quantity * line.variant.weight_grams if line.variant else 0,
        return_basis=line.variant.return_basis if line.variant else None,
        discounts=tuple((each.campaign_id, each.funder, each.amount_fen) for each in priced.discounts),
    )
    return [made, *[_gift(market, gifts[variant_id], quantity, made.id) for variant_id, quantity in gifts_of(line)]]


def _gift(market: Market, variant: VariantFacts, quantity: int, comes_with: str) -> LineDraft:
    return LineDraft(
        id=market.new_id("lin"),
        kind=LineKind.GIFT,
        listing_id=variant.offer.listing_id,
        category_id=variant.offer.category_id,
        quantity=quantity,
        unit_price_fen=0,
        discount_fen=0,
        commission_bp=0,
        commission_fen=0,
        title=variant.offer.title,
        title_en=variant.offer.title_en,
        snapshot={"comesWith": comes_with, **_variant(variant)},
        variant_id=variant.id,
    )


def _variant(variant: VariantFacts | None) -> dict[str, Any]:
    assert variant is not None, "a line is of a variant or of a session"
    return {
        "sku": variant.sku,
        "variant": variant.name,
        "variantEn": variant.name_en,
        "unit": variant.unit,
        "grams": variant.weight_grams,
        "storage": variant.storage,
        "producer": variant.offer.producer_id,
        "village": variant.offer.village_id,
        "region": variant.offer.region_code,
        "categories": list(variant.offer.category_path),
    }


def _session(line: ReckonedLine) -> dict[str, Any]:
    tour = line.session
    assert tour is not None, "a booking is of a session"
    return {
        "option": tour.option_name,
        "optionEn": tour.option_name_en,
        "startsAt": tour.starts_at.isoformat(),
        "endsAt": tour.ends_at.isoformat(),
        "meetingPoint": tour.meeting_point,
        "units": [
            {"id": unit.id, "name": unit.name, "count": line.wish.units[unit.id], "fen": unit.price_fen}
            for unit in tour.units
            if unit.id in line.wish.units
        ],
        "tiers": [list(tier) for tier in tour.tiers],
        "producer": tour.offer.producer_id,
        "village": tour.offer.village_id,
        "region": tour.offer.region_code,
        "categories": list(tour.offer.category_path),
    }
