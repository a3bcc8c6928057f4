"""Sessions that share a pool share what is left of it, at every moment and for every reader."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from sqlmodel import col, select

from market.catalogue.tables import FAR_FUTURE
from market.kernel.clock import shanghai
from market.kernel.errors import Invalid
from market.kernel.market import Market
from market.sessions.errors import CapacityBelowTaken, FullLine, PoolNameTaken, SessionFull
from market.sessions.holds import confirm_seats, release_lapsed, release_seats
from market.sessions.pools.draws import DrawDraft, OptionDraws, draw_from_pools
from market.sessions.pools.manage import PoolCapacity, PoolDraft, change_pool_capacity, create_pool
from market.sessions.rules import DrawPer, PoolKind, PoolPeriod, SeriesPlan, slots_of
from market.sessions.series import create_series, extend_series
from market.sessions.tables import PoolSlot, SessionSlot
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN
from tests.sessions.farm import (
    DAY,
    Farm,
    add_session,
    another_package,
    count,
    hold,
    left,
    next_of,
    row_of,
    set_up_farm,
    within,
)

KEYS = iter(f"key-of-this-test-{number}" for number in range(10_000))


@pytest.fixture(name="farm")
def _farm(market: Market) -> Farm:
    return set_up_farm(market)


def pool(
    market: Market, farm: Farm, capacity: int, *, period: PoolPeriod = PoolPeriod.DAY, minutes: int = 1440,
    name: str = "大巴",
) -> str:  # fmt: skip
    draft = PoolDraft(farm.producer, PoolKind.BUS_SEAT, name, period, capacity, minutes)
    return create_pool(market, ADMIN, draft, idempotency_key=next(KEYS))


def draw(market: Market, option: str, *draws: tuple[str, int, DrawPer]) -> tuple[int, tuple[str, ...]]:
    wanted = OptionDraws(option, tuple(DrawDraft(*each) for each in draws))
    done = draw_from_pools(market, ADMIN, wanted, idempotency_key=next(KEYS))
    return done.changed, done.left


def slots(market: Market) -> list[tuple[int, int]]:
    """Taken and capacity of each slot, in order of time."""
    with market.read() as session:
        rows = session.exec(select(PoolSlot).order_by(col(PoolSlot.pool_id), col(PoolSlot.starts_at)))
        return [(row.taken, row.capacity) for row in rows]


PERSON, BOOKING = DrawPer.PERSON, DrawPer.BOOKING


@pytest.fixture(name="shared")
def _shared(market: Market, farm: Farm) -> tuple[str, str]:
    """Two packages' sessions of 20 on one day, with one bus of 8 seats."""
    bus = pool(market, farm, 8)
    _package, other = another_package(market, farm, "另一个")
    for option in (farm.option, other):
        draw(market, option, (bus, 1, PERSON))
    return add_session(market, farm.option), add_session(market, other, at=time(14))


def test_seats_taken_in_one_session_are_gone_in_all_that_share(market: Market, shared: tuple[str, str]) -> None:
    one, other = shared

    hold(market, {one: 3}, "order-1")

    assert (left(market, one), left(market, other)) == (5, 5)
    assert slots(market) == [(3, 8)]
    with pytest.raises(SessionFull) as refused:
        hold(market, {other: 6}, "order-2")
    assert refused.value.facts["lines"] == (FullLine(other, 6, 5),)
    assert slots(market) == [(3, 8)]


def test_demands_on_one_pool_are_summed_first(market: Market, shared: tuple[str, str]) -> None:
    one, other = shared

    with pytest.raises(SessionFull) as refused:
        hold(market, {one: 5, other: 5}, "order-1")
    assert [line.vacancies for line in refused.value.facts["lines"]] == [8, 8]
    assert (slots(market), row_of(market, one).taken) == ([(0, 8)], 0)

    hold(market, {one: 5, other: 3}, "order-1")
    assert (left(market, one), left(market, other)) == (0, 0)


def test_what_is_released_is_free_for_all_that_share(market: Market, shared: tuple[str, str]) -> None:
    one, other = shared
    hold(market, {one: 5, other: 3}, "order-1")
    within(market, confirm_seats, [one], holder="order-1")

    within(market, release_seats, [one, other], holder="order-1")

    assert (left(market, one), left(market, other), slots(market)) == (8, 8, [(0, 8)])


def test_an_ended_hold_is_free_for_all_that_share(market: Market, shared: tuple[str, str], clock: FakeClock) -> None:
    one, other = shared
    hold(market, {one: 8}, "order-1")
    assert left(market, other) == 0
    clock.advance(minutes=15)
    assert (left(market, one), left(market, other), slots(market)) == (8, 8, [(8, 8)])

    hold(market, {other: 8}, "order-2")

    assert (left(market, one), left(market, other), slots(market)) == (0, 0, [(8, 8)])
    assert row_of(market, one).taken == 0


def test_the_worker_takes_ended_holds_of_a_pool_back(
    market: Market, farm: Farm, shared: tuple[str, str], clock: FakeClock
) -> None:
    one = shared[0]
    hold(market, {one: 8}, "order-1")
    assert next_of(market, farm.package) == FAR_FUTURE
    clock.advance(minutes=15)

    while release_lapsed(market, limit=1):
        pass

    assert (slots(market), row_of(market, one).taken) == ([(0, 8)], 0)
    assert [row_of(market, each).lapses_at for each in shared] == [None, None]
    assert [row_of(market, each).pool_vacancies for each in shared] == [8, 8]
    assert next_of(market, farm.package) == row_of(market, one).starts_at


