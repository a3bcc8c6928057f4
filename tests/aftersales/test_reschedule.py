"""A booking goes to another session: seats, tickets and money at once, by the policy as sold."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa
from sqlmodel import select

from market.aftersales.bookings import cancel_booking
from market.aftersales.reschedule import reschedule_booking
from market.bookings.check_in import CheckInDraft, check_in
from market.bookings.errors import ChangeTooLate, NotChangeable, PriceHigher
from market.bookings.tables import Booking, Ticket
from market.catalogue.tables import PackageOption, UnitType
from market.kernel.errors import MarketError, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR
from market.ledger.check import ledger_check
from market.ledger.tables import LedgerAccount
from market.orders.commission import CommissionDraft, set_commission
from market.orders.tables import OrderEvent, OrderLine
from market.payments.tables import Refund
from market.sessions.errors import SessionClosed, SessionFull
from market.sessions.moves import close_session
from market.sessions.rules import CloseReason
from market.sessions.tables import SeatHold, TourSession
from tests.bookings.guests import Guests, another_session, book, gatekeeper, go_to_gate, starts, state_of
from tests.checkout.shop import Shop, buyers, key, open_shop
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN, offer_tour, schedule


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    set_commission(market, ADMIN, CommissionDraft(500, market.now().date()))
    return open_shop(market)


def _move(market: Market, guests: Guests, to: str, *, with_key: str = "") -> str:
    return reschedule_booking(market, guests.buyer, booking_id=guests.booking, session_id=to, key=with_key or key())


def _taken(market: Market, *sessions: str) -> list[int]:
    """Seats taken, which are those of the holds there."""
    with market.read() as session:
        taken = [session.exec(select(TourSession.taken).where(TourSession.id == each)).one() for each in sessions]
        held = [sum(session.exec(select(SeatHold.seats).where(SeatHold.session_id == each)).all()) for each in sessions]
    assert taken == held
    return taken


def _price(market: Market, shop: Shop, fen: int) -> None:
    with market.transaction() as session:
        session.execute(sa.text("UPDATE unit_type SET price_fen = :fen WHERE id = :id"), {"fen": fen, "id": shop.adult})


def _books(market: Market) -> dict[str, int]:
    with market.read() as session:
        assert ledger_check(session) == []
        return {each.kind.value: each.balance_fen for each in session.exec(select(LedgerAccount)).all()}


def test_seats_and_tickets_go_along_and_the_code_stays(market: Market, clock: FakeClock, shop: Shop) -> None:
    guests, to, with_key = book(market, shop, 3), another_session(market, shop), key()

    for _again in range(2):
        assert _move(market, guests, to, with_key=with_key) == guests.booking

    assert _taken(market, shop.visit, to) == [0, 3]
    with market.read() as session:
        booking, tour = session.exec(select(Booking)).one(), session.get(TourSession, to)
        assert tour is not None
        assert (booking.session_id, booking.starts_at, booking.ends_at) == (to, tour.starts_at, tour.ends_at)
        assert (booking.cutoff_at, booking.local_date) == (tour.cutoff_at, tour.local_date)
        assert {each.session_id for each in session.exec(select(Ticket)).all()} == {to}
        assert session.exec(select(Refund)).all() == []
        (event,) = [each for each in session.exec(select(OrderEvent)).all() if each.what == "booking.rescheduled"]
        assert event.facts == {"booking": guests.booking, "from": shop.visit, "to": to}
    clock.now = starts(market, to)
    keeper = gatekeeper(market, shop.stalls.producer)
    assert check_in(market, keeper, CheckInDraft(code=guests.codes[0]), key=key())[0].outcome == "REDEEMED"


def test_what_it_costs_less_goes_back_and_the_rest_later(market: Market, shop: Shop) -> None:
    guests, to = book(market, shop, 2), another_session(market, shop)
    _price(market, shop, 10_000)

    _move(market, guests, to)

    with market.read() as session:
        assert [each.amount_fen for each in session.exec(select(Refund)).all()] == [2 * 2_800]
        booking = session.exec(select(Booking)).one()
        assert booking.amount_fen == 2 * 10_000
        assert {each.price_fen for each in session.exec(select(Ticket)).all()} == {10_000}
    books = _books(market)
    assert books["COMMISSION"] == -2 * 10_000 * 500 // 10_000
    assert books["REFUND_CLEARING"] == -2 * 2_800

    cancel_booking(market, guests.buyer, booking_id=guests.booking, key=key())
    books = _books(market)
    assert (books["REFUND_CLEARING"], books["COMMISSION"], books["SELLER_PENDING"]) == (-2 * 12_800, 0, 0)
    assert _taken(market, shop.visit, to) == [0, 0]


def test_a_dearer_session_is_refused_with_the_difference(market: Market, shop: Shop) -> None:
    guests, to = book(market, shop, 2), another_session(market, shop)
    _price(market, shop, 13_000)

    with pytest.raises(PriceHigher) as refused:
        _move(market, guests, to)

    assert refused.value.facts["difference_fen"] == 400
    assert "4.00" in str(refused.value)
    assert _taken(market, shop.visit, to) == [2, 0]


def test_it_is_moved_while_cancelling_would_give_all_of_it_back(market: Market, clock: FakeClock, shop: Shop) -> None:
    guests, to = book(market, shop), another_session(market, shop)
    clock.now = starts(market, shop.visit) - timedelta(hours=48)

    with pytest.raises(ChangeTooLate) as refused:
        _move(market, guests, to)

    assert "2026-06-18 09:00" in str(refused.value)
    clock.advance(seconds=-1)
    _move(market, guests, to)


def test_what_cannot_be_moved_stays_where_it_is(market: Market, shop: Shop) -> None:
    guests, to = book(market, shop, 2), another_session(market, shop)
    small, closed = another_session(market, shop, days=2, seats=1), another_session(market, shop, days=3)
    close_session(market, ADMIN, closed, reason=CloseReason.STAFF, idempotency_key=key())
    tour = offer_tour(market, shop.stalls, "别处")
    schedule(market, tour, market.now().date() + timedelta(days=30))
    with market.read() as session:
        other = session.exec(select(TourSession.id).where(TourSession.package_id == tour)).one()
    for target, refusal in (
        (shop.visit, NotChangeable),
        (small, SessionFull),
        (closed, SessionClosed),
        (other, NotFound),
        ("ses_unknown", NotFound),
    ):
        with pytest.raises(refusal):
            _move(market, guests, target)
    unpaid = book(market, shop, 1, is_paid=False)
    with pytest.raises(NotChangeable):
        _move(market, unpaid, to)
    with pytest.raises(NotSignedIn):
        reschedule_booking(market, VISITOR, booking_id=guests.booking, session_id=to, key=key())
    told = []
    (stranger,) = buyers(market, 1)
    for booking_id in (guests.booking, "bkg_unknown"):
        with pytest.raises(NotFound) as refused:
            reschedule_booking(market, stranger, booking_id=booking_id, session_id=to, key=key())
        told.append(str(refused.value))
    assert told[0] == told[1]
    for table in (PackageOption, UnitType):
        with market.transaction() as session:
            session.execute(sa.update(table).values(retired_at=market.now()))
        with pytest.raises(NotChangeable):
            _move(market, guests, to)
        with market.transaction() as session:
            session.execute(sa.update(table).values(retired_at=None))

    assert _taken(market, shop.visit, to, small, closed) == [3, 0, 0, 0]
    assert state_of(market, guests) == ("CONFIRMED", ["VALID", "VALID"])


def test_a_booking_of_which_somebody_came_is_not_moved(market: Market, clock: FakeClock, shop: Shop) -> None:
    guests, to = book(market, shop, 2), another_session(market, shop)
    go_to_gate(market, clock, shop)
    check_in(market, gatekeeper(market, shop.stalls.producer), CheckInDraft(code=guests.codes[0]), key=key())
    with pytest.raises(NotChangeable):
        _move(market, guests, to)
    assert _taken(market, shop.visit, to) == [2, 0]


def test_parties_that_change_places_at_once_all_have_their_seats(market: Market, shop: Shop) -> None:
    """Two sessions, full but for one seat each: whoever moves takes rows of both, from either side."""
    there = another_session(market, shop)
    parties = [book(market, shop, 2) for _ in range(8)]
    for party in parties[4:]:
        _move(market, party, there)
    ready, told = Barrier(len(parties)), []

    def change(party: Guests, to: str) -> None:
        ready.wait()
        try:
            told.append(_move(market, party, to))
        except MarketError as error:
            told.append(error.code)

    goals = [there] * 4 + [shop.visit] * 4
    threads = [Thread(target=change, args=each) for each in zip(parties, goals, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(told) == sorted(party.booking for party in parties)
    assert _taken(market, shop.visit, there) == [8, 8]
    with market.read() as session:
        found = dict(session.exec(select(Booking.id, Booking.session_id)).all())
    assert found == {party.booking: to for party, to in zip(parties, goals, strict=True)}


def test_many_who_want_the_last_seats_get_no_more_than_there_are(market: Market, shop: Shop) -> None:
    small, parties = another_session(market, shop, seats=3), [book(market, shop, 1) for _ in range(6)]
    ready, told = Barrier(len(parties)), []

    def change(party: Guests) -> None:
        ready.wait()
        try:
            told.append(_move(market, party, small))
        except MarketError as error:
            told.append(error.code)

    threads = [Thread(target=change, args=(each,)) for each in parties]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert told.count(SessionFull.code) == 3
    assert _taken(market, shop.visit, small) == [3, 3]


def test_two_moves_of_one_booking_at_once_leave_it_in_one_place(market: Market, shop: Shop) -> None:
    guests, goals = book(market, shop, 2), [another_session(market, shop, days=each) for each in (1, 2)]
    ready = Barrier(2)

    def change(to: str) -> None:
        ready.wait()
        _move(market, guests, to)

    threads = [Thread(target=change, args=(each,)) for each in goals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with market.read() as session:
        here = session.exec(select(Booking.session_id)).one()
        assert session.exec(select(OrderLine.refunded_fen).where(OrderLine.kind == "BOOKING")).one() == 0
    assert _taken(market, shop.visit, *goals) == [0, *(2 if each == here else 0 for each in goals)]
