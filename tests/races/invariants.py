"""What is true of a marketplace at every moment between transactions, whatever happened and wherever it stopped."""

from collections import Counter
from collections.abc import Iterator

from sqlmodel import Session, select

from market.bookings.rules import BookingState, TicketState
from market.bookings.tables import Booking, Ticket
from market.checkout.paid import pieces_of, seats_of
from market.kernel.market import Market
from market.ledger.check import ledger_check
from market.ledger.rules import AccountKind, TxnKind
from market.ledger.tables import LedgerAccount, LedgerTxn
from market.orders.rules import OrderState
from market.orders.tables import CustomerOrder, LineDiscount, OrderLine, SellerOrder
from market.payments.rules import PaymentState, RefundState
from market.payments.tables import Payment, Refund
from market.sessions.tables import SeatHold, TourSession
from market.stock.check import stock_check
from market.stock.tables import StockHold
from market.vouchers.rules import UseState
from market.vouchers.tables import VoucherCampaign, VoucherUse

UNPAID = {OrderState.PENDING_PAYMENT, OrderState.CANCELLED, OrderState.EXPIRED}


def wrong(market: Market) -> list[str]:
    """Everything that is not as it must be."""
    with market.read() as session:
        return [
            *(str(each) for each in ledger_check(session)),
            *(str(each) for each in stock_check(session)),
            *_seats(session),
            *_vouchers(session),
            *_orders(session),
            *_money(session),
        ]


def _seats(session: Session) -> Iterator[str]:
    held = Counter[str]()
    for hold in session.exec(select(SeatHold)).all():
        held[hold.session_id] += hold.seats
    for tour in session.exec(select(TourSession)).all():
        if not tour.taken == held[tour.id] <= tour.capacity:
            yield f"{tour.id}: {tour.taken} of {tour.capacity} seats are taken, {held[tour.id]} are held"


def _vouchers(session: Session) -> Iterator[str]:
    spent, used = Counter[str](), Counter[str]()
    for use in session.exec(select(VoucherUse).where(VoucherUse.state != UseState.RETURNED)).all():
        spent[use.campaign_id] += use.amount_fen - use.returned_fen
        used[use.campaign_id] += 1
    for each in session.exec(select(VoucherCampaign)).all():
        if (each.spent_fen, each.used_count) != (spent[each.id], used[each.id]):
            yield f"{each.id}: {each.spent_fen} fen in {each.used_count} uses, its uses say {spent[each.id]}"


def _orders(session: Session) -> Iterator[str]:
    parts: dict[str, list[SellerOrder]] = {}
    lines: dict[str, list[OrderLine]] = {}
    discounts = Counter[str]()
    for part in session.exec(select(SellerOrder)).all():
        parts.setdefault(part.order_id, []).append(part)
    for line in session.exec(select(OrderLine)).all():
        lines.setdefault(line.seller_order_id, []).append(line)
    for discount in session.exec(select(LineDiscount)).all():
        discounts[discount.line_id] += discount.amount_fen
    sales = Counter(session.exec(select(LedgerTxn.reference).where(LedgerTxn.kind == TxnKind.SALE)).all())
    for order in session.exec(select(CustomerOrder)).all():
        of = parts.get(order.id, [])
        if not of or sum(part.payable_fen for part in of) != order.payable_fen:
            yield f"{order.id}: {order.payable_fen} fen to pay, not the sum of its {len(of)} sellers' parts"
        for part in of:
            own = lines.get(part.id, [])
            if not own or sum(line.payable_fen for line in own) + part.delivery_fen != part.payable_fen:
                yield f"{part.id}: {part.payable_fen} fen to pay, not the sum of its {len(own)} lines and delivery"
            if (sales[part.id] == 1) is not (order.state not in UNPAID and part.payable_fen + part.discount_fen > 0):
                yield f"{part.id}: {sales[part.id]} sales in the ledger, its order is {order.state}"
            for line in own:
                if line.discount_fen != discounts[line.id] or line.amount_fen - line.discount_fen != line.payable_fen:
                    yield f"{line.id}: discounts do not add up"
                if line.refunded_fen > line.payable_fen:
                    yield f"{line.id}: more was given back than was paid"
        yield from _held(session, order)


def _held(session: Session, order: CustomerOrder) -> Iterator[str]:
    pieces, seats = Counter[str](), Counter[str]()
    for stock in session.exec(select(StockHold).where(StockHold.holder == order.id)).all():
        pieces[stock.variant_id] += stock.quantity
        if (stock.expires_at is None) is not (order.state not in UNPAID):
            yield f"{order.id} is {order.state}, its pieces are held until {stock.expires_at}"
    for seat in session.exec(select(SeatHold).where(SeatHold.holder == order.id)).all():
        seats[seat.session_id] += seat.seats
        if (seat.expires_at is None) is not (order.state not in UNPAID):
            yield f"{order.id} is {order.state}, its seats are held until {seat.expires_at}"
    bookings = session.exec(select(Booking).where(Booking.order_id == order.id)).all()
    live = {each.session_id for each in bookings if each.state in {BookingState.ON_HOLD, BookingState.CONFIRMED}}
    match order.state:
        case OrderState.CANCELLED | OrderState.EXPIRED:
            if pieces or seats or live:
                yield f"{order.id} is {order.state} and still holds something"
        case OrderState.PAID:
            if set(seats) != live:
                yield f"{order.id} is paid and has seats in {set(seats)}, bookings in {live}"
            if not set(pieces) <= set(pieces_of(session, order.id)) or not set(seats) <= set(
                seats_of(session, order.id)
            ):
                yield f"{order.id} holds what it is not of"
    for booking in bookings:
        states = set(session.exec(select(Ticket.state).where(Ticket.booking_id == booking.id)).all())
        if (booking.state == BookingState.CONFIRMED) is not (TicketState.VALID in states):
            yield f"{booking.id} is {booking.state}, its tickets are {states}"


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
