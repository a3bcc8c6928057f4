"""A producer joins a cooperative when both agree; either ends it; its powers are the producer's alone to give."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from market.kernel.clock import business_day
from market.kernel.errors import Forbidden, IllegalTransition, Invalid, InvalidId, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, Permission, Role
from market.organisations.acting import act_for
from market.organisations.errors import AlreadyMember, NotSelling
from market.organisations.manage import (
    answer_membership_request,
    end_membership,
    grant_powers,
    join_cooperative,
    request_membership,
    revoke_powers,
    withdraw_membership_request,
)
from market.organisations.rules import MembershipRequestState, MembershipSide, OrganisationState, Power
from market.organisations.tables import Membership, MembershipPower, MembershipRequest, Organisation
from tests.clock import FakeClock
from tests.organisations.county import ADMIN, UNKNOWN, County, at_once, key


class Pair(County):
    """A cooperative and a producer, each with its owner."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.cooperative_id, self.producer_id = self.cooperative(), self.active()
        self.chair = self.holding(Role.OWNER, self.cooperative_id)
        self.farmer = self.holding(Role.OWNER, self.producer_id)

    @property
    def today(self) -> date:
        return business_day(self.market.now())

    def owner(self, side: MembershipSide) -> Actor:
        return self.farmer if side is MembershipSide.PRODUCER else self.chair

    def ask(self, side: MembershipSide, actor: Actor | None = None) -> str:
        return request_membership(
            self.market,
            actor or self.owner(side),
            cooperative_id=self.cooperative_id,
            producer_id=self.producer_id,
            asked_by=side,
            idempotency_key=key(),
        )

    def reply(self, actor: Actor, request_id: str, *, accept: bool = True) -> str:
        return answer_membership_request(
            self.market, actor, request_id=request_id, accept=accept, idempotency_key=key()
        )

    def withdraw(self, actor: Actor, request_id: str) -> str:
        return withdraw_membership_request(self.market, actor, request_id=request_id, idempotency_key=key())

    def joined(self, on: date | None = None) -> str:
        return join_cooperative(
            self.market,
            ADMIN,
            cooperative_id=self.cooperative_id,
            producer_id=self.producer_id,
            joined_on=on or self.today,
        )

    def end(self, actor: Actor, membership_id: str) -> str:
        return end_membership(self.market, actor, membership_id=membership_id, idempotency_key=key())

    def grant(
        self, actor: Actor, membership_id: str, *powers: Power, of: date | None = None, to: date | None = None
    ) -> str:
        return grant_powers(
            self.market,
            actor,
            membership_id=membership_id,
            powers=powers,
            valid_from=of or self.today,
            valid_to=to,
            idempotency_key=key(),
        )

    def revoke(self, actor: Actor, membership_id: str, *powers: Power) -> str:
        return revoke_powers(self.market, actor, membership_id=membership_id, powers=powers, idempotency_key=key())

    def may(self, actor: Actor, permission: Permission) -> bool:
        """Whether the actor may do this for the producer now."""
        with self.market.read() as session:
            try:
                act_for(session, actor, permission, producer_id=self.producer_id, today=self.today)
            except (NotFound, Forbidden):
                return False
            return True

    def memberships(self) -> list[Membership]:
        with self.market.read() as session:
            return list(session.exec(select(Membership).order_by(col(Membership.id))))

    def powers(self) -> list[MembershipPower]:
        with self.market.read() as session:
            return list(session.exec(select(MembershipPower).order_by(col(MembershipPower.granted_at))))

    def request_state(self, request_id: str) -> MembershipRequestState:
        with self.market.read() as session:
            return MembershipRequestState(
                session.exec(select(MembershipRequest.state).where(MembershipRequest.id == request_id)).one()
            )


OTHER = {MembershipSide.PRODUCER: MembershipSide.COOPERATIVE, MembershipSide.COOPERATIVE: MembershipSide.PRODUCER}
SIDES = pytest.mark.parametrize("side", list(MembershipSide))


@pytest.fixture(name="pair")
def _pair(market: Market) -> Pair:
    return Pair(market)


