"""From a cart to a paid order: what is held, what it costs, whose money it is; and every way it can go wrong."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from market.bookings.rules import BookingState, TicketState
from market.bookings.tables import Booking, Ticket
from market.catalogue.tables import PackageOption, Variant
from market.checkout.carts import LineChoice, merge_cart, open_cart, set_cart_line
from market.checkout.end import cancel_order, due_orders, end_unpaid
from market.checkout.errors import CartEmpty, OrderRefused, ProblemKind
from market.checkout.paid import PaidOutcome, Received, settle_paid
from market.checkout.place import PlaceDraft, place_order
from market.checkout.reckon import Choices
from market.checkout.tables import CartLine
from market.kernel.errors import IdempotencyConflict, IllegalTransition, Invalid, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR
from market.ledger.check import ledger_check
from market.ledger.tables import LedgerAccount
from market.orders.commission import CommissionDraft, set_commission
from market.orders.rules import LineKind, OrderState, SellerOrderState
from market.orders.tables import CustomerOrder, OrderEvent, OrderLine, SellerOrder
from market.sessions.tables import TourSession
from market.stock.tables import StockHold, StockLevel
from market.vouchers.manage import CampaignDraft, create_campaign, move_campaign
from market.vouchers.rules import CampaignState, DiscountKind, Funder
from market.vouchers.tables import VoucherCampaign, VoucherUse
from tests.checkout.shop import (
    Shop,
    buyers,
    home,
    key,
    open_shop,
    peaches,
    placed,
    put,
    reckoned,
    visit,
)
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


def voucher(market: Market, **changes: Any) -> str:
    """A running government voucher: 20 off 50."""
    facts: dict[str, Any] = {
        "name": "消费券",
        "funder": Funder.GOVERNMENT,
        "authority_region": "330213000000",
        "kind": DiscountKind.THRESHOLD,
        "code": "LOCAL",
        "amount_fen": 2_000,
        "minimum_fen": 5_000,
        "budget_fen": 100_000,
        "starts_at": market.now() - timedelta(days=1),
        "ends_at": market.now() + timedelta(days=30),
    }
    made = create_campaign(market, ADMIN, CampaignDraft(**{**facts, **changes}), key=key())
    move_campaign(market, ADMIN, campaign_id=made, to=CampaignState.ACTIVE)
    return made


def pay(market: Market, order_id: str, *, payment: str = "pay_1") -> PaidOutcome:
    """The provider has the money."""
    with market.read() as session:
        fen = session.exec(select(CustomerOrder.payable_fen).where(CustomerOrder.id == order_id)).one()
    with market.transaction() as session:
        return settle_paid(session, market, Received(order_id, payment, "sandbox", fen))


def expire(market: Market, order_id: str) -> None:
    with market.transaction() as session:
        end_unpaid(session, order_id, OrderState.EXPIRED, actor="SYSTEM", now=market.now())


def free(market: Market, shop: Shop) -> tuple[int, int, int]:
    """Free boxes, free bags, free seats; ended holds count as taken here."""
    with market.read() as session:
        levels = {each.variant_id: each.on_hand - each.reserved for each in session.exec(select(StockLevel)).all()}
        tour = session.get(TourSession, shop.visit)
        assert tour is not None
        return levels[shop.peaches], levels[shop.bag], tour.capacity - tour.taken


def balances(market: Market) -> dict[str, int]:
    with market.read() as session:
        assert ledger_check(session) == []
        return {each.kind.value: each.balance_fen for each in session.exec(select(LedgerAccount)).all()}


def state_of(market: Market, order_id: str) -> str:
    with market.read() as session:
        return session.exec(select(CustomerOrder.state).where(CustomerOrder.id == order_id)).one()


def problems(market: Market, buyer: Any, draft: PlaceDraft) -> list[tuple[ProblemKind, int | None]]:
    with pytest.raises(OrderRefused) as refused:
        place_order(market, buyer, draft, key=key())
    return [(each.kind, each.left) for each in refused.value.facts["problems"]]


def test_produce_and_a_visit_in_one_order_one_payment(market: Market, shop: Shop) -> None:
    set_commission(market, ADMIN, CommissionDraft(500, market.now().date()))
    voucher(market)
    (buyer,) = buyers(market, 1)
    put(market, buyer, peaches(shop, 2), visit(shop, 3))

    order_id = placed(market, buyer, home(market, buyer), codes=("LOCAL",))

    assert free(market, shop) == (98, 97, 17), "two boxes, a bag for each of three, three seats"
    with market.read() as session:
        order = session.exec(select(CustomerOrder)).one()
        part = session.exec(select(SellerOrder)).one()
        lines = {each.kind: each for each in session.exec(select(OrderLine)).all()}
        tickets = session.exec(select(Ticket)).all()
        assert session.exec(select(CartLine)).all() == []
        assert {each.state for each in tickets} == {TicketState.PENDING}
    goods, delivery = 2 * 8_800 + 3 * 12_800, 800 + 200
    assert (order.goods_fen, order.delivery_fen, order.discount_fen) == (goods, delivery, 2_000)
    assert order.payable_fen == goods + delivery - 2_000
    assert (part.payable_fen, part.state) == (order.payable_fen, SellerOrderState.PENDING)
    assert lines[LineKind.GIFT].quantity == 3
    assert lines[LineKind.GIFT].payable_fen == 0
    assert lines[LineKind.BOOKING].seats == len(tickets) == 3

    assert pay(market, order_id) is PaidOutcome.PAID

    commission = 2 * 8_800 * 500 // 10_000 + 3 * 12_800 * 500 // 10_000
    assert balances(market) == {
        "PROVIDER": order.payable_fen,
        "VOUCHER_GOVERNMENT": 2_000,
        "COMMISSION": -commission,
        "SELLER_PENDING": commission - goods - delivery,
    }
    with market.read() as session:
        assert session.exec(select(CustomerOrder.state)).one() == OrderState.PAID
        assert session.exec(select(SellerOrder.state)).one() == SellerOrderState.OPEN
        assert session.exec(select(Booking.state)).one() == BookingState.CONFIRMED
        assert {each.state for each in session.exec(select(Ticket)).all()} == {TicketState.VALID}
        assert {each.expires_at for each in session.exec(select(StockHold)).all()} == {None}
        events = [each.what for each in session.exec(select(OrderEvent).order_by(col(OrderEvent.id))).all()]
    assert events == ["order.placed", "order.paid", "seller_order.open"]


def test_ten_taps_are_one_order_and_the_same_key_for_something_else_is_refused(market: Market, shop: Shop) -> None:
    (buyer,) = buyers(market, 1)
    address, same = home(market, buyer), key()
    put(market, buyer, peaches(shop))
    draft = PlaceDraft(expected_fen=9_600, address_id=address, confirms_no_return=True)

    ids = {place_order(market, buyer, draft, key=same) for _tap in range(10)}

    assert len(ids) == 1
    assert free(market, shop)[0] == 99
    with pytest.raises(IdempotencyConflict):
        place_order(market, buyer, PlaceDraft(expected_fen=1, address_id=address), key=same)


def test_a_box_weighs_the_same_however_many_are_in_it(market: Market, shop: Shop) -> None:
    """`net_weight_grams` is the whole box's: twelve peaches of 83 g are a kilogram, not twelve."""
    (buyer,) = buyers(market, 1)
    put(market, buyer, peaches(shop, 2))
    with market.transaction() as session:
        session.execute(sa.update(Variant).where(col(Variant.id) == shop.peaches).values(pack_count=12))

    found = reckoned(market, buyer)

    assert [each.variant.weight_grams for each in found.lines if each.variant] == [1_000]
    assert found.priced.delivery_fen == 1_000, "eight yuan for the first kilogram, two for the second"


