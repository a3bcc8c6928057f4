"""Use cases: open accounts, give and take roles, block; and the step that closes an account for good."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel, select

from market.kernel import audit
from market.kernel.errors import Forbidden, IllegalTransition, Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.kernel.permissions import ORGANISATION_ROLES, STAFF_ROLES, Actor, Permission, Role, require
from market.kernel.phones import mobile
from market.kernel.sealing import Sealer
from market.people.actors import actor_of as actor_of  # noqa: PLC0414 - also of this module, for whoever gives roles
from market.people.devices import revoke_step
from market.people.errors import PhoneTaken
from market.people.rules import MOVES, AccountState, RevokedFor
from market.people.tables import (
    PHONE,
    Account,
    ApiKey,
    Device,
    Identity,
    OneTimeCode,
    PasswordHeld,
    RecoveryCode,
    RoleHeld,
    SecondFactor,
)

ERASED_NAME = "已注销"
"""What is shown in place of the name of whoever had the account closed."""

_TABLES = SQLModel.metadata.tables
_ACCOUNTS, _ROLES = _TABLES[str(Account.__tablename__)], _TABLES[str(RoleHeld.__tablename__)]
_DEVICES, _KEYS = _TABLES[str(Device.__tablename__)], _TABLES[str(ApiKey.__tablename__)]


def open_account(
    market: Market, actor: Actor, *, name: str, phone: str | None = None, idempotency_key: str | None = None
) -> str:
    """Open an account for a person; its id. Refuses: Forbidden; Invalid for an empty name or what is no mobile number;
    PhoneTaken. Once: the same idempotency key, when there is one, opens one account."""
    require(actor, Permission.PERSON_MANAGE)
    if not name.strip():
        raise Invalid(field="name", allowed="a person has a name", allowed_zh="姓名不能为空")
    number, now = phone and mobile(phone), market.now()

    def act(session: Session) -> str:
        account_id, is_new = open_step(session, market.sealer, name=name, phone=number, now=now)
        if not is_new:
            raise PhoneTaken
        audit.record(session, actor, action="account.open", subject=account_id, now=now)
        return account_id

    if idempotency_key is None:
        with market.transaction() as session:
            return act(session)
    # Of the number only its keyed hash: what was asked is kept as a plain one, and numbers are few enough to try.
    asked = {"name": name, "phone": number and phone_digest(market.sealer, number)}
    key = IdempotencyKey.of(actor=str(actor.account_id), operation="openAccount", key=idempotency_key, asked=asked)
    with market.transaction() as session:
        return once(session, key, lambda: act(session), now=now, dump=str, load=str)


def open_step(session: Session, sealer: Sealer, *, name: str, phone: str | None, now: datetime) -> tuple[str, bool]:
    """Step: the account of this number (as `mobile` gives it), opened when there is none; its id, and whether it is new.

    Guards: UNIQUE (phone_digest). Two at once open one account.
    """
    account_id = new_id("acc")
    sealed, digest = (sealer.seal(phone, purpose=PHONE), phone_digest(sealer, phone)) if phone else (None, None)
    opened = (
        insert(_ACCOUNTS)
        .values(
            id=account_id,
            name=name or f"用户{account_id[-6:]}",
            state=AccountState.ACTIVE,
            phone_sealed=sealed,
            phone_digest=digest,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[_ACCOUNTS.c.phone_digest])
        .returning(_ACCOUNTS.c.id)
    )
    if session.execute(opened).first() is not None:
        return account_id, True
    found = session.execute(sa.select(_ACCOUNTS.c.id).where(_ACCOUNTS.c.phone_digest == digest)).scalar_one()
    return str(found), False


def phone_digest(sealer: Sealer, phone: str) -> str:
    """What an account is found by: the keyed hash of its number, as `mobile` gives it."""
    return sealer.digest(phone, purpose=PHONE)


def give_role(market: Market, actor: Actor, *, account_id: str, role: Role, within: str = "") -> None:
    """Give an account a role: `within` is an organisation's id for its roles, a region's code for staff, else empty.

    Refuses: Forbidden; NotFound; Invalid when the role does not go with where. Once: a role held is left alone.
    """
    require(actor, Permission.PERSON_MANAGE)
    now = market.now()
    with market.transaction() as session:
        if session.get(Account, account_id) is None:
            raise NotFound(field="account")
        if give_role_step(session, account_id=account_id, role=role, within=within):
            after = {"role": role.value, "within": within}
            audit.record(session, actor, action="role.give", subject=account_id, after=after, now=now)


def take_role(market: Market, actor: Actor, *, account_id: str, role: Role, within: str = "") -> None:
    """Take a role from an account; what it could do by it, it can no more from the next request on.

    Refuses: Forbidden, also to take one's own administrator role, so that one is always left; NotFound when the account
    does not hold the role.
    """
    require(actor, Permission.PERSON_MANAGE)
    _refuse_self(actor, account_id)
    now = market.now()
    with market.transaction() as session:
        if not take_role_step(session, account_id=account_id, role=role, within=within):
            raise NotFound(field="role")
        before = {"role": role.value, "within": within}
        audit.record(session, actor, action="role.take", subject=account_id, before=before, now=now)


def give_role_step(session: Session, *, account_id: str, role: Role, within: str = "") -> bool:
    """Step: as `give_role`; whether it is new. Whether who asks may is the caller's to check, and to record.

    Refuses with Invalid when the role does not go with where. Guards: UNIQUE (account_id, role, within).
    """
    in_organisation, in_region = role in ORGANISATION_ROLES, role in STAFF_ROLES
    if bool(within) != (in_organisation or in_region) or role in {Role.VISITOR, Role.CUSTOMER, Role.SYSTEM}:
        raise Invalid(
            field="role",
            allowed="organisation roles are held in an organisation, staff roles in a region, ADMIN in neither",
            allowed_zh="组织角色属于某个组织，工作人员角色属于某个地区，管理员不限",
        )
    given = (
        insert(_ROLES)
        .values(
            id=new_id("rol"),
            account_id=account_id,
            role=role,
            within=within,
            organisation_id=within if in_organisation else None,
            region_code=within if in_region else None,
        )
        .on_conflict_do_nothing(index_elements=[_ROLES.c.account_id, _ROLES.c.role, _ROLES.c.within])
        .returning(_ROLES.c.id)
    )
    return session.execute(given).first() is not None


def take_role_step(session: Session, *, account_id: str, role: Role, within: str = "") -> bool:
    """Step: as `take_role`; whether it was held. Whether who asks may is the caller's to check, and to record."""
    held = (_ROLES.c.account_id == account_id, _ROLES.c.role == role, _ROLES.c.within == within)
    return session.execute(sa.delete(_ROLES).where(*held).returning(_ROLES.c.id)).first() is not None