@SIDES
def test_one_side_asks_and_the_other_accepts(pair: Pair, side: MembershipSide) -> None:
    request_id = pair.ask(side)
    assert pair.memberships() == []

    assert pair.reply(pair.owner(OTHER[side]), request_id) == request_id

    (membership,) = pair.memberships()
    assert (membership.id, membership.joined_on, membership.left_on) == (request_id, pair.today, None)
    assert pair.powers() == []
    assert not pair.may(pair.chair, Permission.LISTING_EDIT)


@SIDES
def test_whoever_asked_cannot_answer_and_whoever_was_asked_cannot_withdraw(pair: Pair, side: MembershipSide) -> None:
    request_id = pair.ask(side)
    asking, asked = pair.owner(side), pair.owner(OTHER[side])

    with pytest.raises(NotFound):
        pair.reply(asking, request_id)
    with pytest.raises(NotFound):
        pair.withdraw(asked, request_id)

    assert pair.request_state(request_id) is MembershipRequestState.REQUESTED
    assert pair.memberships() == []


def test_every_state_of_a_request_but_the_first_is_final(pair: Pair) -> None:
    request_id = pair.ask(MembershipSide.PRODUCER)

    for state in MembershipRequestState:
        if state is MembershipRequestState.REQUESTED:
            continue
        with pair.market.transaction() as session:
            session.execute(sa.update(MembershipRequest).values(state=state))
        for act in (
            partial(pair.reply, pair.chair, request_id),
            partial(pair.reply, pair.chair, request_id, accept=False),
            partial(pair.withdraw, pair.farmer, request_id),
        ):
            with pytest.raises(IllegalTransition) as refused:
                act()
            assert refused.value.facts["from_state"] == state.value
        assert pair.request_state(request_id) is state
    assert pair.memberships() == []


def test_a_declined_or_withdrawn_request_can_be_made_again(pair: Pair) -> None:
    pair.reply(pair.chair, pair.ask(MembershipSide.PRODUCER), accept=False)
    pair.withdraw(pair.chair, pair.ask(MembershipSide.COOPERATIVE))

    pair.reply(pair.chair, pair.ask(MembershipSide.PRODUCER))

    assert len(pair.memberships()) == 1


@SIDES
def test_there_is_one_request_or_membership_between_two(pair: Pair, side: MembershipSide) -> None:
    request_id = pair.ask(MembershipSide.PRODUCER)
    with pytest.raises(AlreadyMember):
        pair.ask(side)
    pair.reply(pair.chair, request_id)
    with pytest.raises(AlreadyMember):
        pair.ask(side)


def test_both_sides_asking_at_once_make_one_request(pair: Pair) -> None:
    for _ in range(6):
        answers = at_once(lambda: pair.ask(MembershipSide.PRODUCER), lambda: pair.ask(MembershipSide.COOPERATIVE))

        assert sorted(type(each).__name__ for each in answers) == ["AlreadyMember", "str"]
        with pair.market.transaction() as session:
            session.execute(sa.update(MembershipRequest).values(state=MembershipRequestState.WITHDRAWN))


def test_accepting_and_withdrawing_at_once_end_one_way(pair: Pair) -> None:
    for _ in range(6):
        request_id = pair.ask(MembershipSide.PRODUCER)

        answers = at_once(partial(pair.reply, pair.chair, request_id), partial(pair.withdraw, pair.farmer, request_id))

        assert sum(isinstance(each, IllegalTransition) for each in answers) == 1
        members = [each for each in pair.memberships() if each.left_on is None]
        assert bool(members) == (pair.request_state(request_id) is MembershipRequestState.ACCEPTED)
        for each in members:
            pair.end(pair.farmer, each.id)


def test_a_membership_made_meanwhile_is_not_made_twice(pair: Pair) -> None:
    request_id = pair.ask(MembershipSide.PRODUCER)
    pair.joined()

    with pytest.raises(AlreadyMember):
        pair.reply(pair.chair, request_id)

    assert len(pair.memberships()) == 1
    assert pair.request_state(request_id) is MembershipRequestState.REQUESTED


