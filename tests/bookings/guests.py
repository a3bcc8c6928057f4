"""Guests of the tiny shop's visit: paid bookings, their tickets' codes, and who stands at the gate."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlmodel import col, select

from market.bookings.codes import PURPOSE
from market.bookings.tables import Booking, Ticket
from market.catalogue.tables import PackageOption
from market.checkout.till import on_paid
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.payments.intents import open_payment, record_trade
from market.payments.port import Trade, TradeState
from market.payments.rules import PayMethod
from market.people.manage import give_role
from market.sessions.manage import SeriesDraft, schedule_sessions
from market.sessions.tables import TourSession
from tests.checkout.shop import VISIT_DAY, Shop, buyers, home, placed, put, visit
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN


@dataclass(frozen=True)
class Guests:
    """Somebody's paid booking."""

    buyer: Actor
    order: str
    booking: str
    tickets: tuple[str, ...]
    codes: tuple[str, ...]


def pay(market: Market, buyer: Actor, order_id: str) -> None:
    """The buyer pays, in the sandbox."""
    intent = open_payment(market, buyer, order_id=order_id, method=PayMethod.SANDBOX).intent
    trade = Trade(
        intent.out_trade_no, TradeState.PAID, f"st_{intent.out_trade_no}", intent.amount_fen, "CNY", market.now()
    )
    record_trade(market, on_paid, "sandbox", trade)


def book(market: Market, shop: Shop, adults: int = 2, *, is_paid: bool = True, codes: tuple[str, ...] = ()) -> Guests:
    """A booking of so many adults."""
    (buyer,) = buyers(market, 1)
    put(market, buyer, visit(shop, adults))
    order = placed(market, buyer, home(market, buyer), codes=codes)
    if is_paid:
        pay(market, buyer, order)
    with market.read() as session:
        booking = session.exec(select(Booking.id).where(Booking.order_id == order)).one()
        rows = session.exec(select(Ticket).where(Ticket.booking_id == booking).order_by(col(Ticket.position))).all()
    opened = tuple(market.sealer.open(row.code_sealed, purpose=PURPOSE) for row in rows)
    return Guests(buyer, order, booking, tuple(row.id for row in rows), opened)


def gatekeeper(market: Market, organisation: str, role: Role = Role.FULFILMENT) -> Actor:
    """Somebody of an organisation who takes tickets."""
    (person,) = buyers(market, 1)
    assert person.account_id is not None
    give_role(market, ADMIN, account_id=person.account_id, role=role, within=organisation)
    return Actor(ActorKind.MEMBER, person.account_id, organisations={organisation: frozenset({role})})


def starts(market: Market, session_id: str) -> datetime:
    """When a session starts."""
    with market.read() as session:
        return session.exec(select(TourSession.starts_at).where(TourSession.id == session_id)).one()


def go_to_gate(market: Market, clock: FakeClock, shop: Shop, **later: float) -> datetime:
    """Move the clock to an hour before the visit, or so much later."""
    clock.now = starts(market, shop.visit) - timedelta(hours=1) + timedelta(**later)
    return clock.now


def another_session(market: Market, shop: Shop, *, days: int = 1, seats: int = 20) -> str:
    """A session of the same option some days later."""
    with market.read() as session:
        option = session.exec(
            select(PackageOption.id)
            .join(TourSession, col(TourSession.option_id) == col(PackageOption.id))
            .where(TourSession.id == shop.visit)
        ).one()
    day = VISIT_DAY + timedelta(days=days)
    schedule_sessions(market, ADMIN, [SeriesDraft(option, (day,), (time(9),), seats)])
    with market.read() as session:
        return session.exec(
            select(TourSession.id).where(TourSession.option_id == option, TourSession.local_date == day)
        ).one()


def state_of(market: Market, guests: Guests) -> tuple[str, list[str]]:
    """The states of a booking and of its tickets."""
    with market.read() as session:
        booking = session.get(Booking, guests.booking)
        assert booking is not None
        tickets = session.exec(
            select(Ticket.state).where(Ticket.booking_id == guests.booking).order_by(col(Ticket.position))
        ).all()
    return str(booking.state), [str(each) for each in tickets]
