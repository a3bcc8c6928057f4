"""Passwords, for staff: set by administrators, changed by whoever knows them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import SQLModel

from market.kernel import audit
from market.kernel.errors import NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require
from market.people.attempts import count_attempt
from market.people.devices import revoke_step
from market.people.errors import LoginNameTaken, WrongPassword
from market.people.hashing import hash_of, verified
from market.people.rules import Counted, RevokedFor, new_password, normal_login_name
from market.people.tables import Account, Device, PasswordHeld

_HELD = SQLModel.metadata.tables[str(PasswordHeld.__tablename__)]
_DEVICES = SQLModel.metadata.tables[str(Device.__tablename__)]


def set_password(market: Market, actor: Actor, *, account_id: str, login_name: str, password: str) -> None:
    """Give an account a log-in name and password, or others; it is signed out everywhere.

    Refuses: Forbidden; NotFound; Invalid; LoginNameTaken; Unavailable when too many passwords are being hashed.
    """
    require(actor, Permission.PERSON_MANAGE)
    name = normal_login_name(login_name)
    hashed, now = hash_of(new_password(password, login_name=name)), market.now()
    held = {"account_id": account_id, "login_name": name, "hash": hashed, "changed_at": now}
    new = insert(_HELD).values(held)
    kept = new.on_conflict_do_update(
        index_elements=[_HELD.c.account_id],
        set_={each: new.excluded[each] for each in ("login_name", "hash", "changed_at")},
    )
    try:
        with market.transaction() as session:
            if session.get(Account, account_id) is None:
                raise NotFound(field="account")
            session.execute(kept)
            revoke_step(session, _DEVICES.c.account_id == account_id, RevokedFor.PASSWORD_CHANGED, now=now)
            audit.record(session, actor, action="password.set", subject=account_id, now=now)
    except sa.exc.IntegrityError as error:
        raise LoginNameTaken from error


def change_password(market: Market, actor: Actor, *, current: str, new: str, keep_device_id: str | None = None) -> None:
    """Change one's own password; every device is signed out but the one to keep.

    Refuses: NotSignedIn; WrongPassword, also when there is none; TooManyAttempts; Invalid for a new one that will not do.
    Guards: the hash that was compared must still be the one there.
    """
    require(actor, Permission.PROFILE_MANAGE, owner_id=actor.account_id)
    held = checked_password(market, str(actor.account_id), current)
    hashed, now = hash_of(new_password(new, login_name=held.login_name)), market.now()
    replaced = (
        sa.update(_HELD)
        .where(_HELD.c.account_id == actor.account_id, _HELD.c.hash == held.hash)
        .values(hash=hashed, changed_at=now)
        .returning(_HELD.c.account_id)
    )
    with market.transaction() as session:
        if session.execute(replaced).first() is None:
            raise WrongPassword
        others = sa.and_(_DEVICES.c.account_id == actor.account_id, _DEVICES.c.id != (keep_device_id or ""))
        revoke_step(session, others, RevokedFor.PASSWORD_CHANGED, now=now)
        audit.record(session, actor, action="password.change", subject=str(actor.account_id), now=now)


def checked_password(market: Market, account_id: str, password: str) -> PasswordHeld:
    """What an account's password is kept as, when this is the password; before anything that a borrowed device must not
    do. Refuses: WrongPassword, also when the account has none; TooManyAttempts, counted with those of signing in."""
    with market.transaction() as session:
        held = session.get(PasswordHeld, account_id)
        if held is None:
            raise WrongPassword
        count_attempt(session, market.sealer, Counted.PASSWORD_OF_NAME, held.login_name, now=market.now())
    if not verified(held.hash, password):
        raise WrongPassword
    return held
