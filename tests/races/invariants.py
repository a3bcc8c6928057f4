"""What is true of a marketplace at every moment between transactions, whatever happened and wherever it stopped."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session, col, select

from market.bookings.gate import CheckOutcome
from market.bookings.rules import BookingState, TicketState
from market.bookings.tables import Booking, Redemption, Ticket
from market.checkout.place import HOLD_LONGER
from market.kernel.market import Market
from market.ledger.check import ledger_check
from market.ledger.rules import AccountKind, TxnKind
from market.ledger.tables import LedgerAccount, LedgerTxn
from market.orders.rules import LineKind, OrderState
from market.orders.tables import CustomerOrder, LineDiscount, OrderLine, SellerOrder
from market.payments.rules import PaymentState, RefundState
from market.payments.tables import Payment, Refund
from market.sessions.rules import SessionState
from market.sessions.tables import SeatHold, TourSession
from market.settlement.tables import Release
from market.stock.check import stock_check
from market.stock.tables import StockHold
from market.vouchers.rules import UseState
from market.vouchers.tables import VoucherCampaign, VoucherPerson, VoucherUse

Row = TypeVar("Row")
LIVE = {BookingState.ON_HOLD, BookingState.CONFIRMED}
UNPAID = {OrderState.PENDING_PAYMENT, OrderState.CANCELLED, OrderState.EXPIRED}


def wrong(market: Market, *, latest: datetime | None = None) -> list[str]:
    """Everything that is not as it must be. `latest`: what the clock has shown at most, where it was put back."""
    now = latest or market.now()
    with market.read() as session:
        seen = _Seen(session)
        return [
            *(str(each) for each in ledger_check(session)),
            *(str(each) for each in stock_check(session)),
            *_seats(session, seen),
            *_vouchers(session),
            *_orders(session, seen),
            *(found for order in seen.orders for found in _held(order, seen, now)),
            *_tickets(session, seen),
            *_money(session),
        ]


class _Seen:
    """What orders are of and hold, by order, in one snapshot."""

    def __init__(self, session: Session) -> None:
        self.orders = session.exec(select(CustomerOrder)).all()
        self.lines = _by(session.exec(select(OrderLine)).all(), lambda row: row.order_id)
        self.bookings = _by(session.exec(select(Booking)).all(), lambda row: row.order_id)
        self.tickets = _by(session.exec(select(Ticket)).all(), lambda row: row.booking_id)
        self.pieces = _by(session.exec(select(StockHold)).all(), lambda row: row.holder)
        self.seats = _by(session.exec(select(SeatHold)).all(), lambda row: row.holder)


def _by(rows: Iterable[Row], key: Callable[[Row], str]) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def unsettled(market: Market) -> list[str]:
    """What the worker should have done, and has not: cancelled departures paid back, refunds netted."""
    with market.read() as session:
        left = session.exec(
            select(Booking.id)
            .join(TourSession, col(TourSession.id) == col(Booking.session_id))
            .where(TourSession.state == SessionState.CANCELLED, Booking.state == BookingState.CONFIRMED)
        ).all()
        released = Counter[str]()
        for each in session.exec(select(Release)).all():
            released[each.subject_id] += each.paid_fen
        lines = session.exec(select(OrderLine).where(col(OrderLine.id).in_(list(released)))).all()
        return [
            *(f"{each} is of a cancelled visit, and was not paid back" for each in left),
            *(
                f"{line.id}: {released[line.id]} fen of the buyer's were released, {line.refunded_fen} went back"
                for line in lines
                if released[line.id] != line.payable_fen - line.refunded_fen
            ),
        ]


def _seats(session: Session, seen: _Seen) -> Iterator[str]:
    held = Counter[str]()
    for holds in seen.seats.values():
        for hold in holds:
            held[hold.session_id] += hold.seats
    for tour in session.exec(select(TourSession)).all():
        if not tour.taken == held[tour.id] <= tour.capacity:
            yield f"{tour.id}: {tour.taken} of {tour.capacity} seats are taken, {held[tour.id]} are held"


def _vouchers(session: Session) -> Iterator[str]:
    spent, used = Counter[str](), Counter[str]()
    people = Counter[tuple[str, str]]()
    for use in session.exec(select(VoucherUse).where(VoucherUse.state != UseState.RETURNED)).all():
        spent[use.campaign_id] += use.amount_fen - use.returned_fen
        used[use.campaign_id] += 1
        people[use.campaign_id, use.account_id] += 1
    limits: dict[str, int | None] = {}
    for each in session.exec(select(VoucherCampaign)).all():
        limits[each.id] = each.person_limit
        if each.budget_fen is not None and each.spent_fen > each.budget_fen:
            yield f"{each.id}: {each.spent_fen} fen are spent of {each.budget_fen}"
        if each.total_limit is not None and each.used_count > each.total_limit:
            yield f"{each.id}: {each.used_count} uses of {each.total_limit}"
        if (each.spent_fen, each.used_count) != (spent[each.id], used[each.id]):
            yield f"{each.id}: {each.spent_fen} fen in {each.used_count} uses, its uses say {spent[each.id]}"
    for person in session.exec(select(VoucherPerson)).all():
        most, count = limits[person.campaign_id], person.used_count
        if count != people[person.campaign_id, person.account_id] or (most is not None and count > most):
            yield f"{person.campaign_id}: {person.account_id} used it {count} times, may {most}"


def _orders(session: Session, seen: _Seen) -> Iterator[str]:
    parts = _by(session.exec(select(SellerOrder)).all(), lambda row: row.order_id)
    discounts = Counter[str]()
    for discount in session.exec(select(LineDiscount)).all():
        discounts[discount.line_id] += discount.amount_fen
    sales = Counter(session.exec(select(LedgerTxn.reference).where(LedgerTxn.kind == TxnKind.SALE)).all())
    for order in seen.orders:
        of = parts[order.id]
        if not of or sum(part.payable_fen for part in of) != order.payable_fen:
            yield f"{order.id}: {order.payable_fen} fen to pay, not the sum of its {len(of)} sellers' parts"
        for part in of:
            own = [line for line in seen.lines[order.id] if line.seller_order_id == part.id]
            if not own or sum(line.payable_fen for line in own) + part.delivery_fen != part.payable_fen:
                yield f"{part.id}: {part.payable_fen} fen to pay, not the sum of its {len(own)} lines and delivery"
            if (sales[part.id] == 1) is not (order.state not in UNPAID and part.payable_fen + part.discount_fen > 0):
                yield f"{part.id}: {sales[part.id]} sales in the ledger, its order is {order.state}"
            for line in own:
                if line.discount_fen != discounts[line.id] or line.amount_fen - line.discount_fen != line.payable_fen:
                    yield f"{line.id}: discounts do not add up"
                if line.refunded_fen > line.payable_fen:
                    yield f"{line.id}: more was given back than was paid"


def _held(order: CustomerOrder, seen: _Seen, now: datetime) -> Iterator[str]:
    pieces, seats = Counter[str](), Counter[str]()
    for stock in seen.pieces[order.id]:
        pieces[stock.variant_id] += stock.quantity
    for seat in seen.seats[order.id]:
        seats[seat.session_id] += seat.seats
    ends = {hold.expires_at for hold in seen.pieces[order.id]} | {hold.expires_at for hold in seen.seats[order.id]}
    if any((end is None) is not (order.state not in UNPAID) for end in ends):
        yield f"{order.id} is {order.state}, what it holds ends at {ends}"
    bookings = seen.bookings[order.id]
    live = {each.session_id: each.seats for each in bookings if each.state in LIVE}
    may = live | {each.session_id: each.seats for each in bookings if each.state == BookingState.REDEEMED}
    to_come = _to_come(seen.lines[order.id])
    match order.state:
        case OrderState.PENDING_PAYMENT if now < order.pay_by + HOLD_LONGER:
            if pieces != to_come or seats != live:
                yield f"{order.id} has time to pay and holds {pieces}, {seats}; it is of {to_come}, {live}"
        case OrderState.CANCELLED | OrderState.EXPIRED:
            if pieces or seats or live:
                yield f"{order.id} is {order.state} and still holds something"
        case OrderState.PAID:
            if not live.items() <= seats.items() <= may.items():
                yield f"{order.id} is paid and has seats {seats}, bookings of {live}"
            if pieces != to_come:
                yield f"{order.id} is paid and holds {pieces}, {to_come} are to come"
    for booking in bookings:
        states = {ticket.state for ticket in seen.tickets[booking.id]}
        if (booking.state == BookingState.CONFIRMED) is not (TicketState.VALID in states):
            yield f"{booking.id} is {booking.state}, its tickets are {states}"


def _to_come(lines: Iterable[OrderLine]) -> dict[str, int]:
    """Pieces that an order waits for, by variant."""
    left = Counter[str]()
    for line in lines:
        if line.kind != LineKind.BOOKING and line.variant_id is not None:
            left[line.variant_id] += max(0, line.quantity - line.fulfilled_quantity - line.refunded_quantity)
    return {variant_id: pieces for variant_id, pieces in left.items() if pieces}


def _tickets(session: Session, seen: _Seen) -> Iterator[str]:
    """Each ticket lets in once; whoever was let in has had the visit, and is not paid back."""
    let_in = Counter(
        session.exec(select(Redemption.ticket_id).where(Redemption.outcome == CheckOutcome.REDEEMED)).all()
    )
    lines = {line.id: line for rows in seen.lines.values() for line in rows}
    for booking in (each for rows in seen.bookings.values() for each in rows):
        used = 0
        for ticket in seen.tickets[booking.id]:
            is_used = ticket.state == TicketState.REDEEMED
            used += ticket.price_fen if is_used else 0
            if let_in[ticket.id] != (1 if is_used else 0):
                yield f"{ticket.id} is {ticket.state}, it let in {let_in[ticket.id]} times"
            if is_used and booking.state not in {BookingState.CONFIRMED, BookingState.REDEEMED}:
                yield f"{ticket.id} let somebody in, {booking.id} is {booking.state}"
            if ticket.session_id != booking.session_id:
                yield f"{ticket.id} is for {ticket.session_id}, {booking.id} for {booking.session_id}"
        line = lines[booking.line_id]
        most = line.payable_fen * (line.amount_fen - used) // line.amount_fen + 1
        if used and line.refunded_fen > most:
            yield f"{line.id}: {line.refunded_fen} fen went back, though guests of {used} fen were let in"


def _money(session: Session) -> Iterator[str]:
    """What the provider has by our books is what came, less what was sent back."""
    came = sum(
        each.amount_fen for each in session.exec(select(Payment).where(Payment.state == PaymentState.SUCCEEDED)).all()
    )
    asked = session.exec(select(Refund).where(Refund.state == RefundState.SUCCEEDED)).all()
    sent = sum(each.amount_fen for each in asked)
    accounts = session.exec(select(LedgerAccount)).all()
    has = sum(each.balance_fen for each in accounts if each.kind == AccountKind.PROVIDER)
    clearing = sum(each.balance_fen for each in accounts if each.kind == AccountKind.REFUND_CLEARING)
    if has != came - sent:
        yield f"the provider has {has} fen by the ledger, {came} came and {sent} went back (clearing: {clearing})"
