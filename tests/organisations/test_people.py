"""An organisation's people: it keeps an owner, and whoever is removed is out at once."""

from collections.abc import Callable
from functools import partial

import pytest
from sqlmodel import select

from market.kernel.errors import Forbidden, Invalid, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, Role
from market.organisations.errors import LastOwner
from market.organisations.manage import (
    OrganisationChanges,
    change_roles,
    edit_organisation,
    leave_organisation,
    remove_person,
)
from market.people.manage import block_account
from market.people.tables import ApiKey, RoleHeld
from tests.clock import FakeClock
from tests.organisations.county import ADMIN, UNKNOWN, County, at_once, key


@pytest.fixture(name="county")
def _county(market: Market) -> County:
    return County(market)


@pytest.fixture(name="producer")
def _producer(county: County) -> str:
    return county.active()


@pytest.fixture(name="owner")
def _owner(county: County, producer: str) -> Actor:
    return county.holding(Role.OWNER, producer)


def change(county: County, actor: Actor, organisation_id: str, account_id: str | None, *roles: Role) -> str:
    return change_roles(
        county.market,
        actor,
        organisation_id=organisation_id,
        account_id=account_id or "",
        roles=roles,
        idempotency_key=key(),
    )


def remove(county: County, actor: Actor, organisation_id: str, account_id: str | None) -> str:
    return remove_person(
        county.market, actor, organisation_id=organisation_id, account_id=account_id or "", idempotency_key=key()
    )


def leave(county: County, actor: Actor, organisation_id: str) -> str:
    return leave_organisation(county.market, actor, organisation_id=organisation_id, idempotency_key=key())


def people(county: County, organisation_id: str) -> dict[str, set[Role]]:
    found: dict[str, set[Role]] = {}
    with county.market.read() as session:
        for each in session.exec(select(RoleHeld).where(RoleHeld.organisation_id == organisation_id)):
            found.setdefault(each.account_id, set()).add(Role(each.role))
    return found


def test_roles_are_replaced(county: County, producer: str, owner: Actor) -> None:
    member = county.holding(Role.VIEWER, producer)

    change(county, owner, producer, member.account_id, Role.EDITOR, Role.FINANCE)

    assert people(county, producer)[member.account_id or ""] == {Role.EDITOR, Role.FINANCE}


@pytest.mark.parametrize("roles", [(), (Role.ADMIN,), (Role.OWNER, Role.STAFF_FINANCE)])
def test_only_roles_of_organisations_are_given(
    county: County, producer: str, owner: Actor, roles: tuple[Role, ...]
) -> None:
    member = county.holding(Role.VIEWER, producer)

    with pytest.raises(Invalid):
        change(county, owner, producer, member.account_id, *roles)

    assert people(county, producer)[member.account_id or ""] == {Role.VIEWER}


def test_the_last_owner_stays(county: County, producer: str, owner: Actor) -> None:
    county.holding(Role.EDITOR, producer)
    before = people(county, producer)

    for act in (
        partial(leave, county, owner, producer),
        partial(remove, county, owner, producer, owner.account_id),
        partial(change, county, owner, producer, owner.account_id, Role.EDITOR),
    ):
        with pytest.raises(LastOwner):
            act()

    assert people(county, producer) == before


def test_an_owner_who_is_blocked_does_not_count(county: County, producer: str, owner: Actor) -> None:
    other = county.holding(Role.OWNER, producer)
    block_account(county.market, ADMIN, account_id=other.account_id or "")

    with pytest.raises(LastOwner):
        leave(county, owner, producer)


def test_an_owner_leaves_when_there_is_another(county: County, producer: str, owner: Actor) -> None:
    other = county.holding(Role.OWNER, producer)

    leave(county, owner, producer)

    assert people(county, producer) == {other.account_id: {Role.OWNER}}
    with pytest.raises(LastOwner):
        leave(county, other, producer)


