"""Paying back lines of an order: from what was sold alone, to the fen, each piece and each fen once."""

from datetime import timedelta
from threading import Thread

import pytest
from sqlmodel import select

from market.aftersales.approve import LineShare, RefundDraft, preview_refund, refund_order_lines
from market.aftersales.cancel import cancel_order_lines, preview_cancelling
from market.aftersales.errors import AlreadyHandedOver
from market.aftersales.reckon import refund_pieces
from market.aftersales.refunds import refund_lines, sold_lines
from market.checkout.till import on_refunded
from market.kernel.errors import Forbidden, IllegalTransition, Invalid, MarketError, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Role
from market.orders.commission import CommissionDraft, set_commission
from market.orders.errors import MoreThanLeft
from market.orders.moves import add_fulfilled
from market.orders.rules import LineKind, OrderState, SellerOrderState
from market.orders.tables import CustomerOrder, SellerOrder
from market.payments.port import RefundAnswer, RefundAnswerState
from market.payments.refunds import record_refund
from market.payments.rules import RefundReason
from market.payments.tables import Refund
from market.vouchers.manage import CampaignDraft, create_campaign, move_campaign
from market.vouchers.rules import CampaignState, DiscountKind, Funder
from market.vouchers.tables import VoucherCampaign
from tests.aftersales.sales import books, bought, line_of, part_of, reserved, send, staff_of
from tests.checkout.shop import Shop, buyers, home, key, open_shop, peaches, placed, put
from tests.schema.stalls import ADMIN


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    set_commission(market, ADMIN, CommissionDraft(500, market.now().date()))
    return open_shop(market)


def _voucher(market: Market, fen: int) -> str:
    draft = CampaignDraft(
        "消费券",
        Funder.GOVERNMENT,
        DiscountKind.FIXED,
        market.now() - timedelta(days=1),
        market.now() + timedelta(days=9),
        code="PEACH",
        authority_region="330213000000",
        amount_fen=fen,
        budget_fen=fen,
    )
    campaign = create_campaign(market, ADMIN, draft, key=key())
    move_campaign(market, ADMIN, campaign_id=campaign, to=CampaignState.ACTIVE)
    return campaign


def _order(market: Market, seller_order_id: str) -> CustomerOrder:
    with market.read() as session:
        return session.get_one(CustomerOrder, part_of(market, seller_order_id).order_id)


def _refunds(market: Market) -> list[int]:
    with market.read() as session:
        return [each.amount_fen for each in session.exec(select(Refund)).all()]


def test_piece_by_piece_gives_back_what_was_paid_and_the_last_takes_the_remainder(market: Market, shop: Shop) -> None:
    campaign = _voucher(market, 1_000)  # 3 × ¥88.00 less ¥10.00: no third of it is whole fen
    buyer, part = bought(market, shop, 3, codes=("PEACH",))
    seller = staff_of(market, shop.stalls.producer, Role.FINANCE)
    line = line_of(market, part).id
    assert reserved(market, shop.peaches) == 3

    for _piece in range(3):
        draft = RefundDraft(part, (LineShare(line, quantity=1),))
        before = preview_refund(market, seller, draft)
        assert refund_order_lines(market, seller, draft, key=key()) is not None
        assert before.lines[0].amount_fen in {8_466, 8_467, 8_468}
        assert before.vouchers_fen in {333, 334}

    fee = part_of(market, part).delivery_fen
    assert sum(_refunds(market)) == 3 * 8_800 - 1_000 + fee, "and, with the last piece, the delivery fee"
    assert reserved(market, shop.peaches) == 0
    assert part_of(market, part).state == SellerOrderState.CANCELLED
    assert _order(market, part).state == OrderState.REFUNDED
    with market.read() as session:
        found = session.get_one(VoucherCampaign, campaign)
        assert (found.spent_fen, found.used_count) == (0, 0)
        refunds = session.exec(select(Refund)).all()
    for each in refunds:
        answer = RefundAnswer(each.out_refund_no, RefundAnswerState.SUCCEEDED, each.id, each.amount_fen)
        record_refund(market, on_refunded, "sandbox", answer)
    assert set(books(market).values()) == {0}
    with pytest.raises(IllegalTransition):
        cancel_order_lines(market, buyer, seller_order_id=part, pieces={}, key=key())


