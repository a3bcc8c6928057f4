"""Nobody is erased while money, goods or people depend on them; and what rooms have of whoever is erased goes."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from sqlmodel import select

from market.aftersales.claims.answer import Answer, AnswerKind, answer_claim
from market.aftersales.tables import Claim
from market.checkout.till import on_refunded
from market.fulfilment.complete import complete_orders
from market.kernel.market import Market
from market.kernel.permissions import Role
from market.media.rules import MediaKind, MediaState
from market.media.tables import Media
from market.orders.tables import CustomerOrder, SellerOrder
from market.organisations.manage import withdraw_organisation
from market.payments.port import RefundAnswer, RefundAnswerState
from market.payments.refunds import record_refund
from market.payments.tables import Refund
from market.people.manage import block_account, give_role
from market.people.profile.erasure import ERASED
from market.people.profile.rules import COOLING_OFF, HasObligations, Obligation
from market.reviews.tables import Review, ReviewPhoto
from market.reviews.write import ReviewDraft, write_review
from market.server.privacy import ERASURE_CHECKS, privacy_handlers
from market.server.worker import delivery
from tests.aftersales.claiming import photo, spoilt
from tests.aftersales.sales import line_of, pay, send, staff_of
from tests.checkout.shop import home, key, open_shop, peaches, placed, put
from tests.clock import FakeClock
from tests.organisations.county import ADMIN, County
from tests.people.profile.erasing import ask, erase
from tests.people.profile.persons import Person, person


def obligations(market: Market, owner: Person) -> Sequence[Obligation]:
    """What they are told when they ask."""
    with pytest.raises(HasObligations) as refused:
        ask(market, owner, checks=ERASURE_CHECKS)
    return refused.value.obligations


def codes(market: Market, owner: Person) -> list[tuple[str, str]]:
    return [(each.code, each.subject) for each in obligations(market, owner)]


def test_who_has_orders_claims_or_refunds_open_is_not_erased_and_what_they_showed_goes_with_them(
    market: Market, clock: FakeClock
) -> None:
    shop, owner = open_shop(market), person(market)
    seller = staff_of(market, shop.stalls.producer, Role.OWNER)
    put(market, owner.actor, peaches(shop, 3))
    order_id = placed(market, owner.actor, home(market, owner.actor))
    assert codes(market, owner) == [("ORDER_OPEN", order_id)]

    pay(market, owner.actor, order_id)
    with market.read() as session:
        part = session.exec(select(SellerOrder.id).where(SellerOrder.order_id == order_id)).one()
    send(market, part)
    line = line_of(market, part).id
    shown, unused = (photo(market, owner.actor, name, MediaKind.REVIEW) for name in "bc")
    write_review(market, owner.actor, line, ReviewDraft(4, "王小明家里都说甜", (shown,)), key=key())
    claim_id = spoilt(market, owner.actor, part)
    assert codes(market, owner) == [("ORDER_OPEN", order_id), ("CLAIM_OPEN", claim_id)]

    answer_claim(market, seller, Answer(claim_id, AnswerKind.REFUND, "抱歉"), key=key())
    clock.advance(days=8)
    while complete_orders(market):
        pass
    owner = person(market)
    with market.read() as session:
        refund = session.exec(select(Refund)).one()
        assert session.get_one(CustomerOrder, order_id).state == "COMPLETED"
    assert codes(market, owner) == [("REFUND_OPEN", refund.id)]

    answer = RefundAnswer(refund.out_refund_no, RefundAnswerState.SUCCEEDED, "sr_1", refund.amount_fen)
    record_refund(market, on_refunded, "sandbox", answer)
    ask(market, owner, checks=ERASURE_CHECKS)
    clock.now += COOLING_OFF
    assert erase(market, checks=ERASURE_CHECKS) == 1
    before = market.database.topics.stamp(["reviews", line_of(market, part).listing_id])
    _deliver_erased(market)

    assert market.database.topics.stamp(["reviews", line_of(market, part).listing_id]) != before
    with market.read() as session:
        states = {row.id: row.state for row in session.exec(select(Media)).all()}
        review = session.exec(select(Review)).one()
        assert (review.rating, review.text) == (4, "")
        assert session.exec(select(ReviewPhoto)).all() == []
        assert session.get_one(Claim, claim_id).text == "坏了一半", "a record of the trade"
    assert states.pop(shown) == states.pop(unused) == MediaState.REMOVED
    assert list(states.values()) == [MediaState.USED], "what the claim was decided by"


def _deliver_erased(market: Market) -> None:
    """What the worker does with the message, and with no other."""
    duty = delivery({**dict.fromkeys(_topics(market), lambda _message: None), **privacy_handlers(market)})
    while duty.act(market):
        pass


def _topics(market: Market) -> list[str]:
    with market.read() as session:
        found = session.execute(sa.text("SELECT DISTINCT topic FROM outbox_message")).scalars().all()
    assert ERASED in found
    return list(found)


def test_the_last_owner_who_can_sign_in_hands_over_or_withdraws_first(market: Market) -> None:
    county, owner = County(market), person(market)
    applicant, application = county.submitted()
    farm = county.active()
    give_role(market, ADMIN, account_id=owner.id, role=Role.OWNER, within=farm)
    give_role(market, ADMIN, account_id=owner.id, role=Role.OWNER, within=application)
    with market.transaction() as session:
        session.execute(sa.text("DELETE FROM role_held WHERE account_id = :id"), {"id": applicant.account_id})
    assert codes(market, owner) == [("LAST_OWNER", each) for each in sorted((farm, application))]

    partner = county.holding(Role.OWNER, farm)
    assert codes(market, owner) == [("LAST_OWNER", application)]
    block_account(market, ADMIN, account_id=str(partner.account_id))
    assert len(codes(market, owner)) == 2

    county.holding(Role.OWNER, farm)
    withdraw_organisation(market, county.actor(owner.id), organisation_id=application, idempotency_key=key())
    assert ask(market, owner, checks=ERASURE_CHECKS)
