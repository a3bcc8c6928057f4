"""`market serve`: from nothing to a running marketplace, and a second time without losing anything."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import typer
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import ChangeReload, Multiprocess

from market import migrations
from market.server.cli.data import opened, require_migrated
from market.server.cli.parts import Parts
from market.server.cli.problems import ADDRESS, DATABASE, USAGE, fail
from market.server.settings import PREFIX, Settings, read_settings

BACKLOG = 2048


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
    with _listen(settings) as listening, tempfile.TemporaryDirectory(prefix="market-metrics-") as folder:
        _prepare(parts, settings, start)
        _greet(parts, settings, listening.getsockname()[1])
        if settings.workers > 1:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # where the processes add up their figures
        _run(parts, settings, listening, reload=start.reload)


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
    listening.set_inheritable(True)
    return listening


def _prepare(parts: Parts, settings: Settings, start: Start) -> None:
    """Migrate and seed where that is wanted."""
    with opened(settings) as market:
        if settings.is_production and not start.migrate:
            require_migrated(market)
        elif migrations.current_revision(market.database) != migrations.head_revision():
            # In processes of their own, this and seeding: what they need would stay in the server's memory.
            code = subprocess.run([*parts.program, "migrate"], check=False).returncode
            if code != 0:
                raise typer.Exit(code)
        if settings.is_production or not start.seed or not parts.is_empty(market):
            return
    typer.echo("The database is empty: making the demo marketplace, once. This takes about ten seconds.")
    if subprocess.run([*parts.program, "seed"], check=False).returncode != 0:
        fail(DATABASE, "seeding failed; start with --no-seed to go on without the demo")


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


def _run(parts: Parts, settings: Settings, listening: socket.socket, *, reload: bool) -> None:
    config = uvicorn.Config(
        parts.app,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        reload=reload,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=True,
        forwarded_allow_ips=list(settings.trusted_proxies),
        backlog=BACKLOG,
        limit_concurrency=settings.connections_max,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    server = uvicorn.Server(config)
    if reload:
        ChangeReload(config, target=server.run, sockets=[listening]).run()
    elif settings.workers > 1:
        processes = Multiprocess(config, sockets=[listening])
        processes.run()
        if any(process.exitcode == STARTUP_FAILURE for process in processes.processes):
            fail(DATABASE, "the server processes did not start; see the lines above")
    else:
        # uvicorn raises the signal again after its graceful end: it has done what was asked, so that is no failure.
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda _signal, _frame: None)
        server.run(sockets=[listening])
        if not server.started:
            fail(DATABASE, "the server did not start; see the lines above")
