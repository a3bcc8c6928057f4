"""Many sessions are closed at once and opened again, by whoever may, in chunks that can stop and go on."""

from datetime import date, time, timedelta

import pytest
from sqlmodel import col, select

from market.catalogue.tables import FAR_FUTURE
from market.kernel.audit import AuditEntry
from market.kernel.errors import Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Role
from market.organisations.manage import OrganisationDraft, register_organisation
from market.organisations.rules import OrganisationKind
from market.sessions.bulk import CHUNK, SessionScope, close_sessions, reopen_sessions
from market.sessions.manage import SeriesDraft, schedule_sessions
from market.sessions.moves import close_session
from market.sessions.rules import CloseReason, SessionState
from market.sessions.tables import SessionEvent, TourSession
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN
from tests.sessions.farm import DAY, Farm, add_session, another_package, count, next_of, person, row_of

KEYS = iter(f"key-of-this-test-{number}" for number in range(10_000))
WEATHER = CloseReason.WEATHER


def states(market: Market) -> list[str]:
    with market.read() as session:
        return list(session.exec(select(TourSession.state).order_by(col(TourSession.starts_at))))


def days(farm: Farm, first: date = DAY, last: date = DAY + timedelta(days=1)) -> SessionScope:
    return SessionScope(first, last, organisation_id=farm.producer)


def test_a_typhoon_closes_days_and_reopening_spares_what_was_closed_for_another_reason(
    market: Market, farm: Farm
) -> None:
    ids = [add_session(market, farm.option, day=DAY + timedelta(days=number)) for number in range(-1, 3)]
    close_session(market, ADMIN, ids[1], reason=CloseReason.STAFF, idempotency_key=next(KEYS))

    closed = close_sessions(market, ADMIN, days(farm), reason=WEATHER, idempotency_key=next(KEYS))
    assert (closed.count, closed.has_more) == (1, False)
    assert states(market) == ["OPEN", "CLOSED", "CLOSED", "OPEN"]
    opened = reopen_sessions(market, ADMIN, days(farm), reason=WEATHER, idempotency_key=next(KEYS))

    assert (opened.count, opened.has_more) == (1, False)
    assert states(market) == ["OPEN", "CLOSED", "OPEN", "OPEN"]
    with market.read() as session:
        entries = session.exec(select(AuditEntry).where(col(AuditEntry.action).startswith("sessions."))).all()
    assert [(each.action, each.subject, each.principal) for each in entries] == [
        ("sessions.closed", farm.producer, farm.producer),
        ("sessions.reopened", farm.producer, farm.producer),
    ]


@pytest.mark.parametrize("scope", ["package", "organisation", "village", "city"])
def test_a_scope_is_a_package_an_organisation_or_a_regions_subtree(market: Market, farm: Farm, scope: str) -> None:
    other, other_option = another_package(market, farm, "另一个")
    mine, theirs = add_session(market, farm.option), add_session(market, other_option)
    chosen = {
        "package": SessionScope(DAY, DAY, package_id=farm.package),
        "organisation": SessionScope(DAY, DAY, organisation_id=farm.producer),
        "village": SessionScope(DAY, DAY, region_code="330213005208"),
        "city": SessionScope(DAY, DAY, region_code="330200000000"),
    }[scope]

    close_sessions(market, ADMIN, chosen, reason=WEATHER, idempotency_key=next(KEYS))

    assert row_of(market, mine).state is SessionState.CLOSED
    assert (row_of(market, theirs).state is SessionState.CLOSED) == (scope != "package")
    assert next_of(market, farm.package) == FAR_FUTURE
    assert (next_of(market, other) == FAR_FUTURE) == (scope != "package")


def test_another_regions_sessions_are_left_alone(market: Market, farm: Farm) -> None:
    add_session(market, farm.option)

    done = close_sessions(
        market, ADMIN, SessionScope(DAY, DAY, region_code="330212000000"), reason=WEATHER, idempotency_key=next(KEYS)
    )

    assert done.count == 0
    assert states(market) == ["OPEN"]


