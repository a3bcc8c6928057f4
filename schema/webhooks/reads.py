"""Endpoints, and what was sent to them."""

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from market.live.webhooks.rules import TOPICS
from market.live.webhooks.tables import WebhookDelivery as DeliveryTable
from market.live.webhooks.tables import WebhookEndpoint as EndpointTable
from schema.enums.webhooks import (
    TOPIC_NAMES,
    WebhookDeliveryState,
    WebhookDisabledFor,
    WebhookState,
    WebhookTopic,
)
from schema.filters import text_order
from schema.node import Node
from schema.pagination import Connection, field, listed
from schema.permissions import ruled
from schema.projection import (
    Args,
    Build,
    Column,
    Computed,
    Projection,
    ToOne,
    among,
    column,
    looked_up,
    quoted,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Field
from schema.projection.viewer import reached

_RULE = Permission.KEY_MANAGE


@strawberry.type(
    description="An address of an organisation's own system that is told what happens, by POST. Messages are signed as "
    "Standard Webhooks 1.0 says. The organisation's owners see it."
)
@ruled(_RULE)
class WebhookEndpoint(Node):
    organisation_id: strawberry.ID = field("The organisation it is told for.")
    url: str = field("Where it is.")
    note: str = field("What it is for, in its owner's words.")
    topics: list[WebhookTopic] = field("What it is told of.")
    state: WebhookState = field("Whether it is told anything.")
    disabled_for: WebhookDisabledFor | None = field("Why it is told nothing; null while it is.")
    old_secret_until: datetime | None = field(
        "Until when messages are signed with the secret before as well; null when it never was replaced."
    )
    failures: int = field("How often it failed in a row.")
    failing_since: datetime | None = field("Since when it has answered nothing well; null when it does.")
    paused_until: datetime | None = field("Until when it is left alone because it failed.")
    created_at: datetime = field("When it was made.")


@strawberry.type(description="A message to an endpoint, and what became of it.")
@ruled(_RULE)
class WebhookDelivery(Node):
    endpoint: WebhookEndpoint | None = field("To which endpoint.")
    message_id: strawberry.ID = field("Its `webhook-id`: the same on every try, and for every endpoint that is told.")
    topic: WebhookTopic = field("What it tells of.")
    body: str = field("What is sent, as JSON.")
    state: WebhookDeliveryState = field("What became of it.")
    attempts: int = field("How often it was tried.")
    next_attempt_at: datetime | None = field("When it is tried next, if its endpoint is up; null when it is over.")
    status: int | None = field("The status of the last answer; null when there was none.")
    error: str | None = field("Why the last try failed; null when none did.")
    created_at: datetime = field("When it was to be sent first.")
    ended_at: datetime | None = field("When it arrived or was given up.")


@strawberry.input(description="Which endpoints.")
class WebhookEndpointWhere:
    organisation: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this organisation.")


@strawberry.input(description="Which deliveries.")
class WebhookDeliveryWhere:
    endpoint: strawberry.ID | None = strawberry.field(default=UNSET, description="To this endpoint.")
    states: list[WebhookDeliveryState] | None = strawberry.field(default=UNSET, description="In any of these states.")


# -- where they come from ----------------------------------------------------------------------------------------------

ENDPOINTS, DELIVERIES = table_of(EndpointTable), table_of(DeliveryTable)


def _visible(t: sa.FromClause, build: Build) -> list[Condition]:
    return [reached(build, _RULE, organisation=t.c.organisation_id)]


def _of_endpoint(t: sa.FromClause, build: Build) -> list[Condition]:
    endpoint = ENDPOINTS.alias()
    of = looked_up(endpoint.c.organisation_id, endpoint, where=[endpoint.c.id == t.c.endpoint_id])
    return [reached(build, _RULE, organisation=of)]


def _topics(kept: Any) -> list[str]:
    return [TOPIC_NAMES[each] for each in (json.loads(kept) if isinstance(kept, str) else kept) if each in TOPIC_NAMES]


ENDPOINT = Projection(
    "WebhookEndpoint",
    ENDPOINTS,
    visible=_visible,
    fields={
        "id": column("id"),
        "organisationId": column("organisation_id"),
        "url": column("url"),
        "note": column("note"),
        "topics": Computed(_topics, lambda t, build, _args: [build.engine.json_nested(t.c.topics)]),
        "state": column("state"),
        "disabledFor": column("disabled_for"),
        "oldSecretUntil": column("old_secret_until"),
        "failures": column("failures"),
        "failingSince": column("failing_since"),
        "pausedUntil": column("paused_until"),
        "createdAt": column("created_at"),
    },
)


def _next_attempt(t: sa.FromClause, build: Build, _args: Args) -> sa.ColumnElement[Any]:
    moment = build.engine.json_moment(t.c.available_at)
    return sa.case((t.c.state == quoted(WebhookDeliveryState.PENDING), moment))


DELIVERY = Projection(
    "WebhookDelivery",
    DELIVERIES,
    visible=_of_endpoint,
    fields={
        "id": column("id"),
        "endpoint": ToOne(lambda: ENDPOINT, lambda t, endpoint: endpoint.c.id == t.c.endpoint_id),
        "messageId": column("message_id"),
        "topic": Column(
            lambda t, _build, _args: sa.case(
                *[(t.c.topic == quoted(topic), quoted(TOPIC_NAMES[topic])) for topic in TOPICS]
            )
        ),
        "body": Column(lambda t, _build, _args: sa.cast(t.c.body, sa.Text)),
        "state": column("state"),
        "attempts": column("attempts"),
        "nextAttemptAt": Column(_next_attempt),
        "status": column("answered"),
        "error": column("error"),
        "createdAt": column("created_at"),
        "endedAt": column("ended_at"),
    },
)


def _endpoints_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    slot = args.nested("where").slot("organisation")
    return [] if slot is None else [t.c.organisation_id == build.bind(slot)]


def _deliveries_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    slot = where.slot("endpoint")
    conditions = [] if slot is None else [t.c.endpoint_id == build.bind(slot)]
    return conditions + ([among(t.c.state, where.get("states"))] if "states" in where else [])


@strawberry.type
class WebhookQueries:
    """The root fields of webhooks."""

    webhook_endpoints: Connection[WebhookEndpoint] = listed(
        "Endpoints of the caller's organisations, the newest first.",
        Connection[WebhookEndpoint],
        where=WebhookEndpointWhere,
    )
    webhook_deliveries: Connection[WebhookDelivery] = listed(
        "What was and is to be sent to them, the newest first. What is over is kept for 30 days.",
        Connection[WebhookDelivery],
        where=WebhookDeliveryWhere,
    )


_NEWEST = {"NEWEST": text_order("n", "id", is_descending=True)}
WEBHOOK_QUERIES: dict[str, Field] = {
    "webhookEndpoints": Listed(lambda: ENDPOINT, _NEWEST, "NEWEST", where=_endpoints_where),
    "webhookDeliveries": Listed(lambda: DELIVERY, _NEWEST, "NEWEST", where=_deliveries_where),
}
