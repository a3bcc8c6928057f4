"""Availability of a session, in OCTO's words (https://docs.octo.travel, Availability)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from market.sessions.rules.states import SessionState


class AvailabilityStatus(StrEnum):
    """Whether a session can be booked. LIMITED: less than half is left."""

    AVAILABLE = "AVAILABLE"
    LIMITED = "LIMITED"
    SOLD_OUT = "SOLD_OUT"
    CLOSED = "CLOSED"


def status_of(state: str, *, capacity: int, vacancies: int, is_past_cutoff: bool) -> AvailabilityStatus:
    """What a buyer is told about a session now.

    >>> status_of("OPEN", capacity=20, vacancies=9, is_past_cutoff=False)
    <AvailabilityStatus.LIMITED: 'LIMITED'>
    """
    if state != SessionState.OPEN or is_past_cutoff:
        return AvailabilityStatus.CLOSED
    if vacancies <= 0:
        return AvailabilityStatus.SOLD_OUT
    return AvailabilityStatus.LIMITED if 2 * vacancies < capacity else AvailabilityStatus.AVAILABLE


@dataclass(frozen=True, slots=True)
class Departure:
    """What the calendar needs to know of one session."""

    id: str
    starts_at: datetime
    local_date: date
    state: str
    capacity: int
    vacancies: int
    cutoff_at: datetime


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day of a package's calendar."""

    date: date
    status: AvailabilityStatus
    vacancies: int
    capacity: int
    session_ids: tuple[str, ...]


def calendar_day(day: date, departures: Iterable[Departure], *, party_size: int, now: datetime) -> CalendarDay:
    """What a day offers to a party that wants to stay together.

    A session counts when it is open and before its cutoff; the day is SOLD_OUT when such sessions exist but none has
    room for the whole party, CLOSED when there are none, and `session_ids` names those with room.
    """
    bookable = [d for d in departures if d.state == SessionState.OPEN and now < d.cutoff_at]
    roomy = [d for d in bookable if d.vacancies >= party_size]
    vacancies, capacity = sum(d.vacancies for d in bookable), sum(d.capacity for d in bookable)
    if not bookable:
        status = AvailabilityStatus.CLOSED
    elif not roomy:
        status = AvailabilityStatus.SOLD_OUT
    else:
        status = status_of(SessionState.OPEN, capacity=capacity, vacancies=vacancies, is_past_cutoff=False)
    return CalendarDay(day, status, vacancies, capacity, tuple(d.id for d in roomy))
