"""The availability calendar of a package."""

from datetime import date, timedelta

from market.catalogue.queries import is_live
from market.kernel.errors import Invalid
from market.kernel.ids import require_id
from market.kernel.market import Market
from market.sessions.queries import departures_between
from market.sessions.rules import CalendarDay, calendar_day

DAYS_MAX = 92
PARTY_MAX = 500


def calendar(market: Market, package_id: str, first: date, last: date, *, party_size: int) -> list[CalendarDay] | None:
    """What each day from first to last offers to a party, or None when no such package is on sale.

    Refuses: InvalidId; Invalid when the days are in the wrong order or more than 92, or the party is not 1 to 500.
    """
    require_id(package_id, "pkg", field="packageId")
    if not 0 <= (last - first).days < DAYS_MAX:
        raise Invalid(
            field="to",
            allowed=f"at most {DAYS_MAX} days, and to is not before from",
            allowed_zh=f"最多 {DAYS_MAX} 天，且结束日期不早于起始日期",
        )
    if not 1 <= party_size <= PARTY_MAX:
        raise Invalid(
            field="partySize",
            allowed=f"a party is 1 to {PARTY_MAX} people",
            allowed_zh=f"人数为 1 到 {PARTY_MAX}",
        )
    now = market.now()
    with market.read() as session:
        if not is_live(session, package_id):
            return None
        departures = departures_between(session, package_id, first, last, now)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [
        calendar_day(day, [each for each in departures if each.local_date == day], party_size=party_size, now=now)
        for day in days
    ]
