"""What people want, decided before anything is done: so the stock of each month can be received before it is sold."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from sqlmodel import Session, col, select

from market.catalogue.rules import GiftPer, ListingKind, ListingState, PricingPer, UnitKind
from market.catalogue.tables import Listing, PackageGift, PackageOption, TourPackage, UnitType, Variant
from market.kernel.clock import shanghai
from market.sessions.tables import TourSession
from market.stock.tables import StockLevel
from seeds.year.calendar import an_hour, orders_a_day

BOTH, VISIT = 0.15, 0.35
"""Up to these chances an order is of both kinds, or of a visit alone; else of produce."""
_SHORT_SEASON_DAYS = 150


@dataclass(frozen=True, slots=True)
class Ware:
    """A variant that can be bought."""

    variant_id: str
    seasons: tuple[tuple[int, int], ...]
    """First and last days, as month × 100 + day; the last may be in the next year."""
    weight: float

    def is_in_season(self, day: date) -> bool:
        """Whether it is sold on this day."""
        at = day.month * 100 + day.day
        return any(
            first <= at <= last if first <= last else at >= first or at <= last for first, last in self.seasons if first
        )


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody is going to order."""

    at: datetime
    buyer: int
    pieces: dict[str, int]
    session_id: str | None = None
    units: dict[str, int] = field(default_factory=dict)
    gifts: Counter[str] = field(default_factory=Counter)
    """The produce that comes with the visit, if four come."""


def wares(session: Session) -> list[Ware]:
    """Step: what produce is on sale and there, with how often it is chosen."""
    rows = session.exec(
        select(Variant, Listing)
        .join(Listing, col(Listing.id) == col(Variant.listing_id))
        .join(StockLevel, col(StockLevel.variant_id) == col(Variant.id))
        .where(
            Listing.kind == ListingKind.PRODUCT,
            Listing.state == ListingState.LIVE,
            StockLevel.on_hand > 0,
            Variant.price_fen < 40_000,
        )
        .order_by(col(Listing.title), col(Variant.sku))
    ).all()
    return [_ware(variant, listing) for variant, listing in rows]


def _ware(variant: Variant, listing: Listing) -> Ware:
    seasons = ((listing.season_start_1, listing.season_end_1), (listing.season_start_2, listing.season_end_2))
    first, last = seasons[0]
    is_short = not (first == 101 and last == 1231) and (last - first) % 1200 < _SHORT_SEASON_DAYS * 3
    popular = 1 + min(listing.popularity, 10_000) / 2_500
    return Ware(variant.id, seasons, popular * (5 if is_short else 1))


def parties(session: Session, chance: Random) -> dict[str, dict[str, int]]:
    """Step: by option, the tickets that a family takes: two adults, and a child where there is a ticket for one."""
    rows = session.exec(
        select(UnitType, TourPackage.pricing_per)
        .join(PackageOption, col(PackageOption.id) == col(UnitType.option_id))
        .join(TourPackage, col(TourPackage.id) == col(PackageOption.package_id))
        .order_by(col(UnitType.option_id), col(UnitType.position))
    ).all()
    found: dict[str, dict[str, int]] = {}
    for unit, per in rows:
        if unit.kind is UnitKind.ADULT or unit.option_id not in found:
            count = 1 if per is not PricingPer.UNIT or unit.pax_count > 1 else 2
            found.setdefault(unit.option_id, {}).setdefault(unit.id, count)
        elif unit.kind is UnitKind.CHILD and chance.random() < 0.7:
            found[unit.option_id][unit.id] = 1
    return found


def wishes(session: Session, days: Sequence[date], *, orders: int, buyers: int, chance: Random) -> list[Wish]:
    """Step: a year of them, the earliest first."""
    on_sale, families = wares(session), parties(session, chance)
    gifts: dict[str, list[PackageGift]] = {}
    for gift in session.exec(select(PackageGift)).all():
        gifts.setdefault(gift.package_id, []).append(gift)
    visits: dict[date, list[TourSession]] = {}
    for each in session.exec(
        select(TourSession)
        .where(col(TourSession.local_date) >= days[0], col(TourSession.local_date) <= days[-1])
        .order_by(col(TourSession.starts_at), col(TourSession.id))
    ):
        visits.setdefault(each.local_date, []).append(each)
    found = []
    for day, count in zip(days, orders_a_day(days, orders, chance), strict=True):
        fresh = [ware for ware in on_sale if ware.is_in_season(day)]
        for _ in range(count):
            kind = chance.random()
            trip = _trip(day, visits, chance) if kind < VISIT else None
            pieces = Counter[str]()
            if fresh and (kind < BOTH or trip is None):
                for ware in chance.choices(fresh, [ware.weight for ware in fresh], k=chance.choice((1, 1, 1, 2, 2, 3))):
                    pieces[ware.variant_id] += chance.choice((1, 1, 1, 2, 2, 3))
            if pieces or trip is not None:
                # Some buy often, most seldom.
                buyer = int(buyers * chance.random() ** 2)
                units = families.get(trip.option_id, {}) if trip is not None else {}
                given = Counter[str]()
                for gift in gifts.get(trip.package_id, ()) if trip is not None else ():
                    given[gift.variant_id] += gift.quantity * (4 if gift.per is GiftPer.PERSON else 1)
                moment = shanghai(day, an_hour(chance))
                found.append(Wish(moment, buyer, dict(pieces), trip.id if trip else None, dict(units), given))
    return sorted(found, key=lambda wish: wish.at)


def _trip(day: date, visits: dict[date, list[TourSession]], chance: Random) -> TourSession | None:
    """A visit some days from now."""
    for ahead in chance.sample(range(3, 21), 18):
        there = visits.get(day + timedelta(days=ahead))
        if there:
            return chance.choice(there)
    return None


def demand(found: Sequence[Wish]) -> dict[tuple[int, int], Counter[str]]:
    """The pieces of each month (year, month), by variant."""
    by_month: dict[tuple[int, int], Counter[str]] = {}
    for wish in found:
        month = by_month.setdefault((wish.at.year, wish.at.month), Counter())
        month.update(wish.pieces)
        month.update(wish.gifts)
    return by_month
