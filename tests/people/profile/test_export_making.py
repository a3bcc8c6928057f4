"""The worker makes copies one by one, sealed, and drops them in time."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from market.kernel.audit import record
from market.kernel.market import Market
from market.people.profile import export
from market.people.profile.export import expire_exports, make_exports, read_export
from market.people.profile.requests import LEASE, LeaseLost, claim, list_privacy_requests, require_claimed
from market.people.profile.rules import (
    EXPORT_KEPT,
    ExportNotReady,
    PrivacyKind,
    PrivacyState,
)
from market.people.profile.tables import PrivacyRequest
from tests.clock import FakeClock
from tests.people.profile.exporting import ALL, UNKNOWN, ask, live, made, parts, states
from tests.people.profile.persons import person, settle


def test_a_long_copy_is_kept_in_sealed_parts(market: Market) -> None:
    owner = person(market)
    with market.transaction() as session:
        for number in range(1200):
            record(session, owner.actor, action="profile.edit", subject=f"{number:060}", now=market.now())

    copy = made(market, owner)

    assert len(copy["mentions"]["audit_entry"]) >= 1200
    assert len({entry["seq"] for entry in copy["mentions"]["audit_entry"]}) == len(copy["mentions"]["audit_entry"])
    kept = parts(market)
    assert len(kept) > 1
    assert not any("profile.edit" in part.content_sealed or owner.phone in part.content_sealed for part in kept)


def test_a_copy_that_cannot_be_made_keeps_no_other_waiting_and_is_tried_again(market: Market, clock: FakeClock) -> None:
    settle(market)
    broken, other = person(market), person(market, "李四", "13912345678")
    live(market, broken)
    ask(market, broken)
    ask(market, other)
    with market.transaction() as session:
        session.execute(sa.text("UPDATE address SET street_sealed = 'not sealed'"))

    with pytest.raises(ExceptionGroup) as raised:
        make_exports(market, ALL)
    assert [type(error) for error in raised.value.exceptions] == [ValueError]
    assert (states(market, broken), states(market, other)) == ([PrivacyState.REQUESTED], [PrivacyState.READY])

    assert make_exports(market, ALL) == 0
    clock.now += LEASE
    with market.transaction() as session:
        session.execute(sa.text("DELETE FROM address"))
    assert make_exports(market, ALL) == 1
    assert states(market, broken) == [PrivacyState.READY]


def test_two_workers_do_not_make_the_same_copy(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    ask(market, owner)

    with market.transaction() as session:
        [slow] = claim(session, PrivacyKind.EXPORT, now=market.now(), limit=10)
        assert claim(session, PrivacyKind.EXPORT, now=market.now(), limit=10) == []
    clock.now += LEASE
    assert make_exports(market, ALL) == 1

    with market.transaction() as session, pytest.raises(LeaseLost):
        require_claimed(session, slow)
    with pytest.raises(LeaseLost):
        export._make(market, ALL, slow)
    [request] = list_privacy_requests(market, owner.actor)
    assert (request.attempt, {part.attempt for part in parts(market)}) == (2, {2})
    assert json.loads(read_export(market, owner.actor, request_id=request.id))["account"] == owner.id


def test_a_copy_is_kept_for_seven_days(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    request_id = ask(market, owner)

    with pytest.raises(ExportNotReady) as early:
        read_export(market, owner.actor, request_id=request_id)
    make_exports(market, ALL)
    clock.advance(days=7, seconds=-1)
    assert read_export(market, owner.actor, request_id=request_id)
    assert expire_exports(market) == 0
    clock.advance(seconds=1)
    with pytest.raises(ExportNotReady) as late:
        read_export(market, owner.actor, request_id=request_id)
    assert expire_exports(market) == 1

    assert (early.value.facts, late.value.facts) == (
        {"state": PrivacyState.REQUESTED},
        {"state": PrivacyState.EXPIRED},
    )
    assert (states(market, owner), parts(market)) == ([PrivacyState.EXPIRED], [])
    with pytest.raises(ExportNotReady):
        read_export(market, owner.actor, request_id=request_id)


def test_a_request_says_when_it_was_made_and_until_when_it_is_kept(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    asked_at = clock.now
    ask(market, owner)
    made_at = clock.advance(minutes=1)
    make_exports(market, ALL)

    [request] = list_privacy_requests(market, owner.actor)

    assert (request.kind, request.requested_at, request.finished_at, request.expires_at) == (
        PrivacyKind.EXPORT,
        asked_at,
        made_at,
        made_at + EXPORT_KEPT,
    )


def test_a_ready_copy_has_an_end_by_the_databases_own_rule(market: Market) -> None:
    owner = person(market)

    with pytest.raises(sa.exc.IntegrityError), market.transaction() as session:
        session.add(
            PrivacyRequest(
                id=UNKNOWN,
                account_id=owner.id,
                kind=PrivacyKind.EXPORT,
                state=PrivacyState.READY,
                requested_at=market.now(),
                due_at=market.now() + timedelta(days=1),
            )
        )
