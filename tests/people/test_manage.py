"""Accounts and roles: what a person holds is what they may do."""

import pytest
from sqlmodel import select

from market.kernel.errors import Forbidden, Invalid, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Permission, Role, require
from market.people.manage import actor_of, give_role, open_account
from market.people.tables import Account, RoleHeld
from market.places.manage import RegionRow, add_regions

ADMIN = Actor(ActorKind.ADMIN, "account")
COOPERATIVE = "cop_00000000000000000000000000"


def test_roles_make_the_actor(market: Market) -> None:
    add_regions(market, ADMIN, [RegionRow("330213000000", "奉化区", None)])
    editor, moderator, customer = (open_account(market, ADMIN, name=name) for name in ("甲", "乙", "丙"))
    give_role(market, ADMIN, account_id=editor, role=Role.EDITOR, within=COOPERATIVE)
    give_role(market, ADMIN, account_id=moderator, role=Role.STAFF_MODERATOR, within="330213000000")

    with market.read() as session:
        found = {each: actor_of(session, each) for each in (editor, moderator, customer)}

    assert [found[each].kind for each in (editor, moderator, customer)] == [
        ActorKind.MEMBER,
        ActorKind.STAFF,
        ActorKind.CUSTOMER,
    ]
    require(found[editor], Permission.LISTING_EDIT, organisation_id=COOPERATIVE)
    require(found[moderator], Permission.LISTING_REVIEW, region_code="330213005208")
    with pytest.raises(Forbidden):
        require(found[moderator], Permission.LISTING_REVIEW, region_code="330226005208")
    with pytest.raises(Forbidden):
        require(found[customer], Permission.LISTING_EDIT, organisation_id=COOPERATIVE)


def test_a_role_is_held_once(market: Market) -> None:
    account = open_account(market, ADMIN, name="甲")
    for _ in range(2):
        give_role(market, ADMIN, account_id=account, role=Role.OWNER, within=COOPERATIVE)

    with market.read() as session:
        assert len(session.exec(select(RoleHeld)).all()) == 1


@pytest.mark.parametrize(
    ("role", "within"),
    [(Role.OWNER, ""), (Role.STAFF_ANALYST, ""), (Role.ADMIN, COOPERATIVE), (Role.CUSTOMER, ""), (Role.SYSTEM, "")],
)
def test_a_role_that_does_not_go_with_where_is_refused(market: Market, role: Role, within: str) -> None:
    account = open_account(market, ADMIN, name="甲")

    with pytest.raises(Invalid):
        give_role(market, ADMIN, account_id=account, role=role, within=within)

    with market.read() as session:
        assert session.exec(select(RoleHeld)).all() == []


def test_only_administrators_manage_people(market: Market) -> None:
    with pytest.raises(NotSignedIn):
        open_account(market, VISITOR, name="甲")
    with pytest.raises(NotFound):
        give_role(market, ADMIN, account_id="acc_00000000000000000000000000", role=Role.ADMIN)
    with market.read() as session, pytest.raises(NotFound):
        actor_of(session, "acc_00000000000000000000000000")

    with market.read() as session:
        assert session.exec(select(Account)).all() == []
