"""From a request's credential to an actor: the access token of a device, or an API key.

One statement each time, and nothing remembered between requests: a device that was signed out, a key that was revoked,
a role that was taken away do not count from the next request on.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.kernel.errors import Language, NotFound, Unavailable
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Permission, Role
from market.people.errors import SignInExpired
from market.people.rules import SEEN_EVERY, AccountState
from market.people.tables import Account, ApiKey, Device, RoleHeld
from market.people.tokens import KEY_PREFIX, hashed, read_access_token

_TABLES = SQLModel.metadata.tables
_ACCOUNTS, _ROLES = _TABLES[str(Account.__tablename__)], _TABLES[str(RoleHeld.__tablename__)]
_DEVICES, _KEYS = _TABLES[str(Device.__tablename__)], _TABLES[str(ApiKey.__tablename__)]

_HELD = (_ROLES.c.role, _ROLES.c.organisation_id, _ROLES.c.region_code)
_WITH_ROLES = _ACCOUNTS.outerjoin(_ROLES, _ROLES.c.account_id == _ACCOUNTS.c.id)
_OF_ACCOUNT = sa.select(*_HELD).select_from(_WITH_ROLES).where(_ACCOUNTS.c.id == sa.bindparam("of_account"))
_OF_DEVICE = (
    sa.select(_DEVICES.c.is_strong, *_HELD)
    .select_from(_WITH_ROLES.join(_DEVICES, _DEVICES.c.account_id == _ACCOUNTS.c.id))
    .where(
        _DEVICES.c.id == sa.bindparam("of_device"),
        _DEVICES.c.revoked_at.is_(None),
        _DEVICES.c.expires_at > sa.bindparam("at"),
        _ACCOUNTS.c.id == sa.bindparam("of_account"),
        _ACCOUNTS.c.state == AccountState.ACTIVE,
    )
)
_OF_KEY = sa.select(_KEYS.c.id, _KEYS.c.organisation_id, _KEYS.c.scopes, _KEYS.c.last_used_at).where(
    _KEYS.c.secret_digest == sa.bindparam("of_secret"),
    _KEYS.c.revoked_at.is_(None),
    _KEYS.c.expires_at > sa.bindparam("at"),
)


def actor_for(market: Market, credential: str, *, request_id: str, locale: Language) -> Actor:
    """The actor of an access token or API key, or refuses with SignInExpired: malformed, expired, revoked, blocked.

    Staff and administrator roles count only on a device that signed in by password and second factor. A key acts as an
    owner of its organisation, limited to its scopes.
    """
    found = _key_actor(market, credential) if credential.startswith(KEY_PREFIX) else _device_actor(market, credential)
    return replace(found, request_id=request_id, locale=locale)


def device_of(market: Market, credential: str) -> str | None:
    """The device that an access token was given to; None for an API key. Refuses with SignInExpired."""
    if credential.startswith(KEY_PREFIX):
        return None
    return read_access_token(market.sealer, credential, now=market.now()).device_id


def actor_of(session: Session, account_id: str) -> Actor:
    """Step: the account as an actor, with all its roles. Refuses with NotFound."""
    rows = session.execute(_OF_ACCOUNT, {"of_account": account_id}).all()
    if not rows:
        raise NotFound(field="account")
    return _actor(account_id, rows, is_strong=True)


def _device_actor(market: Market, token: str) -> Actor:
    now = market.now()
    claims = read_access_token(market.sealer, token, now=now)
    with market.read() as session:
        rows = session.execute(
            _OF_DEVICE, {"of_device": claims.device_id, "of_account": claims.account_id, "at": now}
        ).all()
    if not rows:
        raise SignInExpired
    return _actor(claims.account_id, rows, is_strong=rows[0].is_strong)


def _key_actor(market: Market, secret: str) -> Actor:
    now = market.now()
    with market.read() as session:
        key = session.execute(_OF_KEY, {"of_secret": hashed(secret), "at": now}).one_or_none()
    if key is None:
        raise SignInExpired
    if key.last_used_at is None or now - key.last_used_at >= SEEN_EVERY:
        # A full disk must not stop reads: that it was used is written the next time.
        with suppress(Unavailable):
            _note_used(market, key.id, now)
    return Actor(
        ActorKind.MEMBER,
        key.id,
        organisations={key.organisation_id: frozenset({Role.OWNER})},
        limits=frozenset(Permission(scope) for scope in key.scopes),
    )


def _note_used(market: Market, key_id: str, now: datetime) -> None:
    is_stale = sa.or_(_KEYS.c.last_used_at.is_(None), _KEYS.c.last_used_at <= now - SEEN_EVERY)
    with market.transaction() as session:
        session.execute(sa.update(_KEYS).where(_KEYS.c.id == key_id, is_stale).values(last_used_at=now))


def _actor(account_id: str, held: Iterable[Any], *, is_strong: bool) -> Actor:
    """An account with the roles it holds; those of staff only when its device is strong."""
    organisations: dict[str, set[Role]] = {}
    staff, regions, is_admin = set(), set(), False
    for each in held:
        if each.organisation_id is not None:
            organisations.setdefault(each.organisation_id, set()).add(each.role)
        elif each.region_code is not None and is_strong:
            staff.add(each.role)
            regions.add(each.region_code)
        elif each.role == Role.ADMIN and is_strong:
            is_admin = True
    kind = ActorKind.MEMBER if organisations else ActorKind.CUSTOMER
    if staff:
        kind = ActorKind.STAFF
    if is_admin:
        kind = ActorKind.ADMIN
    return Actor(
        kind,
        account_id,
        organisations={each: frozenset(roles) for each, roles in organisations.items()},
        staff_roles=frozenset(staff) if kind is ActorKind.STAFF else frozenset(),
        region_codes=frozenset(regions) if kind is ActorKind.STAFF else frozenset(),
    )
