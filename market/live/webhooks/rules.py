"""Words of webhooks, their bounds, and how long is waited for whom."""

from datetime import datetime, timedelta
from enum import StrEnum

from market.kernel.outbox import ATTEMPTS_MAX, BACKOFF_SECONDS

TOPICS = (
    "order.placed",
    "order.paid",
    "order.cancelled",
    "order.expired",
    "order.refunded",
    "seller_order.completed",
    "shipment.sent",
    "shipment.delivered",
    "shipment.returned",
    "booking.cancelled",
    "booking.rescheduled",
    "booking.no_show",
    "booking.redeemed",
    "session.departure_cancelled",
    "claim.changed",
)
"""The outbox's topics that are sent on. Each message names an order, a seller's part of one, or a session."""
ENDPOINTS_MAX = 10
"""Of one organisation."""
URL_MAX = 2_000
OLD_SECRET_LIFE = timedelta(hours=24)
"""How long messages are signed with the secret before as well, once it was replaced."""
GIVEN_UP_AFTER = timedelta(days=5)
"""An endpoint that answered nothing well for so long is switched off."""
KEPT = timedelta(days=30)
"""How long deliveries that are over stay on record."""
_PAUSES = (5, 60, 5 * 60, 30 * 60)
"""Seconds for which an endpoint that failed so many times in a row is left alone, whatever else waits for it."""


class WebhookState(StrEnum):
    """Whether an endpoint is sent anything."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class WebhookDisabledFor(StrEnum):
    """Why an endpoint is sent nothing."""

    OWNER = "OWNER"
    GONE = "GONE"
    FAILING = "FAILING"


class WebhookDeliveryState(StrEnum):
    """What became of a message to an endpoint."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"


def next_try(attempt: int, now: datetime) -> datetime | None:
    """When a message is tried again after this many failed tries; None when it is given up.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    >>> str(next_try(1, noon) - noon), str(next_try(2, noon) - noon), next_try(10, noon)
    ('0:00:05', '0:05:00', None)
    """
    return None if attempt >= ATTEMPTS_MAX else now + timedelta(seconds=BACKOFF_SECONDS[attempt])


def pause(failures: int) -> timedelta:
    """For how long an endpoint is left alone after so many failures in a row.

    >>> [int(pause(failures).total_seconds()) for failures in (1, 2, 3, 4, 50)]
    [5, 60, 300, 1800, 1800]
    """
    return timedelta(seconds=_PAUSES[min(failures, len(_PAUSES)) - 1])
