"""WeChat's mini-program server as its documents describe it: codes that serve once and for five minutes, its errors with
status 200, an access token that it may end before its time."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

APP_ID, APP_SECRET = "wx0123456789abcdef", "0123456789abcdef0123456789abcdef"
SESSION_KEY = "tiihtNczf5v6AKRyjwEUhQ=="


@dataclass
class FakeWeChat:
    """Called with requests, as httpx's mock transport does. `sign_in` and `share_phone` are what a phone does."""

    clock: Callable[[], datetime]
    error: int = 0
    """What every call is answered with, when it is not 0."""
    is_down: bool = False
    calls: list[str] = field(default_factory=list)
    _codes: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    _phones: dict[str, tuple[str, str, datetime]] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _tokens: list[tuple[str, datetime]] = field(default_factory=list)

    def sign_in(self, openid: str) -> str:
        """What `wx.login` gives."""
        code = f"0a3{len(self._codes):029}"
        self._codes[code] = (openid, self.clock())
        return code

    def share_phone(self, number: str, *, country: str = "86") -> str:
        """What `getPhoneNumber` gives."""
        code = f"e31{len(self._phones):061}"
        self._phones[code] = (number, country, self.clock())
        return code

    def end_token(self) -> None:
        """End the access token before its time, as when somebody renews it by the older call."""
        self._tokens.clear()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.is_down:
            raise httpx.ConnectTimeout(f"timed out: {request.url}", request=request)
        path = request.url.path
        self.calls.append(f"{request.method} {path}")
        assert request.url.host == "api.weixin.qq.com"
        assert request.url.scheme == "https"
        if self.error:
            return _error(self.error)
        match self.calls[-1]:
            case "GET /sns/jscode2session":
                return self._session(request.url.params)
            case "POST /cgi-bin/stable_token":
                return self._token(json.loads(request.content))
            case "POST /wxa/business/getuserphonenumber":
                return self._phone(request.url.params, json.loads(request.content))
        return httpx.Response(404, text="not found")

    def _session(self, asked: httpx.QueryParams) -> httpx.Response:
        if asked.get("appid") != APP_ID:
            return _error(40013)
        if asked.get("secret") != APP_SECRET:
            return _error(40125)
        assert asked.get("grant_type") == "authorization_code"
        code = asked.get("js_code", "")
        openid, at = self._codes.get(code, ("", self.clock()))
        refusal = self._spent(code, openid, at)
        return refusal or _text({"openid": openid, "session_key": SESSION_KEY, "unionid": f"u-{openid}"})

    def _token(self, asked: dict[str, Any]) -> httpx.Response:
        if (asked.get("appid"), asked.get("secret")) != (APP_ID, APP_SECRET):
            return _error(40125)
        assert asked.get("grant_type") == "client_credential"
        now = self.clock()
        alive = [each for each in self._tokens if each[1] > now]
        if not alive or asked.get("force_refresh"):
            alive = [(f"token-{len(self.calls)}", now + timedelta(seconds=7200))]
        self._tokens = alive
        return _text({"access_token": alive[0][0], "expires_in": int((alive[0][1] - now).total_seconds())})

    def _phone(self, query: httpx.QueryParams, asked: dict[str, Any]) -> httpx.Response:
        token = query.get("access_token")
        if token not in {each for each, ends_at in self._tokens if ends_at > self.clock()}:
            return _error(40001)
        code = asked.get("code", "")
        number, country, at = self._phones.get(code, ("", "", self.clock()))
        refusal = self._spent(code, number, at)
        return refusal or _text(
            {
                "errcode": 0,
                "errmsg": "ok",
                "phone_info": {
                    "phoneNumber": number if country == "86" else f"+{country}{number}",
                    "purePhoneNumber": number,
                    "countryCode": country,
                    "watermark": {"timestamp": int(at.timestamp()), "appid": APP_ID},
                },
            }
        )

    def _spent(self, code: str, found: str, at: datetime) -> httpx.Response | None:
        if not found or self.clock() - at >= timedelta(minutes=5):
            return _error(40029)
        if code in self._used:
            return _error(40163)
        self._used.add(code)
        return None


def _error(code: int) -> httpx.Response:
    words = {40029: "invalid code", 40163: "code been used", 40125: "invalid appsecret", -1: "system error"}
    return _text({"errcode": code, "errmsg": f"{words.get(code, 'error')}, rid: 66000000-aaaa"})


def _text(body: dict[str, Any]) -> httpx.Response:
    # WeChat says text/plain of its JSON.
    return httpx.Response(200, content=json.dumps(body).encode(), headers={"content-type": "text/plain"})
