"""A year of the demo: made by the use cases, so that every book agrees, and made once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlmodel import select

from market.bookings.rules import BookingState
from market.bookings.tables import Booking
from market.kernel.clock import business_day
from market.kernel.database import open_database
from market.kernel.market import Market
from market.ledger.check import ledger_check
from market.orders.rules import OrderState
from market.orders.tables import CustomerOrder
from market.reports.check import check_sales
from market.reviews.tables import Review
from market.settlement.check import check_books
from market.settlement.tables import Statement
from market.stock.check import stock_check
from seeds.demo import seed_demo
from seeds.year.live import seed_year
from tests.clock import FakeClock
from tests.conftest import DEMO_NOW
from tests.databases import Databases

ORDERS = 60


@pytest.fixture(name="market", scope="module")
def _market(databases: Databases, demo_media: Path) -> Iterator[Market]:
    """The demo with its year, to read."""
    url = databases.create()
    with closing(Market(open_database(url), clock=FakeClock(DEMO_NOW))) as market:
        seed_demo(market, demo_media.as_uri(), today=business_day(DEMO_NOW))
        assert seed_year(market, orders=ORDERS).is_new
        yield market
    databases.drop(url)


def test_every_book_agrees(market: Market) -> None:
    with market.read() as session:
        assert ledger_check(session) == []
        assert check_books(session) == []
        assert list(stock_check(session)) == []
    assert check_sales(market) == []


def test_things_happened_to_orders_and_visits(market: Market) -> None:
    with market.read() as session:
        orders = session.exec(select(CustomerOrder)).all()
        bookings = Counter(session.exec(select(Booking.state)).all())
        reviews = session.exec(select(Review)).all()
        statements = session.exec(select(Statement)).all()

    assert ORDERS * 0.9 <= len(orders) <= ORDERS
    states = Counter(order.state for order in orders)
    assert states[OrderState.COMPLETED] > ORDERS / 2
    assert states[OrderState.EXPIRED] + states[OrderState.CANCELLED] > 0
    assert bookings[BookingState.REDEEMED] > 0
    assert reviews
    assert statements
    months = {(order.business_day.year, order.business_day.month) for order in orders}
    assert len(months) >= 12
    assert max(order.placed_at for order in orders) < DEMO_NOW


def test_a_marketplace_with_orders_is_left_alone(market: Market) -> None:
    again = seed_year(market, orders=ORDERS)

    assert not again.is_new
    assert again.counts["orders"] <= ORDERS
