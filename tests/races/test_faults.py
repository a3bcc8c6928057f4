"""What goes wrong around an order: stopped at any statement, the answer to the COMMIT lost, a cart that changes while it is
ordered, money and cancelling at once, notices in the wrong order, a clock that jumps. All of it leaves everything whole.

See also `test_kills` (killed from outside, again and again) and `machine` (whatever happens in whatever order).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, SQLModel, select

from market.aftersales.bookings import cancel_booking
from market.checkout.carts import cart_of, set_cart_line
from market.checkout.errors import OrderRefused
from market.kernel.errors import Unavailable
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.orders.rules import OrderState
from market.orders.tables import CustomerOrder
from market.payments.port import TradeState
from market.payments.rules import PaymentState
from market.payments.tables import Payment
from tests.checkout.shop import Shop, buyers, home, key, open_shop, peaches
from tests.clock import FakeClock
from tests.races.fair import owed
from tests.races.invariants import wrong
from tests.races.shopping import (
    Tap,
    confirmed_booking,
    fill,
    give_up,
    open_trade,
    ready,
    send_refunds,
    tap,
    tell,
    tidy,
)


class Stopped(BaseException):
    """The process ends here."""


@contextmanager
def stopped_at(market: Market, number: int) -> Iterator[list[int]]:
    """The process ends before the statement of this number is run; how many were."""
    done = [0]

    def count(*_args: Any) -> None:
        if done[0] == number:
            raise Stopped
        done[0] += 1

    sa.event.listen(market.database.writer, "before_cursor_execute", count)
    try:
        yield done
    finally:
        sa.event.remove(market.database.writer, "before_cursor_execute", count)


@contextmanager
def lost_commit(market: Market) -> Iterator[None]:
    """The next COMMIT is done, and its answer does not arrive."""
    writer, lost = market.database.writer, list[Session]()

    def lose(session: Session) -> None:
        is_done = not session.in_nested_transaction()  # a savepoint that is let go of commits nothing
        if is_done and not lost and session.bind is writer:
            lost.append(session)
            raise Unavailable

    sa.event.listen(Session, "after_commit", lose)
    try:
        yield
    finally:
        sa.event.remove(Session, "after_commit", lose)
    assert lost, "nothing was committed"


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market, pieces=10, seats=10)


@pytest.fixture(name="asked")
def _asked(market: Market, shop: Shop) -> Tap:
    """A buyer about to order two boxes and a visit of two."""
    (buyer,) = buyers(market, 1)
    address = home(market, buyer)
    fill(market, buyer, shop, boxes=2, adults=2)
    return ready(market, buyer, address, key())


def state(market: Market, order_id: str) -> str:
    with market.read() as session:
        return session.exec(select(CustomerOrder.state).where(CustomerOrder.id == order_id)).one()


def owed_back(market: Market, order_id: str) -> int:
    with market.read() as session:
        return owed(session, order_id)


def rows(market: Market) -> list[tuple[str, int]]:
    """How many rows each table has."""
    tables = SQLModel.metadata.sorted_tables
    each = [
        sa.select(sa.literal(table.name).label("name"), sa.func.count().label("many")).select_from(table)
        for table in tables
    ]
    with market.read() as session:
        return [(row.name, row.many) for row in session.execute(sa.union_all(*each).order_by("name"))]


def swept(market: Market, act: Callable[[], Any]) -> tuple[Any, int]:
    """Do it, stopped at its first statement, then at its second, and so on until it gets through; what it gave, and at how
    many statements it was stopped. Each time nothing of it is left, not a row; at last everything is as it must be."""
    before = rows(market)
    for number in range(1_000):
        with stopped_at(market, number):
            try:
                return act(), number
            except Stopped:
                pass
        assert rows(market) == before, f"stopped at statement {number}"
        if number % 20 == 0:
            assert wrong(market) == [], f"stopped at statement {number}"
    raise AssertionError("it never ends")


def test_stopped_at_any_statement_it_is_whole_and_asked_again_it_is_done(market: Market, asked: Tap) -> None:
    order_id, placing = swept(market, lambda: tap(market, asked))
    assert tap(market, asked) == order_id
    trade, opening = swept(market, lambda: open_trade(market, asked.buyer, order_id))
    assert state(market, order_id) == OrderState.PENDING_PAYMENT
    told, paying = swept(market, lambda: tell(market, trade, notice="notice-1"))
    assert (told, state(market, order_id)) == (PaymentState.SUCCEEDED, OrderState.PAID)
    assert tell(market, trade, notice="notice-1") == "REPEATED"
    booking, same = confirmed_booking(market, order_id), key()
    assert booking is not None
    _id, cancelling = swept(market, lambda: cancel_booking(market, asked.buyer, booking_id=booking, key=same))
    _sent, refunding = swept(market, lambda: send_refunds(market))
    assert min(placing, opening, paying, cancelling, refunding) > 2
    assert wrong(market) == []
    with market.read() as session:
        order = session.get_one(CustomerOrder, order_id)
        assert (order.payable_fen, order.refunded_fen) == (2 * 8_800 + 2 * 12_800 + 1_000, 2 * 12_800)


def test_when_the_answer_to_the_commit_is_lost_asking_again_gives_what_was_done(market: Market, asked: Tap) -> None:
    with lost_commit(market), pytest.raises(Unavailable):
        tap(market, asked)
    order_id = tap(market, asked)
    with market.read() as session:
        assert session.exec(select(CustomerOrder.id)).all() == [order_id]

    trade = open_trade(market, asked.buyer, order_id)
    with lost_commit(market), pytest.raises(Unavailable):
        tell(market, trade, notice="notice-1")
    assert tell(market, trade, notice="notice-1") == "REPEATED", "the provider sends it again"
    assert tell(market, trade, notice="notice-2") == PaymentState.SUCCEEDED
    assert (state(market, order_id), owed_back(market, order_id)) == (OrderState.PAID, 0)

    booking, same = confirmed_booking(market, order_id), key()
    assert booking is not None
    with lost_commit(market), pytest.raises(Unavailable):
        cancel_booking(market, asked.buyer, booking_id=booking, key=same)
    assert cancel_booking(market, asked.buyer, booking_id=booking, key=same) == booking
    send_refunds(market)
    assert wrong(market) == []
    with market.read() as session:
        assert session.get_one(CustomerOrder, order_id).refunded_fen == 2 * 12_800


def test_a_cart_that_was_changed_is_not_ordered_unseen(market: Market, shop: Shop, asked: Tap) -> None:
    set_cart_line(market, asked.buyer, peaches(shop, 3))

    with pytest.raises(OrderRefused) as refused:
        tap(market, asked)

    assert [each.kind for each in refused.value.facts["problems"]] == ["PRICE_CHANGED"]
    with market.read() as session:
        assert session.exec(select(CustomerOrder)).all() == []
    assert wrong(market) == []


def test_a_cart_is_not_changed_while_it_is_ordered(market: Market, shop: Shop, asked: Tap) -> None:
    """Whoever orders has the cart's row: a change waits, and is of the cart that is left."""
    changed = threading.Event()

    def change() -> None:
        set_cart_line(market, asked.buyer, peaches(shop, 5))
        changed.set()

    with market.transaction() as session:
        cart_of(session, market, asked.buyer, None)
        changer = threading.Thread(target=change)
        changer.start()
        assert not changed.wait(1), "changed while it is ordered"
    changer.join(60)
    assert changed.is_set()


