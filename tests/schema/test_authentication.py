"""Who asks: tokens, and cookies that only our own pages may use."""

import asyncio
from typing import cast

import pytest

from market.kernel.errors import Language, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind
from schema.authentication import ACCESS_COOKIE, Authentication, kept_cookie
from schema.edge.media import MediaType
from schema.edge.refusals import BadRequest
from schema.edge.requests import GraphQLRequest

CUSTOMER = Actor(ActorKind.CUSTOMER, "acc_c")


class Door:
    """Stands in for a market: runs what it is given here and now."""

    async def look(self, read: object, *args: object, **options: object) -> Actor:
        """Call it."""
        return cast("Actor", read(*args, **options))  # type: ignore[operator]


def actor_for(_market: Market, credential: str, *, request_id: str, locale: Language) -> Actor:
    """One token is good."""
    assert (request_id, locale) == ("test", "zh-CN")
    if credential != "good":
        raise NotSignedIn
    return CUSTOMER


def who(headers: dict[bytes, bytes], *, origins: tuple[str, ...] = ()) -> Actor:
    authorization = headers.get(b"authorization")
    request = GraphQLRequest(
        query="{ __typename }",
        operation_name=None,
        variables={},
        accept_language="",
        authorization=None if authorization is None else authorization.decode(),
        request_id="test",
        media_type=MediaType.GRAPHQL,
        may_mutate=True,
        if_none_match=None,
        client="",
        headers=headers,
    )
    authentication = Authentication(cast("Market", Door()), actor_for, frozenset(origins))
    return asyncio.run(authentication.actor(request, "zh-CN"))


def cookie(value: str = "good", **headers: str) -> dict[bytes, bytes]:
    """A browser's request."""
    made = {b"cookie": f"theme=dark; {ACCESS_COOKIE}={value}".encode(), b"host": b"shop.example.cn"}
    return made | {name.replace("_", "-").encode(): text.encode() for name, text in headers.items()}


def test_without_credentials_one_is_a_visitor() -> None:
    assert who({}) is VISITOR
    assert who({b"cookie": b"theme=dark"}) is VISITOR


def test_a_token_says_who_asks() -> None:
    assert who({b"authorization": b"Bearer good"}) == CUSTOMER
    with pytest.raises(NotSignedIn):
        who({b"authorization": b"Bearer stale"})


@pytest.mark.parametrize("header", [b"Basic Z29vZA==", b"Bearer", b"Bearer ", b"good"])
def test_another_kind_of_authorization_is_refused_and_says_which_is_right(header: bytes) -> None:
    with pytest.raises(BadRequest, match="Bearer") as refused:
        who({b"authorization": header})

    assert refused.value.status == 401


@pytest.mark.parametrize(
    "headers",
    [
        cookie(sec_fetch_site="same-origin"),
        cookie(origin="https://shop.example.cn"),
        cookie(origin="https://admin.example.cn", sec_fetch_site="same-site"),
    ],
)
def test_our_own_pages_may_use_the_cookie(headers: dict[bytes, bytes]) -> None:
    assert who(headers, origins=("https://admin.example.cn",)) == CUSTOMER


@pytest.mark.parametrize(
    "headers",
    [
        cookie(),
        cookie(sec_fetch_site="cross-site"),
        cookie(sec_fetch_site="same-site"),
        cookie(sec_fetch_site="none"),
        cookie(origin="https://evil.example"),
        cookie(origin="null"),
        cookie(origin="https://evil.example", sec_fetch_site="cross-site"),
        cookie(origin="https://shop.example.cn.evil.example"),
        cookie(origin="https://shop.example.cn", sec_fetch_site="cross-site"),
    ],
)
def test_another_sites_page_may_not(headers: dict[bytes, bytes]) -> None:
    with pytest.raises(BadRequest) as refused:
        who(headers)

    assert (refused.value.status, refused.value.code) == (403, "CROSS_SITE")


def test_a_browser_whose_sign_in_has_ended_is_a_visitor_again() -> None:
    assert who(cookie("stale", sec_fetch_site="same-origin")) is VISITOR


def test_cookies_are_for_this_host_over_https_and_for_no_script() -> None:
    made = kept_cookie(ACCESS_COOKIE, "x", seconds=900)

    assert made == "__Host-market-access=x; Path=/; Max-Age=900; Secure; HttpOnly; SameSite=Lax"
