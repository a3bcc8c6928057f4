"""Webhooks and notices at the server: what the settings make of them, what the worker does about them."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from market.kernel.market import Market
from market.kernel.outbox import Claimed
from market.live.webhooks.address import Policy
from market.live.webhooks.fan_out import fan_out
from market.live.webhooks.rules import TOPICS
from market.live.webhooks.send import Courier, deliver_webhooks, forget_deliveries
from market.server.metrics import Metrics
from market.server.settings import Settings
from market.server.worker import Duty, Handler

_BATCH = 50


def webhook_policy(settings: Settings) -> Policy:
    """Which addresses may be called: in production only public ones by HTTPS."""
    return Policy(is_open=not settings.is_production)


def webhook_duties(
    settings: Settings, metrics: Metrics | None = None, *, courier: Courier | None = None
) -> Sequence[Duty]:
    """Sending, and forgetting what was sent long ago."""
    send = partial(
        deliver_webhooks,
        courier=courier or Courier(webhook_policy(settings)),
        limit=_BATCH,
        tell=None if metrics is None else metrics.count_webhook,
    )
    return (
        Duty("send webhooks", timedelta(seconds=2), send, _BATCH, waits=True),
        Duty("forget webhooks", timedelta(hours=1), partial(forget_deliveries, limit=500)),
    )


def webhook_handlers(market: Market) -> dict[str, Handler]:
    """What writes the outbox's messages down for those who asked for them, by topic."""

    def write_down(message: Claimed) -> None:
        fan_out(market, message)

    return dict.fromkeys(TOPICS, write_down)
