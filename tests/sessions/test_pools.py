"""Sessions that share a pool share what is left of it, at every moment and for every reader."""

from datetime import time, timedelta

import pytest

from market.catalogue.tables import FAR_FUTURE
from market.kernel.market import Market
from market.sessions.errors import DrawsChanged, FullLine, SessionFull
from market.sessions.holds import confirm_seats, release_lapsed, release_seats
from market.sessions.holds.changes import Returned, Take, change_seats, look
from market.sessions.rules import PoolPeriod, SeriesPlan
from market.sessions.series import create_series, extend_series
from market.sessions.tables import SessionSlot
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN
from tests.sessions.buses import BOOKING, KEYS, PERSON, draw, pool, slots
from tests.sessions.farm import (
    DAY,
    HOLD,
    Farm,
    add_session,
    count,
    hold,
    left,
    next_of,
    row_of,
    shown,
    within,
)


def test_seats_taken_in_one_session_are_gone_in_all_that_share(market: Market, on_bus: tuple[str, str]) -> None:
    one, other = on_bus

    hold(market, {one: 3}, "order-1")

    assert (left(market, one), left(market, other)) == (5, 5)
    assert slots(market) == [(3, 8)]
    with pytest.raises(SessionFull) as refused:
        hold(market, {other: 6}, "order-2")
    assert refused.value.facts["lines"] == (FullLine(other, 6, 5),)
    assert slots(market) == [(3, 8)]


def test_demands_on_one_pool_are_summed_first(market: Market, on_bus: tuple[str, str]) -> None:
    one, other = on_bus

    with pytest.raises(SessionFull) as refused:
        hold(market, {one: 5, other: 5}, "order-1")
    assert [line.vacancies for line in refused.value.facts["lines"]] == [8, 8]
    assert (slots(market), row_of(market, one).taken) == ([(0, 8)], 0)

    hold(market, {one: 5, other: 3}, "order-1")
    assert (left(market, one), left(market, other)) == (0, 0)


def test_what_is_released_is_free_for_all_that_share(market: Market, on_bus: tuple[str, str]) -> None:
    one, other = on_bus
    hold(market, {one: 5, other: 3}, "order-1")
    within(market, confirm_seats, [one], holder="order-1")

    within(market, release_seats, [one, other], holder="order-1")

    assert (left(market, one), left(market, other), slots(market)) == (8, 8, [(0, 8)])


def test_an_ended_hold_is_free_for_all_that_share(market: Market, on_bus: tuple[str, str], clock: FakeClock) -> None:
    one, other = on_bus
    hold(market, {one: 8}, "order-1")
    assert left(market, other) == 0
    clock.advance(minutes=15)
    assert (left(market, one), left(market, other), slots(market)) == (8, 8, [(8, 8)])
    assert (shown(market, one), shown(market, other)) == (0, 0), "lists show it once it was taken back"

    hold(market, {other: 5}, "order-2")

    assert (left(market, one), left(market, other), slots(market)) == (3, 3, [(5, 8)])
    assert (shown(market, one), shown(market, other)) == (3, 3)
    hold(market, {other: 3}, "order-3")
    assert (left(market, one), left(market, other), slots(market)) == (0, 0, [(8, 8)])
    assert row_of(market, one).taken == 0


def test_the_worker_takes_ended_holds_of_a_pool_back(
    market: Market, farm: Farm, on_bus: tuple[str, str], clock: FakeClock
) -> None:
    one = on_bus[0]
    hold(market, {one: 8}, "order-1")
    assert next_of(market, farm.package) == FAR_FUTURE
    clock.advance(minutes=15)

    while release_lapsed(market, limit=1):
        pass

    assert (slots(market), row_of(market, one).taken) == ([(0, 8)], 0)
    assert [row_of(market, each).lapses_at for each in on_bus] == [None, None]
    assert [row_of(market, each).pool_vacancies for each in on_bus] == [8, 8]
    assert next_of(market, farm.package) == row_of(market, one).starts_at


def test_next_sessions_of_all_packages_follow_a_shared_pool(
    market: Market, farm: Farm, on_bus: tuple[str, str]
) -> None:
    one, other = on_bus
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


def test_who_looked_before_the_draws_changed_is_told_to_try_again(market: Market, farm: Farm) -> None:
    session_id = add_session(market, farm.option)
    with market.read() as session:
        seen = look(session, [session_id])[session_id]
    draw(market, farm.option, (pool(market, farm, 8), 1, PERSON))

    with pytest.raises(DrawsChanged) as refused:
        within(market, change_seats, {session_id: Take(1, market.now() + HOLD, seen)}, Returned())

    assert refused.value.retryable
    assert (row_of(market, session_id).taken, slots(market)) == (0, [(0, 8)])


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


def test_a_new_session_finds_what_others_have_taken(market: Market, farm: Farm, on_bus: tuple[str, str]) -> None:
    hold(market, {on_bus[0]: 6}, "order-1")

    assert left(market, add_session(market, farm.option, at=time(16))) == 2
