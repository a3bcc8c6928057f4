"""The commands and their options. What each does is in the module it imports when it runs, so that help is quick."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from market.server.cli.parts import Parts
from market.server.cli.problems import EPILOG, told

Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on. [MARKET_PORT, 8000]")]
Host = Annotated[str | None, typer.Option(help="Address to listen on. [MARKET_HOST, 127.0.0.1]")]
Workers = Annotated[int | None, typer.Option(min=1, max=64, help="Server processes. [MARKET_WORKERS, 1]")]
Day = Annotated[
    datetime | None,
    typer.Option("--date", formats=["%Y-%m-%d"], help="The day that the demo is to be about; today unless told."),
]


class LoadSize(StrEnum):
    """How much load data."""

    SMALL = "small"
    LARGE = "large"
    ORDERS_1M = "orders-1m"
    ORDERS_10M = "orders-10m"


def build_cli(parts: Parts) -> typer.Typer:
    """The command line of an application made of these parts."""
    cli = typer.Typer(
        name="market",
        help="A rural-commerce and agri-tourism marketplace. Start with `market serve`.",
        epilog=EPILOG,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    _add_server(cli, parts)
    _add_data(cli, parts)
    _add_checks(cli, parts)
    _add_audit(cli)
    _add_ledger(cli)
    _add_stock(cli)
    _add_reports(cli)
    return cli


def _add_server(cli: typer.Typer, parts: Parts) -> None:
    @cli.command(epilog=EPILOG)
    def serve(  # noqa: PLR0917 - one for each option
        host: Host = None,
        port: Port = None,
        workers: Workers = None,
        seed: Annotated[bool, typer.Option(help="Fill an empty database with the demo. Never in production.")] = True,
        migrate: Annotated[
            bool, typer.Option("--migrate", help="In production: migrate first. Elsewhere that is always done.")
        ] = False,
        reload: Annotated[bool, typer.Option("--reload", help="Restart when the code changes.")] = False,
    ) -> None:
        """Serve the API. On an empty machine this is all: database, demo data, worker and GraphiQL come with it."""
        from market.server.cli.serve import Start
        from market.server.cli.serve import serve as run

        with told():
            run(parts, Start(host, port, workers, seed=seed, migrate=migrate, reload=reload))

    @cli.command(epilog=EPILOG)
    def worker() -> None:
        """Do what nobody asks for: keep kept columns, send messages, forget what is past its time. Until SIGTERM."""
        from market.server.cli.work import work

        with told():
            work()


def _add_data(cli: typer.Typer, parts: Parts) -> None:
    @cli.command(epilog=EPILOG)
    def migrate(
        revision: Annotated[str, typer.Option(help="The revision to go up to.")] = "head",
        message: Annotated[
            str | None, typer.Option(help="Write a new migration with this title, from what the models say.")
        ] = None,
    ) -> None:
        """Bring the database to a revision; or write a migration."""
        from market.server.cli import data

        with told():
            if message is None:
                data.migrate(revision)
            else:
                data.write_migration(message)

    @cli.command(epilog=EPILOG)
    def seed(
        load: Annotated[LoadSize | None, typer.Option(help="Invented mass data for benchmarks instead.")] = None,
        year: Annotated[
            bool, typer.Option("--year", help="A year of orders, visits and statements besides: for reports to show.")
        ] = False,
        day: Day = None,
    ) -> None:
        """Add the demo marketplace, or what is missing of it. Repeating it changes nothing."""
        from market.server.cli import data

        with told():
            if load is None:
                data.seed_demo(parts, None if day is None else day.date(), with_year=year)
            else:
                data.seed_load(parts, load.value)


def _add_checks(cli: typer.Typer, parts: Parts) -> None:
    @cli.command(epilog=EPILOG)
    def schema(
        check: Annotated[bool, typer.Option("--check", help="Compare with the snapshot instead of printing.")] = False,
        write: Annotated[bool, typer.Option("--write", help="Write the snapshot instead of printing.")] = False,
        against: Annotated[
            str | None,
            typer.Option(metavar="FILE|GIT-REF", help="With --check: refuse what breaks clients of this one."),
        ] = None,
    ) -> None:
        """Print the GraphQL schema; or check it, against its snapshot and against an earlier one."""
        from market.server.cli import sdl

        if check:
            sdl.check(parts, against)
        elif write:
            sdl.write(parts)
        else:
            typer.echo(parts.schema(), nl=False)

    @cli.command(epilog=EPILOG)
    def check() -> None:
        """Whether this machine is ready to serve: settings, database, migrations, disk. A table of what is not."""
        from market.server.cli.check import check as run

        run()

    @cli.command("settings", epilog=EPILOG)
    def settings(
        markdown: Annotated[bool, typer.Option("--markdown", help="As the README has it.")] = False,
    ) -> None:
        """Show each setting, its meaning and its value here."""
        from market.server.cli.check import show_settings

        with told():
            show_settings(is_markdown=markdown)


def _add_audit(cli: typer.Typer) -> None:
    audit = typer.Typer(help="The audit trail: verify it, and keep its head elsewhere.", no_args_is_help=True)
    cli.add_typer(audit, name="audit", epilog=EPILOG)

    @audit.command(epilog=EPILOG)
    def verify(
        head: Annotated[
            Path | None,
            typer.Option(
                metavar="FILE", help="A head that was kept elsewhere: only with it is a rewritten or cut end seen."
            ),
        ] = None,
    ) -> None:
        """Walk the whole trail. A table of what was edited, deleted, cut off or replaced; exits with 1 then."""
        from market.server.cli.audit import verify_trail

        with told():
            verify_trail(head)

    @audit.command("head", epilog=EPILOG)
    def show(
        write: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there instead of printing.")] = None,
    ) -> None:
        """Print the newest entry's number and hash: keep it on another machine, and give it to `verify` later."""
        from market.server.cli.audit import show_head

        with told():
            show_head(write)


