"""Use cases: a producer joins a cooperative when both have agreed, and either side ends it.

One side asks, the other answers. The membership that comes of it has the request's id, and no powers yet: those are the
producer's to give, see `powers`.
"""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel, col, select

from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.errors import IllegalTransition, NotFound
from market.kernel.ids import new_id, require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach, require
from market.kernel.topics import touch
from market.organisations.acting import act_for, find_acting_for
from market.organisations.errors import AlreadyMember
from market.organisations.once import once_id
from market.organisations.rules import MembershipRequestState, MembershipSide, OrganisationState
from market.organisations.steps import organisation_of, require_selling
from market.organisations.tables import Membership, MembershipPower, MembershipRequest, Organisation

_MEMBERSHIP = SQLModel.metadata.tables[str(Membership.__tablename__)]
_POWER = SQLModel.metadata.tables[str(MembershipPower.__tablename__)]
_REQUEST = SQLModel.metadata.tables[str(MembershipRequest.__tablename__)]
LEFT = "LEFT"
"""The state of a membership that has ended, in refusals."""


def join_cooperative(market: Market, actor: Actor, *, cooperative_id: str, producer_id: str, joined_on: date) -> str:
    """Make a producer a member of a cooperative from a day on, by an administrator and without asking either; the
    membership's id.

    Refuses: Forbidden; InvalidId; NotFound. Once: a member that has not left keeps its membership.
    """
    require(actor, Permission.MEMBERSHIP_MANAGE)
    require_id(cooperative_id, "cop", field="cooperative")
    require_id(producer_id, "pdr", field="producer")
    now = market.now()
    with market.transaction() as session:
        organisation_of(session, cooperative_id, field="cooperative")
        organisation_of(session, producer_id, field="producer")
        membership_id = new_id("mbr")
        if not _add(session, membership_id, cooperative_id, producer_id, joined_on):
            return session.exec(select(Membership.id).where(*_current(cooperative_id, producer_id))).one()
        touch(session, "organisations")
        audit.record(session, actor, action="membership.join", subject=membership_id, principal=producer_id, now=now)
        return membership_id


def request_membership(
    market: Market,
    actor: Actor,
    *,
    cooperative_id: str,
    producer_id: str,
    asked_by: MembershipSide,
    idempotency_key: str,
) -> str:
    """Ask for a membership on behalf of one side, for the other to answer; the request's id.

    Refuses: NotSignedIn; Forbidden; InvalidId; NotFound for a side that is not the actor's, or another that is not
    ACTIVE; NotSelling while one's own side is not; AlreadyMember, also when one of the two has asked and waits for an
    answer; IdempotencyConflict.
    Guards: UNIQUE over requests that wait.
    """
    reach(actor, Permission.MEMBERSHIP_MANAGE)
    require_id(cooperative_id, "cop", field="cooperative")
    require_id(producer_id, "pdr", field="producer")
    now = market.now()
    sides = {"cooperative": cooperative_id, "producer": producer_id}

    def act() -> str:
        own = asked_by.value.lower()
        (other,) = sides.keys() - {own}
        mine = _act_for(session, actor, sides[own], now, field=own)
        theirs = session.get(Organisation, sides[other])
        if theirs is None or theirs.state is not OrganisationState.ACTIVE:
            raise NotFound(field=other)
        require_selling(mine)
        request_id = _ask(session, actor, cooperative_id, producer_id, asked_by=asked_by, now=now)
        audit.record(
            session, actor, action="membership.request", subject=request_id, principal=mine.id, after=sides, now=now
        )
        return request_id

    asked = sides | {"asked_by": asked_by}
    with market.transaction() as session:
        return once_id(session, actor, "requestMembership", idempotency_key, asked=asked, act=act, now=now)


def answer_membership_request(
    market: Market, actor: Actor, *, request_id: str, accept: bool, idempotency_key: str
) -> str:
    """Accept, on behalf of the side that was asked, which makes the membership from today on, or decline; its id.

    Refuses: NotSignedIn; Forbidden; NotFound, also to the side that asked; NotSelling while one of the two is not
    ACTIVE; AlreadyMember; IllegalTransition; IdempotencyConflict.
    Guards: one conditional update of the request, UNIQUE over current memberships.
    """
    reach(actor, Permission.MEMBERSHIP_MANAGE)
    now = market.now()
    to_state = MembershipRequestState.ACCEPTED if accept else MembershipRequestState.DECLINED

    def act() -> str:
        request = _request_of(session, request_id)
        is_producer = request.asked_by is MembershipSide.COOPERATIVE
        mine = _act_for(session, actor, request.producer_id if is_producer else request.cooperative_id, now)
        _move(session, actor, request, to_state, now)
        if accept:
            for each in (request.cooperative_id, request.producer_id):
                require_selling(organisation_of(session, each))
            if not _add(session, request.id, request.cooperative_id, request.producer_id, business_day(now)):
                raise AlreadyMember
            touch(session, "organisations")
        verb = "accept" if accept else "decline"
        audit.record(session, actor, action=f"membership.{verb}", subject=request_id, principal=mine.id, now=now)
        return request_id

    asked = {"request": request_id, "accept": accept}
    with market.transaction() as session:
        return once_id(session, actor, "answerMembershipRequest", idempotency_key, asked=asked, act=act, now=now)