def test_each_line_that_cannot_be_had_is_named_and_nothing_is_held(market: Market, shop: Shop) -> None:
    (buyer,) = buyers(market, 1)
    address = home(market, buyer)
    put(market, buyer, peaches(shop, 101), visit(shop, 21))
    before = free(market, shop)

    found = problems(market, buyer, PlaceDraft(expected_fen=0, address_id=address, codes=("NOPE",)))

    assert set(found) == {
        (ProblemKind.QUANTITY_REDUCED, 100),
        (ProblemKind.SESSION_FULL, 20),
        (ProblemKind.VOUCHER_UNUSABLE, None),
        (ProblemKind.PRICE_CHANGED, None),
    }
    assert free(market, shop) == before
    with market.read() as session:
        assert session.exec(select(CustomerOrder)).all() == []


def test_a_price_that_moved_is_told_and_shown_anew(market: Market, shop: Shop) -> None:
    (buyer,) = buyers(market, 1)
    address = home(market, buyer)
    put(market, buyer, peaches(shop))
    with market.transaction() as session:
        session.execute(sa.update(Variant).where(col(Variant.id) == shop.peaches).values(price_fen=9_900))

    found = reckoned(market, buyer)
    assert found.changed == (found.lines[0].wish.key,)
    assert problems(market, buyer, PlaceDraft(expected_fen=9_600, address_id=address)) == [
        (ProblemKind.PRICE_CHANGED, None)
    ]
    put(market, buyer, peaches(shop))
    assert reckoned(market, buyer).changed == ()
    place_order(market, buyer, PlaceDraft(expected_fen=10_700, address_id=address), key=key())


