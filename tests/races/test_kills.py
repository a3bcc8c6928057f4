"""Killed at any moment (kill -9), the marketplace is whole, and who asks again gets the answer that was lost."""

import multiprocessing
import random
from collections import Counter
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from sqlmodel import select

from market.bookings.tables import Booking
from market.checkout.errors import CartEmpty, OrderRefused
from market.checkout.till import on_paid
from market.kernel.database import open_database
from market.kernel.market import Market
from market.orders.tables import CustomerOrder
from market.payments.intents import record_trade
from market.payments.port import Trade, TradeState
from market.payments.rules import PaymentState
from market.payments.tables import Payment
from tests.checkout.shop import VISIT_DAY, buyers, home, open_shop
from tests.races.invariants import wrong
from tests.races.rush import Journal, asked_again, main
from tests.races.shopping import GATEWAY, tap, tidy

KILLS = 20
PEOPLE = 12


def killed_while_selling(fair: dict[str, Any], journal: Path, seconds: float) -> None:
    """Let a process sell for so long after its first order, then kill it."""
    seller = multiprocessing.get_context("forkserver").Process(target=main, args=(fair, str(journal)))
    seller.start()
    until = monotonic() + 60
    while not any(each["what"] == "order" for each in Journal.read(journal)):
        assert monotonic() < until, "it sold nothing in a minute"
        sleep(0.02)
    sleep(seconds)
    seller.kill()
    seller.join()
    seller.close()


def ask_again(market: Market, journal: Path) -> Counter[str]:
    """Each client whose answer was lost asks again; what they got."""
    told = Journal.read(journal)
    answered = {each["key"]: each["order"] for each in told if each["what"] == "order"}
    refused = {each["key"] for each in told if each["what"] == "refused"}
    got: Counter[str] = Counter()
    for line in told:
        if line["what"] == "ask" and line["key"] not in refused:
            try:
                order_id = tap(market, asked_again(line))
            except (OrderRefused, CartEmpty):
                assert line["key"] not in answered, "an order that was answered is gone"
                continue
            assert answered.get(line["key"], order_id) == order_id, "another order for the same key"
            got[order_id] += 1
    for line in told:
        if line["what"] == "money":  # the provider repeats what was not acknowledged
            trade = Trade(line["trade"], TradeState.PAID, f"st_{line['trade']}", line["fen"], "CNY", market.now())
            record_trade(market, on_paid, GATEWAY, trade)
    return got


@pytest.fixture(name="forks", autouse=True, scope="module")
def _forks() -> None:
    multiprocessing.get_context("forkserver").set_forkserver_preload(["tests.races.rush"])


def test_killed_again_and_again_while_selling(database_url: str, tmp_path: Path) -> None:
    chance = random.Random(3)
    behind = datetime.now(UTC) - datetime.combine(VISIT_DAY - timedelta(days=9), time(), UTC)
    with closing(Market(open_database(database_url), clock=lambda: datetime.now(UTC) - behind)) as market:
        shop = open_shop(market, pieces=10_000, seats=5_000)
        people = [(buyer.account_id, home(market, buyer)) for buyer in buyers(market, PEOPLE)]
        fair = {"url": database_url, "shop": asdict(shop), "people": people, "behind": behind.total_seconds()}
        orders: set[str] = set()
        for number in range(KILLS):
            journal = tmp_path / f"{number}.journal"
            killed_while_selling(fair, journal, chance.uniform(0, 0.15))

            assert wrong(market) == [], f"after kill {number}"
            got = ask_again(market, journal)
            assert wrong(market) == [], f"after kill {number}, asked again"

            assert max(got.values()) == 1
            assert not orders & set(got)
            orders |= set(got)
        with market.read() as session:
            assert set(session.exec(select(CustomerOrder.id)).all()) == orders, "an order that nobody asked for"
            paid = session.exec(select(Payment).where(Payment.state == PaymentState.SUCCEEDED)).all()
            booked = session.exec(select(Booking)).all()
        assert len(orders) > KILLS
        assert paid
        assert booked
        tidy(market)
        assert wrong(market) == []
