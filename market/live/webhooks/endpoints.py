"""Use cases of an organisation's owners: make endpoints, change, renew their secrets, send something once more."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, func, select

from market.kernel import audit
from market.kernel.errors import Invalid, LimitReached, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.ids import new_id, require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, Reach, reach
from market.live.webhooks.address import Policy, check_url
from market.live.webhooks.rules import (
    ENDPOINTS_MAX,
    OLD_SECRET_LIFE,
    TOPICS,
    WebhookDeliveryState,
    WebhookDisabledFor,
    WebhookState,
)
from market.live.webhooks.sign import new_secret
from market.live.webhooks.tables import SECRET, WebhookDelivery, WebhookEndpoint

_DELIVERIES = SQLModel.metadata.tables[str(WebhookDelivery.__tablename__)]
_NOTE_MAX = 200


@dataclass(frozen=True, slots=True)
class EndpointDraft:
    """An endpoint to make."""

    organisation_id: str
    url: str
    topics: Sequence[str]
    note: str = ""


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """What is to be different of an endpoint; None leaves it as it is."""

    url: str | None = None
    topics: Sequence[str] | None = None
    note: str | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True)
class EndpointSecret:
    """An endpoint, with the secret that its receiver checks signatures with."""

    endpoint_id: str
    secret: str = field(repr=False)


def create_endpoint(
    market: Market, actor: Actor, draft: EndpointDraft, *, policy: Policy, idempotency_key: str
) -> EndpointSecret:
    """Make an endpoint; its secret is told now and in answers to the same key, and never after.

    Refuses: NotSignedIn; Forbidden; NotFound for a foreign or unknown organisation; Invalid for an address or topics
    that cannot be; LimitReached beyond ten. Once, by the key.
    """
    mine = reach(actor, Permission.KEY_MANAGE)
    if not mine.covers(organisation_id=draft.organisation_id):
        raise NotFound(field="organisation")
    check_url(draft.url, policy)
    topics, note = _topics(draft.topics), _note(draft.note)
    asked = {"organisation": draft.organisation_id, "url": draft.url, "topics": topics, "note": note}
    with market.transaction() as session:

        def make() -> str:
            return _make(session, market, actor, {**asked, "topics": topics})

        key = _key(actor, "createWebhookEndpoint", idempotency_key, asked)
        endpoint_id = once(session, key, make, now=market.now(), dump=str, load=str)
        endpoint = _mine(session, mine, endpoint_id)
        return EndpointSecret(endpoint_id, market.sealer.open(endpoint.secret_sealed, purpose=SECRET))


def update_endpoint(market: Market, actor: Actor, *, endpoint_id: str, change: EndpointChange, policy: Policy) -> None:
    """Change an endpoint. Switched off, it is told nothing of what happens meanwhile; switched on, it starts anew, and
    what still waits is sent. Refuses: Forbidden; NotFound; Invalid."""
    mine = reach(actor, Permission.KEY_MANAGE)
    with market.transaction() as session:
        endpoint = _mine(session, mine, endpoint_id)
        before = _facts(endpoint)
        if change.url is not None:
            endpoint.url = check_url(change.url, policy)
        if change.topics is not None:
            endpoint.topics = _topics(change.topics)
        if change.note is not None:
            endpoint.note = _note(change.note)
        if change.is_active is not None:
            endpoint.state = WebhookState.ACTIVE if change.is_active else WebhookState.DISABLED
            endpoint.disabled_for = None if change.is_active else WebhookDisabledFor.OWNER
            endpoint.failures, endpoint.failing_since, endpoint.paused_until = 0, None, None
        session.add(endpoint)
        session.flush()
        _record(session, market, actor, endpoint, "webhook.update", before=before, after=_facts(endpoint))


def rotate_secret(market: Market, actor: Actor, *, endpoint_id: str, idempotency_key: str) -> EndpointSecret:
    """Give an endpoint a new secret. For a day messages are signed with the old one as well, so that its receiver can
    change over. Refuses: Forbidden; NotFound. Once, by the key."""
    mine = reach(actor, Permission.KEY_MANAGE)
    with market.transaction() as session:
        endpoint = _mine(session, mine, endpoint_id)

        def rotate() -> str:
            endpoint.old_secret_sealed = endpoint.secret_sealed
            endpoint.old_secret_until = market.now() + OLD_SECRET_LIFE
            endpoint.secret_sealed = market.sealer.seal(new_secret(), purpose=SECRET)
            session.add(endpoint)
            session.flush()
            _record(session, market, actor, endpoint, "webhook.rotate")
            return endpoint_id

        key = _key(actor, "rotateWebhookSecret", idempotency_key, {"endpoint": endpoint_id})
        once(session, key, rotate, now=market.now(), dump=str, load=str)
        return EndpointSecret(endpoint_id, market.sealer.open(endpoint.secret_sealed, purpose=SECRET))


def delete_endpoint(market: Market, actor: Actor, *, endpoint_id: str) -> None:
    """Forget an endpoint with all that was or was to be sent to it. Refuses: Forbidden; NotFound."""
    mine = reach(actor, Permission.KEY_MANAGE)
    with market.transaction() as session:
        endpoint = _mine(session, mine, endpoint_id)
        session.execute(sa.delete(_DELIVERIES).where(_DELIVERIES.c.endpoint_id == endpoint_id))
        session.delete(endpoint)
        session.flush()
        _record(session, market, actor, endpoint, "webhook.delete", before=_facts(endpoint))


def redeliver(market: Market, actor: Actor, *, delivery_id: str) -> None:
    """Send a message once more, whether it arrived or was given up: with ten new tries and the same `webhook-id`, so
    that its receiver can tell. One that waits anyway is tried now. Refuses: Forbidden; NotFound."""
    mine = reach(actor, Permission.KEY_MANAGE)
    require_id(delivery_id, "whd", field="delivery")
    with market.transaction() as session:
        found = session.get(WebhookDelivery, delivery_id)
        if found is None:
            raise NotFound(field="delivery")
        endpoint = _mine(session, mine, found.endpoint_id, named="delivery")
        delivery = _DELIVERIES.c
        session.execute(
            sa.update(_DELIVERIES)
            .where(delivery.id == delivery_id)
            .values(
                state=WebhookDeliveryState.PENDING,
                attempts=0,
                available_at=market.now(),
                claimed_until=None,
                ended_at=None,
            )
        )
        endpoint.paused_until = None
        session.add(endpoint)
        session.flush()
        _record(session, market, actor, endpoint, "webhook.redeliver", after={"message": found.message_id})


def _make(session: Session, market: Market, actor: Actor, asked: dict[str, Any]) -> str:
    of = asked["organisation"]
    held = select(func.count()).select_from(WebhookEndpoint).where(WebhookEndpoint.organisation_id == of)
    if session.exec(held).one() >= ENDPOINTS_MAX:
        raise LimitReached(what="webhook endpoints", limit=ENDPOINTS_MAX)
    endpoint = WebhookEndpoint(
        id=new_id("whk"),
        organisation_id=of,
        url=asked["url"],
        note=asked["note"],
        topics=asked["topics"],
        secret_sealed=market.sealer.seal(new_secret(), purpose=SECRET),
        created_at=market.now(),
    )
    session.add(endpoint)
    session.flush()
    _record(session, market, actor, endpoint, "webhook.create", after=_facts(endpoint))
    return endpoint.id


def _mine(session: Session, mine: Reach, endpoint_id: str, *, named: str = "endpoint") -> WebhookEndpoint:
    """An endpoint of the actor's, its row locked; a foreign one is unknown."""
    endpoint = session.exec(
        select(WebhookEndpoint).where(col(WebhookEndpoint.id) == endpoint_id).with_for_update()
    ).first()
    if endpoint is None or not mine.covers(organisation_id=endpoint.organisation_id):
        raise NotFound(field=named)
    return endpoint


