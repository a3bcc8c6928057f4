"""What to take from the shelves: what is left of paid orders, by how it is kept and SKU, and nobody else's."""

from dataclasses import replace

import pytest
from sqlmodel import select

from market.catalogue.publish import ListingDraft, ProductDraft, VariantDraft, publish_product
from market.catalogue.rules import Storage
from market.catalogue.tables import Variant
from market.checkout.carts import LineChoice
from market.fulfilment.pick import PickAsked, pick_list
from market.kernel.errors import NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, Role
from market.orders.moves import add_refunded
from market.orders.rules import DeliveryMethod
from market.orders.tables import OrderLine
from market.organisations.manage import OrganisationDraft, register_organisation
from market.organisations.rules import OrganisationKind
from market.stock.drafts import LotDraft
from market.stock.manage import receive_stock
from tests.checkout.shop import Shop, buyers, home, key, open_shop, peaches, placed, put, visit
from tests.clock import FakeClock
from tests.fulfilment.parcels import lines_of, parcel, seller_of, sold
from tests.schema.stalls import ADMIN, Stalls


def chilled(market: Market, stalls: Stalls) -> str:
    """A variant that must be kept cold."""
    listing = ListingDraft("冰鲜", None, "", None, "", None, stalls.peach, stalls.producer, None, stalls.village)
    variant = VariantDraft("A-COLD", "袋装", None, 500, 1, "袋", None, 5000)
    product = publish_product(market, ADMIN, ProductDraft(listing, Storage.CHILLED, 5, "", None, (variant,)))
    with market.read() as session:
        found = session.exec(select(Variant.id).where(Variant.listing_id == product)).one()
    receive_stock(market, ADMIN, LotDraft(found, 50), idempotency_key=key())
    return found


def picked(market: Market, actor: Actor, asked: PickAsked) -> list[tuple[str, str, int, int]]:
    found = pick_list(market, actor, asked)
    assert found is not None
    return [(each.storage, each.sku, each.quantity, each.orders) for each in found]


def test_by_storage_and_sku_over_all_open_orders(market: Market, clock: FakeClock) -> None:
    shop: Shop = open_shop(market)
    seller = seller_of(market, shop.stalls.producer)
    cold = LineChoice(variant_id=chilled(market, shop.stalls), quantity=2)
    first = sold(market, shop, peaches(shop, 3))
    started = clock()
    clock.advance(hours=1)
    second = sold(market, shop, peaches(shop, 4), cold)
    sold(market, shop, visit(shop, adults=2))
    (buyer,) = buyers(market, 1)
    put(market, buyer, peaches(shop, 9))
    placed(market, buyer, home(market, buyer))  # not paid
    asked = PickAsked(shop.stalls.producer)

    everything = [
        ("AMBIENT", "SKU-伴手礼", 2, 1),
        ("AMBIENT", "SKU-水蜜桃", 7, 2),
        ("CHILLED", "A-COLD", 2, 1),
    ]
    assert picked(market, seller, asked) == everything
    assert picked(market, seller, replace(asked, storages=[Storage.CHILLED])) == everything[2:]
    assert picked(market, seller, replace(asked, methods=[DeliveryMethod.NONE])) == everything[:1]
    assert picked(market, seller, replace(asked, paid_before=clock())) == [("AMBIENT", "SKU-水蜜桃", 3, 1)]
    assert (pick_list(market, seller, asked) or [])[1].paid_at == started
    parcel(market, seller, first.part, {lines_of(market, first.part)["PRODUCT"].id: 1})
    with market.transaction() as session:
        of_second = select(OrderLine).where(OrderLine.seller_order_id == second.part)
        line = session.exec(of_second.where(OrderLine.variant_id == shop.peaches)).one()
        add_refunded(session, line.id, quantity=4, amount_fen=100)
    assert picked(market, seller, asked)[1] == ("AMBIENT", "SKU-水蜜桃", 2, 1)


def test_nobody_elses(market: Market) -> None:
    shop = open_shop(market)
    sold(market, shop)
    draft = OrganisationDraft(OrganisationKind.HOUSEHOLD, "老李家", "Li", "", None, shop.stalls.village)
    other = register_organisation(market, ADMIN, draft)
    stranger = seller_of(market, other, Role.OWNER)

    assert pick_list(market, stranger, PickAsked(shop.stalls.producer)) is None
    assert pick_list(market, stranger, PickAsked("pdr_" + "0" * 26)) is None
    assert pick_list(market, stranger, PickAsked(other)) == []
    for nobody in (seller_of(market, other, Role.VIEWER), buyers(market, 1)[0]):
        assert pick_list(market, nobody, PickAsked(other)) is None
    with pytest.raises(NotSignedIn):
        pick_list(market, VISITOR, PickAsked(other))
