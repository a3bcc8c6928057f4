"""Signing in: by a code sent to a phone, by WeChat, by password. Read `sign_in_with_code` first.

What was shown is used up, and attempts are counted, also when the sign-in is refused: so refusals are raised after the
commit, not within it.
"""

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, select

from market.kernel import audit
from market.kernel.errors import MarketError
from market.kernel.market import Market
from market.kernel.phones import mobile
from market.people.actors import actor_of
from market.people.attempts import count_attempt
from market.people.caller import Caller
from market.people.codes import use_code
from market.people.errors import AccountBlocked, SecondFactorNeeded, WrongCode, WrongPassword, WrongSecondFactor
from market.people.hashing import hash_of, is_outdated, verified
from market.people.manage import open_step
from market.people.rules import AccountState, Counted, SignInMethod, network_of, normal_login_name
from market.people.second_factor import is_enrolled, use_second_factor
from market.people.tables import Account, PasswordHeld
from market.people.tokens import SignedIn, sign_in_step

_HELD = SQLModel.metadata.tables[str(PasswordHeld.__tablename__)]


def sign_in_with_code(market: Market, caller: Caller, *, phone: str, code: str) -> SignedIn:
    """Sign in with the code that was sent to a number; a number nobody has opens an account.

    Open to everybody. Refuses: Invalid for what is no mobile number; WrongCode; AccountBlocked; TooManyAttempts.
    Guards: the code's row, see `use_code`; UNIQUE (phone_digest), see `open_step`.
    """
    number, now = mobile(phone), market.now()
    outcome: SignedIn | MarketError = WrongCode()
    with market.transaction() as session:
        count_attempt(session, market.sealer, Counted.CODE_TRY_FROM_IP, network_of(caller.ip), now=now)
        if use_code(session, market.sealer, phone=number, code=code, now=now):
            account_id, is_new = open_step(session, market.sealer, name="", phone=number, now=now)
            outcome = let_in_step(
                session, market, caller, account_id=account_id, method=SignInMethod.PHONE, is_new=is_new, now=now
            )
    return settled(outcome)


def sign_in_with_password(
    market: Market, caller: Caller, *, login_name: str, password: str, second_factor: str | None = None
) -> SignedIn:
    """Sign in with log-in name and password, and a code of the authenticator (or a recovery code) where there is one.

    Open to everybody, and slow on purpose: run it where waiting harms nobody. Only with a second factor is the device
    strong, so that staff roles count. Refuses: WrongPassword, for unknown names alike and in the same time;
    SecondFactorNeeded; WrongSecondFactor; AccountBlocked; TooManyAttempts by name (5 in 5 minutes) and network;
    Unavailable when too many passwords are being checked.
    """
    name, now = normal_login_name(login_name), market.now()
    with market.transaction() as session:
        count_attempt(session, market.sealer, Counted.PASSWORD_OF_NAME, name, now=now)
        count_attempt(session, market.sealer, Counted.PASSWORD_FROM_IP, network_of(caller.ip), now=now)
        held = session.exec(select(PasswordHeld).where(PasswordHeld.login_name == name)).first()
    if not verified(held.hash if held else None, password) or held is None:
        raise WrongPassword
    rehashed = hash_of(password) if is_outdated(held.hash) else None
    with market.transaction() as session:
        if rehashed is not None:
            same = (_HELD.c.account_id == held.account_id, _HELD.c.hash == held.hash)
            session.execute(sa.update(_HELD).where(*same).values(hash=rehashed))
        outcome = _after_password(session, market, caller, held.account_id, second_factor, now=now)
    return settled(outcome)


def _after_password(
    session: Session, market: Market, caller: Caller, account_id: str, second_factor: str | None, *, now: datetime
) -> SignedIn | MarketError:
    is_strong = is_enrolled(session, account_id)
    if is_strong and not second_factor:
        return SecondFactorNeeded()
    if is_strong and not use_second_factor(
        session, market.sealer, account_id=account_id, code=str(second_factor), now=now
    ):
        return WrongSecondFactor()
    return let_in_step(
        session, market, caller, account_id=account_id, method=SignInMethod.PASSWORD, is_strong=is_strong, now=now
    )


def let_in_step(
    session: Session,
    market: Market,
    caller: Caller,
    *,
    account_id: str,
    method: SignInMethod,
    now: datetime,
    is_strong: bool = False,
    is_new: bool = False,
) -> SignedIn | MarketError:
    """Step: a device of an account that has shown who it is; or the refusal, to be raised after the commit."""
    state = session.exec(select(Account.state).where(Account.id == account_id)).one()
    if state is not AccountState.ACTIVE:
        return AccountBlocked()
    signed_in = sign_in_step(
        session,
        market.sealer,
        caller,
        account_id=account_id,
        method=method,
        is_strong=is_strong,
        is_new=is_new,
        now=now,
    )
    if is_new or is_strong:
        # Every account's beginning and every sign-in of staff is on record; the rest is in the list of devices.
        action = "account.open" if is_new else "sign_in.strong"
        who = replace(actor_of(session, account_id), request_id=caller.request_id)
        audit.record(session, who, action=action, subject=account_id, now=now)
    return signed_in


def settled(outcome: SignedIn | MarketError) -> SignedIn:
    """The sign-in, or raises the refusal: for after the commit."""
    if isinstance(outcome, MarketError):
        raise outcome
    return outcome
