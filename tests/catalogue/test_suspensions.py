"""Off sale against the seller's will: by staff, with a frozen seller, for papers that ended. Each cause by itself."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from market.catalogue.errors import NotReady, StillSuspended
from market.catalogue.manage.sale import relist_listing, withdraw_listing
from market.catalogue.review.expiry import TOPIC, suspend_expired, warn_expiring
from market.catalogue.review.freezing import freeze_organisation, unfreeze_organisation
from market.catalogue.review.suspend import lift_suspension, suspend_listing
from market.catalogue.rules import ListingState
from market.catalogue.rules.states import Verdict
from market.kernel.clock import business_day
from market.kernel.errors import IllegalTransition, Invalid
from market.kernel.outbox import OutboxMessage
from market.organisations.errors import NotSelling
from market.organisations.manage import CertificateDraft, record_certificate
from market.organisations.rules import CertificateKind, LicenceKind
from tests.catalogue.fair import ADMIN, PLENTY, Fair, a_key, a_variant, refused
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


def certificate(fair: Fair, valid_to: date | None) -> str:
    draft = CertificateDraft(fair.producer, CertificateKind.GREEN_FOOD, "绿色食品", valid_to=valid_to)
    return record_certificate(fair.market, ADMIN, draft)


def certified(fair: Fair, valid_to: date | None, **more: Any) -> str:
    """A product on sale under a certificate that ends on this day."""
    draft = fair.product("有机桃", **more)
    listing = replace(draft.listing, certificate_ids=(certificate(fair, valid_to),))
    return fair.live(replace(draft, listing=listing))


def messages(fair: Fair) -> list[dict[str, Any]]:
    with fair.market.read() as session:
        rows = session.exec(select(OutboxMessage).where(OutboxMessage.topic == TOPIC).order_by(col(OutboxMessage.seq)))
        return [each.payload for each in rows]


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


def test_a_certificate_that_ends_suspends_from_the_day_after(fair: Fair, clock: FakeClock) -> None:
    today = business_day(clock.now)
    listing_id = certified(fair, today + timedelta(days=2))
    other = fair.live(fair.product("桃", a_variant("P")))

    clock.advance(days=2)  # its last day
    assert suspend_expired(fair.market, limit=100) == 0
    clock.advance(days=1)
    assert suspend_expired(fair.market, limit=100) == 1
    assert suspend_expired(fair.market, limit=100) == 0

    assert (fair.state(listing_id), fair.causes(listing_id), fair.state(other)) == (SUSPENDED, ["CERTIFICATE"], LIVE)
    assert fair.found("有机") == []


def test_a_renewed_certificate_brings_it_back_through_a_revision(fair: Fair, clock: FakeClock) -> None:
    today = business_day(clock.now)
    listing_id = certified(fair, today)
    clock.advance(days=1)
    suspend_expired(fair.market, limit=100)
    assert isinstance(refused(relist, fair, listing_id), StillSuspended)
    refusal = refused(fair.submit, listing_id)
    assert isinstance(refusal, NotReady)
    assert [each.path for each in refusal.facts["problems"]] == ["certificate_ids.1"]

    renewed = certificate(fair, today + timedelta(days=365))
    fair.decide(fair.edited(listing_id, certificate_ids=(renewed,)).revision_id)

    assert (fair.state(listing_id), fair.causes(listing_id)) == (LIVE, [])


def test_a_certificate_that_ends_meanwhile_keeps_it_off_when_another_cause_goes(fair: Fair, clock: FakeClock) -> None:
    listing_id = certified(fair, business_day(clock.now))
    suspend(fair, listing_id)
    clock.advance(days=1)

    assert suspend_expired(fair.market, limit=100) == 1

    assert fair.causes(listing_id) == ["CERTIFICATE", "MODERATION"]
    assert lift(fair, listing_id) is SUSPENDED


def test_nothing_returns_with_papers_that_ended_before_the_worker_came(fair: Fair, clock: FakeClock) -> None:
    today = business_day(clock.now)
    moderated, frozen = certified(fair, today, variants=(a_variant("M"),)), certified(fair, today)
    suspend(fair, moderated)
    clock.advance(days=1)

    assert lift(fair, moderated) is SUSPENDED
    assert freeze(fair, fair.producer) == 1
    assert unfreeze(fair, fair.producer) == 0

    assert (fair.causes(moderated), fair.causes(frozen)) == (["CERTIFICATE"], ["CERTIFICATE"])
    assert suspend_expired(fair.market, limit=100) == 0


def test_a_licence_that_ends_suspends_and_a_renewed_one_lets_back(fair: Fair, clock: FakeClock) -> None:
    today = business_day(clock.now)
    listing_id = fair.live()
    fair.licence(LicenceKind.IDENTITY, today)
    assert suspend_expired(fair.market, limit=100) == 0
    clock.advance(days=1)

    assert suspend_expired(fair.market, limit=100) == 1
    assert fair.causes(listing_id) == ["LICENCE"]
    assert isinstance(refused(relist, fair, listing_id), StillSuspended)
    refusal = refused(fair.submit, listing_id)
    assert isinstance(refusal, NotReady)
    assert [each.path for each in refusal.facts["problems"]] == ["producer_id"]

    fair.licence(LicenceKind.BUSINESS_LICENCE, None)
    assert relist(fair, listing_id) is LIVE
    assert suspend_expired(fair.market, limit=100) == 0


def test_an_agency_licence_that_ends_suspends_only_what_needs_an_agency(fair: Fair, clock: FakeClock) -> None:
    fair.licence(LicenceKind.TRAVEL_AGENCY, business_day(clock.now))
    peach, package = fair.live(), fair.live(fair.package(needs_travel_agency=True))
    clock.advance(days=1)

    assert suspend_expired(fair.market, limit=100) == 1

    assert (fair.state(peach), fair.state(package)) == (LIVE, SUSPENDED)


def test_expiry_goes_in_batches(fair: Fair, clock: FakeClock) -> None:
    today = business_day(clock.now)
    for sku in ("A", "B", "C"):
        certified(fair, today, variants=(a_variant(sku),))
    clock.advance(days=1)

    assert [suspend_expired(fair.market, limit=2) for _ in range(3)] == [2, 1, 0]


@pytest.mark.parametrize("first", [0, 5, 25])
def test_holders_are_warned_at_thirty_and_seven_days_once(fair: Fair, clock: FakeClock, first: int) -> None:
    """The worker runs every few hours, from `first` days on; sooner it did not run at all."""
    today = business_day(clock.now)
    ends_on = today + timedelta(days=31)
    ids = {certificate(fair, ends_on), fair.licence(LicenceKind.IDENTITY, ends_on)}
    certificate(fair, None)
    clock.advance(days=first)

    told = 0
    for _ in range(4 * (35 - first)):
        told += warn_expiring(fair.market, limit=100)
        clock.advance(hours=6)

    days = [7] if first == 25 else [30, 7]
    assert told == len(messages(fair)) == 2 * len(days)
    for paper_id in ids:
        assert [each["days"] for each in messages(fair) if each["id"] == paper_id] == days
    assert {(each["organisation_id"], each["ends_on"]) for each in messages(fair)} == {
        (fair.producer, ends_on.isoformat())
    }


def test_warnings_go_in_batches(fair: Fair, clock: FakeClock) -> None:
    for days in (3, 10, 20):
        certificate(fair, business_day(clock.now) + timedelta(days=days))

    assert [warn_expiring(fair.market, limit=2) for _ in range(3)] == [2, 1, 0]
