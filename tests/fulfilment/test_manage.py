"""Price lists and pick-up points: whose they are, and what buyers are offered by them."""

import pytest
from sqlmodel import col, select

from market.catalogue.rules import Storage
from market.fulfilment.drafts import PointDraft, PointPatch, RateDraft
from market.fulfilment.manage import (
    add_delivery_rate,
    add_pickup_point,
    change_pickup_point,
    close_pickup_point,
    retire_delivery_rate,
)
from market.fulfilment.offers import offers_of
from market.fulfilment.rates import Parcel
from market.fulfilment.tables import DeliveryRate, PickupPoint
from market.kernel.errors import Forbidden, Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.orders.rules import DeliveryMethod
from tests.checkout.shop import buyers, key, open_shop
from tests.fulfilment.parcels import add_point, seller_of

HERE, FAR = "330213005208", "110101001001"
STRANGER = Actor(ActorKind.MEMBER, "acc_x", organisations={"pdr_x": frozenset({Role.OWNER})})
FRUIT = Parcel(2_500, 10_000, frozenset({Storage.AMBIENT}))


def offered(market: Market, producer: str, region: str | None = HERE) -> list[tuple[str, int]]:
    """The ways to get it, and what each costs."""
    with market.read() as session:
        found = offers_of(session, {"it": FRUIT}, {"it": producer}, region)["it"]
    return [(each.method, each.fee_fen) for each in found]


def test_a_seller_without_a_list_delivers_by_the_platforms(market: Market) -> None:
    producer = open_shop(market).stalls.producer

    assert offered(market, producer) == [("EXPRESS", 1_200), ("COLD_CHAIN", 2_400)]
    assert offered(market, producer, FAR) == []


def test_a_sellers_own_list_takes_the_place_of_the_platforms(market: Market) -> None:
    producer = open_shop(market).stalls.producer
    seller = seller_of(market, producer)

    draft = RateDraft(producer, DeliveryMethod.EXPRESS, 500, 24, "330200000000", next_fen=100)
    rate = add_delivery_rate(market, seller, draft, key=key())
    assert offered(market, producer) == [("EXPRESS", 700)]
    for _twice in range(2):
        retire_delivery_rate(market, seller, rate_id=rate)
    assert offered(market, producer) == [("EXPRESS", 1_200), ("COLD_CHAIN", 2_400)]


def test_a_pick_up_point_is_offered_beside_the_platforms_list(market: Market) -> None:
    shop = open_shop(market)
    producer = shop.stalls.producer
    seller = seller_of(market, producer)

    point = add_point(market, shop)
    assert offered(market, producer) == [("PICKUP", 0), ("EXPRESS", 1_200), ("COLD_CHAIN", 2_400)]
    assert offered(market, producer, None) == [("PICKUP", 0)]
    change_pickup_point(market, seller, point_id=point, patch=PointPatch(name="村口小店", opening="全天"))
    with market.read() as session:
        found = session.exec(select(PickupPoint)).one()
        assert (found.name, found.opening, found.region_code) == ("村口小店", "全天", HERE)
    close_pickup_point(market, seller, point_id=point)
    assert offered(market, producer, None) == []
    with pytest.raises(NotFound):
        close_pickup_point(market, seller, point_id=point)


def test_the_same_key_adds_one(market: Market) -> None:
    producer = open_shop(market).stalls.producer
    seller, same = seller_of(market, producer), key()
    draft = PointDraft(producer, "老王家", "村口")

    assert add_pickup_point(market, seller, draft, key=same) == add_pickup_point(market, seller, draft, key=same)

    with market.read() as session:
        assert len(session.exec(select(PickupPoint)).all()) == 1
        assert len(session.exec(select(DeliveryRate).where(col(DeliveryRate.producer_id).is_not(None))).all()) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"method": DeliveryMethod.PICKUP}, "method"),
        ({"zone": "3302"}, "zone"),
        ({"first_fen": -1}, "firstFee"),
        ({"next_grams": 0}, "nextGrams"),
        ({"promise_hours": 0}, "promiseHours"),
        ({"max_grams": 0}, "maxGrams"),
        ({"free_from_fen": 0}, "freeFrom"),
    ],
)
def test_a_rate_that_cannot_be_is_refused(market: Market, given: dict[str, object], field: str) -> None:
    usual = {"producer_id": None, "method": DeliveryMethod.EXPRESS, "first_fen": 1, "promise_hours": 1}

    with pytest.raises(Invalid) as refused:
        add_delivery_rate(market, Actor(ActorKind.ADMIN, "acc_a"), RateDraft(**usual | given), key=key())  # type: ignore[arg-type]  # made up

    assert refused.value.facts["field"] == field


def test_who_may_change_them(market: Market) -> None:
    shop = open_shop(market)
    producer = shop.stalls.producer
    point = add_point(market, shop)
    with market.read() as session:
        common = session.exec(select(DeliveryRate.id).where(col(DeliveryRate.producer_id).is_(None))).first()
        of_point = session.exec(select(DeliveryRate.id).where(DeliveryRate.pickup_point_id == point)).one()
    assert common is not None
    own = RateDraft(producer, DeliveryMethod.EXPRESS, 500, 24)
    platforms = RateDraft(None, DeliveryMethod.EXPRESS, 500, 24)
    seller = seller_of(market, producer)

    for actor, refusal in ((STRANGER, NotFound), (buyers(market, 1)[0], Forbidden)):
        for act in (
            lambda who: add_delivery_rate(market, who, own, key=key()),
            lambda who: add_pickup_point(market, who, PointDraft(producer, "点", "处"), key=key()),
            lambda who: change_pickup_point(market, who, point_id=point, patch=PointPatch(name="别处")),
            lambda who: close_pickup_point(market, who, point_id=point),
        ):
            with pytest.raises(refusal):
                act(actor)
    with pytest.raises(NotFound):
        add_delivery_rate(market, seller, platforms, key=key())
    for who, rate in ((seller, common), (STRANGER, of_point)):
        with pytest.raises(NotFound):
            retire_delivery_rate(market, who, rate_id=rate)
    with pytest.raises(Invalid):
        retire_delivery_rate(market, seller, rate_id=of_point)
