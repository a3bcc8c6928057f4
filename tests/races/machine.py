"""A shop, and whatever may happen to it in whatever order: after each step everything is as it must be.

The model knows less than the marketplace on purpose: who has ordered, begun to pay, paid, and come in. What follows from
it for stock, seats, vouchers, tickets and the ledger is in `invariants`. `unguarded` takes out each guard in turn and
says what caught it here.

Steps are drawn by weight from random numbers with a seed: what happens in a shop is mostly buying and paying, and a
machine that tries everything equally often hardly ever gets to a typhoon with guests at the gate.
"""

import random
from collections import Counter
from datetime import datetime, timedelta

from sqlmodel import col, select

from market.aftersales.approve import LineShare, RefundDraft, refund_order_lines
from market.aftersales.bookings import cancel_booking, cancel_departure, refund_departures
from market.aftersales.reschedule import reschedule_booking
from market.bookings.check_in import CheckInDraft, check_in
from market.bookings.gate import CheckOutcome
from market.bookings.rules import BookingState
from market.bookings.tables import Booking, Ticket
from market.checkout.errors import CartEmpty, OrderRefused
from market.checkout.extend import extend_order
from market.fulfilment.rules import Carrier
from market.fulfilment.ship import ShipDraft, ship_order
from market.kernel.errors import Conflict, IdempotencyConflict
from market.kernel.idempotency import KEPT
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.orders.rules import LineKind, OrderState
from market.orders.tables import CustomerOrder, OrderLine
from market.payments.port import Trade
from market.sessions.tables import TourSession
from market.settlement.check import check_books
from market.settlement.release import net_refunds, release_due
from market.stock.tables import StockLevel
from tests.checkout.shop import key
from tests.clock import FakeClock
from tests.races.fair import CODES, PIECES, Fair, Standing, line_of, no_refunds_from_now_on, owed, standing
from tests.races.invariants import unsettled, wrong
from tests.races.shopping import (
    Tap,
    another_sum,
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

PAID = (OrderState.PAID, OrderState.REFUNDED, OrderState.COMPLETED)
STEPS = {
    "buys": 6,
    "fills_a_cart": 2,
    "taps_once_more": 3,
    "begins_to_pay": 5,
    "money_comes": 8,
    "money_comes_too_late": 2,
    "odd_money_comes": 2,
    "gives_up": 2,
    "wants_more_time": 2,
    "cancels_booking": 2,
    "moves_booking": 2,
    "seller_sends": 3,
    "seller_pays_back": 3,
    "guests_come": 4,
    "time_goes_by": 7,
    "the_day_comes": 1,
    "worker_tidies": 4,
    "policy_changes": 1,
    "typhoon": 1,
}
"""What may happen, and how often to one another."""


class Shopping:
    """Three buyers, who may order, pay, give up, come, send back; a seller, a gate, a worker; a typhoon."""

    def __init__(self, market: Market, clock: FakeClock, fair: Fair, seed: int) -> None:
        self.market, self.clock, self.fair = market, clock, fair
        self.chance = random.Random(seed)
        self.latest = clock.now
        self.taps: list[tuple[Tap, datetime]] = []
        self.orders: list[str] = []
        self.trades: list[tuple[Trade, str]] = []
        self.answers: dict[str, str] = {}
        self.codes: dict[str, str | None] = {}
        self.told: set[str] = set()
        """Payments of which the provider has said all there is to say."""
        self.notices: set[str] = set()
        self.without_refund: set[str] = set()
        self.let_in: set[str] = set()
        self.is_cancelled = self.has_new_policy = False
        self.history: list[str] = []
        self.happened: Counter[str] = Counter()

    def run(self, steps: int) -> None:
        """So many steps; what is wrong after one is an AssertionError that tells what was done."""
        names, weights = list(STEPS), list(STEPS.values())
        try:
            for name in ["buys"] * 3 + self.chance.choices(names, weights, k=steps):
                self.history.append(name)
                step = getattr(self, name)
                step()
                self.latest = max(self.latest, self.clock.now)
                if ":" in self.history[-1]:  # something came of it
                    self.all_is_well()
            self.worker_tidies()
            self.all_is_well()
            with self.market.read() as session:
                assert check_books(session) == []
        except BaseException as error:
            error.add_note("\n".join(self.history))
            raise

    def note(self, what: str) -> None:
        """This came of it."""
        self.happened[what] += 1
        self.history[-1] += f": {what}"

    def all_is_well(self) -> None:
        """Everything is as it must be."""
        assert wrong(self.market, latest=self.latest) == []
        with self.market.read() as session:
            level = session.get_one(StockLevel, self.fair.shop.peaches)
            tours = session.exec(select(TourSession)).all()
            sent = sum(
                session.exec(
                    select(OrderLine.fulfilled_quantity).where(OrderLine.variant_id == self.fair.shop.peaches)
                ).all()
            )
        assert 0 <= level.reserved <= level.on_hand == PIECES - sent
        assert all(0 <= tour.taken <= tour.capacity for tour in tours)

    def stands(self, order_id: str) -> Standing:
        """Where an order stands."""
        with self.market.read() as session:
            return standing(session, order_id)

    def owed(self, order_id: str) -> int:
        """What is owed back of it as a whole."""
        with self.market.read() as session:
            return owed(session, order_id)

    def line(self, order_id: str, kind: LineKind) -> OrderLine | None:
        """Its line of a kind."""
        with self.market.read() as session:
            return line_of(session, order_id, kind)

    def buyer_of(self, order_id: str) -> Actor:
        """Whose it is."""
        account = self.stands(order_id).account_id
        (buyer,) = [buyer for buyer, _address in self.fair.people if buyer.account_id == account]
        return buyer

    def an_order(self, *states: OrderState, kind: LineKind | None = None) -> str | None:
        """Some order, rather in one of these states and with a line of this kind."""
        if not self.orders:
            return None
        with self.market.read() as session:
            found = select(CustomerOrder.id).where(col(CustomerOrder.state).in_(states))
            if kind is not None:
                of_kind = select(OrderLine.order_id).where(OrderLine.kind == kind)
                found = found.where(col(CustomerOrder.id).in_(of_kind))
            fitting = set(session.exec(found).all())
        rather = [order_id for order_id in self.orders if order_id in fitting]
        return self.chance.choice(rather * 3 + self.orders if rather else self.orders)

    # Buyers

    def fills_a_cart(self, *, like: str | None = None) -> None:
        """A buyer chooses, and is about to order; `like` another order, it is the same buyer with the same code."""
        people = [each for each in self.fair.people if like is None or each[0] == self.buyer_of(like)]
        buyer, address = self.chance.choice(people)
        boxes, adults = self.chance.choice([0, 1, 1, 2, 4]), self.chance.choice([0, 0, 1, 2, 3])
        adults = 0 if self.is_cancelled else adults
        code = self.chance.choice([None, *CODES]) if like is None else self.codes.get(like)
        boxes = boxes or (0 if adults else 1)
        fill(self.market, buyer, self.fair.shop, boxes=boxes, adults=adults)
        asked = ready(self.market, buyer, address, key(), codes=(code,) if code else ())
        self.taps.append((asked, self.latest))
        self.note(f"{boxes} boxes, {adults} adults, {code}")

    def buys(self) -> None:
        """A buyer chooses and orders, and mostly pays at once."""
        self.fills_a_cart()
        order_id = self.place(self.taps[-1][0])
        if order_id is not None and self.chance.random() < 0.6 and self.begin(order_id):
            self.hear(*self.trades[-1])

    def taps_once_more(self) -> None:
        """A buyer taps again, or for the first time after the cart was changed."""
        lately = [asked for asked, at in self.taps if self.latest - at < KEPT]
        if lately:
            self.place(self.chance.choice(lately))

    def place(self, asked: Tap) -> str | None:
        """An order, the same one as before, or a refusal that holds nothing."""
        try:
            order_id = tap(self.market, asked)
        except (OrderRefused, CartEmpty, IdempotencyConflict) as refused:
            assert asked.key not in self.answers, "an order that was answered is gone"
            self.note(type(refused).__name__)
            return None
        assert self.answers.get(asked.key, order_id) == order_id, "another order for the same key"
        assert self.stands(order_id).payable_fen == asked.draft.expected_fen, "not the sum that the buyer agreed to"
        if asked.key not in self.answers:
            self.orders.append(order_id)
            self.codes[order_id] = next(iter(asked.draft.codes), None)
            self.without_refund |= {order_id} if self.has_new_policy else set()
        self.note("the same" if asked.key in self.answers else "ordered")
        self.answers[asked.key] = order_id
        return order_id

    def begins_to_pay(self) -> None:
        """A buyer begins to pay, while that is possible."""
        order_id = self.an_order(OrderState.PENDING_PAYMENT)
        if order_id is not None:
            self.begin(order_id)

    def begin(self, order_id: str) -> bool:
        """Begin to pay this one; whether that was possible."""
        stands = self.stands(order_id)
        is_possible = stands.state == OrderState.PENDING_PAYMENT and not stands.is_over(self.clock.now)
        try:
            trade = open_trade(self.market, self.buyer_of(order_id), order_id)
        except Conflict:
            assert not is_possible, "cannot be paid, though there is time"
            return False
        assert is_possible, "a payment was begun of what cannot be paid any more"
        self.trades.append((trade, order_id))
        return True

    def gives_up(self) -> None:
        """A buyer cancels, paying or not."""
        order_id = self.an_order(OrderState.PENDING_PAYMENT)
        if order_id is not None:
            was = self.stands(order_id).state
            done = give_up(self.market, self.buyer_of(order_id), order_id)
            assert done is (was == OrderState.PENDING_PAYMENT)

    def wants_more_time(self) -> None:
        """A buyer needs longer to pay."""
        order_id = self.an_order(OrderState.PENDING_PAYMENT)
        if order_id is None:
            return
        before = self.stands(order_id)
        try:
            extend_order(self.market, self.buyer_of(order_id), order_id=order_id, key=key())
        except Conflict:
            assert self.stands(order_id) == before
            return
        assert not before.is_over(self.clock.now), "more time for what is over"
        assert self.stands(order_id).pay_by > before.pay_by
        self.note("got it")

    def cancels_booking(self) -> None:
        """A buyer cancels the booking in a paid order: what comes back is what was sold."""
        order_id = self.an_order(OrderState.PAID, kind=LineKind.BOOKING)
        line = None if order_id is None else self.line(order_id, LineKind.BOOKING)
        if order_id is None or line is None:
            return
        with self.market.read() as session:
            booking = session.exec(select(Booking).where(Booking.order_id == order_id)).one()
        if booking.state != BookingState.CONFIRMED:
            return
        hours = (booking.starts_at - self.clock.now) / timedelta(hours=1)
        percent = 0 if order_id in self.without_refund else 100 if hours >= 48 else 50 if hours >= 24 else 0
        try:
            cancel_booking(self.market, self.buyer_of(order_id), booking_id=booking.id, key=key())
        except Conflict:
            assert hours <= 0 or self.let_in & set(self.tickets(order_id)), "it has not begun, and nobody is in"
            return
        after = self.line(order_id, LineKind.BOOKING)
        back = (line.payable_fen - line.refunded_fen) * percent // 100
        assert after is not None
        assert after.refunded_fen == line.refunded_fen + back, "not what the policy as sold gives back"
        assert confirmed_booking(self.market, order_id) is None
        self.note(f"{percent} % back")

    def moves_booking(self) -> None:
        """A buyer would rather come three days later."""
        order_id = self.an_order(OrderState.PAID, kind=LineKind.BOOKING)
        booking = None if order_id is None else confirmed_booking(self.market, order_id)
        if order_id is None or booking is None:
            return
        buyer, to = self.buyer_of(order_id), self.fair.later
        try:
            reschedule_booking(self.market, buyer, booking_id=booking, session_id=to, key=key())
        except Conflict as refused:
            self.note(type(refused).__name__)
            return
        self.note("moved")

    # The provider

    def money_comes(self) -> None:
        """The provider says that it has the money: in time, late, or again."""
        if not self.trades:
            return
        fresh = [each for each in self.trades if each[0].out_trade_no not in self.told]
        self.hear(*self.chance.choice(fresh * 2 + self.trades))

    def money_comes_too_late(self) -> None:
        """Somebody pays when the time is over, and others have bought what was left meanwhile, with the same voucher."""
        self.fills_a_cart()
        order_id = self.place(self.taps[-1][0])
        if order_id is None or not self.begin(order_id):
            return
        said = self.trades[-1][0]
        self.clock.now += timedelta(minutes=50)
        self.latest = max(self.latest, self.clock.now)
        if self.chance.random() < 0.5:
            tidy(self.market)
        for like in (order_id, None, None):
            self.fills_a_cart(like=like)
            other = self.place(self.taps[-1][0])
            if other is not None and self.begin(other):
                self.hear(*self.trades[-1])
        self.hear(said, order_id)

    def hear(self, said: Trade, order_id: str) -> None:
        """What may follow from what the provider says, in a notice of its own, one sent before, or none."""
        notice = self.chance.choice([None, f"n1-{said.out_trade_no}", f"n2-{said.out_trade_no}"])
        before, owed_before = self.stands(order_id), self.owed(order_id)
        told = tell(self.market, said, notice=notice)
        now, owed_now = self.stands(order_id), self.owed(order_id)
        assert (told == "REPEATED") is (notice in self.notices), "a notice counts the first time, and only then"
        self.notices |= {notice} if notice else set()
        if said.out_trade_no in self.told:
            assert (now, owed_now) == (before, owed_before), "the same money counted twice"
            return
        self.told.add(said.out_trade_no)
        is_paid_now = before.state not in PAID and now.state == OrderState.PAID
        assert is_paid_now is (owed_now == owed_before), "money that is nobody's, or counted twice"
        assert is_paid_now or before.state in PAID or not before.is_held(self.latest), "money in time is owed back"
        self.note(f"{before.state} -> {now.state if is_paid_now else 'owed back'}")

    def odd_money_comes(self) -> None:
        """The provider has something else than was asked for: somebody looks at it, and the order waits."""
        if not self.trades:
            return
        fresh = [each for each in self.trades if each[0].out_trade_no not in self.told]
        said, order_id = self.chance.choice(fresh or self.trades)
        before, owed_before = self.stands(order_id), self.owed(order_id)
        told = tell(self.market, another_sum(said, self.chance.choice(["less", "dollars"])))
        assert (self.stands(order_id), self.owed(order_id)) == (before, owed_before), "odd money moved an order"
        if said.out_trade_no not in self.told:
            assert told == "NEEDS_REVIEW", "odd money that nobody looks at"
            self.told.add(said.out_trade_no)
            self.note(told)

    # The seller, the gate, the worker

    def seller_sends(self) -> None:
        """The seller sends some of the boxes."""
        order_id = self.an_order(OrderState.PAID, kind=LineKind.PRODUCT)
        line = None if order_id is None else self.line(order_id, LineKind.PRODUCT)
        if order_id is None or line is None:
            return
        pieces = self.chance.randint(1, 3)
        draft = ShipDraft(line.seller_order_id, {line.id: pieces}, carrier=Carrier.OTHER, number="ABC1234567")
        try:
            ship_order(self.market, ADMIN, draft, key=key())
        except Conflict:
            return
        left = line.quantity - line.fulfilled_quantity - line.refunded_quantity
        assert pieces <= left, "sent what was not bought, or paid back"
        self.note(f"{pieces} of {left}")

    def seller_pays_back(self) -> None:
        """The seller pays back some of the boxes, or their price alone; asked twice, once."""
        order_id = self.an_order(OrderState.PAID, kind=LineKind.PRODUCT)
        line = None if order_id is None else self.line(order_id, LineKind.PRODUCT)
        if order_id is None or line is None:
            return
        pieces = self.chance.randint(1, 3)
        fen = line.payable_fen * pieces // line.quantity
        share = self.chance.choice([LineShare(line.id, amount_fen=fen), LineShare(line.id, quantity=pieces)])
        draft, same = RefundDraft(line.seller_order_id, (share,)), key()
        try:
            first = refund_order_lines(self.market, ADMIN, draft, key=same)
        except Conflict:
            return
        now = self.stands(order_id)
        assert refund_order_lines(self.market, ADMIN, draft, key=same) == first
        assert self.stands(order_id) == now, "paid back twice"
        self.note(f"{pieces} pieces" if share.quantity else f"{fen} fen")

    def tickets(self, order_id: str) -> list[str]:
        """An order's tickets."""
        with self.market.read() as session:
            of_order = select(Ticket.id).join(Booking, col(Booking.id) == col(Ticket.booking_id))
            return list(session.exec(of_order.where(Booking.order_id == order_id).order_by(col(Ticket.position))).all())

    def guests_come(self) -> None:
        """Guests are at the gate, one of them or all: each comes in once, and nobody when the visit is off."""
        order_id = self.an_order(OrderState.PAID, kind=LineKind.BOOKING)
        tickets = [] if order_id is None else self.tickets(order_id)[: self.chance.choice([1, 99])]
        if order_id is None or not tickets:
            return
        try:
            checked = check_in(self.market, ADMIN, CheckInDraft(ticket_ids=tuple(tickets)), key=key())
        except Conflict:
            return  # not the day
        came = {str(each.ticket_id) for each in checked if each.outcome is CheckOutcome.REDEEMED}
        assert not came & self.let_in, "one ticket let two in"
        assert not (came and self.is_off(order_id)), "let in to a visit that is off"
        self.let_in |= came
        self.note(f"{len(came)} of {len(tickets)} let in")

    def is_off(self, order_id: str) -> bool:
        """Whether the visit that an order is for was cancelled."""
        with self.market.read() as session:
            visit = session.exec(select(Booking.session_id).where(Booking.order_id == order_id)).one()
        return self.is_cancelled and visit == self.fair.shop.visit

    def worker_tidies(self) -> None:
        """The worker comes round."""
        tidy(self.market)
        send_refunds(self.market)
        refund_departures(self.market)
        release_due(self.market)
        net_refunds(self.market)
        assert unsettled(self.market) == []
        self.note("tidied")

    # What nobody can do anything about

    def time_goes_by(self) -> None:
        """Some time goes by, or the clock is put back."""
        self.clock.now += timedelta(minutes=self.chance.choice([-10, 1, 6, 14, 15, 26, 60]))

    def the_day_comes(self) -> None:
        """It is some hours before the visit, or days after it; not before much has happened."""
        if len(self.history) < 20:
            return
        hours = self.chance.choice([-72, -30, -1, -1, -1, 24 * 9])
        self.clock.now = max(self.clock.now, self.fair.starts_at + timedelta(hours=hours))
        self.note(f"{hours} hours after it begins")

    def policy_changes(self) -> None:
        """Whoever books from now on gets nothing back; whoever has booked is as they were."""
        if len(self.history) < 20:
            return
        self.has_new_policy = True
        no_refunds_from_now_on(self.market)

    def typhoon(self) -> None:
        """The visit cannot take place."""
        if len(self.history) < 20:
            return
        self.is_cancelled = True
        self.note("cancelled")
        cancel_departure(self.market, ADMIN, session_id=self.fair.shop.visit, reason="台风")
