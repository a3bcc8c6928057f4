"""Pure rules of sessions: states and their moves, availability, recurrence, pools."""

from market.sessions.rules.availability import AvailabilityStatus, CalendarDay, Departure, calendar_day, status_of
from market.sessions.rules.pools import DrawPer, PoolKind, PoolPeriod, check_period, slots_of, units_for
from market.sessions.rules.recurrence import SeriesPlan, days_of, read_rule
from market.sessions.rules.states import (
    MOVES,
    SERIES_MOVES,
    CloseReason,
    SeriesState,
    SessionEventKind,
    SessionState,
    check_reason,
    illegal_move,
    sources,
)

__all__ = [
    "MOVES",
    "SERIES_MOVES",
    "AvailabilityStatus",
    "CalendarDay",
    "CloseReason",
    "Departure",
    "DrawPer",
    "PoolKind",
    "PoolPeriod",
    "SeriesPlan",
    "SeriesState",
    "SessionEventKind",
    "SessionState",
    "calendar_day",
    "check_period",
    "check_reason",
    "days_of",
    "illegal_move",
    "read_rule",
    "slots_of",
    "sources",
    "status_of",
    "units_for",
]
