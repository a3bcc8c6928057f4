"""Who asks: from a request's credentials to an actor, and the browser's cookies.

Programs send `Authorization: Bearer <access token or API key>`. Browsers may sign in with cookies instead, which they
send by themselves; so a request that comes with cookies must show that it comes from one of our own pages
(cross-site request forgery, OWASP cheat sheet: fetch metadata, with Origin as the fall-back).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from market.kernel.errors import Language, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor
from schema.edge.refusals import BadRequest
from schema.edge.requests import GraphQLRequest

ACCESS_COOKIE = "__Host-market-access"
REFRESH_COOKIE = "__Host-market-refresh"

ActorFor = Callable[..., Actor]
"""`market.people.actors.actor_for`: (market, credential, *, request_id, locale) → actor, or refuses with NotSignedIn."""


@dataclass(frozen=True, slots=True)
class Authentication:
    """Finds out who asks. `origins` are other sites whose pages may use the cookies."""

    market: Market
    actor_for: ActorFor
    origins: frozenset[str] = frozenset()

    async def actor(self, request: GraphQLRequest, locale: Language) -> Actor:
        """The actor; a visitor when there are no credentials.

        Refuses: NotSignedIn for a token that is not, or no longer, good; BadRequest: 401 for a header that is none, 403
        for cookies that another site's page made the browser send.
        """
        credential = self._credential(request)
        if credential is None:
            return VISITOR
        try:
            return await self.market.look(
                self.actor_for, self.market, credential, request_id=request.request_id, locale=locale
            )
        except NotSignedIn:
            if request.authorization is None:
                return VISITOR  # a browser cannot help sending a cookie that has ended: its page asks who it is
            raise

    def _credential(self, request: GraphQLRequest) -> str | None:
        if request.authorization is not None:
            scheme, _, token = request.authorization.partition(" ")
            if scheme.lower() != "bearer" or not token.strip():
                raise BadRequest(
                    401,
                    "UNAUTHENTICATED",
                    "Authorization 请求头的格式是 Bearer <令牌>。",
                    "The Authorization header is: Bearer <token>.",
                    headers=((b"www-authenticate", b"Bearer"),),
                )
            return token.strip()
        held = cookies(request.headers)
        if ACCESS_COOKIE not in held:
            return None
        if not self.is_own_page(request.headers):
            raise BadRequest(
                403,
                "CROSS_SITE",
                "该请求来自其他网站，不能使用登录 Cookie。",
                "This request comes from another site: it may not use the sign-in cookies.",
            )
        return held[ACCESS_COOKIE]

    def is_own_page(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a browser's request was made by a page of this host or of an allowed origin."""
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin in self.origins:
            return True
        site = headers.get(b"sec-fetch-site")
        if site is not None:
            return site == b"same-origin"
        host = headers.get(b"host", b"").decode("latin-1")
        return bool(origin) and urlsplit(origin).netloc == host


def cookies(headers: Mapping[bytes, bytes]) -> dict[str, str]:
    """The request's cookies by name; none when the header cannot be read."""
    try:
        jar = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def kept_cookie(name: str, value: str, *, seconds: int) -> str:
    """A `Set-Cookie` value that only this host's HTTPS pages send back and no script can read; 0 seconds removes it."""
    return f"{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax"
