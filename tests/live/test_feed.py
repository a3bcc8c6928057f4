"""The feed: nothing is lost, nobody is drowned, and nothing is done while nobody listens."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from market.kernel import outbox
from market.kernel.market import Market
from market.live.feed import PENDING_MAX, Ended, Feed, Watch, Why
from market.live.heard import before, last_message, messages_since
from tests.checkout.shop import Shop, buyers, home, open_shop, peaches, placed, put, visit
from tests.schema.asking import asked
from tests.schema.live.conftest import SECONDS_MAX, Log


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


def order(market: Market, shop: Shop) -> str:
    (buyer,) = buyers(market, 1)
    put(market, buyer, peaches(shop), visit(shop))
    return placed(market, buyer, home(market, buyer))


def listening(market: Market, act: Callable[[Market, Feed], Coroutine[Any, Any, None]]) -> Log:
    """Run something with a feed, as a server does; what was logged."""
    log = Log()

    async def run(here: Market) -> None:
        await here.database.news.open()
        feed = Feed(here, log, every_seconds=0.01)
        try:
            async with asyncio.timeout(SECONDS_MAX):
                await act(here, feed)
        finally:
            await feed.close()
            await here.database.news.close()

    asked(market, run)
    return log


def test_a_message_that_was_committed_late_is_told_though_its_id_is_early(market: Market, shop: Shop) -> None:
    early = order(market, shop)

    async def act(_here: Market, feed: Feed) -> None:
        watch = await feed.watch([early])
        with market.transaction() as slow:
            outbox.publish(slow, "order.test", aggregate=early, payload={}, now=market.now())
            if market.database.engine.writers > 1:  # SQLite has one writer: nobody commits in between
                with market.transaction() as fast:
                    outbox.publish(fast, "order.test", aggregate="other", payload={}, now=market.now())
                await asyncio.sleep(0.2)
        assert await watch.next() == early

    assert listening(market, act).errors == []


def test_sellers_and_cooperatives_are_told_of_their_parts(market: Market, shop: Shop) -> None:
    async def act(_here: Market, feed: Feed) -> None:
        sold, nobody = await feed.watch([shop.stalls.producer]), await feed.watch(["pdr_x"])
        made = await asyncio.to_thread(order, market, shop)
        part = await sold.next()
        assert part.startswith("sor_")
        watch = await feed.watch([made])
        with market.transaction() as session:
            outbox.publish(session, "shipment.sent", aggregate=made, payload={"sellerOrder": part}, now=market.now())
        assert await watch.next() == made
        feed.leave(nobody, ["pdr_x"])
        nobody.end(Why.FAILED)
        with pytest.raises(Ended):
            await nobody.next()

    assert listening(market, act).errors == []


def test_a_slow_subscriber_gets_the_latest_once_and_is_ended_when_too_much_waits(market: Market) -> None:
    async def act(_here: Market, _feed: Feed) -> None:
        watch = Watch()
        for _ in range(5):
            watch.add("a")
        watch.add("b")
        assert [await watch.next(), await watch.next()] == ["a", "b"]
        for number in range(PENDING_MAX + 1):
            watch.add(str(number))
        with pytest.raises(Ended) as ended:
            await watch.next()
        assert ended.value.why is Why.TOO_SLOW

    listening(market, act)


def test_a_shutdown_ends_everybody_and_lets_nobody_in(market: Market) -> None:
    async def act(_here: Market, feed: Feed) -> None:
        watch = await feed.watch(["ord_x"])
        feed.drain()
        for again in (watch.next(), feed.watch(["ord_x"])):
            with pytest.raises(Ended) as ended:
                await again
            assert ended.value.why is Why.SHUTDOWN

    listening(market, act)


def test_what_was_said_while_nobody_could_listen_is_caught_up_with(market: Market, shop: Shop) -> None:
    """The connection for notifications is gone, and comes back."""
    made = order(market, shop)

    async def act(here: Market, feed: Feed) -> None:
        watch = await feed.watch([made])
        await here.database.news.close()
        with market.transaction() as session:
            outbox.publish(session, "order.test", aggregate=made, payload={}, now=market.now())
        await here.database.news.open()
        assert await watch.next() == made

    assert listening(market, act).errors == []


def test_a_message_wakes_other_processes_by_itself(market: Market) -> None:
    async def act(here: Market, _feed: Feed) -> None:
        topics = here.database.topics
        before_it = topics.stamp(("outbox",))[1]
        while topics.stamp(("outbox",))[1] == before_it:  # it may take a while until it listens at all
            with market.transaction() as session:
                outbox.publish(session, "test", aggregate="a", payload={}, now=market.now())
            await asyncio.sleep(0.05)
            here.database.news.poll()

    listening(market, act)


def test_a_failure_is_logged_and_ends_whoever_listens(market: Market) -> None:
    class Broken:
        """News that cannot be read."""

        def poll(self) -> None:
            raise ValueError("broken")

        async def open(self) -> None:
            """Nothing."""

        async def close(self) -> None:
            """Nothing."""

    async def act(here: Market, feed: Feed) -> None:
        watch = await feed.watch(["ord_x"])
        here.database.news = Broken()
        with pytest.raises(Ended) as ended:
            await watch.next()
        assert ended.value.why is Why.FAILED

    log = listening(market, act)
    assert [event for event, _error in log.errors] == ["live: the feed failed"]


def test_every_message_is_read_whatever_the_page(market: Market) -> None:
    start = last_message(market)
    with market.transaction() as session:
        for number in range(1_100):
            outbox.publish(session, "test", aggregate=f"a{number % 7}", payload={}, now=market.now())
    found = messages_since(market, start)
    assert len({each.id for each in found}) == len(found) == 1_100
    assert last_message(market) == found[-1].id
    assert before(found[-1].id, 60_000) < found[0].id
