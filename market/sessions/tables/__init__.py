"""Tables of sessions: the sessions themselves, the series that make them, pools they share, seats held in them."""

from market.sessions.tables.holds import SeatHold, SeatHoldSlot
from market.sessions.tables.pools import PoolDraw, PoolSlot, SeatPool, SessionSlot
from market.sessions.tables.series import SessionSeries
from market.sessions.tables.session import SessionEvent, TourSession

__all__ = [
    "PoolDraw",
    "PoolSlot",
    "SeatHold",
    "SeatHoldSlot",
    "SeatPool",
    "SessionEvent",
    "SessionSeries",
    "SessionSlot",
    "TourSession",
]