def test_an_amount_leaves_the_pieces_with_the_buyer_and_never_exceeds_what_is_left(market: Market, shop: Shop) -> None:
    _buyer, part = bought(market, shop, 2)
    seller = staff_of(market, shop.stalls.producer, Role.FINANCE)
    send(market, part)
    line = line_of(market, part).id

    refund_order_lines(
        market, seller, RefundDraft(part, (LineShare(line, amount_fen=5_000),), delivery_fen=300), key=key()
    )
    told = []
    for more in (12_601, 17_600):
        with pytest.raises(MoreThanLeft) as refused:
            refund_order_lines(market, seller, RefundDraft(part, (LineShare(line, amount_fen=more),)), key=key())
        told.append(refused.value.code)
    refund_order_lines(market, seller, RefundDraft(part, (LineShare(line, amount_fen=12_600),)), key=key())

    assert _refunds(market) == [5_300, 12_600]
    after = line_of(market, part)
    assert (after.refunded_fen, after.refunded_quantity) == (after.payable_fen, 0)
    assert after.commission_refunded_fen == after.commission_fen
    assert part_of(market, part).state == SellerOrderState.FULFILLED
    assert _order(market, part).state == OrderState.PAID


def test_twice_at_once_is_paid_back_once(market: Market, shop: Shop) -> None:
    """Ten taps with one key, and ten people with keys of their own: one refund of the two boxes, whoever was first."""
    _buyer, part = bought(market, shop, 2)
    seller = staff_of(market, shop.stalls.producer, Role.FINANCE)
    draft = RefundDraft(part, (LineShare(line_of(market, part).id, quantity=2),))
    told: list[str | None] = []

    def tap(with_key: str) -> None:
        try:
            told.append(refund_order_lines(market, seller, draft, key=with_key))
        except MarketError as error:
            told.append(error.code)

    same = key()
    threads = [Thread(target=tap, args=(each,)) for each in [same] * 6 + [key() for _ in range(4)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(told) == 10
    with market.read() as session:
        (refund,) = session.exec(select(Refund)).all()
    assert set(told) <= {refund.id, MoreThanLeft.code}
    assert refund.amount_fen == _order(market, part).payable_fen
    assert reserved(market, shop.peaches) == 0
    assert books(market)["SELLER_PENDING"] == 0


def test_who_may_not_and_what_is_no_refund(market: Market, shop: Shop) -> None:
    buyer, part = bought(market, shop, 1, adults=1)
    seller = staff_of(market, shop.stalls.producer, Role.OWNER)
    line, booking, gift = (line_of(market, part, kind).id for kind in LineKind)
    with pytest.raises(Forbidden):
        preview_refund(market, buyer, RefundDraft(part, (LineShare(line, quantity=1),)))
    for actor in (
        staff_of(market, shop.stalls.producer, Role.FULFILMENT),
        staff_of(market, shop.stalls.producer, Role.EDITOR),
    ):
        with pytest.raises(Forbidden):
            refund_order_lines(market, actor, RefundDraft(part, (LineShare(line, quantity=1),)), key=key())
    _other, elsewhere = bought(market, shop, 1)
    wrong: list[tuple[RefundDraft, type[MarketError]]] = [
        (RefundDraft("sor_" + "0" * 26, (LineShare(line, quantity=1),)), NotFound),
        (RefundDraft(elsewhere, (LineShare(line, quantity=1),)), NotFound),
        (RefundDraft(part, (LineShare("lin_unknown", quantity=1),)), NotFound),
        (RefundDraft(part, ()), Invalid),
        (RefundDraft(part, (LineShare(line, quantity=1), LineShare(line, quantity=1))), Invalid),
        (RefundDraft(part, (LineShare(line, quantity=1, amount_fen=1),)), Invalid),
        (RefundDraft(part, (LineShare(line),)), Invalid),
        (RefundDraft(part, (LineShare(line, quantity=0),)), Invalid),
        (RefundDraft(part, (LineShare(line, amount_fen=0),)), Invalid),
        (RefundDraft(part, (LineShare(booking, quantity=1),)), Invalid),
        (RefundDraft(part, (LineShare(gift, quantity=1),)), Invalid),
        (RefundDraft(part, (LineShare(line, quantity=2),)), MoreThanLeft),
        (RefundDraft(part, (), delivery_fen=1_000_000), MoreThanLeft),
        (RefundDraft(part, (), delivery_fen=-1), MoreThanLeft),
    ]
    for draft, error in wrong:
        with pytest.raises(error):
            refund_order_lines(market, seller, draft, key=key())
    assert _refunds(market) == []


def test_what_asks_twice_by_the_same_reference_is_paid_back_once(market: Market, shop: Shop) -> None:
    _buyer, part = bought(market, shop, 2)
    line_id = line_of(market, part).id
    told = set()
    for _twice in range(2):
        with market.transaction() as session:
            found = refund_pieces(sold_lines(session, [line_id])[line_id], 1)
            reason = RefundReason.CLAIM
            told.add(
                refund_lines(session, part, [found], reason=reason, reference="clm_a", actor="x", now=market.now())
            )
    assert len(told) == 1
    assert _refunds(market) == [8_800]
    assert line_of(market, part).refunded_quantity == 1


def test_what_was_not_paid_is_not_paid_back(market: Market, shop: Shop) -> None:
    (buyer,) = buyers(market, 1)
    put(market, buyer, peaches(shop, 2))
    order_id = placed(market, buyer, home(market, buyer))
    seller = staff_of(market, shop.stalls.producer, Role.OWNER)
    with market.read() as session:
        part = session.exec(select(SellerOrder.id).where(SellerOrder.order_id == order_id)).one()
    draft = RefundDraft(part, (LineShare(line_of(market, part).id, quantity=1),))
    with pytest.raises(MoreThanLeft):
        preview_refund(market, seller, draft)
    with pytest.raises(MoreThanLeft):
        refund_order_lines(market, seller, draft, key=key())
    with pytest.raises(IllegalTransition):
        cancel_order_lines(market, buyer, seller_order_id=part, pieces={}, key=key())
    assert reserved(market, shop.peaches) == 2


def test_a_buyer_cancels_what_is_not_sent_and_the_fee_comes_back_with_the_whole(market: Market, shop: Shop) -> None:
    buyer, part = bought(market, shop, 3)
    line = line_of(market, part).id
    fee = part_of(market, part).delivery_fen
    some = preview_cancelling(market, buyer, seller_order_id=part, pieces={line: 1})
    assert (some.amount_fen, some.delivery_fen) == (8_800, 0)

    cancel_order_lines(market, buyer, seller_order_id=part, pieces={line: 1}, key=key())
    assert part_of(market, part).state == SellerOrderState.OPEN
    rest = preview_cancelling(market, buyer, seller_order_id=part, pieces={})
    assert (rest.amount_fen, rest.delivery_fen) == (2 * 8_800 + fee, fee)
    cancel_order_lines(market, buyer, seller_order_id=part, pieces={}, key=key())

    assert _refunds(market) == [8_800, 2 * 8_800 + fee]
    assert (part_of(market, part).state, _order(market, part).state) == (
        SellerOrderState.CANCELLED,
        OrderState.REFUNDED,
    )
    assert reserved(market, shop.peaches) == 0


def test_what_is_sent_is_not_cancelled_and_strangers_cancel_nothing(market: Market, shop: Shop) -> None:
    buyer, part = bought(market, shop, 3)
    (stranger,) = buyers(market, 1)
    line = line_of(market, part).id
    send(market, part, 2)
    with pytest.raises(AlreadyHandedOver) as refused:
        cancel_order_lines(market, buyer, seller_order_id=part, pieces={line: 2}, key=key())
    assert refused.value.facts == {"left": 1}
    told = []
    for of in (part, "sor_" + "0" * 26):
        with pytest.raises(NotFound) as hidden:
            cancel_order_lines(market, stranger, seller_order_id=of, pieces={}, key=key())
        told.append(str(hidden.value))
    assert told[0] == told[1]

    cancel_order_lines(market, buyer, seller_order_id=part, pieces={}, key=key())

    assert _refunds(market) == [8_800]
    assert part_of(market, part).state == SellerOrderState.FULFILLED, "nothing is left to send"
    assert reserved(market, shop.peaches) == 0


def test_a_box_is_either_sent_or_cancelled(market: Market, shop: Shop) -> None:
    """The seller sends the only box while its buyer cancels it: one of the two is told that it is too late."""
    buyer, part = bought(market, shop, 1)
    line = line_of(market, part).id
    told: list[str] = []

    def cancel() -> None:
        try:
            cancel_order_lines(market, buyer, seller_order_id=part, pieces={}, key=key())
            told.append("cancelled")
        except MarketError as error:
            told.append(error.code)

    def ship() -> None:
        try:
            with market.transaction() as session:
                add_fulfilled(session, line, 1)
            told.append("sent")
        except MarketError as error:
            told.append(error.code)

    threads = [Thread(target=cancel), Thread(target=ship)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    after = line_of(market, part)
    assert after.fulfilled_quantity + after.refunded_quantity == 1
    assert len(_refunds(market)) == after.refunded_quantity
    assert len({"cancelled", "sent"} & set(told)) == 1
