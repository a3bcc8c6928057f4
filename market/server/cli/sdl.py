"""`market schema`: the schema's text, its snapshot, and what would break clients."""

import difflib
import subprocess
from itertools import islice
from pathlib import Path

import typer

from market.server.cli.parts import Parts
from market.server.cli.problems import fail
from market.server.exits import FAILED, USAGE

_LINES_SHOWN = 40


def write(parts: Parts) -> None:
    """Write the snapshot."""
    parts.snapshot.write_text(parts.schema(), encoding="utf-8")
    typer.echo(f"wrote {parts.snapshot}")


def check(parts: Parts, against: str | None) -> None:
    """Refuse when the snapshot is not this schema, or this schema would break clients of an earlier one."""
    current = parts.schema()
    snapshot = parts.snapshot.read_text(encoding="utf-8") if parts.snapshot.exists() else ""
    if snapshot != current:
        lines = difflib.unified_diff(snapshot.splitlines(), current.splitlines(), "snapshot", "code", lineterm="", n=1)
        typer.echo("\n".join(islice(lines, _LINES_SHOWN)))
        fail(FAILED, f"{parts.snapshot.name} is not the code's schema: run `market schema --write` and commit it")
    if against is None:
        typer.echo("the snapshot is the code's schema")
        return
    earlier = _earlier(parts.snapshot, against)
    if not earlier:
        typer.echo(f"the snapshot is the code's schema; {against} has none to compare with")
        return
    breaking = parts.breaking(earlier, current)
    for change in breaking:
        typer.echo(f"- {change}")
    if breaking:
        fail(FAILED, f"{len(breaking)} changes break clients of {against}: deprecate instead, and remove later")
    typer.echo(f"the snapshot is the code's schema, and clients of {against} go on working")


def _earlier(snapshot: Path, against: str) -> str:
    """The schema in a file or at a git ref; empty when that ref has none."""
    file = Path(against)
    if file.is_file():
        return file.read_text(encoding="utf-8")
    try:
        _git(snapshot.parent, "rev-parse", "--verify", "--quiet", f"{against}^{{commit}}")
    except (OSError, subprocess.CalledProcessError):
        fail(USAGE, f"{against} is neither a file nor a commit of this repository")
    try:
        return _git(snapshot.parent, "show", f"{against}:./{snapshot.name}")
    except subprocess.CalledProcessError:
        return ""


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
