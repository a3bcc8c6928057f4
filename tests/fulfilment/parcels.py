"""Paid orders to hand over, the people of their seller, and what is known of their parcels."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from sqlmodel import col, select

from market.checkout.carts import LineChoice
from market.checkout.paid import PaidOutcome, Received, settle_paid
from market.checkout.place import PlaceDraft, place_order
from market.checkout.reckon import Choices
from market.fulfilment.drafts import PointDraft
from market.fulfilment.manage import add_pickup_point
from market.fulfilment.rules import Carrier
from market.fulfilment.ship import ShipDraft, ship_order
from market.fulfilment.tables import Shipment
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.orders.rules import DeliveryMethod
from market.orders.tables import CustomerOrder, OrderEvent, OrderLine, SellerOrder
from market.people.manage import give_role
from tests.checkout.shop import Shop, buyers, home, key, peaches, placed, put, reckoned
from tests.schema.stalls import ADMIN

_NUMBERS = count(1)


@dataclass(frozen=True)
class Sold:
    """A paid order with one seller, as ids."""

    order: str
    part: str
    buyer: Actor


def seller_of(market: Market, organisation: str, role: Role = Role.FULFILMENT) -> Actor:
    """A new person with this role in an organisation."""
    (person,) = buyers(market, 1)
    assert person.account_id is not None
    give_role(market, ADMIN, account_id=person.account_id, role=role, within=organisation)
    return Actor(ActorKind.MEMBER, person.account_id, organisations={organisation: frozenset({role})})


def pay(market: Market, order_id: str) -> None:
    """The order's money comes."""
    with market.transaction() as session:
        fen = session.exec(select(CustomerOrder.payable_fen).where(CustomerOrder.id == order_id)).one()
        received = Received(order_id, market.new_id("pay"), "sandbox", fen)
        assert settle_paid(session, market, received) is PaidOutcome.PAID


def sold(market: Market, shop: Shop, *choices: LineChoice) -> Sold:
    """A paid order of these things, three boxes of peaches unless said, sent by express."""
    (buyer,) = buyers(market, 1)
    put(market, buyer, *(choices or (peaches(shop, 3),)))
    order_id = placed(market, buyer, home(market, buyer))
    pay(market, order_id)
    return _sold(market, order_id, buyer)


def sold_by(market: Market, shop: Shop, method: DeliveryMethod) -> Sold:
    """A paid order of two boxes, to be had in this way."""
    (buyer,) = buyers(market, 1)
    put(market, buyer, peaches(shop, 2))
    (seller,) = reckoned(market, buyer).offers
    (offer,) = [each for each in reckoned(market, buyer).offers[seller] if each.method is method]
    choices = Choices("330213005208", delivery={seller: offer.id})
    draft = PlaceDraft(
        expected_fen=reckoned(market, buyer, choices).priced.payable_fen,
        address_id=home(market, buyer),
        delivery={seller: offer.id},
        confirms_no_return=True,
    )
    order_id = place_order(market, buyer, draft, key=key())
    pay(market, order_id)
    return _sold(market, order_id, buyer)


def _sold(market: Market, order_id: str, buyer: Actor) -> Sold:
    with market.read() as session:
        part = session.exec(select(SellerOrder.id).where(SellerOrder.order_id == order_id)).one()
    return Sold(order_id, part, buyer)


def add_point(market: Market, shop: Shop) -> str:
    """A pick-up point of the shop's seller."""
    draft = PointDraft(shop.stalls.producer, "老王家自提点", "滕头村口")
    return add_pickup_point(market, ADMIN, draft, key=key())


def parcel(market: Market, seller: Actor, part: str, lines: dict[str, int] | None = None) -> str:
    """The seller sends what is left, or these pieces; the shipment."""
    draft = ShipDraft(part, lines or {}, Carrier.YTO, f"YT{next(_NUMBERS):010d}")
    return ship_order(market, seller, draft, key=key())


def lines_of(market: Market, part: str) -> dict[str, OrderLine]:
    """A seller order's lines as they are now, by kind."""
    with market.read() as session:
        return {line.kind: line for line in session.exec(select(OrderLine).where(OrderLine.seller_order_id == part))}


def part_now(market: Market, part: str) -> SellerOrder:
    """A seller order as it is now."""
    with market.read() as session:
        return session.exec(select(SellerOrder).where(SellerOrder.id == part)).one()


def shipment_now(market: Market, shipment_id: str) -> Shipment:
    """A shipment as it is now."""
    with market.read() as session:
        return session.exec(select(Shipment).where(Shipment.id == shipment_id)).one()


def events(market: Market, order_id: str) -> list[str]:
    """What happened to an order, in order."""
    with market.read() as session:
        query = select(OrderEvent.what).where(OrderEvent.order_id == order_id).order_by(col(OrderEvent.id))
        return list(session.exec(query))


def code_of(market: Market, shipment_id: str) -> str:
    """The pick-up code, as its buyer sees it."""
    sealed = shipment_now(market, shipment_id).code_sealed
    assert sealed is not None
    return market.sealer.open(sealed, purpose="shipment.code")


LATER = datetime(2027, 1, 1, tzinfo=UTC)
