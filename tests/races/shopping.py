"""What buyers and providers do to the tiny shop, said shortly: for the races and the state machine."""

from dataclasses import dataclass, replace

from sqlmodel import select

from market.bookings.rules import BookingState
from market.bookings.tables import Booking
from market.checkout.end import cancel_order, due_orders, end_unpaid
from market.checkout.place import PlaceDraft, place_order
from market.checkout.reckon import Choices
from market.checkout.till import on_paid, on_refunded
from market.kernel.errors import IllegalTransition
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.orders.rules import OrderState
from market.payments.intents import open_payment, record_trade
from market.payments.port import RefundAnswer, RefundAnswerState, Trade, TradeState
from market.payments.refunds import due_refunds, record_refund
from market.payments.rules import PayMethod
from market.sessions.holds import release_lapsed
from market.stock.manage import take_back_holds
from market.vouchers.uses import tidy_uses
from tests.checkout.shop import Shop, peaches, put, reckoned, visit

GATEWAY = "sandbox"


@dataclass(frozen=True)
class Tap:
    """An order as it was asked for, to be asked again."""

    buyer: Actor
    draft: PlaceDraft
    key: str


def fill(market: Market, buyer: Actor, shop: Shop, *, boxes: int, adults: int) -> None:
    """Put so much in the cart, instead of what was there."""
    put(market, buyer, peaches(shop, boxes), visit(shop, adults))


def ready(market: Market, buyer: Actor, address: str, key: str, *, codes: tuple[str, ...] = ()) -> Tap:
    """Ask for what is in the cart, at the price that it shows."""
    fen = reckoned(market, buyer, Choices("330213005208", codes=codes)).priced.payable_fen
    draft = PlaceDraft(expected_fen=fen, address_id=address, codes=codes, confirms_no_return=True)
    return Tap(buyer, draft, key)


def tap(market: Market, asked: Tap) -> str:
    """Place it, or place it again."""
    return place_order(market, asked.buyer, asked.draft, key=asked.key)


def open_trade(market: Market, buyer: Actor, order_id: str) -> Trade:
    """Begin to pay; what the provider will say when the money is there."""
    intent = open_payment(market, buyer, order_id=order_id, method=PayMethod.SANDBOX).intent
    number = intent.out_trade_no
    return Trade(number, TradeState.PAID, f"st_{number}", intent.amount_fen, "CNY", market.now())


def tell(market: Market, trade: Trade, *, notice: str | None = None) -> str:
    """The provider says so, in a notice of its own or asked for."""
    told = None if notice is None else (notice, "TRANSACTION.SUCCESS")
    return record_trade(market, on_paid, GATEWAY, trade, notice=told)


def another_sum(trade: Trade, how: str) -> Trade:
    """The same trade, but a fen less, or in dollars."""
    assert trade.amount_fen is not None
    return replace(trade, amount_fen=trade.amount_fen - 1) if how == "less" else replace(trade, currency="USD")


def give_up(market: Market, buyer: Actor, order_id: str) -> bool:
    """The buyer gives up; whether that was still possible."""
    try:
        cancel_order(market, buyer, order_id=order_id)
    except IllegalTransition:
        return False
    return True


def tidy(market: Market) -> None:
    """What the worker does: orders whose time is over, holds that ended."""
    with market.read() as session:
        due = due_orders(session, market.now())
    for order_id in due:
        with market.transaction() as session:
            end_unpaid(session, order_id, OrderState.EXPIRED, actor="SYSTEM", now=market.now())
    take_back_holds(market)
    release_lapsed(market)
    with market.transaction() as session:
        tidy_uses(session, market.now())


def confirmed_booking(market: Market, order_id: str) -> str | None:
    """The order's booking, while it is confirmed."""
    with market.read() as session:
        return session.exec(
            select(Booking.id).where(Booking.order_id == order_id, Booking.state == BookingState.CONFIRMED)
        ).first()


def send_refunds(market: Market) -> int:
    """The provider gives back what is to be given back; how many times."""
    due = due_refunds(market)
    for each in due:
        number = each.intent.out_refund_no
        answer = RefundAnswer(number, RefundAnswerState.SUCCEEDED, f"sr_{number}", each.intent.amount_fen)
        record_refund(market, on_refunded, each.gateway, answer)
    return len(due)
