"""Step: what a holder has in one session is exchanged for as many seats of another, for good."""

from datetime import datetime

from sqlmodel import Session

from market.kernel.errors import NotFound
from market.sessions.errors import HoldExpired
from market.sessions.holds import statements as sql
from market.sessions.holds.changes import Returned, Take, change_seats, look
from market.sessions.holds.lapse import drop, end_lapsed
from market.sessions.holds.steps import add_holds, confirm_seats
from market.sessions.keep import keep_next


def move_seats(session: Session, *, from_id: str, to_id: str, holder: str, now: datetime) -> int:
    """Step: give back what the holder has confirmed in one session and confirm as many seats of another; how many.

    Refuses: NotFound; HoldExpired when the holder has nothing in the first; and for the other session as `hold_seats`:
    SessionClosed, PastCutoff, SessionFull, AlreadyHeld, DrawsChanged.
    Guards: both are changed at once, in the order that all keep (`change_seats`), so that two who change places wait for
    each other and never in a circle.
    """
    seen = look(session, [to_id]).get(to_id)
    if seen is None:
        raise NotFound(field="session")
    own = session.execute(sql.LOCK_OWN, {"of_holder": holder, "ids": [from_id]}).all()
    if not own:
        raise HoldExpired(session_id=from_id)
    returned = Returned()
    if seen.lapses_at is not None and seen.lapses_at <= now:
        returned = end_lapsed(session, [to_id], sorted({draw.slot_id for draw in seen.draws}), now)
    dropped = drop(session, [(row.holder, row.session_id, row.seats) for row in own])
    returned.seats.update(dropped.seats)
    returned.units.update(dropped.units)
    seats = sum(int(row.seats) for row in own)
    takes = {to_id: Take(seats, seen.cutoff_at, seen)}
    add_holds(session, takes, holder, now)
    packages = change_seats(session, takes, returned, now=now)
    confirm_seats(session, [to_id], holder=holder, now=now)
    keep_next(session, packages, now)
    return seats
