"""The hand-written content of `seeds/data`, read into the drafts that use cases take. Nothing here knows a database.

Things name each other by slug, SKU or region code; whoever publishes them passes in the ids that those names have.
"""

import csv
import tomllib
from collections.abc import Mapping
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from market.catalogue.publish import (
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
from market.catalogue.rules import (
    GiftPer,
    NoteKind,
    PricingPer,
    Season,
    Storage,
    UnitKind,
    WindowKind,
    month_day,
)
from market.catalogue.rules.seasons import ALL_YEAR, season_of, window
from market.kernel.money import Money
from market.places.manage import RegionRow, VillageDraft
from market.sessions.manage import SeriesDraft

DATA = Path(__file__).parent / "data"
SESSION_DAYS = 90

Row = Mapping[str, Any]
Ids = Mapping[str, str]


@cache
def rows(noun: str) -> tuple[Row, ...]:
    """The tables of one content file, in its order: village, category, organisation, certificate, product, package."""
    name = "categories" if noun == "category" else f"{noun}s"
    with (DATA / f"{name}.toml").open("rb") as source:
        return tuple(tomllib.load(source)[noun])


@cache
def regions() -> tuple[RegionRow, ...]:
    """Every region of the city, parents before children. The city itself has no parent here."""
    with (DATA / "regions.csv").open(encoding="utf-8", newline="") as source:
        return tuple(
            RegionRow(code=row["code"], name=row["name"], parent_code=row["parent_code"] or None)
            for row in csv.DictReader(source)
        )


def home_of(offer: Row) -> Row:
    """The village that a product or package is from: its producer's or host's."""
    return _homes()[offer.get("producer") or offer["host"]]


@cache
def _homes() -> dict[str, Row]:
    villages = {village["code"]: village for village in rows("village")}
    return {organisation["slug"]: villages[organisation["village"]] for organisation in rows("organisation")}


def village_draft(row: Row, *, picture: str) -> VillageDraft:
    """A featured village."""
    return VillageDraft(
        region_code=row["code"],
        name=row["name"],
        name_en=row["name_en"],
        story=row["story"],
        story_en=row["story_en"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        is_place_checked=row["coordinates_checked"],
        honours=tuple((honour["title"], honour["title_en"]) for honour in row["honours"]),
        picture=picture,
    )


def _listing(row: Row, seller: str, ids: Mapping[str, Ids], images: tuple[ImageDraft, ...]) -> ListingDraft:
    return ListingDraft(
        title=row["title"],
        title_en=row["title_en"],
        summary=row["summary"],
        summary_en=row["summary_en"],
        description=row["description"],
        description_en=row["description_en"],
        category_id=ids["category"][row["category"]],
        producer_id=ids["organisation"][row[seller]],
        cooperative_id=ids["organisation"][row["cooperative"]] if "cooperative" in row else None,
        village_id=ids["village"][home_of(row)["code"]],
        images=images,
        certificate_ids=tuple(ids["certificate"][slug] for slug in row.get("certificates", ())),
    )


def product_draft(row: Row, ids: Mapping[str, Ids], images: tuple[ImageDraft, ...]) -> ProductDraft:
    """Produce, offered from its producer's village."""
    return ProductDraft(
        listing=_listing(row, "producer", ids, images),
        storage=Storage(row["storage"]),
        shelf_life_days=row["shelf_life_days"],
        origin=row["origin"],
        origin_en=row["origin_en"],
        variants=tuple(
            VariantDraft(
                sku=variant["sku"],
                name=variant["name"],
                name_en=variant["name_en"],
                net_weight_grams=variant["net_weight_g"],
                pack_count=variant["pack"],
                unit=variant["unit"],
                unit_en=variant["unit_en"],
                price_fen=Money.parse(variant["price"]).amount_fen,
            )
            for variant in row["variants"]
        ),
        windows=tuple(WindowDraft(WindowKind(each["kind"]), each["from"], each["to"]) for each in row["windows"]),
    )


def package_draft(row: Row, ids: Mapping[str, Ids], images: tuple[ImageDraft, ...]) -> PackageDraft:
    """A tour package with its ticket types, notes, refunds and gifts; its sessions are scheduled apart."""
    lines = ((NoteKind.INCLUDED, "included"), (NoteKind.EXCLUDED, "excluded"), (NoteKind.BRING, "bring"))
    return PackageDraft(
        listing=_listing(row, "host", ids, images),
        meeting_point=row["meeting_point"],
        meeting_point_en=row["meeting_point_en"],
        duration_minutes=row["duration_minutes"],
        notice_minutes=row["notice_hours"] * 60,
        cutoff_minutes=row["cutoff_hours"] * 60,
        pricing_per=PricingPer(row["pricing_per"]),
        needs_travel_agency=row["needs_travel_agency"],
        options=tuple(_option(option) for option in row["options"]),
        notes=tuple((kind, line["text"], line["text_en"]) for kind, key in lines for line in row[key]),
        tiers=tuple(TierDraft(tier["hours_before"], tier["refund_percent"]) for tier in row["cancellation"]),
        gifts=tuple(
            GiftDraft(
                ids["variant"][gift["sku"]], gift["quantity"], GiftPer(gift["per"]), gift["note"], gift["note_en"]
            )
            for gift in row["gifts"]
        ),
    )


def _option(row: Row) -> OptionDraft:
    units = tuple(
        UnitDraft(
            kind=UnitKind(unit["kind"]),
            name=unit["name"],
            name_en=unit["name_en"],
            pax_count=unit["pax_count"],
            price_fen=Money.parse(unit["price"]).amount_fen,
            min_age=unit.get("min_age"),
            max_age=unit.get("max_age"),
            max_quantity=unit.get("max_quantity"),
        )
        for unit in row["units"]
    )
    return OptionDraft(row["name"], row["name_en"], units)


def series_drafts(row: Row, option_ids: list[str], today: date) -> list[SeriesDraft]:
    """The sessions of a package's options in the coming 90 days: on their weekdays, within the package's season."""
    season = _season(row)
    days = [today + timedelta(days=number) for number in range(SESSION_DAYS)]
    running = [day for day in days if season.holds(month_day(day))]
    return [
        SeriesDraft(
            option_id=option_id,
            days=tuple(day for day in running if day.isoweekday() in option["weekdays"]),
            times=tuple(time.fromisoformat(start) for start in option["start_times"]),
            capacity=option["capacity"],
        )
        for option, option_id in zip(row["options"], option_ids, strict=True)
    ]


def _season(row: Row) -> Season:
    if "season" not in row:
        return ALL_YEAR
    return season_of([window(row["season"]["from"], row["season"]["to"])])
