"""Step that makes a tour package's rows say what a draft says."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session, select

from market.catalogue.content.drafts import PackageDraft
from market.catalogue.content.parts import offer_rows, replace_rows, write_one
from market.catalogue.tables import CancellationTier, PackageGift, PackageNote, PackageOption, TourPackage, UnitType
from market.kernel import outbox

OPTIONS_CHANGED = "package.options_changed"
"""The outbox topic that says that options of a package are offered no more, or again: `{"package": …}`."""


def write_package(session: Session, package_id: str, draft: PackageDraft, now: datetime) -> None:
    """Step: what only a tour package has."""
    values = {
        "meeting_point": draft.meeting_point,
        "meeting_point_en": draft.meeting_point_en,
        "duration_minutes": draft.duration_minutes,
        "notice_minutes": draft.notice_minutes,
        "cutoff_minutes": draft.cutoff_minutes,
        "pricing_per": draft.pricing_per,
        "needs_travel_agency": draft.needs_travel_agency,
    }
    write_one(session, TourPackage, package_id, values)
    _tell_of_options(session, package_id, {each.id for each in draft.options}, now)
    options = [{"id": each.id, "name": each.name, "name_en": each.name_en} for each in draft.options]
    offer_rows(session, PackageOption, {"package_id": package_id}, options, now=now)
    for option in draft.options:
        units = [
            {
                "id": each.id,
                "kind": each.kind,
                "name": each.name,
                "name_en": each.name_en,
                "pax_count": each.pax_count,
                "price_fen": each.price_fen,
                "min_age": each.min_age,
                "max_age": each.max_age,
                "max_quantity": each.max_quantity,
            }
            for each in option.units
        ]
        assert option.id is not None, "drafts are identified before they are written"
        offer_rows(session, UnitType, {"option_id": option.id}, units, now=now)
    notes = [
        {"kind": kind, "position": number, "text": text, "text_en": text_en}
        for number, (kind, text, text_en) in enumerate(draft.notes, start=1)
    ]
    replace_rows(session, PackageNote, {"package_id": package_id}, notes)
    tiers = [{"hours_before": each.hours_before, "refund_percent": each.refund_percent} for each in draft.tiers]
    replace_rows(session, CancellationTier, {"package_id": package_id}, tiers)
    gifts = [
        {
            "position": number,
            "variant_id": each.variant_id,
            "quantity": each.quantity,
            "per": each.per,
            "note": each.note,
            "note_en": each.note_en,
        }
        for number, each in enumerate(draft.gifts, start=1)
    ]
    replace_rows(session, PackageGift, {"package_id": package_id}, gifts)


def _tell_of_options(session: Session, package_id: str, offered: Collection[str | None], now: datetime) -> None:
    """Whoever depends on options hears when one goes or comes back: sessions, which are above."""
    rows = session.exec(
        select(PackageOption.id, PackageOption.retired_at).where(PackageOption.package_id == package_id)
    ).all()
    if any((id_ in offered) == (retired_at is not None) for id_, retired_at in rows):
        outbox.publish(session, OPTIONS_CHANGED, aggregate=package_id, payload={"package": package_id}, now=now)