def test_two_owners_who_leave_at_once_leave_one(county: County) -> None:
    for number in range(8):
        producer = county.active(name=f"第{number}家")
        first, second = (county.holding(Role.OWNER, producer) for _ in range(2))

        answers = at_once(
            partial(leave, county, first, producer),
            partial(change, county, second, producer, second.account_id, Role.VIEWER),
        )

        assert sorted(type(each).__name__ for each in answers) == ["LastOwner", "str"]
        assert sum(Role.OWNER in roles for roles in people(county, producer).values()) == 1


def test_two_owners_who_remove_each_other_at_once_leave_one(county: County) -> None:
    for number in range(8):
        producer = county.active(name=f"第{number}家")
        first, second = (county.holding(Role.OWNER, producer) for _ in range(2))

        answers = at_once(
            partial(remove, county, first, producer, second.account_id),
            partial(remove, county, second, producer, first.account_id),
        )

        assert sum(isinstance(each, str) for each in answers) == 1
        assert list(people(county, producer).values()) == [{Role.OWNER}]


def test_whoever_is_removed_is_out_though_their_request_had_begun(county: County, producer: str, owner: Actor) -> None:
    other = county.holding(Role.OWNER, producer)
    changes = OrganisationChanges(story="新")
    remove(county, owner, producer, other.account_id)

    with pytest.raises(NotFound):
        edit_organisation(county.market, other, organisation_id=producer, changes=changes, idempotency_key=key())


def test_a_removed_persons_keys_end(county: County, producer: str, owner: Actor, clock: FakeClock) -> None:
    editor = county.holding(Role.EDITOR, producer)
    elsewhere = county.active(name="老李家")
    with county.market.transaction() as session:
        session.add_all(
            ApiKey(
                id=f"key_0000000000000000000000000{number}",
                organisation_id=of,
                name="k",
                scopes=[],
                secret_digest=f"{number}",
                created_by=who.account_id or "",
                created_at=clock.now,
                expires_at=clock.now,
            )
            for number, (of, who) in enumerate([(producer, editor), (producer, owner), (elsewhere, editor)])
        )

    remove(county, owner, producer, editor.account_id)

    with county.market.read() as session:
        ended = session.exec(select(ApiKey.id).where(ApiKey.revoked_by == owner.account_id)).all()
    assert ended == ["key_00000000000000000000000000"]


Act = Callable[[County, Actor, str, str | None], object]


def make_viewer(county: County, actor: Actor, organisation_id: str, account_id: str | None) -> str:
    return change(county, actor, organisation_id, account_id, Role.VIEWER)


@pytest.mark.parametrize("act", [remove, make_viewer])
def test_strangers_and_unknown_ones_answer_alike(county: County, producer: str, owner: Actor, act: Act) -> None:
    member = county.holding(Role.EDITOR, producer)
    elsewhere = county.active(name="老李家")
    stranger = county.holding(Role.OWNER, elsewhere)

    refusals: dict[str, list[object]] = {"organisation": [], "account": []}
    for field, actor, of, who in (
        ("organisation", stranger, producer, member.account_id),
        ("organisation", stranger, UNKNOWN["pdr"], member.account_id),
        ("account", owner, producer, stranger.account_id),
        ("account", owner, producer, UNKNOWN["acc"]),
    ):
        with pytest.raises(NotFound) as refused:
            act(county, actor, of, who)
        refusals[field].append(refused.value.args)
    for actor, refusal in ((member, Forbidden), (VISITOR, NotSignedIn)):
        with pytest.raises(refusal):
            act(county, actor, producer, member.account_id)

    assert all(len(set(each)) == 1 for each in refusals.values())
    assert people(county, producer)[member.account_id or ""] == {Role.EDITOR}


def test_nobody_leaves_where_they_are_not(county: County, producer: str) -> None:
    stranger = county.actor(county.person())

    refusals = []
    for of in (producer, UNKNOWN["pdr"]):
        with pytest.raises(NotFound) as refused:
            leave(county, stranger, of)
        refusals.append(refused.value.args)

    assert refusals[0] == refusals[1]
