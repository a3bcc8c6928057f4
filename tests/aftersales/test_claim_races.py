"""Claims at once: one open on a line, answered once, settled once, and none on what is completed meanwhile."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest
from sqlmodel import select

from market.aftersales.claims.answer import (
    Answer,
    AnswerKind,
    answer_claim,
    settle_due_claims,
)
from market.aftersales.claims.open import ClaimDraft, open_claim
from market.aftersales.claims.own import withdraw_claim
from market.aftersales.claims.rules import ClaimReason, ClaimState, ClaimWish
from market.aftersales.errors import ClaimOpen, ClaimTooLate
from market.aftersales.tables import Claim
from market.fulfilment.complete import complete_orders
from market.kernel.errors import IllegalTransition, MarketError
from market.kernel.market import Market
from market.kernel.permissions import Actor, Role
from market.orders.commission import CommissionDraft, set_commission
from market.orders.moves import move_seller_order
from market.orders.rules import SellerOrderState
from market.payments.rules import RefundReason
from tests.aftersales.claiming import claim_of, refunds, spoilt, wrong
from tests.aftersales.sales import bought, line_of, part_of, send, staff_of
from tests.checkout.shop import Shop, key, open_shop
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    set_commission(market, ADMIN, CommissionDraft(500, market.now().date()))
    return open_shop(market)


def test_silence_is_a_yes_and_a_second_worker_finds_nothing(market: Market, clock: FakeClock, shop: Shop) -> None:
    buyer, part = bought(market, shop, 3)
    send(market, part)
    claim_id = spoilt(market, buyer, part, quantity=3, percent=100)
    clock.now += timedelta(hours=47)
    assert settle_due_claims(market) == 0
    clock.now += timedelta(hours=1)

    workers = [Thread(target=settle_due_claims, args=(market,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert claim_of(market, claim_id).state == ClaimState.REFUNDED
    assert refunds(market) == [(3 * 8_800, RefundReason.CLAIM)]
    line = line_of(market, part)
    assert (line.refunded_quantity, line.refunded_fen) == (3, line.payable_fen)
    assert settle_due_claims(market) == 0


def test_there_is_one_open_claim_on_a_line_however_often_it_is_asked(market: Market, shop: Shop) -> None:
    buyer, part = bought(market, shop, 3)
    send(market, part)
    draft = ClaimDraft(line_of(market, part).id, ClaimReason.NOT_AS_DESCRIBED, ClaimWish.REFUND)
    told: list[str] = []

    def ask(with_key: str) -> None:
        try:
            told.append(open_claim(market, buyer, draft, key=with_key))
        except MarketError as error:
            told.append(error.code)

    same = key()
    threads = [Thread(target=ask, args=(each,)) for each in [same] * 4 + [key() for _ in range(4)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with market.read() as session:
        (claim,) = session.exec(select(Claim)).all()
    assert len(told) == 8
    assert set(told) <= {claim.id, ClaimOpen.code}
    assert part_of(market, part).open_claims == 1
    withdraw_claim(market, buyer, claim_id=claim.id, key=key())
    assert part_of(market, part).open_claims == 0
    open_claim(market, buyer, draft, key=key())


def test_a_seller_order_is_completed_or_claimed_on_and_not_both(market: Market, clock: FakeClock, shop: Shop) -> None:
    """The last second of the time to claim: the worker completes what the buyer is just complaining about."""
    orders = [bought(market, shop, 1) for _ in range(4)]
    for _buyer, part in orders:
        send(market, part)
    clock.now += timedelta(days=7)
    told: list[str] = []

    def claim(buyer: Actor, part: str) -> None:
        try:
            told.append(wrong(market, buyer, part))
        except MarketError as error:
            told.append(error.code)

    threads = [Thread(target=claim, args=each) for each in orders]
    threads += [Thread(target=complete_orders, args=(market,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for _buyer, part in orders:
        found = part_of(market, part)
        assert (found.state == SellerOrderState.COMPLETED) == (found.open_claims == 0)
    assert sum(part_of(market, part).open_claims for _buyer, part in orders) == sum(
        each.startswith("clm_") for each in told
    )


def test_a_claim_that_waited_for_the_completion_comes_too_late(market: Market, shop: Shop) -> None:
    """The part is completed and not committed while the claim is opened: whichever order they run in, it is too late."""
    buyer, part = bought(market, shop, 1)
    send(market, part)
    told: list[str] = []

    def claim() -> None:
        try:
            told.append(wrong(market, buyer, part))
        except MarketError as error:
            told.append(error.code)

    thread = Thread(target=claim)
    with market.transaction() as session:
        move_seller_order(session, part, SellerOrderState.COMPLETED, actor="test", now=market.now())
        thread.start()
        thread.join(timeout=1)  # time to read what is not committed yet, and to wait for the row
    thread.join()

    assert told == [ClaimTooLate.code]
    assert part_of(market, part).open_claims == 0


def test_an_answer_twice_at_once_pays_once(market: Market, shop: Shop) -> None:
    buyer, part = bought(market, shop, 2)
    send(market, part)
    seller = staff_of(market, shop.stalls.producer, Role.OWNER)
    claim_id = wrong(market, buyer, part, quantity=2)
    told: list[str] = []

    def say(act: Callable[[], str]) -> None:
        try:
            told.append(act())
        except MarketError as error:
            told.append(error.code)

    refund, reject = Answer(claim_id, AnswerKind.REFUND), Answer(claim_id, AnswerKind.REJECT, "不退")
    acts: list[Callable[[], str]] = [
        *[lambda: answer_claim(market, seller, refund, key=key())] * 3,
        *[lambda: answer_claim(market, seller, reject, key=key())] * 2,
        lambda: withdraw_claim(market, buyer, claim_id=claim_id, key=key()),
    ]
    threads = [Thread(target=say, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(set(told)) == sorted({claim_id, IllegalTransition.code})
    assert told.count(claim_id) == 1
    state = claim_of(market, claim_id).state
    assert state in {ClaimState.REFUNDED, ClaimState.REJECTED, ClaimState.WITHDRAWN}
    assert len(refunds(market)) == (state == ClaimState.REFUNDED)
    assert part_of(market, part).open_claims == 0