def test_what_is_off_sale_closed_or_too_late_is_refused(market: Market, clock: FakeClock, shop: Shop) -> None:
    (buyer,) = buyers(market, 1)
    address = home(market, buyer)
    put(market, buyer, visit(shop))
    draft = PlaceDraft(expected_fen=12_800, address_id=address, confirms_no_return=True)
    for change, kind in (("CLOSED", ProblemKind.SESSION_CLOSED), ("CANCELLED", ProblemKind.SESSION_CLOSED)):
        with market.transaction() as session:
            session.execute(sa.text(f"UPDATE tour_session SET state = '{change}'"))
        assert problems(market, buyer, draft) == [(kind, None)]
    with market.transaction() as session:
        session.execute(sa.text("UPDATE tour_session SET state = 'OPEN'"))
        session.execute(sa.text("UPDATE listing SET state = 'SUSPENDED' WHERE kind = 'TOUR_PACKAGE'"))
    assert problems(market, buyer, draft) == [(ProblemKind.NOT_ON_SALE, None)]
    with market.transaction() as session:
        session.execute(sa.text("UPDATE listing SET state = 'LIVE'"))
        session.execute(sa.text("UPDATE organisation SET state = 'FROZEN'"))
    assert problems(market, buyer, draft) == [(ProblemKind.NOT_ON_SALE, None)]
    with market.transaction() as session:
        session.execute(sa.text("UPDATE organisation SET state = 'ACTIVE'"))
        session.execute(sa.update(PackageOption).values(retired_at=market.now()))
    assert problems(market, buyer, draft) == [(ProblemKind.NOT_ON_SALE, None)]
    with market.transaction() as session:
        session.execute(sa.update(PackageOption).values(retired_at=None))
    clock.now = clock.now.replace(month=6, day=19, hour=2)
    assert (ProblemKind.PAST_CUTOFF, None) in problems(market, buyer, draft)


def test_a_cart_needs_something_somewhere_to_go_and_somebody_to_call(market: Market, shop: Shop) -> None:
    (buyer, other) = buyers(market, 2)
    with pytest.raises(CartEmpty):
        place_order(
            market, buyer, PlaceDraft(expected_fen=0, contact_name="林", contact_phone="13800001234"), key=key()
        )
    put(market, buyer, peaches(shop))
    with pytest.raises(Invalid):
        place_order(market, buyer, PlaceDraft(expected_fen=9_600), key=key())
    with pytest.raises(Invalid):
        place_order(market, buyer, PlaceDraft(expected_fen=9_600, contact_name="林", contact_phone="12"), key=key())
    with pytest.raises(NotFound):
        place_order(market, buyer, PlaceDraft(expected_fen=9_600, address_id=home(market, other)), key=key())
    nowhere = PlaceDraft(expected_fen=8_800, contact_name="林", contact_phone="13800001234")
    assert problems(market, buyer, nowhere) == [(ProblemKind.DELIVERY_UNAVAILABLE, None)]
    with pytest.raises(NotSignedIn):
        place_order(market, VISITOR, nowhere, key=key())


