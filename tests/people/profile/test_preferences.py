"""What a person is called, and in which language they are written to."""

from typing import Any

import pytest

from market.kernel.errors import Forbidden, Invalid, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind
from market.people.profile.preferences import Profile, edit_profile, read_profile
from market.people.profile.rules import MessageLanguage
from tests.people.profile.persons import actions, dump, person

NOBODY = Actor(ActorKind.CUSTOMER, "acc_00000000000000000000000000")


def test_a_name_and_a_language_are_changed_one_by_one_or_together(market: Market) -> None:
    owner, other = person(market), person(market, "李四", "13912345678")

    assert read_profile(market, owner.actor) == Profile(owner.id, "王小明", MessageLanguage.ZH_CN)
    assert edit_profile(market, owner.actor, language=MessageLanguage.EN) == Profile(
        owner.id, "王小明", MessageLanguage.EN
    )
    assert edit_profile(market, owner.actor, name=" 王大明 ") == Profile(owner.id, "王大明", MessageLanguage.EN)
    edit_profile(market, owner.actor, name="王", language=MessageLanguage.ZH_CN)

    assert read_profile(market, owner.actor) == Profile(owner.id, "王", MessageLanguage.ZH_CN)
    assert read_profile(market, other.actor) == Profile(other.id, "李四", MessageLanguage.ZH_CN)
    assert actions(market, owner.actor) == ["profile.edit"] * 3


@pytest.mark.parametrize("name", ["", "  ", "王" * 31, "王\n明", "王\x00", "\x1b[2J"])
def test_what_is_no_name_is_refused(market: Market, name: str) -> None:
    owner = person(market)
    before = dump(market)

    with pytest.raises(Invalid) as refused:
        edit_profile(market, owner.actor, name=name, language=MessageLanguage.EN)

    assert refused.value.facts["field"] == "name"
    assert dump(market) == before


def test_a_profile_is_its_persons(market: Market) -> None:
    cases: list[tuple[Actor, type[Exception]]] = [
        (VISITOR, NotSignedIn),
        (Actor(ActorKind.SYSTEM), Forbidden),
        (NOBODY, NotFound),
    ]
    for actor, refused in cases:
        acts: list[Any] = [read_profile, lambda market, actor: edit_profile(market, actor, name="王")]
        for act in acts:
            with pytest.raises(refused):
                act(market, actor)
