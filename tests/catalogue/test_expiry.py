"""Papers that end: off sale from the day after, warned of before, back with a renewed one."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from market.catalogue.errors import NotReady, StillSuspended
from market.catalogue.review.expiry import TOPIC, suspend_expired, warn_expiring
from market.catalogue.rules import ListingState
from market.kernel.clock import business_day
from market.kernel.outbox import OutboxMessage
from market.organisations.manage import CertificateDraft, record_certificate
from market.organisations.rules import CertificateKind, LicenceKind
from tests.catalogue.fair import ADMIN, Fair, a_variant, at_once, refused
from tests.catalogue.test_suspensions import freeze, lift, relist, suspend, unfreeze
from tests.clock import FakeClock

LIVE, SUSPENDED, WITHDRAWN = ListingState.LIVE, ListingState.SUSPENDED, ListingState.WITHDRAWN


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


def test_workers_at_once_warn_once_and_suspend_once(fair: Fair, clock: FakeClock) -> None:
    today = business_day(clock.now)
    for days in range(8, 14):
        certificate(fair, today + timedelta(days=days))
    listing_id = certified(fair, today)

    told = at_once(*[lambda: warn_expiring(fair.market, limit=100)] * 4)
    clock.advance(days=1)
    off = at_once(*[lambda: suspend_expired(fair.market, limit=100)] * 4)

    assert sum(told) == len(messages(fair)) == 7
    assert sum(off) == 1
    assert fair.causes(listing_id) == ["CERTIFICATE"]


def test_warnings_go_in_batches(fair: Fair, clock: FakeClock) -> None:
    for days in (3, 10, 20):
        certificate(fair, business_day(clock.now) + timedelta(days=days))

    assert [warn_expiring(fair.market, limit=2) for _ in range(3)] == [2, 1, 0]
