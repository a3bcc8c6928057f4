"""Take each guard out in turn and see what notices: `python -m tests.races.unguarded [--engine sqlite|postgresql]`.

For each guard the tree is copied to a temporary folder, this one guard is taken out there, and the state machine is run;
when it does not notice, the guard's own test is. What is printed is a table of Markdown: guard, what caught it. The
guards themselves, and what to look at with each, are in `guards`.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.databases import ENGINES, SERVER_VARIABLE, postgresql_server
from tests.races.guards import GUARDS, Guard

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("market", "schema", "seeds", "tests", "pyproject.toml", "README.md")
MACHINE = "tests/races/test_machine.py"
RUNS = "10"
LONGEST = 900
"""Seconds that a run may take: a guard may be what keeps somebody from waiting for ever."""


@contextmanager
def without(guard: Guard) -> Iterator[Path]:
    """A copy of the tree that does not have this guard."""
    with tempfile.TemporaryDirectory(prefix="unguarded-") as folder:
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, Path(folder, name), ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(source, Path(folder, name))
        for edit in guard.edits:
            path = Path(folder, edit.file)
            path.write_text(edit.applied(path.read_text()))
        yield Path(folder)


def noticed(folder: Path, test: str, engine: str) -> str | None:
    """How a test failed in a copy, in a line; None when it passed."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-x", "-q", "--tb=short", "-k", engine, test]
    environment = {**os.environ, "PYTHONPATH": str(folder), "MARKET_TEST_MACHINE_RUNS": RUNS}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return f"nothing ended within {LONGEST} seconds"
    if done.returncode == 0:
        return None
    if done.returncode != 1:
        raise RuntimeError(f"{test} could not be run:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    told = [line.removeprefix("E").strip() for line in done.stdout.splitlines() if re.match(r"E\s", line)]
    said = told[1:] if len(told) > 1 and told[0] == "AssertionError" else told
    return _short(said[0]) if said else "it failed"


def _short(line: str) -> str:
    """The first words of a failure, without ids, which are others each time."""
    plain = re.sub(r"\b([a-z]{3})_[0-9a-hjkmnp-tv-z]{26}\b", r"\1_…", line.replace("|", "/"))
    return plain if len(plain) < 200 else f"{plain[:200]}…"


def judge(guard: Guard, engine: str) -> tuple[str, str]:
    """What caught a guard's absence: the state machine or the named test, and how."""
    with without(guard) as folder:
        how = noticed(folder, MACHINE, engine)
        if how is not None:
            return "state machine", how
        for test in guard.tests:
            how = noticed(folder, test, engine)
            if how is not None:
                return f"`{test}`", how
    return ("beneath", guard.beneath) if guard.beneath else ("**nothing**", "")


def main() -> None:
    """Go through the guards and print what caught each."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    asked.add_argument("--only", default="", help="guards whose name has this in it")
    chosen = asked.parse_args()
    print(
        f"Guards taken out one by one, {chosen.engine}\n\n| guard | taken out of | caught by | how |\n|---|---|---|---|"
    )
    with postgresql_server() if chosen.engine == "postgresql" else _nothing() as server:
        if server:
            os.environ[SERVER_VARIABLE] = server
        for guard in GUARDS:
            if chosen.only in guard.name:
                by, how = judge(guard, chosen.engine)
                files = ", ".join(dict.fromkeys(edit.file for edit in guard.edits))
                print(f"| {guard.name} | {files} | {by} | {how} |", flush=True)


@contextmanager
def _nothing() -> Iterator[str]:
    yield ""


if __name__ == "__main__":
    main()