@pytest.mark.parametrize("state", [state for state in OrganisationState if state is not OrganisationState.ACTIVE])
@SIDES
def test_only_active_organisations_join(pair: Pair, side: MembershipSide, state: OrganisationState) -> None:
    request_id = pair.ask(side)
    other = pair.producer_id if side is MembershipSide.COOPERATIVE else pair.cooperative_id
    with pair.market.transaction() as session:
        session.execute(sa.update(Organisation).where(col(Organisation.id) == other).values(state=state))

    with pytest.raises(NotSelling):
        pair.reply(pair.owner(OTHER[side]), request_id)
    pair.withdraw(pair.owner(side), request_id)
    with pytest.raises(NotFound):
        pair.ask(side)
    with pytest.raises(NotSelling):
        pair.ask(OTHER[side])


def test_an_inactive_organisation_answers_like_an_unknown_one(pair: Pair) -> None:
    with pair.market.transaction() as session:
        session.execute(
            sa.update(Organisation)
            .where(col(Organisation.id) == pair.cooperative_id)
            .values(state=OrganisationState.DRAFT)
        )
    with pytest.raises(NotFound) as hidden:
        pair.ask(MembershipSide.PRODUCER)
    pair.cooperative_id = UNKNOWN["cop"]
    with pytest.raises(NotFound) as unknown:
        pair.ask(MembershipSide.PRODUCER)

    assert hidden.value.args == unknown.value.args


def test_ids_of_the_wrong_kind_are_refused(pair: Pair) -> None:
    pair.cooperative_id, pair.producer_id = pair.producer_id, pair.cooperative_id

    with pytest.raises(InvalidId):
        pair.ask(MembershipSide.PRODUCER)
    with pytest.raises(InvalidId):
        pair.joined()


def test_only_administrators_join_a_producer_without_asking(pair: Pair) -> None:
    for actor, refusal in ((pair.chair, Forbidden), (pair.farmer, Forbidden), (VISITOR, NotSignedIn)):
        with pytest.raises(refusal):
            join_cooperative(
                pair.market,
                actor,
                cooperative_id=pair.cooperative_id,
                producer_id=pair.producer_id,
                joined_on=pair.today,
            )

    assert pair.memberships() == []
    assert pair.joined() == pair.joined()
    assert len(pair.memberships()) == 1


@SIDES
def test_either_side_ends_a_membership_and_its_powers_at_once(pair: Pair, side: MembershipSide) -> None:
    membership_id = pair.joined()
    pair.grant(pair.farmer, membership_id, *Power)
    assert pair.may(pair.chair, Permission.LISTING_EDIT)

    pair.end(pair.owner(side), membership_id)

    assert not pair.may(pair.chair, Permission.LISTING_EDIT)
    assert all(each.revoked_at is not None for each in pair.powers())
    (membership,) = pair.memberships()
    assert membership.left_on == pair.today
    with pytest.raises(IllegalTransition):
        pair.end(pair.owner(side), membership_id)
    assert pair.joined() != membership_id
    assert not pair.may(pair.chair, Permission.LISTING_EDIT)


def test_a_membership_that_ends_before_it_begins_never_holds(pair: Pair) -> None:
    start = pair.today + timedelta(days=10)
    membership_id = pair.joined(start)

    pair.end(pair.chair, membership_id)

    (membership,) = pair.memberships()
    assert (membership.joined_on, membership.left_on) == (start, start)


@pytest.mark.parametrize(
    ("permission", "power"),
    [
        (Permission.LISTING_EDIT, Power.MANAGE_LISTINGS),
        (Permission.STOCK_ADJUST, Power.MANAGE_STOCK),
        (Permission.SESSION_MANAGE, Power.MANAGE_SESSIONS),
        (Permission.ORDER_FULFIL, Power.FULFIL),
        (Permission.REPORT_READ, Power.VIEW_FINANCE),
    ],
)
def test_each_power_opens_its_own_acts(pair: Pair, permission: Permission, power: Power) -> None:
    membership_id = pair.joined()
    others = [each for each in Power if each is not power]
    pair.grant(pair.farmer, membership_id, *others)
    assert not pair.may(pair.chair, permission)

    pair.grant(pair.farmer, membership_id, power)
    assert pair.may(pair.chair, permission)
    assert not pair.may(pair.chair, Permission.ORGANISATION_EDIT)
    assert not pair.may(pair.chair, Permission.MEMBERSHIP_MANAGE)

    pair.revoke(pair.farmer, membership_id, power)
    assert not pair.may(pair.chair, permission)


