"""Sessions are closed, reopened, cancelled; their capacity changes but never below what is taken."""

from datetime import time
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from market.catalogue.tables import FAR_FUTURE
from market.kernel.audit import AuditEntry
from market.kernel.errors import IllegalTransition, Invalid
from market.kernel.market import Market
from market.organisations.errors import NotSelling
from market.organisations.rules import OrganisationState
from market.organisations.tables import Organisation
from market.sessions.capacity import CapacityChange, change_capacity
from market.sessions.errors import CapacityBelowTaken, SeatsTaken
from market.sessions.holds import confirm_seats
from market.sessions.moves import cancel_session, cancel_step, close_session, reopen_session
from market.sessions.rules import MOVES, CloseReason, SessionEventKind, SessionState
from market.sessions.tables import SessionEvent, TourSession
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN
from tests.sessions.farm import Farm, add_session, hold, next_of, race, row_of, within

KEYS = iter(f"key-of-this-test-{number}" for number in range(10_000))
ACTS = {
    SessionState.CLOSED: lambda market, session_id: close_session(
        market, ADMIN, session_id, reason=CloseReason.STAFF, idempotency_key=next(KEYS)
    ),
    SessionState.OPEN: lambda market, session_id: reopen_session(market, ADMIN, session_id, idempotency_key=next(KEYS)),
    SessionState.CANCELLED: lambda market, session_id: cancel_session(
        market, ADMIN, session_id, reason=CloseReason.VENUE, idempotency_key=next(KEYS)
    ),
}


def events(market: Market, session_id: str) -> list[tuple[Any, ...]]:
    with market.read() as session:
        query = select(SessionEvent).where(SessionEvent.session_id == session_id).order_by(col(SessionEvent.id))
        return [(row.kind, row.reason, row.before, row.after, row.actor) for row in session.exec(query)]


def put(market: Market, session_id: str, state: SessionState) -> None:
    with market.transaction() as session:
        row = session.get(TourSession, session_id)
        assert row is not None
        row.state = state


@pytest.mark.parametrize("to_state", SessionState)
@pytest.mark.parametrize("from_state", SessionState)
def test_only_the_moves_of_the_table_are_made(
    market: Market, farm: Farm, from_state: SessionState, to_state: SessionState
) -> None:
    session_id = add_session(market, farm.option)
    put(market, session_id, from_state)

    if to_state in MOVES[from_state]:
        ACTS[to_state](market, session_id)
        assert row_of(market, session_id).state is to_state
        assert len(events(market, session_id)) == 1
    else:
        with pytest.raises(IllegalTransition) as refused:
            ACTS[to_state](market, session_id)
        assert refused.value.facts["allowed"] == MOVES[from_state]
        assert row_of(market, session_id).state is from_state
        assert events(market, session_id) == []


def test_a_closed_session_says_why_and_an_open_one_nothing(market: Market, farm: Farm) -> None:
    session_id = add_session(market, farm.option)

    close_session(market, ADMIN, session_id, reason=CloseReason.WEATHER, idempotency_key=next(KEYS))
    assert row_of(market, session_id).closed_for is CloseReason.WEATHER
    assert next_of(market, farm.package) == FAR_FUTURE
    reopen_session(market, ADMIN, session_id, idempotency_key=next(KEYS))

    assert row_of(market, session_id).closed_for is None
    assert next_of(market, farm.package) == row_of(market, session_id).starts_at
    assert events(market, session_id) == [
        (SessionEventKind.CLOSED, CloseReason.WEATHER, None, None, "account"),
        (SessionEventKind.REOPENED, None, None, None, "account"),
    ]


def test_events_are_never_changed_or_deleted(market: Market, farm: Farm) -> None:
    session_id = add_session(market, farm.option)
    close_session(market, ADMIN, session_id, reason=CloseReason.WEATHER, idempotency_key=next(KEYS))

    for statement in (sa.update(SessionEvent).values(actor="nobody"), sa.delete(SessionEvent)):
        with pytest.raises(sa.exc.DBAPIError), market.transaction() as session:
            session.execute(statement)
    assert len(events(market, session_id)) == 1


def test_only_series_close_for_series(market: Market, farm: Farm) -> None:
    session_id = add_session(market, farm.option)

    for act in (close_session, cancel_session):
        with pytest.raises(Invalid):
            act(market, ADMIN, session_id, reason=CloseReason.SERIES, idempotency_key=next(KEYS))

    assert row_of(market, session_id).state is SessionState.OPEN


def test_the_same_key_moves_once(market: Market, farm: Farm) -> None:
    session_id = add_session(market, farm.option)
    key = next(KEYS)

    for _time in range(2):
        assert close_session(market, ADMIN, session_id, reason=CloseReason.STAFF, idempotency_key=key) == session_id

    assert len(events(market, session_id)) == 1


def test_seats_held_before_a_session_closed_can_be_confirmed(market: Market, farm: Farm) -> None:
    session_id = add_session(market, farm.option)
    hold(market, {session_id: 2}, "order-1")
    close_session(market, ADMIN, session_id, reason=CloseReason.STAFF, idempotency_key=next(KEYS))

    within(market, confirm_seats, [session_id], holder="order-1")

    assert row_of(market, session_id).taken == 2


