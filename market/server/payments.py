"""Payments at the server: gateways from the settings, where providers and the sandbox's page call, the worker's duties."""

import asyncio
import html
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from market.checkout.carts import forget_carts
from market.checkout.till import expire_orders, on_paid, on_refunded
from market.kernel.market import Market
from market.kernel.money import Money
from market.payments.errors import ForgedNotice
from market.payments.flow import Till, reconcile, send_refunds, take_trade
from market.payments.gateways.sandbox import Sandbox
from market.payments.gateways.transfer import BankTransfer
from market.payments.intents import amount_waiting
from market.payments.port import Gateway, TradeState
from market.payments.refunds import record_refund
from market.server.logs import Log
from market.server.settings import Settings
from market.server.worker import BATCH, Duty
from market.settlement.bills.fetch import reconcile_bills
from market.vouchers.uses import tidy_uses

if TYPE_CHECKING:
    from market.payments.gateways.wechat import Credentials

WECHAT_PATH, WECHAT_REFUND_PATH, SANDBOX_PATH = "/notify/wechat", "/notify/wechat/refund", "/sandbox/pay/"
NOTICE_BYTES_MAX = 64 * 1024
CARTS_KEPT = timedelta(days=30)
TRANSFER_PARTS = 3


class Gateways:
    """The gateways of one process. The sandbox keeps its books here; a call's connections belong to its event loop."""

    def __init__(self, settings: Settings, market: Market) -> None:
        self._settings = settings
        self._market = market
        self.sandbox = Sandbox(market.now, SANDBOX_PATH) if settings.sandbox else None
        self.credentials = _credentials(settings) if settings.wechat_pay_mchid else None

    def client(self) -> httpx.AsyncClient | None:
        """Connections to whoever is called over HTTP; None when nobody is, for they take memory and time to prepare."""
        return None if self.credentials is None else httpx.AsyncClient()

    def till(self, http: httpx.AsyncClient | None) -> Till:
        """All of them, over this client."""
        found: dict[str, Gateway] = {}
        if self.sandbox is not None:
            found["sandbox"] = self.sandbox
        if self._settings.transfer_account:
            name, number, bank = (part.strip() for part in self._settings.transfer_account.split("/"))
            found["transfer"] = BankTransfer(name, number, bank)
        if self.credentials is not None and http is not None:
            from market.payments.gateways.wechat import WeChatPay  # noqa: PLC0415 - loaded where it is set up

            site = self._settings.public_url
            found["wechat"] = WeChatPay(
                self.credentials, http, self._market.now, site + WECHAT_PATH, site + WECHAT_REFUND_PATH
            )
        return Till(found, on_paid, on_refunded)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Till]:
        """The till for a while, with connections of its own."""
        http = self.client()
        try:
            yield self.till(http)
        finally:
            if http is not None:
                await http.aclose()


def payment_routes(gateways: Gateways, till: Till, market: Market, log: Log) -> list[Route]:
    """Where providers tell what became of payments; in development, the sandbox's page."""
    routes: list[Route] = []
    if gateways.credentials is not None:
        notices = _wechat_notices(gateways.credentials, till, market, log)
        routes += [Route(path, notices, methods=["POST"]) for path in (WECHAT_PATH, WECHAT_REFUND_PATH)]
    if gateways.sandbox is not None:
        page = _sandbox_page(gateways.sandbox, till, market)
        routes.append(Route(SANDBOX_PATH + "{number:str}", page, methods=["GET", "POST"]))
    return routes


def payment_duties(gateways: Gateways) -> list[Duty]:
    """The worker's: what is due is expired, what was not told is asked for, refunds are sent, what lapsed is tidied."""

    def duty(act: Callable[[Till, Market], Awaitable[int]]) -> Callable[[Market], int]:
        async def run(market: Market) -> int:
            async with gateways.opened() as till:
                return await act(till, market)

        return lambda market: asyncio.run(run(market))

    return [
        Duty("expire orders", timedelta(seconds=30), duty(expire_orders), 100),
        Duty("ask about payments", timedelta(minutes=1), duty(reconcile), 50),
        Duty("send refunds", timedelta(seconds=15), duty(send_refunds), 20),
        Duty("compare bills", timedelta(minutes=30), duty(reconcile_bills), 10),
        Duty("tidy voucher holds", timedelta(minutes=5), _tidy_uses),
        Duty("forget carts", timedelta(hours=6), _forget_carts),
    ]