def test_a_power_holds_from_its_first_day_to_its_last(pair: Pair, clock: FakeClock) -> None:
    membership_id, today = pair.joined(), pair.today
    pair.grant(
        pair.farmer,
        membership_id,
        Power.FULFIL,
        of=today + timedelta(days=1),
        to=today + timedelta(days=3),
    )

    held = []
    for _day in range(5):
        held.append(pair.may(pair.chair, Permission.ORDER_FULFIL))
        clock.advance(days=1)

    assert held == [False, True, True, True, False]


def test_a_power_granted_again_holds_on_the_new_days_alone(pair: Pair) -> None:
    membership_id, today = pair.joined(), pair.today
    pair.grant(pair.farmer, membership_id, Power.FULFIL)

    pair.grant(pair.farmer, membership_id, Power.FULFIL, of=today + timedelta(days=1))

    assert not pair.may(pair.chair, Permission.ORDER_FULFIL)
    assert [each.revoked_at is None for each in pair.powers()].count(True) == 1
    pair.revoke(pair.farmer, membership_id, Power.FULFIL, Power.VIEW_FINANCE)
    assert all(each.revoked_at is not None for each in pair.powers())


def test_powers_are_the_producers_to_give(pair: Pair) -> None:
    membership_id = pair.joined()
    stranger = pair.holding(Role.OWNER, pair.active(name="老李家"))
    editor = pair.holding(Role.EDITOR, pair.producer_id)

    for act in (pair.grant, pair.revoke):
        for actor, refusal in ((pair.chair, Forbidden), (editor, Forbidden), (VISITOR, NotSignedIn)):
            with pytest.raises(refusal):
                act(actor, membership_id, Power.FULFIL)
        refusals = []
        for which in (membership_id, UNKNOWN["mbr"]):
            with pytest.raises(NotFound) as refused:
                act(stranger, which, Power.FULFIL)
            refusals.append(refused.value.args)
        assert refusals[0] == refusals[1]

    assert pair.powers() == []


def test_powers_that_cannot_be_are_refused(pair: Pair) -> None:
    membership_id, today = pair.joined(), pair.today
    yesterday = today - timedelta(days=1)

    for powers, of, to in (
        ((), today, None),
        ((Power.FULFIL,), yesterday, None),
        ((Power.FULFIL,), today, yesterday),
    ):
        with pytest.raises(Invalid):
            pair.grant(pair.farmer, membership_id, *powers, of=of, to=to)
    pair.end(pair.farmer, membership_id)
    with pytest.raises(IllegalTransition):
        pair.grant(pair.farmer, membership_id, Power.FULFIL)

    assert pair.powers() == []


def test_the_same_power_granted_twice_at_once_is_held_once(pair: Pair) -> None:
    membership_id = pair.joined()

    at_once(*[lambda: pair.grant(pair.farmer, membership_id, Power.FULFIL) for _ in range(4)])

    assert [each.revoked_at for each in pair.powers()].count(None) == 1
    pair.revoke(pair.farmer, membership_id, Power.FULFIL)
    assert not pair.may(pair.chair, Permission.ORDER_FULFIL)


Act = Callable[[Actor, str], object]


def test_strangers_and_unknown_ones_answer_alike(pair: Pair) -> None:
    stranger = pair.holding(Role.OWNER, pair.active(name="老李家"))
    request_id = pair.ask(MembershipSide.PRODUCER)
    acts: list[tuple[Act, str]] = [(pair.reply, request_id), (pair.withdraw, request_id)]
    for act, which in acts:
        refusals = []
        for each in (which, UNKNOWN["mbr"]):
            with pytest.raises(NotFound) as refused:
                act(stranger, each)
            refusals.append(refused.value.args)
        assert refusals[0] == refusals[1]
    pair.reply(pair.chair, request_id)
    refusals = []
    for each in (request_id, UNKNOWN["mbr"]):
        with pytest.raises(NotFound) as refused:
            pair.end(stranger, each)
        refusals.append(refused.value.args)

    assert refusals[0] == refusals[1]
    assert [each.left_on for each in pair.memberships()] == [None]
