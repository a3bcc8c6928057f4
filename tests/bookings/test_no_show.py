"""Who did not come: said once the gate has closed, in steps that can stop and go on, and taken back."""

from datetime import timedelta
from threading import Thread

import pytest
from sqlmodel import select

from market.aftersales.bookings import cancel_departure, refund_departures
from market.bookings.check_in import CheckInDraft, check_in
from market.bookings.errors import GateClosed, NotChangeable
from market.bookings.no_show import mark_no_show, mark_no_shows, undo_no_show
from market.bookings.roster import RosterCount, roster_counts
from market.bookings.tables import Booking
from market.catalogue.rules import UnitKind
from market.kernel.errors import Forbidden, IllegalTransition, Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor
from tests.bookings.guests import another_session, book, gatekeeper, go_to_gate, starts, state_of
from tests.checkout.shop import Shop, key, open_shop
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


@pytest.fixture(name="keeper")
def _keeper(market: Market, shop: Shop) -> Actor:
    return gatekeeper(market, shop.stalls.producer)


def test_the_worker_closes_what_is_over_and_goes_on_where_it_was_killed(
    market: Market, clock: FakeClock, shop: Shop, keeper: Actor
) -> None:
    nobody, some, everybody = book(market, shop, 2), book(market, shop, 3), book(market, shop, 1)
    unpaid = book(market, shop, 1, is_paid=False)
    came = go_to_gate(market, clock, shop)
    check_in(market, keeper, CheckInDraft(ticket_ids=(some.tickets[0], *everybody.tickets)), key=key())
    clock.now = starts(market, shop.visit) + timedelta(hours=15, seconds=-1)
    assert mark_no_shows(market) == 0, "guests may still come"

    clock.advance(seconds=1)
    assert mark_no_shows(market, limit=1) == 1
    workers = [Thread(target=mark_no_shows, args=(market,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert mark_no_shows(market) == 0
    assert state_of(market, nobody) == ("NO_SHOW", ["NO_SHOW", "NO_SHOW"])
    assert state_of(market, some) == ("REDEEMED", ["REDEEMED", "NO_SHOW", "NO_SHOW"])
    assert state_of(market, everybody) == ("REDEEMED", ["REDEEMED"])
    assert state_of(market, unpaid)[0] == "ON_HOLD", "payment's business"
    with market.read() as session:
        assert session.exec(select(Booking.redeemed_at).where(Booking.id == some.booking)).one() == came


def test_guests_of_a_cancelled_departure_are_paid_back_and_no_no_shows(
    market: Market, clock: FakeClock, shop: Shop
) -> None:
    guests = book(market, shop)
    go_to_gate(market, clock, shop)
    cancel_departure(market, ADMIN, session_id=shop.visit, reason="台风")
    clock.advance(days=3)

    assert mark_no_shows(market) == 0
    assert refund_departures(market) == 1
    assert state_of(market, guests)[0] == "CANCELLED"


def test_the_gate_says_that_nobody_came_and_a_late_guest_is_let_in(
    market: Market, clock: FakeClock, shop: Shop, keeper: Actor
) -> None:
    guests, partly = book(market, shop), book(market, shop)
    go_to_gate(market, clock, shop)
    check_in(market, keeper, CheckInDraft(ticket_ids=partly.tickets[:1]), key=key())
    with pytest.raises(NotChangeable):
        mark_no_show(market, keeper, booking_id=guests.booking, key=key())
    clock.advance(hours=2)
    with pytest.raises(NotChangeable):
        mark_no_show(market, keeper, booking_id=partly.booking, key=key())
    with pytest.raises(Forbidden):
        mark_no_show(market, guests.buyer, booking_id=guests.booking, key=key())
    with pytest.raises(NotFound):
        mark_no_show(market, keeper, booking_id="bkg_unknown", key=key())

    with_key = key()
    for _again in range(2):
        assert mark_no_show(market, keeper, booking_id=guests.booking, key=with_key) == guests.booking
    assert state_of(market, guests) == ("NO_SHOW", ["NO_SHOW", "NO_SHOW"])
    with pytest.raises(IllegalTransition):
        mark_no_show(market, keeper, booking_id=guests.booking, key=key())

    (late,) = check_in(market, keeper, CheckInDraft(code=guests.codes[0]), key=key())
    assert late.outcome == "REDEEMED"
    assert state_of(market, guests) == ("REDEEMED", ["REDEEMED", "NO_SHOW"])


def test_it_is_taken_back_within_a_week(market: Market, clock: FakeClock, shop: Shop, keeper: Actor) -> None:
    guests, other = book(market, shop, 3), book(market, shop, 1)
    clock.now = starts(market, shop.visit) + timedelta(days=1)
    assert mark_no_shows(market) == 2
    with pytest.raises(Invalid):
        undo_no_show(market, keeper, booking_id=guests.booking, ticket_ids=other.tickets, key=key())
    with pytest.raises(Forbidden):
        undo_no_show(market, guests.buyer, booking_id=guests.booking, key=key())

    undo_no_show(market, keeper, booking_id=guests.booking, ticket_ids=guests.tickets[:1], key=key())
    assert state_of(market, guests) == ("REDEEMED", ["REDEEMED", "NO_SHOW", "NO_SHOW"])
    undo_no_show(market, keeper, booking_id=guests.booking, key=key())
    assert state_of(market, guests) == ("REDEEMED", ["REDEEMED"] * 3)
    with pytest.raises(Invalid):
        undo_no_show(market, keeper, booking_id=guests.booking, key=key())

    clock.now = starts(market, shop.visit) + timedelta(days=7, hours=15)
    with pytest.raises(GateClosed):
        undo_no_show(market, keeper, booking_id=other.booking, key=key())
    assert state_of(market, other)[0] == "NO_SHOW"


def test_a_roster_counts_who_is_expected_and_who_came(
    market: Market, clock: FakeClock, shop: Shop, keeper: Actor
) -> None:
    guests, _others = book(market, shop, 3), book(market, shop, 2)
    book(market, shop, 1, is_paid=False)
    go_to_gate(market, clock, shop)
    check_in(market, keeper, CheckInDraft(ticket_ids=guests.tickets[:2]), key=key())

    assert roster_counts(market, keeper, session_id=shop.visit) == [
        RosterCount(shop.adult, UnitKind.ADULT, "成人", tickets=5, pax=5, redeemed=2, no_show=0)
    ]
    assert roster_counts(market, keeper, session_id=another_session(market, shop)) == []
    assert roster_counts(market, keeper, session_id="ses_unknown") is None
    with pytest.raises(Forbidden):
        roster_counts(market, guests.buyer, session_id=shop.visit)
