"""Webhooks, for the owners of organisations whose systems want to be told."""

from schema.webhooks.changes import WebhookMutations
from schema.webhooks.reads import DELIVERY, ENDPOINT, WEBHOOK_QUERIES, WebhookQueries

__all__ = ["DELIVERY", "ENDPOINT", "WEBHOOK_QUERIES", "WebhookMutations", "WebhookQueries"]
