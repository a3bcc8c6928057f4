"""A process that sells as fast as it can, until it is killed: `python -m tests.races.rush URL JOURNAL` (see test_kills).

What it asks for is written down before, and what it was answered after, as a client would remember it.
"""

import random
import sys
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from market.aftersales.bookings import cancel_booking
from market.checkout.errors import CartEmpty, OrderRefused
from market.checkout.place import PlaceDraft
from market.kernel.database import open_database
from market.kernel.errors import Conflict
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from tests.checkout.shop import Shop
from tests.races.shopping import (
    Tap,
    confirmed_booking,
    fill,
    give_up,
    open_trade,
    ready,
    send_refunds,
    tap,
    tell,
)
from tests.schema.stalls import Stalls


@dataclass(frozen=True)
class Fair:
    """What the process must know: where to buy what, and who buys."""

    url: str
    shop: dict[str, Any]
    people: tuple[tuple[str, str], ...]
    """Accounts, with an address of each."""
    behind: float
    """How many seconds its clock is behind: the shop's visit is in June."""

    def now(self) -> datetime:
        """This moment there."""
        return datetime.now(UTC) - timedelta(seconds=self.behind)

    def opened(self) -> Shop:
        """The shop."""
        return Shop(**{**self.shop, "stalls": Stalls(**self.shop["stalls"])})


class Journal:
    """One line for each thing asked and answered; a line that was cut off is none."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._lock = threading.Lock()

    def write(self, what: str, **facts: Any) -> None:
        """One write, so that a kill leaves whole lines, or the last one cut off."""
        with self._lock:
            self._file.write(orjson.dumps({"what": what, **facts}) + b"\n")

    @staticmethod
    def read(path: Path) -> list[dict[str, Any]]:
        """What was written."""
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        return [orjson.loads(line) for line in lines]


def asked_again(line: dict[str, Any]) -> Tap:
    """What a line of the journal asked for."""
    return Tap(Actor(ActorKind.CUSTOMER, line["buyer"]), PlaceDraft(**line["draft"]), line["key"])


def shop_for_ever(market: Market, fair: Fair, journal: Journal, number: int) -> None:
    """One buyer after the other."""
    chance, shop = random.Random(), fair.opened()
    mine = fair.people[number::THREADS]
    while True:
        account, address = chance.choice(mine)
        buyer = Actor(ActorKind.CUSTOMER, account)
        fill(market, buyer, shop, boxes=chance.randint(1, 2), adults=chance.randint(0, 2))
        asked = ready(market, buyer, address, new_id("key"))
        draft = {**asdict(asked.draft), "delivery": {}}
        journal.write("ask", key=asked.key, buyer=account, draft=draft)
        try:
            order_id = tap(market, asked)
        except (OrderRefused, CartEmpty):
            journal.write("refused", key=asked.key)
            continue
        journal.write("order", key=asked.key, order=order_id)
        try:
            go_on(market, journal, buyer, order_id, chance)
        except Conflict:
            continue  # a refusal like any other


def go_on(market: Market, journal: Journal, buyer: Actor, order_id: str, chance: random.Random) -> None:
    """What becomes of an order: given up, left, or paid, and then perhaps cancelled."""
    fate = chance.random()
    if fate < 0.2:
        give_up(market, buyer, order_id)
        return
    trade = open_trade(market, buyer, order_id)
    if fate < 0.3:
        give_up(market, buyer, order_id)  # and the money comes all the same
    journal.write("money", trade=trade.out_trade_no, fen=trade.amount_fen)
    tell(market, trade, notice=new_id("ntc"))
    if fate > 0.6:
        booking = confirmed_booking(market, order_id)
        if booking is not None:
            cancel_booking(market, buyer, booking_id=booking, key=new_id("key"))
        send_refunds(market)


THREADS = 4


def main(facts: dict[str, Any], journal: str) -> None:
    """Sell, until killed."""
    fair = Fair(**facts)
    market = Market(open_database(fair.url), clock=fair.now)
    told = Journal(Path(journal))
    threads = [threading.Thread(target=shop_for_ever, args=(market, fair, told, number)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(orjson.loads(sys.argv[1]), sys.argv[2])
