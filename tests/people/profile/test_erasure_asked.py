"""An erasure is asked for by whoever has just signed in and owes nothing, and cools off."""

from typing import Any

import pytest
import sqlalchemy as sa

from market.kernel.errors import Forbidden, IllegalTransition, InvalidId, MarketError, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.people.devices import revoke_device
from market.people.manage import give_role
from market.people.profile.erasure import (
    last_owner_of,
    request_erasure,
    withdraw_erasure,
)
from market.people.profile.requests import list_privacy_requests
from market.people.profile.rules import (
    COOLING_OFF,
    ERASURE_RETRIED,
    AlreadyRequested,
    HasObligations,
    PrivacyState,
    SignInNotRecent,
)
from market.people.tables import Account
from tests.clock import FakeClock
from tests.people.profile.erasing import UNKNOWN, ask, erase, state, ties
from tests.people.profile.persons import ADMIN, KEY, dump, person

COOPERATIVE, HOUSEHOLD = "cop_00000000000000000000000000", "pdr_00000000000000000000000000"


def test_an_erasure_cools_off_for_seven_days_and_can_be_taken_back(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    request_id = ask(market, owner)

    clock.advance(days=7, seconds=-1)
    assert erase(market) == 0
    withdraw_erasure(market, owner.actor, request_id=request_id)
    clock.advance(days=30)
    assert erase(market) == 0

    assert state(market, owner) is PrivacyState.WITHDRAWN
    with market.read() as session:
        assert session.get_one(Account, owner.id).name == "王小明"
    with pytest.raises(IllegalTransition) as refused:
        withdraw_erasure(market, owner.actor, request_id=request_id)
    assert refused.value.facts["from_state"] == PrivacyState.WITHDRAWN


def test_a_person_confirms_by_signing_in_just_before(market: Market, clock: FakeClock) -> None:
    owner, other = person(market), person(market, "李四", "13912345678")
    clock.advance(minutes=10)
    fresh = person(market, "王五", "13712345678")

    for device_id in (owner.device_id, other.device_id, fresh.device_id, "dev_00000000000000000000000000", ""):
        with pytest.raises(SignInNotRecent, match="within 10 minutes"):
            request_erasure(market, owner.actor, device_id=device_id, key=KEY, checks=())
    revoke_device(market, fresh.actor, device_id=fresh.device_id)
    with pytest.raises(SignInNotRecent):
        ask(market, fresh)

    assert list_privacy_requests(market, owner.actor) == list_privacy_requests(market, fresh.actor) == []


def test_asking_twice_is_asking_once(market: Market) -> None:
    owner = person(market)

    first = ask(market, owner)

    assert ask(market, owner) == first
    with pytest.raises(AlreadyRequested) as refused:
        ask(market, owner, 1)
    assert refused.value.facts == {"request": first}


def test_whoever_still_has_obligations_is_told_which_and_nothing_is_taken_down(market: Market) -> None:
    owner, other = person(market), person(market, "李四", "13912345678")
    checks = [ties("ORDER_OPEN", owner.id), ties("CLAIM_OPEN", owner.id), ties("ELSEWHERE", other.id)]
    before = dump(market)

    with pytest.raises(HasObligations) as refused:
        ask(market, owner, checks=checks)

    assert [(each.code, each.subject) for each in refused.value.obligations] == [
        ("ORDER_OPEN", "ord_ORDER_OPEN"),
        ("CLAIM_OPEN", "ord_CLAIM_OPEN"),
    ]
    assert refused.value.message("zh-CN") == "暂时不能注销：请先完成进行中的订单。请先完成进行中的订单。"
    assert refused.value.message("en").startswith("The account cannot be closed yet: Finish the order under way.")
    assert dump(market) == before


def test_whoever_is_tied_again_when_it_is_due_is_put_off_for_a_day_and_told_why(
    market: Market, clock: FakeClock
) -> None:
    owner, other = person(market), person(market, "李四", "13912345678")
    ask(market, owner)
    ask(market, other)
    clock.now += COOLING_OFF

    assert erase(market, checks=[ties("ORDER_OPEN", owner.id)]) == 2

    [request] = list_privacy_requests(market, owner.actor)
    assert (request.state, request.obligations) == (
        PrivacyState.REQUESTED,
        [{"code": "ORDER_OPEN", "subject": "ord_ORDER_OPEN"}],
    )
    assert request.due_at == clock.now + ERASURE_RETRIED
    assert state(market, other) is PrivacyState.ERASED
    assert erase(market) == 0
    clock.now += ERASURE_RETRIED
    assert erase(market) == 1
    [request] = list_privacy_requests(market, owner.actor)
    assert (request.state, request.obligations) == (PrivacyState.ERASED, None)


def test_nobody_leaves_an_active_organisation_without_an_owner(market: Market) -> None:
    owner, partner = person(market), person(market, "李四", "13912345678")
    for organisation_id in (COOPERATIVE, HOUSEHOLD):
        give_role(market, ADMIN, account_id=owner.id, role=Role.OWNER, within=organisation_id)
    give_role(market, ADMIN, account_id=partner.id, role=Role.EDITOR, within=COOPERATIVE)
    active: sa.Select[Any] = sa.select(sa.literal(COOPERATIVE))

    with pytest.raises(HasObligations) as refused:
        ask(market, owner, checks=[last_owner_of(active)])
    assert [(each.code, each.subject) for each in refused.value.obligations] == [("LAST_OWNER", COOPERATIVE)]
    assert ask(market, partner, checks=[last_owner_of(active)])
    give_role(market, ADMIN, account_id=partner.id, role=Role.OWNER, within=COOPERATIVE)

    assert ask(market, owner, checks=[last_owner_of(active)])


def test_somebody_elses_request_answers_as_one_that_is_not_there(market: Market) -> None:
    owner, other = person(market), person(market, "李四", "13912345678")
    theirs = ask(market, other)

    told = []
    for request_id in (theirs, UNKNOWN):
        with pytest.raises(NotFound) as refused:
            withdraw_erasure(market, owner.actor, request_id=request_id)
        told.append((str(refused.value), refused.value.facts))

    assert told[0] == told[1]
    assert state(market, other) is PrivacyState.REQUESTED
    with pytest.raises(InvalidId):
        withdraw_erasure(market, owner.actor, request_id="42")


def test_erasing_is_for_people_who_are_signed_in(market: Market) -> None:
    cases: list[tuple[Actor, type[MarketError]]] = [(VISITOR, NotSignedIn), (Actor(ActorKind.SYSTEM), Forbidden)]
    for actor, refused in cases:
        with pytest.raises(refused):
            request_erasure(market, actor, device_id="", key=KEY, checks=())
        with pytest.raises(refused):
            withdraw_erasure(market, actor, request_id=UNKNOWN)
