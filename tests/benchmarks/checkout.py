"""Orders placed a second by many buyers at once, beside the same statements sent by hand through the raw driver; then
the races for what there is too little of.

    python -m tests.benchmarks.checkout                  # both engines; 50 buyers, then 300; 600 orders a round
    python -m tests.benchmarks.checkout --engine sqlite --buyers 50 --rounds 9

The floor: every statement of every transaction is recorded while the orders are placed once, one after the other; then
it is sent again, to a copy of the same database, with the same parameters, by as many threads as there are writers. So
the floor does the same work in the database and none of ours. The two take turns, and each has its connections open
before its time begins. PostgreSQL runs without fsync here, SQLite with it.
"""

import argparse
import asyncio
import gc
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlmodel import select

from market.catalogue.tables import Variant
from market.checkout.carts import LineChoice
from market.checkout.place import PlaceDraft, place_order
from market.kernel.database import open_database
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from market.orders.tables import CustomerOrder
from market.stock.drafts import LotDraft
from market.stock.manage import receive_stock
from tests.benchmarks.races import races, warmed
from tests.checkout.shop import buyers, home, key, open_shop, put
from tests.clock import FakeClock
from tests.databases import ENGINES, Databases, PostgresqlDatabases, SqliteDatabases, postgresql_server
from tests.schema.stalls import ADMIN, sell

SPREAD = 60
"""Items that the spread orders are of."""
Statements = list[tuple[str, Any, bool]]


@dataclass(frozen=True)
class Wanted:
    """An order that is about to be placed."""

    buyer: str
    draft: PlaceDraft
    key: str


