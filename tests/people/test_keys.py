"""API keys: of one organisation, within their scopes, until their end, and shown once."""

from dataclasses import replace

import pytest
from sqlmodel import select

from market.kernel.errors import Forbidden, IdempotencyConflict, Invalid, LimitReached, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Permission, Role, require
from market.people.errors import SignInExpired
from market.people.keys import KeyDraft, KeyMade, create_key, list_keys, revoke_key
from market.people.manage import block_account, open_account
from market.people.rules import KEY_SCOPES
from market.people.tables import ApiKey
from tests.clock import FakeClock
from tests.people.signing import ADMIN, COOPERATIVE, actor, at_once, everything, owner, statements

OTHER = "cop_00000000000000000000000001"
DRAFT = KeyDraft(COOPERATIVE, "仓库系统", frozenset({Permission.STOCK_READ, Permission.STOCK_ADJUST}), 90)
KEY = "k" * 16


def made(market: Market, draft: KeyDraft = DRAFT, *, key: str = KEY, by: Actor | None = None) -> KeyMade:
    return create_key(market, by or owner(), draft, idempotency_key=key)


def test_a_key_acts_for_its_organisation_within_its_scopes(market: Market) -> None:
    key = made(market)

    found = actor(market, key.secret)

    assert found.account_id == key.key_id
    assert found.kind is ActorKind.MEMBER
    require(found, Permission.STOCK_ADJUST, organisation_id=COOPERATIVE)
    for permission in set(Permission) - DRAFT.scopes:
        with pytest.raises(Forbidden):
            require(found, permission, organisation_id=COOPERATIVE, owner_id=key.key_id)


def test_a_key_does_nothing_for_another_organisation(market: Market) -> None:
    found = actor(market, made(market).secret)

    with pytest.raises(Forbidden):
        require(found, Permission.STOCK_ADJUST, organisation_id=OTHER)


def test_a_key_is_long_random_and_not_kept(market: Market) -> None:
    keys = [made(market, key=f"{number:016}") for number in range(3)]

    assert len({key.secret for key in keys}) == 3
    for key in keys:
        assert key.secret.startswith("mk_live_")
        assert len(key.secret) == len("mk_live_") + 43
        assert key.secret not in everything(market) + repr(key)


def test_finding_out_whose_key_it_is_takes_one_statement(market: Market) -> None:
    key = made(market)
    actor(market, key.secret)

    with statements(market) as taken:
        actor(market, key.secret)

    assert len(taken) == 1, taken


def test_a_key_ends_on_its_day(market: Market, clock: FakeClock) -> None:
    key = made(market)
    clock.advance(days=89, hours=23)
    assert actor(market, key.secret)
    clock.advance(hours=1)

    with pytest.raises(SignInExpired):
        actor(market, key.secret)


def test_a_revoked_key_is_refused_at_once(market: Market) -> None:
    key, other = made(market), made(market, key="another-request-1")

    revoke_key(market, owner(), key_id=key.key_id)

    with pytest.raises(SignInExpired):
        actor(market, key.secret)
    assert actor(market, other.secret)
    with pytest.raises(NotFound):
        revoke_key(market, owner(), key_id=key.key_id)


def test_what_is_no_key_is_refused(market: Market) -> None:
    secret = made(market).secret

    for guess in ("mk_live_", secret[:-1], secret + "x", secret.swapcase(), "mk_live_" + "A" * 100_000):
        with pytest.raises(SignInExpired):
            actor(market, guess)


def test_whoever_is_blocked_takes_along_the_keys_they_made(market: Market) -> None:
    mine, theirs = open_account(market, ADMIN, name="王社长"), open_account(market, ADMIN, name="陈社长")
    key, other = made(market, by=owner(mine)), made(market, by=owner(theirs))

    block_account(market, ADMIN, account_id=mine)

    with pytest.raises(SignInExpired):
        actor(market, key.secret)
    assert actor(market, other.secret)


def test_the_same_request_makes_one_key_and_shows_it_again(market: Market) -> None:
    assert made(market) == made(market)
    with pytest.raises(IdempotencyConflict):
        made(market, replace(DRAFT, name="另一个"))

    assert len(list_keys(market, owner(), organisation_id=COOPERATIVE)) == 1


def test_the_same_request_at_once_makes_one_key(market: Market) -> None:
    results = at_once(8, lambda _number: made(market))

    assert len({str(result) for result in results}) == 1, results
    assert isinstance(results[0], KeyMade)


def test_a_key_gets_no_more_than_owners_may_and_no_way_to_make_keys(market: Market) -> None:
    for scope in (
        Permission.KEY_MANAGE,
        Permission.PERSON_MANAGE,
        Permission.PROFILE_MANAGE,
        Permission.LISTING_REVIEW,
    ):
        with pytest.raises(Invalid, match="scopes"):
            made(market, replace(DRAFT, scopes=frozenset({scope, Permission.STOCK_READ})))
    widest = actor(market, made(market, replace(DRAFT, scopes=KEY_SCOPES)).secret)

    with pytest.raises(Forbidden):
        made(market, by=widest)
    with pytest.raises(Forbidden):
        list_keys(market, widest, organisation_id=COOPERATIVE)


@pytest.mark.parametrize(
    "draft",
    [
        replace(DRAFT, name=" "),
        replace(DRAFT, name="x" * 81),
        replace(DRAFT, scopes=frozenset()),
        replace(DRAFT, expires_in_days=0),
        replace(DRAFT, expires_in_days=367),
    ],
)
def test_a_key_that_cannot_be_is_refused(market: Market, draft: KeyDraft) -> None:
    with pytest.raises(Invalid):
        made(market, draft)

    with market.read() as session:
        assert session.exec(select(ApiKey)).all() == []


def test_an_organisation_has_twenty_keys_that_work(market: Market) -> None:
    keys = [made(market, key=f"{number:016}") for number in range(20)]
    with pytest.raises(LimitReached):
        made(market)

    revoke_key(market, owner(), key_id=keys[0].key_id)

    assert made(market)


def test_only_owners_make_list_and_revoke(market: Market) -> None:
    key = made(market)
    editor = Actor(ActorKind.MEMBER, "acc_1", organisations={COOPERATIVE: frozenset({Role.EDITOR})})
    stranger = owner(of=OTHER)
    for somebody, refusal in ((VISITOR, NotSignedIn), (editor, Forbidden), (stranger, Forbidden)):
        with pytest.raises(refusal):
            made(market, by=somebody)
        with pytest.raises(refusal):
            list_keys(market, somebody, organisation_id=COOPERATIVE)
    answers = set()
    for key_id in (key.key_id, "key_00000000000000000000000000"):
        with pytest.raises(NotFound) as refused:
            revoke_key(market, stranger, key_id=key_id)
        answers.add(str(refused.value))

    assert len(answers) == 1, "another organisation's key answers as one that never was"
    assert actor(market, key.secret)
    assert len(list_keys(market, owner(), organisation_id=COOPERATIVE)) == 1


def test_when_a_key_was_last_used_is_written_every_five_minutes_at_most(market: Market, clock: FakeClock) -> None:
    key, began, used = made(market), clock.now, []
    for seconds in (0, 60, 239, 1, 299, 1):
        clock.advance(seconds=seconds)
        actor(market, key.secret)
        (held,) = list_keys(market, owner(), organisation_id=COOPERATIVE)
        assert held.last_used_at is not None
        used.append((held.last_used_at - began).total_seconds())

    assert used == [0, 0, 0, 300, 300, 600]
