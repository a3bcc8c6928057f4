"""A tiny shop to buy from: peaches, and a farm visit that comes with a bag of them."""

from dataclasses import dataclass
from datetime import date, time
from itertools import count

from sqlmodel import select

from market.catalogue.publish import (
    GiftDraft,
    ListingDraft,
    OptionDraft,
    PackageDraft,
    TierDraft,
    UnitDraft,
    publish_package,
)
from market.catalogue.rules import GiftPer, PricingPer, UnitKind
from market.catalogue.tables import PackageOption, UnitType, Variant
from market.checkout.carts import LineChoice, open_cart, set_cart_line
from market.checkout.place import PlaceDraft, place_order
from market.checkout.reckon import Choices, Reckoned, reckon, wishes_of
from market.fulfilment.tables import DeliveryRate
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from market.orders.rules import DeliveryMethod
from market.people.profile.addresses import AddressDraft, add_address
from market.people.tables import Account
from market.sessions.manage import SeriesDraft, schedule_sessions
from market.sessions.tables import TourSession
from market.stock.drafts import LotDraft
from market.stock.manage import receive_stock
from tests.schema.stalls import ADMIN, Stalls, sell, set_up

KEYS = count()
VISIT_DAY = date(2026, 6, 20)


@dataclass(frozen=True)
class Shop:
    """The ids of what there is."""

    stalls: Stalls
    peaches: str
    """A variant at ¥88.00, 1 kg."""
    bag: str
    """The variant that comes with a visit."""
    visit: str
    """A session at ¥128.00 for each adult."""
    adult: str


def key() -> str:
    """A new idempotency key."""
    return f"shop-key-{next(KEYS):010d}"


def open_shop(market: Market, *, pieces: int = 100, seats: int = 20) -> Shop:
    """The shop, with so much to sell."""
    stalls = set_up(market)
    peaches = _variant(market, sell(market, stalls, "水蜜桃", stalls.peach))
    bag = _variant(market, sell(market, stalls, "伴手礼", stalls.peach))
    for variant, quantity in ((peaches, pieces), (bag, pieces)):
        receive_stock(market, ADMIN, LotDraft(variant, quantity), idempotency_key=key())
    package = publish_package(market, ADMIN, _tour(stalls, bag))
    with market.read() as session:
        option = session.exec(select(PackageOption.id).where(PackageOption.package_id == package)).one()
        adult = session.exec(select(UnitType.id).where(UnitType.option_id == option)).one()
    schedule_sessions(market, ADMIN, [SeriesDraft(option, (VISIT_DAY,), (time(9),), seats)])
    with market.transaction() as session:
        visit = session.exec(select(TourSession.id).where(TourSession.package_id == package)).one()
        for method, fen in ((DeliveryMethod.EXPRESS, 800), (DeliveryMethod.COLD_CHAIN, 2_000)):
            session.add(
                DeliveryRate(
                    id=market.new_id("dlr"),
                    method=method,
                    zone="330200000000",
                    first_grams=1_000,
                    first_fen=fen,
                    next_grams=1_000,
                    next_fen=200,
                    promise_hours=48,
                )
            )
    return Shop(stalls, peaches, bag, visit, adult)


def _tour(stalls: Stalls, bag: str) -> PackageDraft:
    unit = UnitDraft(UnitKind.ADULT, "成人", None, 1, 12800)
    return PackageDraft(
        ListingDraft("桃园一日", None, "", None, "", None, stalls.tours, stalls.producer, None, stalls.village),
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


def _variant(market: Market, product: str) -> str:
    with market.read() as session:
        return session.exec(select(Variant.id).where(Variant.listing_id == product)).one()


def buyers(market: Market, number: int) -> list[Actor]:
    """So many people with accounts."""
    with market.transaction() as session:
        made = [Account(id=market.new_id("acc"), name=f"买家{each}", created_at=market.now()) for each in range(number)]
        session.add_all(made)
        return [Actor(ActorKind.CUSTOMER, each.id) for each in made]


def home(market: Market, buyer: Actor) -> str:
    """An address in the shop's village."""
    draft = AddressDraft("330213005208", "桃花路 1 号", "林顾客", "13800001234")
    return add_address(market, buyer, draft, key=key())


def put(market: Market, buyer: Actor, *choices: LineChoice) -> None:
    """Put things in the buyer's cart."""
    for choice in choices:
        set_cart_line(market, buyer, choice)


def peaches(shop: Shop, quantity: int = 1) -> LineChoice:
    """So many boxes."""
    return LineChoice(variant_id=shop.peaches, quantity=quantity)


def visit(shop: Shop, adults: int = 1) -> LineChoice:
    """A visit of so many adults."""
    return LineChoice(session_id=shop.visit, units={shop.adult: adults}, participants=("林顾客",))


def reckoned(market: Market, buyer: Actor, choices: Choices | None = None) -> Reckoned:
    """What the buyer's cart comes to."""
    cart = open_cart(market, buyer).cart_id
    with market.read() as session:
        wishes = wishes_of(session, market.sealer, cart)
        return reckon(
            session,
            wishes,
            choices or Choices("330213005208"),
            account_id=buyer.account_id,
            now=market.now(),
        )


def placed(market: Market, buyer: Actor, address: str, *, codes: tuple[str, ...] = (), with_key: str = "") -> str:
    """Order what is in the cart, at the price it shows."""
    found = reckoned(market, buyer, Choices("330213005208", codes=codes))
    draft = PlaceDraft(
        expected_fen=found.priced.payable_fen, address_id=address, codes=codes, confirms_no_return=True, note="少放冰"
    )
    return place_order(market, buyer, draft, key=with_key or key())
