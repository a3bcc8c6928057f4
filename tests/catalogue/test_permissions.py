"""Who may: a foreign listing answers like an unknown one, byte for byte, and a refusal changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import select

from market.catalogue.content.drafts import WindowDraft
from market.catalogue.errors import OwnListing
from market.catalogue.manage.drafts import save_draft, withdraw_revision
from market.catalogue.manage.prices import NewPrice, change_prices
from market.catalogue.manage.sale import relist_listing, withdraw_listing
from market.catalogue.manage.seasons import change_seasons
from market.catalogue.manage.submit import submit_listing
from market.catalogue.publish import publish_product
from market.catalogue.review.decide import Decision, review_listing, review_listings
from market.catalogue.review.freezing import freeze_organisation, unfreeze_organisation
from market.catalogue.review.suspend import lift_suspension, suspend_listing
from market.catalogue.rules import ListingState, WindowKind
from market.catalogue.rules.states import RevisionState, Verdict
from market.catalogue.tables import Listing, ListingRevision, ListingSuspension, PriceChange, Variant
from market.kernel.errors import Forbidden, MarketError, NotFound, NotSignedIn
from market.kernel.permissions import Actor, ActorKind, Role
from tests.catalogue.fair import (
    ADMIN,
    DISTRICT,
    PLENTY,
    UNKNOWN,
    VISITOR,
    Fair,
    a_key,
    a_variant,
    refused,
)

Act = Callable[[Fair, Actor, str], Any]
"""What an actor does to a listing, or to what hangs off it."""
WINDOWS = (WindowDraft(WindowKind.SALE, "01-01", "02-01"),)
NO_REVISION, NO_VARIANT = "rev_00000000000000000000000000", "var_00000000000000000000000000"


def a_variant_of(fair: Fair, listing_id: str) -> str:
    with fair.market.read() as session:
        return session.exec(select(Variant.id).where(Variant.listing_id == listing_id)).first() or NO_VARIANT


def a_revision_of(fair: Fair, listing_id: str) -> str:
    open_ = fair.open(listing_id)
    return open_.id if open_ else NO_REVISION


def decision(fair: Fair, listing_id: str) -> Decision:
    version = 3 if listing_id == UNKNOWN else fair.listing(listing_id).version
    return Decision(a_revision_of(fair, listing_id), version, Verdict.APPROVE)


SELLERS: dict[str, Act] = {
    "save": lambda fair, actor, id_: save_draft(
        fair.market, actor, fair.product("改"), listing_id=id_, idempotency_key=a_key()
    ),
    "submit": lambda fair, actor, id_: submit_listing(fair.market, actor, listing_id=id_, idempotency_key=a_key()),
    "take back": lambda fair, actor, id_: withdraw_revision(
        fair.market, actor, listing_id=id_, idempotency_key=a_key()
    ),
    "withdraw": lambda fair, actor, id_: withdraw_listing(fair.market, actor, listing_id=id_, idempotency_key=a_key()),
    "relist": lambda fair, actor, id_: relist_listing(fair.market, actor, listing_id=id_, idempotency_key=a_key()),
    "price": lambda fair, actor, id_: change_prices(
        fair.market, actor, [NewPrice(a_variant_of(fair, id_), 1)], reason="", idempotency_key=a_key()
    ),
    "season": lambda fair, actor, id_: change_seasons(
        fair.market, actor, listing_id=id_, windows=WINDOWS, idempotency_key=a_key()
    ),
}
REVIEWERS: dict[str, Act] = {
    "review": lambda fair, actor, id_: review_listing(fair.market, actor, decision(fair, id_), idempotency_key=a_key()),
    "suspend": lambda fair, actor, id_: suspend_listing(
        fair.market, actor, listing_id=id_, reasons=PLENTY, idempotency_key=a_key()
    ),
    "lift": lambda fair, actor, id_: lift_suspension(fair.market, actor, listing_id=id_, idempotency_key=a_key()),
}


def everything(fair: Fair) -> list[str]:
    """All that these use cases may change."""
    tables = (Listing, ListingRevision, ListingSuspension, PriceChange, Variant)
    with fair.market.read() as session:
        rows = [repr(each) for table in tables for each in session.exec(select(table))]
    return [*sorted(rows), *map(str, fair.audited())]


def told(refusal: MarketError) -> tuple[Any, ...]:
    """All that a caller gets to see of a refusal."""
    return (type(refusal), refusal.code, refusal.facts, refusal.message("en"), refusal.message("zh-CN"))


def waiting(fair: Fair) -> str:
    """A listing on sale, with a revision that waits."""
    listing_id = fair.live(fair.product("桃"))
    fair.edited(listing_id, title="李")
    return listing_id


@pytest.mark.parametrize("name", SELLERS)
def test_a_strangers_listing_answers_its_seller_like_an_unknown_one(fair: Fair, name: str) -> None:
    listing_id, act = waiting(fair), SELLERS[name]
    cooperative = fair.holding(Role.EDITOR, fair.cooperative)
    before = everything(fair)

    for actor in (fair.stranger, cooperative):  # the cooperative was given no power
        foreign, unknown = refused(act, fair, actor, listing_id), refused(act, fair, actor, UNKNOWN)
        assert told(foreign) == told(unknown)
        assert isinstance(foreign, NotFound)
    for actor, kind in (
        (VISITOR, NotSignedIn),
        (Actor(ActorKind.CUSTOMER, "somebody"), Forbidden),
        (fair.moderator, Forbidden),
        (fair.holding(Role.VIEWER, fair.producer), Forbidden),
    ):
        assert told(refused(act, fair, actor, listing_id)) == told(kind())
    assert [row for row in everything(fair) if "role.give" not in row and "account.open" not in row] == [
        row for row in before if "role.give" not in row and "account.open" not in row
    ]


@pytest.mark.parametrize("name", REVIEWERS)
def test_a_listing_of_another_region_answers_its_reviewer_like_an_unknown_one(fair: Fair, name: str) -> None:
    listing_id, act = waiting(fair), REVIEWERS[name]
    before = everything(fair)

    foreign, unknown = (
        refused(act, fair, fair.far_moderator, listing_id),
        refused(act, fair, fair.far_moderator, UNKNOWN),
    )
    assert told(foreign) == told(unknown)
    assert isinstance(foreign, NotFound)
    assert told(refused(act, fair, VISITOR, listing_id)) == told(NotSignedIn())
    assert told(refused(act, fair, fair.owner, listing_id)) == told(Forbidden())
    assert everything(fair) == before


def test_people_of_the_cooperative_act_for_a_member_that_lets_them(fair: Fair) -> None:
    editor = fair.holding(Role.EDITOR, fair.cooperative)
    listing_id = fair.live(fair.product("桃"))
    fair.let_manage()

    fair.save(fair.product("李"), editor, listing_id=listing_id)
    fair.submit(listing_id, editor)

    assert fair.audited()[-1] == (editor.account_id, "listing.submit", fair.producer)


def test_a_draft_is_made_only_for_a_producer_one_acts_for(fair: Fair) -> None:
    foreign = refused(fair.save, fair.product(), fair.stranger)
    draft = fair.product()
    object.__setattr__(draft.listing, "producer_id", "pdr_00000000000000000000000000")
    unknown = refused(fair.save, draft, fair.stranger)

    assert told(foreign) == told(unknown)
    assert isinstance(foreign, NotFound)


def test_nobody_decides_about_their_own(fair: Fair) -> None:
    listing_id = waiting(fair)
    revision_id = a_revision_of(fair, listing_id)
    for within in (fair.producer, fair.cooperative):
        staff = Actor(
            ActorKind.STAFF,
            str(fair.moderator.account_id),
            organisations={within: frozenset({Role.VIEWER})},
            staff_roles=frozenset({Role.STAFF_MODERATOR}),
            region_codes=frozenset({DISTRICT}),
        )
        for act in REVIEWERS.values():
            assert isinstance(refused(act, fair, staff, listing_id), OwnListing)
    assert fair.revision(revision_id).state is RevisionState.SUBMITTED
    assert fair.state(listing_id) is ListingState.LIVE


def test_nobody_decides_about_what_they_wrote(fair: Fair) -> None:
    saved = fair.save(fair.product(), ADMIN)
    submitted = fair.submit(saved.listing_id, ADMIN)

    assert isinstance(refused(fair.decide, submitted.revision_id, actor=ADMIN), OwnListing)
    assert fair.decide(submitted.revision_id, actor=fair.moderator).listing_state is ListingState.LIVE


def test_a_move_to_another_district_needs_somebody_for_both(fair: Fair) -> None:
    listing_id = fair.live(fair.product("桃"))
    submitted = fair.edited(listing_id, village_id=fair.other_village)

    for actor in (fair.moderator, fair.far_moderator):
        assert isinstance(refused(fair.decide, submitted.revision_id, actor=actor), NotFound)
    city = fair.holding(Role.STAFF_MODERATOR, "330200000000")
    fair.decide(submitted.revision_id, actor=city)

    listing = fair.listing(listing_id)
    assert (listing.region_code, listing.county_code) == ("330226109227", "330226000000")


def test_sellers_and_moderators_cannot_publish_past_the_review(fair: Fair) -> None:
    for actor in (fair.owner, fair.moderator):
        assert isinstance(refused(publish_product, fair.market, actor, fair.product()), Forbidden)
    listing_id = publish_product(fair.market, ADMIN, fair.product())
    assert fair.state(listing_id) is ListingState.LIVE


@pytest.mark.parametrize("act", [freeze_organisation, unfreeze_organisation])
def test_only_staff_of_the_region_freeze(fair: Fair, act: Callable[..., Any]) -> None:
    def freeze(actor: Actor, organisation_id: str) -> Any:
        return act(fair.market, actor, organisation_id=organisation_id, reason="停业", idempotency_key=a_key())

    foreign = refused(freeze, fair.far_moderator, fair.producer)
    assert told(foreign) == told(refused(freeze, fair.far_moderator, "pdr_00000000000000000000000000"))
    assert isinstance(foreign, NotFound)
    assert isinstance(refused(freeze, fair.owner, fair.producer), Forbidden)


def test_many_are_decided_each_by_itself(fair: Fair) -> None:
    mine, other = waiting(fair), fair.submitted(fair.product("远桃", a_variant("F")))
    decided = fair.submitted(fair.product("近桃", a_variant("N")))
    fair.decide(decided.revision_id, Verdict.REJECT)
    ids = [a_revision_of(fair, mine), NO_REVISION, decided.revision_id, other.revision_id]
    decisions = [
        Decision(each, 1 if each == NO_REVISION else fair.listing_of(each).version, Verdict.REJECT, PLENTY)
        for each in ids
    ]
    key = a_key()

    results = review_listings(fair.market, fair.moderator, decisions, idempotency_key=key)
    again = review_listings(fair.market, fair.moderator, decisions, idempotency_key=key)

    assert [getattr(each, "code", "done") for each in results] == ["done", "NOT_FOUND", "ILLEGAL_TRANSITION", "done"]
    assert [getattr(each, "code", each) for each in again] == [getattr(each, "code", each) for each in results]
    assert fair.revision(ids[0]).state is RevisionState.REJECTED
