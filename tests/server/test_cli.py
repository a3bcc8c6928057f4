"""The command line says what is wrong and what to do, and its exit code which kind of wrong it is."""

import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from market.migrations import head_revision
from market.server.cli import build_cli
from market.server.cli.parts import Parts
from schema.cli import PARTS

EARLIER = "type Query { product(id: ID!): String }\n"
Market = Callable[..., Result]


@pytest.fixture(name="run")
def _run(tmp_path: Path) -> Market:
    """Runs the command line on an SQLite file and a media folder of this test."""

    def run(*arguments: str, parts: Parts = PARTS, **settings: str) -> Result:
        environment = {
            "MARKET_DATABASE_URL": f"sqlite:///{tmp_path}/m.db",
            "MARKET_MEDIA_PATH": f"{tmp_path}/media",
            **{f"MARKET_{name.upper()}": value for name, value in settings.items()},
        }
        return CliRunner().invoke(build_cli(parts), arguments, env=environment)

    return run


def outcome(result: Result) -> tuple[int, str]:
    """Exit code and the first line of what was said about it, without a traceback anywhere."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, (result.stderr or result.stdout).splitlines()[0]


@pytest.mark.parametrize("command", [(), ("serve",), ("worker",), ("migrate",), ("seed",), ("schema",), ("check",)])
def test_every_command_has_help_with_its_exit_codes(run: Market, command: tuple[str, ...]) -> None:
    result = run(*command, "--help")

    assert result.exit_code == 0
    assert "4 address in use" in " ".join(result.stdout.split())


def test_a_wrong_setting_is_a_sentence(run: Market) -> None:
    assert outcome(run("migrate", port="http")) == (
        2,
        "error: MARKET_PORT: input should be a valid integer, unable to parse string as an integer",
    )


def test_a_misspelled_setting_is_found(run: Market) -> None:
    assert outcome(run("migrate", databse_url="sqlite:///x.db")) == (
        2,
        "error: MARKET_DATABSE_URL: there is no such setting; did you mean MARKET_DATABASE_URL?",
    )


def test_a_variable_of_somebody_else_is_no_mistake(run: Market) -> None:
    assert run("migrate", service_host="10.0.0.1").exit_code == 0


@pytest.mark.parametrize("command", ["migrate", "worker", "serve"])
def test_a_database_that_is_not_there_is_a_sentence(run: Market, command: str) -> None:
    options = ("--port", "0") if command == "serve" else ()

    code, said = outcome(run(command, *options, database_url="postgresql://nobody@127.0.0.1:1/none"))

    assert code == 3
    assert said.startswith("error: the database cannot be reached: ")


def test_migrate_says_where_the_database_is(run: Market) -> None:
    head = head_revision()

    assert outcome(run("migrate")) == (0, f"the database is at revision {head}")
    assert outcome(run("migrate")) == (0, f"the database is at revision {head}, nothing to do")
    assert outcome(run("migrate", "--revision", "9999")) == (
        2,
        f"error: Can't locate revision identified by '9999'; the newest is {head}",
    )


def test_the_worker_needs_a_migrated_database(run: Market) -> None:
    assert outcome(run("worker")) == (
        3,
        f"error: the database is at revision none, this code needs {head_revision()}: run `market migrate`",
    )


def test_production_is_not_migrated_or_seeded_by_serving(run: Market) -> None:
    production = {"environment": "production", "secret": "s" * 32}

    assert outcome(run("serve", "--port", "0", **production))[0] == 3
    assert outcome(run("seed", **production)) == (
        2,
        "error: the demo does not belong into production (MARKET_ENVIRONMENT)",
    )


def test_a_taken_port_is_told_before_anything_is_prepared(run: Market, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = outcome(run("serve", "--port", str(port)))

    assert (code, said) == (4, f"error: cannot listen on 127.0.0.1:{port}: address already in use")
    assert not (tmp_path / "m.db").exists()


def test_reloading_is_for_one_process(run: Market) -> None:
    assert outcome(run("serve", "--reload", "--workers", "2", "--port", "0"))[0] == 2


def test_check_tells_what_is_wrong_and_what_to_do(run: Market, tmp_path: Path) -> None:
    (tmp_path / "media").write_text("a file where the folder should be")
    unready = run("check")
    run("migrate")
    (tmp_path / "media").unlink()
    ready = run("check")

    assert unready.exit_code == 1
    assert f"wrong  media folder {tmp_path}/media: {tmp_path}/media is not a folder" in unready.stdout
    assert "run `market migrate`" in unready.stdout
    assert ready.exit_code == 0, ready.stdout
    assert [line[:5] for line in ready.stdout.splitlines()] == ["ok   "] * 6


def test_check_tells_of_settings_first(run: Market) -> None:
    result = run("check", environment="production")

    assert result.exit_code == 1
    assert "MARKET_SECRET: production needs a secret of its own" in result.stdout


def test_settings_hide_what_is_secret(run: Market) -> None:
    result = run("settings", secret="do-not-show-this-to-anybody", database_url="postgresql://u:password@h/d")

    assert result.exit_code == 0
    assert "do-not-show" not in result.stdout
    assert "password" not in result.stdout.replace("user:password@host", "")


# -- the schema's text ----------------------------------------------------------------------------------------------


@pytest.fixture(name="with_schema")
def _with_schema(tmp_path: Path) -> Callable[[str], Parts]:
    """The application with another schema, and a snapshot of its own."""

    def parts(schema: str) -> Parts:
        return replace(PARTS, schema=lambda: schema, snapshot=tmp_path / "schema.graphql")

    return parts


def test_the_schema_is_printed(run: Market, with_schema: Callable[[str], Parts]) -> None:
    assert run("schema", parts=with_schema(EARLIER)).stdout == EARLIER


def test_a_stale_snapshot_is_shown_and_refused(run: Market, with_schema: Callable[[str], Parts]) -> None:
    run("schema", "--write", parts=with_schema(EARLIER))

    assert run("schema", "--check", parts=with_schema(EARLIER)).exit_code == 0
    stale = run("schema", "--check", parts=with_schema(EARLIER.replace("String", "Int")))
    assert stale.exit_code == 1
    assert "+type Query { product(id: ID!): Int }" in stale.stdout


@pytest.mark.parametrize(
    ("later", "code"),
    [
        (EARLIER.replace("}", "price: Int }"), 0),
        (EARLIER.replace("id: ID!", "id: ID!, locale: String"), 0),
        (EARLIER.replace("String", "Int"), 1),
        (EARLIER.replace("id: ID!", "id: ID!, locale: String!"), 1),
    ],
    ids=["new field", "optional argument", "other type", "required argument"],
)
def test_what_breaks_clients_is_refused(
    run: Market, with_schema: Callable[[str], Parts], tmp_path: Path, later: str, code: int
) -> None:
    (tmp_path / "earlier.graphql").write_text(EARLIER)
    run("schema", "--write", parts=with_schema(later))

    result = run("schema", "--check", "--against", f"{tmp_path}/earlier.graphql", parts=with_schema(later))

    assert result.exit_code == code, result.output


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_an_earlier_commit_can_be_compared_with(
    run: Market, with_schema: Callable[[str], Parts], tmp_path: Path
) -> None:
    def git(*arguments: str) -> None:
        identity: Mapping[str, str] = {"user.name": "t", "user.email": "t@example.cn"}
        options = [part for key, value in identity.items() for part in ("-c", f"{key}={value}")]
        subprocess.run(["git", "-C", str(tmp_path), *options, *arguments], check=True, capture_output=True)

    git("init")
    git("commit", "--allow-empty", "-m", "before there was a schema")
    git("tag", "none")
    run("schema", "--write", parts=with_schema(EARLIER))
    git("add", "schema.graphql")
    git("commit", "-m", "schema")
    later = EARLIER.replace("product", "produce")
    run("schema", "--write", parts=with_schema(later))

    def against(ref: str) -> tuple[int, str]:
        return outcome(run("schema", "--check", "--against", ref, parts=with_schema(later)))

    assert against("HEAD")[0] == 1
    assert against("none")[0] == 0
    assert against("nowhere") == (2, "error: nowhere is neither a file nor a commit of this repository")
