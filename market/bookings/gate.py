"""Rules of the gate: when it takes tickets, how long what it did offline counts, what it is told. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from market.bookings.rules import TicketState
from market.kernel.clock import business_day, day_bounds

EARLY, LATE = timedelta(hours=2), timedelta(hours=2)
"""The gate takes tickets on the session's days; of one that starts or ends about midnight, so much longer."""
CORRECT_WITHIN = timedelta(days=7)
"""How long after the gate closed it can still be said who came: offline scans, guests marked as not shown."""
SKEW_MAX = timedelta(minutes=5)
"""How much a gate's clock may be ahead of ours, or behind."""
TICKETS_MAX, SCANS_MAX = 100, 200
"""At once: an upload is one transaction, and buyers of the session wait for it (5 ms a scan on a busy machine)."""
GATE_CHARACTERS_MAX = 64


class CheckOutcome(StrEnum):
    """What came of a ticket at the gate. Only REDEEMED lets somebody in."""

    REDEEMED = "REDEEMED"
    ALREADY_REDEEMED = "ALREADY_REDEEMED"
    CANCELLED = "CANCELLED"
    NOT_PAID = "NOT_PAID"
    MOVED = "MOVED"
    WRONG_TIME = "WRONG_TIME"
    UNKNOWN = "UNKNOWN"


def gate_hours(starts_at: datetime, ends_at: datetime) -> tuple[datetime, datetime]:
    """From when until when a session's tickets are taken: on its days in Shanghai, from the first to the last.

    >>> from datetime import UTC
    >>> opens, closes = gate_hours(datetime(2026, 6, 20, 1, tzinfo=UTC), datetime(2026, 6, 20, 3, tzinfo=UTC))
    >>> opens.isoformat(), closes.isoformat()
    ('2026-06-19T16:00:00+00:00', '2026-06-20T16:00:00+00:00')
    """
    opens, _next = day_bounds(business_day(starts_at))
    _first, closes = day_bounds(business_day(ends_at))
    return min(opens, starts_at - EARLY), max(closes, ends_at + LATE)


def is_time_right(
    scanned_at: datetime, *, issued_at: datetime, hours: tuple[datetime, datetime], now: datetime
) -> bool:
    """Whether a scan can have been then: after the list was taken, within the gate's hours, and not to come; by clocks
    that differ by `SKEW_MAX` at most."""
    opens, closes = hours
    first, last = max(opens, issued_at), min(closes, now)
    return first - SKEW_MAX <= scanned_at <= last + SKEW_MAX


REFUSED_IN = {
    TicketState.REDEEMED: CheckOutcome.ALREADY_REDEEMED,
    TicketState.CANCELLED: CheckOutcome.CANCELLED,
    TicketState.PENDING: CheckOutcome.NOT_PAID,
}
"""What a ticket in a state that lets nobody in is told. One of a guest who did not show lets them in all the same: they
came late."""
