"""`market audit verify` and `market audit head`: is the audit trail what it was, and what to keep elsewhere to know."""

import json
import re
import sys
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from market.kernel.audit import AuditReport, Head, Tampering, head, verify
from market.server.cli.data import opened, require_migrated
from market.server.cli.problems import fail
from market.server.exits import FAILED, USAGE
from market.server.settings import read_settings

_HASH = re.compile(r"[0-9a-f]{64}")
_SHOWN = 50
_MEANING = {
    Tampering.EDITED: "its content is not what was recorded",
    Tampering.DELETED: "it is missing, and later ones are there",
    Tampering.RELINKED: "it does not follow the one before it: something was replaced, or taken out and closed up",
    Tampering.TRUNCATED: "it and all after it are missing",
    Tampering.UNCOUNTED: "it and all after it are not counted by the head",
    Tampering.REWRITTEN: "it is another one than when the head was exported",
}


def show_head(write: Path | None) -> None:
    """Print the head, or write it to a file: keep that on another machine."""
    with opened(read_settings()) as market:
        require_migrated(market)
        with market.read() as session:
            newest = head(session)
    text = json.dumps({"seq": newest.seq, "hash": newest.hash}) + "\n"
    if write is None:
        typer.echo(text, nl=False)
        return
    try:
        write.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(USAGE, f"{write} cannot be written: {error.strerror}")
    typer.echo(f"wrote {write}: {newest.seq:,} entries; keep it where who can write the database cannot write")


def verify_trail(exported: Path | None) -> None:
    """Walk the whole trail and print what was meddled with; exits with 1 when something was."""
    kept = None if exported is None else _kept(exported)
    with opened(read_settings()) as market:
        require_migrated(market)
        terminal = Console(file=sys.stderr)
        bars = Progress(console=terminal, disable=not terminal.is_terminal, transient=True)
        with bars, market.read() as session:
            bar = bars.add_task("entries")
            report = verify(
                session,
                exported=kept,
                progress=lambda done, total: bars.update(bar, completed=done, total=total),
            )
    if report.is_intact:
        against = "" if kept is None else f", and goes on from the exported head at {kept.seq:,}"
        typer.echo(f"the audit trail is intact: {report.entries:,} entries{against}")
        return
    _show(report)
    fail(FAILED, f"{report.found:,} findings: the audit trail is not what was recorded")


def _kept(file: Path) -> Head:
    """A head that `market audit head --write` has written."""
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
        kept = Head(int(raw["seq"]), str(raw["hash"]))
    except OSError as error:
        fail(USAGE, f"{file} cannot be read: {error.strerror}")
    except (ValueError, TypeError, KeyError):
        kept = Head(-1, "")
    if kept.seq < 0 or not _HASH.fullmatch(kept.hash):
        fail(USAGE, f"{file} is not a head: take one that `market audit head --write` has written")
    return kept


def _show(report: AuditReport) -> None:
    table = Table("Entry", "Finding", "Meaning", box=None, pad_edge=False)
    for finding in report.findings[:_SHOWN]:
        table.add_row(f"{finding.seq:,}", finding.kind.value, _MEANING[finding.kind])
    console = Console()
    console.print(table)
    if report.found > _SHOWN:
        console.print(f"… and {report.found - _SHOWN:,} more")
