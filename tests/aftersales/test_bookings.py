"""Cancelled bookings and departures: seats, gifts and money go back, each once, by the policy as sold."""

from datetime import timedelta
from threading import Thread

import pytest
import sqlalchemy as sa
from sqlmodel import select

from market.aftersales.bookings import cancel_booking, cancel_departure, preview_cancellation, refund_departures
from market.bookings.errors import NotChangeable
from market.bookings.rules import BookingState, CancelledBy, refund_percent
from market.bookings.tables import Booking, Ticket
from market.checkout.till import on_paid, on_refunded
from market.kernel.errors import Forbidden, IllegalTransition, MarketError, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.ledger.check import ledger_check
from market.ledger.tables import LedgerAccount
from market.orders.commission import CommissionDraft, set_commission
from market.orders.tables import CustomerOrder
from market.payments.intents import open_payment, record_trade
from market.payments.port import RefundAnswer, RefundAnswerState, Trade, TradeState
from market.payments.refunds import record_refund
from market.payments.rules import PayMethod, RefundReason
from market.payments.tables import Payment, Refund
from market.people.manage import give_role
from market.sessions.tables import TourSession
from market.stock.tables import StockLevel
from market.vouchers.manage import CampaignDraft, create_campaign, move_campaign
from market.vouchers.rules import CampaignState, DiscountKind, Funder
from market.vouchers.tables import VoucherCampaign
from tests.checkout.shop import Shop, buyers, home, key, open_shop, peaches, placed, put, visit
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    set_commission(market, ADMIN, CommissionDraft(500, market.now().date()))
    return open_shop(market)


def pay(market: Market, buyer: Actor, order_id: str) -> None:
    """The buyer pays, in the sandbox."""
    opened = open_payment(market, buyer, order_id=order_id, method=PayMethod.SANDBOX)
    intent = opened.intent
    trade = Trade(
        intent.out_trade_no, TradeState.PAID, f"st_{intent.out_trade_no}", intent.amount_fen, "CNY", market.now()
    )
    record_trade(market, on_paid, "sandbox", trade)


def booked(
    market: Market, shop: Shop, adults: int = 2, *, boxes: int = 0, codes: tuple[str, ...] = ()
) -> tuple[Actor, str]:
    """Somebody with a paid booking; its id."""
    (buyer,) = buyers(market, 1)
    put(market, buyer, visit(shop, adults))
    if boxes:
        put(market, buyer, peaches(shop, boxes))
    order_id = placed(market, buyer, home(market, buyer), codes=codes)
    pay(market, buyer, order_id)
    with market.read() as session:
        return buyer, session.exec(select(Booking.id).where(Booking.order_id == order_id)).one()


def books(market: Market) -> dict[str, int]:
    with market.read() as session:
        assert ledger_check(session) == []
        return {each.kind.value: each.balance_fen for each in session.exec(select(LedgerAccount)).all()}


def taken(market: Market, shop: Shop) -> tuple[int, int]:
    """Seats and bags that are promised."""
    with market.read() as session:
        tour, level = session.get(TourSession, shop.visit), session.get(StockLevel, shop.bag)
        assert tour is not None
        assert level is not None
        return tour.taken, level.reserved


@pytest.mark.parametrize(("hours", "percent"), [(72, 100), (48, 100), (47, 50), (24, 50), (23, 0), (1, 0)])
def test_what_comes_back_is_what_the_policy_as_sold_says(
    market: Market, clock: FakeClock, shop: Shop, hours: int, percent: int
) -> None:
    buyer, booking_id = booked(market, shop)
    with market.transaction() as session:
        session.execute(sa.text("UPDATE cancellation_tier SET refund_percent = 0"))  # what is sold later
        start = session.exec(select(TourSession.starts_at)).one()
    clock.now = start - timedelta(hours=hours)
    preview = preview_cancellation(market, buyer, booking_id=booking_id)

    cancel_booking(market, buyer, booking_id=booking_id, key=key())

    refund = 2 * 12_800 * percent // 100
    assert (preview.percent, preview.refund_fen) == (percent, refund)
    assert taken(market, shop) == (0, 0)
    with market.read() as session:
        booking = session.exec(select(Booking)).one()
        assert (booking.state, booking.refund_percent) == (BookingState.CANCELLED, percent)
        assert {each.state for each in session.exec(select(Ticket)).all()} == {"CANCELLED"}
        refunds = session.exec(select(Refund)).all()
    assert [each.amount_fen for each in refunds] == ([refund] if refund else [])
    commission = 2 * 12_800 * 500 // 10_000
    kept = commission - commission * percent // 100
    assert books(market)["COMMISSION"] == -kept
    assert books(market).get("REFUND_CLEARING", 0) == -refund
    assert books(market)["SELLER_PENDING"] == kept + refund - 2 * 12_800


