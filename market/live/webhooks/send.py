"""The worker's sending: what is due is claimed, sent outside any transaction, and what came of it is written down.

At least once, and of one endpoint the messages about one thing one after another. An endpoint that fails is left alone
for a while with all that waits for it, so that it neither is flooded nor keeps the others waiting.
"""

import asyncio
import json
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import Any

import httpx
import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.kernel import outbox
from market.kernel.errors import Invalid
from market.kernel.market import Market
from market.live.webhooks.address import Policy, Refused, Resolve, target_of
from market.live.webhooks.rules import (
    GIVEN_UP_AFTER,
    KEPT,
    WebhookDeliveryState,
    WebhookDisabledFor,
    WebhookState,
    next_try,
    pause,
)
from market.live.webhooks.sign import signatures
from market.live.webhooks.tables import SECRET, WebhookDelivery, WebhookEndpoint

DISABLED = "webhook.disabled"
"""The outbox's topic of the notice that an endpoint was switched off."""
SECONDS_MAX = 15.0
"""Standard Webhooks: 15 to 30 s for everything, from the name to the answer."""
_LEASE = timedelta(seconds=90)
_ENDPOINTS = SQLModel.metadata.tables[str(WebhookEndpoint.__tablename__)]
_DELIVERIES = SQLModel.metadata.tables[str(WebhookDelivery.__tablename__)]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to send now, on lease."""

    id: str
    endpoint_id: str
    message_id: str
    url: str
    secrets: tuple[str, ...] = field(repr=False)
    body: bytes = field(repr=False)
    attempt: int = 0
    leased_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try."""

    status: int | None
    """The answer's; None when there was none."""
    error: str | None
    """Why it does not count as delivered; None when it does."""


@dataclass
class Courier:
    """Speaks HTTP to endpoints. `resolve` and `transport` are for tests."""

    policy: Policy
    resolve: Resolve | None = None
    transport: httpx.AsyncBaseTransport | None = None
    seconds_max: float = SECONDS_MAX

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    async def send_all(self, letters: Sequence[Letter], now: datetime) -> list[Outcome]:
        """Send these at once; what came of each."""
        # No proxies of the environment: they would resolve the name anew.
        async with httpx.AsyncClient(
            verify=self._trusted,
            trust_env=False,
            follow_redirects=False,
            timeout=self.seconds_max,
            transport=self.transport,
        ) as client:
            return await asyncio.gather(*[self._send(client, letter, now) for letter in letters])

    async def _send(self, client: httpx.AsyncClient, letter: Letter, now: datetime) -> Outcome:
        try:
            async with asyncio.timeout(self.seconds_max):
                return await self._post(client, letter, now)
        except TimeoutError:
            return Outcome(None, f"no answer within {self.seconds_max:g} seconds")
        except (Refused, Invalid) as refusal:
            return Outcome(None, str(refusal) if isinstance(refusal, Refused) else "this address is not called")
        except (httpx.HTTPError, OSError) as error:
            return Outcome(None, f"could not be reached ({type(error).__name__})")

    async def _post(self, client: httpx.AsyncClient, letter: Letter, now: datetime) -> Outcome:
        target = await target_of(letter.url, self.policy, self.resolve)
        timestamp = int(now.timestamp())
        signed = signatures(letter.secrets, message_id=letter.message_id, timestamp=timestamp, body=letter.body)
        request = client.build_request(
            "POST",
            target.url,
            content=letter.body,
            headers={
                "host": target.netloc,
                "content-type": "application/json",
                "user-agent": "Market-Webhooks/1",
                "webhook-id": letter.message_id,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": signed,
            },
            extensions={"sni_hostname": target.host},  # the certificate is the name's, though an address is called
        )
        response = await client.send(request, stream=True)
        await response.aclose()  # what it says is of no interest, however long it is
        if response.is_success:
            return Outcome(response.status_code, None)
        said = "redirects are not followed" if response.is_redirect else "not a success"
        return Outcome(response.status_code, f"answered {response.status_code}: {said}")


def deliver_webhooks(
    market: Market, courier: Courier, *, limit: int = 50, tell: Callable[[bool], object] | None = None
) -> int:
    """Send what is due, at most so many; how many were tried. A duty of the worker's. `tell` learns of each try whether
    it arrived."""
    letters = _claim(market, limit)
    if letters:
        outcomes = asyncio.run(courier.send_all(letters, market.now()))
        for letter, outcome in zip(letters, outcomes, strict=True):
            with market.transaction() as session:
                _settle(session, letter, outcome, market.now())
            if tell is not None:
                tell(outcome.error is None)
    return len(letters)


def count_waiting(session: Session) -> int:
    """Step: how many messages wait to be sent, or sent again."""
    delivery = _DELIVERIES.c
    waiting = sa.select(sa.func.count()).where(delivery.state == sa.literal_column("'PENDING'"))  # the index's words
    return int(session.execute(waiting).scalar_one())