def test_money_and_cancelling_at_once_leave_it_paid_or_owed_back(market: Market, shop: Shop) -> None:
    people = buyers(market, 8)
    orders = []
    for buyer in people:
        address = home(market, buyer)
        fill(market, buyer, shop, boxes=1, adults=1)
        orders.append((buyer, tap(market, ready(market, buyer, address, key()))))
    trades = {order_id: open_trade(market, buyer, order_id) for buyer, order_id in orders}
    start = threading.Barrier(2 * len(orders))

    def again(act: Callable[[], Any]) -> None:
        start.wait()
        while True:
            try:
                act()
            except Unavailable:
                continue
            return

    threads = [
        threading.Thread(target=again, args=(act,))
        for buyer, order_id in orders
        for act in (
            lambda order_id=order_id: tell(market, trades[order_id], notice=f"n-{order_id}"),
            lambda buyer=buyer, order_id=order_id: give_up(market, buyer, order_id),
        )
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong(market) == []
    for _buyer, order_id in orders:
        is_paid = state(market, order_id) == OrderState.PAID
        assert (owed_back(market, order_id) == 0) is is_paid
    send_refunds(market)
    assert wrong(market) == []


@pytest.mark.parametrize("is_gone", [False, True])
def test_news_in_the_wrong_order_a_closed_payment_brings_money(
    market: Market, shop: Shop, asked: Tap, clock: FakeClock, is_gone: bool
) -> None:
    order_id = tap(market, asked)
    trade = open_trade(market, asked.buyer, order_id)
    closed = replace(trade, state=TradeState.CLOSED)
    assert tell(market, closed, notice="closed-1") == PaymentState.CLOSED
    clock.advance(hours=24)
    tidy(market)
    assert state(market, order_id) == OrderState.EXPIRED
    if is_gone:
        sell_out(market, shop)

    assert tell(market, trade, notice="paid-1") == PaymentState.SUCCEEDED
    assert tell(market, closed, notice="closed-2") == PaymentState.SUCCEEDED, "closed is not undone money"
    assert tell(market, trade, notice="paid-1") == "REPEATED"

    assert state(market, order_id) == (OrderState.EXPIRED if is_gone else OrderState.PAID)
    assert owed_back(market, order_id) == (trade.amount_fen if is_gone else 0)
    send_refunds(market)
    assert wrong(market) == []
    with market.read() as session:
        payment = session.exec(select(Payment).where(Payment.order_id == order_id)).one()
        assert payment.refunded_fen == (payment.amount_fen if is_gone else 0)


def sell_out(market: Market, shop: Shop) -> Actor:
    """Somebody else buys every box."""
    (other,) = buyers(market, 1)
    address = home(market, other)
    fill(market, other, shop, boxes=10, adults=0)
    tap(market, ready(market, other, address, key()))
    return other


def test_a_clock_that_jumps_ahead_and_back_neither_sells_twice_nor_holds_for_ever(
    market: Market, shop: Shop, asked: Tap, clock: FakeClock
) -> None:
    order_id = tap(market, asked)
    trade = open_trade(market, asked.buyer, order_id)
    clock.advance(hours=2)  # the clock is put ahead: what it holds has ended, and others take it
    sell_out(market, shop)
    assert wrong(market) == []
    clock.advance(hours=-2)

    assert tell(market, trade, notice="paid-1") == PaymentState.SUCCEEDED
    assert owed_back(market, order_id) == trade.amount_fen, "it is somebody else's now"
    assert give_up(market, asked.buyer, order_id)
    clock.advance(minutes=26)
    tidy(market)
    send_refunds(market)
    assert wrong(market, latest=market.now() + timedelta(hours=2)) == []
