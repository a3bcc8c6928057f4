"""Seats are held, confirmed, given back; holds end by themselves."""

from datetime import time, timedelta

import pytest
from sqlmodel import select

from market.catalogue.tables import FAR_FUTURE
from market.kernel.errors import NotFound
from market.kernel.market import Market
from market.sessions.availability import calendar
from market.sessions.errors import AlreadyHeld, FullLine, HoldExpired, PastCutoff, SessionClosed, SessionFull
from market.sessions.holds import confirm_seats, extend_seats, release_lapsed, release_seats
from market.sessions.rules import SessionState
from market.sessions.tables import SeatHold, TourSession
from tests.clock import FakeClock
from tests.sessions.farm import DAY, Farm, add_session, hold, left, next_of, row_of, shown, within


def test_held_seats_are_taken_until_the_hold_ends(market: Market, farm: Farm, clock: FakeClock) -> None:
    session_id = add_session(market, farm.option, capacity=5)

    until = hold(market, {session_id: 3}, "order-1")

    assert until == clock.now + timedelta(minutes=15)
    assert (left(market, session_id), row_of(market, session_id).taken) == (2, 3)
    clock.advance(minutes=14, seconds=59)
    assert (left(market, session_id), shown(market, session_id)) == (2, 2)
    clock.advance(seconds=1)
    assert (left(market, session_id), shown(market, session_id), row_of(market, session_id).taken) == (5, 5, 3)


def test_whoever_needs_the_seats_takes_ended_holds_back(market: Market, farm: Farm, clock: FakeClock) -> None:
    session_id = add_session(market, farm.option, capacity=5)
    hold(market, {session_id: 3}, "order-1")
    hold(market, {session_id: 2}, "order-2", lasting=timedelta(minutes=40))
    clock.advance(minutes=15)

    hold(market, {session_id: 3}, "order-3")

    row = row_of(market, session_id)
    assert (left(market, session_id), row.taken, row.lapses_at) == (0, 5, clock.now + timedelta(minutes=15))
    with market.read() as session:
        assert set(session.exec(select(SeatHold.holder))) == {"order-2", "order-3"}


def test_a_refused_hold_says_which_sessions_have_too_few_and_changes_nothing(market: Market, farm: Farm) -> None:
    small = add_session(market, farm.option, capacity=2)
    large = add_session(market, farm.option, at=time(14), capacity=20)
    hold(market, {small: 1}, "order-1")

    with pytest.raises(SessionFull) as refused:
        hold(market, {small: 2, large: 4}, "order-2")

    assert refused.value.facts["lines"] == (FullLine(small, 2, 1),)
    assert (left(market, small), left(market, large)) == (1, 20)


def test_ended_holds_count_as_free_in_a_refusal_too(market: Market, farm: Farm, clock: FakeClock) -> None:
    session_id = add_session(market, farm.option, capacity=5)
    hold(market, {session_id: 3}, "order-1")
    clock.advance(minutes=15)

    with pytest.raises(SessionFull) as refused:
        hold(market, {session_id: 6}, "order-2")

    assert refused.value.facts["lines"] == (FullLine(session_id, 6, 5),)


@pytest.mark.parametrize("state", [SessionState.CLOSED, SessionState.CANCELLED])
def test_nothing_is_held_in_a_session_that_is_not_open(market: Market, farm: Farm, state: SessionState) -> None:
    session_id = add_session(market, farm.option)
    with market.transaction() as session:
        row = session.get(TourSession, session_id)
        assert row is not None
        row.state = state

    with pytest.raises(SessionClosed):
        hold(market, {session_id: 1}, "order-1")

    assert row_of(market, session_id).taken == 0


def test_nothing_is_held_from_the_cutoff_on(market: Market, farm: Farm, clock: FakeClock) -> None:
    session_id = add_session(market, farm.option)
    clock.now = row_of(market, session_id).cutoff_at - timedelta(minutes=10)

    until = hold(market, {session_id: 1}, "order-1")
    clock.advance(minutes=10)

    assert until == clock.now, "a hold ends with the cutoff, for nothing is confirmed after it"
    with pytest.raises(PastCutoff):
        hold(market, {session_id: 1}, "order-2")
    with pytest.raises(HoldExpired):
        within(market, confirm_seats, [session_id], holder="order-1")


def test_an_unknown_session_is_not_found(market: Market) -> None:
    with pytest.raises(NotFound):
        hold(market, {"ses_00000000000000000000000000": 1}, "order-1")


def test_a_holder_has_one_hold_in_a_session(market: Market, farm: Farm, clock: FakeClock) -> None:
    session_id = add_session(market, farm.option, capacity=5)
    hold(market, {session_id: 3}, "order-1")

    with pytest.raises(AlreadyHeld):
        hold(market, {session_id: 1}, "order-1")
    assert row_of(market, session_id).taken == 3

    clock.advance(minutes=15)
    hold(market, {session_id: 1}, "order-1")
    assert row_of(market, session_id).taken == 1


def test_confirmed_seats_stay_taken(market: Market, farm: Farm, clock: FakeClock) -> None:
    session_id = add_session(market, farm.option, capacity=5)
    hold(market, {session_id: 3}, "order-1")

    within(market, confirm_seats, [session_id], holder="order-1")
    clock.advance(days=1)
    within(market, confirm_seats, [session_id], holder="order-1")

    assert left(market, session_id) == 2