@dataclass
class Measured:
    """How long each took, and all of them."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)

    def line(self, name: str) -> str:
        """A row of the table."""
        waits = sorted(self.waits)
        p99 = waits[int(len(waits) * 0.99)] * 1000
        return (
            f"| {name} | {len(waits) / self.seconds:.0f} | {statistics.median(waits) * 1000:.1f} "
            f"| {p99:.1f} | {waits[-1] * 1000:.1f} |"
        )


@contextmanager
def databases(engine: str) -> Iterator[Databases]:
    """Where to get databases of the engine."""
    if engine == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield SqliteDatabases(Path(folder))
    else:
        with postgresql_server() as server:
            yield PostgresqlDatabases(server)


def stocked(url: str, *, orders: int, is_hot: bool) -> list[Wanted]:
    """A shop whose buyers have filled their carts: all with the same item, or each with one of many."""
    clock = FakeClock()
    with closing(Market(open_database(url), clock=clock)) as market:
        shop = open_shop(market, pieces=10 * orders)
        items = [shop.peaches] if is_hot else [_item(market, shop.stalls, each) for each in range(SPREAD)]
        for item in items if not is_hot else ():
            receive_stock(market, ADMIN, LotDraft(item, orders), idempotency_key=key())
        wanted = []
        for number, buyer in enumerate(buyers(market, orders)):
            put(market, buyer, LineChoice(variant_id=items[number % len(items)], quantity=1))
            draft = PlaceDraft(expected_fen=9_600, address_id=home(market, buyer), confirms_no_return=True)
            wanted.append(Wanted(str(buyer.account_id), draft, key()))
        with market.transaction() as session:
            session.execute(sa.text("ANALYZE"))
        return wanted


def _item(market: Market, stalls: Any, number: int) -> str:
    listing = sell(market, stalls, f"水蜜桃{number}", stalls.peach)
    with market.read() as session:
        return session.exec(select(Variant.id).where(Variant.listing_id == listing)).one()


def place(market: Market, each: Wanted) -> str:
    """The use case, as the API calls it."""
    return place_order(market, Actor(ActorKind.CUSTOMER, each.buyer), each.draft, key=each.key)


async def ours(market: Market, wanted: Sequence[Wanted], *, at_once: int) -> Measured:
    """So many buyers at once, each placing one order after the other, through the threads that the API uses."""
    measured, queue = Measured(), iter(wanted)

    async def buyer() -> None:
        for each in queue:
            start = time.perf_counter()
            await market.run(place, market, each)
            measured.waits.append(time.perf_counter() - start)

    await warmed(market)
    start = time.perf_counter()
    await asyncio.gather(*(buyer() for _ in range(at_once)))
    measured.seconds = time.perf_counter() - start
    return measured


def recorded(market: Market, wanted: Sequence[Wanted]) -> list[Statements]:
    """What each order sends to the database."""
    found: list[Statements] = []

    @event.listens_for(market.database.writer, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not statement.startswith("BEGIN"):
            found[-1].append((statement, parameters, many))

    for each in wanted:
        found.append([])
        place(market, each)
    return found


def floor(url: str, transactions: Sequence[Statements], *, at_once: int) -> Measured:
    """The same by hand: as many threads as writers, each with a connection of its own; the others wait."""
    with closing(open_database(url)) as database:
        measured, is_sqlite = Measured(), database.engine.name == "sqlite"
        connections = [database.writer.raw_connection() for _ in range(database.engine.writers)]
        free = [connection.cursor() for connection in connections]

        def send(statements: Statements) -> None:
            cursor = free.pop()
            if is_sqlite:
                cursor.execute("BEGIN IMMEDIATE")
            for statement, parameters, many in statements:
                (cursor.executemany if many else cursor.execute)(statement, parameters)
                if cursor.description is not None:
                    cursor.fetchall()
            if is_sqlite:
                cursor.execute("COMMIT")
            else:
                cursor.connection.commit()
            free.append(cursor)

        def timed(statements: Statements, asked: float) -> None:
            send(statements)
            measured.waits.append(time.perf_counter() - asked)

        async def everybody() -> None:
            loop, queue = asyncio.get_running_loop(), iter(transactions)

            async def buyer() -> None:
                for each in queue:
                    await loop.run_in_executor(threads, timed, each, time.perf_counter())

            start = time.perf_counter()
            await asyncio.gather(*(buyer() for _ in range(at_once)))
            measured.seconds = time.perf_counter() - start

        with ThreadPoolExecutor(database.engine.writers) as threads:
            asyncio.run(everybody())
        for connection in connections:
            connection.close()
        return measured


def measure(source: Databases, *, orders: int, at_once: int, is_hot: bool, rounds: int) -> None:
    """One table: floor and ours, turn about, each on a fresh copy of the same shop."""
    template = source.create()
    wanted = stocked(template, orders=orders, is_hot=is_hot)
    copy = source.create(template=template)
    with closing(Market(open_database(copy), clock=FakeClock())) as market:
        transactions = recorded(market, wanted)
    source.drop(copy)
    print(f"\n{'one hot item' if is_hot else 'spread items'}, {at_once} buyers at once, {orders} orders, "
          f"{statistics.mean(map(len, transactions)):.0f} statements each\n")  # fmt: skip
    print("| | orders/s | median ms | p99 ms | longest ms |\n|---|--:|--:|--:|--:|")
    ratios = []
    for number in range(rounds):
        if number % 2:  # so that neither always goes first
            placed = _placed(source, template, wanted, at_once)
        beneath = _beneath(source, template, transactions, at_once)
        if not number % 2:
            placed = _placed(source, template, wanted, at_once)
        ratios.append(beneath.seconds / placed.seconds)
        print(beneath.line("raw driver"))
        print(placed.line(f"market ({ratios[-1]:.0%} of it)"), flush=True)
    print(f"\nmedian of the rounds: {statistics.median(ratios):.0%} of the raw driver")


def _beneath(source: Databases, template: str, transactions: Sequence[Statements], at_once: int) -> Measured:
    copy = source.create(template=template)
    found = floor(copy, transactions, at_once=at_once)
    source.drop(copy)
    return found


def _placed(source: Databases, template: str, wanted: Sequence[Wanted], at_once: int) -> Measured:
    copy = source.create(template=template)
    with closing(Market(open_database(copy), clock=FakeClock())) as market:
        found = asyncio.run(ours(market, wanted, at_once=at_once))
        with market.read() as session:
            assert session.exec(select(sa.func.count()).select_from(CustomerOrder)).one() == len(wanted)
    source.drop(copy)
    return found


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--buyers", type=int, action="append", help="how many at once; 50, then 300")
    parser.add_argument("--orders", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    gc.freeze()  # as a server does (schema.app.asgi)
    for engine in asked.engine or ENGINES:
        print(f"\n## {engine}")
        with databases(engine) as source:
            for at_once in asked.buyers or (50, 300):
                for is_hot in (True, False):
                    measure(source, orders=asked.orders, at_once=at_once, is_hot=is_hot, rounds=asked.rounds)
            races(source)


if __name__ == "__main__":
    main()
