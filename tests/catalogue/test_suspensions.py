"""Off sale against the seller's will: by staff, with a frozen seller, for papers that ended. Each cause by itself."""

from dataclasses import replace

from market.catalogue.errors import StillSuspended
from market.catalogue.manage.sale import relist_listing, withdraw_listing
from market.catalogue.review.freezing import freeze_organisation, unfreeze_organisation
from market.catalogue.review.suspend import lift_suspension, suspend_listing
from market.catalogue.rules import ListingState
from market.catalogue.rules.states import Verdict
from market.kernel.errors import IllegalTransition, Invalid
from market.organisations.errors import NotSelling
from tests.catalogue.fair import PLENTY, Fair, a_key, a_variant, refused
from tests.clock import FakeClock

LIVE, SUSPENDED, WITHDRAWN = ListingState.LIVE, ListingState.SUSPENDED, ListingState.WITHDRAWN


def suspend(fair: Fair, listing_id: str) -> None:
    suspend_listing(fair.market, fair.moderator, listing_id=listing_id, reasons=PLENTY, idempotency_key=a_key())


def lift(fair: Fair, listing_id: str) -> ListingState:
    return lift_suspension(fair.market, fair.moderator, listing_id=listing_id, idempotency_key=a_key())


def relist(fair: Fair, listing_id: str) -> ListingState:
    return relist_listing(fair.market, fair.owner, listing_id=listing_id, idempotency_key=a_key())


def freeze(fair: Fair, organisation_id: str) -> int:
    return freeze_organisation(
        fair.market,
        fair.moderator,
        organisation_id=organisation_id,
        reason="停业整顿",
        idempotency_key=a_key(),
    )


def unfreeze(fair: Fair, organisation_id: str) -> int:
    return unfreeze_organisation(
        fair.market,
        fair.moderator,
        organisation_id=organisation_id,
        reason="整改完成",
        idempotency_key=a_key(),
    )


def test_staff_suspend_and_lift(fair: Fair) -> None:
    listing_id = fair.live(fair.product("水蜜桃"))

    suspend(fair, listing_id)
    assert (fair.state(listing_id), fair.causes(listing_id), fair.found("水蜜桃")) == (SUSPENDED, ["MODERATION"], [])
    assert isinstance(refused(suspend, fair, listing_id), IllegalTransition)
    assert isinstance(refused(relist, fair, listing_id), StillSuspended)

    assert lift(fair, listing_id) is LIVE
    assert (fair.causes(listing_id), fair.found("水蜜桃")) == ([], [listing_id])


def test_a_suspended_listing_returns_by_an_approved_revision(fair: Fair) -> None:
    listing_id = fair.live(fair.product("神桃"))
    suspend(fair, listing_id)

    submitted = fair.edited(listing_id, title="桃")
    fair.decide(submitted.revision_id)

    assert (fair.state(listing_id), fair.causes(listing_id), fair.found("桃")) == (LIVE, [], [listing_id])


def test_a_revision_from_before_the_suspension_does_not_answer_it(fair: Fair, clock: FakeClock) -> None:
    listing_id = fair.live(fair.product("桃"))
    earlier = fair.edited(listing_id, title="李")
    clock.advance(minutes=1)
    suspend(fair, listing_id)

    reviewed = fair.decide(earlier.revision_id)

    assert (reviewed.listing_state, fair.causes(listing_id)) == (SUSPENDED, ["MODERATION"])
    assert (fair.listing(listing_id).title, fair.found("李")) == ("李", [])
    clock.advance(minutes=1)
    fair.decide(fair.submit(listing_id).revision_id)
    assert (fair.state(listing_id), fair.found("李")) == (LIVE, [listing_id])


def test_a_suspended_listing_can_be_handed_in_as_it_is(fair: Fair) -> None:
    listing_id = fair.live(fair.product("桃"))
    suspend(fair, listing_id)

    submitted = fair.submit(listing_id)

    assert submitted.rule is None
    fair.decide(submitted.revision_id, Verdict.REJECT)
    assert fair.state(listing_id) is SUSPENDED


