"""`market ledger check`: whether the books agree."""

import typer
from rich.console import Console
from rich.table import Table

from market.server.cli.data import opened, require_migrated
from market.server.exits import FAILED
from market.server.settings import read_settings
from market.settlement.check import check_books

_SHOWN = 50


def check_ledger() -> None:
    """Print what is wrong; exits with 1 when something is."""
    with opened(read_settings()) as market:
        require_migrated(market)
        with market.read(patiently=True) as session:
            findings = check_books(session)
    if not findings:
        typer.echo("the books agree: ledger, releases, statements, payouts")
        return
    table = Table("What", "Where", "Off by (fen)", box=None, pad_edge=False)
    for finding in findings[:_SHOWN]:
        table.add_row(finding.kind.value, finding.subject, f"{finding.off_fen:,}")
    Console().print(table)
    if len(findings) > _SHOWN:
        typer.echo(f"and {len(findings) - _SHOWN:,} more")
    raise typer.Exit(FAILED)
