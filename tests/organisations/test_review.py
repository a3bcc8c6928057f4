"""Staff decide on applications: who may, in which states, and two of them at once."""

from collections.abc import Callable
from functools import partial

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from market.kernel.errors import Forbidden, IllegalTransition, Invalid, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, Role
from market.organisations.errors import CreditCodeTaken, LicenceMissing, NotSelling
from market.organisations.manage import (
    approve_organisation,
    close_organisation,
    invite_person,
    reject_organisation,
    return_organisation,
    submit_organisation,
    withdraw_organisation,
)
from market.organisations.rules import (
    MOVES,
    InvitationState,
    OrganisationMove,
    OrganisationState,
    Reason,
    ReviewReason,
    next_states,
)
from market.organisations.steps import freeze_step, organisation_of, require_selling, unfreeze_step
from market.organisations.tables import Invitation, Organisation, OrganisationEvent
from market.people.manage import give_role
from tests.clock import FakeClock
from tests.organisations.county import ADMIN, OTHER_DISTRICT, UNKNOWN, County, at_once, key

BLURRED = [Reason(ReviewReason.DOCUMENT_UNREADABLE, "看不清")]
Act = Callable[[County, Actor, str], object]


def approve(county: County, actor: Actor, organisation_id: str) -> str:
    return approve_organisation(county.market, actor, organisation_id=organisation_id, idempotency_key=key())


def send_back(county: County, actor: Actor, organisation_id: str) -> str:
    return return_organisation(
        county.market, actor, organisation_id=organisation_id, reasons=BLURRED, idempotency_key=key()
    )


def reject(county: County, actor: Actor, organisation_id: str) -> str:
    return reject_organisation(
        county.market, actor, organisation_id=organisation_id, reasons=BLURRED, idempotency_key=key()
    )


def close(county: County, actor: Actor, organisation_id: str) -> str:
    return close_organisation(
        county.market, actor, organisation_id=organisation_id, reasons=BLURRED, idempotency_key=key()
    )


def freeze(county: County, actor: Actor, organisation_id: str) -> None:
    with county.market.transaction() as session:
        freeze_step(session, actor, organisation_id, "投诉核实中", county.market.now())


def unfreeze(county: County, actor: Actor, organisation_id: str) -> None:
    with county.market.transaction() as session:
        unfreeze_step(session, actor, organisation_id, "已核实", county.market.now())


def submit(county: County, actor: Actor, organisation_id: str) -> str:
    return submit_organisation(county.market, actor, organisation_id=organisation_id, idempotency_key=key())


def withdraw(county: County, actor: Actor, organisation_id: str) -> str:
    return withdraw_organisation(county.market, actor, organisation_id=organisation_id, idempotency_key=key())


BY_OWNER = {OrganisationMove.SUBMIT: submit, OrganisationMove.WITHDRAW: withdraw}
BY_STAFF: dict[OrganisationMove, Act] = {
    OrganisationMove.RETURN: send_back,
    OrganisationMove.APPROVE: approve,
    OrganisationMove.REJECT: reject,
    OrganisationMove.FREEZE: freeze,
    OrganisationMove.UNFREEZE: unfreeze,
    OrganisationMove.CLOSE: close,
}


@pytest.fixture(name="county")
def _county(market: Market) -> County:
    return County(market)


def state_of(county: County, organisation_id: str) -> OrganisationState:
    with county.market.read() as session:
        return OrganisationState(
            session.exec(select(Organisation.state).where(Organisation.id == organisation_id)).one()
        )


def put_into(county: County, organisation_id: str, state: OrganisationState) -> None:
    """As no move would."""
    with county.market.transaction() as session:
        session.execute(sa.update(Organisation).where(col(Organisation.id) == organisation_id).values(state=state))


def events(county: County) -> int:
    with county.market.read() as session:
        return len(session.exec(select(OrganisationEvent)).all())