def test_a_whole_refund_leaves_nothing_behind_and_the_voucher_is_there_again(market: Market, shop: Shop) -> None:
    campaign = create_campaign(
        market,
        ADMIN,
        CampaignDraft(
            "消费券",
            Funder.GOVERNMENT,
            DiscountKind.FIXED,
            market.now() - timedelta(days=1),
            market.now() + timedelta(days=9),
            code="VISIT",
            authority_region="330213000000",
            amount_fen=3_333,
            budget_fen=3_333,
        ),
        key=key(),
    )
    move_campaign(market, ADMIN, campaign_id=campaign, to=CampaignState.ACTIVE)
    buyer, booking_id = booked(market, shop, codes=("VISIT",))

    cancel_booking(market, buyer, booking_id=booking_id, key=key())
    with market.read() as session:
        refund = session.exec(select(Refund)).one()
        found = session.get(VoucherCampaign, campaign)
        assert found is not None
        assert (found.spent_fen, found.used_count) == (0, 0)
    answer = RefundAnswer(refund.out_refund_no, RefundAnswerState.SUCCEEDED, "sr", refund.amount_fen)
    record_refund(market, on_refunded, "sandbox", answer)

    assert set(books(market).values()) == {0}


def test_cancelling_a_visit_leaves_the_peaches_of_the_order(market: Market, shop: Shop) -> None:
    buyer, booking_id = booked(market, shop, boxes=2)

    cancel_booking(market, buyer, booking_id=booking_id, key=key())

    with market.read() as session:
        level = session.get(StockLevel, shop.peaches)
        assert level is not None
        assert level.reserved == 2
        order = session.exec(select(CustomerOrder)).one()
        assert order.refunded_fen == 2 * 12_800


def test_twice_at_once_is_cancelled_once(market: Market, shop: Shop) -> None:
    buyer, booking_id = booked(market, shop)
    told: list[str] = []

    def cancel(with_key: str) -> None:
        try:
            told.append(cancel_booking(market, buyer, booking_id=booking_id, key=with_key))
        except MarketError as error:
            told.append(error.code)

    same = key()
    threads = [Thread(target=cancel, args=(each,)) for each in [same] * 5 + [key() for _ in range(5)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(told) == 10
    assert set(told) <= {booking_id, IllegalTransition.code}
    with market.read() as session:
        assert len(session.exec(select(Refund)).all()) == 1
    assert books(market)["REFUND_CLEARING"] == -2 * 12_800


def test_what_has_begun_or_was_used_or_is_somebody_elses_is_not_cancelled(
    market: Market, clock: FakeClock, shop: Shop
) -> None:
    buyer, booking_id = booked(market, shop)
    (other,) = buyers(market, 1)
    told = []
    for of in (booking_id, "bkg_unknown"):
        with pytest.raises(NotFound) as refused:
            cancel_booking(market, other, booking_id=of, key=key())
        told.append(str(refused.value))
    assert told[0] == told[1]
    with market.transaction() as session:
        session.execute(sa.text("UPDATE ticket SET state = 'REDEEMED' WHERE position = 1"))
    with pytest.raises(NotChangeable):
        cancel_booking(market, buyer, booking_id=booking_id, key=key())
    with market.transaction() as session:
        session.execute(sa.text("UPDATE ticket SET state = 'VALID'"))
        clock.now = session.exec(select(TourSession.starts_at)).one()
    with pytest.raises(NotChangeable):
        cancel_booking(market, buyer, booking_id=booking_id, key=key())
    assert "REFUND_CLEARING" not in books(market)


def operator(market: Market, organisation: str) -> Actor:
    (person,) = buyers(market, 1)
    assert person.account_id is not None
    give_role(market, ADMIN, account_id=person.account_id, role=Role.EDITOR, within=organisation)
    return Actor(ActorKind.MEMBER, person.account_id, organisations={organisation: frozenset({Role.EDITOR})})


def test_a_typhoon_pays_everybody_back_whole_and_goes_on_where_it_was_killed(
    market: Market, clock: FakeClock, shop: Shop
) -> None:
    for adults in (1, 2, 3, 4):
        booked(market, shop, adults)
    with market.read() as session:
        clock.now = session.exec(select(TourSession.starts_at)).one() - timedelta(hours=2)
    with pytest.raises(Forbidden):
        cancel_departure(market, buyers(market, 1)[0], session_id=shop.visit)

    cancel_departure(market, operator(market, shop.stalls.producer), session_id=shop.visit, reason="台风")
    cancel_departure(market, operator(market, shop.stalls.producer), session_id=shop.visit, reason="台风")
    assert refund_departures(market, limit=1) == 1
    assert refund_departures(market, limit=2) == 2, "as after a kill: the rest"
    workers = [Thread(target=refund_departures, args=(market,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert refund_departures(market) == 0

    with market.read() as session:
        refunds = session.exec(select(Refund)).all()
        assert sorted(each.amount_fen for each in refunds) == [12_800, 25_600, 38_400, 51_200]
        assert {each.reason for each in refunds} == {RefundReason.OPERATOR_CANCELLED}
        assert {each.cancelled_by for each in session.exec(select(Booking)).all()} == {CancelledBy.OPERATOR}
        paid = sum(each.amount_fen for each in session.exec(select(Payment)).all())
    assert taken(market, shop) == (0, 0)
    assert books(market)["SELLER_PENDING"] == books(market)["COMMISSION"] == 0
    assert books(market)["REFUND_CLEARING"] == -paid


def test_the_tier_with_the_most_hours_left_counts() -> None:
    from datetime import UTC, datetime

    start = datetime(2026, 6, 20, 1, tzinfo=UTC)
    assert refund_percent([], starts_at=start, now=start - timedelta(days=9), by=CancelledBy.BUYER) == 0
    assert refund_percent([], starts_at=start, now=start, by=CancelledBy.OPERATOR) == 100
