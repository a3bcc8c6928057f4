"""Use cases: accept or decline what one's own number was invited to; forget the numbers of invitations past their time."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.kernel import audit
from market.kernel.errors import NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, Role, reach
from market.organisations.errors import InvitationOver
from market.organisations.manage.invitations import FORGOTTEN, expire_step, open_now
from market.organisations.once import once_id
from market.organisations.rules import InvitationState
from market.organisations.tables import Invitation
from market.people.manage import give_role_step
from market.people.rules import AccountState
from market.people.tables import Account

_INVITATION = SQLModel.metadata.tables[str(Invitation.__tablename__)]
_ACCOUNT = SQLModel.metadata.tables[str(Account.__tablename__)]


def answer_invitation(market: Market, actor: Actor, *, invitation_id: str, accept: bool, idempotency_key: str) -> str:
    """Accept an invitation to one's own number, which gives its roles, or decline it; its id. It counts once.

    Refuses: NotSignedIn; Forbidden; NotFound for an unknown one and for somebody else's; InvitationOver;
    IdempotencyConflict.
    Guards: one conditional update of the invitation.
    """
    reach(actor, Permission.PROFILE_MANAGE)
    now = market.now()
    state = InvitationState.ACCEPTED if accept else InvitationState.DECLINED

    def act() -> str:
        mine = (
            sa.select(_ACCOUNT.c.phone_digest)
            .where(_ACCOUNT.c.id == actor.account_id, _ACCOUNT.c.state == AccountState.ACTIVE)
            .scalar_subquery()
        )
        answered = (
            sa.update(_INVITATION)
            .where(*open_now(invitation_id, now), _INVITATION.c.phone_digest == mine)
            .values(state=state, answered_by=actor.account_id, answered_at=now, **FORGOTTEN)
            .returning(_INVITATION.c.organisation_id, _INVITATION.c.roles)
        )
        found = session.execute(answered).one_or_none()
        if found is None:
            raise _why_not_mine(session, actor, invitation_id, mine)
        assert actor.account_id is not None, "the permission is a person's own"
        for role in found.roles if accept else ():
            give_role_step(session, account_id=actor.account_id, role=Role(role), within=found.organisation_id)
        audit.record(
            session,
            actor,
            action="invitation.accept" if accept else "invitation.decline",
            subject=invitation_id,
            principal=found.organisation_id,
            after={"roles": found.roles} if accept else None,
            now=now,
        )
        return invitation_id

    asked = {"invitation": invitation_id, "accept": accept}
    with market.transaction() as session:
        return once_id(session, actor, "answerInvitation", idempotency_key, asked=asked, act=act, now=now)


def expire_invitations(market: Market, *, limit: int = 500) -> int:
    """The worker's: forget the numbers of invitations past their time; says how many. Reads never wait for it."""
    now = market.now()
    with market.transaction() as session:
        due = (
            sa.select(_INVITATION.c.id)
            .where(_INVITATION.c.state == InvitationState.OPEN, _INVITATION.c.expires_at <= now)
            .order_by(_INVITATION.c.id)
            .limit(limit)
        )
        return expire_step(session, _INVITATION.c.id.in_(due), now)


def _why_not_mine(session: Session, actor: Actor, invitation_id: str, mine: Any) -> NotFound | InvitationOver:
    """Why a person cannot answer an invitation: theirs but over, or nothing they know of."""
    row = _INVITATION.c
    is_mine = sa.or_(row.answered_by == actor.account_id, row.phone_digest == mine)
    over = session.execute(sa.select(row.state).where(row.id == invitation_id, is_mine)).scalar_one_or_none()
    if over is None:
        return NotFound(field="invitation")
    return InvitationOver(state=InvitationState.EXPIRED.value if over == InvitationState.OPEN else str(over))
