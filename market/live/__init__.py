"""Floor 11: news to the outside: what subscriptions listen to, and webhooks."""
