"""What each subscription listens to, and which row it shows: the same projection as the read of that row, so that a
subscription never shows what its caller could not read."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from market.kernel.clock import business_day
from market.kernel.errors import Invalid
from market.kernel.ids import prefix_of, require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.live.feed import Feed, Watch
from market.live.heard import packages_of, sessions_of
from market.organisations.acting import act_for
from schema.orders.reads import ORDER, SELLER_ORDER
from schema.projection.declare import Target
from schema.sessions import ONE_SESSION

SESSIONS_MAX = 50
"""So many sessions can be named."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A subscription that has begun."""

    watch: Watch
    feed: Feed
    keys: tuple[str, ...]
    packages: tuple[str, ...] = ()

    def leave(self) -> None:
        """It is over."""
        self.feed.leave(self.watch, self.keys, packages=self.packages)


@dataclass(frozen=True, slots=True)
class Source:
    """A subscription field. `listen` refuses with a MarketError; it gets the coerced arguments."""

    target: Callable[[], Target]
    listen: Callable[[Feed, Market, Actor, Mapping[str, Any]], Awaitable[Listening]]
    missing: str | None = None
    """The argument that names the one row, of a subscription to one: told as not found when it cannot be read."""


async def _listen(feed: Feed, keys: Sequence[str], *, packages: Sequence[str] = (), first: Sequence[str]) -> Listening:
    watch = await feed.watch(keys, packages=packages)
    for each in first:
        watch.add(each)
    return Listening(watch, feed, tuple(keys), tuple(packages))


async def _order(feed: Feed, _market: Market, _actor: Actor, given: Mapping[str, Any]) -> Listening:
    order_id = require_id(given["orderId"], "ord", field="orderId")
    return await _listen(feed, [order_id], first=[order_id])


async def _sellers(feed: Feed, market: Market, actor: Actor, given: Mapping[str, Any]) -> Listening:
    organisation = given["organisationId"]
    if prefix_of(organisation, field="organisationId") not in {"pdr", "cop"}:
        raise Invalid(field="organisationId", allowed="a producer or a cooperative", allowed_zh="商家或合作社的编号")
    await market.look(_require_reach, market, actor, organisation)
    return await _listen(feed, [organisation], first=())


def _require_reach(market: Market, actor: Actor, organisation: str) -> None:
    """A foreign organisation is unknown."""
    if reach(actor, Permission.ORDER_READ).is_all:
        return
    today = business_day(market.now())
    with market.read() as session:
        act_for(session, actor, Permission.ORDER_READ, producer_id=organisation, today=today, field="organisationId")


async def _sessions(feed: Feed, market: Market, _actor: Actor, given: Mapping[str, Any]) -> Listening:
    package, sessions = given.get("packageId"), list(dict.fromkeys(given.get("sessionIds") or ()))
    if (package is None) is not bool(sessions) or len(sessions) > SESSIONS_MAX:
        allowed = f"either a package, or 1 to {SESSIONS_MAX} sessions"
        zh = f"填写套餐编号，或 1 到 {SESSIONS_MAX} 个场次编号，二者选一"
        raise Invalid(field="sessionIds", allowed=allowed, allowed_zh=zh)
    if package is not None:
        require_id(package, "pkg", field="packageId")
        found = await market.look(sessions_of, market, [package])
        return await _listen(feed, [package], packages=[package], first=list(found[package]))
    for each in sessions:
        require_id(each, "ses", field="sessionIds")
    packages = await market.look(packages_of, market, sessions)
    return await _listen(feed, sessions, packages=sorted(set(packages.values())), first=sessions)


SOURCES: Mapping[str, Source] = {
    "orderUpdated": Source(lambda: ORDER, _order, missing="orderId"),
    "sellerOrders": Source(lambda: SELLER_ORDER, _sellers),
    "sessionAvailability": Source(lambda: ONE_SESSION, _sessions),
}
"""By the field's name."""
