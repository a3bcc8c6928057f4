"""Inviting people by phone, and answering: nothing tells whether a number is known, and each counts once."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.kernel.errors import Forbidden, IdempotencyConflict, Invalid, LimitReached, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.outbox import OutboxMessage
from market.kernel.permissions import VISITOR, Actor, Role
from market.organisations.errors import AlreadyInvited, InvitationOver
from market.organisations.manage import (
    answer_invitation,
    cancel_invitation,
    expire_invitations,
    invite_person,
    resend_invitation,
)
from market.organisations.rules import InvitationState
from market.organisations.tables import INVITED_PHONE, Invitation
from market.people.manage import block_account
from market.people.tables import RoleHeld
from tests.clock import FakeClock
from tests.organisations.county import ADMIN, UNKNOWN, County, at_once, key

PHONE = "13812345678"


@pytest.fixture(name="county")
def _county(market: Market) -> County:
    return County(market)


@pytest.fixture(name="producer")
def _producer(county: County) -> str:
    return county.active()


@pytest.fixture(name="owner")
def _owner(county: County, producer: str) -> Actor:
    return county.holding(Role.OWNER, producer)


def invite(county: County, owner: Actor, organisation_id: str, phone: str = PHONE, *roles: Role, **of: str) -> str:
    return invite_person(
        county.market,
        owner,
        organisation_id=organisation_id,
        phone=phone,
        roles=roles or (Role.EDITOR,),
        idempotency_key=of.get("idempotency_key") or key(),
    )


def answer(county: County, actor: Actor, invitation_id: str, *, accept: bool = True) -> str:
    return answer_invitation(county.market, actor, invitation_id=invitation_id, accept=accept, idempotency_key=key())


def resend(county: County, actor: Actor, invitation_id: str) -> str:
    return resend_invitation(county.market, actor, invitation_id=invitation_id, idempotency_key=key())


def cancel(county: County, actor: Actor, invitation_id: str) -> str:
    return cancel_invitation(county.market, actor, invitation_id=invitation_id, idempotency_key=key())


def invitation(county: County, invitation_id: str) -> Invitation:
    with county.market.read() as session:
        found = session.get(Invitation, invitation_id)
    assert found is not None
    return found


def roles(county: County, account_id: str | None) -> set[Role]:
    with county.market.read() as session:
        return {Role(role) for role in session.exec(select(RoleHeld.role).where(RoleHeld.account_id == account_id))}


def messages(session: Session) -> list[dict[str, Any]]:
    return [each.payload for each in session.exec(select(OutboxMessage).order_by(col(OutboxMessage.created_at)))]


def test_whoever_has_the_number_accepts_and_holds_the_roles(county: County, producer: str, owner: Actor) -> None:
    invitation_id = invite(county, owner, producer, "+86 138-1234-5678", Role.EDITOR, Role.FULFILMENT)
    person = county.actor(county.person(PHONE))

    answer(county, person, invitation_id)

    assert roles(county, person.account_id) == {Role.EDITOR, Role.FULFILMENT}
    over = invitation(county, invitation_id)
    assert (over.state, over.answered_by) == (InvitationState.ACCEPTED, person.account_id)


def test_the_number_is_sealed_and_forgotten_when_it_is_over(county: County, producer: str, owner: Actor) -> None:
    invitation_id = invite(county, owner, producer)
    sealed = invitation(county, invitation_id).phone_sealed

    assert sealed is not None and PHONE not in sealed
    assert county.market.sealer.open(sealed, purpose=INVITED_PHONE) == PHONE
    answer(county, county.actor(county.person(PHONE)), invitation_id, accept=False)
    over = invitation(county, invitation_id)
    assert (over.state, over.phone_sealed, over.phone_digest) == (InvitationState.DECLINED, None, None)
    with county.market.read() as session:
        assert messages(session) == [{"invitation_id": invitation_id}]


def test_a_known_and_an_unknown_number_are_invited_alike(county: County, producer: str, owner: Actor) -> None:
    county.person("13800000001")
    county.holding(Role.VIEWER, producer, phone="13800000002")

    known, member, unknown = (
        invitation(county, invite(county, owner, producer, phone))
        for phone in ("13800000001", "13800000002", "13800000003")
    )

    shown = {"id", "phone_sealed", "phone_digest"}
    assert known.model_dump(exclude=shown) == member.model_dump(exclude=shown) == unknown.model_dump(exclude=shown)


def test_an_accepted_invitation_adds_to_the_roles_held(county: County, producer: str, owner: Actor) -> None:
    member = county.holding(Role.VIEWER, producer, phone=PHONE)

    answer(county, member, invite(county, owner, producer))

    assert roles(county, member.account_id) == {Role.VIEWER, Role.EDITOR}


def test_an_invitation_is_the_numbers_alone(county: County, producer: str, owner: Actor) -> None:
    invitation_id = invite(county, owner, producer)
    stranger, without_phone = county.actor(county.person("13800000001")), county.actor(county.person())

    refusals = []
    for actor, which in ((stranger, invitation_id), (without_phone, invitation_id), (stranger, UNKNOWN["inv"])):
        with pytest.raises(NotFound) as refused:
            answer(county, actor, which)
        refusals.append(refused.value.args)

    assert len(set(refusals)) == 1
    assert invitation(county, invitation_id).state is InvitationState.OPEN
    with pytest.raises(NotSignedIn):
        answer(county, VISITOR, invitation_id)


def test_a_blocked_account_accepts_nothing(county: County, producer: str, owner: Actor) -> None:
    invitation_id = invite(county, owner, producer)
    person = county.actor(county.person(PHONE))
    block_account(county.market, ADMIN, account_id=person.account_id or "")

    with pytest.raises(NotFound):
        answer(county, person, invitation_id)

    assert roles(county, person.account_id) == set()


def test_an_invitation_counts_once(county: County, producer: str, owner: Actor) -> None:
    person = county.actor(county.person(PHONE))

    for _ in range(4):
        invitation_id = invite(county, owner, producer)

        answers = at_once(
            partial(answer, county, person, invitation_id),
            partial(answer, county, person, invitation_id, accept=False),
        )

        (refusal,) = [each for each in answers if not isinstance(each, str)]
        state = invitation(county, invitation_id).state
        assert isinstance(refusal, InvitationOver)
        assert refusal.facts["state"] == state.value


def test_every_state_but_the_first_is_final(county: County, producer: str, owner: Actor) -> None:
    person = county.actor(county.person(PHONE))
    by_person = [partial(answer, county, person, accept=accept) for accept in (True, False)]
    by_owner = [partial(cancel, county, owner), partial(resend, county, owner)]
    ends: dict[InvitationState, Any] = {
        InvitationState.ACCEPTED: by_person[0],
        InvitationState.DECLINED: by_person[1],
        InvitationState.CANCELLED: by_owner[0],
        InvitationState.EXPIRED: partial(_expire, county),
    }
    assert {*ends, InvitationState.OPEN} == set(InvitationState)

    for state, end in ends.items():
        invitation_id = invite(county, owner, producer)
        end(invitation_id=invitation_id)
        assert invitation(county, invitation_id).state is state
        held = roles(county, person.account_id)

        # Whose it was is forgotten with the number, unless they answered.
        was_answered = state in {InvitationState.ACCEPTED, InvitationState.DECLINED}
        for acts, refusal in ((by_person, InvitationOver if was_answered else NotFound), (by_owner, InvitationOver)):
            for act in acts:
                with pytest.raises(refusal):
                    act(invitation_id=invitation_id)
        assert invitation(county, invitation_id).state is state
        assert roles(county, person.account_id) == held


def _expire(county: County, invitation_id: str) -> None:
    """As the worker does when its time is over."""
    gone = {"state": InvitationState.EXPIRED, "phone_sealed": None, "phone_digest": None}
    with county.market.transaction() as session:
        session.execute(sa.update(Invitation).where(col(Invitation.id) == invitation_id).values(gone))


def test_accepting_and_cancelling_at_once_end_one_way(county: County, producer: str, owner: Actor) -> None:
    for number in range(4):
        phone = f"1380000010{number}"
        person = county.actor(county.person(phone))
        invitation_id = invite(county, owner, producer, phone)

        answers = at_once(
            partial(answer, county, person, invitation_id),
            partial(cancel, county, owner, invitation_id),
        )

        state = invitation(county, invitation_id).state
        assert sum(isinstance(each, str) for each in answers) == 1
        assert (state is InvitationState.ACCEPTED) == (roles(county, person.account_id) == {Role.EDITOR})


def test_an_invitation_ends_after_seven_days(county: County, producer: str, owner: Actor, clock: FakeClock) -> None:
    invitation_id = invite(county, owner, producer)
    person = county.actor(county.person(PHONE))
    clock.advance(days=7)

    with pytest.raises(InvitationOver) as refused:
        answer(county, person, invitation_id)

    assert refused.value.facts == {"state": "EXPIRED"}
    assert roles(county, person.account_id) == set()
    for act in (resend, cancel):
        with pytest.raises(InvitationOver):
            act(county, owner, invitation_id)
    assert expire_invitations(county.market) == 1
    over = invitation(county, invitation_id)
    assert (over.state, over.phone_sealed, over.phone_digest) == (InvitationState.EXPIRED, None, None)
    assert expire_invitations(county.market) == 0


def test_a_second_before_it_still_counts(county: County, producer: str, owner: Actor, clock: FakeClock) -> None:
    invitation_id = invite(county, owner, producer)
    person = county.actor(county.person(PHONE))
    clock.advance(days=7, seconds=-1)

    assert expire_invitations(county.market) == 0
    answer(county, person, invitation_id)


def test_a_number_has_one_open_invitation(county: County, producer: str, owner: Actor, clock: FakeClock) -> None:
    first = invite(county, owner, producer)

    with pytest.raises(AlreadyInvited):
        invite(county, owner, producer, "138 1234 5678")

    clock.advance(days=7)
    second = invite(county, owner, producer)
    assert invitation(county, first).state is InvitationState.EXPIRED
    cancel(county, owner, second)
    invite(county, owner, producer)


def test_the_same_number_invited_twice_at_once_is_one(county: County, producer: str, owner: Actor) -> None:
    answers = at_once(*[lambda: invite(county, owner, producer) for _ in range(4)])

    assert sum(isinstance(each, str) for each in answers) == 1
    assert sum(isinstance(each, AlreadyInvited) for each in answers) == 3


def test_fifty_invitations_may_be_open(county: County, producer: str, owner: Actor) -> None:
    made = [invite(county, owner, producer, f"138{number:08}") for number in range(48)]

    answers = at_once(*[partial(invite, county, owner, producer, f"139{number:08}") for number in range(6)])

    assert sum(isinstance(each, str) for each in answers) == 2
    assert sum(isinstance(each, LimitReached) for each in answers) == 4
    cancel(county, owner, made[0])
    invite(county, owner, producer, "13700000000")


def test_a_hundred_are_sent_in_a_day(county: County, producer: str, owner: Actor, clock: FakeClock) -> None:
    for number in range(100):
        cancel(county, owner, invite(county, owner, producer, f"138{number:08}"))

    with pytest.raises(LimitReached):
        invite(county, owner, producer, "13700000000")

    clock.advance(days=1)
    invite(county, owner, producer, "13700000000")


def test_an_invitation_is_sent_again_five_times_and_not_at_once(
    county: County, producer: str, owner: Actor, clock: FakeClock
) -> None:
    invitation_id = invite(county, owner, producer)
    with pytest.raises(LimitReached):
        resend(county, owner, invitation_id)

    for sent in range(2, 6):
        clock.advance(minutes=1)
        resend(county, owner, invitation_id)
        again = invitation(county, invitation_id)
        assert again.sent_count == sent
        assert again.expires_at == clock.now + timedelta(days=7)
    clock.advance(minutes=1)
    with pytest.raises(LimitReached):
        resend(county, owner, invitation_id)

    with county.market.read() as session:
        assert messages(session) == [{"invitation_id": invitation_id}] * 5


@pytest.mark.parametrize("given", [(), (Role.ADMIN,), (Role.STAFF_MODERATOR,), (Role.EDITOR, Role.CUSTOMER)])
def test_only_roles_of_organisations_are_offered(
    county: County, producer: str, owner: Actor, given: tuple[Role, ...]
) -> None:
    with pytest.raises(Invalid):
        invite_person(county.market, owner, organisation_id=producer, phone=PHONE, roles=given, idempotency_key=key())


@pytest.mark.parametrize("phone", ["", "12345678901", "0574-88888888", "1381234567"])
def test_what_is_no_mobile_number_is_not_invited(county: County, producer: str, owner: Actor, phone: str) -> None:
    with pytest.raises(Invalid):
        invite(county, owner, producer, phone)


def test_the_same_key_invites_once_and_keeps_no_number(county: County, producer: str, owner: Actor) -> None:
    once = key()

    assert invite(county, owner, producer, idempotency_key=once) == invite(
        county, owner, producer, idempotency_key=once
    )
    with pytest.raises(IdempotencyConflict):
        invite(county, owner, producer, "13700000000", idempotency_key=once)


def test_owners_manage_their_own_organisations_invitations(county: County, producer: str, owner: Actor) -> None:
    invitation_id = invite(county, owner, producer)
    elsewhere = county.holding(Role.OWNER, county.active(name="老李家"))

    for act in (resend, cancel):
        refusals = []
        for which in (invitation_id, UNKNOWN["inv"]):
            with pytest.raises(NotFound) as refused:
                act(county, elsewhere, which)
            refusals.append(refused.value.args)
        assert refusals[0] == refusals[1]
        with pytest.raises(Forbidden):
            act(county, county.holding(Role.EDITOR, producer), invitation_id)
    refusals = []
    for which in (producer, UNKNOWN["pdr"]):
        with pytest.raises(NotFound) as refused:
            invite(county, elsewhere, which)
        refusals.append(refused.value.args)
    assert refusals[0] == refusals[1]
    assert invitation(county, invitation_id).state is InvitationState.OPEN
