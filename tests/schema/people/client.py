"""A client of the API that signs in as people do: its credentials are real tokens, keys and cookies."""

import json
from http.cookies import SimpleCookie
from typing import Any

import httpx

from market.kernel.errors import Language
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.people.actors import actor_for
from market.people.gateways.sms import ConsoleSender
from market.people.gateways.wechat import MiniProgram
from schema.edge.media import MediaType
from schema.edge.refusals import BadRequest
from schema.edge.requests import GraphQLRequest
from schema.services import Services
from tests.people.fake_wechat import APP_ID, APP_SECRET, FakeWeChat
from tests.people.test_sms import Log
from tests.schema.asking import Asker

HOST = "shop.example.cn"

SIGN_IN = """
mutation SignIn($input: SignInInput!, $tokens: TokenPlace! = ANSWER) {
  signIn(input: $input, deviceName: "我的手机", tokens: $tokens) {
    __typename
    ... on SignInPayload {
      accountId deviceId isNew isStrong accessToken accessExpiresAt refreshToken refreshExpiresAt
    }
    ... on UserError { code message retryable }
    ... on TooManyAttempts { retryAfterSeconds }
  }
}
"""
REQUEST = """
mutation Request($phone: String!) {
  requestSignInCode(phone: $phone) {
    __typename
    ... on RequestSignInCodePayload { expiresInSeconds resendAfterSeconds }
    ... on UserError { code message retryable }
    ... on TooManyAttempts { retryAfterSeconds }
  }
}
"""


class _Signed(Asker):
    """Credentials are what they are in production."""

    def _who(self, market: Market, credential: str, *, request_id: str, locale: Language) -> Actor:
        return actor_for(market, credential, request_id=request_id, locale=locale)


class Client:
    """One device: it keeps the token that it is given, or the cookies."""

    def __init__(self, market: Market) -> None:
        self.market, self.log = market, Log()
        self.wechat = FakeWeChat(market.now)
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.wechat))
        gateway = MiniProgram(client, app_id=APP_ID, app_secret=APP_SECRET, log=self.log, clock=market.now)
        self._asker = _Signed(market, services=Services(sms=ConsoleSender(self.log), wechat=gateway))
        self.token: str | None = None
        self.cookies: dict[str, str] = {}

    async def ask(self, query: str, *, language: str = "zh", **variables: Any) -> Any:
        """The whole response; of a request that HTTP refuses, its status and code."""
        headers = {b"host": HOST.encode(), b"user-agent": b"Tester/1.0", b"sec-fetch-site": b"same-origin"}
        if self.cookies:
            headers[b"cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items()).encode()
        request = GraphQLRequest(
            query=query,
            operation_name=None,
            variables=variables,
            accept_language=language,
            authorization=None if self.token is None else f"Bearer {self.token}",
            request_id="test",
            media_type=MediaType.GRAPHQL,
            may_mutate=True,
            if_none_match=None,
            client="203.0.113.7",
            headers=headers,
        )
        try:
            answer = await self._asker.execute(request)
        except BadRequest as refusal:
            return {"status": refusal.status, "code": refusal.code}
        for name, value in answer.headers:
            if name == b"set-cookie":
                self._keep(value.decode())
        return json.loads(answer.body)

    async def do(self, query: str, **variables: Any) -> Any:
        """The answer's one root field; there must be no errors."""
        response = await self.ask(query, **variables)
        assert "errors" not in response, (response, self._asker.log.masked)
        (answer,) = response["data"].values()
        return answer

    async def sign_in(self, phone: str) -> Any:
        """Sign in by the code that is in the log, and keep the token."""
        await self.do(REQUEST, phone=phone)
        signed_in = await self.do(SIGN_IN, input={"phone": {"phone": phone, "code": self.code}})
        self.token = signed_in["accessToken"]
        return signed_in

    @property
    def code(self) -> str:
        """The code that was sent last."""
        return str(self.log.lines[-1][1]["one_time_code"])

    def _keep(self, header: str) -> None:
        for name, morsel in SimpleCookie(header).items():
            assert morsel["secure"]
            assert morsel["httponly"]
            assert morsel["samesite"] == "Lax"
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
