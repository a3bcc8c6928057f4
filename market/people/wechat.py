"""Signing in from the WeChat mini-program, and binding the number that WeChat vouches for."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel

from market.kernel import audit
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require
from market.kernel.sealing import Sealer
from market.people.attempts import count_attempt
from market.people.caller import Caller
from market.people.errors import PhoneHeld, PhoneTaken
from market.people.gateways.wechat import WeChat
from market.people.manage import open_step, phone_digest
from market.people.rules import Counted, IdentityProvider, SignInMethod, network_of
from market.people.sign_in import let_in_step, settled
from market.people.tables import OPENID, PHONE, Account, Identity
from market.people.tokens import SignedIn

_IDENTITIES = SQLModel.metadata.tables[str(Identity.__tablename__)]
_KNOWN = sa.select(_IDENTITIES.c.account_id).where(
    _IDENTITIES.c.provider == IdentityProvider.WECHAT, _IDENTITIES.c.subject_digest == sa.bindparam("of_subject")
)
_ADD = insert(_IDENTITIES).on_conflict_do_nothing().returning(_IDENTITIES.c.account_id)
_ACCOUNTS = SQLModel.metadata.tables[str(Account.__tablename__)]


async def sign_in_with_wechat(
    market: Market, wechat: WeChat, caller: Caller, *, code: str, phone_code: str | None = None
) -> SignedIn:
    """Sign in with the code that `wx.login` gave the mini-program.

    `phone_code` is what `getPhoneNumber` gave it (another code): somebody WeChat sends for the first time is then let in
    to the account of that number, or to a new one. Open to everybody. Refuses: WeChatRefused; AccountBlocked;
    TooManyAttempts; Unavailable while WeChat cannot be asked.
    """
    await market.run(_count, market, caller)
    openid = await wechat.openid(code)
    phone = None if phone_code is None else await wechat.phone(phone_code)
    return await market.run(let_in_by_openid, market, caller, openid=openid, phone=phone)


async def bind_wechat_phone(market: Market, wechat: WeChat, actor: Actor, caller: Caller, *, phone_code: str) -> None:
    """Bind the number that `getPhoneNumber` gave the mini-program to one's own account, which has none yet.

    Refuses: what `bind_phone` refuses; WeChatRefused; TooManyAttempts; Unavailable while WeChat cannot be asked.
    """
    require(actor, Permission.PROFILE_MANAGE, owner_id=actor.account_id)
    await market.run(_count, market, caller)
    phone = await wechat.phone(phone_code)
    await market.run(bind_phone, market, actor, phone=phone)


def let_in_by_openid(market: Market, caller: Caller, *, openid: str, phone: str | None) -> SignedIn:
    """Sign in a person that WeChat vouches for, with the number it vouches for. Refuses with AccountBlocked.

    Guards: the primary key of `identity`. Two first sign-ins at once open one account.
    """
    now = market.now()
    with market.transaction() as session:
        account_id, is_new = account_of_openid(session, market.sealer, openid, phone, now)
        outcome = let_in_step(
            session, market, caller, account_id=account_id, method=SignInMethod.WECHAT, is_new=is_new, now=now
        )
    return settled(outcome)


def bind_phone(market: Market, actor: Actor, *, phone: str) -> None:
    """Give one's own account, which has none, a number (as `mobile` gives it) that it was shown to be theirs.

    Refuses: NotSignedIn; PhoneHeld; PhoneTaken. Once: the number it has already is left alone.
    """
    require(actor, Permission.PROFILE_MANAGE, owner_id=actor.account_id)
    now, digest = market.now(), phone_digest(market.sealer, phone)
    bound = (
        sa.update(_ACCOUNTS)
        .where(_ACCOUNTS.c.id == actor.account_id, _ACCOUNTS.c.phone_digest.is_(None))
        .values(phone_sealed=market.sealer.seal(phone, purpose=PHONE), phone_digest=digest)
        .returning(_ACCOUNTS.c.id)
    )
    held = sa.select(_ACCOUNTS.c.phone_digest).where(_ACCOUNTS.c.id == actor.account_id)
    try:
        with market.transaction() as session:
            if session.execute(bound).first() is not None:
                audit.record(session, actor, action="phone.bind", subject=str(actor.account_id), now=now)
            elif session.execute(held).scalar_one_or_none() != digest:
                raise PhoneHeld
    except sa.exc.IntegrityError as error:
        raise PhoneTaken from error


def _count(market: Market, caller: Caller) -> None:
    with market.transaction() as session:
        count_attempt(session, market.sealer, Counted.WECHAT_FROM_IP, network_of(caller.ip), now=market.now())


def account_of_openid(
    session: Session, sealer: Sealer, openid: str, phone: str | None, now: datetime
) -> tuple[str, bool]:
    """Step: the account that WeChat knows by this openid, made or bound when there is none; and whether it is new."""
    digest = sealer.digest(openid, purpose=OPENID)
    known = session.execute(_KNOWN, {"of_subject": digest}).scalar_one_or_none()
    if known is not None:
        return str(known), False
    account_id, is_new = open_step(session, sealer, name="", phone=phone, now=now)
    identity = {
        "provider": IdentityProvider.WECHAT,
        "subject_digest": digest,
        "subject_sealed": sealer.seal(openid, purpose=OPENID),
        "account_id": account_id,
        "created_at": now,
    }
    if session.execute(_ADD, identity).first() is not None:
        return account_id, is_new
    # Somebody was quicker with the same openid: theirs is the account, and the one opened here never was.
    if is_new:
        session.execute(sa.delete(_ACCOUNTS).where(_ACCOUNTS.c.id == account_id))
    return str(session.execute(_KNOWN, {"of_subject": digest}).scalar_one()), False
