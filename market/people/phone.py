"""Another number in place of the one an account signs in with.

Whoever holds a borrowed or stolen device must not take the account along: besides a code sent to the new number it
takes one sent to the old number, or, when that is lost, password and second factor.
"""

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.kernel import audit
from market.kernel.errors import MarketError, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require
from market.kernel.phones import mobile
from market.people.attempts import count_attempt
from market.people.caller import Caller
from market.people.codes import use_codes
from market.people.devices import revoke_step
from market.people.errors import PhoneTaken, WrongCode, WrongSecondFactor
from market.people.manage import phone_digest
from market.people.passwords import checked_password
from market.people.rules import AccountState, Counted, RevokedFor, network_of
from market.people.second_factor import use_second_factor
from market.people.tables import PHONE, Account, Device

_ACCOUNTS = SQLModel.metadata.tables[str(Account.__tablename__)]
_DEVICES = SQLModel.metadata.tables[str(Device.__tablename__)]


@dataclass(frozen=True, slots=True)
class OldNumber:
    """The code that was sent to the number the account has now."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StaffProof:
    """The account's password, and its second factor or a recovery code: for when the old number is lost."""

    password: str = field(repr=False)
    second_factor: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PhoneChange:
    """The number from now on, the code that was sent to it, and what shows that the account is one's own."""

    phone: str = field(repr=False)
    code: str = field(repr=False)
    proof: OldNumber | StaffProof


def change_phone(
    market: Market, caller: Caller, actor: Actor, change: PhoneChange, *, keep_device_id: str | None = None
) -> None:
    """Put another number in place of one's own; every device is signed out but the one to keep. With a StaffProof it is
    slow on purpose, as checking a password is.

    Refuses: NotSignedIn; Forbidden; Invalid for what is no mobile number; WrongCode when either code is, without saying
    which; WrongPassword; WrongSecondFactor; TooManyAttempts, counted with those of signing in; PhoneTaken, which only
    who holds the number is told.
    Once: the number it has already is left alone. Guards: the codes' rows, of which both are used or none; the number
    that was looked at must still be the one there; UNIQUE (phone_digest).
    """
    require(actor, Permission.PROFILE_MANAGE, owner_id=actor.account_id)
    account_id, number, now = str(actor.account_id), mobile(change.phone), market.now()
    if isinstance(change.proof, StaffProof):
        checked_password(market, account_id, change.proof.password)
    refusal: MarketError | None = None
    try:
        with market.transaction() as session:
            held = _held(session, account_id)
            if held.phone_digest == phone_digest(market.sealer, number):
                return
            count_attempt(session, market.sealer, Counted.CODE_TRY_FROM_IP, network_of(caller.ip), now=now)
            refusal = _refusal(session, market, account_id, held.phone_sealed, change)
            if refusal is None:
                _replace(session, market, account_id, held.phone_digest, number)
                others = sa.and_(_DEVICES.c.account_id == account_id, _DEVICES.c.id != (keep_device_id or ""))
                revoke_step(session, others, RevokedFor.REVOKED, now=now)
                audit.record(session, actor, action="phone.change", subject=account_id, now=now)
    except sa.exc.IntegrityError as error:
        raise PhoneTaken from error
    if refusal is not None:
        raise refusal  # after the commit: the attempts count


def _held(session: Session, account_id: str) -> sa.Row[tuple[str | None, str | None]]:
    """What the account signs in with now. Its row is held, so that of two changes at once one sees the other's."""
    found = session.execute(
        sa.select(_ACCOUNTS.c.phone_digest, _ACCOUNTS.c.phone_sealed)
        .where(_ACCOUNTS.c.id == account_id, _ACCOUNTS.c.state == AccountState.ACTIVE)
        .with_for_update(key_share=True)
    ).one_or_none()
    if found is None:
        raise NotSignedIn
    return found


def _refusal(
    session: Session, market: Market, account_id: str, old: str | None, change: PhoneChange
) -> MarketError | None:
    """Why not, or None when all that was shown is right and now used up. `old` is the number now, sealed."""
    now, given = market.now(), {mobile(change.phone): change.code}
    if isinstance(change.proof, StaffProof):
        code = change.proof.second_factor
        if not use_second_factor(session, market.sealer, account_id=account_id, code=code, now=now):
            return WrongSecondFactor()
    elif old is None:
        return WrongCode()
    else:
        given[market.sealer.open(old, purpose=PHONE)] = change.proof.code
    return None if use_codes(session, market.sealer, given, now=now) else WrongCode()


def _replace(session: Session, market: Market, account_id: str, before: str | None, number: str) -> None:
    replaced = (
        sa.update(_ACCOUNTS)
        .where(_ACCOUNTS.c.id == account_id, _ACCOUNTS.c.phone_digest.is_not_distinct_from(before))
        .values(
            phone_sealed=market.sealer.seal(number, purpose=PHONE), phone_digest=phone_digest(market.sealer, number)
        )
        .returning(_ACCOUNTS.c.id)
    )
    session.execute(replaced).one()
