"""What a signed-in device holds: an access token for fifteen minutes, and a refresh token for the next one.

The access token is a JWT (RFC 7519, HS256) that names account and device; the device's row is looked at on every
request, so that a revoked one is out at once. The refresh token is opaque: the device's family, then 256 bits that are
new each time. Only hashes of both are kept. An old token that comes back was stolen or leaked (RFC 9700 §4.14.2): its
family ends. Only the one just before may come back for ten seconds, and then gets the same answer again: the next token
is derived from the one before it (HMAC-SHA-256), so nothing needs to be kept for that.
"""

import base64
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.kernel.ids import new_id
from market.kernel.market import Market
from market.kernel.sealing import Sealer
from market.people.caller import Caller
from market.people.devices import revoke_step
from market.people.errors import SignInExpired
from market.people.rules import (
    ACCESS_LIFE,
    REFRESH_GRACE,
    REFRESH_LIFE,
    SEEN_EVERY,
    AccountState,
    RevokedFor,
    SignInMethod,
    is_over,
)
from market.people.tables import Account, Device

KEY_PREFIX = "mk_live_"
"""What API keys begin with, so that scanners find one that got into a repository."""
_ALGORITHM = "HS256"
_LENGTH_MAX = 1024
"""Of a credential; ours have some 250 characters."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a sign-in or a refresh gives. The tokens are shown to nobody but the person's device."""

    account_id: str
    device_id: str
    is_strong: bool
    """Whether staff roles count: after password and second factor."""
    access_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime
    is_new: bool = False
    """Whether this sign-in opened the account."""


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token says."""

    account_id: str
    device_id: str


_ACCOUNTS = SQLModel.metadata.tables[str(Account.__tablename__)]
_DEVICES = SQLModel.metadata.tables[str(Device.__tablename__)]
_ACTIVE = sa.select(_ACCOUNTS.c.id).where(_ACCOUNTS.c.state == AccountState.ACTIVE)
_ROTATE = (
    sa.update(_DEVICES)
    .where(
        _DEVICES.c.family_digest == sa.bindparam("of_family"),
        _DEVICES.c.refresh_digest == sa.bindparam("of_token"),
        _DEVICES.c.revoked_at.is_(None),
        _DEVICES.c.expires_at > sa.bindparam("at"),
        _DEVICES.c.account_id.in_(_ACTIVE),
    )
    .values(
        previous_digest=_DEVICES.c.refresh_digest,
        refresh_digest=sa.bindparam("next_digest"),
        rotated_at=sa.bindparam("at"),
        expires_at=sa.bindparam("until"),
        last_seen_at=sa.case(
            (_DEVICES.c.last_seen_at <= sa.bindparam("stale"), sa.bindparam("at")), else_=_DEVICES.c.last_seen_at
        ),
    )
    .returning(_DEVICES.c.id, _DEVICES.c.account_id, _DEVICES.c.is_strong, _DEVICES.c.expires_at)
)
_FAMILY = sa.select(_DEVICES).where(
    _DEVICES.c.family_digest == sa.bindparam("of_family"),
    _DEVICES.c.revoked_at.is_(None),
    _DEVICES.c.expires_at > sa.bindparam("at"),
    _DEVICES.c.account_id.in_(_ACTIVE),
)


def sign_in_step(
    session: Session,
    sealer: Sealer,
    caller: Caller,
    *,
    account_id: str,
    method: SignInMethod,
    is_strong: bool,
    is_new: bool,
    now: datetime,
) -> SignedIn:
    """Step: let a device in for an account that has shown who it is; its tokens."""
    family, token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    device = Device(
        id=new_id("dev"),
        account_id=account_id,
        method=method,
        is_strong=is_strong,
        name=" ".join(caller.device_name.split())[:80],
        user_agent=caller.user_agent[:200],
        family_digest=hashed(family),
        refresh_digest=hashed(token),
        rotated_at=now,
        created_at=now,
        last_seen_at=now,
        expires_at=now + REFRESH_LIFE,
    )
    session.add(device)
    session.flush()
    return _signed_in(sealer, device, f"{family}.{token}", is_new=is_new, now=now)


def refresh(market: Market, *, refresh_token: str) -> SignedIn:
    """Give the next access token and refresh token for a refresh token, or refuse with SignInExpired.

    An old token that comes back ends its family: device and access tokens with it.
    Once: the token used last gives the same next one for ten seconds, so that a lost answer costs nobody their sign-in.
    Guards: the device's row, which holds the one token that can be used now.
    """
    now, sealer = market.now(), market.sealer
    family, _, token = refresh_token[:_LENGTH_MAX].partition(".")
    following = f"{family}.{_derived(sealer, refresh_token)}"
    values = {
        "of_family": hashed(family),
        "of_token": hashed(token),
        "next_digest": hashed(following.partition(".")[2]),
        "at": now,
        "until": now + REFRESH_LIFE,
        "stale": now - SEEN_EVERY,
    }
    with market.transaction() as session:
        device = session.execute(_ROTATE, values).one_or_none() or _again(session, values, now)
    if device is None:
        raise SignInExpired
    return _signed_in(sealer, device, following, now=now)


def _again(session: Session, values: Mapping[str, Any], now: datetime) -> sa.Row[Any] | None:
    """The device of a token that is not the one to use now: when it is the one just before, whose answer was lost. Any
    other token of a family ends it."""
    device = session.execute(_FAMILY, {"of_family": values["of_family"], "at": now}).one_or_none()
    if device is None:
        return None
    is_previous = hmac.compare_digest(device.previous_digest or "", values["of_token"])
    if is_previous and abs(now - device.rotated_at) <= REFRESH_GRACE:
        return device
    revoke_step(session, _DEVICES.c.id == device.id, RevokedFor.TOKEN_REUSED, now=now)
    return None


def read_access_token(sealer: Sealer, token: str, *, now: datetime) -> AccessClaims:
    """What an access token of ours says, or refuses with SignInExpired. Whether its device is still let in is another
    question."""
    import jwt  # noqa: PLC0415 - 4 MB that an idle server does without

    try:
        if len(token) > _LENGTH_MAX:
            raise SignInExpired
        # Times are compared with our clock below, not with the library's.
        claims = jwt.decode(
            token,
            _access_key(sealer),
            algorithms=[_ALGORITHM],
            options={"require": ["sub", "dev", "iat", "exp"], "verify_exp": False, "verify_iat": False},
        )
        made_at, ends_at = (datetime.fromtimestamp(int(claims[name]), UTC) for name in ("iat", "exp"))
        found = AccessClaims(str(claims["sub"]), str(claims["dev"]))
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, OSError) as error:
        raise SignInExpired from error
    if is_over(made_at=made_at, ends_at=ends_at, now=now):
        raise SignInExpired
    return found


def _signed_in(
    sealer: Sealer, device: Device | sa.Row[Any], refresh_token: str, *, now: datetime, is_new: bool = False
) -> SignedIn:
    import jwt  # noqa: PLC0415 - as above

    made_at = now.replace(microsecond=0)  # a JWT counts whole seconds
    expires_at = made_at + ACCESS_LIFE
    claims = {"sub": device.account_id, "dev": device.id, "iat": made_at, "exp": expires_at}
    return SignedIn(
        account_id=device.account_id,
        device_id=device.id,
        is_strong=device.is_strong,
        access_token=jwt.encode(claims, _access_key(sealer), algorithm=_ALGORITHM),
        access_expires_at=expires_at,
        refresh_token=refresh_token,
        refresh_expires_at=device.expires_at,
        is_new=is_new,
    )


def _access_key(sealer: Sealer) -> bytes:
    return sealer.key("access-token")


def _derived(sealer: Sealer, refresh_token: str) -> str:
    """The token that follows a token of its family: 256 bits that only we can tell."""
    raw = hmac.new(sealer.key("refresh-token"), refresh_token.encode(), sha256).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def hashed(secret: str) -> str:
    """What is kept of 256 random bits. They need no salt and no slow hash: nobody can try them all."""
    return sha256(secret.encode()).hexdigest()
