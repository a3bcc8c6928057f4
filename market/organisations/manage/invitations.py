"""Use cases: invite people by phone to roles in an organisation, send again, cancel. `answers` is the other side.

There is no token to leak: an invitation is found by the keyed hash of the number, which the account that signs in with it
has too. Whether the number has an account is never asked when inviting, so that an invitation tells nothing about it.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel

from market.kernel import audit, outbox
from market.kernel.errors import Invalid, LimitReached, NotFound
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.kernel.permissions import ORGANISATION_ROLES, Actor, Permission, Role, reach
from market.kernel.phones import mobile
from market.organisations.errors import AlreadyInvited, InvitationOver, NotEditable
from market.organisations.once import once_id
from market.organisations.rules import APPLYING, REGISTERED, InvitationState
from market.organisations.steps import lock_people, organisation_for
from market.organisations.tables import INVITED_PHONE, Invitation
from market.people.manage import phone_digest

LIFE = timedelta(days=7)
OPEN_MAX = 50
"""Open invitations of one organisation."""
A_DAY_MAX = 100
"""Invitations of one organisation in 24 hours, answered or not: each is a message that somebody pays for."""
SENT_MAX = 5
SENT_EVERY = timedelta(minutes=1)
SEND_TOPIC = "invitation.send"
"""The outbox message that asks for an invitation to be sent; it holds the invitation's id alone."""

_INVITATION = SQLModel.metadata.tables[str(Invitation.__tablename__)]
FORGOTTEN = {"phone_sealed": None, "phone_digest": None}
"""Whoever was asked is not kept once it is over."""


def invite_person(
    market: Market,
    actor: Actor,
    *,
    organisation_id: str,
    phone: str,
    roles: Collection[Role],
    idempotency_key: str,
) -> str:
    """Invite whoever has this number to roles in an organisation, for seven days; the invitation's id.

    Refuses: NotSignedIn; Forbidden; NotFound; Invalid; NotEditable for an organisation that is no more; AlreadyInvited;
    LimitReached at 50 open ones, or 100 in a day; IdempotencyConflict.
    Guards: the organisation's row, which inviters take one after another, and UNIQUE over its open ones.
    """
    reach(actor, Permission.ORGANISATION_EDIT)
    given, now, sealer = checked_roles(roles), market.now(), market.sealer
    number = mobile(phone)
    digest = phone_digest(sealer, number)

    def act() -> str:
        organisation = organisation_for(session, actor, Permission.ORGANISATION_EDIT, organisation_id, now=now)
        if organisation.state not in (*APPLYING, *REGISTERED):
            raise NotEditable(state=organisation.state.value)
        lock_people(session, organisation_id)
        expire_step(session, _INVITATION.c.organisation_id == organisation_id, now)
        _require_room(session, organisation_id, now)
        invitation_id = _add(
            session,
            organisation_id=organisation_id,
            phone_sealed=sealer.seal(number, purpose=INVITED_PHONE),
            phone_digest=digest,
            roles=given,
            invited_by=actor.account_id or actor.kind.value,
            now=now,
        )
        _announce(session, actor, invitation_id, organisation_id, action="invitation.create", roles=given, now=now)
        return invitation_id

    asked = {"organisation": organisation_id, "phone": digest, "roles": given}
    with market.transaction() as session:
        return once_id(session, actor, "invitePerson", idempotency_key, asked=asked, act=act, now=now)


def checked_roles(roles: Collection[Role]) -> list[str]:
    """The roles by name, each once and in order. Refuses with Invalid none at all, or one not held in organisations."""
    if not roles or not set(roles) <= ORGANISATION_ROLES:
        words = ", ".join(sorted(ORGANISATION_ROLES))
        raise Invalid(field="roles", allowed=f"at least one of: {words}", allowed_zh=f"至少一项：{words}")
    return sorted({role.value for role in roles})


def resend_invitation(market: Market, actor: Actor, *, invitation_id: str, idempotency_key: str) -> str:
    """Send an open invitation again, which then has seven days again; its id.

    Refuses: NotSignedIn; Forbidden; NotFound; InvitationOver; LimitReached within a minute or after five times;
    IdempotencyConflict.
    """
    reach(actor, Permission.ORGANISATION_EDIT)
    now = market.now()

    def act() -> str:
        invitation = _of_mine(session, actor, invitation_id, now)
        sent = (
            sa.update(_INVITATION)
            .where(
                *open_now(invitation_id, now),
                _INVITATION.c.sent_count < SENT_MAX,
                _INVITATION.c.sent_at <= now - SENT_EVERY,
            )
            .values(sent_at=now, sent_count=_INVITATION.c.sent_count + 1, expires_at=now + LIFE)
            .returning(_INVITATION.c.id)
        )
        if session.execute(sent).first() is None:
            _require_open(session, invitation, now)
            raise LimitReached(what="sendings", limit=SENT_MAX)
        _announce(
            session, actor, invitation_id, invitation.organisation_id, action="invitation.resend", roles=None, now=now
        )
        return invitation_id

    with market.transaction() as session:
        return once_id(session, actor, "resendInvitation", idempotency_key, asked=invitation_id, act=act, now=now)


