"""What many want at once: never more than there is, nobody waits for ever, nothing is lost. Real threads, both engines."""

from collections.abc import Callable
from datetime import time, timedelta
from functools import partial
from random import Random
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from market.catalogue.tables import FAR_FUTURE
from market.kernel.market import Market
from market.sessions.errors import DrawsChanged, SessionFull
from market.sessions.holds import confirm_seats, hold_seats, release_lapsed, release_seats
from market.sessions.pools.draws import DrawDraft, OptionDraws, draw_from_pools
from market.sessions.pools.manage import PoolCapacity, PoolDraft, change_pool_capacity, create_pool
from market.sessions.rules import DrawPer, PoolKind, PoolPeriod
from market.sessions.tables import PoolSlot, SeatHold, SeatHoldSlot, SeatPool, SessionSlot, TourSession
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN
from tests.sessions.farm import (
    HOLD,
    Farm,
    add_session,
    another_package,
    hold,
    next_of,
    race,
    row_of,
    shown,
    within,
)

KEYS = iter(f"key-of-this-test-{number}" for number in range(10_000))


def buyers(market: Market, demands: list[dict[str, int]]) -> list[Callable[[], Any]]:
    """Somebody for each demand."""
    return [partial(hold, market, wanted, f"order-{number}") for number, wanted in enumerate(demands)]


def together(*acts: Callable[[], Any]) -> list[Any]:
    """These at the same moment, as near as threads can."""
    start = Barrier(len(acts))

    def act(each: Callable[[], Any]) -> Any:
        start.wait()
        return each()

    return race([partial(act, each) for each in acts], threads=len(acts))


def only(outcomes: list[Any], *refusals: type[Exception]) -> int:
    """How many got what they wanted; all others were refused for one of these reasons."""
    errors = [each for each in outcomes if isinstance(each, Exception)]
    assert [each for each in errors if not isinstance(each, refusals)] == []
    return len(outcomes) - len(errors)


