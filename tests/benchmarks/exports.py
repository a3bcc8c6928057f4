"""How long an export of half a million rows takes, and how much memory: python -m tests.benchmarks.exports [rows]

Rows are made as they are written, so what is measured is the writing. Each form in a process of its own.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what is measured starts without it
    from market.reports.declare import ReportResult

ROWS = 500_000
START = date(2025, 11, 1)


def main() -> None:
    rows = sys.argv[1] if len(sys.argv) > 1 else str(ROWS)
    print("| form | rows | columns | seconds | rows/s | file MB | peak memory MB | of it before the first row |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for form in ("CSV", "XLSX"):
        subprocess.run([sys.executable, "-m", "tests.benchmarks.exports", rows, form], check=True)


def measure(rows: int, form_name: str) -> None:
    import resource

    from market.bulk.rules import FileFormat
    from market.reports.outputs.sheets import write_sheet
    from market.reports.run import Streamed

    about = _about(rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "export")
        started = time.perf_counter()
        with path.open("w+b") as file:
            written = write_sheet(
                file, Streamed(about, _rows(rows), lambda: about.totals), FileFormat(form_name), "zh-CN"
            )
        seconds = time.perf_counter() - started
        size = path.stat().st_size / 1024 / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    columns = len(about.columns)
    print(
        f"| {form_name} | {written:,} | {columns} | {seconds:.1f} | {written / seconds:,.0f} | {size:.1f} | {peak:.0f} "
        f"| {before:.0f} |",
        flush=True,
    )


def _about(rows: int) -> "ReportResult":
    from market.reports.declare import Column, ColumnKind, Found, Report, ReportAsked, ReportResult

    kinds = (
        ("day", "日期", ColumnKind.DATE),
        ("village", "村", ColumnKind.TEXT),
        ("producer", "经营主体", ColumnKind.TEXT),
        ("category", "品类", ColumnKind.TEXT),
        ("orders", "订单数", ColumnKind.COUNT),
        ("weight", "重量", ColumnKind.WEIGHT),
        ("gross", "成交额", ColumnKind.MONEY),
        ("refunds", "退款额", ColumnKind.MONEY),
        ("net", "净额", ColumnKind.MONEY),
        ("share", "占比", ColumnKind.SHARE),
    )
    columns = tuple(Column(key, label, key, kind) for key, label, kind in kinds)
    report = Report(
        "sales", "销售明细", "Sales", "", "", (), (), (), frozenset(), lambda _session, _reading: Found((), ())
    )
    asked = ReportAsked("sales", START, START + timedelta(days=364))
    return ReportResult(report, columns, (), (None,) * len(columns), datetime(2026, 11, 24, tzinfo=UTC), asked, rows)


def _rows(count: int) -> Iterator[tuple[Any, ...]]:
    for number in range(count):
        gross = 8_800 + number % 997 * 100
        yield (
            START + timedelta(days=number % 365),
            f"横坎头村{number % 38}",
            f"四明山果蔬专业合作社第{number % 900}社",
            "水果/杨梅",
            number % 17 + 1,
            number % 50_000,
            gross,
            number % 3 * 100,
            gross - number % 3 * 100,
            number % 10_000,
        )


if __name__ == "__main__":
    if len(sys.argv) > 2:
        measure(int(sys.argv[1]), sys.argv[2])
    else:
        main()
