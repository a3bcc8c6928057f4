"""Paid orders of the tiny shop, its seller's people, and what the books say."""

from sqlmodel import select

from market.checkout.till import on_paid
from market.fulfilment.deliver import mark_delivered
from market.fulfilment.rules import Carrier
from market.fulfilment.ship import ShipDraft, ship_order
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.ledger.check import ledger_check
from market.ledger.tables import LedgerAccount
from market.orders.rules import LineKind
from market.orders.tables import OrderLine, SellerOrder
from market.payments.intents import open_payment, record_trade
from market.payments.port import Trade, TradeState
from market.payments.rules import PayMethod
from market.people.manage import give_role
from market.stock.tables import StockLevel
from tests.checkout.shop import Shop, buyers, home, key, peaches, placed, put, visit
from tests.schema.stalls import ADMIN


def pay(market: Market, buyer: Actor, order_id: str) -> None:
    """The buyer pays, in the sandbox."""
    intent = open_payment(market, buyer, order_id=order_id, method=PayMethod.SANDBOX).intent
    number = intent.out_trade_no
    trade = Trade(number, TradeState.PAID, f"st_{number}", intent.amount_fen, "CNY", market.now())
    record_trade(market, on_paid, "sandbox", trade)


def bought(
    market: Market, shop: Shop, boxes: int = 3, *, adults: int = 0, codes: tuple[str, ...] = ()
) -> tuple[Actor, str]:
    """Somebody who has paid for so many boxes; the seller order."""
    (buyer,) = buyers(market, 1)
    if boxes:
        put(market, buyer, peaches(shop, boxes))
    if adults:
        put(market, buyer, visit(shop, adults))
    order_id = placed(market, buyer, home(market, buyer), codes=codes)
    pay(market, buyer, order_id)
    with market.read() as session:
        return buyer, session.exec(select(SellerOrder.id).where(SellerOrder.order_id == order_id)).one()


def line_of(market: Market, seller_order_id: str, kind: LineKind = LineKind.PRODUCT) -> OrderLine:
    """A seller order's only line of a kind, as it is now."""
    with market.read() as session:
        return session.exec(
            select(OrderLine).where(OrderLine.seller_order_id == seller_order_id, OrderLine.kind == kind)
        ).one()


def part_of(market: Market, seller_order_id: str) -> SellerOrder:
    """A seller order, as it is now."""
    with market.read() as session:
        return session.get_one(SellerOrder, seller_order_id)


def send(market: Market, seller_order_id: str, pieces: int | None = None) -> None:
    """So many boxes are sent and reach the buyer: all that are left when not said."""
    lines = {} if pieces is None else {line_of(market, seller_order_id).id: pieces}
    draft = ShipDraft(seller_order_id, lines, carrier=Carrier.OTHER, number="ABC1234567")
    shipment = ship_order(market, ADMIN, draft, key=key())
    mark_delivered(market, ADMIN, shipment_id=shipment)


def staff_of(market: Market, organisation: str, role: Role) -> Actor:
    """A new person with a role in an organisation."""
    (person,) = buyers(market, 1)
    assert person.account_id is not None
    give_role(market, ADMIN, account_id=person.account_id, role=role, within=organisation)
    return Actor(ActorKind.MEMBER, person.account_id, organisations={organisation: frozenset({role})})


def books(market: Market) -> dict[str, int]:
    """What each kind of account stands at; the ledger is in order."""
    with market.read() as session:
        assert ledger_check(session) == []
        found: dict[str, int] = {}
        for each in session.exec(select(LedgerAccount)).all():
            found[each.kind.value] = found.get(each.kind.value, 0) + each.balance_fen
        return found


def reserved(market: Market, variant_id: str) -> int:
    """Pieces that are promised."""
    with market.read() as session:
        return session.get_one(StockLevel, variant_id).reserved
