"""`market stock check`: whether stock adds up."""

from itertools import islice

import typer
from rich.console import Console
from rich.table import Table

from market.server.cli.data import opened, require_migrated
from market.server.exits import FAILED
from market.server.settings import read_settings
from market.stock.check import stock_check

_SHOWN = 50


def check_stock() -> None:
    """Print what is wrong; exits with 1 when something is."""
    with opened(read_settings()) as market:
        require_migrated(market)
        with market.read() as session:
            differences = stock_check(session)
            shown = list(islice(differences, _SHOWN))
            more = sum(1 for _ in differences)
    if not shown:
        typer.echo("stock adds up: levels, lots and holds are what their movements say")
        return
    table = Table("Variant", "What", "Lot", "Is", "Should be", box=None, pad_edge=False)
    for each in shown:
        table.add_row(each.variant_id, each.kept.value, each.lot_id or "", each.found, each.expected)
    Console().print(table)
    if more:
        typer.echo(f"and {more:,} more")
    raise typer.Exit(FAILED)
