"""Use cases: series of sessions by a recurrence rule, made ahead of time by whoever changes them and by the worker."""

from market.sessions.series.change import edit_series, end_series
from market.sessions.series.create import create_series
from market.sessions.series.extend import extend_series

__all__ = ["create_series", "edit_series", "end_series", "extend_series"]