def test_many_are_closed_in_chunks_that_can_stop_and_go_on(market: Market, farm: Farm) -> None:
    times = tuple(time(hour, minute) for hour in range(6, 22) for minute in range(0, 60, 2))
    schedule_sessions(market, ADMIN, [SeriesDraft(farm.option, (DAY, DAY + timedelta(days=1)), times, 5)])
    total = 2 * len(times)

    first = close_sessions(market, ADMIN, days(farm), reason=WEATHER, idempotency_key=next(KEYS))
    assert (first.count, first.has_more) == (CHUNK, True)
    assert states(market) == ["CLOSED"] * CHUNK + ["OPEN"] * (total - CHUNK)
    done = first.count
    while first.has_more:
        first = close_sessions(market, ADMIN, days(farm), reason=WEATHER, idempotency_key=next(KEYS))
        done += first.count

    assert done == total == states(market).count("CLOSED")
    with market.read() as session:
        assert count(session, SessionEvent) == total


def test_the_same_key_moves_one_chunk_once(market: Market, farm: Farm) -> None:
    add_session(market, farm.option)
    key = next(KEYS)

    first = close_sessions(market, ADMIN, days(farm), reason=WEATHER, idempotency_key=key)
    again = close_sessions(market, ADMIN, days(farm), reason=WEATHER, idempotency_key=key)

    assert first == again
    with market.read() as session:
        assert count(session, SessionEvent) == 1


def test_sessions_that_have_started_are_left_alone(market: Market, farm: Farm, clock: FakeClock) -> None:
    early, late = add_session(market, farm.option, at=time(8)), add_session(market, farm.option, at=time(16))
    clock.now = row_of(market, early).starts_at + timedelta(minutes=1)

    close_sessions(market, ADMIN, days(farm), reason=WEATHER, idempotency_key=next(KEYS))

    assert [row_of(market, each).state for each in (early, late)] == [SessionState.OPEN, SessionState.CLOSED]


def test_people_close_what_is_theirs_and_a_stranger_finds_nothing(market: Market, farm: Farm) -> None:
    add_session(market, farm.option)
    village = farm.stalls.village
    neighbour = register_organisation(
        market, ADMIN, OrganisationDraft(OrganisationKind.HOUSEHOLD, "老李家", "Li", "", None, village)
    )
    owner, stranger = person(market, Role.EDITOR, farm.producer), person(market, Role.OWNER, neighbour)

    for scope in (days(farm), SessionScope(DAY, DAY, package_id=farm.package)):
        with pytest.raises(NotFound):
            close_sessions(market, stranger, scope, reason=WEATHER, idempotency_key=next(KEYS))
    region = SessionScope(DAY, DAY, region_code="330213000000")
    assert close_sessions(market, stranger, region, reason=WEATHER, idempotency_key=next(KEYS)).count == 0
    assert states(market) == ["OPEN"]
    assert close_sessions(market, owner, region, reason=WEATHER, idempotency_key=next(KEYS)).count == 1


BAD = [
    SessionScope(DAY, DAY),
    SessionScope(DAY, DAY, package_id="pkg_01k00000000000000000000000", region_code="330213000000"),
    SessionScope(DAY, DAY - timedelta(days=1), region_code="330213000000"),
    SessionScope(DAY, DAY + timedelta(days=92), region_code="330213000000"),
    SessionScope(DAY, DAY, region_code="33"),
    SessionScope(DAY, DAY, package_id="pdr_01k00000000000000000000000"),
]


@pytest.mark.parametrize("scope", BAD)
def test_a_scope_that_means_nothing_is_refused(market: Market, scope: SessionScope) -> None:
    with pytest.raises(Invalid):
        close_sessions(market, ADMIN, scope, reason=WEATHER, idempotency_key=next(KEYS))


def test_only_series_close_for_series(market: Market, farm: Farm) -> None:
    with pytest.raises(Invalid):
        close_sessions(market, ADMIN, days(farm), reason=CloseReason.SERIES, idempotency_key=next(KEYS))
