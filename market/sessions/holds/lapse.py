"""Holds that have ended: whoever needs the seats takes them back, and the worker does so for tidiness."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from market.kernel.market import Market
from market.sessions.holds import statements as sql
from market.sessions.holds.changes import Returned, change_seats
from market.sessions.keep import keep_next


def end_lapsed(session: Session, session_ids: Sequence[str], slot_ids: Sequence[int], now: datetime) -> Returned:
    """Step: end the holds in these sessions and slots whose time is over; what they held, which the caller gives back
    with `change_seats`.

    Guards: each hold's row, locked in order; one that was extended or confirmed meanwhile is left.
    """
    keys = {tuple(row) for row in session.execute(sql.ENDED_HOLDS, {"ids": list(session_ids), "now": now})}
    if slot_ids:
        keys |= {tuple(row) for row in session.execute(sql.ENDED_UNITS, {"slots": list(slot_ids), "now": now})}
    if not keys:
        return Returned()
    rows = session.execute(sql.LOCK_ENDED, {"keys": sorted(keys), "now": now}).all()
    returned = drop(session, [(row.holder, row.session_id, row.seats) for row in rows])
    returned.has_ended = True
    return returned


def drop(session: Session, holds: Sequence[tuple[str, str, int]]) -> Returned:
    """Step: delete these holds (holder, session, seats), which the caller has locked; what they held."""
    returned = Returned()
    if not holds:
        return returned
    keys = [(holder, session_id) for holder, session_id, _seats in holds]
    for slot_id, units in session.execute(sql.DROP_UNITS, {"keys": keys}):
        returned.units[slot_id] += units
    session.execute(sql.DROP_HOLDS, {"keys": keys})
    for _holder, session_id, seats in holds:
        returned.seats[session_id] += seats
    return returned


def take_back(session: Session, session_ids: Sequence[str], now: datetime) -> set[str]:
    """Step: give back what ended holds still take of these sessions and of the slots they draw on; the packages of
    which the caller says `keep_next` at its end."""
    slots = list(session.execute(sql.SLOTS_OF, {"ids": list(session_ids)}).scalars())
    returned = end_lapsed(session, session_ids, slots, now)
    # Also where nothing came back: a hold was confirmed or extended, and `lapses_at` still says its old end.
    returned.has_ended = True
    for session_id in session_ids:
        returned.seats[session_id] += 0
    return change_seats(session, {}, returned, now=now)


def release_lapsed(market: Market, *, limit: int = 100) -> int:
    """The worker's: take back what ended holds still take, of so many sessions at most; of how many. Nothing waits for
    it: reads do not count such holds, and whoever needs the seats takes them back first."""
    now = market.now()
    with market.transaction() as session:
        due = list(session.execute(sql.DUE, {"now": now, "most": limit}).scalars())
        if due:
            keep_next(session, take_back(session, due, now), now)
        return len(due)
