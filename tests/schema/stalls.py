"""A tiny marketplace to change: two villages' producers, two categories, whatever a test publishes."""

from dataclasses import dataclass
from datetime import date, time

from sqlmodel import select

from market.catalogue.publish import (
    CategoryDraft,
    ListingDraft,
    OptionDraft,
    PackageDraft,
    ProductDraft,
    UnitDraft,
    VariantDraft,
    add_category,
    publish_package,
    publish_product,
)
from market.catalogue.rules import ListingKind, PricingPer, Storage, UnitKind
from market.catalogue.tables import PackageOption
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from market.organisations.manage import OrganisationDraft, register_organisation
from market.organisations.rules import OrganisationKind
from market.places.manage import RegionRow, VillageDraft, add_regions, add_village
from market.sessions.manage import SeriesDraft, schedule_sessions

ADMIN = Actor(ActorKind.ADMIN, "account")


@dataclass(frozen=True)
class Stalls:
    """The ids of what there is."""

    village: str
    producer: str
    fruit: str
    peach: str
    tea: str
    tours: str


def set_up(market: Market) -> Stalls:
    """A village, a producer, three categories of produce and one of tours; nothing on sale."""
    rows = [
        ("330200000000", "宁波市", None),
        ("330213000000", "奉化区", "330200000000"),
        ("330213005000", "萧王庙街道", "330213000000"),
        ("330213005208", "滕头村", "330213005000"),
    ]
    add_regions(market, ADMIN, [RegionRow(code, name, parent) for code, name, parent in rows])
    village = add_village(
        market, ADMIN, VillageDraft("330213005208", "滕头村", "Tengtou", "", None, 29.69, 121.39, is_place_checked=True)
    )
    producer = register_organisation(
        market, ADMIN, OrganisationDraft(OrganisationKind.HOUSEHOLD, "老王家", "Wang", "", None, village)
    )
    fruit = add_category(market, ADMIN, CategoryDraft("fruit", "水果", "Fruit", ListingKind.PRODUCT))
    peach = add_category(market, ADMIN, CategoryDraft("peach", "桃", "Peach", ListingKind.PRODUCT, fruit))
    tea = add_category(market, ADMIN, CategoryDraft("tea", "茶", "Tea", ListingKind.PRODUCT))
    tours = add_category(market, ADMIN, CategoryDraft("tours", "游", "Tours", ListingKind.TOUR_PACKAGE))
    return Stalls(village, producer, fruit, peach, tea, tours)


def _listing(stalls: Stalls, title: str, category: str) -> ListingDraft:
    return ListingDraft(title, None, "", None, "", None, category, stalls.producer, None, stalls.village)


def sell(market: Market, stalls: Stalls, title: str, category: str) -> str:
    """Put a product on sale; its id."""
    variant = VariantDraft(f"SKU-{title}", "盒装", None, 1000, 1, "盒", None, 8800)
    draft = ProductDraft(_listing(stalls, title, category), Storage.AMBIENT, None, "", None, (variant,))
    return publish_product(market, ADMIN, draft)


def offer_tour(market: Market, stalls: Stalls, title: str) -> str:
    """Put a tour package on sale; its id."""
    unit = UnitDraft(UnitKind.ADULT, "成人", None, 1, 12800)
    draft = PackageDraft(
        _listing(stalls, title, stalls.tours),
        meeting_point="村口",
        meeting_point_en=None,
        duration_minutes=120,
        notice_minutes=1440,
        cutoff_minutes=720,
        pricing_per=PricingPer.UNIT,
        needs_travel_agency=False,
        options=(OptionDraft("半日", None, (unit,)),),
    )
    return publish_package(market, ADMIN, draft)


def schedule(market: Market, package_id: str, day: date) -> None:
    """One session of a package."""
    with market.read() as session:
        option = session.exec(select(PackageOption.id).where(PackageOption.package_id == package_id)).one()
    schedule_sessions(market, ADMIN, [SeriesDraft(option, (day,), (time(9),), 20)])
