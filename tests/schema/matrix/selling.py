"""What a seller has: listings in every state, stock, departures, delivery."""

from datetime import date, time, timedelta
from typing import Any

from sqlmodel import select

from market.catalogue.manage.drafts import save_draft
from market.catalogue.manage.sale import withdraw_listing
from market.catalogue.manage.submit import submit_listing
from market.catalogue.publish import (
    GiftDraft,
    ListingDraft,
    OptionDraft,
    PackageDraft,
    ProductDraft,
    TierDraft,
    UnitDraft,
    VariantDraft,
    publish_package,
    publish_product,
)
from market.catalogue.review.suspend import suspend_listing
from market.catalogue.rules import GiftPer, PricingPer, Storage, UnitKind
from market.catalogue.rules.reasons import Reason
from market.catalogue.rules.states import ListingReason
from market.catalogue.tables import Listing, PackageOption, UnitType, Variant
from market.fulfilment.drafts import PointDraft, RateDraft
from market.fulfilment.manage import add_delivery_rate, add_pickup_point
from market.kernel.market import Market
from market.orders.rules import DeliveryMethod
from market.sessions.manage import SeriesDraft, schedule_sessions
from market.sessions.moves import close_session
from market.sessions.pools.manage import PoolDraft, create_pool
from market.sessions.rules import CloseReason, PoolKind, PoolPeriod
from market.sessions.rules.recurrence import SeriesPlan
from market.sessions.series.create import create_series
from market.sessions.tables import TourSession
from market.stock.drafts import LotDraft
from market.stock.manage import receive_stock
from market.stock.tables import StockLevel
from tests.checkout.shop import Shop, key
from tests.schema.matrix.things import Side
from tests.schema.stalls import ADMIN, Stalls

YESTERDAY, TODAY, LATER = date(2026, 6, 19), date(2026, 6, 20), date(2026, 6, 27)
"""Days of departures; it is the second of them at last, an hour before it leaves."""


def open_stall(market: Market, stalls: Stalls) -> Shop:
    """Peaches, a bag, and a visit on three days that comes with a bag."""
    peaches = _variant(market, publish_product(market, ADMIN, product(stalls, "水蜜桃")))
    bag = _variant(market, publish_product(market, ADMIN, product(stalls, "伴手礼")))
    for variant in (peaches, bag):
        receive_stock(market, ADMIN, LotDraft(variant, 200), idempotency_key=key())
    package = publish_package(market, ADMIN, tour(stalls, bag))
    with market.read() as session:
        option = session.exec(select(PackageOption.id).where(PackageOption.package_id == package)).one()
        adult = session.exec(select(UnitType.id).where(UnitType.option_id == option)).one()
    days = (YESTERDAY, TODAY, LATER, *(LATER + timedelta(days=each) for each in range(1, 5)))
    schedule_sessions(market, ADMIN, [SeriesDraft(option, days, (time(9),), 20)])
    return Shop(stalls, peaches, bag, departure(market, option, TODAY), adult)


def product(stalls: Stalls, title: str) -> ProductDraft:
    """A product of one variant."""
    variant = VariantDraft(f"{stalls.producer[-4:]}-{title}", "盒装", None, 1000, 1, "盒", None, 8800)
    return ProductDraft(_listing(stalls, title, stalls.peach), Storage.AMBIENT, None, "", None, (variant,))


def tour(stalls: Stalls, bag: str) -> PackageDraft:
    """A visit of one option, with a bag for everybody."""
    unit = UnitDraft(UnitKind.ADULT, "成人", None, 1, 12800)
    return PackageDraft(
        _listing(stalls, "桃园一日", stalls.tours),
        meeting_point="村口",
        meeting_point_en=None,
        duration_minutes=120,
        notice_minutes=1440,
        cutoff_minutes=720,
        pricing_per=PricingPer.UNIT,
        needs_travel_agency=False,
        options=(OptionDraft("半日", None, (unit,)),),
        tiers=(TierDraft(48, 100), TierDraft(24, 50)),
        gifts=(GiftDraft(bag, 1, GiftPer.PERSON),),
    )


def _listing(stalls: Stalls, title: str, category: str) -> ListingDraft:
    return ListingDraft(title, None, "", None, "", None, category, stalls.producer, None, stalls.village)