def _tidy_uses(market: Market) -> int:
    with market.transaction() as session:
        return tidy_uses(session, market.now(), limit=BATCH)


def _forget_carts(market: Market) -> int:
    return forget_carts(market, market.now() - CARTS_KEPT, limit=BATCH)


def _credentials(settings: Settings) -> "Credentials":
    from market.payments.gateways.wechat import Credentials  # noqa: PLC0415 - loaded where it is set up

    assert settings.wechat_pay_private_key is not None, "checked when they were read"
    assert settings.wechat_pay_public_key is not None, "checked when they were read"
    return Credentials.of(
        appid=settings.wechat_app_id,
        mchid=settings.wechat_pay_mchid,
        serial_no=settings.wechat_pay_serial_no,
        private_key_pem=settings.wechat_pay_private_key.read_text(encoding="ascii"),
        api_v3_key=settings.wechat_pay_api_key.get_secret_value(),
        public_key_id=settings.wechat_pay_public_key_id,
        public_key_pem=settings.wechat_pay_public_key.read_text(encoding="ascii"),
    )


def _wechat_notices(
    credentials: "Credentials", till: Till, market: Market, log: Log
) -> Callable[[Request], Awaitable[Response]]:
    from market.payments.gateways.wechat import read_notice  # noqa: PLC0415 - loaded where it is set up

    async def take(request: Request) -> Response:
        if int(request.headers.get("content-length") or 0) > NOTICE_BYTES_MAX:
            return _told(413, "too large")
        body = await request.body()
        try:
            notice = read_notice(credentials, dict(request.headers), body, market.now())
        except ForgedNotice as error:
            log.warning("a notice that is not WeChat's", reason=str(error))
            return _told(401, "not signed by WeChat Pay")
        if notice.trade is not None:
            outcome = await take_trade(till, market, "wechat", notice.trade, notice=(notice.id, notice.event))
        else:
            assert notice.refund is not None, "a notice is of one or the other"
            outcome = await market.run(record_refund, market, till.refunded, "wechat", notice.refund)
        log.info("payment notice", gateway="wechat", event_type=notice.event, outcome=outcome)
        return Response(status_code=204)

    return take


def _told(status: int, message: str) -> JSONResponse:
    """What makes WeChat send it again."""
    return JSONResponse({"code": "FAIL", "message": message}, status)


def _sandbox_page(sandbox: Sandbox, till: Till, market: Market) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        number = request.path_params["number"]
        waiting = await market.look(amount_waiting, market, number)
        if waiting is not None:
            sandbox.expect(number, *waiting)
        if request.method == "POST":
            trade = sandbox.settle(number, is_paid=request.query_params.get("paid") == "yes")
            if trade is not None:
                await take_trade(till, market, "sandbox", trade, notice=(f"{number}/{trade.state}", trade.state))
        trade = await sandbox.query(number)
        amount, currency = sandbox.amounts.get(number, (0, ""))
        shown = {
            "number": html.escape(number),
            "amount": f"{Money(amount).text()} {currency}" if currency else "",
            "state": _STATES[trade.state],
            "choice": _CHOICE if trade.state is TradeState.NOT_PAID else "",
        }
        return HTMLResponse(
            _PAGE.format(**shown),
            headers={"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"},
        )

    return page


_PAGE = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>支付沙箱 · Payment sandbox</title>
<style>body{{font:16px/1.6 system-ui;max-width:26rem;margin:4rem auto;padding:0 1rem}}button{{font:inherit;padding:.5rem 1rem;margin-right:.5rem}}</style>
<h1>支付沙箱</h1>
<p>不会收取任何款项，仅用于开发。 No money is taken: for development only.</p>
<p>{number}<br><strong>{amount}</strong><br>{state}</p>
{choice}</html>
"""
_CHOICE = """<form method="post" action="?paid=yes"><button>支付成功 Pay</button></form>
<form method="post" action="?paid=no"><button>放弃 Give up</button></form>
"""
_STATES = {
    TradeState.NOT_PAID: "待支付 · waits to be paid",
    TradeState.PAID: "已支付，请回到商城查看订单 · paid: go back and look at the order",
    TradeState.CLOSED: "已关闭，请重新发起支付 · closed: start the payment anew",
    TradeState.UNKNOWN: "没有待支付的这笔付款 · no such payment waits",
}
