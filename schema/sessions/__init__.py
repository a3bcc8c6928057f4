"""Sessions: what buyers see of them, what their operators see and do, series and pools."""

from schema.sessions.changes import SessionMutations
from schema.sessions.pool_changes import PoolMutations
from schema.sessions.pools import POOL
from schema.sessions.queries import ONE_SESSION, SESSION_QUERIES, SessionQueries
from schema.sessions.series import SERIES
from schema.sessions.series_changes import SeriesMutations, SeriesPreviews
from schema.sessions.session import (
    SESSION,
    SESSION_FIELDS,
    SESSION_ORDERS,
    SESSIONS,
    AvailabilityDay,
    SessionWhere,
    TourSession,
    has_room,
    session_list,
    to_come,
    utc_text,
    vacancies,
)

__all__ = [
    "ONE_SESSION",
    "POOL",
    "SERIES",
    "SESSION",
    "SESSIONS",
    "SESSION_FIELDS",
    "SESSION_ORDERS",
    "SESSION_QUERIES",
    "AvailabilityDay",
    "PoolMutations",
    "SeriesMutations",
    "SeriesPreviews",
    "SessionMutations",
    "SessionQueries",
    "SessionWhere",
    "TourSession",
    "has_room",
    "session_list",
    "to_come",
    "utc_text",
    "vacancies",
]