def test_an_unpaid_order_that_ends_gives_everything_back_once(market: Market, clock: FakeClock, shop: Shop) -> None:
    campaign = voucher(market)
    (buyer,) = buyers(market, 1)
    address, before = home(market, buyer), free(market, shop)
    for end in (expire, lambda market, order_id: cancel_order(market, buyer, order_id=order_id)):
        put(market, buyer, peaches(shop, 2), visit(shop, 2))
        order_id = placed(market, buyer, address, codes=("LOCAL",))
        clock.advance(minutes=16)
        with market.read() as session:
            assert due_orders(session, market.now()) == [order_id]
        end(market, order_id)
        with pytest.raises(IllegalTransition):
            end(market, order_id)

        assert free(market, shop) == before
        with market.read() as session:
            assert session.exec(select(VoucherUse)).all() == []
            found = session.get(VoucherCampaign, campaign)
            assert found is not None
            assert (found.spent_fen, found.used_count) == (0, 0)
            assert due_orders(session, market.now()) == []


def test_somebody_elses_order_is_unknown(market: Market, shop: Shop) -> None:
    (buyer, other) = buyers(market, 2)
    put(market, buyer, peaches(shop))
    order_id = placed(market, buyer, home(market, buyer))

    def told(order: str) -> str:
        with pytest.raises(NotFound) as refused:
            cancel_order(market, other, order_id=order)
        return str(refused.value)

    assert told(order_id) == told("ord_unknown")
    assert state_of(market, order_id) == OrderState.PENDING_PAYMENT


def test_money_that_comes_late_gets_everything_again(market: Market, clock: FakeClock, shop: Shop) -> None:
    voucher(market)
    (buyer,) = buyers(market, 1)
    put(market, buyer, peaches(shop, 2), visit(shop, 2))
    order_id = placed(market, buyer, home(market, buyer), codes=("LOCAL",))
    clock.advance(minutes=30)
    expire(market, order_id)

    assert pay(market, order_id) is PaidOutcome.PAID

    assert free(market, shop) == (98, 98, 18)
    assert state_of(market, order_id) == OrderState.PAID
    with market.read() as session:
        assert session.exec(select(Booking.state)).one() == BookingState.CONFIRMED
    assert "LATE_MONEY" not in balances(market)


def test_money_that_comes_before_the_worker_noticed_is_in_time(market: Market, clock: FakeClock, shop: Shop) -> None:
    (buyer, other) = buyers(market, 2)
    put(market, buyer, peaches(shop, 100))
    order_id = placed(market, buyer, home(market, buyer))
    clock.advance(minutes=26)
    assert reckoned(market, other).lines == ()

    assert pay(market, order_id) is PaidOutcome.PAID
    assert free(market, shop)[0] == 0


@pytest.mark.parametrize("what", ["stock", "seats", "voucher", "closed"])
def test_late_money_for_what_is_gone_is_owed_back_whole_and_nothing_is_taken(
    market: Market, clock: FakeClock, shop: Shop, what: str
) -> None:
    voucher(market, budget_fen=2_000)
    (buyer, other) = buyers(market, 2)
    put(market, buyer, peaches(shop, 2), visit(shop, 2))
    order_id = placed(market, buyer, home(market, buyer), codes=("LOCAL",))
    clock.advance(minutes=30)
    expire(market, order_id)
    address = home(market, other)
    if what == "stock":
        put(market, other, peaches(shop, 99))
        placed(market, other, address)
    elif what == "seats":
        put(market, other, visit(shop, 19))
        placed(market, other, address)
    elif what == "voucher":
        put(market, other, peaches(shop))
        placed(market, other, address, codes=("LOCAL",))
    else:
        with market.transaction() as session:
            session.execute(sa.text("UPDATE tour_session SET state = 'CLOSED'"))
    before = free(market, shop)

    assert pay(market, order_id) is PaidOutcome.OWED_BACK

    assert free(market, shop) == before
    assert state_of(market, order_id) == OrderState.EXPIRED
    with market.read() as session:
        fen = session.exec(select(CustomerOrder.payable_fen).where(CustomerOrder.id == order_id)).one()
    assert balances(market) == {"PROVIDER": fen, "LATE_MONEY": -fen}


