"""`market serve`: from nothing to a running marketplace, and a second time without losing anything."""

import os
import socket
import sys
from dataclasses import dataclass

import typer

from market import migrations
from market.server.cli.data import opened, require_migrated, seed_demo
from market.server.cli.parts import Parts
from market.server.cli.problems import fail
from market.server.exits import ADDRESS, USAGE
from market.server.settings import PREFIX, Settings, read_settings


@dataclass(frozen=True, slots=True)
class Start:
    """What the command line said; None where the environment decides."""

    host: str | None = None
    port: int | None = None
    workers: int | None = None
    seed: bool = True
    migrate: bool = False
    reload: bool = False


def serve(parts: Parts, start: Start) -> None:
    """Prepare the database, say where to go, and serve until SIGTERM or Ctrl-C."""
    settings = _settings(start)
    if start.reload and settings.workers > 1:
        fail(USAGE, "--reload is for one process: leave --workers out")
    # First the address, so that a taken port is known before anything is prepared.
    with _listen(settings) as listening:
        _prepare(parts, settings, start)
        _greet(parts, settings, listening.getsockname()[1])
        _become_server(parts.app, listening, reload=start.reload)


def _settings(start: Start) -> Settings:
    """The settings, those of the command line first; the server processes find these in their environment."""
    for name in ("host", "port", "workers"):
        value = getattr(start, name)
        if value is not None:
            os.environ[PREFIX + name.upper()] = str(value)
    return read_settings()


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        reason = (error.strerror or str(error)).lower()
        fail(ADDRESS, f"cannot listen on {settings.host}:{settings.port}: {reason}\nTry another one with --port.")
    return listening


def _prepare(parts: Parts, settings: Settings, start: Start) -> None:
    """Migrate and seed where that is wanted."""
    with opened(settings) as market:
        if settings.is_production and not start.migrate:
            require_migrated(market)
        elif migrations.current_revision(market.database) != migrations.head_revision():
            migrations.upgrade(market.database)
        if settings.is_production or not start.seed or not parts.is_empty(market):
            return
    typer.echo("The database is empty: making the demo marketplace, once. This takes about ten seconds.")
    seed_demo(parts, None)


def _greet(parts: Parts, settings: Settings, port: int) -> None:
    if not sys.stdout.isatty() and settings.is_production:
        return
    host = "localhost" if settings.host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else settings.host  # noqa: S104 - only shown
    address = f"http://{host}:{port}"
    typer.echo(f"\n  API       {address}/graphql")
    if settings.graphiql:
        typer.echo(f"  GraphiQL  {address}/graphiql   (queries to start with are open there)")
    typer.echo(f"  Health    {address}/readyz")
    if settings.metrics:
        typer.echo(f"  Metrics   {address}/metrics")
    with opened(settings) as market:
        examples = parts.examples(market)
    if not settings.is_production and examples:
        typer.echo("\n  To look at first, and as whom (codes for phones are written to the log below):")
        for noun, what in examples.items():
            typer.echo(f"    {noun:<15} {what}")
        typer.echo(
            "\n  For the reports to show something: `market seed --year` makes a year of orders, in some minutes."
        )
    typer.echo("\n  Ctrl-C ends it; the data stays.\n")


def _become_server(app: str, listening: socket.socket, *, reload: bool) -> None:
    """End this program and be the server (`market.server.process`), in the same process and on the same terminal."""
    sys.stdout.flush()
    if sys.platform == "win32":  # there, exec starts another process, and the terminal takes this one for ended
        from market.server import process

        process.run(app, listening, reload=reload)
        return
    listening.set_inheritable(True)
    server = [sys.executable, "-m", "market.server.process", app, str(listening.fileno())]
    os.execv(server[0], [*server, "--reload"] if reload else server)  # noqa: S606 - itself, with fixed arguments
