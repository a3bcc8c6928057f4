"""Load orders are what reports read: orders, journal and sums agree; no money moved for them."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from market.kernel.clock import business_day
from market.kernel.market import Market
from market.ledger.sales.check import Off
from market.ledger.sales.rules import month_of, week_of
from market.ledger.sales.tables import ENTRIES, UNFOLDED
from market.orders.tables import CustomerOrder
from market.reports.check import check_sales
from market.reports.sales.ask import SalesAsked, sales_report
from market.reports.sales.rules import SalesDimension
from seeds.load import Amount, seed_load
from seeds.load.offers import read_sellers
from seeds.load.orders import seed_orders
from tests.schema.stalls import ADMIN

_ORDER = sa.inspect(CustomerOrder).local_table
NOW = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)


@pytest.fixture(name="morning")
def _morning(market: Market) -> Market:
    return Market(market.database, clock=lambda: NOW)


def test_copies_are_sold_on_other_days_and_add_up_as_well(morning: Market) -> None:
    seed_load(morning, Amount(products=300, packages=20))
    seed_orders(morning, 2_000, made_max=500)

    with morning.read() as session:

        def counted(query: str) -> tuple[int, ...]:
            return tuple(session.execute(sa.text(query)).one())

        ids = counted("SELECT count(*), count(DISTINCT line_id) FROM sales_entry WHERE txn_kind = 'SALE'")
        assert ids == (2_000, 2_000)
        assert counted("SELECT count(*) FROM sales_day") > (1_500,), "copies on the same days would be sums of four"
        placed = session.execute(sa.select(sa.func.min(_ORDER.c.paid_day), sa.func.max(_ORDER.c.paid_day))).one()
        assert date(2025, 11, 25) <= placed[0] <= placed[1] <= date(2026, 11, 24)
        days = session.execute(sa.select(ENTRIES.c.at, ENTRIES.c.business_day, ENTRIES.c.week, ENTRIES.c.month)).all()
    for at, day, week, month in days:
        assert (business_day(at), week_of(day), month_of(day)) == (day, week, month)
    asked = SalesAsked(date(2025, 11, 25), date(2026, 11, 24), (SalesDimension.MONTH,))
    assert sales_report(morning, ADMIN, asked).total.orders > 0
    assert {each.kind for each in check_sales(morning)} == {Off.JOURNAL_IS_NOT_LEDGER}


def test_load_orders_add_up_and_are_made_once(morning: Market) -> None:
    seed_load(morning, Amount(products=300, packages=20))

    assert seed_orders(morning, 2_000).is_new
    assert not seed_orders(morning, 5_000).is_new

    with morning.read() as session:
        lines, units = session.execute(sa.text("SELECT count(*), sum(quantity) FROM order_line")).one()
        assert lines == 2_000
        assert session.execute(sa.select(sa.func.count()).select_from(UNFOLDED)).scalar_one() == 0
        assert read_sellers(session)
    asked = SalesAsked(date(2025, 11, 25), date(2026, 11, 24), (SalesDimension.MONTH,))
    assert sales_report(morning, ADMIN, asked).total.units == units
    assert {each.kind for each in check_sales(morning)} == {Off.JOURNAL_IS_NOT_LEDGER}
