"""API keys: another system acts for an organisation, with some of its owner's permissions, for a while.

A key is `mk_live_` and 256 bits; its SHA-256 is kept. It is derived from its id (HMAC-SHA-256), so that a retry of the
mutation that made it can be answered without keeping it.
"""

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, func, select

from market.kernel import audit
from market.kernel.errors import LimitReached, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.ids import new_id, require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach, require
from market.kernel.sealing import Sealer
from market.people.rules import KEYS_MAX, check_key
from market.people.tables import ApiKey
from market.people.tokens import KEY_PREFIX, hashed

_KEYS = SQLModel.metadata.tables[str(ApiKey.__tablename__)]


@dataclass(frozen=True, slots=True)
class KeyDraft:
    """A key to make."""

    organisation_id: str
    name: str
    scopes: frozenset[Permission]
    expires_in_days: int


@dataclass(frozen=True, slots=True)
class KeyMade:
    """A key, with the one text that is not kept."""

    key_id: str
    secret: str = field(repr=False)


def create_key(market: Market, actor: Actor, draft: KeyDraft, *, idempotency_key: str) -> KeyMade:
    """Make an API key for an organisation; the only time its text is shown.

    Refuses: NotSignedIn; Forbidden; Invalid for a name, scopes or a life that cannot be; LimitReached beyond twenty keys
    that work. Once: the same idempotency key gives the same API key.
    """
    require(actor, Permission.KEY_MANAGE, organisation_id=draft.organisation_id)
    check_key(name=draft.name, scopes=draft.scopes, days=draft.expires_in_days)
    now = market.now()
    asked = {
        "organisation": draft.organisation_id,
        "name": draft.name,
        "scopes": sorted(draft.scopes),
        "days": draft.expires_in_days,
    }
    key = IdempotencyKey.of(actor=str(actor.account_id), operation="createApiKey", key=idempotency_key, asked=asked)
    with market.transaction() as session:

        def make() -> str:
            return _make(session, market.sealer, actor, draft, now)

        key_id = once(session, key, make, now=now, dump=str, load=str)
    return KeyMade(key_id, _secret(market.sealer, key_id))


def _make(session: Session, sealer: Sealer, actor: Actor, draft: KeyDraft, now: datetime) -> str:
    works = (
        ApiKey.organisation_id == draft.organisation_id,
        col(ApiKey.revoked_at).is_(None),
        col(ApiKey.expires_at) > now,
    )
    if session.exec(select(func.count()).select_from(ApiKey).where(*works)).one() >= KEYS_MAX:
        raise LimitReached(what="API keys", limit=KEYS_MAX)
    key_id = new_id("key")
    session.add(
        ApiKey(
            id=key_id,
            organisation_id=draft.organisation_id,
            name=draft.name.strip(),
            scopes=sorted(draft.scopes),
            secret_digest=hashed(_secret(sealer, key_id)),
            created_by=str(actor.account_id),
            created_at=now,
            expires_at=now + timedelta(days=draft.expires_in_days),
        )
    )
    session.flush()
    audit.record(
        session,
        actor,
        action="key.create",
        subject=key_id,
        principal=draft.organisation_id,
        after={"scopes": sorted(draft.scopes), "days": draft.expires_in_days},
        now=now,
    )
    return key_id


def revoke_key(market: Market, actor: Actor, *, key_id: str) -> None:
    """End an API key: it is refused from the next request on.

    Refuses: NotSignedIn; Forbidden; InvalidId; NotFound for a key that is unknown, another organisation's, or ended.
    """
    opened = reach(actor, Permission.KEY_MANAGE)
    require_id(key_id, "key", field="key")
    now = market.now()
    mine = sa.true() if opened.is_all else _KEYS.c.organisation_id.in_(sorted(opened.organisation_ids))
    ended = (
        sa.update(_KEYS)
        .where(_KEYS.c.id == key_id, mine, _KEYS.c.revoked_at.is_(None))
        .values(revoked_at=now, revoked_by=actor.account_id)
        .returning(_KEYS.c.organisation_id)
    )
    with market.transaction() as session:
        organisation_id = session.execute(ended).scalar_one_or_none()
        if organisation_id is None:
            raise NotFound(field="key")
        audit.record(session, actor, action="key.revoke", subject=key_id, principal=organisation_id, now=now)


def list_keys(market: Market, actor: Actor, *, organisation_id: str) -> Sequence[ApiKey]:
    """An organisation's keys, the newest first, those that ended too. Refuses: NotSignedIn; Forbidden."""
    require(actor, Permission.KEY_MANAGE, organisation_id=organisation_id)
    with market.read() as session:
        newest = col(ApiKey.id).desc()
        return session.exec(select(ApiKey).where(ApiKey.organisation_id == organisation_id).order_by(newest)).all()


def _secret(sealer: Sealer, key_id: str) -> str:
    raw = hmac.new(sealer.key("api-key"), key_id.encode(), sha256).digest()
    return KEY_PREFIX + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
