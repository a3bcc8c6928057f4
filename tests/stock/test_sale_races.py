"""Many buy at once: nothing is sold twice, and nobody waits in a circle."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from psycopg.errors import DeadlockDetected
from sqlalchemy.exc import DBAPIError

from market.kernel.errors import Unavailable
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.stock.corrections import adjust, cause_of, count
from market.stock.holds import extend_step, hold_step
from market.stock.manage import adjust_stock, take_back_holds
from market.stock.rules import AdjustReason
from market.stock.whose import stocked
from tests.clock import FakeClock
from tests.stock.doing import FIFTEEN, at_once, consume, extend, hold, kinds, release
from tests.stock.farms import (
    ADMIN,
    a_key,
    a_producer,
    a_variant,
    assert_adds_up,
    holds,
    level,
    receive,
    told,
    variants_of,
)


def test_three_hundred_buyers_of_fifty_pieces_get_fifty(market: Market) -> None:
    variant = a_variant(market)
    receive(market, variant, 50)

    outcomes = at_once(market, [partial(hold, market, {variant: 1}, holder=f"order-{n}") for n in range(300)])

    assert kinds(outcomes) == {"NoneType": 50, "SoldOut": 250}
    assert (level(market, variant).reserved, len(holds(market)), told(market, variant)) == (50, 50, "SOLD_OUT")
    assert_adds_up(market)


def test_buyers_of_several_variants_in_any_order_never_block_each_other(market: Market) -> None:
    variants = variants_of(market, a_producer(market), 6) + variants_of(market, a_producer(market), 6)
    for variant in variants:
        receive(market, variant, 30)
    chance = random.Random(7)

    def buy(number: int) -> Callable[[], None]:
        wanted = {variant: chance.randint(1, 3) for variant in chance.sample(variants, 5)}
        return lambda: hold(market, wanted, holder=f"order-{number}")

    outcomes = at_once(market, [buy(number) for number in range(150)])

    assert set(kinds(outcomes)) == {"NoneType", "SoldOut"}
    held = Counter[str]()
    for (_holder, variant), quantity in holds(market).items():
        held[variant] += quantity
    assert max(held.values()) <= 30
    assert len({holder for holder, _variant in holds(market)}) == kinds(outcomes)["NoneType"]
    assert_adds_up(market)


def test_buyers_of_the_last_pieces_never_block_each_other_over_products(market: Market) -> None:
    """Each sale changes what is told of a product, and the order of variants is not that of their products."""
    ids, producer = sorted(new_id("var") for _ in range(12)), a_producer(market)
    for product in range(3):
        for variant in variants_of(market, producer, ids=ids[product::3]):
            receive(market, variant, 1)
    chance = random.Random(2)

    def buy_and_give_back(number: int) -> Callable[[], None]:
        wanted, holder = dict.fromkeys(chance.sample(ids, 2), 1), f"order-{number}"

        def act() -> None:
            hold(market, wanted, holder=holder)
            release(market, holder=holder)

        return act

    outcomes = at_once(market, [buy_and_give_back(number) for number in range(160)])

    assert set(kinds(outcomes)) <= {"NoneType", "SoldOut"}
    assert kinds(outcomes)["NoneType"] > 0
    assert_adds_up(market)


def test_ended_holds_are_taken_back_by_as_many_buyers_as_there_are_pieces(market: Market, clock: FakeClock) -> None:
    variants = variants_of(market, a_producer(market), 3)
    for variant in variants:
        receive(market, variant, 20)
    for number in range(20):
        hold(market, dict.fromkeys(variants, 1), holder=f"gone-{number}")
    clock.advance(minutes=15)

    outcomes = at_once(
        market, [partial(hold, market, dict.fromkeys(variants, 1), holder=f"order-{n}") for n in range(100)]
    )

    assert kinds(outcomes) == {"NoneType": 20, "SoldOut": 80}
    assert {holder.split("-")[0] for holder, _variant in holds(market)} == {"order"}
    assert_adds_up(market)


def test_a_hold_that_ends_is_either_paid_or_taken_by_the_next(market: Market) -> None:
    """One side's clock is past the end and the other's is not: both claim the same pieces."""
    variant = a_variant(market)
    receive(market, variant, 20)
    begin = market.now()
    for number in range(20):
        hold(market, {variant: 1}, holder=f"first-{number}", until=begin + FIFTEEN)

    def pay(number: int) -> None:
        with market.transaction() as session:
            holder = f"first-{number}"
            extend_step(session, {variant: 1}, until=None, holder=holder, now=begin + FIFTEEN - timedelta(seconds=1))

    def take(number: int) -> None:
        now = begin + FIFTEEN
        with market.transaction() as session:
            hold_step(session, {variant: 1}, until=now + FIFTEEN, holder=f"next-{number}", now=now)

    acts = [partial(pay, n) for n in range(20)] + [partial(take, n) for n in range(20)]
    random.Random(3).shuffle(acts)
    outcomes = at_once(market, acts)

    assert set(kinds(outcomes)) <= {"NoneType", "HoldExpired", "SoldOut"}
    paid = [key for key in holds(market) if key[0].startswith("first")]
    taken = [key for key in holds(market) if key[0].startswith("next")]
    assert len(paid) + len(taken) <= 20
    assert kinds(outcomes)["NoneType"] == len(paid) + len(taken)
    assert level(market, variant).reserved == len(paid) + len(taken)
    assert_adds_up(market)


def test_writing_off_and_selling_at_once_never_leaves_less_than_is_promised(market: Market) -> None:
    variant = a_variant(market)
    receive(market, variant, 40)

    def spoil(number: int) -> object:
        reason = AdjustReason.SPOILED
        return adjust_stock(market, ADMIN, variant_id=variant, by=-1, reason=reason, idempotency_key=a_key(f"{number}"))

    acts: list[Callable[[], object]] = [partial(spoil, n) for n in range(40)]
    acts += [partial(hold, market, {variant: 1}, holder=f"order-{n}") for n in range(40)]
    random.Random(5).shuffle(acts)
    outcomes = at_once(market, acts)

    done = kinds(outcomes)
    assert done["NoneType"] + done["Level"] == 40
    assert done["SoldOut"] + done["StockPromised"] == 40
    assert (level(market, variant).free, told(market, variant)) == (0, "SOLD_OUT")
    assert_adds_up(market)


def test_parts_of_one_hold_are_shipped_at_once_to_the_last_piece(market: Market) -> None:
    for number in range(5):
        variant, holder = a_variant(market), f"order-{number}"
        receive(market, variant, 10)
        hold(market, {variant: 10}, holder=holder)

        outcomes = at_once(market, [partial(consume, market, {variant: 2}, holder=holder)] * 7)

        assert kinds(outcomes) == {"dict": 5, "HoldExpired": 2}
        assert (level(market, variant).on_hand, level(market, variant).reserved) == (0, 0)
    assert_adds_up(market)


def test_everything_at_once_adds_up_and_nobody_waits_in_a_circle(market: Market, clock: FakeClock) -> None:
    variants = variants_of(market, a_producer(market), 4) + variants_of(market, a_producer(market), 4)
    for variant in variants:
        receive(market, variant, 12)
    chance = random.Random(11)
    for number in range(12):
        hold(
            market, dict.fromkeys(chance.sample(variants, 4), 1), holder=f"order-{number}", until=market.now() + FIFTEEN
        )
    clock.advance(minutes=15)

    def correct(variant: str, by: int | None) -> None:
        now = market.now()
        with market.transaction() as session:
            whose = stocked(session, ADMIN, now=now, variant_id=variant)
            cause = cause_of(AdjustReason.COUNTED, ADMIN, now)
            if by is None:
                count(session, whose, cause, counted=10)
            else:
                adjust(session, whose, cause, by=by)

    def something(number: int) -> Callable[[], object]:
        some = {variant: chance.randint(1, 3) for variant in chance.sample(variants, 3)}
        [one, *_rest] = some
        holder, by = f"order-{chance.randint(0, 40)}", chance.choice([-1, 1, None])
        match number % 8:
            case 0 | 1:
                return lambda: hold(market, some, holder=f"buyer-{number}")
            case 2:
                return lambda: release(market, holder=holder)
            case 3:
                return lambda: extend(market, some, holder=holder)
            case 4:
                return lambda: consume(market, {one: 1}, holder=f"buyer-{number - 4}")
            case 5:
                return lambda: receive(market, one, 1)
            case 6:
                return lambda: correct(one, by)
        return lambda: take_back_holds(market)

    outcomes = at_once(market, [something(number) for number in range(240)])

    # Who waits in a circle is told so by the engine. Who only waits too long (a disk that stops for seconds) was refused
    # with nothing done, which `assert_adds_up` holds.
    waited = [reason_of(each) for each in outcomes if isinstance(each, Unavailable)]
    assert not [reason for reason in waited if isinstance(reason, DeadlockDetected)]
    assert len(waited) < len(outcomes) / 2, waited
    assert_adds_up(market)


def reason_of(refusal: Unavailable) -> BaseException | None:
    """What the engine said."""
    cause = refusal.__cause__
    return cause.orig if isinstance(cause, DBAPIError) else cause