def test_a_second_payment_of_one_order_is_owed_back_and_a_repeated_notice_changes_nothing(
    market: Market, shop: Shop
) -> None:
    (buyer,) = buyers(market, 1)
    put(market, buyer, peaches(shop))
    order_id = placed(market, buyer, home(market, buyer))
    assert pay(market, order_id, payment="pay_1") is PaidOutcome.PAID

    assert pay(market, order_id, payment="pay_2") is PaidOutcome.OWED_BACK
    assert pay(market, order_id, payment="pay_2") is PaidOutcome.OWED_BACK
    assert balances(market)["PROVIDER"] == 2 * 9_600
    assert balances(market)["LATE_MONEY"] == -9_600


def test_an_order_that_costs_nothing_is_paid_at_once(market: Market, shop: Shop) -> None:
    voucher(market, kind=DiscountKind.FIXED, amount_fen=100_000, minimum_fen=0, budget_fen=200_000)
    (buyer,) = buyers(market, 1)
    put(market, buyer, visit(shop))

    order_id = placed(market, buyer, home(market, buyer), codes=("LOCAL",))

    assert state_of(market, order_id) == OrderState.PAID
    assert balances(market) == {"VOUCHER_GOVERNMENT": 12_800, "SELLER_PENDING": -12_800}


def test_a_visitors_cart_goes_with_them_when_they_sign_in(market: Market, shop: Shop) -> None:
    (buyer,) = buyers(market, 1)
    put(market, buyer, peaches(shop, 5))
    visitors = open_cart(market, VISITOR)
    assert visitors.token is not None
    set_cart_line(market, VISITOR, peaches(shop, 2), token=visitors.token)
    set_cart_line(market, VISITOR, visit(shop), token=visitors.token)

    merge_cart(market, buyer, token=visitors.token)

    lines = reckoned(market, buyer).lines
    assert {line.wish.quantity for line in lines if line.variant} == {2}
    assert len(lines) == 2
    with pytest.raises(NotFound):
        merge_cart(market, buyer, token=visitors.token)
    with pytest.raises(NotFound):
        open_cart(market, VISITOR, token=visitors.token)


@pytest.mark.parametrize(
    ("choice", "refusal"),
    [
        (LineChoice(), Invalid),
        (LineChoice(variant_id="var_x", session_id="ses_x"), Invalid),
        (LineChoice(variant_id="var_x", quantity=1), NotFound),
        (LineChoice(session_id="ses_x", units={"unt_x": 1}), NotFound),
    ],
)
def test_what_cannot_be_in_a_cart_is_refused(
    market: Market, shop: Shop, choice: LineChoice, refusal: type[Exception]
) -> None:
    del shop
    (buyer,) = buyers(market, 1)
    with pytest.raises(refusal):
        set_cart_line(market, buyer, choice)


def test_a_line_is_changed_and_taken_out(market: Market, shop: Shop) -> None:
    (buyer,) = buyers(market, 1)
    put(market, buyer, peaches(shop, 3), visit(shop, 2), peaches(shop, 1), visit(shop, 4))
    assert {line.amount_fen for line in reckoned(market, buyer).lines} == {8_800, 4 * 12_800}

    put(market, buyer, peaches(shop, 0), LineChoice(session_id=shop.visit))
    assert reckoned(market, buyer).lines == ()
    for quantity in (-1, 10_000):
        with pytest.raises(Invalid):
            put(market, buyer, peaches(shop, quantity))


def test_cold_produce_goes_by_the_cold_chain(market: Market, shop: Shop) -> None:
    (buyer,) = buyers(market, 1)
    put(market, buyer, peaches(shop, 3))
    ordinary = reckoned(market, buyer)
    with market.transaction() as session:
        session.execute(sa.text("UPDATE listing SET storage = 'CHILLED' WHERE kind = 'PRODUCT'"))
    cold = reckoned(market, buyer)

    assert [(each.method, each.fee_fen) for each in next(iter(ordinary.offers.values()))] == [
        ("EXPRESS", 1_200),
        ("COLD_CHAIN", 2_400),
    ]
    assert [each.method for each in next(iter(cold.offers.values()))] == ["COLD_CHAIN"]
    far = reckoned(market, buyer, Choices("110101001000"))
    assert next(iter(far.offers.values())) == ()