def _variant(market: Market, listing: str) -> str:
    with market.read() as session:
        return session.exec(select(Variant.id).where(Variant.listing_id == listing)).one()


def departure(market: Market, option: str, day: date) -> str:
    """The session of a day."""
    with market.read() as session:
        mine = (TourSession.option_id == option, TourSession.local_date == day)
        return session.exec(select(TourSession.id).where(*mine)).one()


def fill_listings(side: Side) -> None:
    """A listing in each state; the live one has an open revision too."""
    market, shop = side.market, side.shop
    with market.read() as session:
        live = session.exec(select(Variant.listing_id).where(Variant.id == shop.peaches)).one()

    def saved(title: str, **more: Any) -> Any:
        return save_draft(market, side.owner, product(shop.stalls, title), idempotency_key=key(), **more)

    def submitted(title: str) -> Any:
        return submit_listing(market, side.owner, listing_id=saved(title).listing_id, idempotency_key=key())

    waiting, draft = submitted("待审桃"), saved("新桃")
    with market.read() as session:
        version = session.exec(select(Listing.version).where(Listing.id == waiting.listing_id)).one()
    off, suspended = (publish_product(market, ADMIN, product(shop.stalls, each)) for each in ("下架桃", "停售桃"))
    withdraw_listing(market, side.owner, listing_id=off, idempotency_key=key())
    reasons = (Reason(ListingReason.PICTURES, "不是桃"),)
    suspend_listing(market, ADMIN, listing_id=suspended, reasons=reasons, idempotency_key=key())
    side.sells(
        listing=live,
        draft_listing=draft.listing_id,
        draft_revision=draft.revision_id,
        waiting_listing=waiting.listing_id,
        waiting_revision=waiting.revision_id,
        withdrawn_listing=off,
        suspended_listing=suspended,
        variant=shop.peaches,
    )
    side.facts["waiting_version"] = version


def fill_stock(side: Side) -> None:
    """Two lots of one variant."""
    first, second = (
        receive_stock(
            side.market,
            side.owner,
            LotDraft(side.shop.peaches, 50, harvested_on=day, code=f"L{day.day}", plot="1号园"),
            idempotency_key=key(),
        )
        for day in (date(2026, 6, 1), date(2026, 6, 2))
    )
    side.sells(lot=first, other_lot=second)


def fill_departures(side: Side) -> None:
    """Departures open and closed, one of them of a series, and a pool."""
    market, shop = side.market, side.shop
    with market.read() as session:
        option = session.exec(select(TourSession.option_id).where(TourSession.id == shop.visit)).one()
        package = session.exec(select(TourSession.package_id).where(TourSession.id == shop.visit)).one()
    closed = departure(market, option, LATER + timedelta(days=2))
    close_session(market, side.owner, closed, reason=CloseReason.WEATHER, idempotency_key=key())
    plan = SeriesPlan("FREQ=DAILY;COUNT=3", date(2026, 7, 10), (time(14),), 10)
    series = create_series(market, side.owner, option, plan, idempotency_key=key())
    pool = PoolDraft(side.seller, PoolKind.BUS_SEAT, "大巴", PoolPeriod.DAY, 100)
    side.sells(
        package=package,
        option=option,
        session=shop.visit,
        past_session=departure(market, option, YESTERDAY),
        later_session=departure(market, option, LATER),
        other_session=departure(market, option, LATER + timedelta(days=3)),
        empty_session=departure(market, option, LATER + timedelta(days=4)),
        closed_session=closed,
        series=series.series_id,
        pool=create_pool(market, side.owner, pool, idempotency_key=key()),
        unit=shop.adult,
    )


def fill_delivery(side: Side) -> None:
    """A price list of its own, and a pick-up point."""
    rate = RateDraft(side.seller, DeliveryMethod.EXPRESS, first_fen=800, promise_hours=48)
    point = PointDraft(side.seller, "自提点", "村口", fee_fen=5_000)  # dearer than a parcel, which so is the default
    side.sells(
        rate=add_delivery_rate(side.market, side.owner, rate, key=key()),
        point=add_pickup_point(side.market, side.owner, point, key=key()),
    )


def look_at_stock(side: Side) -> None:
    """Which version of the stock is to be counted, now that everything was sold."""
    with side.market.read() as session:
        side.facts["stock_version"] = session.get_one(StockLevel, side.shop.peaches).version
