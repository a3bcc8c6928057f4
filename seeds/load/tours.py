"""Invented tour packages: options, ticket types, thirty sessions each."""

from datetime import time, timedelta
from functools import cache
from typing import Any

from market.catalogue.rules import GiftPer, ListingKind, NoteKind, PricingPer, UnitKind
from market.catalogue.tables import (
    FAR_FUTURE,
    CancellationTier,
    PackageGift,
    PackageNote,
    PackageOption,
    TourPackage,
    UnitType,
)
from market.kernel.clock import business_day, shanghai
from market.sessions.rules import SessionState
from market.sessions.tables import TourSession
from seeds.load import words
from seeds.load.listings import Listings
from seeds.load.sellers import Seller

SESSIONS_EACH = 30
_DAYS = 90
_TIMES = (time(8, 30), time(9, 30), time(13, 30), time(15, 0))
_CAPACITIES = (8, 12, 16, 20, 30, 40)
_NOTES = (
    (NoteKind.INCLUDED, "入园与讲解", "Entry and guide"),
    (NoteKind.EXCLUDED, "往返交通", "Transport"),
    (NoteKind.BRING, "防滑鞋", "Non-slip shoes"),
)
_OPTIONS = (("上午场", "Morning"), ("午后场", "Afternoon"))
_start = cache(shanghai)


def add_package(listings: Listings, sellers: list[Seller], number: int, *, gift: str) -> int:
    """One more package; how many sessions it has. `gift` is the variant that every other package gives away."""
    chance = listings.chance
    category, motif, minutes, names = words.TOURS[number % len(words.TOURS)]
    seller, name, harmony = chance.choice(sellers), chance.choice(names), chance.choice(words.HARMONIES)
    package_id, price_fen = listings.ids.new("pkg"), chance.randint(28, 480) * 100
    option_ids = [listings.ids.new("opt") for _ in range(chance.randint(1, len(_OPTIONS)))]
    sessions = _sessions(listings, package_id, option_ids, minutes)
    free = [
        each["starts_at"]
        for each in sessions
        if each["starts_at"] > listings.now and each["state"] is SessionState.OPEN and each["taken"] < each["capacity"]
    ]
    place = seller.place
    listings.add(
        ListingKind.TOUR_PACKAGE,
        package_id,
        title=(f"{place.name}{harmony[0]}{name[0]}", f"{harmony[1]} {name[1]}, {place.name_en}"),
        category=category,
        motif=motif,
        seller=seller,
        more=(f"{place.name}村口", *[text for _kind, text, _text_en in _NOTES]),
        price_fen=price_fen * 6 // 1000 * 100,
        next_session_at=min(free, default=FAR_FUTURE),
    )
    listings.rows.add(
        TourPackage,
        id=package_id,
        meeting_point=f"{place.name}村口",
        meeting_point_en=f"Gate of {place.name_en}",
        duration_minutes=minutes,
        notice_minutes=24 * 60,
        cutoff_minutes=12 * 60,
        pricing_per=PricingPer.UNIT,
        needs_travel_agency=category == "stay",
    )
    _add_parts(listings, package_id, option_ids, price_fen)
    if number % 2:
        listings.rows.add(
            PackageGift, package_id=package_id, position=1, variant_id=gift, quantity=1, per=GiftPer.BOOKING
        )
    for each in sessions:
        listings.rows.add(TourSession, **each)
    return len(sessions)


def _add_parts(listings: Listings, package_id: str, option_ids: list[str], price_fen: int) -> None:
    rows = listings.rows
    for position, option_id in enumerate(option_ids, 1):
        zh, en = _OPTIONS[position - 1]
        rows.add(PackageOption, id=option_id, package_id=package_id, position=position, name=zh, name_en=en)
        units = (
            (UnitKind.ADULT, "成人", "Adult", price_fen, 12, None),
            (UnitKind.CHILD, "儿童", "Child", price_fen * 6 // 1000 * 100, 3, 11),
        )
        for place, (kind, name, name_en, fen, min_age, max_age) in enumerate(units, 1):
            rows.add(
                UnitType,
                id=listings.ids.new("unt"),
                option_id=option_id,
                position=place,
                kind=kind,
                name=name,
                name_en=name_en,
                pax_count=1,
                price_fen=fen,
                min_age=min_age,
                max_age=max_age,
            )
    for position, (note, text, text_en) in enumerate(_NOTES, 1):
        rows.add(PackageNote, package_id=package_id, kind=note, position=position, text=text, text_en=text_en)
    for hours_before, refund_percent in ((48, 100), (24, 50), (0, 0)):
        rows.add(CancellationTier, package_id=package_id, hours_before=hours_before, refund_percent=refund_percent)


def _sessions(listings: Listings, package_id: str, option_ids: list[str], minutes: int) -> list[dict[str, Any]]:
    chance, today = listings.chance, business_day(listings.now)
    sessions = []
    for option_id in option_ids:
        count = SESSIONS_EACH // len(option_ids)
        at, capacity, offset = chance.choice(_TIMES), chance.choice(_CAPACITIES), chance.randrange(_DAYS // count)
        for number in range(count):
            day = today + timedelta(days=offset + number * _DAYS // count)
            starts_at = _start(day, at)
            luck = chance.random()
            sessions.append(
                {
                    "id": listings.ids.new("ses"),
                    "package_id": package_id,
                    "option_id": option_id,
                    "starts_at": starts_at,
                    "ends_at": starts_at + timedelta(minutes=minutes),
                    "cutoff_at": starts_at - timedelta(hours=12),
                    "local_date": day,
                    "state": SessionState.CLOSED if luck > 0.97 else SessionState.OPEN,
                    "capacity": capacity,
                    "taken": capacity if luck < 0.1 else chance.randint(0, capacity) if luck < 0.6 else 0,
                }
            )
    return sessions
