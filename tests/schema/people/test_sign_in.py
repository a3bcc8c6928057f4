"""Signing in by API: the whole walk of a customer, of a browser, of staff, and what is told when it is refused."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from market.kernel.market import Market
from market.people.manage import block_account
from tests.clock import FakeClock
from tests.people.signing import ADMIN, LOGIN_NAME, OTHER_PHONE, PASSWORD, PHONE, staff, totp
from tests.schema.asking import asked
from tests.schema.people.client import REQUEST, SIGN_IN, Client

REFRESH = """
mutation Refresh($token: String, $tokens: TokenPlace! = ANSWER) {
  refreshTokens(refreshToken: $token, tokens: $tokens) {
    __typename
    ... on SignInPayload { accountId deviceId accessToken refreshToken }
    ... on UserError { code }
  }
}
"""
SIGN_OUT = "mutation { signOut { __typename ... on SignOutPayload { deviceId } ... on UserError { code } } }"
ME = "{ me { id name phone state roles { role } devices { nodes { id name method isStrong } } } }"
PASSWORD_INPUT = {"password": {"loginName": LOGIN_NAME, "password": PASSWORD}}


def walked(market: Market, walk: Callable[[Client], Coroutine[Any, Any, None]]) -> None:
    asked(market, lambda here: walk(Client(here)))


def test_a_customer_signs_in_by_phone_stays_and_leaves(market: Market) -> None:
    async def walk(client: Client) -> None:
        assert await client.do(ME) is None
        assert await client.do(REQUEST, phone=f"+86 {PHONE}") == {
            "__typename": "RequestSignInCodePayload",
            "expiresInSeconds": 300,
            "resendAfterSeconds": 60,
        }
        signed_in = await client.do(SIGN_IN, input={"phone": {"phone": PHONE, "code": client.code}})
        assert (signed_in["isNew"], signed_in["isStrong"]) == (True, False)
        assert client.cookies == {}
        client.token = signed_in["accessToken"]
        me = await client.do(ME)
        assert me == {
            "id": signed_in["accountId"],
            "name": me["name"],
            "phone": "199****0001",
            "state": "ACTIVE",
            "roles": [],
            "devices": {
                "nodes": [{"id": signed_in["deviceId"], "name": "我的手机", "method": "PHONE", "isStrong": False}]
            },
        }

        refreshed = await client.do(REFRESH, token=signed_in["refreshToken"])
        assert refreshed["deviceId"] == signed_in["deviceId"]
        client.token = refreshed["accessToken"]
        assert await client.do(SIGN_OUT) == {"__typename": "SignOutPayload", "deviceId": signed_in["deviceId"]}

        assert await client.ask(ME) == {"status": 401, "code": "UNAUTHENTICATED"}
        client.token = None
        assert (await client.do(REFRESH, token=refreshed["refreshToken"]))["code"] == "UNAUTHENTICATED"

    walked(market, walk)


def test_a_browser_signs_in_with_cookies_that_no_script_reads(market: Market, clock: FakeClock) -> None:
    async def walk(client: Client) -> None:
        await client.do(REQUEST, phone=PHONE)
        signed_in = await client.do(SIGN_IN, input={"phone": {"phone": PHONE, "code": client.code}}, tokens="COOKIES")
        assert (signed_in["accessToken"], signed_in["refreshToken"]) == (None, None)
        assert set(client.cookies) == {"__Host-market-access", "__Host-market-refresh"}
        assert (await client.do(ME))["id"] == signed_in["accountId"]

        before = dict(client.cookies)
        clock.advance(minutes=16)
        assert await client.do(ME) is None, "an ended cookie is nobody's"
        refreshed = await client.do(REFRESH, tokens="COOKIES")
        assert (refreshed["accessToken"], refreshed["refreshToken"]) == (None, None)
        assert not set(before.values()) & set(client.cookies.values())
        assert (await client.do(ME))["id"] == signed_in["accountId"]

        await client.do(SIGN_OUT)
        assert client.cookies == {}

    walked(market, walk)


def test_a_browser_whose_refresh_cookie_is_no_good_loses_its_cookies(market: Market) -> None:
    async def walk(client: Client) -> None:
        client.cookies = {"__Host-market-refresh": "old.one"}

        assert (await client.do(REFRESH, tokens="COOKIES"))["__typename"] == "NotSignedIn"

        assert client.cookies == {}

    walked(market, walk)


def test_a_wechat_user_signs_in_and_binds_a_number(market: Market) -> None:
    bind = """
    mutation Bind($code: String!) {
      bindWechatPhone(phoneCode: $code) {
        __typename
        ... on BindWeChatPhonePayload { account { phone } }
        ... on UserError { code }
      }
    }
    """

    async def walk(client: Client) -> None:
        signed_in = await client.do(SIGN_IN, input={"wechat": {"code": client.wechat.sign_in("openid-1")}})
        assert signed_in["isNew"]
        client.token = signed_in["accessToken"]
        assert (await client.do(ME))["phone"] is None

        bound = await client.do(bind, code=client.wechat.share_phone(PHONE))
        assert bound == {"__typename": "BindWeChatPhonePayload", "account": {"phone": "199****0001"}}
        again = await client.do(bind, code=client.wechat.share_phone(OTHER_PHONE))
        assert again == {"__typename": "Conflict", "code": "PHONE_HELD"}
        used = await client.do(bind, code="no code at all")
        assert used == {"__typename": "SignInRefused", "code": "WECHAT_REFUSED"}

    walked(market, walk)


def test_staff_sign_in_with_both_factors(market: Market, clock: FakeClock) -> None:
    staff(market)

    async def walk(client: Client) -> None:
        assert (await client.do(SIGN_IN, input=PASSWORD_INPUT))["__typename"] == "SecondFactorNeeded"
        full = {"password": {**PASSWORD_INPUT["password"], "secondFactor": totp(clock)}}
        signed_in = await client.do(SIGN_IN, input=full)
        assert signed_in["isStrong"]
        client.token = signed_in["accessToken"]
        assert (await client.do(ME))["roles"] == [{"role": "STAFF_MODERATOR"}]

    walked(market, walk)


def test_what_is_refused_says_what_and_nothing_of_whom(market: Market) -> None:
    async def walk(client: Client) -> None:
        wrong = {"phone": {"phone": PHONE, "code": "000000"}}
        unknown = {"password": {"loginName": "nobody", "password": "wrong"}}
        await client.do(REQUEST, phone=PHONE)
        answers = [
            await client.do(SIGN_IN, input=wrong),
            await client.do(SIGN_IN, input=unknown),
            await client.do(SIGN_IN, input={"wechat": {"code": "unknown"}}),
            await client.do(SIGN_IN, input={"phone": {"phone": "12345", "code": "000000"}}),
            await client.do(REQUEST, phone=PHONE),
        ]

        assert [(each["__typename"], each["code"]) for each in answers] == [
            ("SignInRefused", "WRONG_CODE"),
            ("SignInRefused", "WRONG_PASSWORD"),
            ("SignInRefused", "WECHAT_REFUSED"),
            ("InvalidInput", "BAD_USER_INPUT"),
            ("TooManyAttempts", "LIMIT_REACHED"),
        ]
        assert answers[4]["retryAfterSeconds"] == 60
        assert answers[4]["retryable"]
        assert PHONE not in str(answers)
        assert client._asker.log.masked == []

    walked(market, walk)


def test_a_blocked_account_is_told_so(market: Market, clock: FakeClock) -> None:
    async def walk(client: Client) -> None:
        signed_in = await client.sign_in(PHONE)
        block_account(market, ADMIN, account_id=signed_in["accountId"])
        client.token = None
        clock.advance(minutes=1)
        await client.do(REQUEST, phone=PHONE)

        blocked = await client.do(SIGN_IN, input={"phone": {"phone": PHONE, "code": client.code}})

        assert blocked["__typename"] == "AccountBlocked"

    walked(market, walk)


def test_fifteen_aliases_are_fifteen_attempts(market: Market) -> None:
    staff(market)
    tries = "\n".join(
        f'try{number}: signIn(input: {{password: {{loginName: "{LOGIN_NAME}", password: "guess {number}"}}}})'
        " { __typename }"
        for number in range(15)
    )

    async def walk(client: Client) -> None:
        answers = (await client.ask(f"mutation {{ {tries} }}"))["data"].values()

        told = [each["__typename"] for each in answers]
        assert told == ["SignInRefused"] * 5 + ["TooManyAttempts"] * 10

    walked(market, walk)


@pytest.mark.parametrize("given", [{}, {"phone": None}, {**PASSWORD_INPUT, "wechat": {"code": "x"}}])
def test_exactly_one_way_is_taken(market: Market, given: dict[str, Any]) -> None:
    async def walk(client: Client) -> None:
        response = await client.ask(SIGN_IN, input=given)

        assert response.get("data") is None
        assert response["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    walked(market, walk)


def test_devices_are_ones_own(market: Market) -> None:
    revoke = """
    mutation Revoke($id: ID!) {
      revokeDevice(deviceId: $id) {
        __typename
        ... on SignOutPayload { deviceId }
        ... on UserError { code message }
        ... on NotFound { field }
      }
    }
    """
    node = "query Node($id: ID!) { node(id: $id) { id } }"

    async def walk(client: Client) -> None:
        theirs = (await client.sign_in(PHONE))["deviceId"]
        other = Client(client.market)
        mine = (await other.sign_in(OTHER_PHONE))["deviceId"]
        unknown = "dev_00000000000000000000000000"

        assert await other.do(node, id=mine) == {"id": mine}
        assert await other.ask(node, id=theirs) == await other.ask(node, id=unknown)
        assert await other.ask(revoke, id=theirs) == await other.ask(revoke, id=unknown)
        assert (await client.do(ME))["devices"]["nodes"][0]["id"] == theirs
        assert (await Client(client.market).do(revoke, id=theirs))["__typename"] == "NotSignedIn"

        assert (await other.do(revoke, id=mine))["deviceId"] == mine
        assert (await other.ask(ME))["status"] == 401

    walked(market, walk)
