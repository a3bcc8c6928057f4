"""Claims: answered or taken to staff, paid from what was sold to the fen; what cannot be claimed, and by whom."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from market.aftersales.claims.answer import (
    Answer,
    AnswerKind,
    Decision,
    answer_claim,
    decide_claim,
)
from market.aftersales.claims.open import ClaimDraft, open_claim
from market.aftersales.claims.own import escalate_claim, send_return, withdraw_claim
from market.aftersales.claims.rules import MOVES, UNSETTLED, ClaimReason, ClaimState, ClaimWish
from market.aftersales.errors import ClaimTooLate, NotDelivered
from market.aftersales.tables import Claim, ClaimPhoto
from market.fulfilment.rules import Carrier
from market.kernel.errors import Forbidden, IllegalTransition, Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.orders.commission import CommissionDraft, set_commission
from market.orders.moves import move_seller_order
from market.orders.rules import LineKind, SellerOrderState
from market.orders.tables import OrderEvent
from market.payments.rules import RefundReason
from tests.aftersales.claiming import MODERATOR, claim_of, photo, refunds, spoilt, wrong
from tests.aftersales.sales import books, bought, line_of, part_of, send, staff_of
from tests.checkout.shop import Shop, buyers, key, open_shop
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    set_commission(market, ADMIN, CommissionDraft(500, market.now().date()))
    return open_shop(market)


def test_spoilt_peaches_are_paid_by_their_share_and_stay_with_the_buyer(market: Market, shop: Shop) -> None:
    buyer, part = bought(market, shop, 3)
    send(market, part)
    seller = staff_of(market, shop.stalls.producer, Role.OWNER)
    claim_id = spoilt(market, buyer, part)
    claim = claim_of(market, claim_id)
    assert (claim.asked_fen, claim.state) == (2 * 8_800 * 40 // 100, ClaimState.OPEN)
    assert claim.due_at == market.now() + timedelta(hours=48)
    assert part_of(market, part).open_claims == 1

    answer_claim(market, seller, Answer(claim_id, AnswerKind.REFUND, "抱歉"), key=key())

    after = claim_of(market, claim_id)
    assert (after.state, after.refunded_fen, after.answer) == (ClaimState.REFUNDED, 7_040, "抱歉")
    assert (after.due_at, after.settled_at) == (None, market.now())
    assert refunds(market) == [(7_040, RefundReason.CLAIM)]
    assert line_of(market, part).refunded_quantity == 0
    assert part_of(market, part).open_claims == 0
    assert books(market)["REFUND_CLEARING"] == -7_040
    with market.read() as session:
        assert len(session.exec(select(ClaimPhoto)).all()) == 1
        events = session.exec(select(OrderEvent).where(OrderEvent.seller_order_id == part)).all()
    told = [(each.what, each.facts.get("claim")) for each in events if each.what.startswith("claim.")]
    assert told == [("claim.opened", claim_id), ("claim.refunded", claim_id)]


def test_a_part_is_offered_and_staff_have_the_last_word(market: Market, shop: Shop) -> None:
    buyer, part = bought(market, shop, 2)
    send(market, part)
    seller = staff_of(market, shop.stalls.producer, Role.FINANCE)
    claim_id = wrong(market, buyer, part, quantity=2)
    with pytest.raises(Invalid):
        answer_claim(market, seller, Answer(claim_id, AnswerKind.REFUND, amount_fen=17_601), key=key())
    answer_claim(market, seller, Answer(claim_id, AnswerKind.REFUND, "退一半", 5_000), key=key())
    assert claim_of(market, claim_id).state == ClaimState.PARTLY_REFUNDED
    with pytest.raises(Forbidden):
        decide_claim(market, buyer, Decision(claim_id, "我要", 1), key=key())

    escalate_claim(market, buyer, claim_id=claim_id, text="不够", key=key())
    with pytest.raises(IllegalTransition):
        answer_claim(market, seller, Answer(claim_id, AnswerKind.REFUND), key=key())
    with pytest.raises(NotFound):
        decide_claim(
            market,
            Actor(
                ActorKind.STAFF,
                "acc_elsewhere",
                staff_roles=frozenset({Role.STAFF_MODERATOR}),
                region_codes=frozenset({"330281000000"}),
            ),
            Decision(claim_id, "退", 1),
            key=key(),
        )
    with pytest.raises(Invalid):
        decide_claim(market, MODERATOR, Decision(claim_id, "退", 12_601), key=key())
    decide_claim(market, MODERATOR, Decision(claim_id, "再退三千分", 3_000), key=key())

    after = claim_of(market, claim_id)
    assert (after.state, after.refunded_fen, after.decision) == (ClaimState.REFUNDED, 8_000, "再退三千分")
    assert [fen for fen, _reason in refunds(market)] == [5_000, 3_000]
    assert part_of(market, part).open_claims == 0


def test_a_no_can_be_taken_to_staff_for_a_week(market: Market, clock: FakeClock, shop: Shop) -> None:
    buyer, part = bought(market, shop, 2)
    send(market, part)
    seller = staff_of(market, shop.stalls.producer, Role.OWNER)
    claim_id = wrong(market, buyer, part)
    with pytest.raises(Invalid):
        answer_claim(market, seller, Answer(claim_id, AnswerKind.REJECT, "  "), key=key())
    answer_claim(market, seller, Answer(claim_id, AnswerKind.REJECT, "与页面一致"), key=key())
    assert part_of(market, part).open_claims == 0
    clock.now += timedelta(days=7)
    with pytest.raises(ClaimTooLate):
        escalate_claim(market, buyer, claim_id=claim_id, text="不服", key=key())
    clock.now -= timedelta(minutes=1)
    escalate_claim(market, buyer, claim_id=claim_id, text="不服", key=key())
    decide_claim(market, MODERATOR, Decision(claim_id, "商家有理"), key=key())

    assert claim_of(market, claim_id).state == ClaimState.DISMISSED
    assert refunds(market) == []


def test_three_claims_for_a_box_each_give_back_the_whole_to_the_fen(market: Market, shop: Shop) -> None:
    buyer, part = bought(market, shop, 3)
    with market.transaction() as session:  # as though a discount had left what three do not divide
        session.execute(sa.text("UPDATE order_line SET discount_fen = 1, payable_fen = payable_fen - 1"))
        session.execute(sa.text("UPDATE seller_order SET discount_fen = 1, payable_fen = payable_fen - 1"))
        session.execute(sa.text("UPDATE customer_order SET discount_fen = 1, payable_fen = payable_fen - 1"))
    send(market, part)
    seller = staff_of(market, shop.stalls.producer, Role.OWNER)
    for _box in range(3):
        claim_id = wrong(market, buyer, part)
        answer_claim(market, seller, Answer(claim_id, AnswerKind.REFUND), key=key())

    line = line_of(market, part)
    assert (line.refunded_fen, line.refunded_quantity) == (3 * 8_800 - 1, 3)
    assert line.commission_refunded_fen == line.commission_fen


def test_what_cannot_be_claimed(market: Market, clock: FakeClock, shop: Shop) -> None:
    buyer, part = bought(market, shop, 2, adults=1)
    (stranger,) = buyers(market, 1)
    line, booking, gift = (line_of(market, part, kind).id for kind in LineKind)
    seen = photo(market, buyer)

    def draft(line_id: str = line, **more: Any) -> ClaimDraft:
        given: dict[str, Any] = {"reason": ClaimReason.NOT_AS_DESCRIBED, "wish": ClaimWish.REFUND, **more}
        return ClaimDraft(line_id, **given)

    with pytest.raises(NotDelivered):
        open_claim(market, buyer, draft(), key=key())
    with pytest.raises(NotDelivered):
        open_claim(market, buyer, draft(booking, reason=ClaimReason.POOR_SERVICE), key=key())
    send(market, part)
    told = []
    for of in (line, "lin_unknown"):
        with pytest.raises(NotFound) as refused:
            open_claim(market, stranger, draft(of), key=key())
        told.append(str(refused.value))
    assert told[0] == told[1]
    wrongs = [
        draft(quantity=3),
        draft(quantity=0),
        draft(text="长" * 1_001),
        draft(reason=ClaimReason.SPOILED, spoilage_percent=50),
        draft(reason=ClaimReason.SPOILED, photo_ids=(seen,)),
        draft(reason=ClaimReason.SPOILED, photo_ids=(seen,), spoilage_percent=101),
        draft(spoilage_percent=50),
        draft(reason=ClaimReason.DAMAGED),
        draft(photo_ids=(seen, seen)),
        draft(reason=ClaimReason.POOR_SERVICE),
        draft(reason=ClaimReason.NO_REASON),
        draft(reason=ClaimReason.NOT_ARRIVED, wish=ClaimWish.RETURN),
        draft(gift),
        draft(booking, wish=ClaimWish.RESHIP),
    ]
    for each in wrongs:
        with pytest.raises(Invalid):
            open_claim(market, buyer, each, key=key())
    with pytest.raises(NotFound):
        open_claim(market, buyer, draft(photo_ids=(photo(market, stranger, "b"),)), key=key())
    clock.now += timedelta(days=7, seconds=1)
    with pytest.raises(ClaimTooLate):
        open_claim(market, buyer, draft(), key=key())
    clock.now -= timedelta(days=7)
    with market.transaction() as session:
        move_seller_order(session, part, SellerOrderState.COMPLETED, actor="test", now=market.now())
    with pytest.raises(ClaimTooLate):
        open_claim(market, buyer, draft(), key=key())
    with market.read() as session:
        assert session.exec(select(Claim)).all() == []


def test_strangers_do_nothing_with_a_claim_and_learn_nothing(market: Market, shop: Shop) -> None:
    buyer, part = bought(market, shop, 1)
    send(market, part)
    claim_id = wrong(market, buyer, part)
    (stranger,) = buyers(market, 1)
    told = set()
    for of in (claim_id, "clm_" + "0" * 26):
        acts: list[Callable[[], str]] = [
            lambda of=of: withdraw_claim(market, stranger, claim_id=of, key=key()),  # type: ignore[misc]
            lambda of=of: escalate_claim(market, stranger, claim_id=of, text="我", key=key()),  # type: ignore[misc]
            lambda of=of: send_return(  # type: ignore[misc]
                market, stranger, claim_id=of, carrier=Carrier.SF, number="SF1234567890", key=key()
            ),
        ]
        for act in acts:
            with pytest.raises(NotFound) as refused:
                act()
            told.add(str(refused.value))
    assert len(told) == 1
    with pytest.raises(Forbidden):
        answer_claim(market, stranger, Answer(claim_id, AnswerKind.REFUND), key=key())
    assert claim_of(market, claim_id).state == ClaimState.OPEN


def test_every_move_is_settled_or_leads_to_a_settled_state() -> None:
    ends = {state for state in ClaimState if not MOVES[state]}
    assert ends.isdisjoint(UNSETTLED)
    for state in ClaimState:
        reached, waiting = {state}, [state]
        while waiting:
            new = MOVES[waiting.pop()] - reached
            reached |= new
            waiting += new
        assert reached & ends
