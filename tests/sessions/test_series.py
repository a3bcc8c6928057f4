"""Series make sessions once, follow their plan, and leave alone what people have seats in."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from market.catalogue.tables import FAR_FUTURE
from market.kernel.clock import shanghai
from market.kernel.errors import IdempotencyConflict, IllegalTransition, Invalid
from market.kernel.market import Market
from market.sessions.capacity import CapacityChange, change_capacity
from market.sessions.rules import CloseReason, SeriesPlan, SessionEventKind, SessionState
from market.sessions.series import create_series, edit_series, end_series, extend_series
from market.sessions.tables import SessionEvent, SessionSeries, TourSession
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN
from tests.sessions.farm import Farm, add_session, hold, next_of, race, row_of

FIRST = date(2026, 6, 6)
"""A Saturday, four days after the clock's."""
PLAN = SeriesPlan("FREQ=WEEKLY;BYDAY=SA,SU;COUNT=4", FIRST, (time(9), time(14)), 20)
KEYS = iter(f"key-of-this-test-{number}" for number in range(10_000))


def create(market: Market, farm: Farm, plan: SeriesPlan = PLAN) -> str:
    return create_series(market, ADMIN, farm.option, plan, idempotency_key=next(KEYS)).series_id


def sessions(market: Market, **where: Any) -> list[TourSession]:
    with market.read() as session:
        query = select(TourSession).filter_by(**where).order_by(col(TourSession.starts_at))
        return list(session.exec(query))


def starts(market: Market, **where: Any) -> list[tuple[int, int]]:
    """Days of June and hours."""
    found = [each.starts_at + timedelta(hours=8) for each in sessions(market, **where)]
    return [(moment.day, moment.hour) for moment in found]


def events(market: Market) -> list[tuple[str, SessionEventKind, CloseReason | None, int | None, int | None]]:
    with market.read() as session:
        rows = session.exec(select(SessionEvent).order_by(col(SessionEvent.id)))
        return [(row.session_id, row.kind, row.reason, row.before, row.after) for row in rows]


def test_a_series_makes_its_sessions_as_its_package_says(market: Market, farm: Farm) -> None:
    made = create_series(market, ADMIN, farm.option, PLAN, idempotency_key=next(KEYS))

    assert made.made == 8
    assert starts(market, series_id=made.series_id) == [
        (6, 9), (6, 14), (7, 9), (7, 14), (13, 9), (13, 14), (14, 9), (14, 14),
    ]  # fmt: skip
    first = sessions(market)[0]
    assert first.starts_at == shanghai(FIRST, time(9))
    assert first.ends_at - first.starts_at == timedelta(hours=2)
    assert first.starts_at - first.cutoff_at == timedelta(hours=12)
    assert (first.local_date, first.capacity, first.taken, first.state) == (FIRST, 20, 0, SessionState.OPEN)
    assert next_of(market, farm.package) == first.starts_at


def test_the_same_key_makes_one_series_and_another_input_is_refused(market: Market, farm: Farm) -> None:
    key = next(KEYS)
    first = create_series(market, ADMIN, farm.option, PLAN, idempotency_key=key)

    assert create_series(market, ADMIN, farm.option, PLAN, idempotency_key=key) == first
    with pytest.raises(IdempotencyConflict):
        create_series(
            market, ADMIN, farm.option, SeriesPlan("FREQ=DAILY;COUNT=1", FIRST, (time(9),), 5), idempotency_key=key
        )
    assert len(sessions(market)) == 8


def test_a_session_that_is_there_already_is_left_as_it_is(market: Market, farm: Farm) -> None:
    own = add_session(market, farm.option, day=FIRST, at=time(9), capacity=7)

    made = create_series(market, ADMIN, farm.option, PLAN, idempotency_key=next(KEYS))

    assert made.made == 7
    assert (row_of(market, own).capacity, row_of(market, own).series_id) == (7, None)


def test_sessions_are_made_120_days_ahead_and_the_worker_makes_the_rest_once(
    market: Market, farm: Farm, clock: FakeClock
) -> None:
    daily = SeriesPlan("FREQ=DAILY", FIRST, (time(9),), 20, last_day=FIRST + timedelta(days=199))
    made = create_series(market, ADMIN, farm.option, daily, idempotency_key=next(KEYS))
    assert made.made == 117, "to 30 September, 120 days after 2 June"
    assert extend_series(market) == 0

    clock.advance(days=10)
    assert extend_series(market) == 1
    assert extend_series(market) == 0
    assert len(sessions(market)) == 127

    clock.advance(days=365)
    assert extend_series(market) == 1
    assert len(sessions(market)) == 127, "nothing is made of days that are past"
    assert extend_series(market) == 0


def test_workers_that_extend_at_once_make_each_session_once(market: Market, farm: Farm, clock: FakeClock) -> None:
    for at in range(8, 12):
        create(market, farm, SeriesPlan("FREQ=DAILY", FIRST, (time(at),), 20, last_day=FIRST + timedelta(days=199)))
    clock.advance(days=30)

    done = race([lambda: extend_series(market)] * 4)

    assert sum(done) == 4
    assert len(sessions(market)) == 4 * 147


def test_ended_series_are_not_extended(market: Market, farm: Farm, clock: FakeClock) -> None:
    series = create(market, farm, SeriesPlan("FREQ=DAILY", FIRST, (time(9),), 20, last_day=FIRST + timedelta(days=199)))
    end_series(market, ADMIN, series, idempotency_key=next(KEYS))
    clock.advance(days=10)

    assert extend_series(market) == 0


