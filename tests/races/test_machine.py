"""A shop, and whatever may happen to it in whatever order: after each step everything is as it must be.

The model knows less than the marketplace on purpose: who has ordered, begun to pay and paid. What follows from it for
stock, seats, vouchers, tickets and the ledger is in `invariants`.
"""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import select

from market.aftersales.bookings import cancel_booking, cancel_departure, refund_departures
from market.checkout.errors import CartEmpty, OrderRefused
from market.kernel.database import open_database
from market.kernel.errors import Conflict, IdempotencyConflict
from market.kernel.market import Market
from market.ledger.tables import LedgerAccount
from market.orders.rules import OrderState
from market.orders.tables import CustomerOrder
from market.payments.port import Trade
from market.sessions.tables import TourSession
from market.stock.tables import StockLevel
from tests.checkout.shop import Shop, buyers, home, key, open_shop
from tests.clock import FakeClock
from tests.databases import Databases
from tests.races.invariants import wrong
from tests.races.shopping import (
    Tap,
    confirmed_booking,
    fill,
    give_up,
    open_trade,
    ready,
    send_refunds,
    tap,
    tell,
    tidy,
)
from tests.schema.stalls import ADMIN

PIECES, SEATS = 9, 6


class Shopping(RuleBasedStateMachine):
    """Few pieces, few seats, three buyers."""

    databases: Databases
    taps, orders, trades = Bundle("taps"), Bundle("orders"), Bundle("trades")

    def __init__(self) -> None:
        super().__init__()
        self.url = self.databases.create()
        self.clock = FakeClock()
        self.market = Market(open_database(self.url), clock=self.clock)
        self.shop: Shop = open_shop(self.market, pieces=PIECES, seats=SEATS)
        self.people = [(buyer, home(self.market, buyer)) for buyer in buyers(self.market, 3)]
        self.answers: dict[str, str] = {}
        self.paid: dict[str, int] = {}
        self.is_cancelled = False

    def teardown(self) -> None:
        """Nobody needs it any more."""
        self.market.close()
        self.databases.drop(self.url)

    def state(self, order_id: str) -> str:
        """Where an order stands."""
        with self.market.read() as session:
            return session.exec(select(CustomerOrder.state).where(CustomerOrder.id == order_id)).one()

    @rule(target=taps, who=st.integers(0, 2), boxes=st.integers(0, 4), adults=st.integers(0, 3))
    def fill_a_cart(self, who: int, boxes: int, adults: int) -> Any:
        """A buyer chooses, and is about to order."""
        buyer, address = self.people[who]
        if not boxes and not adults:
            return multiple()
        fill(self.market, buyer, self.shop, boxes=boxes, adults=0 if self.is_cancelled else adults)
        if not boxes and self.is_cancelled:
            return multiple()
        return ready(self.market, buyer, address, key())

    @rule(target=orders, asked=taps)
    def place(self, asked: Tap) -> Any:
        """The buyer taps: an order, the same one as before, or a refusal that holds nothing."""
        try:
            order_id = tap(self.market, asked)
        except (OrderRefused, CartEmpty, IdempotencyConflict) as refused:
            assert asked.key not in self.answers
            event(f"place: {type(refused).__name__}")
            return multiple()
        is_new = self.answers.setdefault(asked.key, order_id) == order_id
        assert is_new, "another order for the same key"
        event("place: order")
        return order_id

    @rule(target=trades, order_id=orders)
    def begin_to_pay(self, order_id: str) -> Any:
        """The buyer begins to pay, while that is possible."""
        with self.market.read() as session:
            account = session.exec(select(CustomerOrder.account_id).where(CustomerOrder.id == order_id)).one()
        (buyer,) = [buyer for buyer, _address in self.people if buyer.account_id == account]
        try:
            return open_trade(self.market, buyer, order_id), order_id
        except Conflict:
            assert self.state(order_id) != OrderState.PENDING_PAYMENT or self.is_over(order_id)
            return multiple()

    def is_over(self, order_id: str) -> bool:
        """Whether its time to pay is over."""
        with self.market.read() as session:
            pay_by = session.exec(select(CustomerOrder.pay_by).where(CustomerOrder.id == order_id)).one()
            return bool(pay_by <= self.clock.now)

    @rule(trade=trades, notice=st.one_of(st.none(), st.sampled_from(["n1", "n2"])))
    def money_comes(self, trade: tuple[Trade, str], notice: str | None) -> None:
        """The provider says that it has the money: in time, late, or again."""
        said, order_id = trade
        before, owed = self.state(order_id), self.owed(order_id)
        tell(self.market, said, notice=None if notice is None else f"{notice}-{said.out_trade_no}")
        if said.out_trade_no in self.paid:
            assert (self.state(order_id), self.owed(order_id)) == (before, owed), "the same money counted twice"
            event("money: again")
            return
        assert said.amount_fen is not None
        self.paid[said.out_trade_no] = said.amount_fen
        is_paid_now = before != OrderState.PAID and self.state(order_id) == OrderState.PAID
        assert is_paid_now or self.owed(order_id) == owed + said.amount_fen, "money that is nobody's"
        event(f"money: {before} -> {self.state(order_id) if is_paid_now else 'owed back'}")

    def owed(self, order_id: str) -> int:
        """What is owed back of it as a whole."""
        with self.market.read() as session:
            balances = session.exec(select(LedgerAccount.balance_fen).where(LedgerAccount.owner == order_id)).all()
            return -sum(balances)

    @rule(order_id=orders)
    def buyer_gives_up(self, order_id: str) -> None:
        """The buyer cancels."""
        was = self.state(order_id)
        with self.market.read() as session:
            account = session.exec(select(CustomerOrder.account_id).where(CustomerOrder.id == order_id)).one()
        (buyer,) = [buyer for buyer, _address in self.people if buyer.account_id == account]
        assert give_up(self.market, buyer, order_id) is (was == OrderState.PENDING_PAYMENT)

    @rule(order_id=orders)
    def booking_is_cancelled(self, order_id: str) -> None:
        """The buyer cancels the booking in a paid order."""
        booking = confirmed_booking(self.market, order_id)
        if booking is None:
            return
        with self.market.read() as session:
            account = session.exec(select(CustomerOrder.account_id).where(CustomerOrder.id == order_id)).one()
        (buyer,) = [buyer for buyer, _address in self.people if buyer.account_id == account]
        cancel_booking(self.market, buyer, booking_id=booking, key=key())
        assert confirmed_booking(self.market, order_id) is None
        event("booking cancelled")

    @precondition(lambda self: self.answers)
    @rule(minutes=st.sampled_from([1, 6, 14, 15, 26, 60]))
    def time_goes_by(self, minutes: int) -> None:
        """Some time goes by."""
        self.clock.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.answers)
    @rule()
    def worker_tidies(self) -> None:
        """The worker comes round."""
        tidy(self.market)
        send_refunds(self.market)
        refund_departures(self.market)

    @rule(pick=consumes(taps))
    def typhoon(self, pick: Tap) -> None:
        """The visit cannot take place. Seldom: once, and only when somebody thinks of ordering."""
        del pick
        if self.is_cancelled or len(self.answers) < 3:
            return
        self.is_cancelled = True
        event("typhoon")
        cancel_departure(self.market, ADMIN, session_id=self.shop.visit, reason="台风")

    @invariant()
    def all_is_well(self) -> None:
        """Everything is as it must be."""
        assert wrong(self.market) == []
        with self.market.read() as session:
            level, tour = session.get_one(StockLevel, self.shop.peaches), session.get_one(TourSession, self.shop.visit)
            assert 0 <= level.reserved <= level.on_hand == PIECES
            assert 0 <= tour.taken <= SEATS


def test_whatever_happens_in_whatever_order(databases: Databases) -> None:
    machine = type("ShoppingHere", (Shopping,), {"databases": databases})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],  # each step is many transactions: shrinking would take minutes
            derandomize=True,
        ),
    )
