"""Payments over HTTP: the sandbox's page, WeChat's notices, and the worker's duties with them."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlmodel import select
from starlette.applications import Starlette

from market.kernel.market import Market
from market.orders.rules import OrderState
from market.orders.tables import CustomerOrder
from market.payments.flow import Till, start_payment
from market.payments.rules import PayMethod
from market.payments.tables import Payment
from market.server.payments import SANDBOX_PATH, WECHAT_PATH, Gateways, payment_duties, payment_routes
from market.server.settings import Settings, SettingsError, read_settings
from market.server.worker import run_once
from tests.checkout.shop import Shop, buyers, home, open_shop, peaches, placed, put
from tests.clock import FakeClock
from tests.payments.fake_wechat import API_KEY, KEY_ID, FakeWeChat, keys
from tests.server.test_worker import log


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    merchant, wechat = keys()
    private, public = tmp_path / "merchant.pem", tmp_path / "wechat.pem"
    private.write_bytes(merchant.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(wechat.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return read_settings(
        wechat_app_id="wx_app",
        wechat_app_secret="secret",
        wechat_pay_mchid="1900000001",
        wechat_pay_serial_no="SERIAL",
        wechat_pay_private_key=private,
        wechat_pay_api_key=API_KEY,
        wechat_pay_public_key_id=KEY_ID,
        wechat_pay_public_key=public,
        transfer_account="奉化合作社/6222000000000000/宁波银行",
        public_url="https://shop.example.cn",
    )


def an_order(market: Market, shop: Shop) -> tuple[Any, str]:
    (buyer,) = buyers(market, 1)
    put(market, buyer, peaches(shop))
    return buyer, placed(market, buyer, home(market, buyer))


def state(market: Market) -> str:
    with market.read() as session:
        return session.exec(select(CustomerOrder.state)).one()


def number(market: Market) -> str:
    with market.read() as session:
        return session.exec(select(Payment.out_trade_no)).one()


async def _client(gateways: Gateways, till: Till, market: Market) -> httpx.AsyncClient:
    app = Starlette(routes=payment_routes(gateways, till, market, log()))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop")


@pytest.mark.parametrize(("click", "after"), [("yes", OrderState.PAID), ("no", OrderState.PENDING_PAYMENT)])
def test_a_person_clicks_in_the_sandbox(market: Market, settings: Settings, click: str, after: OrderState) -> None:
    buyer, order_id = an_order(market, open_shop(market))
    gateways = Gateways(settings, market)

    async def walk() -> list[str]:
        async with gateways.opened() as till:
            started = await start_payment(till, market, buyer, order_id=order_id, method=PayMethod.SANDBOX)
            async with await _client(gateways, till, market) as client:
                url = started.action.params["url"]
                pages = [await client.get(url)]
            later = Gateways(settings, market)  # the server was started again, or has another process
            async with later.opened() as now, await _client(later, now, market) as client:
                pages += [await client.post(url, params={"paid": click}) for _twice in range(2)]
                return [page.text for page in pages]

    first, second, third = asyncio.run(walk())

    assert "96.00 CNY" in first
    assert "待支付" in first
    assert "<button>" in first
    assert second == third
    assert "<button>" not in second
    assert state(market) == after


def test_a_notice_is_taken_when_it_is_wechats(market: Market, clock: FakeClock, settings: Settings) -> None:
    buyer, order_id = an_order(market, open_shop(market))
    wechat = FakeWeChat(clock)
    gateways = Gateways(settings, market)
    till = Till({"wechat": wechat.gateway()}, *_callbacks(gateways))

    async def walk() -> list[int]:
        await start_payment(till, market, buyer, order_id=order_id, method=PayMethod.WECHAT_NATIVE)
        sent = wechat.notice(wechat.pay(number(market)))
        statuses = []
        async with await _client(gateways, till, market) as client:
            for headers, body in (
                ({}, sent.body),
                (sent.headers, sent.body + b" "),
                (sent.headers, b"x" * 70_000),
                (sent.headers, sent.body),
                (sent.headers, sent.body),
            ):
                answer = await client.post(WECHAT_PATH, content=body, headers=headers)
                statuses.append(answer.status_code)
                if answer.status_code != 204:
                    assert answer.json()["code"] == "FAIL"
        return statuses

    assert asyncio.run(walk()) == [401, 401, 413, 204, 204]
    assert state(market) == OrderState.PAID


def _callbacks(gateways: Gateways) -> tuple[Any, Any]:
    made = gateways.till(httpx.AsyncClient())
    return made.paid, made.refunded


def test_the_worker_expires_what_is_not_paid(market: Market, clock: FakeClock, settings: Settings) -> None:
    buyer, order_id = an_order(market, open_shop(market))
    gateways = Gateways(settings, market)

    async def start() -> None:
        async with gateways.opened() as till:
            await start_payment(till, market, buyer, order_id=order_id, method=PayMethod.SANDBOX)

    asyncio.run(start())
    clock.advance(minutes=16)

    assert run_once(market, log(), payment_duties(gateways))["expire orders"] == 1
    assert state(market) == OrderState.EXPIRED


def test_a_transfer_shows_the_account_and_what_to_write(market: Market, settings: Settings) -> None:
    buyer, order_id = an_order(market, open_shop(market))

    async def start() -> Any:
        async with Gateways(settings, market).opened() as till:
            return await start_payment(till, market, buyer, order_id=order_id, method=PayMethod.BANK_TRANSFER)

    action = asyncio.run(start()).action
    assert (action.kind, action.params["accountName"]) == ("TRANSFER", "奉化合作社")
    with market.read() as session:
        assert action.params["reference"] == session.exec(select(CustomerOrder.number)).one()


def test_half_a_merchant_and_a_sandbox_in_production_are_refused() -> None:
    with pytest.raises(SettingsError, match="MARKET_WECHAT_PAY_SERIAL_NO: MARKET_WECHAT_PAY_MCHID needs it"):
        read_settings(wechat_pay_mchid="1900000001")
    with pytest.raises(SettingsError, match="MARKET_SANDBOX: it takes no money"):
        read_settings(environment="production", secret="s" * 40, sandbox=True)
    with pytest.raises(SettingsError, match="MARKET_TRANSFER_ACCOUNT: write it as name/number/bank"):
        read_settings(transfer_account="nobody")


def test_the_sandboxs_page_is_only_where_it_is_set(market: Market) -> None:
    gateways = Gateways(read_settings(sandbox=False), market)
    till = gateways.till(httpx.AsyncClient())

    assert payment_routes(gateways, till, market, log()) == []
    assert till.gateways == {}
    assert SANDBOX_PATH.startswith("/")
