"""快递100, as far as it matters: it checks what it is sent, remembers what it follows, tells of it by signed callbacks, and
has bad days."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import md5
from typing import Any
from urllib.parse import parse_qsl

import httpx

from market.kernel.clock import SHANGHAI

KEY, CUSTOMER = "AbCdEfGh1234", "F0F0F0F0F0F0F0F0"
STATES = {"在途": "0", "揽收": "1", "疑难": "2", "签收": "3", "退签": "4", "派件": "5", "退回": "6", "拒签": "14"}


def sign(text: str) -> str:
    """As 快递100 signs."""
    return md5(text.encode(), usedforsecurity=False).hexdigest().upper()


@dataclass
class FakeKuaidi100:
    """One account's. Add to `parcels` what happens, by number; `failures` are answered first, one for each call."""

    parcels: dict[str, list[tuple[datetime, str, str]]] = field(default_factory=dict)
    followed: dict[str, dict[str, str]] = field(default_factory=dict)
    """By number: the callback's address and the salt."""
    failures: list[httpx.Response | Exception] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    """Numbers that it does not take."""

    def client(self) -> httpx.AsyncClient:
        """A client that reaches it and nothing else."""
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def happen(self, number: str, at: datetime, status: str, text: str = "") -> None:
        """Something happens to a parcel."""
        self.parcels.setdefault(number, []).append((at, status, text or f"【{status}】快件"))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        assert request.url.host == "poll.kuaidi100.com"
        self.asked.append(request.url.path)
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        form = dict(parse_qsl(request.content.decode()))
        acts = {"/poll": self._follow, "/poll/query.do": self._query}
        return httpx.Response(200, json=acts[request.url.path](form))

    def _follow(self, form: Mapping[str, str]) -> dict[str, Any]:
        param = json.loads(form["param"])
        if form["schema"] != "json" or param["key"] != KEY:
            return {"result": False, "returnCode": "600", "message": "您不是合法的订阅者"}
        number, given = param["number"], param["parameters"]
        if number in self.unknown:
            return {"result": False, "returnCode": "702", "message": "识别不到该单号对应的快递公司"}
        if param["company"] == "shunfeng" and len(given.get("phone", "")) != 4:
            return {"result": False, "returnCode": "408", "message": "验证码错误"}
        if number in self.followed:
            return {"result": False, "returnCode": "501", "message": "重复订阅"}
        self.followed[number] = {"url": given["callbackurl"], "salt": given["salt"], "com": param["company"]}
        return {"result": True, "returnCode": "200", "message": "提交成功"}

    def _query(self, form: Mapping[str, str]) -> dict[str, Any]:
        if form["customer"] != CUSTOMER or form["sign"] != sign(form["param"] + KEY + CUSTOMER):
            return {"result": False, "returnCode": "503", "message": "验证签名失败"}
        param = json.loads(form["param"])
        if not self.parcels.get(param["num"]):
            return {"result": False, "returnCode": "500", "message": "查询无结果，请隔段时间再查"}
        return self._result(param["com"], param["num"])

    def _result(self, company: str, number: str) -> dict[str, Any]:
        found = sorted(self.parcels.get(number, ()), reverse=True)
        rows = [
            {
                "context": text,
                "time": f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
                "ftime": f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
                "status": status,
            }
            for at, status, text in found
        ]
        state = STATES[found[0][1]] if found else "0"
        checked = "1" if state == "3" else "0"
        return {
            "message": "ok",
            "state": state,
            "status": "200",
            "condition": "F00",
            "ischeck": checked,
            "com": company,
            "nu": number,
            "data": rows,
        }

    def callback(self, number: str, *, status: str = "polling", salt: str | None = None) -> tuple[str, dict[str, str]]:
        """The callback that tells all of a parcel so far: where to, and the form."""
        told = self.followed[number]
        body = {"status": status, "billstatus": "", "message": "", "lastResult": self._result(told["com"], number)}
        param = json.dumps(body, ensure_ascii=False)
        return told["url"], {"param": param, "sign": sign(param + (told["salt"] if salt is None else salt))}


HOUR = timedelta(hours=1)
