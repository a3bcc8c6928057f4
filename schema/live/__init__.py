"""Subscriptions: what can be listened to, and how each event becomes an answer."""
