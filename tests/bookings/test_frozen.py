"""A seller that is frozen sells nothing more and serves what it has sold."""

from sqlmodel import select

from market.aftersales.claims.answer import Answer, AnswerKind, answer_claim
from market.aftersales.claims.rules import ClaimState
from market.bookings.check_in import CheckInDraft, check_in
from market.catalogue.review.freezing import freeze_organisation
from market.catalogue.tables import Listing
from market.fulfilment.deliver import mark_delivered
from market.fulfilment.rules import Carrier
from market.fulfilment.ship import ShipDraft, ship_order
from market.kernel.market import Market
from market.kernel.permissions import Role
from market.orders.rules import SellerOrderState
from tests.aftersales.claiming import claim_of, spoilt
from tests.aftersales.sales import bought, part_of, staff_of
from tests.bookings.guests import book, go_to_gate, state_of
from tests.checkout.shop import key, open_shop, peaches, put, reckoned
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN


def test_a_frozen_sellers_orders_are_shipped_received_and_claimed(market: Market, clock: FakeClock) -> None:
    shop = open_shop(market)
    owner = staff_of(market, shop.stalls.producer, Role.OWNER)
    buyer, part = bought(market, shop, 2)
    guests = book(market, shop, 1)
    put(market, buyer, peaches(shop, 1))

    freeze_organisation(market, ADMIN, organisation_id=shop.stalls.producer, reason="投诉核实中", idempotency_key=key())

    with market.read() as session:
        assert set(session.exec(select(Listing.state)).all()) == {"SUSPENDED"}
    assert [each.kind for each in reckoned(market, buyer).problems] == ["NOT_ON_SALE"]

    shipment = ship_order(market, owner, ShipDraft(part, {}, carrier=Carrier.OTHER, number="ABC1234567"), key=key())
    mark_delivered(market, owner, shipment_id=shipment)
    assert part_of(market, part).state is SellerOrderState.FULFILLED
    claim_id = spoilt(market, buyer, part)
    answer_claim(market, owner, Answer(claim_id, AnswerKind.REFUND, "抱歉"), key=key())
    assert claim_of(market, claim_id).state is ClaimState.REFUNDED
    go_to_gate(market, clock, shop)
    check_in(market, owner, CheckInDraft(code=guests.codes[0]), key=key())
    assert state_of(market, guests)[0] == "REDEEMED"
