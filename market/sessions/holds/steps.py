"""Steps: hold seats, confirm them, hold them longer, give them back.

Each locks what it changes in one order for all (holds, slots, sessions, listings), so a transaction calls them once, for
everything it wants, and late: what it locks after them should be hotter still.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlmodel import Session

from market.kernel.errors import NotFound
from market.sessions.errors import AlreadyHeld, HoldExpired
from market.sessions.holds import statements as sql
from market.sessions.holds.changes import Returned, Take, change_seats, look
from market.sessions.holds.lapse import drop, end_lapsed
from market.sessions.keep import keep_next
from market.sessions.rules import units_for


def hold_seats(
    session: Session, demands: Mapping[str, int], *, until: datetime, holder: str, now: datetime
) -> datetime:
    """Step: hold seats of these sessions, and what goes with them of shared pools, all or nothing; until when all of
    them are held: `until`, or an earlier cutoff of one of them, after which it could not be confirmed.

    `demands` are people by session id, summed by the caller; to the pools that are drawn on for each booking, a session
    is one booking of the holder.
    Refuses: NotFound; SessionClosed; PastCutoff; SessionFull, naming each session that has too few; AlreadyHeld when the
    holder has seats in one already; DrawsChanged (try again).
    Guards: ended holds are taken back first; then conditional updates of slots and sessions in id order, CHECKs beneath.
    """
    if not demands or min(demands.values()) < 1 or until <= now:
        raise ValueError("demands are at least one seat each, until some time to come")
    seen = look(session, sorted(demands))
    if len(seen) < len(demands):
        raise NotFound(field="session")
    takes = {
        session_id: Take(seats, min(until, seen[session_id].cutoff_at), seen[session_id])
        for session_id, seats in demands.items()
    }
    returned = Returned()
    if any(each.lapses_at is not None and each.lapses_at <= now for each in seen.values()):
        slots = {draw.slot_id for each in seen.values() for draw in each.draws}
        returned = end_lapsed(session, sorted(demands), sorted(slots), now)
    add_holds(session, takes, holder, now)
    keep_next(session, change_seats(session, takes, returned, now=now), now)
    return min(take.until for take in takes.values())


def add_holds(session: Session, takes: Mapping[str, Take], holder: str, now: datetime) -> None:
    """Step: the rows of holds that `change_seats` then takes the seats of. Refuses: AlreadyHeld."""
    for session_id, take in sorted(takes.items()):
        row = {
            "holder": holder,
            "session_id": session_id,
            "seats": take.seats,
            "expires_at": take.until,
            "created_at": now,
        }
        if sql.ADD_HOLD.first(session, row) is None:
            raise AlreadyHeld(session_id=session_id)
        units = [
            {
                "holder": holder,
                "session_id": session_id,
                "slot_id": draw.slot_id,
                "units": units_for(draw.per, draw.units, seats=take.seats),
            }
            for draw in take.seen.draws
        ]
        sql.ADD_UNITS.run_each(session, units)


def confirm_seats(session: Session, session_ids: Collection[str], *, holder: str, now: datetime) -> None:
    """Step: what the holder has in these sessions is theirs for good. Repeating it does no harm.

    Refuses: HoldExpired when one of them is not held, or no longer.
    Guards: one conditional update a session. Nothing is counted anew: held seats were taken already.
    """
    for session_id in sorted(session_ids):
        values = {"of_holder": holder, "of_session": session_id, "now": now}
        if sql.CONFIRM.run(session, values) == 0:
            raise HoldExpired(session_id=session_id)


def extend_seats(
    session: Session, session_ids: Collection[str], *, until: datetime, holder: str, now: datetime
) -> datetime:
    """Step: hold what the holder has in these sessions until then; until when all of it is held: `until`, an earlier
    cutoff, or the later end that it had. What is confirmed stays so.

    Refuses: HoldExpired when one of them is not held, or no longer.
    """
    ends: list[datetime] = []
    cutoffs = {row.id: row.cutoff_at for row in session.execute(sql.CUTOFFS, {"ids": sorted(session_ids)})}
    for session_id in sorted(session_ids):
        end = min(until, cutoffs.get(session_id, until))
        values = {"of_holder": holder, "of_session": session_id, "until": end, "now": now}
        row = sql.EXTEND.first(session, values)
        if row is None:
            raise HoldExpired(session_id=session_id)
        if row.expires_at is not None:
            ends.append(row.expires_at)
    return min(ends, default=until)


def release_seats(session: Session, session_ids: Collection[str], *, holder: str, now: datetime) -> dict[str, int]:
    """Step: give back what the holder has in these sessions, held or confirmed; how many seats of each. Once: what it
    has not (any more) is left out, so repeating it gives back nothing."""
    rows = session.execute(sql.LOCK_OWN, {"of_holder": holder, "ids": sorted(session_ids)}).all()
    if not rows:
        return {}
    returned = drop(session, [(row.holder, row.session_id, row.seats) for row in rows])
    keep_next(session, change_seats(session, {}, returned, now=now), now)
    return dict(returned.seats)
