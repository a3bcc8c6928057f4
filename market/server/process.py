"""The server process: what `market serve` becomes once the database is prepared and the visitor greeted.

A new program in the same process, since what commands need (the command line, migrations, the demo) would stay in the
memory of a process that runs for months.
"""

import os
import signal
import socket
import sys
import tempfile

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import ChangeReload, Multiprocess

from market.server.exits import DATABASE
from market.server.metrics import FOLDER_VARIABLE
from market.server.settings import Settings, read_settings

BACKLOG = 2048
FRAME_BYTES_MAX = 256 * 1024
"""Of a WebSocket message: as much as the body of a request may have."""
RELOAD = "--reload"


def run(app: str, listening: socket.socket, *, reload: bool) -> None:
    """Serve until SIGTERM or Ctrl-C. `app` names the factory of the ASGI application; settings are the environment's."""
    settings = read_settings()
    config = _config(app, settings, reload=reload)
    if reload:
        ChangeReload(config, target=uvicorn.Server(config).run, sockets=[listening]).run()
    elif settings.workers > 1:
        _run_several(config, listening)
    else:
        _run_one(config, listening)


def _run_one(config: uvicorn.Config, listening: socket.socket) -> None:
    server = uvicorn.Server(config)
    # uvicorn raises the signal again after its graceful end: it has done what was asked, so that is no failure.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda _signal, _frame: None)
    server.run(sockets=[listening])
    if not server.started:
        _fail("the server did not start; see the lines above")


def _run_several(config: uvicorn.Config, listening: socket.socket) -> None:
    with tempfile.TemporaryDirectory(prefix="market-metrics-") as folder:
        os.environ[FOLDER_VARIABLE] = folder  # where the processes add up their figures
        processes = Multiprocess(config, sockets=[listening])
        processes.run()
    if any(process.exitcode == STARTUP_FAILURE for process in processes.processes):
        _fail("the server processes did not start; see the lines above")


def _config(app: str, settings: Settings, *, reload: bool) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        reload=reload,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http="httptools",
        ws_max_size=FRAME_BYTES_MAX,
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


def _fail(why: str) -> None:
    sys.stderr.write(f"error: {why}\n")
    sys.exit(DATABASE)


if __name__ == "__main__":
    run(sys.argv[1], socket.socket(fileno=int(sys.argv[2])), reload=RELOAD in sys.argv[3:])
