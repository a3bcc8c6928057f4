"""Enums of sessions."""

from market.sessions.rules import (
    AvailabilityStatus,
    CloseReason,
    DrawPer,
    PoolKind,
    PoolPeriod,
    SeriesState,
    SessionEventKind,
    SessionState,
)
from market.sessions.steps import SaveOutcome
from schema.scalars import described

__all__ = [
    "AvailabilityStatus",
    "CloseReason",
    "DrawPer",
    "PoolKind",
    "PoolPeriod",
    "SaveOutcome",
    "SeriesState",
    "SessionEventKind",
    "SessionState",
]

described(
    SessionState,
    "What its operator says about a session.",
    OPEN="It takes place and can be booked until its cutoff.",
    CLOSED="It takes no more bookings.",
    CANCELLED="It does not take place.",
)

described(
    CloseReason,
    "Why a session was closed or cancelled.",
    WEATHER="The weather: a typhoon, high water, ice.",
    STAFF="Nobody to lead it.",
    VENUE="The place cannot be used or reached.",
    SERIES="Its series was changed or ended, and nobody had a seat in it; or its option is offered no more.",
    OTHER="Something else.",
)

described(
    SessionEventKind,
    "What happened to a session.",
    CLOSED="It takes no more bookings.",
    REOPENED="It takes bookings again.",
    CANCELLED="It does not take place.",
    CAPACITY_CHANGED="More people fit, or fewer.",
)

described(
    SeriesState,
    "Whether a series still makes sessions.",
    ACTIVE="It does, up to its last day.",
    ENDED="It was ended.",
)

described(
    SaveOutcome,
    "What saving something came to.",
    CREATED="It is new.",
    CHANGED="It was there and is another now.",
    UNCHANGED="It was there, and the same.",
)

described(
    PoolKind,
    "What sessions share.",
    BUS_SEAT="The seats of a bus.",
    ROOM="Rooms to sleep in.",
    INSTRUCTOR="People who lead.",
    EQUIPMENT="Things to use: boots, boats, bicycles.",
    VENUE="A place: a workshop, a plot, a kitchen.",
    OTHER="Something else.",
)

described(
    PoolPeriod,
    "What a pool's capacity is counted for.",
    DAY="Each day on which a session takes place.",
    NIGHT="Each night that a session stays over, or else its only day.",
    TIME="Each stretch of `slotMinutes` that a session touches.",
)

described(
    DrawPer,
    "For what a session takes units of a pool.",
    PERSON="Each person.",
    BOOKING="Each booking, however many people.",
)

described(
    AvailabilityStatus,
    "Whether it can be booked now (OCTO's words).",
    AVAILABLE="At least half is left.",
    LIMITED="Less than half is left.",
    SOLD_OUT="Nothing is left.",
    CLOSED="Not bookable: closed, cancelled or past its cutoff.",
)