def test_an_edit_changes_sessions_without_seats_and_names_the_others(market: Market, farm: Farm) -> None:
    series = create(market, farm)
    rows = {(each.local_date.day, (each.starts_at.hour + 8)): each.id for each in sessions(market)}
    hold(market, {rows[6, 9]: 1, rows[7, 14]: 2}, "order-1")
    plan = SeriesPlan("FREQ=WEEKLY;BYDAY=SA;COUNT=2", FIRST, (time(9), time(16)), 12, extra_days=(date(2026, 6, 10),))

    done = edit_series(market, ADMIN, series, plan, idempotency_key=next(KEYS))

    assert (done.made, done.changed, done.closed, done.reopened) == (4, 1, 5, 0)
    assert set(done.left) == {rows[6, 9], rows[7, 14]}
    assert starts(market, state=SessionState.OPEN) == [
        (6, 9), (6, 16), (7, 14), (10, 9), (10, 16), (13, 9), (13, 16),
    ]  # fmt: skip
    assert row_of(market, rows[6, 9]).capacity == 20
    assert row_of(market, rows[13, 9]).capacity == 12
    assert row_of(market, rows[14, 9]).closed_for is CloseReason.SERIES
    kinds = [kind for _id, kind, *_rest in events(market)]
    assert sorted(kinds) == ["CAPACITY_CHANGED", *["CLOSED"] * 5]


def test_editing_back_reopens_what_the_edit_closed_and_nothing_else(market: Market, farm: Farm) -> None:
    series = create(market, farm)
    last = sessions(market)[-1].id
    with market.transaction() as session:
        _close(session, last)
    fewer = SeriesPlan("FREQ=WEEKLY;BYDAY=SA;COUNT=2", FIRST, (time(9), time(14)), 20)
    edit_series(market, ADMIN, series, fewer, idempotency_key=next(KEYS))

    done = edit_series(market, ADMIN, series, PLAN, idempotency_key=next(KEYS))

    assert (done.made, done.changed, done.closed, done.reopened, done.left) == (0, 0, 0, 3, ())
    assert [each.id for each in sessions(market, state=SessionState.CLOSED)] == [last]


def _close(session: Session, session_id: str) -> None:
    row = session.get(TourSession, session_id)
    assert row is not None
    row.state, row.closed_for = SessionState.CLOSED, CloseReason.WEATHER


def test_a_capacity_set_by_hand_outlives_an_edit(market: Market, farm: Farm) -> None:
    series = create(market, farm)
    one = sessions(market)[0].id
    change_capacity(market, ADMIN, CapacityChange(one, 30), idempotency_key=next(KEYS))

    done = edit_series(market, ADMIN, series, SeriesPlan(PLAN.rule, FIRST, PLAN.times, 8), idempotency_key=next(KEYS))

    assert done.changed == 7
    assert row_of(market, one).capacity == 30


def test_an_edit_leaves_the_past_alone(market: Market, farm: Farm, clock: FakeClock) -> None:
    series = create(market, farm)
    clock.now = shanghai(date(2026, 6, 8), time(9))

    edit_series(market, ADMIN, series, SeriesPlan(PLAN.rule, FIRST, (time(8),), 5), idempotency_key=next(KEYS))

    assert [each.capacity for each in sessions(market)][:4] == [20] * 4
    assert starts(market, state=SessionState.OPEN) == [(6, 9), (6, 14), (7, 9), (7, 14), (13, 8), (14, 8)]


def test_ending_a_series_closes_what_is_empty_and_keeps_what_is_taken(market: Market, farm: Farm) -> None:
    series = create(market, farm)
    taken = sessions(market)[2].id
    hold(market, {taken: 1}, "order-1")

    done = end_series(market, ADMIN, series, idempotency_key=next(KEYS))

    assert (done.closed, done.left) == (7, (taken,))
    assert [each.id for each in sessions(market, state=SessionState.OPEN)] == [taken]
    assert next_of(market, farm.package) == row_of(market, taken).starts_at
    with pytest.raises(IllegalTransition):
        end_series(market, ADMIN, series, idempotency_key=next(KEYS))
    with pytest.raises(IllegalTransition):
        edit_series(market, ADMIN, series, PLAN, idempotency_key=next(KEYS))


def test_a_seat_taken_while_a_series_ends_is_in_an_open_session(market: Market, farm: Farm) -> None:
    series = create(market, farm)
    ids = [each.id for each in sessions(market)]

    def buy(number: int) -> Any:
        return lambda: hold(market, {ids[number % 8]: 1}, f"order-{number}")

    race(
        [*[buy(number) for number in range(16)], lambda: end_series(market, ADMIN, series, idempotency_key=next(KEYS))]
    )

    for row in sessions(market):
        assert (row.state is SessionState.OPEN) == (row.taken > 0)


def test_nothing_is_made_when_the_plan_is_refused(market: Market, farm: Farm) -> None:
    bad = [
        SeriesPlan("FREQ=DAILY;COUNT=2", date(2026, 5, 1), (time(9),), 20),
        SeriesPlan("FREQ=DAILY;COUNT=2", FIRST, (time(9),), 0),
        SeriesPlan("FREQ=DAILY;COUNT=2", FIRST, (time(9),), 10_001),
        SeriesPlan("FREQ=DAILY;COUNT=300", FIRST, tuple(time(hour) for hour in range(24)), 20),
        SeriesPlan("FREQ=SECONDLY;COUNT=2", FIRST, (time(9),), 20),
    ]
    for plan in bad:
        with pytest.raises(Invalid):
            create(market, farm, plan)

    with market.read() as session:
        assert session.exec(select(SessionSeries)).all() == []
    assert next_of(market, farm.package) == FAR_FUTURE