def _topics(given: Sequence[str]) -> list[str]:
    chosen = sorted(set(given))
    if not chosen or not set(chosen) <= set(TOPICS):
        raise Invalid(field="topics", allowed="at least one of the topics", allowed_zh="至少选择一个主题")
    return chosen


def _note(text: str) -> str:
    if len(text.strip()) > _NOTE_MAX:
        raise Invalid(field="note", allowed=f"at most {_NOTE_MAX} characters", allowed_zh=f"至多 {_NOTE_MAX} 字")
    return text.strip()


def _facts(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """For the audit trail. Of the address only the host: paths and queries may hold secrets."""
    host = endpoint.url.split("/")[2].rpartition("@")[2]
    return {"host": host, "topics": list(endpoint.topics), "state": endpoint.state}


def _key(actor: Actor, operation: str, key: str, asked: dict[str, Any]) -> IdempotencyKey:
    return IdempotencyKey.of(actor=str(actor.account_id), operation=operation, key=key, asked=asked)


def _record(
    session: Session,
    market: Market,
    actor: Actor,
    endpoint: WebhookEndpoint,
    action: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(
        session,
        actor,
        action=action,
        subject=endpoint.id,
        principal=endpoint.organisation_id,
        before=before,
        after=after,
        now=market.now(),
    )
