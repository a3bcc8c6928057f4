"""Parcels are followed: what carriers say is kept once, in any order, moves a shipment once, and never backwards."""

import asyncio
from datetime import timedelta
from itertools import permutations

import httpx
import pytest
from sqlmodel import col, select

from market.fulfilment.deliver import confirm_receipt, correct_shipment
from market.fulfilment.rules import Carrier, ShipmentState, TrackingState, TrackingStatus
from market.fulfilment.tables import TrackingEvent
from market.fulfilment.tracking import (
    ForgedCallback,
    Happening,
    Kuaidi100,
    Track,
    follow_parcels,
    read_callback,
    record_track,
    salt_of,
)
from market.kernel.market import Market
from tests.checkout.shop import open_shop
from tests.clock import FakeClock
from tests.fulfilment.fake_kuaidi100 import CUSTOMER, HOUR, KEY, FakeKuaidi100, sign
from tests.fulfilment.parcels import events, parcel, seller_of, shipment_now, sold

CALLBACKS = "https://shop.example.cn/notify/kuaidi100/"


def sent(market: Market) -> tuple[str, str]:
    """A parcel on its way, and its number."""
    shop = open_shop(market)
    shipment = parcel(market, seller_of(market, shop.stalls.producer), sold(market, shop).part)
    return shipment, str(shipment_now(market, shipment).tracking_number)


def ask(market: Market, fake: FakeKuaidi100) -> int:
    """The worker asks what is due."""

    async def run() -> int:
        async with fake.client() as http:
            return await follow_parcels(Kuaidi100(http, KEY, CUSTOMER, CALLBACKS), market)

    return asyncio.run(run())


def told(market: Market, shipment: str, fake: FakeKuaidi100, number: str) -> str:
    """The callback that is due now arrives."""
    _url, form = fake.callback(number)
    track = read_callback(form["param"], form["sign"], salt=salt_of(market.sealer, shipment))
    return record_track(market, shipment, track)


def kept(market: Market, shipment: str) -> list[tuple[str, str]]:
    with market.read() as session:
        query = select(TrackingEvent).where(TrackingEvent.shipment_id == shipment).order_by(col(TrackingEvent.at))
        return [(each.status, each.text) for each in session.exec(query)]


def test_followed_told_and_delivered(market: Market, clock: FakeClock) -> None:
    shipment, number = sent(market)
    fake = FakeKuaidi100()

    assert ask(market, fake) == 1
    assert fake.followed[number]["url"] == CALLBACKS + shipment
    assert shipment_now(market, shipment).tracking == TrackingState.FOLLOWED
    assert ask(market, fake) == 0
    fake.happen(number, clock(), "揽收", "揽收员 王 13812345678")
    assert told(market, shipment, fake, number) == "HEARD"
    assert shipment_now(market, shipment).tracking_status == TrackingStatus.COLLECTED
    signed = clock.advance(days=1)
    fake.happen(number, signed, "签收")
    clock.advance(hours=2)
    assert told(market, shipment, fake, number) == "DELIVERED"
    assert told(market, shipment, fake, number) == "HEARD"

    found = shipment_now(market, shipment)
    assert (found.state, found.delivered_at) == (ShipmentState.DELIVERED, signed)
    assert (found.tracking, found.ask_at) == (TrackingState.ENDED, None)
    assert kept(market, shipment) == [("COLLECTED", "揽收员 王 138****5678"), ("DELIVERED", "【签收】快件")]
    assert events(market, found.order_id).count("shipment.delivered") == 1


def test_whatever_order_news_come_in_it_ends_alike(market: Market, clock: FakeClock) -> None:
    """Six parcels, the same three callbacks in each of six orders."""
    shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    start = clock()
    said = [
        Happening(start + HOUR, TrackingStatus.COLLECTED, "收"),
        Happening(start + 2 * HOUR, TrackingStatus.OUT_FOR_DELIVERY, "派"),
        Happening(start + 3 * HOUR, TrackingStatus.DELIVERED, "签"),
    ]
    clock.advance(days=1)
    ends = set()
    for order in permutations(range(3)):
        shipment = parcel(market, seller, sold(market, shop).part)
        number = str(shipment_now(market, shipment).tracking_number)
        for at in order:
            record_track(market, shipment, Track(Carrier.YTO, number, (said[at],), said[at].status))
        found = shipment_now(market, shipment)
        ends.add((found.state, found.tracking_status, found.tracking_at))
        assert [status for status, _text in kept(market, shipment)] == ["COLLECTED", "OUT_FOR_DELIVERY", "DELIVERED"]

    assert ends == {(ShipmentState.DELIVERED, TrackingStatus.DELIVERED, start + 3 * HOUR)}


def test_late_news_move_nothing_back(market: Market, clock: FakeClock) -> None:
    shipment, number = sent(market)
    start = clock()
    clock.advance(days=3)

    def hear(status: TrackingStatus, hours: int) -> str:
        said = Happening(start + hours * HOUR, status, status)
        return record_track(market, shipment, Track(Carrier.YTO, number, (said,), status))

    assert hear(TrackingStatus.RETURNED, 5) == "RETURNED"
    assert hear(TrackingStatus.DELIVERED, 6) == "HEARD"
    assert hear(TrackingStatus.IN_TRANSIT, 1) == "HEARD"
    found = shipment_now(market, shipment)
    assert (found.state, found.returned_at, found.delivered_at) == (ShipmentState.RETURNED, start + 5 * HOUR, None)


