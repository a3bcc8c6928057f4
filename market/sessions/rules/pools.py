"""Shared pools: what several sessions draw on together, such as the seats of a bus, rooms, instructors.

A pool has so much in each of its slots: a day, a night, or a stretch of time. A session draws on every slot that it
touches, so that sessions which overlap share and others do not.
"""

from datetime import datetime, time, timedelta
from enum import StrEnum

from market.kernel.clock import business_day, shanghai
from market.kernel.errors import Invalid

SLOTS_MAX = 64
"""Of one pool, that one session draws on."""
SLOT_MINUTES = (30, 60, 120, 180, 240, 360, 480, 720)
"""How long a slot of a TIME pool may be: what divides a day, so that slots begin alike every day."""
_MINUTES_A_DAY = 24 * 60


class PoolKind(StrEnum):
    """What is shared."""

    BUS_SEAT = "BUS_SEAT"
    ROOM = "ROOM"
    INSTRUCTOR = "INSTRUCTOR"
    EQUIPMENT = "EQUIPMENT"
    VENUE = "VENUE"
    OTHER = "OTHER"


class PoolPeriod(StrEnum):
    """What a pool's capacity is counted for: each day, each night (rooms), or each slot of `slot_minutes`."""

    DAY = "DAY"
    NIGHT = "NIGHT"
    TIME = "TIME"


class DrawPer(StrEnum):
    """What an option draws units of a pool for: each person, or each booking however large."""

    PERSON = "PERSON"
    BOOKING = "BOOKING"


def check_period(period: PoolPeriod, slot_minutes: int) -> None:
    """Refuses with Invalid a length of slots that does not go with the period."""
    if period is PoolPeriod.TIME and slot_minutes not in SLOT_MINUTES:
        choices = ", ".join(map(str, SLOT_MINUTES))
        raise Invalid(
            field="slotMinutes",
            allowed=f"a slot takes one of {choices} minutes",
            allowed_zh=f"时段长度为以下分钟数之一：{choices}",
        )
    if period is not PoolPeriod.TIME and slot_minutes != _MINUTES_A_DAY:
        raise Invalid(
            field="slotMinutes",
            allowed=f"a day or a night is {_MINUTES_A_DAY} minutes: leave it out",
            allowed_zh="按天或按晚计的资源无需填写时段长度",
        )


def slots_of(period: PoolPeriod, slot_minutes: int, *, starts_at: datetime, ends_at: datetime) -> list[datetime]:
    """When the slots begin that a session draws on, in order. Days, nights and slots are Shanghai's.

    DAY: each day on which it takes place. NIGHT: each day that it stays over to the next, or else its only day. TIME:
    each slot that it overlaps. Refuses with Invalid more than 64.

    >>> from datetime import date
    >>> eve, noon = shanghai(date(2026, 10, 1), time(14)), shanghai(date(2026, 10, 3), time(12))
    >>> [len(slots_of(each, 1440, starts_at=eve, ends_at=noon)) for each in (PoolPeriod.DAY, PoolPeriod.NIGHT)]
    [3, 2]
    >>> [str(each.time()) for each in slots_of(PoolPeriod.TIME, 60, starts_at=eve, ends_at=eve + timedelta(minutes=90))]
    ['06:00:00', '07:00:00']
    """
    begins = shanghai(business_day(starts_at), time())
    length = timedelta(minutes=slot_minutes)
    if period is PoolPeriod.NIGHT:
        ends_at = max(shanghai(business_day(ends_at), time()), begins + length)
    else:
        begins += (starts_at - begins) // length * length
    count = -((begins - ends_at) // length)
    if count > SLOTS_MAX:
        raise Invalid(
            field="pools",
            allowed=f"a session draws on at most {SLOTS_MAX} slots of a pool: give the pool longer slots",
            allowed_zh=f"一个场次最多占用一种资源的 {SLOTS_MAX} 个时段，请改用更长的时段",
        )
    return [begins + number * length for number in range(count)]


def units_for(per: DrawPer, units: int, *, seats: int) -> int:
    """What a booking of so many seats draws from a pool.

    >>> units_for(DrawPer.PERSON, 2, seats=3), units_for(DrawPer.BOOKING, 2, seats=3)
    (6, 2)
    """
    return units * seats if per == DrawPer.PERSON else units