@pytest.mark.parametrize("move", list(OrganisationMove))
def test_every_move_is_made_from_its_states_alone(county: County, move: OrganisationMove) -> None:
    owner, organisation_id = county.submitted()
    act: Act = {**BY_OWNER, **BY_STAFF}[move]
    actor = owner if move in BY_OWNER else county.moderator()
    sources, to_state = MOVES[move]

    for state in OrganisationState:
        put_into(county, organisation_id, state)
        before = events(county)
        if state in sources:
            act(county, actor, organisation_id)
            assert state_of(county, organisation_id) is to_state
            assert events(county) == before + 1
        else:
            with pytest.raises(IllegalTransition) as refused:
                act(county, actor, organisation_id)
            assert refused.value.facts["from_state"] == state.value
            assert refused.value.facts["to_state"] == to_state.value
            assert refused.value.facts["allowed"] == tuple(each.value for each in next_states(state))
            assert state_of(county, organisation_id) is state
            assert events(county) == before


@pytest.mark.parametrize("move", list(BY_STAFF))
def test_staff_decide_in_their_regions_alone(county: County, move: OrganisationMove) -> None:
    owner, organisation_id = county.submitted()
    state = MOVES[move][0][0]
    put_into(county, organisation_id, state)
    unknown = county.moderator()

    refusals: dict[str, Exception] = {}
    for name, actor, of in (
        ("outside", county.moderator(OTHER_DISTRICT), organisation_id),
        ("unknown", unknown, UNKNOWN["cop"]),
        ("owner", owner, organisation_id),
        ("analyst", county.holding(Role.STAFF_ANALYST, "330213000000"), organisation_id),
        ("visitor", VISITOR, organisation_id),
    ):
        with pytest.raises((NotFound, Forbidden, NotSignedIn)) as refused:
            BY_STAFF[move](county, actor, of)
        refusals[name] = refused.value

    assert refusals["outside"].args == refusals["unknown"].args
    assert {name: type(error) for name, error in refusals.items()} == {
        "outside": NotFound,
        "unknown": NotFound,
        "owner": Forbidden,
        "analyst": Forbidden,
        "visitor": NotSignedIn,
    }
    assert state_of(county, organisation_id) is state


def test_nobody_approves_what_is_their_own(county: County) -> None:
    owner, organisation_id = county.submitted()
    assert owner.account_id is not None
    give_role(county.market, ADMIN, account_id=owner.account_id, role=Role.STAFF_MODERATOR, within="330213000000")
    both = county.actor(owner.account_id)

    for move, act in BY_STAFF.items():
        state = MOVES[move][0][0]
        put_into(county, organisation_id, state)
        with pytest.raises(Forbidden):
            act(county, both, organisation_id)
        assert state_of(county, organisation_id) is state


def test_reasons_reach_the_history(county: County) -> None:
    owner, organisation_id = county.submitted()

    send_back(county, county.moderator(), organisation_id)

    with county.market.read() as session:
        last = session.exec(select(OrganisationEvent).order_by(col(OrganisationEvent.id).desc())).first()
    assert last is not None
    assert last.reasons == [{"code": "DOCUMENT_UNREADABLE", "note": "看不清"}]
    submit(county, owner, organisation_id)
    assert state_of(county, organisation_id) is OrganisationState.SUBMITTED


@pytest.mark.parametrize("act", [return_organisation, reject_organisation, close_organisation])
def test_no_is_said_with_reasons(county: County, act: Callable[..., str]) -> None:
    _owner, organisation_id = county.submitted()

    with pytest.raises(Invalid):
        act(county.market, county.moderator(), organisation_id=organisation_id, reasons=[], idempotency_key=key())


def test_a_reason_is_needed_for_freezing(county: County) -> None:
    organisation_id = county.active()

    with pytest.raises(Invalid), county.market.transaction() as session:
        freeze_step(session, county.moderator(), organisation_id, " ", county.market.now())

    assert state_of(county, organisation_id) is OrganisationState.ACTIVE


