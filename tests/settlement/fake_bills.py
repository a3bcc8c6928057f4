"""WeChat Pay with bills: asked for a day, it answers signed with an address and a hash, and gives the file there unsigned,
as its documentation has it. What it says can be bent."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from market.kernel.clock import SHANGHAI
from tests.payments.fake_wechat import FakeWeChat

NAMES = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
TOTAL_NAMES = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


def yuan(fen: int) -> str:
    """As a bill writes it."""
    return f"{fen / 100:.2f}"


def row(at: datetime, number: str, fen: int, *, refund: tuple[str, int, str] | None = None, fee: int = 0) -> str:
    """A row of a bill: a payment, or a refund (its number, fen and state) of one."""
    back, back_fen, state = refund or ("", 0, "")
    paid = yuan(0 if refund else fen)
    values: list[str] = [
        at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
        *("wx_app", "1900000001", "0", ""),
        *(f"4200{number[:8]}", number, "openid", "JSAPI"),
        *("REFUND" if refund else "SUCCESS", "ICBC_DEBIT", "CNY", paid, "0.00"),
        *(
            f"5030{back[:8]}" if refund else "0",
            back or "0",
            yuan(back_fen),
            "0.00",
            "ORIGINAL" if refund else "",
            state,
        ),
        *("订单，含逗号,的商品", ""),
        *(f"{fee / 100:.5f}", "0.60%", paid, yuan(back_fen), ""),
    ]
    return ",".join(f"`{value}" for value in values)


def whole(rows: list[tuple[str, int, int, int]], *, mark: str = "\ufeff") -> str:
    """A bill of rows, each with what it says was paid, was paid back, and the fee."""
    paid, back, fee = sum(each[1] for each in rows), sum(each[2] for each in rows), sum(each[3] for each in rows)
    totals = [str(len(rows)), yuan(paid), yuan(back), "0.00", f"{fee / 100:.5f}", yuan(paid), yuan(back)]
    ended = ",".join(f"`{each}" for each in totals)
    return mark + "\r\n".join([NAMES, *[each[0] for each in rows], TOTAL_NAMES, ended]) + "\r\n"


@dataclass
class BillingWeChat(FakeWeChat):
    """The provider, with its books as bills."""

    bend: Callable[[str], str] = lambda text: text
    """Changes the file after its hash was told."""
    extra: list[tuple[str, int, int, int]] = field(default_factory=list)
    """Rows that nobody here knows of."""
    hidden: set[str] = field(default_factory=set)
    """Numbers that are left out."""
    wrong: dict[str, int] = field(default_factory=dict)
    """Other amounts, by number."""
    is_ready: bool = True
    is_elsewhere: bool = False

    async def _answer(self, request: Request) -> Response:
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if not request.url.path.startswith(("/v3/bill/", "/v3/billdownload/")):
            return await super()._answer(request)
        self.calls.append(f"{request.method} {request.url.path}")
        if not self._is_signed(request.headers["authorization"], "GET", asked, b""):
            return self._sent(401, {"code": "SIGN_ERROR", "message": "签名错误"})
        text = self._bill(request.query_params.get("bill_date") or request.query_params["token"])
        if request.url.path.startswith("/v3/billdownload/"):
            return Response(self.bend(text).encode())
        if not self.is_ready:
            return self._sent(400, {"code": "NO_STATEMENT_EXIST", "message": "账单文件不存在"})
        host = "https://elsewhere.example.cn" if self.is_elsewhere else "https://api.mch.weixin.qq.com"
        told: dict[str, Any] = {
            "hash_type": "SHA1",
            "hash_value": hashlib.sha1(text.encode()).hexdigest(),
            "download_url": f"{host}/v3/billdownload/file?token={request.query_params['bill_date']}",
        }
        return self._sent(200, told)

    def _bill(self, day: str) -> str:
        rows = list(self.extra)
        for number, trade in self.trades.items():
            at = datetime.fromisoformat(trade.get("success_time", "1970-01-01T00:00:00+00:00"))
            if at.astimezone(SHANGHAI).date().isoformat() == day and number not in self.hidden:
                fen = self.wrong.get(number, trade["amount"]["total"])
                rows.append((row(at, number, fen, fee=6), fen, 0, 6))
        for number, refund in self.refunds.items():
            if number not in self.hidden and refund.get("on", "2026-06-02") == day:
                fen = self.wrong.get(number, refund["amount"]["refund"])
                at = datetime.fromisoformat(f"{day}T04:00:00+00:00").astimezone(UTC)
                of = refund["out_trade_no"]
                rows.append((row(at, of, 0, refund=(number, fen, refund["status"])), 0, fen, 0))
        return whole(rows)