def cancel_invitation(market: Market, actor: Actor, *, invitation_id: str, idempotency_key: str) -> str:
    """Take an open invitation back; its id.

    Refuses: NotSignedIn; Forbidden; NotFound; InvitationOver; IdempotencyConflict.
    """
    reach(actor, Permission.ORGANISATION_EDIT)
    now = market.now()

    def act() -> str:
        invitation = _of_mine(session, actor, invitation_id, now)
        cancelled = (
            sa.update(_INVITATION)
            .where(*open_now(invitation_id, now))
            .values(state=InvitationState.CANCELLED, answered_by=actor.account_id, answered_at=now, **FORGOTTEN)
            .returning(_INVITATION.c.id)
        )
        if session.execute(cancelled).first() is None:
            _require_open(session, invitation, now)
        audit.record(
            session,
            actor,
            action="invitation.cancel",
            subject=invitation_id,
            principal=invitation.organisation_id,
            now=now,
        )
        return invitation_id

    with market.transaction() as session:
        return once_id(session, actor, "cancelInvitation", idempotency_key, asked=invitation_id, act=act, now=now)


def end_invitations_step(session: Session, organisation_id: str, *, now: datetime) -> None:
    """Step: nobody can join an organisation that is no more: its open invitations are cancelled."""
    session.execute(
        sa.update(_INVITATION)
        .where(_INVITATION.c.organisation_id == organisation_id, _INVITATION.c.state == InvitationState.OPEN)
        .values(state=InvitationState.CANCELLED, answered_at=now, **FORGOTTEN)
    )


def open_now(invitation_id: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Whether a row is this invitation, and it can still be answered."""
    return (
        _INVITATION.c.id == invitation_id,
        _INVITATION.c.state == InvitationState.OPEN,
        _INVITATION.c.expires_at > now,
    )


def expire_step(session: Session, which: sa.ColumnElement[bool], now: datetime) -> int:
    """Step: end those open invitations for which this holds and whose time is over; says how many."""
    expired = (
        sa.update(_INVITATION)
        .where(which, _INVITATION.c.state == InvitationState.OPEN, _INVITATION.c.expires_at <= now)
        .values(state=InvitationState.EXPIRED, **FORGOTTEN)
        .returning(_INVITATION.c.id)
    )
    return len(session.execute(expired).all())


def _require_room(session: Session, organisation_id: str, now: datetime) -> None:
    counts = sa.select(
        sa.func.count().filter(_INVITATION.c.state == InvitationState.OPEN),
        sa.func.count().filter(_INVITATION.c.invited_at > now - timedelta(days=1)),
    ).where(_INVITATION.c.organisation_id == organisation_id)
    still_open, today = session.execute(counts).one()
    if still_open >= OPEN_MAX:
        raise LimitReached(what="open invitations", limit=OPEN_MAX)
    if today >= A_DAY_MAX:
        raise LimitReached(what="invitations a day", limit=A_DAY_MAX)


def _add(session: Session, *, now: datetime, **columns: Any) -> str:
    """A new open invitation; its id. Refuses with AlreadyInvited."""
    added = (
        insert(_INVITATION)
        .values(
            id=new_id("inv"),
            state=InvitationState.OPEN,
            invited_at=now.replace(microsecond=0),
            sent_at=now,
            sent_count=1,
            expires_at=now + LIFE,
            **columns,
        )
        .on_conflict_do_nothing()
        .returning(_INVITATION.c.id)
    )
    invitation_id = session.execute(added).scalar_one_or_none()
    if invitation_id is None:
        raise AlreadyInvited
    return str(invitation_id)


def _announce(
    session: Session,
    actor: Actor,
    invitation_id: str,
    organisation_id: str,
    *,
    action: str,
    roles: list[str] | None,
    now: datetime,
) -> None:
    payload = {"invitation_id": invitation_id}
    outbox.publish(session, SEND_TOPIC, aggregate=invitation_id, payload=payload, now=now)
    audit.record(
        session,
        actor,
        action=action,
        subject=invitation_id,
        principal=organisation_id,
        after=None if roles is None else {"roles": roles},
        now=now,
    )


def _of_mine(session: Session, actor: Actor, invitation_id: str, now: datetime) -> Invitation:
    """An invitation of an organisation whose people the actor manages, or refuses with NotFound."""
    invitation = session.get(Invitation, invitation_id)
    if invitation is None:
        raise NotFound(field="invitation")
    organisation_id = invitation.organisation_id
    organisation_for(session, actor, Permission.ORGANISATION_EDIT, organisation_id, now=now, field="invitation")
    return invitation


def _require_open(session: Session, invitation: Invitation, now: datetime) -> None:
    session.refresh(invitation)
    if invitation.state is not InvitationState.OPEN or invitation.expires_at <= now:
        state = invitation.state if invitation.state is not InvitationState.OPEN else InvitationState.EXPIRED
        raise InvitationOver(state=state.value)
