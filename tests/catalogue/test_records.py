"""What is kept of a listing's life: the audit trail, its history, its first day on sale; and which answers grow stale."""

from collections.abc import Callable

import sqlalchemy as sa

from market.catalogue.manage.sale import withdraw_listing
from market.catalogue.publish import CategoryDraft, add_category
from market.catalogue.rules import ListingKind, ListingState
from tests.catalogue.fair import ADMIN, Fair, a_key
from tests.clock import FakeClock


def withdraw(fair: Fair, listing_id: str) -> ListingState:
    return withdraw_listing(fair.market, fair.owner, listing_id=listing_id, idempotency_key=a_key())


def test_every_step_is_on_record_for_the_producer(fair: Fair) -> None:
    before = len(fair.audited())

    listing_id = fair.live()
    withdraw(fair, listing_id)

    owner, staff = fair.owner.account_id, fair.moderator.account_id
    assert fair.audited()[before:] == [
        (owner, "listing.create", fair.producer),
        (owner, "listing.submit", fair.producer),
        (staff, "listing.review", fair.producer),
        (owner, "listing.withdraw", fair.producer),
    ]


def test_a_listing_s_history_cannot_be_rewritten(fair: Fair) -> None:
    fair.live()

    for statement in ("UPDATE listing_event SET actor = 'x'", "DELETE FROM listing_event"):
        failed = False
        try:
            with fair.market.transaction() as session:
                session.execute(sa.text(statement))
        except sa.exc.DatabaseError as error:
            failed = "append-only" in str(error)
        assert failed, statement


def test_kept_answers_are_stale_exactly_when_buyers_would_see_something_else(fair: Fair) -> None:
    """Also those about the category that a listing leaves."""
    topics = fair.market.database.topics
    honey = add_category(fair.market, ADMIN, CategoryDraft("honey", "蜂蜜", None, ListingKind.PRODUCT))
    saved = fair.save(fair.product())
    about = [saved.listing_id, "catalogue", fair.fruit, honey]

    def changed(act: Callable[[], object]) -> list[bool]:
        before = [topics.stamp([each]) for each in about]
        act()
        return [topics.stamp([each]) != old for each, old in zip(about, before, strict=True)]

    def move() -> None:
        fair.save(fair.saying(saved.listing_id, category_id=honey), listing_id=saved.listing_id)

    submitted = fair.submit(saved.listing_id)
    assert changed(lambda: fair.decide(submitted.revision_id)) == [True, True, True, False]
    assert changed(move) == [False] * 4
    again = fair.submit(saved.listing_id)
    assert changed(lambda: fair.decide(again.revision_id)) == [True] * 4
    assert changed(lambda: withdraw(fair, saved.listing_id)) == [True, True, False, True]


def test_the_first_day_on_sale_is_kept(fair: Fair, clock: FakeClock) -> None:
    saved = fair.save(fair.product())
    clock.advance(days=3)
    fair.decide(fair.submit(saved.listing_id).revision_id)
    first = fair.listing(saved.listing_id).published_at
    assert first == fair.market.now()

    clock.advance(days=3)
    fair.decide(fair.edited(saved.listing_id, title="黄桃").revision_id)

    assert fair.listing(saved.listing_id).published_at == first
