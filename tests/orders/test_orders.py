"""Orders as they are written down and moved: every move from every state, nothing beyond what was paid."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, select

from market.kernel.errors import IllegalTransition, Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from market.orders.commission import CommissionDraft, rate_for, rules_on, set_commission
from market.orders.create import LineDraft, OrderDraft, SellerDraft, create_order
from market.orders.errors import MoreThanLeft
from market.orders.moves import (
    add_delivery_refunded,
    add_fulfilled,
    add_refunded,
    move_order,
    move_seller_order,
    move_seller_orders,
)
from market.orders.rules import (
    ORDER_MOVES,
    SELLER_ORDER_MOVES,
    Channel,
    DeliveryMethod,
    LineKind,
    OrderState,
    SellerOrderState,
)
from market.orders.tables import CustomerOrder, OrderEvent, OrderLine, SellerOrder
from market.people.tables import Account
from market.vouchers.rules import Funder
from tests.schema.stalls import ADMIN, Stalls, sell, set_up


@pytest.fixture(name="stalls")
def _stalls(market: Market) -> Stalls:
    return set_up(market)


@pytest.fixture(name="draft")
def _draft(market: Market, stalls: Stalls) -> OrderDraft:
    """Three boxes at ¥88, ¥24 off paid by the government, ¥12 delivery."""
    listing = sell(market, stalls, "水蜜桃", stalls.peach)
    with market.transaction() as session:
        account = Account(id=market.new_id("acc"), name="林", created_at=market.now())
        session.add(account)
        account_id = account.id
    line = LineDraft(
        id=market.new_id("lin"),
        kind=LineKind.PRODUCT,
        listing_id=listing,
        category_id=stalls.peach,
        quantity=3,
        unit_price_fen=8_800,
        discount_fen=2_400,
        commission_bp=500,
        commission_fen=1_320,
        title="水蜜桃",
        title_en=None,
        snapshot={"unit": "盒"},
        discounts=(("vch_gov", Funder.GOVERNMENT, 2_400),),
    )
    seller = SellerDraft(
        id=market.new_id("sor"),
        producer_id=stalls.producer,
        cooperative_id=None,
        village_id=stalls.village,
        region_code="330213005208",
        delivery_fen=1_200,
        delivery_method=DeliveryMethod.EXPRESS,
        delivery={"promise": "48h"},
        lines=(line,),
    )
    pay_by = market.now() + timedelta(minutes=15)
    return OrderDraft(market.new_id("ord"), account_id, Channel.WEB, (seller,), pay_by)


def place(market: Market, draft: OrderDraft) -> str:
    with market.transaction() as session:
        return create_order(session, draft, now=market.now())


def test_an_order_is_written_down_whole(market: Market, draft: OrderDraft) -> None:
    number = place(market, draft)

    with market.read() as session:
        order = session.get(CustomerOrder, draft.id)
        assert order is not None
        part = session.exec(select(SellerOrder)).one()
        line = session.exec(select(OrderLine)).one()
        events = session.exec(select(OrderEvent.what)).all()
    assert len(number) == 14
    assert (order.number, order.state, order.payable_fen) == (number, OrderState.PENDING_PAYMENT, 25_200)
    assert (part.payable_fen, part.settlement_party) == (25_200, draft.sellers[0].producer_id)
    assert (line.amount_fen, line.payable_fen, line.snapshot) == (26_400, 24_000, {"unit": "盒"})
    assert events == ["order.placed"]


def test_an_order_that_does_not_add_up_is_refused_by_the_database(market: Market, draft: OrderDraft) -> None:
    place(market, draft)

    for change in (
        "UPDATE customer_order SET payable_fen = payable_fen + 1",
        "UPDATE seller_order SET delivery_fen = delivery_fen + 1",
        "UPDATE order_line SET payable_fen = payable_fen - 1",
        "UPDATE order_line SET refunded_fen = payable_fen + 1",
        "UPDATE order_line SET fulfilled_quantity = quantity + 1",
        "UPDATE order_event SET what = 'x'",
        "DELETE FROM order_event",
    ):
        with pytest.raises(DatabaseError), market.transaction() as session:
            session.execute(sa.text(change))


def test_every_move_of_an_order_from_every_state(market: Market, draft: OrderDraft) -> None:
    place(market, draft)

    for state, to in product(OrderState, OrderState):
        with market.transaction() as session:
            session.execute(sa.update(CustomerOrder).values(state=state))
        try:
            with market.transaction() as session:
                move_order(session, draft.id, to, actor="SYSTEM", now=market.now(), reason="test")
        except IllegalTransition as refused:
            assert to not in ORDER_MOVES[state], (state, to)
            told = refused.facts
            assert told["from_state"] == state
            assert set(told["allowed"]) == set(ORDER_MOVES[state])
            expected = state
        else:
            assert to in ORDER_MOVES[state], (state, to)
            expected = to
        with market.read() as session:
            assert session.exec(select(CustomerOrder.state)).one() == expected
    with market.read() as session:
        moves = session.exec(select(OrderEvent)).all()
    assert len(moves) == 1 + sum(len(targets) for targets in ORDER_MOVES.values())


def test_every_move_of_a_seller_order_from_every_state(market: Market, draft: OrderDraft) -> None:
    place(market, draft)

    for state, to in product(SellerOrderState, SellerOrderState):
        with market.transaction() as session:
            session.execute(sa.update(SellerOrder).values(state=state))
        try:
            with market.transaction() as session:
                move_seller_order(session, draft.sellers[0].id, to, actor="SYSTEM", now=market.now())
        except IllegalTransition:
            assert to not in SELLER_ORDER_MOVES[state], (state, to)
        else:
            assert to in SELLER_ORDER_MOVES[state], (state, to)


def test_what_is_unknown_is_not_moved(market: Market, draft: OrderDraft) -> None:
    with pytest.raises(NotFound), market.transaction() as session:
        move_order(session, draft.id, OrderState.PAID, actor="SYSTEM", now=market.now())
    with pytest.raises(NotFound), market.transaction() as session:
        move_seller_order(session, "sor_x", SellerOrderState.OPEN, actor="SYSTEM", now=market.now())


def test_all_parts_move_together_and_again_does_no_harm(market: Market, draft: OrderDraft) -> None:
    place(market, draft)
    with market.transaction() as session:
        first = move_seller_orders(session, draft.id, SellerOrderState.OPEN, actor="SYSTEM", now=market.now())
        again = move_seller_orders(session, draft.id, SellerOrderState.OPEN, actor="SYSTEM", now=market.now())

    assert (first, again) == ([draft.sellers[0].id], [])


def test_no_more_is_fulfilled_or_paid_back_than_was_bought(market: Market, draft: OrderDraft) -> None:
    place(market, draft)
    line_id, part_id = draft.sellers[0].lines[0].id, draft.sellers[0].id
    with market.transaction() as session:
        add_fulfilled(session, line_id, 2)
        add_refunded(session, line_id, quantity=1, amount_fen=8_000)
        add_delivery_refunded(session, part_id, 1_200)

    refused: list[Callable[[Session], None]] = [
        lambda session: add_fulfilled(session, line_id, 1),
        lambda session: add_refunded(session, line_id, quantity=3, amount_fen=1),
        lambda session: add_refunded(session, line_id, quantity=0, amount_fen=16_001),
        lambda session: add_delivery_refunded(session, part_id, 1),
        lambda session: add_refunded(session, "lin_x", quantity=0, amount_fen=1),
    ]
    for too_much in refused:
        with pytest.raises(MoreThanLeft), market.transaction() as session:
            too_much(session)
    with market.transaction() as session:
        add_refunded(session, line_id, quantity=2, amount_fen=16_000)
    with market.read() as session:
        order = session.get(CustomerOrder, draft.id)
        assert order is not None
        assert order.refunded_fen == order.payable_fen == 25_200


def test_two_orders_have_unlike_numbers(market: Market, draft: OrderDraft) -> None:
    seller = draft.sellers[0]
    other = replace(
        draft,
        id=market.new_id("ord"),
        sellers=(
            replace(
                seller,
                id=market.new_id("sor"),
                lines=tuple(replace(line, id=market.new_id("lin")) for line in seller.lines),
            ),
        ),
    )

    assert abs(int(place(market, draft)) - int(place(market, other))) > 1


def test_the_most_particular_commission_that_holds_is_taken(market: Market, stalls: Stalls) -> None:
    day = date(2026, 11, 25)
    drafts = [
        CommissionDraft(500, date(2026, 1, 1), valid_to=date(2026, 12, 31)),
        CommissionDraft(400, date(2026, 1, 1), category_id=stalls.fruit),
        CommissionDraft(300, date(2026, 7, 1), category_id=stalls.peach),
        CommissionDraft(100, date(2026, 1, 1), valid_to=date(2026, 6, 30), category_id=stalls.peach),
        CommissionDraft(0, date(2027, 1, 1)),
        CommissionDraft(200, date(2026, 1, 1), organisation_id=stalls.producer),
    ]
    for draft in drafts:
        set_commission(market, ADMIN, draft)

    with market.read() as session:
        rules = rules_on(session, day)
        assert rate_for(rules, organisation_id="pdr_x", category_path=[stalls.tea]) == 500
        assert rate_for(rules, organisation_id="pdr_x", category_path=[stalls.fruit]) == 400
        assert rate_for(rules, organisation_id="pdr_x", category_path=[stalls.fruit, stalls.peach]) == 300
        assert rate_for(rules, organisation_id=stalls.producer, category_path=[stalls.fruit, stalls.peach]) == 200
        assert rate_for([], organisation_id="pdr_x", category_path=[stalls.tea]) == 0


def test_a_commission_that_cannot_be_is_refused(market: Market) -> None:
    for draft in (
        CommissionDraft(3_001, date(2026, 1, 1)),
        CommissionDraft(-1, date(2026, 1, 1)),
        CommissionDraft(1, date(2026, 1, 2), valid_to=date(2026, 1, 1)),
    ):
        with pytest.raises(Invalid):
            set_commission(market, Actor(ActorKind.ADMIN, "acc_a"), draft)