def test_withdrawing_is_no_way_around_a_suspension(fair: Fair) -> None:
    listing_id = fair.live(fair.product("桃"))
    suspend(fair, listing_id)
    withdraw_listing(fair.market, fair.owner, listing_id=listing_id, idempotency_key=a_key())

    refusal = refused(relist, fair, listing_id)

    assert isinstance(refusal, StillSuspended)
    assert refusal.facts["causes"] == ("MODERATION",)
    assert lift(fair, listing_id) is WITHDRAWN
    assert relist(fair, listing_id) is LIVE


def test_a_suspension_needs_a_reason(fair: Fair) -> None:
    listing_id = fair.live()

    refusal = refused(
        suspend_listing, fair.market, fair.moderator, listing_id=listing_id, reasons=(), idempotency_key=a_key()
    )

    assert isinstance(refusal, Invalid)
    assert fair.state(listing_id) is LIVE


def test_freezing_takes_off_all_that_a_seller_grows_or_sells_and_gives_exactly_that_back(fair: Fair) -> None:
    def sold_by(title: str, cooperative_id: str | None) -> str:
        draft = fair.product(title, a_variant(title))
        return fair.live(replace(draft, listing=replace(draft.listing, cooperative_id=cooperative_id)))

    alone, together = sold_by("自卖桃", None), sold_by("社卖桃", fair.cooperative)
    moderated, withdrawn = sold_by("违规桃", fair.cooperative), sold_by("下架桃", fair.cooperative)
    suspend(fair, moderated)
    withdraw_listing(fair.market, fair.owner, listing_id=withdrawn, idempotency_key=a_key())

    assert freeze(fair, fair.cooperative) == 1
    assert [fair.state(each) for each in (alone, together, moderated, withdrawn)] == [
        LIVE,
        SUSPENDED,
        SUSPENDED,
        WITHDRAWN,
    ]
    assert (fair.causes(together), fair.causes(moderated)) == (["FROZEN"], ["FROZEN", "MODERATION"])
    assert fair.found("桃") == [alone]

    # Frozen twice over: by the cooperative and by its producer.
    assert freeze(fair, fair.producer) == 1
    assert unfreeze(fair, fair.cooperative) == 0
    assert (fair.state(alone), fair.state(together)) == (SUSPENDED, SUSPENDED)

    assert unfreeze(fair, fair.producer) == 2
    assert [fair.state(each) for each in (alone, together, moderated, withdrawn)] == [LIVE, LIVE, SUSPENDED, WITHDRAWN]
    assert fair.causes(moderated) == ["MODERATION"]
    assert fair.found("桃") == sorted([alone, together])


def test_lifting_a_suspension_does_not_bring_back_what_is_frozen(fair: Fair) -> None:
    listing_id = fair.live()
    suspend(fair, listing_id)
    freeze(fair, fair.producer)

    assert lift(fair, listing_id) is SUSPENDED
    assert unfreeze(fair, fair.producer) == 1
    assert fair.state(listing_id) is LIVE


def test_of_a_frozen_seller_nothing_goes_on_sale(fair: Fair) -> None:
    listing_id = fair.live(fair.product("桃"))
    submitted = fair.submitted(fair.product("梨", a_variant("P")))
    saved = fair.save(fair.product("李", a_variant("L")))
    freeze(fair, fair.producer)

    assert isinstance(refused(fair.decide, submitted.revision_id), NotSelling)
    assert isinstance(refused(fair.submit, saved.listing_id), NotSelling)
    withdraw_listing(fair.market, fair.owner, listing_id=listing_id, idempotency_key=a_key())
    assert isinstance(refused(relist, fair, listing_id), NotSelling)

    # Withdrawn while it was frozen: it stays its seller's to bring back.
    assert unfreeze(fair, fair.producer) == 0
    assert fair.state(listing_id) is WITHDRAWN
    assert relist(fair, listing_id) is LIVE
