"""The end of an order: seven days after all has come and two after the last visit, and not a moment before."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import select

from market.bookings.rules import BookingState
from market.bookings.tables import Booking
from market.catalogue.tables import Variant
from market.checkout.carts import LineChoice
from market.fulfilment.complete import _complete, complete_orders, receive_silent
from market.fulfilment.deliver import confirm_receipt, move_shipment
from market.fulfilment.rules import ShipmentState, TrackingStatus
from market.fulfilment.tables import Shipment
from market.kernel.market import Market
from market.kernel.outbox import OutboxMessage
from market.orders.moves import add_refunded
from market.orders.rules import OrderState, SellerOrderState
from market.orders.tables import CustomerOrder, OrderLine, SellerOrder
from market.organisations.manage import OrganisationDraft, register_organisation
from market.organisations.rules import OrganisationKind
from market.stock.drafts import LotDraft
from market.stock.manage import receive_stock
from market.stock.tables import StockLevel
from tests.checkout.shop import Shop, buyers, home, key, open_shop, peaches, placed, put, visit
from tests.clock import FakeClock
from tests.fulfilment.parcels import Sold, events, lines_of, parcel, part_now, pay, seller_of, shipment_now, sold
from tests.schema.stalls import ADMIN, sell


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


def order_state(market: Market, order_id: str) -> str:
    with market.read() as session:
        return session.exec(select(CustomerOrder.state).where(CustomerOrder.id == order_id)).one()


def received(market: Market, shop: Shop, *choices: object) -> Sold:
    """An order that its buyer has."""
    order = sold(market, shop, *choices)  # type: ignore[arg-type]  # passed on
    parcel(market, seller_of(market, shop.stalls.producer), order.part)
    confirm_receipt(market, order.buyer, seller_order_id=order.part)
    return order


def came(market: Market, part: str, state: BookingState) -> None:
    """What became of the part's booking."""
    with market.transaction() as session:
        line = sa.select(OrderLine.id).where(OrderLine.seller_order_id == part)  # type: ignore[call-overload]
        session.execute(sa.update(Booking).where(Booking.line_id.in_(line)).values(state=state))  # type: ignore[attr-defined]


def test_it_is_over_seven_days_after_it_came(market: Market, shop: Shop, clock: FakeClock) -> None:
    order = received(market, shop)

    clock.advance(days=7, seconds=-1)
    assert complete_orders(market) == 0
    clock.advance(seconds=1)
    assert complete_orders(market) == 1
    assert complete_orders(market) == 0

    part = part_now(market, order.part)
    assert (part.state, part.completed_at) == (SellerOrderState.COMPLETED, clock())
    assert order_state(market, order.order) == OrderState.COMPLETED
    assert events(market, order.order)[-2:] == ["seller_order.completed", "order.completed"]
    with market.read() as session:
        told = session.exec(select(OutboxMessage.payload).where(OutboxMessage.topic == "seller_order.completed")).all()
    assert told == [{"order": order.order, "sellerOrder": order.part}]


def test_what_is_not_sent_not_come_or_complained_of_is_not_over(market: Market, shop: Shop, clock: FakeClock) -> None:
    seller = seller_of(market, shop.stalls.producer)
    sold(market, shop)
    half = sold(market, shop)
    parcel(market, seller, half.part, {lines_of(market, half.part)["PRODUCT"].id: 1})
    confirm_receipt(market, half.buyer, seller_order_id=half.part)
    parcel(market, seller, sold(market, shop).part)
    complained = received(market, shop)
    with market.transaction() as session:
        session.execute(sa.update(SellerOrder).where(SellerOrder.id == complained.part).values(open_claims=1))  # type: ignore[arg-type]

    clock.advance(days=400)

    assert complete_orders(market) == 0


def test_a_visit_keeps_it_open_until_two_days_after_its_end(market: Market, shop: Shop, clock: FakeClock) -> None:
    order = received(market, shop, peaches(shop), visit(shop))
    came(market, order.part, BookingState.REDEEMED)
    with market.read() as session:
        ends = session.exec(select(Booking.ends_at)).one()

    clock.now = ends + timedelta(days=2) - timedelta(seconds=1)
    assert complete_orders(market) == 0
    clock.advance(seconds=1)
    assert complete_orders(market) == 1

    assert part_now(market, order.part).state == SellerOrderState.COMPLETED
    assert order_state(market, order.order) == OrderState.COMPLETED


@pytest.mark.parametrize(("state", "level"), [(BookingState.REDEEMED, (99, 0)), (BookingState.NO_SHOW, (100, 0))])
def test_gifts_are_given_to_who_came_and_kept_of_who_did_not(
    market: Market, shop: Shop, clock: FakeClock, state: BookingState, level: tuple[int, int]
) -> None:
    order = sold(market, shop, visit(shop))
    came(market, order.part, state)

    clock.advance(days=60)
    assert complete_orders(market) == 1

    with market.read() as session:
        bags = session.get(StockLevel, shop.bag)
        assert bags is not None
        assert (bags.on_hand, bags.reserved) == level
        given = session.exec(select(Shipment)).all()
    assert len(given) == (1 if state is BookingState.REDEEMED else 0)
    assert part_now(market, order.part).state == SellerOrderState.COMPLETED