def block_account(market: Market, actor: Actor, *, account_id: str) -> None:
    """Block an account: it is signed out everywhere, keys that it made end, and it cannot sign in.

    Refuses: Forbidden, also for one's own account; NotFound; IllegalTransition.
    """
    require(actor, Permission.PERSON_MANAGE)
    _refuse_self(actor, account_id)
    now = market.now()
    with market.transaction() as session:
        _move(session, account_id, AccountState.BLOCKED)
        end_credentials_step(session, account_id, RevokedFor.ACCOUNT_BLOCKED, now=now)
        audit.record(session, actor, action="account.block", subject=account_id, now=now)


def unblock_account(market: Market, actor: Actor, *, account_id: str) -> None:
    """Let a blocked account sign in again. Its devices and keys stay ended. Refuses as `block_account` does."""
    require(actor, Permission.PERSON_MANAGE)
    now = market.now()
    with market.transaction() as session:
        _move(session, account_id, AccountState.ACTIVE)
        audit.record(session, actor, action="account.unblock", subject=account_id, now=now)


def close_account(session: Session, account_id: str, now: datetime) -> None:
    """Step: close an account for good. Nothing signs in to it any more and nothing of it says whose it was; its roles
    end; its number may open a new one. The row stays, for orders and the ledger to point at.

    Whether who asks may, and the audit trail, are the caller's. Refuses: NotFound; IllegalTransition when it is closed.
    """
    account = session.execute(sa.select(_ACCOUNTS.c.phone_digest).where(_ACCOUNTS.c.id == account_id)).one_or_none()
    _move(session, account_id, AccountState.ERASED, name=ERASED_NAME, phone_sealed=None, phone_digest=None)
    end_credentials_step(session, account_id, RevokedFor.ACCOUNT_ERASED, now=now)
    session.execute(sa.update(_DEVICES).where(_DEVICES.c.account_id == account_id).values(name="", user_agent=""))
    for kind in (RoleHeld, Identity, PasswordHeld, SecondFactor, RecoveryCode):
        table = _TABLES[str(kind.__tablename__)]
        session.execute(sa.delete(table).where(table.c.account_id == account_id))
    if account is not None and account.phone_digest is not None:
        codes = _TABLES[str(OneTimeCode.__tablename__)]
        session.execute(sa.delete(codes).where(codes.c.phone_digest == account.phone_digest))


def end_credentials_step(session: Session, account_id: str, why: RevokedFor, *, now: datetime) -> None:
    """Step: sign an account out everywhere and end the API keys it made."""
    revoke_step(session, _DEVICES.c.account_id == account_id, why, now=now)
    keys = sa.update(_KEYS).where(_KEYS.c.created_by == account_id, _KEYS.c.revoked_at.is_(None))
    session.execute(keys.values(revoked_at=now))


def _move(session: Session, account_id: str, to_state: AccountState, **changes: object) -> None:
    """Make a move of an account's state that `MOVES` names, or refuse: NotFound; IllegalTransition."""
    sources = [state for state, targets in MOVES.items() if to_state in targets]
    moved = (
        sa.update(_ACCOUNTS)
        .where(_ACCOUNTS.c.id == account_id, _ACCOUNTS.c.state.in_(sources))
        .values(state=to_state, **changes)
        .returning(_ACCOUNTS.c.id)
    )
    if session.execute(moved).first() is not None:
        return
    found = session.exec(select(Account.state).where(Account.id == account_id)).first()
    if found is None:
        raise NotFound(field="account")
    state = AccountState(found)
    raise IllegalTransition(
        from_state=state.value, to_state=to_state.value, allowed=tuple(each.value for each in MOVES[state])
    )


def _refuse_self(actor: Actor, account_id: str) -> None:
    if account_id == actor.account_id:
        raise Forbidden
