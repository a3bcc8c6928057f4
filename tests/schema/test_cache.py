"""Cached answers: kept while nothing they depend on changes, never after."""

import asyncio
from collections.abc import Mapping
from contextlib import closing
from datetime import date, datetime
from typing import Any

import pytest

from market.kernel.database import open_database
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from schema.projection import Delivery
from schema.projection.plan import Plan
from schema.projection.viewer import ANYBODY, Viewer
from tests.clock import FakeClock
from tests.schema.asking import Asker
from tests.schema.stalls import Stalls, offer_tour, schedule, sell, set_up

pytestmark = pytest.mark.anyio
ALL = "{ products { nodes { title } } }"
OF_CATEGORY = "query Q($id: ID!) { products(where: { category: $id }) { nodes { title } } }"
PACKAGE = "query Q($id: ID!) { tourPackage(id: $id) { title sessions { nodes { localDate vacancies } } } }"
VILLAGES = "{ villages { nodes { name } } }"


@pytest.fixture(name="stalls")
def _stalls(market: Market) -> Stalls:
    return set_up(market)


async def test_the_same_question_is_answered_from_memory_with_the_same_tag(market: Market, stalls: Stalls) -> None:
    sell(market, stalls, "桃一", stalls.peach)
    async with open_cached(market) as asker:
        first, second = await asker.answer(ALL), await asker.answer(ALL)
        english = await asker.answer(ALL, language="en")

    assert (first.cache, second.cache, english.cache) == ("miss", "hit", "miss")
    assert first.body == second.body
    assert dict(first.headers)[b"etag"] == dict(second.headers)[b"etag"]


async def test_a_new_listing_makes_only_the_lists_it_can_be_in_stale(market: Market, stalls: Stalls) -> None:
    tea, peach, fruit = {"id": stalls.tea}, {"id": stalls.peach}, {"id": stalls.fruit}
    async with open_cached(market) as asker:
        for variables in (tea, peach, fruit):
            await asker.answer(OF_CATEGORY, variables)
        await asker.answer(ALL)
        await asker.answer(VILLAGES)

        sell(market, stalls, "桃二", stalls.peach)

        assert (await asker.answer(OF_CATEGORY, tea)).cache == "hit"
        assert (await asker.answer(VILLAGES)).cache == "hit"
        for variables in (peach, fruit):
            answer = await asker.answer(OF_CATEGORY, variables)
            assert answer.cache == "miss"
            assert "桃二" in answer.body.decode()
        assert "桃二" in (await asker.answer(ALL)).body.decode()


async def test_a_new_session_makes_its_package_stale_and_no_other(market: Market, stalls: Stalls) -> None:
    one, two = offer_tour(market, stalls, "采摘一"), offer_tour(market, stalls, "采摘二")
    async with open_cached(market) as asker:
        for package in (one, two):
            await asker.answer(PACKAGE, {"id": package})

        schedule(market, one, date(2026, 7, 1))

        assert (await asker.answer(PACKAGE, {"id": two})).cache == "hit"
        changed = await asker.answer(PACKAGE, {"id": one})
        assert changed.cache == "miss"
        assert "2026-07-01" in changed.body.decode()


async def test_an_answer_that_depends_on_the_time_lasts_a_minute(
    market: Market, stalls: Stalls, clock: FakeClock
) -> None:
    package = offer_tour(market, stalls, "采摘")
    schedule(market, package, date(2026, 6, 2))  # 09:00 in Shanghai: 01:00 UTC, half an hour ago
    schedule(market, package, date(2026, 6, 3))
    async with open_cached(market) as asker:
        before = await asker.answer(PACKAGE, {"id": package})
        assert (await asker.answer(PACKAGE, {"id": package})).cache == "hit"

        clock.advance(days=1)
        after = await asker.answer(PACKAGE, {"id": package})

    assert after.cache == "miss"
    assert "2026-06-03" in before.body.decode()
    assert "2026-06-03" not in after.body.decode()


async def test_a_change_by_another_process_is_seen(
    market: Market, stalls: Stalls, database_url: str, clock: FakeClock
) -> None:
    async with open_cached(market) as asker:
        await asker.answer(ALL)
        with closing(Market(open_database(database_url), clock=clock)) as other:
            sell(other, stalls, "桃三", stalls.peach)

        # PostgreSQL's news travels on its own; SQLite's is looked for with each question.
        for _ in range(100):
            answer = await asker.answer(ALL)
            if answer.cache == "miss":
                break
            await asyncio.sleep(0.02)
        assert "桃三" in answer.body.decode()


class _Overtaken(Delivery):
    """Something is sold right after the database was read and before the answer is kept."""

    def __init__(self, delivery: Delivery, sale: Any) -> None:
        self._delivery = delivery
        self._sale = sale

    def plan(self, operation: Any, variables: Mapping[str, Any], locale: str, viewer: Viewer = ANYBODY) -> Plan | None:
        return self._delivery.plan(operation, variables, locale, viewer)

    async def body(self, plan: Plan, variables: Mapping[str, Any], now: datetime, viewer: Viewer = ANYBODY) -> bytes:
        body = await self._delivery.body(plan, variables, now, viewer)
        self._sale()
        return body


async def test_a_change_while_an_answer_is_made_leaves_no_stale_answer_behind(market: Market, stalls: Stalls) -> None:
    sales = [lambda: sell(market, stalls, "桃四", stalls.peach)]
    async with open_cached(market, lambda: sales.pop()() if sales else None) as asker:
        overtaken = await asker.answer(ALL)
        next_one = await asker.answer(ALL)

    assert "桃四" not in overtaken.body.decode()
    assert next_one.cache == "miss"
    assert "桃四" in next_one.body.decode()


async def test_what_is_the_same_for_everybody_is_kept_but_not_by_what_lies_between(
    market: Market, stalls: Stalls
) -> None:
    del stalls
    customer = Actor(ActorKind.CUSTOMER, "acc_c")
    async with open_cached(market) as asker:
        answers = [await asker.answer(ALL, actor=customer) for _ in range(2)]

    assert [answer.cache for answer in answers] == ["miss", "hit"]
    assert all((b"cache-control", b"private, no-store") in answer.headers for answer in answers)


class open_cached:  # noqa: N801 - used as a function: a context
    """An asker with a cache that hears of changes."""

    def __init__(self, market: Market, sale: Any = None) -> None:
        self._market = market
        self._sale = sale

    async def __aenter__(self) -> Asker:
        await self._market.database.news.open()
        await asyncio.sleep(0.2)  # PostgreSQL: until it listens nothing is trusted
        asker = Asker(self._market, is_cached=True)
        if self._sale is not None:
            asker = Asker(self._market, is_cached=True, through=lambda delivery: _Overtaken(delivery, self._sale))
        return asker

    async def __aexit__(self, *_error: object) -> None:
        await self._market.database.news.close()
        await self._market.database.reader.close()
