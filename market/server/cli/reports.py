"""`market reports check|rebuild`: are reports what the ledger says, and make their sums anew."""

import typer
from rich.console import Console
from rich.table import Table

from market.ledger.sales.fold import rebuild_sales
from market.reports.check import check_sales
from market.server.cli.data import opened, require_migrated
from market.server.exits import FAILED
from market.server.settings import read_settings


def check_reports() -> None:
    """Print what is off; exits with 1 when something is."""
    with opened(read_settings()) as market:
        require_migrated(market)
        findings = check_sales(market)
    if not findings:
        typer.echo("sales: the sums, the journal, the ledger and the orders agree to the fen")
        return
    table = Table("what", "of", "figure", "off by")
    for each in findings:
        table.add_row(each.kind.value, each.subject, each.figure, f"{each.off:,}")
    Console().print(table)
    typer.echo("sums that are not the journal are made anew by `market reports rebuild`")
    raise typer.Exit(FAILED)


def rebuild_reports() -> None:
    """Make the sums anew, month by month."""
    with opened(read_settings()) as market:
        require_migrated(market)
        months = rebuild_sales(market)
    typer.echo(f"sales: made the sums of {months} months anew")
