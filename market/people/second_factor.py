"""The second factor of staff: an authenticator app (TOTP, RFC 6238), and codes on paper for when it is lost."""

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime

import pyotp
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel

from market.kernel import audit
from market.kernel.errors import Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require
from market.kernel.sealing import Sealer
from market.people.attempts import count_attempt
from market.people.devices import revoke_step
from market.people.errors import SecondFactorHeld, WrongSecondFactor
from market.people.passwords import checked_password
from market.people.rules import Counted, RevokedFor
from market.people.tables import TOTP, Account, Device, RecoveryCode, SecondFactor

ISSUER = "数字乡村集市"
"""What the authenticator app calls us."""
RECOVERY_CODES = 10
STEPS_AROUND = 1
"""A code of the step before or after counts too: phones' clocks differ, and typing takes time (RFC 6238 §5.2)."""

_FACTORS = SQLModel.metadata.tables[str(SecondFactor.__tablename__)]
_CODES = SQLModel.metadata.tables[str(RecoveryCode.__tablename__)]
_DEVICES = SQLModel.metadata.tables[str(Device.__tablename__)]
_NEW = insert(_FACTORS)
_REPLACED = {name: _NEW.excluded[name] for name in ("secret_sealed", "confirmed_at", "last_step")}
_ENROL = _NEW.on_conflict_do_update(
    index_elements=[_FACTORS.c.account_id], set_=_REPLACED, where=_FACTORS.c.confirmed_at.is_(None)
).returning(_FACTORS.c.account_id)
_OF_ACCOUNT = sa.select(_FACTORS).where(_FACTORS.c.account_id == sa.bindparam("of_account"))
_USE_STEP = (
    sa.update(_FACTORS)
    .where(_FACTORS.c.account_id == sa.bindparam("of_account"), _FACTORS.c.last_step < sa.bindparam("step"))
    .values(last_step=sa.bindparam("step"))
    .returning(_FACTORS.c.account_id)
)
_CONFIRM = (
    sa.update(_FACTORS)
    .where(_FACTORS.c.account_id == sa.bindparam("of_account"), _FACTORS.c.confirmed_at.is_(None))
    .values(confirmed_at=sa.bindparam("at"))
    .returning(_FACTORS.c.account_id)
)
_USE_CODE = (
    sa.update(_CODES)
    .where(
        _CODES.c.account_id == sa.bindparam("of_account"),
        _CODES.c.code_digest == sa.bindparam("of_code"),
        _CODES.c.used_at.is_(None),
    )
    .values(used_at=sa.bindparam("at"))
    .returning(_CODES.c.account_id)
)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the authenticator app needs, shown once."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    """`otpauth://totp/…`, to be shown as a QR code."""


def enrol_second_factor(market: Market, actor: Actor, *, password: str) -> Enrolment:
    """Begin a second factor of one's own: it counts once `confirm_second_factor` has seen a code of it.

    The password is asked again: a phone number alone (a stolen SIM) must not become staff. Refuses: NotSignedIn;
    WrongPassword; TooManyAttempts; SecondFactorHeld.
    """
    require(actor, Permission.PROFILE_MANAGE, owner_id=actor.account_id)
    account_id = str(actor.account_id)
    held = checked_password(market, account_id, password)
    secret = pyotp.random_base32()
    row = _row(market.sealer, account_id, secret, confirmed_at=None)
    with market.transaction() as session:
        if session.execute(_ENROL, row).first() is None:
            raise SecondFactorHeld
        audit.record(session, actor, action="second_factor.enrol", subject=account_id, now=market.now())
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=held.login_name, issuer_name=ISSUER))


def confirm_second_factor(market: Market, actor: Actor, *, code: str) -> tuple[str, ...]:
    """Put a begun second factor in force by a code of it; ten recovery codes, shown once. Staff roles count from the
    next sign-in with password and code on.

    Refuses: NotSignedIn; NotFound when none was begun; SecondFactorHeld; WrongSecondFactor; TooManyAttempts.
    """
    require(actor, Permission.PROFILE_MANAGE, owner_id=actor.account_id)
    account_id, now = str(actor.account_id), market.now()
    codes = tuple("-".join(_letters(4) for _ in range(4)) for _ in range(RECOVERY_CODES))
    with market.transaction() as session:
        count_attempt(session, market.sealer, Counted.SECOND_FACTOR_OF_ACCOUNT, account_id, now=now)
        factor = session.execute(_OF_ACCOUNT, {"of_account": account_id}).one_or_none()
        if factor is None:
            raise NotFound(field="secondFactor")
        if factor.confirmed_at is not None:
            raise SecondFactorHeld
        is_right = _use_step(session, market.sealer, factor, code, now)
        if is_right and session.execute(_CONFIRM, {"of_account": account_id, "at": now}).first() is not None:
            session.execute(sa.delete(_CODES).where(_CODES.c.account_id == account_id))
            rows = [{"account_id": account_id, "code_digest": _digest(market.sealer, each)} for each in codes]
            session.execute(sa.insert(_CODES), rows)
            audit.record(session, actor, action="second_factor.confirm", subject=account_id, now=now)
    if not is_right:
        raise WrongSecondFactor  # after the commit: the attempt counts
    return codes


def set_second_factor(market: Market, actor: Actor, *, account_id: str, secret: str) -> None:
    """Put a second factor in force whose secret is known already: a hardware token's seed, in base32.

    Refuses: Forbidden; NotFound; Invalid for what is no seed of 128 bits or more; SecondFactorHeld.
    """
    require(actor, Permission.PERSON_MANAGE)
    try:
        is_long_enough = len(pyotp.TOTP(secret).byte_secret()) >= 16
    except ValueError:
        is_long_enough = False
    if not is_long_enough:
        raise Invalid(
            field="secret", allowed="at least 26 letters A to Z and digits 2 to 7", allowed_zh="Base32 密钥，至少 26 位"
        )
    now = market.now()
    with market.transaction() as session:
        if session.get(Account, account_id) is None:
            raise NotFound(field="account")
        if session.execute(_ENROL, _row(market.sealer, account_id, secret, confirmed_at=now)).first() is None:
            raise SecondFactorHeld
        audit.record(session, actor, action="second_factor.set", subject=account_id, now=now)


def reset_second_factor(market: Market, actor: Actor, *, account_id: str) -> None:
    """Take away a lost second factor, so that another can be enrolled; the account is signed out everywhere.

    Refuses: Forbidden; NotFound when there is none.
    """
    require(actor, Permission.PERSON_MANAGE)
    now = market.now()
    with market.transaction() as session:
        gone = sa.delete(_FACTORS).where(_FACTORS.c.account_id == account_id).returning(_FACTORS.c.account_id)
        if session.execute(gone).first() is None:
            raise NotFound(field="account")
        session.execute(sa.delete(_CODES).where(_CODES.c.account_id == account_id))
        revoke_step(session, _DEVICES.c.account_id == account_id, RevokedFor.SECOND_FACTOR_RESET, now=now)
        audit.record(session, actor, action="second_factor.reset", subject=account_id, now=now)


def is_enrolled(session: Session, account_id: str) -> bool:
    """Step: whether an account has a second factor in force."""
    factor = session.execute(_OF_ACCOUNT, {"of_account": account_id}).one_or_none()
    return factor is not None and factor.confirmed_at is not None


def use_second_factor(session: Session, sealer: Sealer, *, account_id: str, code: str, now: datetime) -> bool:
    """Step: use a code of the authenticator or one of the recovery codes; whether it was right and unused.

    The attempt is counted: the caller must commit also when it was not. Refuses with TooManyAttempts.
    Guards: a step only counts when it is newer than the last one used; a recovery code's `used_at` is set once.
    """
    count_attempt(session, sealer, Counted.SECOND_FACTOR_OF_ACCOUNT, account_id, now=now)
    factor = session.execute(_OF_ACCOUNT, {"of_account": account_id}).one_or_none()
    if factor is None or factor.confirmed_at is None:
        return False
    if _use_step(session, sealer, factor, code, now):
        return True
    used = session.execute(_USE_CODE, {"of_account": account_id, "of_code": _digest(sealer, code), "at": now})
    return used.first() is not None


def _use_step(session: Session, sealer: Sealer, factor: sa.Row[tuple[object, ...]], code: str, now: datetime) -> bool:
    totp = pyotp.TOTP(sealer.open(factor.secret_sealed, purpose=TOTP))
    newest = int(now.timestamp()) // totp.interval
    given = "".join(code.split())
    for step in range(newest - STEPS_AROUND, newest + STEPS_AROUND + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), given.encode()):
            used = session.execute(_USE_STEP, {"of_account": factor.account_id, "step": step})
            return used.first() is not None
    return False


def _row(sealer: Sealer, account_id: str, secret: str, *, confirmed_at: datetime | None) -> dict[str, object]:
    sealed = sealer.seal(secret, purpose=TOTP)
    return {"account_id": account_id, "secret_sealed": sealed, "confirmed_at": confirmed_at, "last_step": 0}


def _letters(count: int) -> str:
    """Random letters and digits that cannot be mistaken for each other: five bits each."""
    return "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(count))


def _digest(sealer: Sealer, code: str) -> str:
    plain = "".join(each for each in code.upper() if each.isalnum())
    return sealer.digest(plain[:64], purpose="recovery_code.code")
