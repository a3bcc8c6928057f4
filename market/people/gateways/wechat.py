"""WeChat's mini-program server: who a log-in code stands for, and which number a phone code does.

`code2session`, `getuserphonenumber` and `getStableAccessToken` of
https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/. Codes serve once, for five minutes. The `session_key` that
comes with the openid is dropped here: it decrypts what the person shares with the mini-program.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

import httpx

from market.kernel.clock import Clock, system_clock
from market.kernel.errors import Invalid, Unavailable
from market.kernel.phones import mobile
from market.people.errors import TooManyAttempts, WeChatRefused
from market.people.gateways.calls import GatewayLog, json_object

ADDRESS = "https://api.weixin.qq.com"
_MAINLAND = "86"
_CODE_LENGTH_MAX = 128
_REFUSED = frozenset({40029, 40163, 40226})
"""No such code; used before; WeChat holds this person for a risk."""
_TOO_OFTEN = 45011
"""A hundred a minute for each person."""
_TOKEN_ENDED = frozenset({40001, 40014, 42001})
_TOKEN_MARGIN = timedelta(minutes=5)
"""Renewed so long before its end; WeChat keeps the one before alive as long."""


class WeChat(Protocol):
    """Asks WeChat who somebody is."""

    async def openid(self, code: str) -> str:
        """The person that `wx.login`'s code stands for, or refuses: WeChatRefused; TooManyAttempts; Unavailable."""

    async def phone(self, code: str) -> str:
        """The mainland number that `getPhoneNumber`'s code stands for, as `mobile` gives it; refuses as `openid` does, and
        with Invalid a number of elsewhere."""


class NoWeChat:
    """For a marketplace without a mini-program."""

    async def openid(self, code: str) -> str:
        """Refuse with Unavailable."""
        raise Unavailable

    async def phone(self, code: str) -> str:
        """Refuse with Unavailable."""
        raise Unavailable


class MiniProgram:
    """One mini-program, by its app id and secret."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        app_id: str,
        app_secret: str,
        log: GatewayLog,
        clock: Clock = system_clock,
    ) -> None:
        self._client = client
        self._app: Mapping[str, str] = MappingProxyType({"appid": app_id, "secret": app_secret})
        self._log = log
        self._clock = clock
        self._token = ""
        self._token_ends_at = datetime(1970, 1, 1, tzinfo=UTC)
        self._renewing = asyncio.Lock()

    async def openid(self, code: str) -> str:
        """See `WeChat`."""
        query = {**self._app, "js_code": _checked(code), "grant_type": "authorization_code"}
        answer = await self._ask("GET", "/sns/jscode2session", params=query)
        self._judge(answer, "code2session")
        openid = answer.get("openid")
        if not isinstance(openid, str) or not openid:
            raise self._broken("code2session", "no openid")
        return openid

    async def phone(self, code: str) -> str:
        """See `WeChat`."""
        body = {"code": _checked(code)}
        answer = await self._ask_with_token("/wxa/business/getuserphonenumber", body)
        self._judge(answer, "getuserphonenumber")
        found = answer.get("phone_info")
        if not isinstance(found, dict):
            raise self._broken("getuserphonenumber", "no phone_info")
        if str(found.get("countryCode")) != _MAINLAND:
            raise Invalid(field="phone", allowed="a mainland mobile number", allowed_zh="请使用中国大陆手机号")
        return mobile(str(found.get("purePhoneNumber")))

    async def _ask_with_token(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        """Ask with our access token; once more with a new one when WeChat has ended it before its time."""
        token = await self._access_token(ended="")
        answer = await self._ask("POST", path, params={"access_token": token}, json=body)
        if answer.get("errcode") in _TOKEN_ENDED:
            token = await self._access_token(ended=token)
            answer = await self._ask("POST", path, params={"access_token": token}, json=body)
        return answer

    async def _access_token(self, *, ended: str) -> str:
        """The token that lives now and is not the one that ended. Asked for by one at a time."""
        async with self._renewing:
            if self._token == ended or self._clock() >= self._token_ends_at:
                # The stable one: several processes get the same, where `/cgi-bin/token` ends the others'.
                body = {"grant_type": "client_credential", **self._app, "force_refresh": bool(ended)}
                answer = await self._ask("POST", "/cgi-bin/stable_token", json=body)
                self._judge(answer, "stable_token")
                if not isinstance(answer.get("access_token"), str):
                    raise self._broken("stable_token", "no access_token")
                self._token = answer["access_token"]
                self._token_ends_at = (
                    self._clock() + timedelta(seconds=int(answer.get("expires_in", 0))) - _TOKEN_MARGIN
                )
            return self._token

    async def _ask(self, method: str, path: str, **parts: Any) -> dict[str, Any]:
        try:
            response = await self._client.request(method, ADDRESS + path, **parts)
        except httpx.HTTPError as error:
            # Not as its cause: its text may hold the address, and with it the secret.
            raise self._broken(path, type(error).__name__) from None
        return json_object(response) or {"errcode": f"HTTP {response.status_code}"}

    def _judge(self, answer: Mapping[str, Any], call: str) -> None:
        """Nothing when WeChat answered what was asked; else the refusal."""
        code = answer.get("errcode", 0)
        if code == 0:
            return
        if code in _REFUSED:
            raise WeChatRefused
        if code == _TOO_OFTEN:
            raise TooManyAttempts(limit=100, retry_after_seconds=60)
        raise self._broken(call, code)

    def _broken(self, call: str, reason: object) -> Unavailable:
        # `errmsg` stays out of the log: it repeats what was sent.
        self._log.warning("WeChat did not answer", call=call, reason=reason)
        return Unavailable()


def _checked(code: str) -> str:
    if not 0 < len(code) <= _CODE_LENGTH_MAX or not code.isascii() or not code.isprintable():
        raise WeChatRefused
    return code
