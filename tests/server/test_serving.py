"""`market serve` on an empty folder is a whole marketplace; a second time it is the same one."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
QUERY = "query First { products(first: 3) { totalCount nodes { id title } } }"
RSS_MB_MAX = 190
"""Measured: 170 to 177 after the worker's first round, 30 of which are mapped files: libraries and the database."""
SELDOM_NEEDED = (
    "typer",
    "alembic",
    "cryptography",
    "jwt",
    "openpyxl",
    "xlsxwriter",
    "PIL",
    "segno",
    "vl_convert",
    "typst",
)


@dataclass(frozen=True)
class Serving:
    """A running server."""

    process: subprocess.Popen[str]
    url: str

    def answer(self) -> Any:
        """What it says to the query."""
        response = httpx.post(f"{self.url}/graphql", json={"query": QUERY})
        assert response.status_code == 200, response.text
        return response.json()

    def rss_mb(self) -> float:
        """Memory it has in use."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Serving]:
    """Serve in this folder; ended if it has not ended by itself."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "schema.cli", "serve", "--port", str(port), *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MARKET_LOG_FORMAT": "json"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:  # closes its pipe and waits for it
        try:
            yield Serving(process, f"http://127.0.0.1:{port}")
        finally:
            if process.poll() is None:
                process.kill()


def wait_until_ready(server: Serving, seconds: float = 180) -> None:
    """Until it says that it is."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if server.process.poll() is not None:
            pytest.fail(f"it ended: {server.process.stdout.read() if server.process.stdout else ''}")
        try:
            if httpx.get(f"{server.url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail("it did not become ready")


def end(server: Serving, by: signal.Signals) -> str:
    """Ask it to end; what it has printed."""
    server.process.send_signal(by)
    printed, _ = server.process.communicate(timeout=20)
    assert server.process.returncode == 0, printed
    return printed


@pytest.mark.skipif(not Path("/proc").exists(), reason="memory is read from /proc")
def test_from_nothing_to_a_marketplace_and_again(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        wait_until_ready(server)
        first = server.answer()
        page = httpx.get(f"{server.url}/graphql", headers={"accept": "text/html"})
        picture = httpx.post(f"{server.url}/graphql", json={"query": "{products(first:1){nodes{images{url}}}}"}).json()
        shown = httpx.get(f"{server.url}{picture['data']['products']['nodes'][0]['images'][0]['url']}")
        memory_mb = server.rss_mb()
        printed = end(server, signal.SIGTERM)

    assert first["data"]["products"]["totalCount"] > 100
    assert "GraphiQL" in page.text
    assert shown.status_code == 200
    assert memory_mb < RSS_MB_MAX
    assert "seeded in" in printed
    assert "prd_" in printed
    lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    assert [line["operation"] for line in lines if line["event"] == "operation"] == ["First", ""]

    with serving(tmp_path) as server:
        wait_until_ready(server)
        second = server.answer()
        printed = end(server, signal.SIGINT)

    assert second == first
    assert "seeded" not in printed


def test_a_server_loads_what_it_seldom_needs_when_it_needs_it() -> None:
    program = f"import sys, market.server.process, schema.app; print([each for each in {SELDOM_NEEDED} if each in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "[]"


def test_several_processes_share_a_port_and_end_together(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2", "--no-seed") as server:
        wait_until_ready(server)
        answers = [server.answer()["data"]["products"]["totalCount"] for _ in range(4)]
        figures = httpx.get(f"{server.url}/metrics").text
        end(server, signal.SIGTERM)

    assert answers == [0] * 4
    counted = [line for line in figures.splitlines() if line.startswith("market_requests_total")]
    assert sum(float(line.rpartition(" ")[2]) for line in counted) == 4
