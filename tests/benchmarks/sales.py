"""The sales report over a year of orders, and the same sum straight from the order lines, in the same run.

    uv run python -m tests.benchmarks.sales [--lines 1000000] [--engine sqlite]

Makes load data in a temporary folder (for 10 million lines that takes some 30 GB and its time), checks that
both ways give the same sums, and prints times. The PostgreSQL server is that of the tests, without fsync.
"""

import argparse
import gc
import itertools
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from market.kernel.clock import business_day, system_clock
from market.kernel.database import open_database
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.migrations import metadata
from market.reports.declare import CompareWith
from market.reports.sales.ask import SalesAnswer, SalesAsked, sales_report
from market.reports.sales.rules import SalesDimension, SalesWhere
from seeds.load import seed_load
from seeds.load.orders import seed_orders
from tests.databases import ENGINES, PostgresqlDatabases, SqliteDatabases, postgresql_server
from tests.schema.stalls import ADMIN

D = SalesDimension
Sums = dict[tuple[Any, ...], tuple[int, int]]


@contextmanager
def opened(engine: str) -> Iterator[Market]:
    """A migrated marketplace of this engine, thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="market-sales-", dir=Path.cwd() / "var") as folder:
        if engine == "sqlite":
            with closing(Market(open_database(SqliteDatabases(Path(folder)).create()))) as market:
                yield market
        else:
            with postgresql_server() as server:
                databases = PostgresqlDatabases(server)
                with closing(Market(open_database(databases.create()))) as market:
                    yield market


def timed(act: Callable[[], Any], *, times: int) -> tuple[Any, str]:
    """What it gives, and how long it took once warm: the median, the 99th of a hundred and the best, in milliseconds."""
    found, took = act() if times > 1 else None, []
    for _time in range(times):
        began = time.perf_counter()
        found = act()
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    worst = took[math.ceil(len(took) * 0.99) - 1]
    return found, f"median {statistics.median(took):8.1f} ms   p99 {worst:8.1f} ms   best {took[0]:8.1f} ms"


def year() -> tuple[date, date]:
    """The 365 days that end today: load data made today has them all."""
    today = business_day(system_clock())
    return today - timedelta(days=364), today


def from_lines(market: Market, start: date, end: date) -> Sums:
    """Goods sold, by month × village × kind, from the order lines themselves."""
    tables = metadata().tables
    line, part, order = (tables[name].c for name in ("order_line", "seller_order", "customer_order"))
    firsts = sorted({(start + timedelta(days=at)).replace(day=1) for at in range((end - start).days + 1)})
    month = sa.case(*[(order.paid_day < after, first) for first, after in itertools.pairwise(firsts)], else_=firsts[-1])
    statement = (
        sa.select(
            month.label("month"), part.village_id, line.kind, sa.func.sum(line.amount_fen), sa.func.sum(line.quantity)
        )
        .join_from(tables["order_line"], tables["seller_order"], part.id == line.seller_order_id)
        .join(tables["customer_order"], order.id == line.order_id)
        .where(order.paid_day.between(start, end))
        .group_by(sa.text("1, 2, 3"))
    )
    with market.transaction(patiently=True) as session:
        if market.database.engine.name == "postgresql":
            session.execute(sa.text("SET LOCAL statement_timeout = 0"))
        return {
            (row[0] if isinstance(row[0], date) else date.fromisoformat(row[0]), row[1], str(row[2])): (
                int(row[3]),
                int(row[4]),
            )
            for row in session.execute(statement)
        }


def measure(market: Market) -> None:
    """Ask, compare, print."""
    start, end = year()

    def ask(actor: Actor, *groups: SalesDimension, times: int = 40, **more: Any) -> SalesAnswer:
        asked = SalesAsked(**{"start": start, "end": end, "group_by": groups, **more})
        found, took = timed(lambda: sales_report(market, actor, asked), times=times)
        of = " × ".join(groups) or "no groups"
        print(f"  salesReport {of:38} {', '.join(more):24} {took}   {len(found.rows):5} rows", flush=True)
        answer: SalesAnswer = found
        return answer

    found = ask(ADMIN, D.MONTH, D.VILLAGE, D.KIND)
    lines, took = timed(lambda: from_lines(market, start, end), times=3)
    print(f"  the same sum from order lines {'':33} {took}   {len(lines):5} rows", flush=True)
    sums = {row.key: (row.now.gross_fen, row.now.units) for row in found.rows if row.now.gross_fen}
    assert sums == lines, "the two ways differ"
    ask(ADMIN, D.MONTH, D.VILLAGE, D.KIND, compare_with=CompareWith.LAST_YEAR)
    half = end - timedelta(days=181)
    ask(ADMIN, D.MONTH, D.VILLAGE, D.KIND, start=half, compare_with=CompareWith.PREVIOUS_PERIOD)
    ask(ADMIN, D.MONTH, D.CHANNEL)
    ask(ADMIN, D.DAY, D.COUNTY, start=end - timedelta(days=30))
    month_ago, fenghua = end - timedelta(days=29), SalesWhere(regions=("330213000000",))
    ask(ADMIN, D.DAY, D.PRODUCER, start=month_ago, where=fenghua)
    ask(ADMIN, D.PRODUCER)
    ask(ADMIN, D.MONTH, D.CATEGORY)
    best = ask(ADMIN, D.PRODUCER, times=1).rows[0].key[0]
    mine = Actor(ActorKind.MEMBER, "acc_benchmark", organisations={str(best): frozenset({Role.OWNER})})
    ask(mine, D.MONTH, D.LISTING)
    ask(mine, D.DAY, D.KIND, start=month_ago, compare_with=CompareWith.PREVIOUS_PERIOD)
    county = Actor(
        ActorKind.STAFF,
        "acc_benchmark",
        staff_roles=frozenset({Role.STAFF_ANALYST}),
        region_codes=frozenset({"330213000000"}),
    )
    ask(county, D.MONTH, D.TOWNSHIP, D.KIND)
    ask(ADMIN, D.MONTH, times=3, start=end - timedelta(days=30), with_buyers=True)
    ask(ADMIN, D.KIND, where=fenghua)


def main() -> None:
    """Seed, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--database-url", help="One that has load orders (market seed --load orders-1m), only read.")
    given = parser.parse_args()
    gc.freeze()  # as a server does (schema.app.asgi)
    if given.database_url:
        with closing(Market(open_database(given.database_url))) as market:
            measure(market)
        return
    Path("var").mkdir(exist_ok=True)
    for engine in given.engine or ENGINES:
        with opened(engine) as market:
            seed_load(market, "small")
            report = seed_orders(market, given.lines)
            print(f"{engine}: {given.lines:,} order lines made in {report.seconds:.0f} s", flush=True)
            measure(market)


if __name__ == "__main__":
    main()
