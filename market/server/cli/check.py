"""`market check`: is this machine ready to serve? `market settings`: what is set."""

import os
from collections.abc import Iterator
from pathlib import Path

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from market import migrations
from market.kernel.errors import Unavailable
from market.kernel.market import Market
from market.media.errors import StoreUnavailable
from market.media.objects import open_objects
from market.media.store import PUBLIC
from market.server.exits import FAILED
from market.server.opening import open_market
from market.server.settings import PREFIX, Settings, SettingsError, read_settings, settings_table

Finding = tuple[str, str | None]
"""What was looked at, and what is wrong with it."""


def check() -> None:
    """Print what is right and what is not; exits with 1 when something is not."""
    findings = list(findings_here())
    for what, wrong in findings:
        mark = (
            typer.style("ok   ", fg=typer.colors.GREEN) if wrong is None else typer.style("wrong", fg=typer.colors.RED)
        )
        typer.echo(f"{mark}  {what}" + ("" if wrong is None else f": {wrong}"))
    if any(wrong for _what, wrong in findings):
        raise typer.Exit(FAILED)


def findings_here() -> Iterator[Finding]:
    """Settings, database, migrations, models and disk, in the order in which they need each other."""
    try:
        settings = read_settings()
    except SettingsError as error:
        yield "settings", str(error)
        return
    yield "settings", None
    yield _media(settings)
    if settings.is_embedded:
        yield "database folder", _unwritable(Path(settings.database_url.removeprefix("sqlite:///")).parent)
    market = open_market(settings)
    try:
        yield from _database(market)
    finally:
        market.close()


def _media(settings: Settings) -> Finding:
    if not settings.media_store:
        return f"media folder {settings.media_path}", _unwritable(settings.media_path)
    try:
        open_objects(settings.media_store).folders(PUBLIC)
    except StoreUnavailable as error:
        return "media store", f"cannot be reached: {str(error.__cause__).partition(chr(10))[0]}"
    return "media store", None


def _database(market: Market) -> Iterator[Finding]:
    engine = market.database.engine.name
    try:
        found = migrations.current_revision(market.database)
    except Unavailable as error:
        cause = str(error.__cause__).strip().partition("\n")[0]
        yield f"{engine} database", f"cannot be reached: {cause}"
        return
    yield f"{engine} database", None
    needed = migrations.head_revision()
    if found != needed:
        yield "migrations", f"at revision {found or 'none'}, this code needs {needed}: run `market migrate`"
        return
    yield f"migrations at {needed}", None
    differences = migrations.differences(market.database)
    yield "models", f"not what is migrated: {differences}" if differences else None


def _unwritable(folder: Path) -> str | None:
    """Why files cannot be made there, in it or, while it is not there, above it."""
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        return f"{existing} is not a folder"
    return None if os.access(existing, os.W_OK | os.X_OK) else f"{existing} is not writable for this user"


def show_settings(*, is_markdown: bool) -> None:
    """Print the settings."""
    if is_markdown:
        typer.echo(settings_table())
        return
    settings = read_settings()
    table = Table("Variable", "Here", "Meaning", box=None, pad_edge=False)
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        shown = "•••" if isinstance(value, SecretStr) or "://" in str(value) and "@" in str(value) else str(value)
        table.add_row(PREFIX + name.upper(), shown, field.description or "")
    Console().print(table)
