"""At the gate: each ticket lets in once, some of a party or all, on the session's day, for the organisation's people."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa
from sqlmodel import select

from market.aftersales.bookings import cancel_booking, cancel_departure, refund_departures
from market.bookings.check_in import CheckInDraft, check_in
from market.bookings.errors import GateClosed, NotChangeable
from market.bookings.gate import CheckOutcome
from market.bookings.redeem import Scan, lock_tickets, redeem
from market.bookings.tables import Booking, Redemption, Ticket
from market.kernel.audit import ENTRIES
from market.kernel.errors import Forbidden, Invalid, MarketError, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, Role
from market.organisations.manage import OrganisationDraft, register_organisation
from market.organisations.rules import OrganisationKind
from market.payments.tables import Refund
from market.sessions.moves import cancel_step
from market.sessions.rules import CloseReason
from tests.bookings.guests import Guests, another_session, book, gatekeeper, go_to_gate, starts, state_of
from tests.checkout.shop import Shop, key, open_shop
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


def _in(market: Market, actor: Actor, *tickets: str, at: str | None = None) -> list[str]:
    made = check_in(market, actor, CheckInDraft(ticket_ids=tickets, gate=at), key=key())
    return [each.outcome.value for each in made]


def test_a_code_lets_in_once_and_says_afterwards_when_where_and_by_whom(
    market: Market, clock: FakeClock, shop: Shop
) -> None:
    guests, keeper = book(market, shop, 1), gatekeeper(market, shop.stalls.producer)
    now = go_to_gate(market, clock, shop)
    typed = guests.codes[0].lower().replace("-", " ")
    draft, with_key = CheckInDraft(code=typed, gate=" 北门 "), key()

    first = check_in(market, keeper, draft, key=with_key)
    clock.advance(minutes=1)
    again = check_in(market, keeper, draft, key=with_key)
    later = check_in(market, keeper, draft, key=key())

    assert [each.outcome for each in (*first, *again, *later)] == ["REDEEMED", "REDEEMED", "ALREADY_REDEEMED"]
    assert state_of(market, guests) == ("REDEEMED", ["REDEEMED"])
    with market.read() as session:
        ticket, booking = session.exec(select(Ticket)).one(), session.exec(select(Booking)).one()
        assert (ticket.redeemed_at, ticket.redeemed_by, ticket.gate) == (now, keeper.account_id, "北门")
        assert booking.redeemed_at == now
        assert len(session.exec(select(Redemption)).all()) == 1
        entries = session.execute(sa.select(ENTRIES).where(ENTRIES.c.action == "booking.check_in")).all()
    assert [(each.subject, each.principal) for each in entries] == [(shop.visit, shop.stalls.producer)]
    assert guests.codes[0] not in str(entries)


def test_some_of_a_party_come_and_the_others_later(market: Market, clock: FakeClock, shop: Shop) -> None:
    guests, keeper = book(market, shop, 5), gatekeeper(market, shop.stalls.producer)
    go_to_gate(market, clock, shop)

    assert _in(market, keeper, *guests.tickets[:3]) == ["REDEEMED"] * 3
    assert state_of(market, guests) == ("CONFIRMED", ["REDEEMED"] * 3 + ["VALID"] * 2)
    assert _in(market, keeper, *guests.tickets[2:]) == ["ALREADY_REDEEMED", "REDEEMED", "REDEEMED"]

    assert state_of(market, guests) == ("REDEEMED", ["REDEEMED"] * 5)


def test_tickets_are_taken_on_the_sessions_day_alone(market: Market, clock: FakeClock, shop: Shop) -> None:
    guests, keeper = book(market, shop), gatekeeper(market, shop.stalls.producer)
    start = starts(market, shop.visit)  # 09:00 in Shanghai
    for moment in (start - timedelta(hours=9, seconds=1), start + timedelta(hours=15)):
        clock.now = moment
        with pytest.raises(GateClosed) as refused:
            _in(market, keeper, *guests.tickets)
        assert "2026-06-20 00:00" in str(refused.value)
    assert state_of(market, guests) == ("CONFIRMED", ["VALID", "VALID"])

    clock.now = start - timedelta(hours=9)
    assert _in(market, keeper, guests.tickets[0]) == ["REDEEMED"]
    clock.now = start + timedelta(hours=15, seconds=-1)
    assert _in(market, keeper, guests.tickets[1]) == ["REDEEMED"]


def test_what_was_cancelled_or_never_paid_lets_nobody_in_and_keeps_nobody_else_out(
    market: Market, clock: FakeClock, shop: Shop
) -> None:
    cancelled, comes = book(market, shop), book(market, shop)
    keeper = gatekeeper(market, shop.stalls.producer)
    cancel_booking(market, cancelled.buyer, booking_id=cancelled.booking, key=key())
    unpaid = book(market, shop, 1, is_paid=False)
    go_to_gate(market, clock, shop)

    told = _in(market, keeper, cancelled.tickets[0], comes.tickets[0], unpaid.tickets[0], comes.tickets[1])

    assert told == ["CANCELLED", "REDEEMED", "NOT_PAID", "REDEEMED"]
    assert state_of(market, comes)[0] == "REDEEMED"
    assert state_of(market, cancelled) == ("CANCELLED", ["CANCELLED", "CANCELLED"])
    assert state_of(market, unpaid) == ("ON_HOLD", ["PENDING"])


def test_strangers_tickets_are_unknown_ones(market: Market, clock: FakeClock, shop: Shop) -> None:
    guests = book(market, shop)
    other = register_organisation(
        market,
        ADMIN,
        OrganisationDraft(OrganisationKind.HOUSEHOLD, "老李家", "Li", "", None, shop.stalls.village),
    )
    stranger = gatekeeper(market, other)
    go_to_gate(market, clock, shop)
    codes = [CheckInDraft(code=each) for each in (guests.codes[0], "00000-00000-00000-00000")]
    ids = [CheckInDraft(ticket_ids=each) for each in (guests.tickets, ("tkt_unknown",))]

    assert [_refusal(market, stranger, each) for each in codes] == ["Nothing was found for “code”."] * 2
    assert [_refusal(market, stranger, each) for each in ids] == ["Nothing was found for “ticketIds”."] * 2
    assert state_of(market, guests) == ("CONFIRMED", ["VALID", "VALID"])


def _refusal(market: Market, actor: Actor, draft: CheckInDraft) -> str:
    with pytest.raises(NotFound) as refused:
        check_in(market, actor, draft, key=key())
    return str(refused.value)


def test_only_people_who_fulfil_take_tickets(market: Market, clock: FakeClock, shop: Shop) -> None:
    guests = book(market, shop)
    go_to_gate(market, clock, shop)
    for actor, refusal in (
        (VISITOR, NotSignedIn),
        (guests.buyer, Forbidden),
        (gatekeeper(market, shop.stalls.producer, Role.EDITOR), Forbidden),
    ):
        with pytest.raises(refusal):
            _in(market, actor, guests.tickets[0])
    assert state_of(market, guests)[0] == "CONFIRMED"


def test_what_cannot_be_is_told(market: Market, clock: FakeClock, shop: Shop) -> None:
    guests, keeper = book(market, shop), gatekeeper(market, shop.stalls.producer)
    elsewhere = another_session(market, shop)
    with market.transaction() as session:
        session.execute(sa.text("UPDATE booking SET session_id = :to"), {"to": elsewhere})
    moved, here = guests, book(market, shop)
    go_to_gate(market, clock, shop)
    drafts = (
        CheckInDraft(),
        CheckInDraft(code="not a code"),
        CheckInDraft(ticket_ids=tuple(f"tkt_{each}" for each in range(101))),
        CheckInDraft(ticket_ids=here.tickets, gate="门" * 65),
        CheckInDraft(ticket_ids=(*moved.tickets, *here.tickets)),
    )
    for draft in drafts:
        with pytest.raises(Invalid):
            check_in(market, keeper, draft, key=key())
    assert state_of(market, here)[0] == "CONFIRMED"


def test_one_ticket_at_many_gates_at_once_lets_in_once(market: Market, clock: FakeClock, shop: Shop) -> None:
    guests, keeper = book(market, shop, 2), gatekeeper(market, shop.stalls.producer)
    go_to_gate(market, clock, shop)
    gates, told = Barrier(6), []

    def scan(gate: int) -> None:
        gates.wait()
        draft = CheckInDraft(code=guests.codes[gate % 2], gate=f"gate {gate}")
        told.append(check_in(market, keeper, draft, key=key())[0].outcome)

    _at_once(scan, range(6))

    assert sorted(told) == ["ALREADY_REDEEMED"] * 4 + ["REDEEMED"] * 2
    assert state_of(market, guests) == ("REDEEMED", ["REDEEMED", "REDEEMED"])
    with market.read() as session:
        assert len(session.exec(select(Redemption)).all()) == 2


def _at_once(act: object, each: object) -> None:
    threads = [Thread(target=act, args=(one,)) for one in each]  # type: ignore[arg-type, attr-defined]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_departure_cancelled_while_guests_are_checked_in_either_lets_in_or_pays_back(
    market: Market, clock: FakeClock, shop: Shop
) -> None:
    parties = [book(market, shop, 1) for _ in range(6)]
    keeper = gatekeeper(market, shop.stalls.producer)
    go_to_gate(market, clock, shop)
    ready, told = Barrier(7), {}

    def act(party: Guests | None) -> None:
        ready.wait()
        if party is None:
            cancel_departure(market, ADMIN, session_id=shop.visit, reason="台风")
        else:
            told[party.booking] = _in(market, keeper, *party.tickets)[0]

    _at_once(act, [*parties[:3], None, *parties[3:]])
    while refund_departures(market):
        pass

    with market.read() as session:
        refunded = {each.reference for each in session.exec(select(Refund)).all()}
    for party in parties:
        if told[party.booking] == CheckOutcome.REDEEMED:
            assert state_of(market, party) == ("REDEEMED", ["REDEEMED"])
            assert party.booking not in refunded
        else:
            assert (told[party.booking], state_of(market, party)) == ("CANCELLED", ("CANCELLED", ["CANCELLED"]))
            assert party.booking in refunded


@pytest.mark.parametrize("is_first", [True, False])
def test_a_gate_waits_for_a_departure_that_is_being_cancelled_and_it_for_the_gate(
    market: Market, clock: FakeClock, shop: Shop, *, is_first: bool
) -> None:
    """Whoever has begun is waited for: seen from a transaction that is held open until the other has had time to look."""
    guests, keeper = book(market, shop, 1), gatekeeper(market, shop.stalls.producer)
    go_to_gate(market, clock, shop)
    told: list[str] = []
    other = Thread(
        target=lambda: (
            told.extend(_in(market, keeper, *guests.tickets))
            if is_first
            else cancel_departure(market, ADMIN, session_id=shop.visit, reason="台风")
        )
    )
    with market.transaction() as session:
        if is_first:
            cancel_step(session, ADMIN, shop.visit, reason=CloseReason.WEATHER, now=market.now())
        else:
            scans = [Scan(guests.tickets[0], market.now())]
            told.extend(redeem(session, lock_tickets(session, guests.tickets), scans, actor="gate", now=market.now()))
        other.start()
        other.join(1)
        is_waiting = other.is_alive()
    other.join()
    while refund_departures(market):
        pass

    assert is_waiting
    assert told == ["CANCELLED" if is_first else "REDEEMED"]
    ends = "CANCELLED" if is_first else "REDEEMED"
    assert state_of(market, guests) == (ends, [ends])


def test_after_a_departure_is_cancelled_nobody_is_let_in(market: Market, clock: FakeClock, shop: Shop) -> None:
    guests, keeper = book(market, shop), gatekeeper(market, shop.stalls.producer)
    go_to_gate(market, clock, shop)
    cancel_departure(market, ADMIN, session_id=shop.visit, reason="台风")

    assert _in(market, keeper, *guests.tickets) == ["CANCELLED", "CANCELLED"]
    assert state_of(market, guests) == ("CONFIRMED", ["VALID", "VALID"]), "until it is paid back"


def test_a_party_let_in_partly_gets_the_rest_back_when_the_departure_is_cancelled(
    market: Market, clock: FakeClock, shop: Shop
) -> None:
    guests, other = book(market, shop, 4), book(market, shop, 1)
    keeper = gatekeeper(market, shop.stalls.producer)
    go_to_gate(market, clock, shop)
    _in(market, keeper, guests.tickets[0])
    with pytest.raises(NotChangeable):
        cancel_booking(market, guests.buyer, booking_id=guests.booking, key=key())

    cancel_departure(market, ADMIN, session_id=shop.visit, reason="台风")
    while refund_departures(market):
        pass

    assert state_of(market, guests) == ("REDEEMED", ["REDEEMED"] + ["CANCELLED"] * 3)
    assert state_of(market, other) == ("CANCELLED", ["CANCELLED"])
    with market.read() as session:
        refunds = {each.reference: each.amount_fen for each in session.exec(select(Refund)).all()}
    assert refunds == {guests.booking: 3 * 12_800, other.booking: 12_800}


def test_cancelling_and_checking_in_at_once_have_one_winner(market: Market, clock: FakeClock, shop: Shop) -> None:
    guests, keeper = book(market, shop, 1), gatekeeper(market, shop.stalls.producer)
    go_to_gate(market, clock, shop)
    ready, told = Barrier(2), {}

    def act(who: str) -> None:
        ready.wait()
        try:
            if who == "buyer":
                told[who] = cancel_booking(market, guests.buyer, booking_id=guests.booking, key=key())
            else:
                told[who] = _in(market, keeper, *guests.tickets)[0]
        except MarketError as error:
            told[who] = error.code

    _at_once(act, ["buyer", "gate"])

    if told["gate"] == "REDEEMED":
        assert told["buyer"] in {"ILLEGAL_TRANSITION", "NOT_CHANGEABLE"}
        assert state_of(market, guests) == ("REDEEMED", ["REDEEMED"])
    else:
        assert told == {"buyer": guests.booking, "gate": "CANCELLED"}
        assert state_of(market, guests) == ("CANCELLED", ["CANCELLED"])
