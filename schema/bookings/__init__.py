"""Bookings and their tickets, and the gate: who comes, who came. Changes are in `changes`, which know orders too."""

from schema.bookings.queries import RosterQueries
from schema.bookings.reads import BOOKING, BOOKING_FIELDS, BOOKING_QUERIES, BOOKING_TARGETS
from schema.bookings.types import Booking, BookingQueries

__all__ = [
    "BOOKING",
    "BOOKING_FIELDS",
    "BOOKING_QUERIES",
    "BOOKING_TARGETS",
    "Booking",
    "BookingQueries",
    "RosterQueries",
]
