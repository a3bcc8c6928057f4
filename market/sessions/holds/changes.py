"""Taking and giving back, in one order for all: slots by id, then sessions by id, then what is kept of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session

from market.kernel.database.prebuilt import Prebuilt
from market.kernel.topics import touch
from market.sessions.errors import DrawsChanged, FullLine, PastCutoff, SessionClosed, SessionFull
from market.sessions.holds import statements as sql
from market.sessions.rules import DrawPer, SessionState, units_for


@dataclass(frozen=True, slots=True)
class Draw:
    """What a session draws from one slot."""

    slot_id: int
    units: int
    per: DrawPer


@dataclass(slots=True)
class Seen:
    """A session as it was looked at before anything was locked."""

    cutoff_at: datetime
    lapses_at: datetime | None
    revision: int
    draws: list[Draw] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Take:
    """Seats of one session to take, until a moment."""

    seats: int
    until: datetime
    seen: Seen


@dataclass(slots=True)
class Returned:
    """What comes back: seats by session, units by slot; and whether holds had ended, so that it is another one now
    that ends first."""

    seats: Counter[str] = field(default_factory=Counter)
    units: Counter[int] = field(default_factory=Counter)
    has_ended: bool = False


def look(session: Session, session_ids: Sequence[str]) -> dict[str, Seen]:
    """Step: these sessions as they are now, those that there are."""
    found: dict[str, Seen] = {}
    for row in sql.LOOK.all(session, {"ids": list(session_ids)}):
        seen = found.setdefault(row.id, Seen(row.cutoff_at, row.lapses_at, row.draw_revision))
        if row.slot_id is not None:
            seen.draws.append(Draw(row.slot_id, row.units, DrawPer(row.per)))
    return found


def change_seats(session: Session, takes: Mapping[str, Take], returned: Returned, *, now: datetime) -> set[str]:
    """Step: take what is asked for and give back what is returned, both at once, or refuse as `hold_seats` does; the
    packages in which a session became bookable or stopped being so, of which the caller says `keep_next` at its end.

    Guards: conditional updates, CHECK constraints beneath. Locks in one order everywhere (slots, sessions, listings, each
    by id), so that two who want the same things wait for each other and never in a circle.
    """
    units = _units(takes)
    units.subtract(returned.units)
    # A slot that gets back as much as is taken of it is shared all the same: its sessions' kept columns change.
    short_slots = [
        slot_id
        for slot_id in sorted(units)
        if sql.TAKE_UNITS.run(session, {"slot_id": slot_id, "units": units[slot_id]}) == 0
    ]
    own = sorted(takes.keys() | returned.seats.keys())
    needs_keeping = bool(units) or bool(returned.seats)
    before = lock_sharing(session, own, sorted(units)) if needs_keeping else {}
    left: dict[str, int] = {}
    packages: set[str] = set()
    short: list[str] = []
    for session_id in own:
        take, comes_back = takes.get(session_id), returned.seats[session_id]
        if take is None and comes_back == 0:
            continue  # only what is kept of it is looked at again
        row = _change(session, session_id, take, comes_back, now)
        if row is None:
            short.append(session_id)
            continue
        packages.add(row.package_id)
        left[session_id] = row.left
    if short or short_slots:
        raise _refusal(session, takes, returned, short=short, short_slots=short_slots, left=left, now=now)
    touch(session, "sessions", *packages)
    if not needs_keeping:
        return set() if all(left.values()) else packages
    if returned.has_ended:
        return keep_shared(session, before, sql.KEEP)
    if takes:
        return keep_shared(session, before, sql.KEEP_TAKEN, until=min(take.until for take in takes.values()))
    return keep_shared(session, before, sql.KEEP_GIVEN)


def lock_sharing(session: Session, session_ids: Sequence[str], slot_ids: Sequence[int]) -> dict[str, Any]:
    """Step: these sessions and whoever draws on these slots, locked in id order, as they are before a change."""
    rows = sql.LOCK_SESSIONS.all(session, {"ids": list(session_ids), "slots": list(slot_ids)})
    return {row.id: row for row in rows}


def keep_shared(session: Session, before: Mapping[str, Any], how: Prebuilt, **values: datetime) -> set[str]:
    """Step: what is kept of these sessions, after a change of them or of their slots, by one of the KEEP statements; the
    packages in which one became bookable or stopped being so."""
    turned: set[str] = set()
    for row in how.all(session, {"ids": list(before), **values}) if before else ():
        old = before[row.id]
        if _is_bookable(row) != _is_bookable(old):
            turned.add(row.package_id)
        if row.pool_vacancies != old.pool_vacancies:
            touch(session, "sessions", row.package_id)
    return turned


def _units(takes: Mapping[str, Take]) -> Counter[int]:
    units: Counter[int] = Counter()
    for take in takes.values():
        for draw in take.seen.draws:
            units[draw.slot_id] += units_for(draw.per, draw.units, seats=take.seats)
    return units


def _change(session: Session, session_id: str, take: Take | None, returned: int, now: datetime) -> Any:
    if take is None:
        return sql.GIVE_SEATS.one(session, {"session_id": session_id, "seats": returned})
    values = {
        "session_id": session_id,
        "seats": take.seats - returned,
        "until": take.until,
        "revision": take.seen.revision,
        "now": now,
    }
    return sql.TAKE_SEATS.first(session, values)


def _is_bookable(row: Any) -> bool:
    return row.left > 0 and (row.pool_vacancies is None or row.pool_vacancies > 0)


def _refusal(
    session: Session,
    takes: Mapping[str, Take],
    returned: Returned,
    *,
    short: Sequence[str],
    short_slots: Sequence[int],
    left: Mapping[str, int],
    now: datetime,
) -> Exception:
    """Why not everything could be taken. Rows that were not changed tell it as they are; the others as before."""
    rows = {row.id: row for row in sql.SESSIONS_NOW.all(session, {"ids": list(short)})}
    for session_id in short:
        row = rows[session_id]
        if row.state != SessionState.OPEN:
            return SessionClosed(session_id=session_id, state=row.state)
        if row.cutoff_at <= now:
            return PastCutoff(session_id=session_id, cutoff_at=row.cutoff_at)
        if row.draw_revision != takes[session_id].seen.revision:
            return DrawsChanged(session_id=session_id)
    slots = {
        row.id: row.left + returned.units[row.id] for row in sql.SLOTS_LEFT.all(session, {"slots": list(short_slots)})
    }
    lines = []
    for session_id, take in sorted(takes.items()):
        if session_id in rows:
            own = rows[session_id].left + returned.seats[session_id]
        else:
            own = left[session_id] + take.seats
        limits = [own] if session_id in rows else []
        for draw in take.seen.draws:
            if draw.slot_id in slots:
                free = slots[draw.slot_id]
                limits.append(free // draw.units if draw.per is DrawPer.PERSON else own if free >= draw.units else 0)
        if limits:
            lines.append(FullLine(session_id, take.seats, min(own, *limits)))
    return SessionFull(tuple(lines))
