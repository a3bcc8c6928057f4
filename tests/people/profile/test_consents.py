"""Consents: given and taken back alike, and never forgotten that they were."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
import sqlalchemy as sa

from market.kernel.errors import Forbidden, Invalid, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind
from market.people.profile.consents import (
    ConsentNow,
    consent_history,
    give_consent,
    has_consent,
    list_consents,
    withdraw_consent,
)
from market.people.profile.rules import ConsentKind, ConsentSource
from tests.clock import FakeClock
from tests.people.profile.persons import actions, dump, person

MARKETING, TERMS = ConsentKind.MARKETING, ConsentKind.TERMS
FIRST, SECOND = "2026-01-01", "2026-06-01"


def give(market: Market, actor: Actor, kind: ConsentKind = MARKETING, version: str = FIRST) -> ConsentNow:
    return give_consent(market, actor, kind=kind, version=version, source=ConsentSource.MINI_PROGRAM)


def withdraw(market: Market, actor: Actor, kind: ConsentKind = MARKETING) -> ConsentNow | None:
    return withdraw_consent(market, actor, kind=kind, source=ConsentSource.WEB)


def history(market: Market, actor: Actor) -> list[tuple[str, int, str, str, str]]:
    return [
        (each.kind.value, each.number, each.decision.value, each.version, each.source.value)
        for each in consent_history(market, actor)
    ]


def test_a_consent_stands_until_it_is_taken_back_and_its_history_stays(market: Market, clock: FakeClock) -> None:
    owner = person(market)

    given = give(market, owner.actor)
    later = clock.advance(days=1)
    withdrawn = withdraw(market, owner.actor)
    give(market, owner.actor, TERMS)

    assert (given.is_given, given.version) == (True, FIRST)
    assert withdrawn == ConsentNow(MARKETING, is_given=False, version=FIRST, at=later)
    assert list_consents(market, owner.actor) == [
        ConsentNow(TERMS, is_given=True, version=FIRST, at=later),
        ConsentNow(MARKETING, is_given=False, version=FIRST, at=later),
    ]
    assert history(market, owner.actor) == [
        ("MARKETING", 1, "GIVEN", FIRST, "MINI_PROGRAM"),
        ("MARKETING", 2, "WITHDRAWN", FIRST, "WEB"),
        ("TERMS", 1, "GIVEN", FIRST, "MINI_PROGRAM"),
    ]
    assert actions(market, owner.actor) == ["consent.give", "consent.withdraw", "consent.give"]


def test_deciding_the_same_again_changes_nothing_and_a_new_version_is_a_new_consent(market: Market) -> None:
    owner = person(market).actor

    assert withdraw(market, owner) is None
    assert give(market, owner) == give(market, owner)
    give(market, owner, version=SECOND)
    assert withdraw(market, owner) == withdraw(market, owner)

    assert [(number, decision, version) for _, number, decision, version, _ in history(market, owner)] == [
        (1, "GIVEN", FIRST),
        (2, "GIVEN", SECOND),
        (3, "WITHDRAWN", SECOND),
    ]


def test_whether_a_consent_stands_is_asked_of_one_person_one_kind_and_maybe_one_version(market: Market) -> None:
    owner, other = person(market), person(market, "李四", "13912345678")
    give(market, owner.actor)

    with market.read() as session:
        assert has_consent(session, owner.id, MARKETING)
        assert has_consent(session, owner.id, MARKETING, version=FIRST)
        assert not has_consent(session, owner.id, MARKETING, version=SECOND)
        assert not has_consent(session, owner.id, TERMS)
        assert not has_consent(session, other.id, MARKETING)
    withdraw(market, owner.actor)

    with market.read() as session:
        assert not has_consent(session, owner.id, MARKETING)
        assert not has_consent(session, owner.id, MARKETING, version=FIRST)
    assert list_consents(market, other.actor) == []


@pytest.mark.parametrize("change", ["UPDATE consent SET version = 'x'", "DELETE FROM consent"])
def test_the_database_refuses_to_change_what_was_decided(market: Market, change: str) -> None:
    owner = person(market).actor
    give(market, owner)

    with pytest.raises(sa.exc.IntegrityError, match="append-only"), market.transaction() as session:
        session.execute(sa.text(change))


@pytest.mark.parametrize("version", ["", "v" * 33, "第一版", "2026 11", "1\n"])
def test_what_names_no_version_is_refused(market: Market, version: str) -> None:
    owner = person(market).actor
    before = dump(market)

    with pytest.raises(Invalid) as refused:
        give(market, owner, version=version)

    assert refused.value.facts["field"] == "version"
    assert dump(market) == before


def test_consents_are_for_people(market: Market) -> None:
    for actor, refused in ((VISITOR, NotSignedIn), (Actor(ActorKind.SYSTEM), Forbidden)):
        for act in (give, withdraw, list_consents, consent_history):
            with pytest.raises(refused):
                act(market, actor)


def test_a_race_of_decisions_is_numbered_without_gaps(market: Market) -> None:
    owner = person(market).actor
    start = threading.Barrier(6)

    def race(number: int) -> None:
        start.wait()
        for turn in range(4):
            if (number + turn) % 2:
                give(market, owner, version=f"{number}-{turn}")
            else:
                withdraw(market, owner)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(race, range(6)))

    numbers = [number for _, number, *_ in history(market, owner)]
    decisions = [decision for _, _, decision, *_ in history(market, owner)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert decisions.count("GIVEN") == 12
    assert all(pair != ("WITHDRAWN", "WITHDRAWN") for pair in pairwise(decisions))
