"""`market stock check` says whether stock is the sum of its movements, in a table and in its exit code."""

import sqlalchemy as sa
from sqlmodel import SQLModel
from typer.testing import CliRunner, Result

from market.kernel.market import Market
from market.server.cli import build_cli
from schema.cli import PARTS
from tests.stock.farms import a_variant, receive

_LEVEL = SQLModel.metadata.tables["stock_level"]


def run(url: str) -> Result:
    result = CliRunner().invoke(
        build_cli(PARTS), ["stock", "check"], env={"MARKET_DATABASE_URL": url, "COLUMNS": "200"}
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_stock_that_is_not_its_movements_is_told(market: Market, database_url: str) -> None:
    variant = a_variant(market)
    receive(market, variant, 10)

    whole = run(database_url)
    with market.transaction() as session:
        session.execute(sa.update(_LEVEL).values(on_hand=11))
    off = run(database_url)

    assert (whole.exit_code, whole.stdout) == (
        0,
        "stock adds up: levels, lots and holds are what their movements say\n",
    )
    assert off.exit_code == 1
    rows = [line.split() for line in off.stdout.splitlines()]
    assert rows == [
        ["Variant", "What", "Lot", "Is", "Should", "be"],
        [variant, "ON_HAND", "11", "10"],
        [variant, "LOTS", "10", "11"],
    ]