def _add_reports(cli: typer.Typer) -> None:
    reports = typer.Typer(
        help="Sales reports: check that they are the ledger, make their sums anew.", no_args_is_help=True
    )
    cli.add_typer(reports, name="reports", epilog=EPILOG)

    @reports.command(epilog=EPILOG)
    def check() -> None:
        """Compare sums, journal, ledger and orders to the fen. A table of what is off; exits with 1 then."""
        from market.server.cli.reports import check_reports

        with told():
            check_reports()

    @reports.command(epilog=EPILOG)
    def rebuild() -> None:
        """Make the sums anew from the journal, after a crash or a hand in the database. Selling goes on meanwhile."""
        from market.server.cli.reports import rebuild_reports

        with told():
            rebuild_reports()


def _add_ledger(cli: typer.Typer) -> None:
    ledger = typer.Typer(help="The ledger: whether the books agree.", no_args_is_help=True)
    cli.add_typer(ledger, name="ledger", epilog=EPILOG)

    @ledger.callback()
    def _group() -> None:
        """A group, though it has one command."""

    @ledger.command(epilog=EPILOG)
    def check() -> None:
        """Compare ledger, releases, statements and payouts to the fen. A table of what is off; exits with 1 then."""
        from market.server.cli.ledger import check_ledger

        with told():
            check_ledger()


def _add_stock(cli: typer.Typer) -> None:
    stock = typer.Typer(help="Stock: whether it adds up.", no_args_is_help=True)
    cli.add_typer(stock, name="stock", epilog=EPILOG)

    @stock.callback()
    def _group() -> None:
        """A group, though it has one command."""

    @stock.command(epilog=EPILOG)
    def check() -> None:
        """Compare levels, lots and holds with the journal of movements. A table of what is off; exits with 1 then."""
        from market.server.cli.stock import check_stock

        with told():
            check_stock()