def forget_deliveries(market: Market, *, limit: int = 500) -> int:
    """Forget deliveries that are over and old. A duty of the worker's."""
    delivery = _DELIVERIES.c
    with market.transaction() as session:
        old = sa.select(delivery.id).where(delivery.ended_at < market.now() - KEPT).limit(limit)
        gone = sa.delete(_DELIVERIES).where(delivery.id.in_(old)).returning(delivery.id)
        return len(session.execute(gone).all())


def _claim(market: Market, limit: int) -> list[Letter]:
    """What is due, the longest first, on lease.

    Of one endpoint and one thing only the earliest that waits. Guards: the row lock, which other workers skip, then the
    lease. Due again is what was claimed by a worker that died.
    """
    delivery, earlier, endpoint = _DELIVERIES.c, _DELIVERIES.alias("earlier").c, _ENDPOINTS.c
    now = market.now()
    is_head = ~sa.exists().where(
        earlier.endpoint_id == delivery.endpoint_id,
        earlier.aggregate == delivery.aggregate,
        earlier.seq < delivery.seq,
        earlier.state == WebhookDeliveryState.PENDING,
    )
    with market.transaction() as session:
        rows = session.execute(
            sa.select(
                _DELIVERIES, endpoint.url, endpoint.secret_sealed, endpoint.old_secret_sealed, endpoint.old_secret_until
            )
            .join(_ENDPOINTS, endpoint.id == delivery.endpoint_id)
            .where(
                delivery.state == WebhookDeliveryState.PENDING,
                delivery.available_at <= now,
                sa.or_(delivery.claimed_until.is_(None), delivery.claimed_until <= now),
                endpoint.state == WebhookState.ACTIVE,
                sa.or_(endpoint.paused_until.is_(None), endpoint.paused_until <= now),
                is_head,
            )
            .order_by(delivery.available_at, delivery.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=_DELIVERIES)
        ).all()
        until = now + _LEASE
        if rows:
            taken = sa.update(_DELIVERIES).where(delivery.id.in_([row.id for row in rows]))
            session.execute(taken.values(claimed_until=until, attempts=delivery.attempts + 1))
    return [_letter(market, row, until, now) for row in rows]


def _letter(market: Market, row: sa.Row[Any], until: datetime, now: datetime) -> Letter:
    sealed = [row.secret_sealed]
    if row.old_secret_sealed is not None and row.old_secret_until > now:
        sealed.append(row.old_secret_sealed)
    return Letter(
        row.id,
        row.endpoint_id,
        row.message_id,
        row.url,
        tuple([market.sealer.open(each, purpose=SECRET) for each in sealed]),
        json.dumps(row.body, ensure_ascii=False, separators=(",", ":")).encode(),
        row.attempts + 1,
        until,
    )


def _settle(session: Session, letter: Letter, outcome: Outcome, now: datetime) -> None:
    """Step: write down what came of a try, unless its lease has gone to another worker."""
    delivery = _DELIVERIES.c
    again_at = next_try(letter.attempt, now)
    if outcome.error is None:
        became: dict[str, Any] = {"state": WebhookDeliveryState.DELIVERED, "ended_at": now}
    elif again_at is None:
        became = {"state": WebhookDeliveryState.DEAD, "ended_at": now}
    else:
        became = {"available_at": again_at}
    settled = session.execute(
        sa.update(_DELIVERIES)
        .where(
            delivery.id == letter.id,
            delivery.attempts == letter.attempt,
            delivery.claimed_until == letter.leased_until,
        )
        .values(claimed_until=None, answered=outcome.status, error=outcome.error, **became)
        .returning(delivery.id)
    ).all()
    if settled:
        _note_outcome(session, letter.endpoint_id, outcome, now)


def _note_outcome(session: Session, endpoint_id: str, outcome: Outcome, now: datetime) -> None:
    """How the endpoint is doing; switched off when it is gone, or has answered nothing well for five days."""
    endpoint = _ENDPOINTS.c
    one = sa.select(_ENDPOINTS).where(endpoint.id == endpoint_id).with_for_update()
    row = session.execute(one).one_or_none()
    if row is None or row.state != WebhookState.ACTIVE:
        return
    this = sa.update(_ENDPOINTS).where(endpoint.id == endpoint_id)
    if outcome.error is None:
        session.execute(this.values(failures=0, failing_since=None, paused_until=None))
        return
    since = row.failing_since or now
    why = WebhookDisabledFor.GONE if outcome.status == HTTPStatus.GONE else None
    if why is None and now - since >= GIVEN_UP_AFTER:
        why = WebhookDisabledFor.FAILING
    if why is not None:
        session.execute(this.values(state=WebhookState.DISABLED, disabled_for=why, failing_since=since))
        news = {"endpoint": endpoint_id, "organisation": row.organisation_id, "why": why.value}
        outbox.publish(session, DISABLED, aggregate=endpoint_id, payload=news, now=now)
    elif row.paused_until is None or row.paused_until <= now:  # several that failed at once count as one
        session.execute(
            this.values(failures=row.failures + 1, failing_since=since, paused_until=now + pause(row.failures + 1))
        )
