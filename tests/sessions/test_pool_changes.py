"""How much there is of a pool changes, and which slots a session touches."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from sqlmodel import select

from market.catalogue.tables import FAR_FUTURE
from market.kernel.clock import shanghai
from market.kernel.errors import Invalid
from market.kernel.market import Market
from market.sessions.errors import CapacityBelowTaken, PoolNameTaken
from market.sessions.pools.manage import PoolCapacity, change_pool_capacity
from market.sessions.rules import PoolPeriod, slots_of
from market.sessions.tables import PoolSlot
from tests.schema.stalls import ADMIN
from tests.sessions.buses import KEYS, PERSON, draw, pool, slots
from tests.sessions.farm import (
    DAY,
    Farm,
    add_session,
    hold,
    left,
    next_of,
    row_of,
)


def at(day: int, hour: int) -> datetime:
    return shanghai(date(2026, 10, day), time(hour))


@pytest.mark.parametrize(
    ("period", "minutes", "starts_at", "ends_at", "right"),
    [
        (PoolPeriod.DAY, 1440, at(1, 9), at(1, 17), [at(1, 0)]),
        (PoolPeriod.DAY, 1440, at(1, 9), at(2, 0), [at(1, 0)]),
        (PoolPeriod.DAY, 1440, at(1, 9), at(2, 1), [at(1, 0), at(2, 0)]),
        (PoolPeriod.NIGHT, 1440, at(1, 14), at(2, 12), [at(1, 0)]),
        (PoolPeriod.NIGHT, 1440, at(1, 14), at(3, 12), [at(1, 0), at(2, 0)]),
        (PoolPeriod.NIGHT, 1440, at(1, 9), at(1, 17), [at(1, 0)]),
        (PoolPeriod.TIME, 120, at(1, 9), at(1, 11), [at(1, 8), at(1, 10)]),
        (PoolPeriod.TIME, 120, at(1, 10), at(1, 12), [at(1, 10)]),
        (PoolPeriod.TIME, 720, at(1, 23), at(2, 13), [at(1, 12), at(2, 0), at(2, 12)]),
    ],
)
def test_slots_are_the_days_nights_or_stretches_that_a_session_touches(
    period: PoolPeriod, minutes: int, starts_at: datetime, ends_at: datetime, right: list[datetime]
) -> None:
    assert slots_of(period, minutes, starts_at=starts_at, ends_at=ends_at) == right


def test_a_session_that_touches_too_many_slots_is_refused() -> None:
    with pytest.raises(Invalid):
        slots_of(PoolPeriod.TIME, 30, starts_at=at(1, 9), ends_at=at(2, 18))


def test_more_or_less_of_a_pool_from_today_on(market: Market, farm: Farm, on_bus: tuple[str, str]) -> None:
    bus = _pool_of(market)
    hold(market, {on_bus[0]: 6}, "order-1")

    with pytest.raises(CapacityBelowTaken) as refused:
        change_pool_capacity(market, ADMIN, PoolCapacity(bus, 5), idempotency_key=next(KEYS))
    assert refused.value.facts["taken"] == 6
    assert (left(market, on_bus[1]), slots(market)) == (2, [(6, 8)])

    change_pool_capacity(market, ADMIN, PoolCapacity(bus, 6), idempotency_key=next(KEYS))
    assert left(market, on_bus[1]) == 0
    assert next_of(market, farm.package) == FAR_FUTURE
    change_pool_capacity(market, ADMIN, PoolCapacity(bus, 30), idempotency_key=next(KEYS))
    assert (left(market, on_bus[0]), left(market, on_bus[1])) == (14, 20)
    assert next_of(market, farm.package) == row_of(market, on_bus[0]).starts_at
    assert left(market, add_session(market, farm.option, day=DAY + timedelta(days=1))) == 20


def test_a_day_with_a_capacity_of_its_own_keeps_it(market: Market, farm: Farm, on_bus: tuple[str, str]) -> None:
    bus = _pool_of(market)
    tomorrow = DAY + timedelta(days=1)
    change_pool_capacity(market, ADMIN, PoolCapacity(bus, 4, DAY, tomorrow), idempotency_key=next(KEYS))
    assert left(market, on_bus[0]) == 4

    change_pool_capacity(market, ADMIN, PoolCapacity(bus, 50), idempotency_key=next(KEYS))

    assert left(market, on_bus[0]) == 4
    assert left(market, add_session(market, farm.option, day=tomorrow)) == 4
    assert left(market, add_session(market, farm.option, day=tomorrow + timedelta(days=1))) == 20


def _pool_of(market: Market) -> str:
    with market.read() as session:
        return session.exec(select(PoolSlot.pool_id)).first() or ""


def test_a_pools_name_is_its_organisations_only_one(market: Market, farm: Farm) -> None:
    pool(market, farm, 8)

    with pytest.raises(PoolNameTaken):
        pool(market, farm, 9)


REFUSED: list[Callable[[Market, Farm], object]] = [
    lambda market, farm: pool(market, farm, -1),
    lambda market, farm: pool(market, farm, 8, name=" "),
    lambda market, farm: pool(market, farm, 8, name="x" * 81),
    lambda market, farm: pool(market, farm, 8, period=PoolPeriod.TIME, minutes=45),
    lambda market, farm: pool(market, farm, 8, period=PoolPeriod.DAY, minutes=60),
    lambda market, farm: draw(market, farm.option, (pool(market, farm, 8), 0, PERSON)),
    lambda market, farm: draw(market, farm.option, *[(pool(market, farm, 8), 1, PERSON)] * 2),
    lambda market, farm: change_pool_capacity(
        market, ADMIN, PoolCapacity(pool(market, farm, 8), 8, DAY, DAY + timedelta(days=31)), idempotency_key=next(KEYS)
    ),
    lambda market, farm: change_pool_capacity(
        market, ADMIN, PoolCapacity(pool(market, farm, 8), 8, DAY), idempotency_key=next(KEYS)
    ),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_no_pool_can_be_is_refused(market: Market, farm: Farm, number: int) -> None:
    with pytest.raises(Invalid):
        REFUSED[number](market, farm)
