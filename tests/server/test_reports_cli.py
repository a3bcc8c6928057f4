"""`market reports` says whether sales reports are the ledger, and makes their sums anew."""

import sqlalchemy as sa
from typer.testing import CliRunner, Result

from market.kernel.market import Market
from market.ledger.sales.fold import fold_sales
from market.ledger.sales.tables import ROLL_UPS
from market.server.cli import build_cli
from schema.cli import PARTS
from tests.clock import FakeClock
from tests.reports.fair import open_fair


def run(url: str, command: str) -> Result:
    result = CliRunner().invoke(
        build_cli(PARTS), ["reports", command], env={"MARKET_DATABASE_URL": url, "COLUMNS": "200"}
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_sums_that_are_off_are_told_and_made_anew(market: Market, clock: FakeClock, database_url: str) -> None:
    fair = open_fair(market, clock)
    fair.buy(0, fair.pears_of(2))
    fold_sales(market)

    assert run(database_url, "check").exit_code == 0
    months = ROLL_UPS[0].month
    with market.transaction() as session:
        session.execute(sa.update(months).values(units=months.c.units + 5))
    told = run(database_url, "check")

    assert told.exit_code == 1
    assert "sales_place_month" in told.output
    assert "units" in told.output
    assert "1 months" in run(database_url, "rebuild").output
    assert run(database_url, "check").exit_code == 0