def withdraw_membership_request(market: Market, actor: Actor, *, request_id: str, idempotency_key: str) -> str:
    """Take a request back, on behalf of the side that asked; its id.

    Refuses: NotSignedIn; Forbidden; NotFound, also to the side that was asked; IllegalTransition; IdempotencyConflict.
    """
    reach(actor, Permission.MEMBERSHIP_MANAGE)
    now = market.now()

    def act() -> str:
        request = _request_of(session, request_id)
        is_producer = request.asked_by is MembershipSide.PRODUCER
        mine = _act_for(session, actor, request.producer_id if is_producer else request.cooperative_id, now)
        _move(session, actor, request, MembershipRequestState.WITHDRAWN, now)
        audit.record(session, actor, action="membership.withdraw", subject=request_id, principal=mine.id, now=now)
        return request_id

    with market.transaction() as session:
        return once_id(session, actor, "withdrawMembershipRequest", idempotency_key, asked=request_id, act=act, now=now)


def end_membership(market: Market, actor: Actor, *, membership_id: str, idempotency_key: str) -> str:
    """End a membership today, by either side, and its powers at once; its id.

    Refuses: NotSignedIn; Forbidden; NotFound for one that neither side of is the actor's; IllegalTransition when it has
    ended; IdempotencyConflict.
    Guards: one conditional update of the membership.
    """
    reach(actor, Permission.MEMBERSHIP_MANAGE)
    now = market.now()
    today = business_day(now)

    def act() -> str:
        membership = session.get(Membership, membership_id)
        sides = () if membership is None else (membership.producer_id, membership.cooperative_id)
        found = (
            find_acting_for(session, actor, Permission.MEMBERSHIP_MANAGE, producer_id=each, today=today)
            for each in sides
        )
        mine = next((each for each in found if each is not None), None)
        if mine is None:
            raise NotFound(field="membership")
        ended = (
            sa.update(_MEMBERSHIP)
            .where(_MEMBERSHIP.c.id == membership_id, _MEMBERSHIP.c.left_on.is_(None))
            # One that was to begin later never does.
            .values(left_on=sa.case((_MEMBERSHIP.c.joined_on > today, _MEMBERSHIP.c.joined_on), else_=today))
            .returning(_MEMBERSHIP.c.id)
        )
        if session.execute(ended).first() is None:
            raise IllegalTransition(from_state=LEFT, to_state=LEFT, allowed=())
        session.execute(
            sa.update(_POWER)
            .where(_POWER.c.membership_id == membership_id, _POWER.c.revoked_at.is_(None))
            .values(revoked_by=actor.account_id or actor.kind.value, revoked_at=now)
        )
        touch(session, "organisations")
        audit.record(session, actor, action="membership.end", subject=membership_id, principal=mine.id, now=now)
        return membership_id

    with market.transaction() as session:
        return once_id(session, actor, "endMembership", idempotency_key, asked=membership_id, act=act, now=now)


def _act_for(
    session: Session, actor: Actor, organisation_id: str, now: datetime, *, field: str = "request"
) -> Organisation:
    today = business_day(now)
    return act_for(session, actor, Permission.MEMBERSHIP_MANAGE, producer_id=organisation_id, today=today, field=field)


def _current(cooperative_id: str, producer_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(Membership.cooperative_id) == cooperative_id,
        col(Membership.producer_id) == producer_id,
        col(Membership.left_on).is_(None),
    )


def _add(session: Session, membership_id: str, cooperative_id: str, producer_id: str, joined_on: date) -> bool:
    """Make a membership unless there is one that has not ended; whether it was made."""
    added = (
        insert(_MEMBERSHIP)
        .values(id=membership_id, cooperative_id=cooperative_id, producer_id=producer_id, joined_on=joined_on)
        .on_conflict_do_nothing()
        .returning(_MEMBERSHIP.c.id)
    )
    return session.execute(added).first() is not None


def _ask(
    session: Session, actor: Actor, cooperative_id: str, producer_id: str, *, asked_by: MembershipSide, now: datetime
) -> str:
    if session.exec(select(Membership.id).where(*_current(cooperative_id, producer_id))).first() is not None:
        raise AlreadyMember
    added = (
        insert(_REQUEST)
        .values(
            id=new_id("mbr"),
            cooperative_id=cooperative_id,
            producer_id=producer_id,
            asked_by=asked_by,
            state=MembershipRequestState.REQUESTED,
            requested_by=actor.account_id or actor.kind.value,
            requested_at=now.replace(microsecond=0),
        )
        .on_conflict_do_nothing()
        .returning(_REQUEST.c.id)
    )
    request_id = session.execute(added).scalar_one_or_none()
    if request_id is None:
        raise AlreadyMember
    return str(request_id)


def _request_of(session: Session, request_id: str) -> MembershipRequest:
    request = session.get(MembershipRequest, request_id)
    if request is None:
        raise NotFound(field="request")
    return request


def _move(
    session: Session, actor: Actor, request: MembershipRequest, to_state: MembershipRequestState, now: datetime
) -> None:
    """Out of REQUESTED, the one state there is to leave, or refuse with IllegalTransition."""
    moved = (
        sa.update(_REQUEST)
        .where(_REQUEST.c.id == request.id, _REQUEST.c.state == MembershipRequestState.REQUESTED)
        .values(state=to_state, answered_by=actor.account_id or actor.kind.value, answered_at=now)
        .returning(_REQUEST.c.id)
    )
    is_moved = session.execute(moved).first() is not None
    session.refresh(request)
    if not is_moved:
        raise IllegalTransition(from_state=request.state.value, to_state=to_state.value, allowed=())
