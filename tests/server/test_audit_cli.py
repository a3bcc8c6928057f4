"""`market audit` says whether somebody meddled with the trail, in a table and in its exit code."""

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session
from typer.testing import CliRunner, Result

from market.kernel.audit import ENTRIES, GENESIS, record
from market.kernel.database import open_database
from market.kernel.idempotency import canonical
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from market.kernel.triggers import free
from market.server.cli import build_cli
from schema.cli import PARTS

Run = Callable[..., Result]
STAFF = Actor(ActorKind.STAFF, "acc_1", request_id="req-1")


@pytest.fixture(name="run")
def _run(database_url: str) -> Run:
    """Runs `market audit …` on this test's database."""

    def run(*arguments: str, url: str = database_url) -> Result:
        environment = {"MARKET_DATABASE_URL": url, "COLUMNS": "200"}
        result = CliRunner().invoke(build_cli(PARTS), ["audit", *arguments], env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


@pytest.fixture(name="trail")
def _trail(database_url: str, market: Market) -> str:
    """Five entries; says the database."""
    for number in range(1, 6):
        with market.transaction() as session:
            record(session, STAFF, action="listing.approve", subject=f"prd_{number}", now=market.now())
    return database_url


def meddle(url: str, *changes: sa.Executable) -> None:
    """Change the trail for good, behind the guards' back."""
    with closing(open_database(url)) as database, database.transaction() as session:
        for statement in free("audit_entry", database.engine.name):
            session.execute(sa.text(statement))
        for change in changes:
            session.execute(change)
        _rehash(session)


def _rehash(session: Session) -> None:
    """A careful meddler makes entries that were marked `rehash` agree with themselves again."""
    for row in session.execute(sa.select(ENTRIES).where(ENTRIES.c.request_id == "rehash")).mappings().all():
        fresh = canonical({name: value for name, value in row.items() if name != "hash"})
        session.execute(sa.update(ENTRIES).where(ENTRIES.c.seq == row["seq"]).values(hash=fresh))


def findings(result: Result) -> Sequence[tuple[str, str]]:
    """The table's rows: entry and finding."""
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["Entry", "Finding", "Meaning"]
    return [(line.split()[0], line.split()[1]) for line in lines[1:]]


def entry(seq: int) -> sa.ColumnElement[bool]:
    return ENTRIES.c.seq == seq


@pytest.mark.usefixtures("trail")
def test_a_trail_left_alone_is_intact(run: Run) -> None:
    result = run("verify")

    assert (result.exit_code, result.stdout) == (0, "the audit trail is intact: 5 entries\n")


def test_an_empty_trail_is_intact_and_has_a_head(run: Run) -> None:
    assert run("verify").stdout == "the audit trail is intact: 0 entries\n"
    assert json.loads(run("head").stdout) == {"seq": 0, "hash": GENESIS}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ([sa.update(ENTRIES).where(entry(3)).values(subject="prd_9")], [("3", "EDITED")]),
        ([sa.delete(ENTRIES).where(entry(3))], [("3", "DELETED")]),
        ([sa.delete(ENTRIES).where(ENTRIES.c.seq > 3)], [("4", "TRUNCATED")]),
        ([sa.delete(ENTRIES)], [("1", "TRUNCATED")]),
        ([sa.update(ENTRIES).where(entry(3)).values(subject="prd_9", request_id="rehash")], [("4", "RELINKED")]),
        (
            [sa.update(ENTRIES).where(entry(seq)).values(actor="acc_2") for seq in (2, 4)]
            + [sa.delete(ENTRIES).where(entry(5))],
            [("2", "EDITED"), ("4", "EDITED"), ("5", "TRUNCATED")],
        ),
    ],
)
def test_meddling_is_in_the_table(
    run: Run, trail: str, changes: Sequence[sa.Executable], found: Sequence[tuple[str, str]]
) -> None:
    meddle(trail, *changes)

    result = run("verify")

    assert result.exit_code == 1
    assert findings(result) == found
    assert result.stderr == f"error: {len(found)} findings: the audit trail is not what was recorded\n"


def test_a_cut_with_the_head_set_back_is_found_by_the_exported_head(run: Run, trail: str, tmp_path: Path) -> None:
    file = tmp_path / "head.json"
    written = run("head", "--write", str(file))
    assert (written.exit_code, written.stdout.splitlines()[0].startswith(f"wrote {file}: 5 entries")) == (0, True)
    assert file.read_text() == run("head").stdout
    assert run("verify", "--head", str(file)).stdout == (
        "the audit trail is intact: 5 entries, and goes on from the exported head at 5\n"
    )

    kept = sa.select(ENTRIES.c.hash).where(entry(3)).scalar_subquery()
    heads = sa.table("audit_head", sa.column("seq"), sa.column("hash"))
    meddle(trail, sa.update(heads).values(seq=3, hash=kept), sa.delete(ENTRIES).where(ENTRIES.c.seq > 3))

    assert run("verify").exit_code == 0
    result = run("verify", "--head", str(file))
    assert (result.exit_code, findings(result)) == (1, [("4", "TRUNCATED")])


def test_many_findings_are_counted_and_the_first_are_shown(run: Run, market: Market, database_url: str) -> None:
    for number in range(60):
        with market.transaction() as session:
            record(session, STAFF, action="listing.approve", subject=f"prd_{number}", now=market.now())
    meddle(database_url, sa.update(ENTRIES).values(actor="acc_2"))

    result = run("verify")

    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 52
    assert result.stdout.splitlines()[-1] == "… and 10 more"
    assert result.stderr == "error: 60 findings: the audit trail is not what was recorded\n"


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"seq": 5}', '{"seq": "five", "hash": ""}', '{"seq":1,"hash":"x"}']
)
@pytest.mark.usefixtures("trail")
def test_a_file_that_is_no_head_is_told(run: Run, tmp_path: Path, text: str) -> None:
    file = tmp_path / "head.json"
    file.write_text(text)

    result = run("verify", "--head", str(file))

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"error: {file} is not a head: take one that `market audit head --write` has written\n"


@pytest.mark.usefixtures("trail")
def test_files_that_cannot_be_read_or_written_are_told(run: Run, tmp_path: Path) -> None:
    missing = tmp_path / "none" / "head.json"

    read, written = run("verify", "--head", str(missing)), run("head", "--write", str(missing))

    assert (read.exit_code, read.stderr) == (2, f"error: {missing} cannot be read: No such file or directory\n")
    assert (written.exit_code, written.stderr) == (
        2,
        f"error: {missing} cannot be written: No such file or directory\n",
    )


@pytest.mark.parametrize("command", ["verify", "head"])
def test_a_database_that_is_not_migrated_is_told(run: Run, tmp_path: Path, command: str) -> None:
    result = run(command, url=f"sqlite:///{tmp_path}/empty.db")

    assert result.exit_code == 3
    assert "run `market migrate`" in result.stderr


@pytest.mark.parametrize("command", [(), ("verify",), ("head",)])
def test_each_command_has_help_with_its_exit_codes(run: Run, command: tuple[str, ...]) -> None:
    result = run(*command, "--help")

    assert result.exit_code == 0
    assert "4 address in use" in " ".join(result.stdout.split())
