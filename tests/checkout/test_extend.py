"""More time to pay: everything an order holds is held longer, up to a limit."""

from datetime import timedelta

import pytest
from sqlmodel import select

from market.bookings.tables import Booking
from market.checkout.end import end_unpaid
from market.checkout.errors import NoMoreTime
from market.checkout.extend import extend_order
from market.kernel.errors import NotFound
from market.kernel.market import Market
from market.orders.rules import OrderState
from market.orders.tables import CustomerOrder, OrderEvent
from market.payments.errors import NotPayable, PaymentWindowOver
from market.sessions.holds import release_lapsed
from market.sessions.tables import SeatHold, TourSession
from market.stock.manage import take_back_holds
from market.stock.tables import StockHold, StockLevel
from market.vouchers.manage import CampaignDraft, create_campaign, move_campaign
from market.vouchers.rules import CampaignState, DiscountKind, Funder
from market.vouchers.tables import VoucherUse
from tests.bookings.guests import Guests, book, pay, state_of
from tests.checkout.shop import Shop, buyers, key, open_shop
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN

MINUTES = timedelta(minutes=1)


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


def _unpaid(market: Market, shop: Shop) -> Guests:
    """An order of two visitors with their bags and a voucher, not paid yet."""
    now = market.now()
    campaign = create_campaign(
        market,
        ADMIN,
        CampaignDraft(
            "减十元", Funder.PLATFORM, DiscountKind.FIXED, now, now + timedelta(days=9), code="TENOFF", amount_fen=1_000
        ),
        key=key(),
    )
    move_campaign(market, ADMIN, campaign_id=campaign, to=CampaignState.ACTIVE)
    return book(market, shop, 2, is_paid=False, codes=("TENOFF",))


def _more(market: Market, guests: Guests) -> str:
    return extend_order(market, guests.buyer, order_id=guests.order, key=key())


def test_all_that_an_order_holds_is_held_longer_and_can_still_be_paid(
    market: Market, clock: FakeClock, shop: Shop
) -> None:
    start, with_key = market.now(), key()
    guests = _unpaid(market, shop)
    clock.advance(minutes=14)
    for _again in range(2):
        extend_order(market, guests.buyer, order_id=guests.order, key=with_key)

    with market.read() as session:
        order = session.exec(select(CustomerOrder)).one()
        ends = [
            session.exec(select(Booking.expires_at)).one(),
            session.exec(select(SeatHold.expires_at)).one(),
            *session.exec(select(StockHold.expires_at)).all(),
            session.exec(select(VoucherUse.expires_at)).one(),
        ]
        events = [each.what for each in session.exec(select(OrderEvent)).all()]
    assert order.pay_by == start + 29 * MINUTES
    assert set(ends) == {start + 39 * MINUTES}
    assert events.count("order.extended") == 1

    clock.now = start + 28 * MINUTES
    release_lapsed(market)
    take_back_holds(market)
    pay(market, guests.buyer, guests.order)
    assert state_of(market, guests) == ("CONFIRMED", ["VALID", "VALID"])
    with market.read() as session:
        tour, level = session.get(TourSession, shop.visit), session.get(StockLevel, shop.bag)
        assert tour is not None
        assert level is not None
        assert (tour.taken, level.reserved) == (2, 2)


def test_nobody_keeps_things_from_others_for_longer_than_three_quarters_of_an_hour(
    market: Market, clock: FakeClock, shop: Shop
) -> None:
    start = market.now()
    guests = _unpaid(market, shop)
    for minutes in (14, 28, 40):
        clock.now = start + minutes * MINUTES
        _more(market, guests)
    with pytest.raises(NoMoreTime) as refused:
        _more(market, guests)
    assert refused.value.facts["until"] == start + 45 * MINUTES

    clock.now = start + 45 * MINUTES
    with pytest.raises(PaymentWindowOver):
        _more(market, guests)


def test_seats_are_held_no_longer_than_they_could_be_confirmed(market: Market, clock: FakeClock, shop: Shop) -> None:
    guests = book(market, shop, 1, is_paid=False)
    cutoff = market.now() + 30 * MINUTES
    with market.transaction() as session:  # as of a package that can be booked until shortly before
        session.exec(select(Booking)).one().cutoff_at = cutoff
        session.exec(select(TourSession)).one().cutoff_at = cutoff
    clock.advance(minutes=14)

    _more(market, guests)

    with market.read() as session:
        assert session.exec(select(CustomerOrder.pay_by)).one() == cutoff - 10 * MINUTES
        assert session.exec(select(SeatHold.expires_at)).one() == cutoff


def test_only_ones_own_order_that_waits_to_be_paid(market: Market, shop: Shop) -> None:
    guests, paid = _unpaid(market, shop), book(market, shop, 1)
    (other,) = buyers(market, 1)
    told = []
    for order_id in (guests.order, "ord_unknown"):
        with pytest.raises(NotFound) as refused:
            extend_order(market, other, order_id=order_id, key=key())
        told.append(str(refused.value))
    assert told[0] == told[1]
    with pytest.raises(NotPayable):
        _more(market, paid)
    with market.transaction() as session:
        end_unpaid(session, guests.order, OrderState.CANCELLED, actor="test", now=market.now())
    with pytest.raises(NotPayable):
        _more(market, guests)
