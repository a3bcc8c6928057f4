"""快递100's callbacks over HTTP, and the worker's duty."""

import asyncio
from collections.abc import Mapping

import httpx
import pytest
from starlette.applications import Starlette

from market.fulfilment.rules import ShipmentState
from market.fulfilment.tracking import follow_parcels
from market.kernel.market import Market
from market.server.settings import Settings, SettingsError, read_settings
from market.server.tracking import CALLBACK_BYTES_MAX, CALLBACK_PATH, tracker_of, tracking_duties, tracking_routes
from tests.checkout.shop import open_shop
from tests.fulfilment.fake_kuaidi100 import CUSTOMER, KEY, FakeKuaidi100
from tests.fulfilment.parcels import parcel, seller_of, shipment_now, sold
from tests.server.test_worker import log


@pytest.fixture(name="settings")
def _settings() -> Settings:
    return read_settings(kuaidi100_key=KEY, kuaidi100_customer=CUSTOMER, public_url="https://shop.example.cn")


def test_callbacks_are_taken_and_answered_as_the_service_wants(market: Market, settings: Settings) -> None:
    shop = open_shop(market)
    shipment = parcel(market, seller_of(market, shop.stalls.producer), sold(market, shop).part)
    number = str(shipment_now(market, shipment).tracking_number)
    fake = FakeKuaidi100()
    app = Starlette(routes=tracking_routes(settings, market, log()))

    async def walk() -> list[httpx.Response]:
        async with fake.client() as service:
            tracker = tracker_of(settings, service)
            assert tracker is not None
            assert await follow_parcels(tracker, market) == 1
        fake.happen(number, market.now(), "签收")
        url, form = fake.callback(number)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://shop.example.cn") as http:

            async def post(path: str, given: Mapping[str, str]) -> httpx.Response:
                return await http.post(path, data=dict(given))

            return [
                await post(url, {**form, "sign": "0" * 32}),
                await post(CALLBACK_PATH + "shp_" + "0" * 26, form),
                await post(CALLBACK_PATH + "nothing", form),
                await post(url, {}),
                await post(url, {"param": "x" * CALLBACK_BYTES_MAX}),
                await post(url, form),
                await post(url, form),
            ]

    answers = asyncio.run(walk())

    assert [each.status_code for each in answers] == [401, 401, 401, 401, 413, 200, 200]
    assert [each.json()["returnCode"] for each in answers] == ["500"] * 5 + ["200"] * 2
    assert answers[-1].json() == {"result": True, "returnCode": "200", "message": "成功"}
    assert shipment_now(market, shipment).state == ShipmentState.DELIVERED


def test_without_an_account_there_is_no_route_and_nothing_to_do(market: Market) -> None:
    settings = read_settings()

    assert tracking_routes(settings, market, log()) == []
    assert tracking_duties(settings) == []


def test_with_an_account_the_worker_follows_parcels(market: Market, settings: Settings) -> None:
    (duty,) = tracking_duties(settings)

    assert duty.act(market) == 0


def test_half_an_account_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="MARKET_KUAIDI100_CUSTOMER"):
        read_settings(kuaidi100_key=KEY)
