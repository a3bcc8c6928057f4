"""WeChat Pay v3 as a merchant meets it: verifies what is sent, signs what it answers, seals what it tells, and can be
told to fail. Written from the public protocol; keeps its own books."""

import base64
import json
import re
import secrets
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from market.kernel.clock import Clock
from market.payments.gateways.wechat import Credentials, WeChatPay

API_KEY = "0123456789abcdef0123456789abcdef"
KEY_ID = "PUB_KEY_ID_0000000001"
_HEADER = re.compile(r'(\w+)="([^"]*)"')


@cache
def keys() -> tuple[RSAPrivateKey, RSAPrivateKey]:
    """The merchant's and WeChat's, made once: that takes a while."""
    return generate_private_key(65537, 2048), generate_private_key(65537, 2048)


def credentials() -> Credentials:
    """The merchant's side."""
    merchant, wechat = keys()
    return Credentials("wx_app", "1900000001", "SERIAL", merchant, API_KEY.encode(), {KEY_ID: wechat.public_key()})


@dataclass
class FakeWeChat:
    """The provider."""

    clock: Clock
    trades: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    failing: list[int] = field(default_factory=list)
    """Statuses to answer the next calls with, before anything is done."""
    lost: int = 0
    """So many next answers are lost on the way, after it was done."""
    unsigned: bool = False
    refund_status: str = "PROCESSING"

    def gateway(self) -> WeChatPay:
        """A merchant's gateway to it, over HTTP."""
        app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])
        return WeChatPay(
            credentials(),
            httpx.AsyncClient(transport=httpx.ASGITransport(app)),
            self.clock,
            "https://shop.example.cn/notify/wechat",
            "https://shop.example.cn/notify/wechat/refund",
        )

    # -- what a buyer and WeChat's people do ---------------------------------------------------------------------------

    def pay(self, out_trade_no: str, **changes: Any) -> dict[str, Any]:
        """Somebody paid."""
        trade = self.trades[out_trade_no]
        trade |= {
            "trade_state": "SUCCESS",
            "transaction_id": trade.get("transaction_id") or f"4200{secrets.randbelow(10**24):024d}",
            "success_time": "2026-06-02T09:31:00+08:00",
        }
        trade["amount"] = {**trade["amount"], "payer_total": trade["amount"]["total"], "payer_currency": "CNY"}
        return {**trade, **changes}

    def notice(self, told: dict[str, Any], event: str = "TRANSACTION.SUCCESS", **changes: Any) -> "Sent":
        """A notice as it is sent."""
        nonce, data = secrets.token_hex(6), "transaction"
        sealed = AESGCM(API_KEY.encode()).encrypt(nonce.encode(), json.dumps(told).encode(), data.encode())
        body = json.dumps(
            {
                "id": changes.get("id") or f"EV-{secrets.token_hex(8)}",
                "create_time": "2026-06-02T09:31:00+08:00",
                "event_type": event,
                "resource_type": "encrypt-resource",
                "summary": "支付成功",
                "resource": {
                    "original_type": "transaction",
                    "algorithm": "AEAD_AES_256_GCM",
                    "ciphertext": base64.b64encode(sealed).decode(),
                    "associated_data": data,
                    "nonce": nonce,
                },
            }
        ).encode()
        return Sent(self.signed(body, seconds=int(changes.get("seconds", 0))), body)

    def signed(self, body: bytes, *, seconds: int = 0) -> dict[str, str]:
        """The headers of a message of its own."""
        timestamp, nonce = str(int(self.clock().timestamp()) + seconds), secrets.token_hex(16)
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = base64.b64encode(keys()[1].sign(message, PKCS1v15(), SHA256())).decode()
        return {
            "wechatpay-timestamp": timestamp,
            "wechatpay-nonce": nonce,
            "wechatpay-signature": signature,
            "wechatpay-serial": KEY_ID,
            "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048",
        }

    # -- its API -------------------------------------------------------------------------------------------------------

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.calls.append(f"{request.method} {request.url.path}")
        if not self._is_signed(request.headers["authorization"], request.method, path, body):
            return self._sent(401, {"code": "SIGN_ERROR", "message": "签名错误"})
        if self.failing:
            return self._sent(self.failing.pop(0), {"code": "SYSTEM_ERROR", "message": "系统异常"})
        answer = self._do(request.method, request.url.path, json.loads(body) if body else {})
        if self.lost:
            self.lost -= 1
            raise httpx.ReadTimeout("the answer was lost")
        return answer

    def _do(self, method: str, path: str, body: dict[str, Any]) -> Response:
        trade = re.fullmatch(r"/v3/pay/transactions/out-trade-no/(\w+)(/close)?", path)
        refund = re.fullmatch(r"/v3/refund/domestic/refunds(?:/(\w+))?", path)
        if trade:
            return self._close(trade[1]) if trade[2] else self._query(trade[1])
        if refund:
            return self._refund(body) if method == "POST" else self._found(self.refunds.get(refund[1]))
        return self._create(path.rpartition("/")[2], body)

    def _create(self, kind: str, body: dict[str, Any]) -> Response:
        known = self.trades.get(body["out_trade_no"])
        if known is not None and known["amount"]["total"] != body["amount"]["total"]:
            return self._sent(400, {"code": "INVALID_REQUEST", "message": "商户订单号重复"})
        if kind == "jsapi" and not body.get("payer", {}).get("openid"):
            return self._sent(400, {"code": "PARAM_ERROR", "message": "openid"})
        self.trades.setdefault(
            body["out_trade_no"],
            {
                "appid": body["appid"],
                "mchid": body["mchid"],
                "out_trade_no": body["out_trade_no"],
                "trade_state": "NOTPAY",
                "amount": body["amount"],
            },
        )
        answers = {
            "jsapi": {"prepay_id": f"wx{body['out_trade_no']}"},
            "native": {"code_url": f"weixin://wxpay/bizpayurl?pr={body['out_trade_no'][:8]}"},
            "h5": {"h5_url": f"https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id={body['out_trade_no']}"},
        }
        return self._sent(200, answers[kind])

    def _query(self, number: str) -> Response:
        return self._found(self.trades.get(number), "ORDER_NOT_EXIST")

    def _close(self, number: str) -> Response:
        trade = self.trades.get(number)
        if trade is None:
            return self._sent(404, {"code": "ORDER_NOT_EXIST", "message": "订单不存在"})
        if trade["trade_state"] == "SUCCESS":
            return self._sent(400, {"code": "ORDERPAID", "message": "订单已支付"})
        trade["trade_state"] = "CLOSED"
        return self._sent(204, None)

    def _refund(self, body: dict[str, Any]) -> Response:
        trade = self.trades.get(body["out_trade_no"])
        if trade is None or trade["trade_state"] not in {"SUCCESS", "REFUND"}:
            return self._sent(404, {"code": "RESOURCE_NOT_EXISTS", "message": "订单不存在"})
        sent = sum(each["amount"]["refund"] for each in self.refunds.values())
        if body["out_refund_no"] not in self.refunds and sent + body["amount"]["refund"] > trade["amount"]["total"]:
            return self._sent(400, {"code": "INVALID_REQUEST", "message": "退款金额超限"})
        refund = self.refunds.setdefault(
            body["out_refund_no"],
            {
                "refund_id": f"5030{len(self.refunds):024d}",
                "out_refund_no": body["out_refund_no"],
                "out_trade_no": body["out_trade_no"],
                "status": self.refund_status,
                "amount": body["amount"],
            },
        )
        return self._sent(200, refund)

    def _found(self, thing: dict[str, Any] | None, code: str = "RESOURCE_NOT_EXISTS") -> Response:
        return self._sent(404, {"code": code, "message": "不存在"}) if thing is None else self._sent(200, thing)

    def _sent(self, status: int, answer: dict[str, Any] | None) -> Response:
        body = b"" if answer is None else json.dumps(answer, ensure_ascii=False).encode()
        headers = {} if self.unsigned else self.signed(body)
        return Response(body, status, headers=headers, media_type="application/json")

    def _is_signed(self, header: str, method: str, path: str, body: bytes) -> bool:
        given = dict(_HEADER.findall(header))
        message = f"{method}\n{path}\n{given['timestamp']}\n{given['nonce_str']}\n".encode() + body + b"\n"
        try:
            keys()[0].public_key().verify(base64.b64decode(given["signature"]), message, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return (given["mchid"], given["serial_no"]) == ("1900000001", "SERIAL")


@dataclass(frozen=True)
class Sent:
    """A notice on its way."""

    headers: dict[str, str]
    body: bytes
