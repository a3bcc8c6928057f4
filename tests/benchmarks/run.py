"""Requests a second, CPU and p99 of the server beside its floor, on one machine, turn about.

    python -m tests.benchmarks.run --database-url sqlite:///var/load.db          (after: market seed --load large)
    python -m tests.benchmarks.run --database-url postgresql://… --queries q1,q2 --peer mercurius=http://127.0.0.1:4000/graphql

Needs wrk. A figure depends on what else the machine does: look at the ratio to the floor, round by round.
"""

import argparse
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from market.kernel.database import open_database
from market.kernel.market import Market
from tests.benchmarks.questions import bodies

SCRIPT = Path(__file__).parent / "post.lua"
CONNECTIONS = 32


@dataclass
class Contender:
    """A server, and what was measured of it."""

    name: str
    url: str
    process: psutil.Process | None = None
    rounds: list[dict[str, float]] = field(default_factory=list)


def main() -> None:
    """Measure, and print a table for each query."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--queries", default="q1,q2,q3")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=URL")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: on Debian, apt-get install wrk")
    with closing(Market(open_database(given.database_url))) as market, contextlib.ExitStack() as running:
        contenders = [running.enter_context(server) for server in _servers(given.database_url)]
        contenders += [Contender(*each.split("=", 1)) for each in given.peer]
        for query in given.queries.split(","):
            asked = bodies(market, query)
            _compare(contenders[:3], asked)
            _measure(contenders, asked, rounds=given.rounds, seconds=given.seconds)
            _table(query, contenders)


def _servers(url: str) -> list[contextlib.AbstractContextManager[Contender]]:
    production = {"MARKET_LOG_LEVEL": "warning", "MARKET_WORKER": "off"}
    return [
        _server("floor", "tests.benchmarks.floor.app:app", {"MARKET_DATABASE_URL": url}),
        _server("market", "schema.app:asgi", {"MARKET_DATABASE_URL": url, "MARKET_CACHE_ENTRIES": "0", **production}),
        _server("market, cached", "schema.app:asgi", {"MARKET_DATABASE_URL": url, **production}),
    ]


@contextlib.contextmanager
def _server(name: str, app: str, environment: dict[str, str]) -> Iterator[Contender]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--no-proxy-headers"]
    factory = ["--factory"] if app.endswith("asgi") else []
    command = [sys.executable, "-m", "uvicorn", app, *options, *factory, "--log-level", "warning"]
    process = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        contender = Contender(name, f"http://127.0.0.1:{port}/graphql", psutil.Process(process.pid))
        _wait(contender.url)
        yield contender
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", int(url.split(":")[2].split("/", maxsplit=1)[0])), 1).close()
            return
        time.sleep(0.1)
    sys.exit(f"{url} did not start")


def _ask(contender: Contender, body: bytes) -> Any:
    headers = {"content-type": "application/json", "accept": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(contender.url, body, headers), timeout=60) as response:
        return json.load(response)


def _compare(contenders: list[Contender], asked: list[bytes]) -> None:
    """Refuse to measure servers that do not give the same answers."""
    for body in asked:
        answers = [_ask(each, body) for each in contenders]
        if any(answer != answers[0] or "errors" in answer for answer in answers):
            sys.exit(f"different answers to {body.decode()}:\n" + "\n".join(json.dumps(each)[:500] for each in answers))


def _measure(contenders: list[Contender], asked: list[bytes], *, rounds: int, seconds: int) -> None:
    for contender in contenders:
        contender.rounds.clear()
        _round(contender, asked, 2)
    for turn in range(rounds):
        first = turn % len(contenders)
        for contender in contenders[first:] + contenders[:first]:
            contender.rounds.append(_round(contender, asked, seconds))


def _round(contender: Contender, asked: list[bytes], seconds: int) -> dict[str, float]:
    with tempfile.NamedTemporaryFile("wb", suffix=".txt") as file:
        file.write(b"\n".join(asked) + b"\n")
        file.flush()
        before = _cpu(contender)
        command = [
            "wrk",
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{seconds}s",
            "--timeout",
            "60s",
            "-s",
            str(SCRIPT),
            contender.url,
        ]
        made = subprocess.run(
            command, env={**os.environ, "BODIES": file.name}, capture_output=True, text=True, check=True
        )
        spent = _cpu(contender) - before
    line = next(each for each in made.stdout.splitlines() if each.startswith("RESULT "))
    result: dict[str, float] = json.loads(line.removeprefix("RESULT "))
    return {
        "rps": result["requests"] / result["seconds"],
        "cpu_ms": 1000 * spent / max(result["requests"], 1),
        **{key: result[key] for key in ("p50", "p99", "errors")},
    }


def _cpu(contender: Contender) -> float:
    if contender.process is None:
        return 0.0
    times = contender.process.cpu_times()
    return float(times.user + times.system)


def _table(query: str, contenders: list[Contender]) -> None:
    floor = contenders[0]
    print(f"\n{query}, {CONNECTIONS} connections, medians of {len(floor.rounds)} rounds")
    print("| contender | requests/s | range | of the floor | server CPU ms | p50 ms | p99 ms | errors |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for each in contenders:
        middle = {key: statistics.median(one[key] for one in each.rounds) for key in each.rounds[0]}
        share = statistics.median(a["rps"] / b["rps"] for a, b in zip(each.rounds, floor.rounds, strict=True))
        rates = [one["rps"] for one in each.rounds]
        print(
            f"| {each.name} | {middle['rps']:.0f} | {min(rates):.0f}-{max(rates):.0f} | {share:.2f}"
            f" | {middle['cpu_ms']:.3f} | {middle['p50']:.1f} | {middle['p99']:.1f}"
            f" | {sum(one['errors'] for one in each.rounds):.0f} |"
        )


if __name__ == "__main__":
    main()