def check_sums(market: Market) -> None:
    """What is taken is what is held, and what is kept is what it comes from."""
    with market.read() as session:
        seats: dict[str, int] = {}
        units: dict[int, int] = {}
        for hold_row in session.exec(select(SeatHold)):
            seats[hold_row.session_id] = seats.get(hold_row.session_id, 0) + hold_row.seats
        for line in session.exec(select(SeatHoldSlot)):
            units[line.slot_id] = units.get(line.slot_id, 0) + line.units
        slots = {slot.id: slot for slot in session.exec(select(PoolSlot))}
        assert {each.id: each.taken for each in slots.values()} == {each: units.get(each or 0, 0) for each in slots}
        links: dict[str, list[SessionSlot]] = {}
        for link in session.exec(select(SessionSlot)):
            links.setdefault(link.session_id, []).append(link)
        for row in session.exec(select(TourSession)):
            assert row.taken == seats.get(row.id, 0)
            limits = []
            for link in links.get(row.id, []):
                free = slots[link.slot_id].capacity - slots[link.slot_id].taken
                if link.per is DrawPer.PERSON:
                    limits.append(free // link.units)
                elif free < link.units:
                    limits.append(0)
            assert row.pool_vacancies == min(limits, default=None)


def test_fifty_buyers_of_the_last_seat_make_one(market: Market, farm: Farm) -> None:
    session_id = add_session(market, farm.option, capacity=1)

    outcomes = race(buyers(market, [{session_id: 1}] * 50))

    assert only(outcomes, SessionFull) == 1
    assert (row_of(market, session_id).taken, next_of(market, farm.package)) == (1, FAR_FUTURE)
    check_sums(market)


def test_three_hundred_buyers_of_fifty_seats_make_fifty(market: Market, farm: Farm) -> None:
    session_id = add_session(market, farm.option, capacity=50)

    outcomes = race(buyers(market, [{session_id: 1}] * 300))

    assert only(outcomes, SessionFull) == 50
    assert row_of(market, session_id).taken == 50
    check_sums(market)


def test_parties_of_several_never_exceed_a_session(market: Market, farm: Farm) -> None:
    session_id = add_session(market, farm.option, capacity=20)

    outcomes = race(buyers(market, [{session_id: 1 + number % 4} for number in range(60)]))

    got = sum(1 + number % 4 for number, each in enumerate(outcomes) if not isinstance(each, Exception))
    only(outcomes, SessionFull)
    assert row_of(market, session_id).taken == got <= 20
    check_sums(market)


def test_fifty_buyers_of_seats_whose_hold_has_ended_make_one(market: Market, farm: Farm, clock: FakeClock) -> None:
    session_id = add_session(market, farm.option, capacity=1)
    hold(market, {session_id: 1}, "late")
    clock.advance(minutes=15)

    outcomes = race([*buyers(market, [{session_id: 1}] * 50), lambda: release_lapsed(market)])

    assert only(outcomes[:50], SessionFull) == 1
    assert row_of(market, session_id).taken == 1
    check_sums(market)


@pytest.fixture(name="shared")
def _shared(market: Market, farm: Farm) -> list[str]:
    """Six sessions of 20 seats of two packages on one day: one bus of 25 seats, and five instructors at a time."""
    bus, guides = (
        create_pool(
            market, ADMIN, PoolDraft(farm.producer, kind, kind, period, capacity, minutes), idempotency_key=next(KEYS)
        )
        for kind, period, capacity, minutes in (
            (PoolKind.BUS_SEAT, PoolPeriod.DAY, 25, 1440),
            (PoolKind.INSTRUCTOR, PoolPeriod.TIME, 5, 60),
        )
    )
    _package, other = another_package(market, farm, "另一个")
    draws = (DrawDraft(bus, 1, DrawPer.PERSON), DrawDraft(guides, 1, DrawPer.BOOKING))
    for option in (farm.option, other):
        draw_from_pools(market, ADMIN, OptionDraws(option, draws), idempotency_key=next(KEYS))
    return [
        add_session(market, option, at=at) for option in (farm.option, other) for at in (time(9), time(10), time(14))
    ]


def test_sessions_that_share_never_exceed_their_pools(market: Market, shared: list[str]) -> None:
    wanted = [{shared[number % 6]: 1 + number % 3} for number in range(120)]

    outcomes = race(buyers(market, wanted))

    assert only(outcomes, SessionFull) > 0
    check_sums(market)
    with market.read() as session:
        assert all(slot.taken <= slot.capacity for slot in session.exec(select(PoolSlot)))


def test_baskets_in_mixed_orders_neither_deadlock_nor_exceed(market: Market, farm: Farm, shared: list[str]) -> None:
    random = Random(7)
    extra = [add_session(market, farm.option, day=row_of(market, shared[0]).local_date + timedelta(days=1))]
    wanted = []
    for _number in range(150):
        chosen = random.sample(shared + extra, random.randint(1, 4))
        wanted.append({each: random.randint(1, 2) for each in chosen})

    def buy_then_leave(number: int) -> Any:
        hold(market, wanted[number], f"order-{number}")
        if number % 3 == 0:
            within(market, release_seats, wanted[number], holder=f"order-{number}")
        elif number % 3 == 1:
            within(market, confirm_seats, wanted[number], holder=f"order-{number}")

    outcomes = race([partial(buy_then_leave, number) for number in range(150)])

    assert only(outcomes, SessionFull) > 0
    check_sums(market)


def test_ended_holds_taken_back_by_many_at_once_come_back_once(
    market: Market, shared: list[str], clock: FakeClock
) -> None:
    for number, session_id in enumerate(shared):
        hold(market, {session_id: 2}, f"late-{number}")
    clock.advance(minutes=15)

    outcomes = race([
        *buyers(market, [{shared[number % 6]: 1} for number in range(60)]),
        *[lambda: release_lapsed(market, limit=2)] * 6,
    ])  # fmt: skip

    assert only(outcomes, SessionFull) > 0
    while release_lapsed(market):
        pass
    check_sums(market)
    with market.read() as session:
        assert session.exec(select(SeatHold).where(SeatHold.holder == "late-0")).first() is None


def test_draws_that_change_while_people_buy_are_noticed(market: Market, farm: Farm) -> None:
    bus = create_pool(
        market,
        ADMIN,
        PoolDraft(farm.producer, PoolKind.BUS_SEAT, "大巴", PoolPeriod.DAY, 4),
        idempotency_key=next(KEYS),
    )
    ids = [add_session(market, farm.option, at=time(hour)) for hour in range(8, 20)]

    def change(units: int) -> Any:
        wanted = OptionDraws(farm.option, (DrawDraft(bus, units, DrawPer.PERSON),) if units else ())
        return draw_from_pools(market, ADMIN, wanted, idempotency_key=next(KEYS))

    outcomes = race([
        *[partial(change, units) for units in (1, 0, 1, 2)],
        *buyers(market, [{each: 1} for each in ids * 4]),
    ])  # fmt: skip

    only(outcomes, SessionFull, DrawsChanged)
    check_sums(market)


def test_baskets_without_pools_do_not_deadlock_either(market: Market, farm: Farm) -> None:
    ids = [add_session(market, farm.option, at=time(hour), capacity=200) for hour in range(8, 14)]
    random = Random(5)
    wanted = [dict.fromkeys(random.sample(ids, 4), 1) for _number in range(150)]

    outcomes = race(buyers(market, wanted))

    assert only(outcomes) == 150
    check_sums(market)


def test_packages_next_sessions_are_right_after_any_race(market: Market, farm: Farm) -> None:
    """Two take the last seats of two sessions at once: neither may go by what the other has not changed yet."""
    one, other = (add_session(market, farm.option, at=at, capacity=1) for at in (time(9), time(14)))
    for number in range(30):
        takes = [partial(hold, market, {each: 1}, f"order-{number}") for each in (one, other)]

        assert only(together(*takes)) == 2
        assert next_of(market, farm.package) == FAR_FUTURE
        within(market, release_seats, [one, other], holder=f"order-{number}")
        assert next_of(market, farm.package) == row_of(market, one).starts_at


def test_many_holds_in_one_session_change_one_row_each(market: Market, farm: Farm) -> None:
    """The cheap way stays cheap: a session without pools is held with three statements."""
    session_id = add_session(market, farm.option)
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement.split(maxsplit=1)[0])

    sa.event.listen(market.database.writer, "before_cursor_execute", note)
    with market.transaction() as session:
        hold_seats(session, {session_id: 1}, until=market.now() + HOLD, holder="order-1", now=market.now())
        counted = list(seen)

    assert [each for each in counted if each != "BEGIN"] == ["SELECT", "INSERT", "UPDATE"]


def test_a_session_made_while_somebody_buys_sees_what_is_taken(
    market: Market, farm: Farm, on_bus: tuple[str, str]
) -> None:
    for number in range(8):
        new = partial(add_session, market, farm.option, at=time(15 + number // 2, 30 * (number % 2)))

        made = together(partial(hold, market, {on_bus[number % 2]: 1}, f"order-{number}"), new)[1]

        assert shown(market, made) == 8 - number - 1


def test_a_slot_made_while_its_pool_changes_follows_it(market: Market, farm: Farm, on_bus: tuple[str, str]) -> None:
    with market.read() as session:
        bus = session.exec(select(SeatPool.id)).one()
    for number in range(1, 21):
        day = row_of(market, on_bus[0]).local_date + timedelta(days=number)
        capacity = PoolCapacity(bus, 8 + number % 2)

        made = together(
            partial(change_pool_capacity, market, ADMIN, capacity, idempotency_key=next(KEYS)),
            partial(add_session, market, farm.option, day=day),
        )[1]

        assert shown(market, made) == capacity.capacity
