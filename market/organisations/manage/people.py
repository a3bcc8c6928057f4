"""Use cases: change the roles of an organisation's people, remove one, leave.

An organisation keeps an owner. Whoever takes an owner's role away holds the organisation's row first, so that of two
last owners who leave at once one stays.
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, func, select

from market.kernel import audit
from market.kernel.errors import NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, Role, reach
from market.organisations.errors import LastOwner
from market.organisations.manage.invitations import checked_roles
from market.organisations.once import once_id
from market.organisations.steps import lock_people, organisation_for
from market.people.manage import give_role_step, take_role_step
from market.people.rules import AccountState
from market.people.tables import Account, ApiKey, RoleHeld

_KEYS = SQLModel.metadata.tables[str(ApiKey.__tablename__)]


def change_roles(
    market: Market,
    actor: Actor,
    *,
    organisation_id: str,
    account_id: str,
    roles: Collection[Role],
    idempotency_key: str,
) -> str:
    """Give one of an organisation's people these roles instead of those they hold; the organisation's id.

    Refuses: NotSignedIn; Forbidden; NotFound for an organisation or a person that is not theirs; Invalid for no roles;
    LastOwner; IdempotencyConflict.
    Guards: the organisation's row.
    """
    reach(actor, Permission.ORGANISATION_EDIT)
    wanted, now = {Role(role) for role in checked_roles(roles)}, market.now()

    def act() -> str:
        lock_people(session, organisation_id)  # before asking what the actor may: they may just be being removed
        organisation_for(session, actor, Permission.ORGANISATION_EDIT, organisation_id, now=now)
        before = _set_roles(session, organisation_id, account_id, wanted)
        audit.record(
            session,
            actor,
            action="person.change_roles",
            subject=account_id,
            principal=organisation_id,
            before={"roles": sorted(before)},
            after={"roles": sorted(wanted)},
            now=now,
        )
        return organisation_id

    asked = {"organisation": organisation_id, "account": account_id, "roles": sorted(wanted)}
    with market.transaction() as session:
        return once_id(session, actor, "changeRoles", idempotency_key, asked=asked, act=act, now=now)


def remove_person(market: Market, actor: Actor, *, organisation_id: str, account_id: str, idempotency_key: str) -> str:
    """Take all roles in an organisation from one of its people, and end the API keys they made for it; its id. What
    they are just doing for it is refused from this commit on.

    Refuses: NotSignedIn; Forbidden; NotFound for an organisation or a person that is not theirs; LastOwner;
    IdempotencyConflict.
    Guards: the organisation's row.
    """
    reach(actor, Permission.ORGANISATION_EDIT)
    now = market.now()

    def act() -> str:
        lock_people(session, organisation_id)  # before asking what the actor may: they may just be being removed
        organisation_for(session, actor, Permission.ORGANISATION_EDIT, organisation_id, now=now)
        before = _set_roles(session, organisation_id, account_id, set())
        _end_keys(session, actor, organisation_id, account_id, now)
        audit.record(
            session,
            actor,
            action="person.remove",
            subject=account_id,
            principal=organisation_id,
            before={"roles": sorted(before)},
            now=now,
        )
        return organisation_id

    asked = {"organisation": organisation_id, "account": account_id}
    with market.transaction() as session:
        return once_id(session, actor, "removePerson", idempotency_key, asked=asked, act=act, now=now)


def leave_organisation(market: Market, actor: Actor, *, organisation_id: str, idempotency_key: str) -> str:
    """Give up one's own roles in an organisation, and the API keys one made for it; its id.

    Refuses: NotSignedIn; Forbidden; NotFound without a role there; LastOwner; IdempotencyConflict.
    Guards: the organisation's row.
    """
    reach(actor, Permission.PROFILE_MANAGE)
    account_id, now = actor.account_id, market.now()
    assert account_id is not None, "the permission is a person's own"

    def act() -> str:
        lock_people(session, organisation_id)
        before = _set_roles(session, organisation_id, account_id, set(), field="organisation")
        _end_keys(session, actor, organisation_id, account_id, now)
        audit.record(
            session,
            actor,
            action="person.leave",
            subject=account_id,
            principal=organisation_id,
            before={"roles": sorted(before)},
            now=now,
        )
        return organisation_id

    with market.transaction() as session:
        return once_id(session, actor, "leaveOrganisation", idempotency_key, asked=organisation_id, act=act, now=now)


def _set_roles(
    session: Session, organisation_id: str, account_id: str, wanted: set[Role], *, field: str = "account"
) -> set[Role]:
    """Make these the roles that a person holds in an organisation whose people are locked; those held before.

    Refuses: NotFound for a person without any, LastOwner.
    """
    held = select(RoleHeld.role).where(RoleHeld.account_id == account_id, RoleHeld.organisation_id == organisation_id)
    before = {Role(role) for role in session.exec(held)}
    if not before:
        raise NotFound(field=field)
    if Role.OWNER in before - wanted and not _other_owners(session, organisation_id, account_id):
        raise LastOwner
    for role in before - wanted:
        take_role_step(session, account_id=account_id, role=role, within=organisation_id)
    for role in wanted - before:
        give_role_step(session, account_id=account_id, role=role, within=organisation_id)
    return before


def _other_owners(session: Session, organisation_id: str, account_id: str) -> int:
    """How many others own it and can sign in: an owner who is blocked cannot look after it."""
    return session.exec(
        select(func.count())
        .select_from(RoleHeld)
        .join(Account, col(Account.id) == RoleHeld.account_id)
        .where(
            RoleHeld.organisation_id == organisation_id,
            RoleHeld.role == Role.OWNER,
            RoleHeld.account_id != account_id,
            Account.state == AccountState.ACTIVE,
        )
    ).one()


def _end_keys(session: Session, actor: Actor, organisation_id: str, account_id: str, now: datetime) -> None:
    """A key does not outlive its maker's place in the organisation."""
    session.execute(
        sa.update(_KEYS)
        .where(
            _KEYS.c.organisation_id == organisation_id,
            _KEYS.c.created_by == account_id,
            _KEYS.c.revoked_at.is_(None),
        )
        .values(revoked_at=now, revoked_by=actor.account_id)
    )