def test_approval_needs_an_accepted_licence_that_holds_today(county: County, clock: FakeClock) -> None:
    account = county.person()
    organisation_id = county.application(county.actor(account))
    owner, today = county.actor(account), county.market.now().date()
    county.accepted_licence(owner, organisation_id, valid_to=today)
    submit(county, owner, organisation_id)
    clock.advance(days=1)

    with pytest.raises(LicenceMissing) as refused:
        approve(county, county.moderator(), organisation_id)

    assert refused.value.facts["needed"] == ("BUSINESS_LICENCE",)
    county.accepted_licence(owner, organisation_id)
    approve(county, county.moderator(), organisation_id)


def test_a_licence_that_waits_is_not_enough_for_approval(county: County) -> None:
    account = county.person()
    organisation_id = county.application(county.actor(account))
    owner = county.actor(account)
    county.licence(owner, organisation_id)
    submit(county, owner, organisation_id)

    with pytest.raises(LicenceMissing):
        approve(county, county.moderator(), organisation_id)


def test_one_credit_code_is_registered_once(county: County) -> None:
    (_first, one), (_second, other) = county.submitted(), county.submitted()
    moderator = county.moderator()

    approve(county, moderator, one)
    with pytest.raises(CreditCodeTaken):
        approve(county, moderator, other)

    assert state_of(county, other) is OrganisationState.SUBMITTED
    freeze(county, moderator, one)
    with pytest.raises(CreditCodeTaken):
        approve(county, moderator, other)
    close(county, moderator, one)
    approve(county, moderator, other)


def test_two_reviewers_at_once_decide_once(county: County) -> None:
    reviewers = [county.moderator() for _ in range(2)]

    for _ in range(6):
        _owner, organisation_id = county.submitted()
        before = events(county)

        answers = at_once(
            partial(approve, county, reviewers[0], organisation_id),
            partial(send_back, county, reviewers[1], organisation_id),
        )

        (refusal,) = [each for each in answers if not isinstance(each, str)]
        state = state_of(county, organisation_id)
        assert isinstance(refusal, IllegalTransition)
        assert refusal.facts["from_state"] == state.value
        assert events(county) == before + 1
        put_into(county, organisation_id, OrganisationState.CLOSED)


def test_two_applications_with_one_code_approved_at_once_are_one(county: County) -> None:
    reviewers = [county.moderator() for _ in range(2)]

    for _ in range(4):
        both = [county.submitted()[1] for _ in range(2)]

        answers = at_once(*[partial(approve, county, who, of) for who, of in zip(reviewers, both, strict=True)])

        assert sorted(type(each).__name__ for each in answers) == ["CreditCodeTaken", "str"]
        for each in both:
            put_into(county, each, OrganisationState.CLOSED)


@pytest.mark.parametrize("end", [reject, withdraw])
def test_an_application_that_ends_takes_its_invitations_with_it(county: County, end: Act) -> None:
    owner, organisation_id = county.submitted()
    invite_person(
        county.market,
        owner,
        organisation_id=organisation_id,
        phone="13811112222",
        roles=[Role.EDITOR],
        idempotency_key=key(),
    )

    end(county, owner if end is withdraw else county.moderator(), organisation_id)

    with county.market.read() as session:
        invitation = session.exec(select(Invitation)).one()
    assert (invitation.state, invitation.phone_digest) == (InvitationState.CANCELLED, None)


def test_only_active_organisations_put_things_on_sale(county: County) -> None:
    organisation_id = county.active()

    for state in OrganisationState:
        put_into(county, organisation_id, state)
        with county.market.read() as session:
            found = organisation_of(session, organisation_id)
        if state is OrganisationState.ACTIVE:
            require_selling(found)
        else:
            with pytest.raises(NotSelling):
                require_selling(found)


def test_the_history_is_guarded_by_the_database(county: County) -> None:
    county.active()

    for statement in ("UPDATE organisation_event SET actor = 'x'", "DELETE FROM organisation_event"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), county.market.transaction() as session:
            session.execute(sa.text(statement))
