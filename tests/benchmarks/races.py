"""Races for what there is too little of, as the checkout benchmark prints them: how many won, what the others were told,
how long it took. The tests hold the same races with fewer buyers (tests/checkout/test_races.py)."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import select

from market.checkout.carts import LineChoice
from market.checkout.errors import OrderRefused, ProblemKind
from market.checkout.place import PlaceDraft, place_order
from market.kernel.database import open_database
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.orders.tables import CustomerOrder
from tests.checkout.shop import Shop, buyers, home, key, open_shop, peaches, put, visit
from tests.clock import FakeClock
from tests.databases import Databases


@dataclass(frozen=True)
class Race:
    """So many want the same, each tapping so often; there are pieces and seats to sell, and as many as can win."""

    name: str
    choice: Callable[[Shop], LineChoice]
    fen: int
    pieces: int
    seats: int
    winners: int
    buyers: int
    taps: int
    refusal: ProblemKind
    """The only thing that the others may be told."""


RACES = (
    Race(
        "300 buyers tap twice for 50 boxes",
        peaches,
        fen=9_600,
        pieces=50,
        seats=1,
        winners=50,
        buyers=300,
        taps=2,
        refusal=ProblemKind.SOLD_OUT,
    ),
    Race(
        "50 buyers want the last seat",
        visit,
        fen=12_800,
        pieces=100,
        seats=1,
        winners=1,
        buyers=50,
        taps=1,
        refusal=ProblemKind.SESSION_FULL,
    ),
)


def races(source: Databases) -> None:
    """Print the table. Refuses with AssertionError when too many or too few won, or anybody was told anything else."""
    print("\n| | orders | told the same again | refused | other errors | p99 ms | longest ms |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for race in RACES:
        url = source.create()
        with closing(Market(open_database(url), clock=FakeClock())) as market:
            print(_run(market, race), flush=True)
        source.drop(url)


def _run(market: Market, race: Race) -> str:
    shop = open_shop(market, pieces=race.pieces, seats=race.seats)
    people = buyers(market, race.buyers)
    taps = []
    for buyer in people:
        put(market, buyer, race.choice(shop))
        draft = PlaceDraft(expected_fen=race.fen, address_id=home(market, buyer), confirms_no_return=True)
        taps += [(buyer, draft, key())] * race.taps
    told, waits = asyncio.run(_rush(market, taps))
    orders = {name: count for name, count in told.items() if name.startswith("ord_")}
    with market.read() as session:
        made = session.exec(select(sa.func.count()).select_from(CustomerOrder)).one()
    refused = told[race.refusal]
    others = len(taps) - sum(orders.values()) - refused
    assert made == len(orders) == race.winners, told
    assert set(orders.values()) == {race.taps}, told
    assert others == 0, told
    p99, longest = waits[int(len(waits) * 0.99)] * 1000, waits[-1] * 1000
    again = sum(orders.values()) - made
    return f"| {race.name} | {made} | {again} | {refused} | {others} | {p99:.0f} | {longest:.0f} |"


async def warmed(market: Market) -> None:
    """Every writer has its thread and its connection, as in a server that has run for a while."""
    writers = market.database.engine.writers
    together = threading.Barrier(writers)

    def connect() -> None:
        with market.transaction() as session:
            session.connection()
            together.wait()

    await asyncio.gather(*(market.run(connect) for _ in range(writers)))


async def _rush(market: Market, taps: Sequence[tuple[Actor, PlaceDraft, str]]) -> tuple[Counter[str], list[float]]:
    """All at once, through the threads that the API uses; what each was told, and how long each waited, in order."""
    told: Counter[str] = Counter()
    waits = []

    async def tap(buyer: Actor, draft: PlaceDraft, same: str) -> None:
        start = time.perf_counter()
        try:
            answer = await market.run(place_order, market, buyer, draft, key=same)
        except OrderRefused as refused:
            answer = ",".join(sorted({each.kind for each in refused.facts["problems"]}))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted and refused
            answer = type(error).__name__
        told[answer] += 1
        waits.append(time.perf_counter() - start)

    await warmed(market)
    await asyncio.gather(*(tap(*each) for each in taps))
    return told, sorted(waits)
