"""Returns where the law allows them, and replacements: sent, paid, or ended when nobody acts."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from market.aftersales.claims.answer import (
    Answer,
    AnswerKind,
    Decision,
    answer_claim,
    decide_claim,
    reship_claim,
    settle_due_claims,
)
from market.aftersales.claims.open import ClaimDraft, open_claim
from market.aftersales.claims.own import escalate_claim, send_return
from market.aftersales.claims.rules import ClaimReason, ClaimState, ClaimWish
from market.aftersales.errors import NotReturnable
from market.fulfilment.complete import complete_orders
from market.fulfilment.deliver import confirm_receipt
from market.fulfilment.rules import Carrier, ShipmentState, TrackingState
from market.fulfilment.tables import Shipment
from market.kernel.errors import IllegalTransition
from market.kernel.market import Market
from market.kernel.permissions import Role
from market.orders.commission import CommissionDraft, set_commission
from market.payments.rules import RefundReason
from market.stock.check import stock_check
from market.stock.errors import SoldOut
from market.stock.tables import StockLevel
from tests.aftersales.claiming import MODERATOR, claim_of, refunds, sold_for_good, wrong
from tests.aftersales.sales import books, bought, line_of, send, staff_of
from tests.checkout.shop import Shop, key, open_shop
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    set_commission(market, ADMIN, CommissionDraft(500, market.now().date()))
    return open_shop(market)


def test_what_the_law_lets_be_sent_back_comes_back_and_is_paid(market: Market, clock: FakeClock, shop: Shop) -> None:
    buyer, part = bought(market, shop, 3)
    send(market, part)
    seller = staff_of(market, shop.stalls.producer, Role.OWNER)
    line = line_of(market, part).id
    draft = ClaimDraft(line, ClaimReason.NO_REASON, ClaimWish.RETURN, quantity=1)
    with market.transaction() as session:
        session.execute(sa.text("UPDATE order_line SET return_basis = 'PERISHABLE'"))
    with pytest.raises(NotReturnable) as refused:
        open_claim(market, buyer, draft, key=key())
    assert refused.value.facts == {"basis": "PERISHABLE"}
    sold_for_good(market, part)
    clock.now += timedelta(days=7)

    claim_id = open_claim(market, buyer, draft, key=key())
    with pytest.raises(NotReturnable):
        answer_claim(market, seller, Answer(claim_id, AnswerKind.REJECT, "不退"), key=key())
    answer_claim(market, seller, Answer(claim_id, AnswerKind.RETURN, "寄到村口驿站"), key=key())
    send_return(market, buyer, claim_id=claim_id, carrier=Carrier.SF, number="SF1234567890", key=key())
    assert claim_of(market, claim_id).tracking_number == "SF1234567890"
    answer_claim(market, seller, Answer(claim_id, AnswerKind.REFUND, "收到"), key=key())

    assert refunds(market) == [(8_800, RefundReason.RETURN)]
    assert line_of(market, part).refunded_quantity == 1


def test_a_return_that_is_not_sent_ends_and_one_that_is_kept_quiet_about_is_paid(
    market: Market, clock: FakeClock, shop: Shop
) -> None:
    first, one = bought(market, shop, 1)
    second, other = bought(market, shop, 1)
    claims = {}
    for buyer, part in ((first, one), (second, other)):
        send(market, part)
        claims[part] = wrong(market, buyer, part, ClaimWish.RETURN)
    clock.now += timedelta(hours=48)
    assert settle_due_claims(market) == 2, "silence: they may be sent back"
    assert {claim_of(market, each).state for each in claims.values()} == {ClaimState.RETURN_DUE}
    send_return(market, second, claim_id=claims[other], carrier=Carrier.OTHER, number="ABC123456", key=key())

    clock.now += timedelta(days=14)
    assert settle_due_claims(market) == 2

    assert claim_of(market, claims[one]).state == ClaimState.WITHDRAWN
    assert claim_of(market, claims[other]).state == ClaimState.REFUNDED
    assert refunds(market) == [(8_800, RefundReason.RETURN)]


def test_a_replacement_is_promised_and_sent_or_taken_to_staff_when_it_is_not(
    market: Market, clock: FakeClock, shop: Shop
) -> None:
    buyer, part = bought(market, shop, 2)
    send(market, part)
    seller = staff_of(market, shop.stalls.producer, Role.OWNER)
    claim_id = wrong(market, buyer, part, ClaimWish.RESHIP)
    answer_claim(market, seller, Answer(claim_id, AnswerKind.RESHIP), key=key())
    with pytest.raises(IllegalTransition):
        escalate_claim(market, buyer, claim_id=claim_id, text="快点", key=key())
    reship_claim(market, seller, claim_id=claim_id, carrier=Carrier.SF, number="SF1234567891", key=key())
    assert claim_of(market, claim_id).state == ClaimState.RESHIPPED

    again = wrong(market, buyer, part, ClaimWish.RESHIP)
    answer_claim(market, seller, Answer(again, AnswerKind.RESHIP), key=key())
    clock.now += timedelta(days=7)
    escalate_claim(market, buyer, claim_id=again, text="没有补发", key=key())
    decide_claim(market, MODERATOR, Decision(again, "退款", 8_800), key=key())
    assert refunds(market) == [(8_800, RefundReason.CLAIM)]


def test_a_replacement_is_a_shipment_and_its_pieces_leave_the_stock(
    market: Market, clock: FakeClock, shop: Shop
) -> None:
    buyer, part = bought(market, shop, 2)
    send(market, part)
    seller = staff_of(market, shop.stalls.producer, Role.OWNER)
    claim_id, same = wrong(market, buyer, part, ClaimWish.RESHIP, quantity=2), key()
    answer_claim(market, seller, Answer(claim_id, AnswerKind.RESHIP), key=key())
    before = stock(market, shop)
    clock.now += timedelta(days=1)

    for _twice in range(2):
        reship_claim(market, seller, claim_id=claim_id, carrier=Carrier.SF, number="SF1234567891", key=same)

    assert stock(market, shop) == (before[0] - 2, before[1])
    first, again = shipments(market, part)
    assert (first.state, again.state) == (ShipmentState.DELIVERED, ShipmentState.SENT)
    assert (again.tracking_number, again.tracking) == ("SF1234567891", TrackingState.WANTED)
    assert line_of(market, part).fulfilled_quantity == 2, "bought once"
    clock.now += timedelta(days=7)
    assert complete_orders(market) == 0, "it is on its way"
    confirm_receipt(market, buyer, seller_order_id=part)
    assert {each.state for each in shipments(market, part)} == {ShipmentState.DELIVERED}
    clock.now += timedelta(days=7, seconds=1)
    assert complete_orders(market) == 1
    assert books(market)["COMMISSION"] == -880
    with market.read() as session:
        assert list(stock_check(session)) == []


def test_without_pieces_there_is_no_replacement_and_nothing_moves(market: Market, shop: Shop) -> None:
    buyer, part = bought(market, shop, 2)
    send(market, part)
    seller = staff_of(market, shop.stalls.producer, Role.OWNER)
    claim_id = wrong(market, buyer, part, ClaimWish.RESHIP)
    answer_claim(market, seller, Answer(claim_id, AnswerKind.RESHIP), key=key())
    bought(market, shop, 98)

    with pytest.raises(SoldOut):
        reship_claim(market, seller, claim_id=claim_id, carrier=Carrier.SF, number="SF1234567891", key=key())

    assert claim_of(market, claim_id).state == ClaimState.RESHIP_DUE
    assert (stock(market, shop), len(shipments(market, part))) == ((98, 98), 1)


def stock(market: Market, shop: Shop) -> tuple[int, int]:
    """On hand, and promised."""
    with market.read() as session:
        level = session.get_one(StockLevel, shop.peaches)
        return level.on_hand, level.reserved


def shipments(market: Market, part: str) -> list[Shipment]:
    """A seller order's, the first one first."""
    with market.read() as session:
        of_part = select(Shipment).where(Shipment.seller_order_id == part)
        return list(session.exec(of_part.order_by(col(Shipment.sent_at), col(Shipment.id))).all())
