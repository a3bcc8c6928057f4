"""`market migrate` and `market seed`: the commands that prepare a database."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from market import migrations
from market.kernel.market import Market
from market.server.cli.parts import LoadName, Parts, Seeded
from market.server.cli.parts import Progress as Told
from market.server.cli.problems import fail
from market.server.exits import DATABASE, USAGE
from market.server.opening import open_market
from market.server.settings import Settings, read_settings


@contextmanager
def opened(settings: Settings) -> Iterator[Market]:
    """The marketplace of these settings, for a command."""
    market = open_market(settings)
    try:
        yield market
    finally:
        market.close()


def migrate(revision: str) -> None:
    """Bring the database to a revision."""
    from alembic.util import CommandError

    with opened(read_settings()) as market:
        before = migrations.current_revision(market.database)
        try:
            migrations.upgrade(market.database, revision)
        except CommandError as error:
            fail(USAGE, f"{str(error).rstrip('.')}; the newest is {migrations.head_revision()}")
        after = migrations.current_revision(market.database)
    typer.echo(f"the database is at revision {after}" + ("" if before != after else ", nothing to do"))


def write_migration(message: str) -> None:
    """Write a migration from what the models say."""
    with opened(read_settings()) as market:
        require_migrated(market)
        path = migrations.write_migration(market.database, message)
    typer.echo(f"wrote {path}: read it, complete it for both engines, then run `market migrate`")


def require_migrated(market: Market) -> None:
    """Go on only with a database at this code's revision."""
    found, needed = migrations.current_revision(market.database), migrations.head_revision()
    if found != needed:
        fail(DATABASE, f"the database is at revision {found or 'none'}, this code needs {needed}: run `market migrate`")


def seed_demo(parts: Parts, day: date | None, *, with_year: bool = False) -> None:
    """Add what is missing of the demo, and then its past year."""
    settings = read_settings()
    if settings.is_production:
        fail(USAGE, "the demo does not belong into production (MARKET_ENVIRONMENT)")
    with opened(settings) as market:
        migrations.upgrade(market.database)
        with _progress() as progress:
            _tell(parts.seed_demo(market, settings.media_store_url, day, progress))
            if with_year:
                _tell(parts.seed_year(market, day, progress))


def seed_load(parts: Parts, size: LoadName) -> None:
    """Insert load data."""
    settings = read_settings()
    if settings.is_production:
        fail(USAGE, "load data does not belong into production (MARKET_ENVIRONMENT)")
    with opened(settings) as market:
        migrations.upgrade(market.database)
        with _progress() as progress:
            _tell(parts.seed_load(market, size, progress))


def _tell(report: Seeded) -> None:
    there = ", ".join(f"{count:,} {noun}" for noun, count in report.counts.items())
    typer.echo(f"seeded in {report.seconds:.1f} s: {there}" if report.is_new else f"all there already: {there}")


@contextmanager
def _progress() -> Iterator[Told]:
    """A bar for each kind of thing on a terminal, nothing elsewhere. Called from several threads."""
    columns = (TextColumn("{task.description:>14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    tasks: dict[str, TaskID] = {}
    lock = threading.Lock()
    console = Console(file=sys.stderr)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:

        def told(what: str, done: int, total: int) -> None:
            with lock:
                if what not in tasks:
                    tasks[what] = bars.add_task(what, total=total)
                bars.update(tasks[what], completed=done, total=total)

        yield told