def test_what_is_no_longer_held_is_not_confirmed(market: Market, farm: Farm, clock: FakeClock) -> None:
    one, other = add_session(market, farm.option), add_session(market, farm.option, at=time(14))
    hold(market, {one: 1}, "order-1")
    hold(market, {other: 1}, "order-1", lasting=timedelta(minutes=40))
    clock.advance(minutes=15)

    with pytest.raises(HoldExpired) as refused:
        within(market, confirm_seats, [one, other], holder="order-1")

    assert refused.value.facts["session_id"] == one
    with market.read() as session:
        assert None not in set(session.exec(select(SeatHold.expires_at)))


def test_a_hold_is_extended_but_never_shortened_nor_beyond_the_cutoff(
    market: Market, farm: Farm, clock: FakeClock
) -> None:
    session_id = add_session(market, farm.option, capacity=5)
    first = hold(market, {session_id: 3}, "order-1")

    def extend(minutes: float) -> object:
        return within(
            market, extend_seats, [session_id], until=clock.now + timedelta(minutes=minutes), holder="order-1"
        )

    assert extend(5) == first
    assert extend(30) == clock.now + timedelta(minutes=30)
    assert extend(60 * 24 * 30) == row_of(market, session_id).cutoff_at
    clock.advance(minutes=29)
    assert left(market, session_id) == 2


def test_an_ended_hold_is_not_extended(market: Market, farm: Farm, clock: FakeClock) -> None:
    session_id = add_session(market, farm.option, capacity=5)
    hold(market, {session_id: 3}, "order-1")
    clock.advance(minutes=15)

    with pytest.raises(HoldExpired):
        within(market, extend_seats, [session_id], until=clock.now + timedelta(minutes=5), holder="order-1")
    assert left(market, session_id) == 5


def test_released_seats_are_free_once(market: Market, farm: Farm) -> None:
    session_id = add_session(market, farm.option, capacity=5)
    hold(market, {session_id: 3}, "order-1")
    hold(market, {session_id: 1}, "order-2")
    within(market, confirm_seats, [session_id], holder="order-1")

    first = within(market, release_seats, [session_id], holder="order-1")
    second = within(market, release_seats, [session_id], holder="order-1")

    assert (first, second) == ({session_id: 3}, {})
    assert (left(market, session_id), row_of(market, session_id).taken) == (4, 1)


def test_the_next_session_of_a_package_follows_holds(market: Market, farm: Farm, clock: FakeClock) -> None:
    first = add_session(market, farm.option, capacity=2)
    second = add_session(market, farm.option, at=time(14), capacity=2)
    starts = [row_of(market, each).starts_at for each in (first, second)]
    assert next_of(market, farm.package) == starts[0]

    hold(market, {first: 1}, "order-1")
    assert next_of(market, farm.package) == starts[0]
    hold(market, {first: 1}, "order-2")
    assert next_of(market, farm.package) == starts[1]
    hold(market, {second: 2}, "order-3", lasting=timedelta(minutes=40))
    assert next_of(market, farm.package) == FAR_FUTURE

    clock.advance(minutes=15)
    assert release_lapsed(market) == 1
    assert next_of(market, farm.package) == starts[0]
    within(market, release_seats, [second], holder="order-3")
    hold(market, {first: 2}, "order-4")
    assert next_of(market, farm.package) == starts[1]


def test_the_worker_takes_ended_holds_back_and_then_has_nothing_to_do(
    market: Market, farm: Farm, clock: FakeClock
) -> None:
    session_id = add_session(market, farm.option, capacity=9)
    hold(market, {session_id: 3}, "order-1")
    hold(market, {session_id: 2}, "order-2")
    hold(market, {session_id: 1}, "order-3", lasting=timedelta(minutes=40))
    within(market, confirm_seats, [session_id], holder="order-2")
    clock.advance(minutes=15)

    assert release_lapsed(market) == 1
    assert release_lapsed(market) == 0

    row = row_of(market, session_id)
    assert (row.taken, row.lapses_at) == (3, clock.now + timedelta(minutes=25))
    clock.advance(minutes=25)
    assert release_lapsed(market) == 1
    row = row_of(market, session_id)
    assert (row.taken, row.lapses_at) == (2, None)


@pytest.mark.parametrize("step", ["confirm", "extend", "release"])
def test_the_worker_looks_once_at_what_was_kept_or_left_in_time(
    market: Market, farm: Farm, clock: FakeClock, step: str
) -> None:
    session_id = add_session(market, farm.option, capacity=9)
    hold(market, {session_id: 3}, "order-1")
    ends = clock.now + timedelta(minutes=40)
    match step:
        case "confirm":
            within(market, confirm_seats, [session_id], holder="order-1")
        case "extend":
            within(market, extend_seats, [session_id], until=ends, holder="order-1")
        case _:
            within(market, release_seats, [session_id], holder="order-1")
    clock.advance(minutes=15)

    assert release_lapsed(market) <= 1
    assert release_lapsed(market) == 0

    row = row_of(market, session_id)
    assert row.lapses_at == (ends if step == "extend" else None)
    assert row.taken == (0 if step == "release" else 3)


def test_days_in_the_calendar_show_what_is_left(market: Market, farm: Farm, clock: FakeClock) -> None:
    session_id = add_session(market, farm.option, capacity=6)
    hold(market, {session_id: 4}, "order-1")

    (full,) = calendar(market, farm.package, DAY, DAY, party_size=3) or []
    clock.advance(minutes=15)
    (free,) = calendar(market, farm.package, DAY, DAY, party_size=3) or []

    assert (full.status, full.vacancies, full.session_ids) == ("SOLD_OUT", 2, ())
    assert (free.status, free.vacancies, free.session_ids) == ("AVAILABLE", 6, (session_id,))