def test_a_carriers_clock_that_is_ahead_does_no_harm(market: Market, clock: FakeClock) -> None:
    shipment, number = sent(market)

    ahead = Happening(clock() + timedelta(days=400), TrackingStatus.IN_TRANSIT, "明年")
    record_track(market, shipment, Track(Carrier.YTO, number, (ahead,), TrackingStatus.IN_TRANSIT))
    clock.advance(hours=1)
    signed = Happening(clock() + timedelta(days=400), TrackingStatus.DELIVERED, "签收")
    assert record_track(market, shipment, Track(Carrier.YTO, number, (signed,), None)) == "DELIVERED"

    assert shipment_now(market, shipment).delivered_at == clock()
    assert shipment_now(market, shipment).tracking_status == TrackingStatus.DELIVERED


def test_news_of_a_number_that_was_put_right_are_not_its(market: Market, clock: FakeClock) -> None:
    shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    shipment = parcel(market, seller, sold(market, shop).part)
    number = str(shipment_now(market, shipment).tracking_number)
    fake = FakeKuaidi100()
    ask(market, fake)
    correct_shipment(market, seller, shipment_id=shipment, carrier=Carrier.SF, number="SF1234567890")
    fake.happen(number, clock(), "签收")

    assert told(market, shipment, fake, number) == "STALE"

    assert shipment_now(market, shipment).state == ShipmentState.SENT
    assert ask(market, fake) == 1
    assert fake.followed["SF1234567890"]["com"] == "shunfeng"


def test_a_bad_day_of_the_service_is_waited_out(market: Market, clock: FakeClock) -> None:
    shipment, number = sent(market)
    fake = FakeKuaidi100(failures=[httpx.Response(502), httpx.ReadTimeout("slow"), httpx.Response(200, text="<html>")])

    for minutes in (1, 10, 60):
        assert ask(market, fake) == 1
        assert shipment_now(market, shipment).ask_at == clock() + timedelta(minutes=minutes)
        assert ask(market, fake) == 0
        clock.advance(minutes=minutes)
    assert ask(market, fake) == 1

    assert number in fake.followed
    assert shipment_now(market, shipment).tracking == TrackingState.FOLLOWED


def test_what_was_not_told_is_asked_for(market: Market, clock: FakeClock) -> None:
    shipment, number = sent(market)
    fake = FakeKuaidi100()
    ask(market, fake)
    clock.advance(hours=12)

    assert ask(market, fake) == 1  # nothing is known of it yet
    assert shipment_now(market, shipment).ask_at == clock() + timedelta(hours=12)
    fake.happen(number, clock(), "签收")
    clock.advance(hours=12)
    assert ask(market, fake) == 1

    assert shipment_now(market, shipment).state == ShipmentState.DELIVERED
    assert fake.asked == ["/poll", "/poll/query.do", "/poll/query.do"]
    clock.advance(days=3)
    assert ask(market, fake) == 0


def test_a_number_nobody_knows_is_flagged_for_its_seller(market: Market, clock: FakeClock) -> None:
    shipment, number = sent(market)

    assert ask(market, FakeKuaidi100(unknown={number})) == 1

    assert shipment_now(market, shipment).tracking == TrackingState.FAILED
    clock.advance(days=3)
    assert ask(market, FakeKuaidi100()) == 0


def test_one_that_the_service_gives_up_is_flagged(market: Market) -> None:
    shipment, number = sent(market)
    fake = FakeKuaidi100()
    ask(market, fake)
    _url, form = fake.callback(number, status="abort")

    track = read_callback(form["param"], form["sign"], salt=salt_of(market.sealer, shipment))
    record_track(market, shipment, track)

    assert shipment_now(market, shipment).tracking == TrackingState.FAILED


def test_what_has_come_is_asked_about_no_more(market: Market, clock: FakeClock) -> None:
    shop = open_shop(market)
    order = sold(market, shop)
    shipment = parcel(market, seller_of(market, shop.stalls.producer), order.part)
    fake = FakeKuaidi100()
    ask(market, fake)
    confirm_receipt(market, order.buyer, seller_order_id=order.part)

    clock.advance(days=2)
    assert ask(market, fake) == 0
    assert shipment_now(market, shipment).tracking == TrackingState.ENDED


def test_forged_and_broken_callbacks_are_refused(market: Market) -> None:
    shipment, number = sent(market)
    fake = FakeKuaidi100()
    ask(market, fake)
    fake.happen(number, market.now(), "签收")
    salt = salt_of(market.sealer, shipment)
    _url, form = fake.callback(number)
    _url, of_another = fake.callback(number, salt=salt_of(market.sealer, "shp_" + "0" * 26))

    for param, signed in (
        (form["param"], ""),
        (form["param"].replace("签收", "退签"), form["sign"]),
        (of_another["param"], of_another["sign"]),
        *[(text, sign(text + salt)) for text in ("", "[]", "{}", '{"lastResult": {"nu": 1, "data": [{}]}}')],
    ):
        with pytest.raises(ForgedCallback):
            read_callback(param, signed, salt=salt)


def test_an_account_that_is_refused_is_told_apart_from_a_parcel_that_is(market: Market) -> None:
    shipment, _number = sent(market)
    fake = FakeKuaidi100()

    async def wrong_key() -> int:
        async with fake.client() as http:
            tracker = Kuaidi100(http, "another", CUSTOMER, CALLBACKS)
            return await follow_parcels(tracker, market)

    assert asyncio.run(wrong_key()) == 1
    assert shipment_now(market, shipment).tracking == TrackingState.WANTED