def test_what_was_paid_back_before_it_was_sent_is_cancelled(market: Market, shop: Shop, clock: FakeClock) -> None:
    order = sold(market, shop)
    part = part_now(market, order.part)
    line = lines_of(market, order.part)["PRODUCT"]
    with market.transaction() as session:
        add_refunded(session, line.id, quantity=line.quantity, amount_fen=line.payable_fen)
        session.execute(
            sa.update(SellerOrder).where(SellerOrder.id == part.id).values(refunded_fen=part.payable_fen)  # type: ignore[arg-type]
        )

    clock.advance(days=1)
    assert complete_orders(market) == 1

    assert part_now(market, order.part).state == SellerOrderState.CANCELLED
    assert order_state(market, order.order) == OrderState.PAID


def test_what_went_back_is_over_once_it_is_paid_back(market: Market, shop: Shop, clock: FakeClock) -> None:
    order = sold(market, shop)
    shipment = parcel(market, seller_of(market, shop.stalls.producer), order.part)
    with market.transaction() as session:
        move_shipment(session, shipment, ShipmentState.RETURNED, actor="SYSTEM", at=clock(), now=clock())

    clock.advance(days=60)
    assert complete_orders(market) == 0
    line = lines_of(market, order.part)["PRODUCT"]
    with market.transaction() as session:
        add_refunded(session, line.id, quantity=line.quantity, amount_fen=line.payable_fen)
    assert complete_orders(market) == 1


def test_parcels_nobody_speaks_of_have_come_after_ten_days(market: Market, shop: Shop, clock: FakeClock) -> None:
    seller = seller_of(market, shop.stalls.producer)
    silent, refused = (parcel(market, seller, sold(market, shop).part) for _ in range(2))
    with market.transaction() as session:
        session.execute(
            sa.update(Shipment).where(Shipment.id == refused).values(tracking_status=TrackingStatus.REFUSED)  # type: ignore[arg-type]
        )

    clock.advance(days=10, seconds=-1)
    assert receive_silent(market) == 0
    clock.advance(seconds=1)
    assert receive_silent(market) == 1
    assert receive_silent(market) == 0

    assert shipment_now(market, silent).delivered_at == clock()
    assert shipment_now(market, refused).state == ShipmentState.SENT


def test_two_workers_complete_it_once(market: Market, shop: Shop, clock: FakeClock) -> None:
    orders = [received(market, shop) for _ in range(5)]
    clock.advance(days=8)
    ready = threading.Barrier(2)
    done: list[int] = []

    def work() -> None:
        ready.wait()
        done.append(complete_orders(market))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(done) == 5
    for order in orders:
        assert events(market, order.order).count("seller_order.completed") == 1
        assert order_state(market, order.order) == OrderState.COMPLETED


def of_two_sellers(market: Market, shop: Shop) -> tuple[str, list[str]]:
    """An order that its buyer has, of two sellers; their parts."""
    draft = OrganisationDraft(OrganisationKind.HOUSEHOLD, "老李家", "Li", "", None, shop.stalls.village)
    other = replace(shop.stalls, producer=register_organisation(market, ADMIN, draft))
    listing = sell(market, other, f"茶 {key()}", other.tea)
    with market.read() as session:
        tea = session.exec(select(Variant.id).where(Variant.listing_id == listing)).one()
    receive_stock(market, ADMIN, LotDraft(tea, 10), idempotency_key=key())
    (buyer,) = buyers(market, 1)
    put(market, buyer, peaches(shop), LineChoice(variant_id=tea, quantity=1))
    order = placed(market, buyer, home(market, buyer))
    pay(market, order)
    with market.read() as session:
        parts = list(session.exec(select(SellerOrder.id).where(SellerOrder.order_id == order)))
    for part in parts:
        parcel(market, ADMIN, part)
        confirm_receipt(market, buyer, seller_order_id=part)
    return order, parts


def test_an_order_is_over_with_the_last_of_its_parts(market: Market, shop: Shop, clock: FakeClock) -> None:
    order, parts = of_two_sellers(market, shop)
    with market.transaction() as session:
        session.execute(sa.update(SellerOrder).where(SellerOrder.id == parts[0]).values(open_claims=1))  # type: ignore[arg-type]

    clock.advance(days=8)
    assert complete_orders(market) == 1
    assert order_state(market, order) == OrderState.PAID
    with market.transaction() as session:
        session.execute(sa.update(SellerOrder).where(SellerOrder.id == parts[0]).values(open_claims=0))  # type: ignore[arg-type]
    assert complete_orders(market) == 1
    assert order_state(market, order) == OrderState.COMPLETED


def test_two_parts_that_end_at_once_end_the_order(market: Market, shop: Shop, clock: FakeClock) -> None:
    """Each worker begins at another end of the list; neither may miss that the other's part was the last but one."""
    orders = [of_two_sellers(market, shop) for _ in range(4)]
    clock.advance(days=8)
    ready = threading.Barrier(2)

    def work(at: int) -> None:
        for _order, parts in orders:
            ready.wait()
            _complete(market, sorted(parts)[at])

    threads = [threading.Thread(target=work, args=(at,)) for at in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [order_state(market, order) for order, _parts in orders] == [OrderState.COMPLETED] * 4
    assert [events(market, order).count("order.completed") for order, _parts in orders] == [1] * 4