def test_a_session_with_seats_taken_is_not_simply_cancelled(market: Market, farm: Farm, clock: FakeClock) -> None:
    session_id = add_session(market, farm.option)
    hold(market, {session_id: 2}, "order-1")

    with pytest.raises(SeatsTaken) as refused:
        ACTS[SessionState.CANCELLED](market, session_id)
    assert refused.value.facts["taken"] == 2
    assert "退款" in refused.value.message("zh-CN")
    assert row_of(market, session_id).state is SessionState.OPEN

    clock.advance(minutes=15)
    ACTS[SessionState.CANCELLED](market, session_id)
    assert row_of(market, session_id).state is SessionState.CANCELLED


def test_the_operator_cancellation_cancels_whoever_has_seats_once(market: Market, farm: Farm) -> None:
    session_id = add_session(market, farm.option)
    hold(market, {session_id: 2}, "order-1")

    done = [within(market, cancel_step, ADMIN, session_id, reason=CloseReason.WEATHER) for _time in range(2)]

    row = row_of(market, session_id)
    assert (done, row.state, row.taken) == ([True, False], SessionState.CANCELLED, 2)
    assert [event[:2] for event in events(market, session_id)] == [(SessionEventKind.CANCELLED, CloseReason.WEATHER)]
    assert next_of(market, farm.package) == FAR_FUTURE


def test_nobody_gets_a_seat_in_a_session_that_is_cancelled_at_the_same_time(market: Market, farm: Farm) -> None:
    for number in range(6):
        session_id = add_session(market, farm.option, at=time(8 + number), capacity=3)

        race([
            *[partial(hold, market, {session_id: 1}, f"order-{buyer}") for buyer in range(3)],
            partial(ACTS[SessionState.CANCELLED], market, session_id),
        ])  # fmt: skip

        row = row_of(market, session_id)
        assert (row.state is SessionState.CANCELLED) == (row.taken == 0)


def test_a_frozen_organisations_sessions_are_not_reopened(market: Market, farm: Farm) -> None:
    session_id = add_session(market, farm.option)
    ACTS[SessionState.CLOSED](market, session_id)
    with market.transaction() as session:
        organisation = session.get(Organisation, farm.producer)
        assert organisation is not None
        organisation.state = OrganisationState.FROZEN

    with pytest.raises(NotSelling):
        ACTS[SessionState.OPEN](market, session_id)

    assert row_of(market, session_id).state is SessionState.CLOSED


def test_the_capacity_changes_and_the_change_is_kept(market: Market, farm: Farm) -> None:
    session_id = add_session(market, farm.option, capacity=20)

    change_capacity(market, ADMIN, CapacityChange(session_id, 12), idempotency_key=next(KEYS))
    change_capacity(market, ADMIN, CapacityChange(session_id, 12), idempotency_key=next(KEYS))

    assert row_of(market, session_id).capacity == 12
    assert events(market, session_id) == [(SessionEventKind.CAPACITY_CHANGED, None, 20, 12, "account")]
    with market.read() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "session.change_capacity")).one()
    assert (entry.principal, entry.before, entry.after) == (farm.producer, {"capacity": 20}, {"capacity": 12})


def test_the_capacity_is_never_below_what_is_taken_ended_holds_not_counted(
    market: Market, farm: Farm, clock: FakeClock
) -> None:
    session_id = add_session(market, farm.option, capacity=20)
    hold(market, {session_id: 3}, "order-1")
    hold(market, {session_id: 4}, "order-2")
    within(market, confirm_seats, [session_id], holder="order-2")

    with pytest.raises(CapacityBelowTaken) as refused:
        change_capacity(market, ADMIN, CapacityChange(session_id, 6), idempotency_key=next(KEYS))
    assert refused.value.facts["taken"] == 7
    assert row_of(market, session_id).capacity == 20

    clock.advance(minutes=15)
    change_capacity(market, ADMIN, CapacityChange(session_id, 4), idempotency_key=next(KEYS))
    assert (row_of(market, session_id).capacity, row_of(market, session_id).taken) == (4, 4)
    assert next_of(market, farm.package) == FAR_FUTURE


def test_capacity_and_buyers_at_the_same_time_never_cross(market: Market, farm: Farm) -> None:
    session_id = add_session(market, farm.option, capacity=30)

    outcomes = race([
        *[partial(hold, market, {session_id: 1}, f"order-{number}") for number in range(30)],
        *[
            lambda size=size: change_capacity(market, ADMIN, CapacityChange(session_id, size), idempotency_key=next(KEYS))
            for size in (15, 10, 20, 5)
        ],
    ])  # fmt: skip

    row = row_of(market, session_id)
    assert row.taken <= row.capacity
    assert row.taken == sum(not isinstance(each, Exception) for each in outcomes[:30])


def test_a_cancelled_session_has_no_other_capacity(market: Market, farm: Farm) -> None:
    session_id = add_session(market, farm.option)
    ACTS[SessionState.CANCELLED](market, session_id)

    with pytest.raises(IllegalTransition):
        change_capacity(market, ADMIN, CapacityChange(session_id, 30), idempotency_key=next(KEYS))


@pytest.mark.parametrize("capacity", [0, -1, 10_001])
def test_a_capacity_is_one_to_ten_thousand(market: Market, farm: Farm, capacity: int) -> None:
    session_id = add_session(market, farm.option)

    with pytest.raises(Invalid):
        change_capacity(market, ADMIN, CapacityChange(session_id, capacity), idempotency_key=next(KEYS))
