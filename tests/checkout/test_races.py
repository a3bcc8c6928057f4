"""Many buyers at once: exactly as many orders as there is to sell, and no error but that it is sold out."""

import threading
from collections import Counter

from sqlmodel import select

from market.checkout.errors import OrderRefused, ProblemKind
from market.checkout.place import PlaceDraft, place_order
from market.kernel.errors import MarketError
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.orders.tables import CustomerOrder
from market.sessions.tables import TourSession
from market.stock.tables import StockLevel
from tests.checkout.shop import buyers, home, key, open_shop, peaches, put, visit


def _rush(market: Market, people: list[tuple[Actor, str, str]], fen: int, *, taps: int = 1) -> Counter[str]:
    """All place their orders at once, each tapping so often; what they were told."""
    told: Counter[str] = Counter()
    ready = threading.Barrier(len(people) * taps)

    def tap(buyer: Actor, address: str, same: str) -> None:
        draft = PlaceDraft(expected_fen=fen, address_id=address, confirms_no_return=True)
        ready.wait()
        try:
            told[place_order(market, buyer, draft, key=same)] += 1
        except OrderRefused as refused:
            told[",".join(sorted({each.kind for each in refused.facts["problems"]}))] += 1
        except MarketError as error:
            told[type(error).__name__] += 1

    threads = [threading.Thread(target=tap, args=each) for each in people for _tap in range(taps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_fifty_buyers_want_the_last_seat(market: Market) -> None:
    shop = open_shop(market, seats=1)
    people = [(buyer, home(market, buyer), key()) for buyer in buyers(market, 50)]
    for buyer, _address, _key in people:
        put(market, buyer, visit(shop))

    told = _rush(market, people, 12_800)

    assert told[ProblemKind.SESSION_FULL] == 49, told
    with market.read() as session:
        assert len(session.exec(select(CustomerOrder)).all()) == 1
        assert session.exec(select(TourSession.taken)).one() == 1


def test_a_hundred_buyers_tap_twice_for_twenty_boxes(market: Market) -> None:
    shop = open_shop(market, pieces=20)
    people = [(buyer, home(market, buyer), key()) for buyer in buyers(market, 100)]
    for buyer, _address, _key in people:
        put(market, buyer, peaches(shop))

    told = _rush(market, people, 9_600, taps=2)

    # The second tap of whoever got one gives the same order, or comes after the cart was emptied: never another one.
    orders = {name: count for name, count in told.items() if name.startswith("ord_")}
    assert len(orders) == 20, told
    assert set(orders.values()) == {2}
    assert told[ProblemKind.SOLD_OUT] == 160
    with market.read() as session:
        assert len(session.exec(select(CustomerOrder)).all()) == 20
        level = session.get(StockLevel, shop.peaches)
        assert level is not None
        assert (level.on_hand, level.reserved) == (20, 20)


def test_orders_of_the_same_things_in_different_order_do_not_lock_one_another_out(market: Market) -> None:
    shop = open_shop(market, pieces=500, seats=100)
    people = [(buyer, home(market, buyer), key()) for buyer in buyers(market, 40)]
    for number, (buyer, _address, _key) in enumerate(people):
        choices = [peaches(shop), visit(shop)]
        put(market, buyer, *(choices if number % 2 else reversed(choices)))

    told = _rush(market, people, 8_800 + 12_800 + 800)

    assert len([name for name in told if name.startswith("ord_")]) == 40, told
