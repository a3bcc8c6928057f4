"""Acting for an organisation: what was read of the actor is asked again in the transaction that acts."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from market.kernel.clock import business_day
from market.kernel.errors import Forbidden, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Permission, Role
from market.organisations.acting import act_for, acts_for
from market.organisations.manage import grant_powers, join_cooperative
from market.organisations.rules import Power
from market.people.manage import take_role
from market.people.tables import ApiKey
from tests.organisations.county import ADMIN, DISTRICT, OTHER_DISTRICT, UNKNOWN, County, key

LISTING = Permission.LISTING_EDIT
_ORGANISATION = SQLModel.metadata.tables["organisation"]


@pytest.fixture(name="county")
def _county(market: Market) -> County:
    return County(market)


def may(county: County, actor: Actor, producer_id: str, permission: Permission = LISTING) -> bool:
    today = business_day(county.market.now())
    with county.market.read() as session:
        try:
            found = act_for(session, actor, permission, producer_id=producer_id, today=today)
        except NotFound:
            return False
        assert found.id == producer_id
        return True


def visible(county: County, actor: Actor, permission: Permission = LISTING) -> Sequence[str]:
    columns = _ORGANISATION.c
    today = business_day(county.market.now())
    where = acts_for(actor, permission, columns.id, today=today, region_code=columns.region_code)
    with county.market.read() as session:
        return session.scalars(sa.select(columns.id).where(where).order_by(columns.id)).all()


def test_people_act_for_their_own_organisation_alone(county: County) -> None:
    own, other = county.active(), county.active(name="老李家")
    editor = county.holding(Role.EDITOR, own)

    assert [may(county, editor, each) for each in (own, other, UNKNOWN["pdr"])] == [True, False, False]
    assert visible(county, editor) == [own]


def test_a_cooperative_acts_for_its_members_by_their_powers(county: County) -> None:
    cooperative, member, other = county.cooperative(), county.active(), county.active(name="老李家")
    editor, today = county.holding(Role.EDITOR, cooperative), business_day(county.market.now())
    membership_id = join_cooperative(
        county.market, ADMIN, cooperative_id=cooperative, producer_id=member, joined_on=today
    )
    assert visible(county, editor) == [cooperative]

    grant_powers(
        county.market,
        ADMIN,
        membership_id=membership_id,
        powers=[Power.MANAGE_LISTINGS],
        valid_from=today,
        idempotency_key=key(),
    )

    assert visible(county, editor) == sorted([cooperative, member])
    assert [may(county, editor, each) for each in (cooperative, member, other)] == [True, True, False]
    assert not may(county, editor, member, Permission.STOCK_ADJUST)


def test_staff_act_where_they_look(county: County) -> None:
    producer = county.active()
    here, elsewhere = county.moderator(), county.moderator(OTHER_DISTRICT)

    assert may(county, here, producer, Permission.LISTING_REVIEW)
    assert not may(county, elsewhere, producer, Permission.LISTING_REVIEW)


@pytest.mark.parametrize(
    ("role", "permission"), [(Role.EDITOR, LISTING), (Role.STAFF_MODERATOR, Permission.LISTING_REVIEW)]
)
def test_a_role_taken_away_since_the_actor_was_read_does_not_count(
    county: County, role: Role, permission: Permission
) -> None:
    producer = county.active()
    within = DISTRICT if role is Role.STAFF_MODERATOR else producer
    actor = county.holding(role, within)
    assert may(county, actor, producer, permission)

    take_role(county.market, ADMIN, account_id=actor.account_id or "", role=role, within=within)

    assert not may(county, actor, producer, permission)


def test_another_role_left_over_does_not_stand_in(county: County) -> None:
    producer = county.active()
    actor = county.holding(Role.EDITOR, producer)
    take_role(county.market, ADMIN, account_id=actor.account_id or "", role=Role.EDITOR, within=producer)
    stale = replace(actor)
    county.holding(Role.VIEWER, producer)

    assert not may(county, stale, producer)


def test_a_cooperatives_person_removed_since_does_not_act_for_members(county: County) -> None:
    cooperative, member = county.cooperative(), county.active()
    editor, today = county.holding(Role.EDITOR, cooperative), business_day(county.market.now())
    membership_id = join_cooperative(
        county.market, ADMIN, cooperative_id=cooperative, producer_id=member, joined_on=today
    )
    grant_powers(
        county.market, ADMIN, membership_id=membership_id, powers=list(Power), valid_from=today, idempotency_key=key()
    )
    assert may(county, editor, member)

    take_role(county.market, ADMIN, account_id=editor.account_id or "", role=Role.EDITOR, within=cooperative)

    assert not may(county, editor, member)


def test_a_revoked_api_key_does_not_act(county: County) -> None:
    producer, now = county.active(), county.market.now()
    api_key = Actor(
        ActorKind.MEMBER,
        "key_00000000000000000000000000",
        organisations={producer: frozenset({Role.OWNER})},
        limits=frozenset({LISTING}),
    )
    assert not may(county, api_key, producer)
    with county.market.transaction() as session:
        session.add(
            ApiKey(
                id=api_key.account_id or "",
                organisation_id=producer,
                name="k",
                scopes=[LISTING.value],
                secret_digest="d",
                created_by="acc",
                created_at=now,
                expires_at=now,
            )
        )
    assert may(county, api_key, producer)
    with pytest.raises(Forbidden):
        may(county, api_key, producer, Permission.STOCK_ADJUST)

    with county.market.transaction() as session:
        session.execute(sa.update(ApiKey).values(revoked_at=now))

    assert not may(county, api_key, producer)


def test_administrators_need_no_role_on_record(county: County) -> None:
    assert may(county, ADMIN, county.active())


def test_who_may_nowhere_is_told_so(county: County) -> None:
    producer = county.active()

    for actor, refusal in (
        (VISITOR, NotSignedIn),
        (county.actor(county.person()), Forbidden),
        (county.holding(Role.VIEWER, producer), Forbidden),
    ):
        with pytest.raises(refusal):
            may(county, actor, producer)
