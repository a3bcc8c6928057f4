"""Enums of webhooks."""

from enum import StrEnum

from market.live.webhooks.rules import TOPICS, WebhookDeliveryState, WebhookDisabledFor, WebhookState
from schema.scalars import described

__all__ = ["TOPIC_NAMES", "WebhookDeliveryState", "WebhookDisabledFor", "WebhookState", "WebhookTopic"]


class WebhookTopic(StrEnum):
    """What can be asked for, by the API's names."""

    ORDER_PLACED = "ORDER_PLACED"
    ORDER_PAID = "ORDER_PAID"
    ORDER_CANCELLED = "ORDER_CANCELLED"
    ORDER_EXPIRED = "ORDER_EXPIRED"
    ORDER_REFUNDED = "ORDER_REFUNDED"
    SELLER_ORDER_COMPLETED = "SELLER_ORDER_COMPLETED"
    SHIPMENT_SENT = "SHIPMENT_SENT"
    SHIPMENT_DELIVERED = "SHIPMENT_DELIVERED"
    SHIPMENT_RETURNED = "SHIPMENT_RETURNED"
    BOOKING_CANCELLED = "BOOKING_CANCELLED"
    BOOKING_RESCHEDULED = "BOOKING_RESCHEDULED"
    BOOKING_NO_SHOW = "BOOKING_NO_SHOW"
    BOOKING_REDEEMED = "BOOKING_REDEEMED"
    SESSION_DEPARTURE_CANCELLED = "SESSION_DEPARTURE_CANCELLED"
    CLAIM_CHANGED = "CLAIM_CHANGED"


TOPIC_NAMES: dict[str, str] = {each: each.replace(".", "_").upper() for each in TOPICS}
"""The API's name of each of the outbox's topics."""

described(
    WebhookTopic,
    "What an endpoint can be told of. A message's `type` is the same in small letters: `order.paid`.",
    ORDER_PLACED="An order was placed; it is not paid yet.",
    ORDER_PAID="An order was paid: it is to be fulfilled.",
    ORDER_CANCELLED="Its buyer gave up an order before paying.",
    ORDER_EXPIRED="An order was not paid in time.",
    ORDER_REFUNDED="Something of an order was paid back.",
    SELLER_ORDER_COMPLETED="A seller's part of an order is over.",
    SHIPMENT_SENT="A shipment is on its way.",
    SHIPMENT_DELIVERED="A shipment has arrived.",
    SHIPMENT_RETURNED="A shipment came back.",
    BOOKING_CANCELLED="A booking was cancelled.",
    BOOKING_RESCHEDULED="A booking was moved to another session.",
    BOOKING_NO_SHOW="Nobody of a booking came.",
    BOOKING_REDEEMED="Somebody of a booking came.",
    SESSION_DEPARTURE_CANCELLED="A session will not take place.",
    CLAIM_CHANGED="A claim was made, or decided about.",
)

described(
    WebhookState,
    "Whether an endpoint is told anything.",
    ACTIVE="It is.",
    DISABLED="It is not.",
)

described(
    WebhookDisabledFor,
    "Why an endpoint is told nothing.",
    OWNER="Its owner switched it off.",
    GONE="It answered 410.",
    FAILING="It answered nothing well for five days.",
)

described(
    WebhookDeliveryState,
    "What became of a message to an endpoint.",
    PENDING="It waits to be sent, or to be sent again.",
    DELIVERED="It arrived.",
    DEAD="It was given up after ten tries, which takes three days.",
)
