"""An order: the cart is filled, the order placed, and most are paid."""

from typing import TYPE_CHECKING

from market.checkout.carts import LineChoice, open_cart, set_cart_line
from market.checkout.end import cancel_order
from market.checkout.errors import CartEmpty, OrderRefused
from market.checkout.place import PlaceDraft, place_order
from market.checkout.reckon import Choices, reckon, wishes_of
from market.checkout.till import on_paid
from market.kernel.permissions import Actor
from market.orders.rules import Channel
from market.payments.intents import open_payment, record_trade
from market.payments.port import Trade, TradeState
from market.payments.rules import PayMethod
from market.people.profile.addresses import address_of
from seeds.year import fate
from seeds.year.wanted import Wish

if TYPE_CHECKING:
    from seeds.year.live import Year

GATEWAY = "sandbox"
CHANNELS = (Channel.MINI_PROGRAM,) * 6 + (Channel.WEB,) * 3 + (Channel.APP,)
GIVEN_UP, FORGOTTEN = 0.04, 0.08
"""Up to these chances an order is cancelled before it is paid, or never paid."""


def order(year: "Year", wish: Wish) -> None:
    """Somebody orders, unless what they want cannot be had after all."""
    buyer, address_id = year.people[wish.buyer]
    choices = [LineChoice(variant_id=each, quantity=pieces) for each, pieces in wish.pieces.items()]
    if wish.session_id is not None:
        choices.append(LineChoice(session_id=wish.session_id, units=wish.units, participants=("游客",)))
    for choice in choices:
        set_cart_line(year.market, buyer, choice)
    try:
        order_id = place_order(year.market, buyer, _draft(year, buyer, address_id), key=year.key())
    except (OrderRefused, CartEmpty):
        for choice in choices:  # another time, then
            set_cart_line(
                year.market, buyer, LineChoice(variant_id=choice.variant_id, session_id=choice.session_id, quantity=0)
            )
        return
    chance = year.chance.random()
    if chance < GIVEN_UP:
        year.after(lambda: cancel_order(year.market, buyer, order_id=order_id, reason="不想要了"), minutes=4)
    elif chance > FORGOTTEN:
        year.after(lambda: pay(year, buyer, order_id), minutes=year.chance.uniform(0.5, 6))


def _draft(year: "Year", buyer: Actor, address_id: str) -> PlaceDraft:
    cart_id = open_cart(year.market, buyer).cart_id
    with year.market.read() as session:
        sealer, account_id = year.market.sealer, str(buyer.account_id)
        region = address_of(session, sealer, account_id=account_id, address_id=address_id).region_code
        found = wishes_of(session, sealer, cart_id)
        reckoned = reckon(session, found, Choices(region), account_id=account_id, now=year.now)
    return PlaceDraft(
        expected_fen=reckoned.priced.payable_fen,
        address_id=address_id,
        channel=year.chance.choice(CHANNELS),
        confirms_no_return=True,
    )


def pay(year: "Year", buyer: Actor, order_id: str) -> None:
    """The buyer pays, in the sandbox; then the sellers do their part."""
    intent = open_payment(year.market, buyer, order_id=order_id, method=PayMethod.SANDBOX).intent
    number = intent.out_trade_no
    trade = Trade(number, TradeState.PAID, f"demo_{number}", intent.amount_fen, "CNY", year.now)
    record_trade(year.market, on_paid, GATEWAY, trade)
    fate.paid(year, buyer, order_id)