def test_next_sessions_of_all_packages_follow_a_shared_pool(
    market: Market, farm: Farm, shared: tuple[str, str]
) -> None:
    one, other = shared
    package = row_of(market, other).package_id
    later = add_session(market, farm.option, day=DAY + timedelta(days=1))

    hold(market, {other: 8}, "order-1")
    assert (next_of(market, farm.package), next_of(market, package)) == (row_of(market, later).starts_at, FAR_FUTURE)

    within(market, release_seats, [other], holder="order-1")
    assert next_of(market, farm.package) == row_of(market, one).starts_at
    assert next_of(market, package) == row_of(market, other).starts_at


def test_what_is_drawn_for_each_booking_limits_bookings_and_not_people(market: Market, farm: Farm) -> None:
    guides = pool(market, farm, 2, name="讲解员", period=PoolPeriod.TIME, minutes=60)
    draw(market, farm.option, (guides, 1, BOOKING))
    session_id = add_session(market, farm.option, capacity=20)

    hold(market, {session_id: 6}, "order-1")
    assert (left(market, session_id), slots(market)) == (14, [(1, 2), (1, 2)])
    hold(market, {session_id: 1}, "order-2")
    assert left(market, session_id) == 0

    with pytest.raises(SessionFull) as refused:
        hold(market, {session_id: 1}, "order-3")
    assert refused.value.facts["lines"] == (FullLine(session_id, 1, 0),)


def test_a_session_is_limited_by_the_scarcest_of_its_pools(market: Market, farm: Farm) -> None:
    bus = pool(market, farm, 9)
    boots = pool(market, farm, 13, name="雨靴")
    draw(market, farm.option, (bus, 1, PERSON), (boots, 2, PERSON))
    session_id = add_session(market, farm.option, capacity=20)
    assert left(market, session_id) == 6

    hold(market, {session_id: 2}, "order-1")

    assert left(market, session_id) == 4


def test_sessions_that_do_not_overlap_share_no_slot_of_a_timed_pool(market: Market, farm: Farm) -> None:
    guides = pool(market, farm, 3, period=PoolPeriod.TIME, minutes=60)
    draw(market, farm.option, (guides, 1, PERSON))
    nine, eleven, half_past_ten = (add_session(market, farm.option, at=at) for at in (time(9), time(11), time(10, 30)))

    hold(market, {nine: 2}, "order-1")

    assert [left(market, each) for each in (nine, eleven, half_past_ten)] == [1, 3, 1]


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


def test_new_draws_are_for_sessions_without_seats_and_the_others_are_named(market: Market, farm: Farm) -> None:
    taken, empty = add_session(market, farm.option), add_session(market, farm.option, at=time(14))
    hold(market, {taken: 1}, "order-1")
    bus = pool(market, farm, 8)

    assert draw(market, farm.option, (bus, 1, PERSON)) == (1, (taken,))

    assert (left(market, taken), left(market, empty)) == (19, 8)
    hold(market, {taken: 4}, "order-2")
    assert left(market, empty) == 8
    assert draw(market, farm.option) == (1, (taken,))
    assert left(market, empty) == 20
    with market.read() as session:
        assert count(session, SessionSlot) == 0


def test_series_draw_on_pools_too(market: Market, farm: Farm, clock: FakeClock) -> None:
    bus = pool(market, farm, 8)
    draw(market, farm.option, (bus, 1, PERSON))
    plan = SeriesPlan("FREQ=DAILY", DAY, (time(9), time(14)), 20, last_day=DAY + timedelta(days=130))
    create_series(market, ADMIN, farm.option, plan, idempotency_key=next(KEYS))
    made = len(slots(market))
    clock.advance(days=10)
    extend_series(market)

    assert len(slots(market)) == made + 10 == 123
    with market.read() as session:
        assert count(session, SessionSlot) == 2 * 123


def test_a_new_session_finds_what_others_have_taken(market: Market, farm: Farm, shared: tuple[str, str]) -> None:
    hold(market, {shared[0]: 6}, "order-1")

    assert left(market, add_session(market, farm.option, at=time(16))) == 2


def test_more_or_less_of_a_pool_from_today_on(market: Market, farm: Farm, shared: tuple[str, str]) -> None:
    bus = _pool_of(market)
    hold(market, {shared[0]: 6}, "order-1")

    with pytest.raises(CapacityBelowTaken) as refused:
        change_pool_capacity(market, ADMIN, PoolCapacity(bus, 5), idempotency_key=next(KEYS))
    assert refused.value.facts["taken"] == 6
    assert (left(market, shared[1]), slots(market)) == (2, [(6, 8)])

    change_pool_capacity(market, ADMIN, PoolCapacity(bus, 6), idempotency_key=next(KEYS))
    assert left(market, shared[1]) == 0
    assert next_of(market, farm.package) == FAR_FUTURE
    change_pool_capacity(market, ADMIN, PoolCapacity(bus, 30), idempotency_key=next(KEYS))
    assert (left(market, shared[0]), left(market, shared[1])) == (14, 20)
    assert next_of(market, farm.package) == row_of(market, shared[0]).starts_at
    assert left(market, add_session(market, farm.option, day=DAY + timedelta(days=1))) == 20


def test_a_day_with_a_capacity_of_its_own_keeps_it(market: Market, farm: Farm, shared: tuple[str, str]) -> None:
    bus = _pool_of(market)
    tomorrow = DAY + timedelta(days=1)
    change_pool_capacity(market, ADMIN, PoolCapacity(bus, 4, DAY, tomorrow), idempotency_key=next(KEYS))
    assert left(market, shared[0]) == 4

    change_pool_capacity(market, ADMIN, PoolCapacity(bus, 50), idempotency_key=next(KEYS))

    assert left(market, shared[0]) == 4
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
