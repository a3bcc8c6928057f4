"""The gateway to WeChat Pay v3."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

import httpx

from market.kernel.clock import SHANGHAI, Clock
from market.payments.bills import Bill
from market.payments.errors import ForgedNotice, GatewayUnavailable
from market.payments.gateways.wechat.bills import read_bill
from market.payments.gateways.wechat.signing import Credentials, authorization, sign, verify
from market.payments.port import (
    Intent,
    PayAction,
    RefundAnswer,
    RefundAnswerState,
    RefundIntent,
    Trade,
    TradeState,
)
from market.payments.rules import PayMethod

HOST = "https://api.mch.weixin.qq.com"
TIMEOUT_SECONDS = 10.0
DOWNLOAD_SECONDS = 60.0

_TRADE_STATES = {
    "SUCCESS": TradeState.PAID,
    "REFUND": TradeState.PAID,
    "NOTPAY": TradeState.NOT_PAID,
    "USERPAYING": TradeState.NOT_PAID,
    "PAYERROR": TradeState.NOT_PAID,
    "CLOSED": TradeState.CLOSED,
    "REVOKED": TradeState.CLOSED,
}
_REFUND_STATES = {
    "PROCESSING": RefundAnswerState.PROCESSING,
    "SUCCESS": RefundAnswerState.SUCCEEDED,
    "CLOSED": RefundAnswerState.CLOSED,
    "ABNORMAL": RefundAnswerState.ABNORMAL,
}


@dataclass(frozen=True, slots=True)
class WeChatPay:
    """One merchant. `http` is the client to call with; `notify_url` where WeChat sends its notices (no query in it)."""

    credentials: Credentials
    http: httpx.AsyncClient
    clock: Clock
    notify_url: str
    refund_notify_url: str
    name: str = "wechat"

    async def create(self, intent: Intent) -> PayAction:
        """JSAPI: the parameters for `wx.requestPayment`, signed; Native: a code to show; H5: an address to open."""
        body: dict[str, Any] = {
            "appid": self.credentials.appid,
            "mchid": self.credentials.mchid,
            "description": intent.description[:127],
            "out_trade_no": intent.out_trade_no,
            "time_expire": intent.expires_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
            "notify_url": self.notify_url,
            "amount": {"total": intent.amount_fen, "currency": intent.currency},
            # The seller's share is passed on later: see settlement.
            "settle_info": {"profit_sharing": True},
        }
        match intent.method:
            case PayMethod.WECHAT_JSAPI:
                body["payer"] = {"openid": intent.payer}
                answer = await self._call("POST", "/v3/pay/transactions/jsapi", body)
                return PayAction("WECHAT_JSAPI", self._jsapi(str(answer["prepay_id"])))
            case PayMethod.WECHAT_NATIVE:
                answer = await self._call("POST", "/v3/pay/transactions/native", body)
                return PayAction("QR", {"codeUrl": answer["code_url"]})
            case PayMethod.WECHAT_H5:
                body["scene_info"] = {"payer_client_ip": intent.client, "h5_info": {"type": "Wap"}}
                answer = await self._call("POST", "/v3/pay/transactions/h5", body)
                return PayAction("PAGE", {"url": answer["h5_url"]})
            case _:
                raise ValueError(f"{intent.method} is not WeChat's")

    async def query(self, out_trade_no: str) -> Trade:
        """What became of a trade."""
        path = f"/v3/pay/transactions/out-trade-no/{out_trade_no}?{urlencode({'mchid': self.credentials.mchid})}"
        try:
            return trade_of(await self._call("GET", path))
        except _Refused as refused:
            if refused.word in {"ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS"}:
                return Trade(out_trade_no, TradeState.UNKNOWN)
            raise

    async def close(self, out_trade_no: str) -> Trade:
        """Let nobody pay it any more; PAID when somebody has (WeChat: ORDERPAID)."""
        path = f"/v3/pay/transactions/out-trade-no/{out_trade_no}/close"
        try:
            await self._call("POST", path, {"mchid": self.credentials.mchid})
        except _Refused as refused:
            if refused.word == "ORDERPAID":
                return await self.query(out_trade_no)
            if refused.word not in {"ORDER_CLOSED", "ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS"}:
                raise
        return Trade(out_trade_no, TradeState.CLOSED)

    async def refund(self, intent: RefundIntent) -> RefundAnswer:
        """Send money back: the same number is one refund."""
        body = {
            "out_trade_no": intent.out_trade_no,
            "out_refund_no": intent.out_refund_no,
            "reason": intent.reason[:80],
            "notify_url": self.refund_notify_url,
            "amount": {"refund": intent.amount_fen, "total": intent.total_fen, "currency": intent.currency},
        }
        return refund_of(await self._call("POST", "/v3/refund/domestic/refunds", body))

    async def query_refund(self, out_refund_no: str) -> RefundAnswer:
        """What became of a refund."""
        try:
            return refund_of(await self._call("GET", f"/v3/refund/domestic/refunds/{out_refund_no}"))
        except _Refused as refused:
            if refused.word == "RESOURCE_NOT_EXISTS":
                return RefundAnswer(out_refund_no, RefundAnswerState.UNKNOWN)
            raise

    @property
    def has_bills(self) -> bool:
        """From 10:00 of the next day."""
        return True

    async def bill(self, day: date) -> Bill | None:
        """The trade bill of a day; None when there is none. Its download is not signed: its hash, which is, is
        compared."""
        asked = urlencode({"bill_date": day.isoformat(), "bill_type": "ALL"})
        try:
            answer = await self._call("GET", f"/v3/bill/tradebill?{asked}")
        except _Refused as refused:
            if refused.word == "NO_STATEMENT_EXIST":
                return None
            raise
        content = await self._download(str(answer.get("download_url")))
        try:
            if answer.get("hash_type") != "SHA1" or hashlib.sha1(content).hexdigest() != answer.get("hash_value"):  # noqa: S324 - WeChat's choice
                raise ValueError("the bill is not what was announced")
            return read_bill(day, content.decode("utf-8"))
        except ValueError as error:
            raise GatewayUnavailable from error

    async def _download(self, url: str) -> bytes:
        """What is at an address that WeChat gave; nowhere else."""
        path = url.removeprefix(HOST)
        if not url.startswith(HOST + "/"):
            raise GatewayUnavailable
        headers = {"authorization": authorization(self.credentials, "GET", path, b"", self.clock())}
        try:
            response = await self.http.request("GET", url, headers=headers, timeout=DOWNLOAD_SECONDS)
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise GatewayUnavailable from error
        return response.content

    def _jsapi(self, prepay_id: str) -> dict[str, Any]:
        timestamp, nonce, package = str(int(self.clock().timestamp())), secrets.token_hex(16), f"prepay_id={prepay_id}"
        signature = sign(self.credentials.private_key, self.credentials.appid, timestamp, nonce, package)
        return {
            "appId": self.credentials.appid,
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": signature,
        }

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One signed call, its answer verified. Refuses with GatewayUnavailable what cannot be known."""
        sent = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "authorization": authorization(self.credentials, method, path, sent, self.clock()),
            "accept": "application/json",
            "content-type": "application/json",
            "wechatpay-serial": next(iter(self.credentials.public_keys)),
        }
        try:
            response = await self.http.request(
                method, HOST + path, content=sent or None, headers=headers, timeout=TIMEOUT_SECONDS
            )
            # Errors are signed too; a proxy's page in between is not.
            verify(self.credentials, dict(response.headers), response.content, self.clock())
            answer = json.loads(response.content) if response.content else {}
        except (httpx.HTTPError, ForgedNotice, ValueError) as error:
            raise GatewayUnavailable from error
        if response.status_code >= 500 or response.status_code == 429:
            raise GatewayUnavailable
        if response.status_code >= 400:
            raise _Refused(str(answer.get("code", "")))
        if not isinstance(answer, dict):
            raise GatewayUnavailable
        return answer


class _Refused(GatewayUnavailable):
    """WeChat answered that it will not, and with which word. To whoever pays, that is: not now."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word


def trade_of(answer: dict[str, Any]) -> Trade:
    """A transaction as WeChat tells it, in answers and in notices."""
    amount = answer.get("amount", {})
    paid_at = answer.get("success_time")
    return Trade(
        out_trade_no=str(answer["out_trade_no"]),
        state=_TRADE_STATES.get(str(answer.get("trade_state")), TradeState.NOT_PAID),
        provider_id=answer.get("transaction_id"),
        amount_fen=amount.get("total"),
        currency=amount.get("currency", "CNY") if amount else None,
        paid_at=datetime.fromisoformat(paid_at) if paid_at else None,
    )


def refund_of(answer: dict[str, Any]) -> RefundAnswer:
    """A refund as WeChat tells it: `status` in answers, `refund_status` in notices."""
    status = str(answer.get("refund_status") or answer.get("status"))
    return RefundAnswer(
        out_refund_no=str(answer["out_refund_no"]),
        state=_REFUND_STATES.get(status, RefundAnswerState.UNKNOWN),
        provider_id=answer.get("refund_id"),
        amount_fen=answer.get("amount", {}).get("refund"),
    )
