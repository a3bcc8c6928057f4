"""What owners do with their endpoints: each mutation is one use case."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from market.live.webhooks.endpoints import (
    EndpointChange,
    EndpointDraft,
    create_endpoint,
    delete_endpoint,
    redeliver,
    rotate_secret,
    update_endpoint,
)
from schema.enums.webhooks import TOPIC_NAMES, WebhookTopic
from schema.mutations import IdempotencyKey, Info, changed, mutation
from schema.permissions import ruled
from schema.webhooks.reads import DELIVERY, ENDPOINT, WebhookDelivery, WebhookEndpoint

_RULE = Permission.KEY_MANAGE
_OUTBOX_NAMES = {name: topic for topic, name in TOPIC_NAMES.items()}

EndpointId = Annotated[strawberry.ID, strawberry.argument(description="The endpoint.")]


@strawberry.input(description="An endpoint to make.")
class CreateWebhookEndpointInput:
    organisation: strawberry.ID = strawberry.field(description="The organisation it is told for.")
    url: str = strawberry.field(description="Where it is: https, port 443, a public host.")
    topics: list[WebhookTopic] = strawberry.field(description="What it is told of, at least one.")
    note: str = strawberry.field(default="", description="What it is for, at most 200 characters.")


@strawberry.input(description="What is to be different. What is left out stays.")
class UpdateWebhookEndpointInput:
    url: str | None = strawberry.field(default=UNSET, description="Where it is.")
    topics: list[WebhookTopic] | None = strawberry.field(default=UNSET, description="What it is told of.")
    note: str | None = strawberry.field(default=UNSET, description="What it is for.")
    is_active: bool | None = strawberry.field(
        default=UNSET, description="Whether it is told anything. Switched on again, it starts anew."
    )

    def change(self) -> EndpointChange:
        """What the use case takes."""
        return EndpointChange(
            url=self.url or None,
            topics=_topics(self.topics) if self.topics is not UNSET and self.topics is not None else None,
            note=None if self.note is UNSET else self.note,
            is_active=None if self.is_active is UNSET else self.is_active,
        )


@strawberry.type(description="The endpoint, changed.")
@ruled(_RULE)
class WebhookEndpointPayload:
    endpoint_id: strawberry.Private[str]
    endpoint: WebhookEndpoint | None = changed(
        "The endpoint now.", WebhookEndpoint | None, lambda: ENDPOINT, lambda payload: payload.endpoint_id
    )


@strawberry.type(description="The endpoint, and the one time that its secret is shown.")
@ruled(_RULE)
class WebhookSecretPayload(WebhookEndpointPayload):
    secret: str = strawberry.field(
        description="`whsec_…`, with which the receiver checks signatures. It is not shown again, so keep it safe."
    )


@strawberry.type(description="The endpoint is forgotten.")
@ruled(_RULE)
class DeleteWebhookEndpointPayload:
    endpoint_id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.type(description="The message is sent once more.")
@ruled(_RULE)
class RedeliverWebhookPayload:
    delivery_id: strawberry.Private[str]
    delivery: WebhookDelivery | None = changed(
        "The delivery now.", WebhookDelivery | None, lambda: DELIVERY, lambda payload: payload.delivery_id
    )


@strawberry.type
class WebhookMutations:
    """Changes of endpoints."""

    @mutation("Let one's own system be told what happens.", rule=_RULE)
    async def create_webhook_endpoint(
        self,
        info: Info,
        input: CreateWebhookEndpointInput,  # noqa: A002 - the API's word
        idempotency_key: IdempotencyKey,
    ) -> WebhookSecretPayload:
        draft = EndpointDraft(str(input.organisation), input.url, _topics(input.topics), input.note)
        policy = info.context.services.webhooks
        made = await info.context.act(create_endpoint, draft, policy=policy, idempotency_key=str(idempotency_key))
        return WebhookSecretPayload(endpoint_id=made.endpoint_id, secret=made.secret)

    @mutation("Change an endpoint, or switch it off or on.", rule=_RULE)
    async def update_webhook_endpoint(
        self,
        info: Info,
        endpoint_id: EndpointId,
        input: UpdateWebhookEndpointInput,  # noqa: A002 - the API's word
    ) -> WebhookEndpointPayload:
        policy = info.context.services.webhooks
        await info.context.act(update_endpoint, endpoint_id=str(endpoint_id), change=input.change(), policy=policy)
        return WebhookEndpointPayload(endpoint_id=str(endpoint_id))

    @mutation(
        "Give an endpoint a new secret. For a day messages are signed with the old one as well.",
        rule=_RULE,
    )
    async def rotate_webhook_secret(
        self, info: Info, endpoint_id: EndpointId, idempotency_key: IdempotencyKey
    ) -> WebhookSecretPayload:
        made = await info.context.act(rotate_secret, endpoint_id=str(endpoint_id), idempotency_key=str(idempotency_key))
        return WebhookSecretPayload(endpoint_id=made.endpoint_id, secret=made.secret)

    @mutation("Forget an endpoint, with all that was and is to be sent to it.", rule=_RULE)
    async def delete_webhook_endpoint(self, info: Info, endpoint_id: EndpointId) -> DeleteWebhookEndpointPayload:
        await info.context.act(delete_endpoint, endpoint_id=str(endpoint_id))
        return DeleteWebhookEndpointPayload(endpoint_id=endpoint_id)

    @mutation("Send a message once more, whether it arrived or was given up.", rule=_RULE)
    async def redeliver_webhook(
        self, info: Info, delivery_id: Annotated[strawberry.ID, strawberry.argument(description="The delivery.")]
    ) -> RedeliverWebhookPayload:
        await info.context.act(redeliver, delivery_id=str(delivery_id))
        return RedeliverWebhookPayload(delivery_id=str(delivery_id))


def _topics(given: list[WebhookTopic]) -> list[str]:
    return [_OUTBOX_NAMES[each.name] for each in given]
